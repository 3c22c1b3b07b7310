//! What a user does, and everything that comes of it.

mod access;
mod backup_busy;
mod backup_create;
mod backup_mail;
mod backup_move;
mod clean;
mod corrected;
mod demo;
mod drop_folder;
mod leaks;
mod ops_alerts;
mod ops_daemon;
mod ops_units;
mod refused;
mod relay;
mod runs_fixity;
mod runs_reports;
mod runs_tending;
mod same_bytes;
mod schemas;
mod submit;
mod taking;
mod two_at_once;
mod verbs;
mod verify;

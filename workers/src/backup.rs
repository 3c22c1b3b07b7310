//! Backups: everything that cannot be made again, as of one instant, while the work goes on.
//!
//! ```text
//! arkivflyt-20261123T101500Z/     one backup: it bears this name when it is whole, and never before
//!   backup.json                   what it is, and how much is in it
//!   manifest.sha256               the SHA-256 of every other file: `sha256sum -c manifest.sha256`
//!   database/<table>.jsonl        every row, in the form of `pipeline_store::dump`
//!   data/                         accepted/ refused/ reports/ requests/ municipalities/ access/ bounces/ people.key arkivflyt.toml
//!   data/inbox/<sha256>.json      what lay in the drop folder, by its content: a name there may be a person's
//!   data/keys/                    the keys of the archives' logs, when they lie in the data folder
//!   archive/<municipality>/ocfl/  case folders
//!   archive/<municipality>/revisjonslogg*/  their logs
//!   mail/new, mail/cur            notices, when they go to a Maildir in the data folder
//! ```
//!
//! The database is read first, in one snapshot, and the files after it: what a row speaks of was on disk before the row was, so it
//! is in the backup. Accepted files that came later are orphans, which recovery takes in. Case folders are taken as the snapshot
//! knows them: what was placed later bears numbers that are given again after a restore. Start reading in `create.rs`.
//!
//! Files that are as in the latest backup in the same place are hard links to it, like the versions of case folders, which never
//! change. So each backup is whole by itself, and the oldest may be deleted at any time.

pub mod about;
mod archive;
mod create;
mod earlier;
mod files;
mod mails;
mod manifest;
mod moving;
mod place;
mod restore;
pub mod tables;
mod unentered;
mod verify;

use std::{io, path::Path};

use pipeline_domain::ErrorCode;

pub use about::About;
pub use create::{Created, Making, create};
pub use mails::OpenMail;
pub use moving::move_database;
pub use place::Place;
pub use restore::{Restoring, restore};
pub use verify::{Verdict, verify};

use crate::failure::{Failure, chain};

/// Version of the form of a backup. One of a newer version is refused.
pub const FORMAT: u32 = 1;

const DATABASE: &str = "database";
const DATA: &str = "data";
const ARCHIVE: &str = "archive";
const MAIL: &str = "mail";

/// Folders of the data folder whose files are taken as they are. What lies in `accepted/` is taken before them.
const FOLDERS: [&str; 6] = ["refused", "reports", "requests", "municipalities", "access", "bounces"];

/// A backup that could not be made. Trying again may help: the disk was full or not there.
fn failed(doing: &'static str) -> impl Fn(io::Error) -> Failure {
    move |e| Failure::retry(ErrorCode::BackupFailed, format!("cannot {doing}: {e}"))
}

/// A backup that cannot be read.
fn damaged(path: &Path, why: &str) -> Failure {
    Failure::give_up(ErrorCode::BackupDamaged, format!("{}: {why}", path.display()))
}

impl From<pipeline_store::dump::DumpError> for Failure {
    fn from(e: pipeline_store::dump::DumpError) -> Self {
        Self { code: e.code(), verdict: e.verdict(), detail: chain(&e) }
    }
}

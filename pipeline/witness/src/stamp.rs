//! Time stamps.

//! Packaged files in, a sealed version of the case folder out.
//!
//! A case folder is an OCFL 1.1 object in its municipality's storage root, readable with a file browser. [`CaseArchive::place`]
//! is the verb: when it returns, the version is on the disk, and nothing that was there before has changed. Start reading in
//! `place.rs`; `recover.rs` is what happens after a power failure.
//!
//! [`verify_object`], [`verify_root`] and [`verify_case`] are the judges: any OCFL 1.0 or 1.1 object, any storage root, and
//! our own promises on top.

mod barrier;
mod disk;
mod error;
mod fault;
mod inventory;
mod layout;
mod lineage;
mod place;
mod recover;
mod staging;
mod store;
mod verify;

pub use error::ArchiveError;
pub use lineage::StoredVersion;
pub use recover::Recovery;
pub use store::{CASE_RECORD_PATH, CaseArchive, CaseHead, TreeEntry};
pub use verify::{
    Depth, Finding, Manner, RootSurvey, RootVerification, Severity, Sums, Verification, survey_root, verify_case, verify_object,
    verify_root, verify_stored, verify_stored_in,
};

#[cfg(test)]
extern crate self as pipeline_archive;

#[cfg(test)]
mod crash_tests;

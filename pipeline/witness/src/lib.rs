//! Shows that nobody has rewritten the archive: a Merkle log, signed checkpoints, seals and time stamps.
//!
//! [`Log`] is the writer: [`Log::append`] returns when leaves are on the disk, [`Log::publish`] signs the tree. [`Reader`] gives
//! entries and proofs from the same files, which are those of C2SP `tlog-tiles`: anyone can check them without this program.
//! [`KeyHistory`] says which signature counts, [`SealKey`] seals a closed folder as minisign does, [`stamp`] speaks to time-stamp
//! authorities (RFC 3161), and [`audit_log`] with [`Ledger`] compare the log with the folders and with checkpoints that lie in
//! other people's mailboxes. Time and randomness are handed in.

mod audit;
mod bundle;
mod checkpoint;
mod disk;
mod edge;
mod error;
mod evidence;
mod fault;
mod finding;
mod group;
mod history;
mod journal;
mod key;
mod leaf;
mod log;
mod mailbox;
mod note;
mod proof;
mod reader;
mod seal;
pub mod stamp;
mod text;
mod tile;
mod tree;

pub use audit::{AuditedLog, HeldFolder, HeldSeal, HeldVersion, Ledger, audit_log};
pub use bundle::Proof;
pub use checkpoint::Checkpoint;
pub use error::WitnessError;
pub use evidence::Evidence;
pub use finding::{Finding, FindingCode, Place};
pub use history::{AnyKey, KeyChange, KeyHistory, KeyReason, KeyRole, KeyTerm, Standing, TreeHead, founding_note};
pub use key::{CheckpointKey, PublicKey};
pub use leaf::{AccessHead, Commit, Deed, Leaf};
pub use log::{Log, Opening};
pub use proof::{verify_consistency, verify_inclusion};
pub use reader::Reader;
pub use seal::{Seal, SealKey, SealTerms, minisign_public_key};
pub use tree::{Peaks, empty_root, leaf_hash, node_hash};

#[cfg(test)]
mod crash_tests;

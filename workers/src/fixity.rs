//! Fixity for life: one case folder judged against its own checksums and against the receipts in the database; when each was last checked,
//! and how thoroughly; and how far a round through all of them has come.
//!
//! ```text
//! fixity/<municipality>.jsonl        a line for each check of a folder (journal.rs)
//! fixity/<municipality>.round.json   the round that is under way (round.rs)
//! fixity/<municipality>.lock         held by whoever writes to either
//! ```
//!
//! Nothing here is needed to prove anything: who loses it checks everything anew. Ids, times, numbers and codes only.

mod journal;
mod pace;
mod round;

use std::{fs, path::Path};

use pipeline_archive::{Manner, Severity, Verification, verify_stored_in};
use pipeline_domain::Sha512;

pub use journal::{Check, Journal, Known, Pen};
pub use pace::Pace;
pub use round::{Begun, Percent, Round, Wish};

/// The database's receipt and the folder disagree. Follows the archive room's own codes (`pipeline/archive/CODES.md`).
pub const RECEIPT_BROKEN: &str = "A100";

/// A version of a folder that a document was archived in, and the digest of its inventory that was written down then.
pub type Receipt = (u32, Sha512);

/// What came of judging one folder.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// What the folder itself shows.
    pub verification: Verification,
    /// Inventories that are not there, or not what their receipts say.
    pub broken: Vec<String>,
}

impl Judgement {
    /// Codes of what is broken, each once.
    pub fn codes(&self) -> Vec<String> {
        let found = self.verification.findings.iter().filter(|f| f.severity == Severity::Error).map(|f| f.code.clone());
        let mut codes: Vec<String> = found.chain(self.broken.first().map(|_| RECEIPT_BROKEN.to_owned())).collect();
        codes.sort();
        codes.dedup();
        codes
    }
}

/// Judges the folder. Not opened as a store: whoever opens one mends it, and damage must be told before it is mended. A folder that is gone
/// shows in its receipts.
pub fn judge(place: &Path, receipts: &[Receipt], manner: Manner<'_>) -> Judgement {
    let verification = if place.is_dir() { verify_stored_in(place, manner) } else { Verification::default() };
    let inventory = |version: &u32| format!("v{version}/inventory.json");
    let read = |version: &u32| fs::read(place.join(inventory(version))).ok().map(|bytes| Sha512::of(&bytes));
    let digest = |version: &u32| verification.inventories.get(version).copied().or_else(|| read(version));
    let is_whole = |(version, receipt): &&Receipt| digest(version).as_ref() == Some(receipt);
    let broken: Vec<String> = receipts.iter().filter(|receipt| !is_whole(receipt)).map(|(version, _)| inventory(version)).collect();
    Judgement { verification, broken }
}

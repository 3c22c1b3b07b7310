//! A proof with all that somebody needs to check it on another machine: the log's proof, what it says in words, and the history of keys.
//!
//! The file is JSON (`arkivflyt.proof/1`). What counts in it is `tlog_proof` and `keys`; every other field says the same again, for
//! people and for tools that take leaf, path and checkpoint apart. A file in which any byte differs from what those two give is refused.

use serde::{Deserialize, Serialize};

use crate::{Checkpoint, Commit, Deed, FindingCode, KeyHistory, KeyRole, Leaf, Proof, Standing, WitnessError, text::base64};

const SCHEMA: &str = "arkivflyt.proof/1";
/// Part of the format: another wording is another version of it.
const ABOUT: [&str; 2] = [
    "Viser at denne versjonen av mappen står i arkivets logg. Kontroll: arkivflyt audit check-proof FIL --inventory vN/inventory.json \
     --fingerprint (fra papir).",
    "Shows that this version of the folder stands in the archive's log. To check: arkivflyt audit check-proof FILE --inventory \
     vN/inventory.json --fingerprint (from paper).",
];

/// Shows that one version of a case folder stands in the archive's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    proof: Proof,
    commit: Commit,
    history: KeyHistory,
}

/// The file, in the order in which it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: String,
    about: Vec<String>,
    case_folder: String,
    version: u32,
    inventory_sha512: String,
    sealed_sha512: Option<String>,
    logged_at: String,
    log: String,
    fingerprint: String,
    verifier_key: Option<String>,
    index: u64,
    leaf: String,
    path: Vec<String>,
    checkpoint: String,
    tlog_proof: String,
    keys: Vec<String>,
}

impl Evidence {
    /// From a proof of a version, and the keys of the log that it is of.
    ///
    /// Fails when leaf, path and root do not belong together, or when the leaf is not of a version. Who signed is for [`Self::judge`].
    pub fn new(proof: Proof, history: KeyHistory) -> Result<Self, WitnessError> {
        let Leaf::Commit(commit) = proof.leaf()? else { return Err(WitnessError::Malformed { what: "leaf of a version" }) };
        if proof.leads_to_root() { Ok(Self { proof, commit, history }) } else { Err(WitnessError::Malformed { what: "path to the root" }) }
    }

    /// What the log says of the version.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// Number of the leaf.
    pub fn index(&self) -> u64 {
        self.proof.index
    }

    /// What it is proven against.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.proof.checkpoint
    }

    /// The keys that came with it. They are as good as their fingerprint, which must be known from elsewhere.
    pub fn history(&self) -> &KeyHistory {
        &self.history
    }

    /// Whether the checkpoint is signed by a key that counted: one of those that came with the proof, and of `newer` keys where they are
    /// at hand. A key that has leaked since proves nothing to somebody who does not have the log.
    pub fn judge(&self, newer: Option<&KeyHistory>) -> Result<(), FindingCode> {
        for history in [Some(&self.history), newer].into_iter().flatten() {
            if history.judge(&self.proof.checkpoint)? == Standing::Doubtful {
                return Err(FindingCode::CheckpointKeyRetired);
            }
        }
        Ok(())
    }

    /// The key that signed the checkpoint, as verifiers of notes take it. `None` when none of the history did.
    pub fn verifier_key(&self) -> Option<String> {
        let terms = self.history.terms(KeyRole::Checkpoint).iter();
        let signer = terms.rev().find(|term| self.proof.checkpoint.is_signed_by(&term.key))?;
        Some(signer.key.verifier_key(self.history.origin()))
    }

    /// The file.
    pub fn print(&self) -> String {
        let Self { proof, commit, history } = self;
        let written = Written {
            schema: SCHEMA.to_owned(),
            about: ABOUT.map(str::to_owned).to_vec(),
            case_folder: commit.object.to_string(),
            version: commit.head,
            inventory_sha512: commit.inventory.to_string(),
            sealed_sha512: match commit.deed {
                Deed::Sealed(seal) => Some(seal.to_string()),
                Deed::Placed | Deed::Disposed => None,
            },
            logged_at: commit.time.rfc3339_utc(),
            log: history.origin().to_owned(),
            fingerprint: history.fingerprint().to_string(),
            verifier_key: self.verifier_key(),
            index: proof.index,
            leaf: String::from_utf8_lossy(&proof.entry).into_owned(),
            path: proof.path.iter().map(|hash| base64(hash.as_bytes())).collect(),
            checkpoint: proof.checkpoint.note(),
            tlog_proof: proof.print(),
            keys: history.notes().to_vec(),
        };
        format!("{}\n", serde_json::to_string_pretty(&written).expect("text and numbers are writable as JSON"))
    }

    /// Reads the file: refused where one byte is another than [`Self::print`] writes.
    pub fn parse(text: &str) -> Result<Self, WitnessError> {
        let malformed = WitnessError::Malformed { what: "whole proof file" };
        let written: Written = serde_json::from_str(text).map_err(|_| malformed.clone())?;
        let history = KeyHistory::read(written.keys.iter().map(String::as_str))?;
        let read = Self::new(Proof::parse(&written.tlog_proof)?, history)?;
        if read.print() == text { Ok(read) } else { Err(malformed) }
    }
}

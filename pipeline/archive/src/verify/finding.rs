//! What a judge has to say.

use std::{collections::BTreeMap, fmt};

use pipeline_domain::Sha512;
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A MUST of the standard, or a promise of ours, is broken.
    Error,
    /// A SHOULD.
    Warning,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The standard's code (`E092`, `W004`), or one of ours (`A0xx`, listed in the crate's `CODES.md`).
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where, from the object or storage root; empty for the root itself.
    pub path: String,
    /// What is wrong. Never holds content.
    pub detail: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.path.is_empty() { "." } else { &self.path };
        write!(f, "{} {at}: {}", self.code, self.detail)
    }
}

/// Judgement of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Everything found, worst first, then by path.
    pub findings: Vec<Finding>,
    /// Content files read.
    pub files: u64,
    /// Bytes of content read.
    pub bytes: u64,
    /// OCFL id, where the inventory could be read.
    pub object_id: Option<String>,
    /// SHA-512 of the inventory in each version folder, by number, as it was read: for who has it from elsewhere. Where it has no sidecar
    /// with a digest of that kind, it is not here.
    #[serde(skip)]
    pub inventories: BTreeMap<u32, Sha512>,
    /// Name of the newest version by the inventory.
    pub head: Option<String>,
}

impl Verification {
    /// Whether there is no error; warnings are allowed.
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|f| f.severity != Severity::Error)
    }

    /// Whether this code is among the findings.
    pub fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|f| f.code == code)
    }
}

/// Judgement of a storage root as such; its objects are told one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RootVerification {
    /// What is wrong with the root and its folders, objects not counted.
    pub findings: Vec<Finding>,
    /// Objects met.
    pub objects: u64,
    /// Objects with at least one error.
    pub invalid_objects: u64,
    /// Content files read.
    pub files: u64,
    /// Bytes of content read.
    pub bytes: u64,
}

impl RootVerification {
    /// Whether neither the root nor any object has an error.
    pub fn is_valid(&self) -> bool {
        self.invalid_objects == 0 && self.findings.iter().all(|f| f.severity != Severity::Error)
    }

    /// Whether this code is among the root's own findings.
    pub fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|f| f.code == code)
    }
}

/// Collects findings; each is told once.
#[derive(Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// A finding of the standard: codes with `W` are warnings, all others errors.
    pub(super) fn add(&mut self, code: &'static str, path: &str, detail: &'static str) {
        let severity = if code.starts_with('W') { Severity::Warning } else { Severity::Error };
        self.push(code, severity, path, detail);
    }

    /// A finding that the standard has several codes for.
    pub(super) fn add_all(&mut self, codes: &[&'static str], path: &str, detail: &'static str) {
        for code in codes {
            self.add(code, path, detail);
        }
    }

    /// A finding of ours that is only advice.
    pub(super) fn advise(&mut self, code: &'static str, path: &str, detail: &'static str) {
        self.push(code, Severity::Warning, path, detail);
    }

    fn push(&mut self, code: &str, severity: Severity, path: &str, detail: &'static str) {
        self.findings.push(Finding { code: code.to_owned(), severity, path: path.to_owned(), detail });
    }

    /// Whatever was found, in order.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        sort(&mut self.findings);
        self.findings
    }
}

/// Worst first, then by path and code, each once.
pub(super) fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| (a.severity, &a.path, &a.code, a.detail).cmp(&(b.severity, &b.path, &b.code, b.detail)));
    findings.dedup();
}

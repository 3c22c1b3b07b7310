//! What we promise beyond the standard, for the case folders that we write. Codes `A002`–`A011`; `CODES.md` tells them all.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::{
    Severity, Verification,
    algorithm::Algorithm,
    content::{Kind, entries, join, read_small},
    finding::{Report, sort},
    inventory::{Inventory, Spec, read},
    manner::Manner,
    object::{Examined, examine},
    paths::version_name,
};
use crate::{
    inventory::AGENT_ADDRESS,
    layout::{CHAIN_PATH, CONTENT, INVENTORY, SIDECAR},
};

/// Judges a case folder of ours: the standard, then our own promises. A writer at work may move the folder on under our eyes,
/// so a folder whose newest version changed meanwhile is judged again.
pub fn verify_case(path: &Path) -> Verification {
    verify_case_in(path, Manner::default())
}

/// The same in another manner.
pub(super) fn verify_case_in(path: &Path, manner: Manner<'_>) -> Verification {
    let mut tries = 3;
    loop {
        let before = newest(path);
        let verification = judge(path, manner);
        tries -= 1;
        if verification.is_valid() || tries == 0 || newest(path) == before && !is_behind(path) {
            return verification;
        }
    }
}

/// Whether the newest inventory says that we wrote it.
pub(super) fn is_ours(path: &Path) -> bool {
    let version = newest(path).map(|n| path.join(format!("v{n}")).join(INVENTORY));
    let bytes = [version, Some(path.join(INVENTORY))].into_iter().flatten().find_map(|p| read_small(&p).ok());
    let inventory = bytes.and_then(|bytes| read(&bytes, &mut Report::default(), ""));
    inventory.is_some_and(|i| i.versions.iter().any(|(_, b)| b.user.as_ref().and_then(|u| u.get("address")?.text()) == Some(AGENT_ADDRESS)))
}

fn newest(path: &Path) -> Option<u32> {
    entries(path).ok()?.keys().filter_map(|n| version_name(n)).map(|(n, _)| n).max()
}

/// Between a commit and the bringing up of the root inventory, which takes a writer a moment.
fn is_behind(path: &Path) -> bool {
    let sidecar = |folder: &Path| fs::read(folder.join(SIDECAR)).ok();
    newest(path).is_some_and(|n| sidecar(path) != sidecar(&path.join(format!("v{n}"))))
}

fn judge(path: &Path, manner: Manner<'_>) -> Verification {
    let Examined { mut verification, inventory, digests, sidecars } = examine(path, manner);
    let mut report = Report::default();
    // Our writer keeps every SHOULD, so one that is broken was broken by somebody else.
    for finding in verification.findings.iter().filter(|f| f.severity == Severity::Warning) {
        report.add("A006", &finding.path, finding.detail);
    }
    let mut case = Case { path, report: &mut report, digests, sidecars };
    case.entries();
    match inventory {
        None => case.report.add("A008", INVENTORY, "cannot be read"),
        Some(inventory) => {
            case.shape(&inventory);
            case.fixity(&inventory);
            case.chain(&inventory);
        }
    }
    verification.findings.extend(report.finish());
    sort(&mut verification.findings);
    verification
}

struct Case<'a> {
    path: &'a Path,
    report: &'a mut Report,
    /// SHA-512 of the inventories that were read, by folder.
    digests: BTreeMap<String, String>,
    /// Bytes of their sidecars.
    sidecars: BTreeMap<String, Vec<u8>>,
}

impl Case<'_> {
    /// Every file is read-only and for the archive alone; nothing lies about that we did not put there.
    fn entries(&mut self) {
        let mut open = vec![String::new()];
        while let Some(at) = open.pop() {
            let Ok(names) = entries(&self.path.join(&at)) else { continue };
            if names.is_empty() {
                self.report.add("A006", &at, "empty folder");
            }
            for (name, kind) in &names {
                let path = join(&at, name);
                match kind {
                    Kind::Folder if at.is_empty() && name == "extensions" => {
                        self.report.add("A006", &path, "we use no extensions of objects")
                    }
                    Kind::Folder if at == "logs" => self.report.add("A006", &path, "folder that is not ours"),
                    Kind::File if at == "logs" && !is_log(name) => self.report.add("A006", &path, "file that is not ours"),
                    _ => {}
                }
                if let Ok(meta) = fs::symlink_metadata(self.path.join(&path)) {
                    if meta.mode() & 0o007 != 0 {
                        self.report.advise("A005", &path, "open to everyone on this machine");
                    }
                    if *kind == Kind::File && at != "logs" && (meta.mode() & 0o222 != 0 || meta.nlink() > 1) {
                        self.report.advise("A005", &path, "not read-only, or reachable by another name");
                    }
                }
                if *kind == Kind::Folder {
                    open.push(path);
                }
            }
            if names.contains_key(INVENTORY) {
                self.sidecar(&at);
            }
        }
    }

    /// Sidecars are written for `sha512sum -c`, byte for byte.
    fn sidecar(&mut self, folder: &str) {
        let path = join(folder, SIDECAR);
        let Some(digest) = self.digest(folder) else { return };
        let expected = format!("{digest}  {INVENTORY}\n");
        if self.sidecars.get(folder).map(Vec::as_slice) != Some(expected.as_bytes()) {
            self.report.add("A007", &path, "not as we write it");
        }
    }

    /// SHA-512 of a folder's inventory, read if nobody has.
    fn digest(&self, folder: &str) -> Option<String> {
        let read = || read_small(&self.path.join(join(folder, INVENTORY))).ok().map(|bytes| Algorithm::Sha512.of(&bytes));
        self.digests.get(folder).cloned().or_else(read)
    }

    fn shape(&mut self, inventory: &Inventory) {
        let has_our_form = inventory.spec == Some(Spec::V1_1)
            && inventory.algorithm == Some(Algorithm::Sha512)
            && inventory.content_directory.is_none()
            && inventory.versions.iter().all(|(_, b)| b.user.as_ref().and_then(|u| u.get("address")?.text()) == Some(AGENT_ADDRESS));
        if !has_our_form {
            self.report.add("A008", INVENTORY, "not of the form that we write");
        }
        let name = self.path.file_name().map(|n| n.to_string_lossy().into_owned());
        let of_id = inventory.id.as_deref().and_then(|id| id.rsplit('/').next());
        if name.is_some() && name.as_deref() != of_id {
            self.report.add("A009", "", "folder does not bear its case's number");
        }
    }

    fn fixity(&mut self, inventory: &Inventory) {
        let covered: BTreeSet<&str> = inventory
            .fixity
            .iter()
            .filter(|(a, _)| *a == Algorithm::Sha256)
            .flat_map(|(_, e)| e)
            .flat_map(|(_, p)| p)
            .map(String::as_str)
            .collect();
        for path in inventory.manifest.iter().flat_map(|(_, paths)| paths).filter(|p| !covered.contains(p.as_str())) {
            self.report.add("A004", path, "no SHA-256 in the inventory");
        }
    }

    /// Each version but the first names the digest of the inventory before it.
    fn chain(&mut self, inventory: &Inventory) {
        let numbers: BTreeMap<u32, &str> =
            inventory.versions.iter().filter_map(|(name, _)| Some((version_name(name)?.0, name.as_str()))).collect();
        for (number, name) in numbers.into_iter().filter(|(n, _)| *n > 1) {
            let path = format!("{name}/{CONTENT}/{CHAIN_PATH}");
            let previous = format!("v{}/{INVENTORY}", number - 1);
            let Ok(text) = read_small(&self.path.join(&path)) else {
                self.report.add("A002", &path, "version does not name the one before it");
                continue;
            };
            if self.digest(&format!("v{}", number - 1)).is_some_and(|digest| text != format!("{digest}  {previous}\n").as_bytes()) {
                self.report.add("A003", &previous, "inventory is not the one that the next version was made after");
            }
            let named = inventory.block(name).is_some_and(|b| b.state.iter().any(|(_, paths)| paths.iter().any(|p| p == CHAIN_PATH)));
            if !named {
                self.report.add("A002", &path, "version does not list its chain file");
            }
        }
    }
}

/// Seals, time stamps and the journal of fixity checks.
fn is_log(name: &str) -> bool {
    let seal = name.strip_suffix(".tsr").or_else(|| name.strip_suffix(".minisig"));
    name == "fiksitet.jsonl" || seal.and_then(version_name).is_some()
}

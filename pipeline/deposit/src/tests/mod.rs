//! Extracts of small stores, judged by the official schemas, and stopped at every step.

mod faults;
mod kit;
mod package;
mod receiver;
mod refusals;
mod structure;
mod xmllint;

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use pipeline_domain::{CaseFolderId, Sha256};

use crate::{CaseFolder, Delivery, DepositError, FolderFile, Gate, Order, Outcome, Release, Store, extract};
use kit::{Attachment, Folder, Registration};

/// A store on disk.
struct Shelf {
    dir: tempfile::TempDir,
    folders: Vec<kit::OnDisk>,
    /// Numbers of folders that nobody may have.
    withheld: Vec<u32>,
}

impl Shelf {
    fn of(folders: &[Folder]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folders = folders.iter().map(|folder| folder.write(&dir.path().join("store"))).collect();
        Self { dir, folders, withheld: Vec::new() }
    }

    /// Two closed folders with every kind of file, a lapsed one, one that is open and one that was closed before.
    fn mixed() -> Self {
        let mut rich = Registration::plain(7, "2024-03-01");
        rich.attachment = Some(Attachment::Converted);
        rich.redacted = true;
        let mut bare = Registration::plain(3, "2024-02-01");
        bare.attachment = Some(Attachment::AsItCame);
        bare.decision = "Vurderes senere";
        let mut lapsed = Folder::closed(9, "2024-11-02T12:00:00", vec![Registration::plain(5, "2024-02-20")]);
        lapsed.lapsed = true;
        let mut open = Folder::closed(4, "2024-11-02T12:00:00", vec![Registration::plain(6, "2024-02-21")]);
        open.closed = None;
        Self::of(&[
            Folder::closed(2, "2024-10-01T12:00:00", vec![rich, Registration::plain(9, "2024-04-01")]),
            Folder { class: "SL", ..Folder::closed(1, "2024-12-31T23:59:59", vec![bare]) },
            lapsed,
            open,
            Folder::closed(5, "2023-12-31T12:00:00", vec![Registration::plain(1, "2023-12-01")]),
        ])
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join("ut")
    }

    fn make(&self, order: &Order) -> Result<Outcome, DepositError> {
        extract(order, self, &Open, &self.target(), &mut |_| {})
    }
}

impl Store for Shelf {
    fn count(&self) -> usize {
        self.folders.len()
    }

    fn open(&self, at: usize) -> io::Result<CaseFolder> {
        let folder = &self.folders[at];
        let id = CaseFolderId { municipality: "9901".parse().unwrap(), year: folder.year, sequence: folder.sequence };
        let files =
            folder.files.iter().map(|(path, (on_disk, sha512))| (path.clone(), FolderFile { path: on_disk.clone(), sha512: *sha512 }));
        Ok(CaseFolder { id, version: 1, files: files.collect() })
    }

    fn release(&self, folder: &CaseFolder) -> io::Result<Release> {
        Ok(if self.withheld.contains(&folder.id.sequence) { Release::Withheld } else { Release::Granted })
    }
}

/// A check that finds nothing.
struct Open;

impl Gate for Open {
    fn judge(&self, _: &Path) -> io::Result<u64> {
        Ok(0)
    }
}

/// A check that finds errors.
struct Shut(Cell<bool>);

impl Gate for Shut {
    fn judge(&self, content: &Path) -> io::Result<u64> {
        self.0.set(content.join("arkivuttrekk.xml").is_file());
        Ok(3)
    }
}

/// Schemas that are only there: for tests that do not validate.
fn made_up_schemas(dir: &Path) -> PathBuf {
    let at = dir.join("skjema");
    fs::create_dir_all(&at).unwrap();
    let names = crate::schemas::CONTENT.into_iter().chain(crate::schemas::PACKAGE.into_iter().map(|(_, official)| official));
    names.for_each(|name| fs::write(at.join(name), format!("<{name}/>")).unwrap());
    at
}

fn order(schemas: Vec<PathBuf>) -> Order {
    Order {
        municipality: "9901".parse().unwrap(),
        period: "2024-01-01..2024-12-31".parse().unwrap(),
        parts: Vec::new(),
        created_at: "2025-01-10T12:00:00+01:00".parse().unwrap(),
        made_by: "Arkivtjenesten <i> Fjellvik".to_owned(),
        system_name: "Samspill".to_owned(),
        program: ("Arkivflyt".to_owned(), "0.1.0".to_owned()),
        skeleton: kit::skeleton(),
        schemas,
        package: None,
        checkpoint: Some("sjekkpunkt.1.7.AAAA\nBBBB;".to_owned()),
        threads: 2,
    }
}

fn with_package(order: Order) -> Order {
    let delivery = Delivery {
        label: "Fjellvik kommune \"2024\" & <mer>".to_owned(),
        submitter: "Fjellvik kommune".to_owned(),
        producer: "Fjellvik IKT".to_owned(),
        preserver: "IKA Prøve".to_owned(),
        agreement: "FJE 25-0001/0001; 2025-01-10".to_owned(),
    };
    Order { package: Some(delivery), ..order }
}

/// Every file below the folder, with its digest.
fn bytes_of(folder: &Path) -> BTreeMap<String, Sha256> {
    fn walk(at: &Path, root: &Path, found: &mut BTreeMap<String, Sha256>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, Sha256::of(&fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

//! Is a backup whole? Every file against the manifest, the database into a database, every case folder by its own inventories,
//! every archived document against its receipt.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    path::Path,
};

use pipeline_archive::{CaseArchive, Severity, verify_root};
use pipeline_domain::{CaseFolderId, ErrorCode, Sha512};
use pipeline_store::dump::{Dump, DumpError, DumpSource, TABLES, parse_row};
use pipeline_store_sqlite::SqliteStore;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    backup::{
        DATA, DATABASE,
        about::{self, About},
        archive,
        create::{archive_in, waiting},
        earlier::short,
        files::{digest_of, walk},
        manifest::{self, Line},
        tables::TableReader,
    },
    failure::Failure,
};

/// One thing that is not as it should be. `B…` are of the backup, the others the archive's own (`pipeline/archive/CODES.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: String,
    /// In the backup.
    pub path: String,
    pub detail: String,
}

/// A file of the manifest is missing.
const MISSING: &str = "B001";
/// A file is not what the manifest says.
const CHANGED: &str = "B002";
/// A file is not in the manifest.
const EXTRA: &str = "B003";
/// The manifest is not one, or not as long as it was.
const MANIFEST: &str = "B004";
/// The tables cannot be loaded into a database.
const TABLES_BROKEN: &str = "B005";
/// There are not as many rows as there were.
const ROWS: &str = "B006";
/// A document waits, and its accepted file is not there.
const ACCEPTED: &str = "B007";
/// The version that a document was archived in, or its PDF, is gone or changed.
const RECEIPT: &str = "A100";

/// What was found.
#[derive(Debug)]
pub struct Verdict {
    pub about: About,
    /// Files read, and their bytes.
    pub files: u64,
    pub bytes: u64,
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether all that is wrong was so where the backup comes from, and the backup has said so from the beginning.
    pub fn is_as_made(&self) -> bool {
        let of_archive = |f: &Finding| !f.code.starts_with('B');
        let told = |f: &Finding| self.about.damaged.iter().any(|folder| Path::new(&f.path).starts_with(folder));
        self.findings.iter().all(|f| of_archive(f) && told(f))
    }

    fn add(&mut self, code: &str, path: impl AsRef<Path>, detail: impl Into<String>) {
        self.findings.push(Finding { code: code.to_owned(), path: path.as_ref().display().to_string(), detail: detail.into() });
    }
}

/// Judges a backup, and changes nothing in it. `file_done` is told of every file.
///
/// Errors: `BackupDamaged` when it does not even say what it is, `StoreNewer` when a newer version made it.
pub async fn verify(backup: &Path, file_done: &mut dyn FnMut()) -> Result<Verdict, Failure> {
    let about = About::read(backup)?;
    let mut verdict = Verdict { about, files: 0, bytes: 0, findings: Vec::new() };
    files(backup, &mut verdict, file_done).map_err(|e| super::damaged(backup, &format!("cannot be read: {e}")))?;
    for number in archive::municipalities(&archive_in(backup)) {
        let root = archive::root_in_backup(&number);
        case_folders(backup, &root, &mut verdict);
    }
    rows(backup, &mut verdict);
    database(backup, &mut verdict).await?;
    verdict.findings.sort_by(|a, b| (&a.code, &a.path).cmp(&(&b.code, &b.path)));
    Ok(verdict)
}

fn files(backup: &Path, verdict: &mut Verdict, file_done: &mut dyn FnMut()) -> io::Result<()> {
    // Of paths only the short digest is kept: there may be millions.
    let mut listed = HashSet::new();
    let mut of_folders = 0;
    let lines = match manifest::lines(backup) {
        Ok(lines) => lines,
        Err(e) => {
            verdict.add(MANIFEST, manifest::NAME, e.to_string());
            return Ok(());
        }
    };
    for line in lines {
        let Ok(Line { path, digest }) = line else {
            verdict.add(MANIFEST, manifest::NAME, "a line cannot be read");
            continue;
        };
        if !listed.insert(short(&path)) {
            verdict.add(MANIFEST, &path, "listed twice");
            continue;
        }
        of_folders += u64::from(path != Path::new(about::NAME));
        match digest_of(&backup.join(&path)) {
            Ok((found, bytes)) => {
                verdict.files += 1;
                verdict.bytes += bytes;
                if found != digest {
                    verdict.add(CHANGED, &path, "not what it was");
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => verdict.add(MISSING, &path, "missing"),
            Err(e) => verdict.add(MISSING, &path, format!("cannot be read: {e}")),
        }
        file_done();
    }
    if of_folders != verdict.about.files || !listed.contains(&short(Path::new(about::NAME))) {
        let detail = format!("lists {of_folders} files, there were {}", verdict.about.files);
        verdict.add(MANIFEST, manifest::NAME, detail);
    }
    let there = walk(backup)?;
    for path in there.files.iter().filter(|p| !listed.contains(&short(p)) && *p != Path::new(manifest::NAME)) {
        verdict.add(EXTRA, path, "not in the manifest");
    }
    if there.others > 0 {
        verdict.add(EXTRA, "", format!("{} links or the like", there.others));
    }
    Ok(())
}

/// Warnings are left out: files of a backup have other names and modes than those of an archive.
fn case_folders(backup: &Path, root: &Path, verdict: &mut Verdict) {
    let mut found = Vec::new();
    let of_root = verify_root(&backup.join(root), &mut |object, verification| {
        found.extend(verification.findings.iter().map(|f| (root.join(object), f.clone())));
    });
    found.extend(of_root.findings.into_iter().map(|f| (root.to_owned(), f)));
    for (at, finding) in found.into_iter().filter(|(_, f)| f.severity == Severity::Error) {
        verdict.add(&finding.code, at.join(&finding.path), finding.detail);
    }
}

/// The tables fit a database with all its constraints.
async fn database(backup: &Path, verdict: &mut Verdict) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::retry(ErrorCode::BackupFailed, format!("cannot try the tables in a database: {e}"));
    let folder = tempfile::Builder::new().prefix("arkivflyt-verify-").tempdir().map_err(failed)?;
    let store = SqliteStore::open(&folder.path().join("tried.db")).await?;
    let loaded = store.load(&mut TableReader::new(&backup.join(DATABASE), verdict.about.database_format)).await;
    store.close().await;
    match loaded {
        Ok(loaded) => {
            // A backup of an earlier form does not know of the tables that came later.
            let rows = loaded.rows.into_iter().filter(|(table, rows)| *rows > 0 || verdict.about.rows.contains_key(*table));
            let rows: BTreeMap<String, u64> = rows.map(|(table, rows)| (table.to_owned(), rows)).collect();
            if rows != verdict.about.rows {
                verdict.add(ROWS, DATABASE, "not as many rows as there were");
            }
        }
        Err(DumpError::Store(e)) => return Err(e.into()),
        Err(e) => verdict.add(TABLES_BROKEN, DATABASE, crate::failure::chain(&e)),
    }
    Ok(())
}

/// Every row that speaks of files.
fn rows(backup: &Path, verdict: &mut Verdict) {
    let mut reader = TableReader::new(&backup.join(DATABASE), verdict.about.database_format);
    let mut folders = HashMap::new();
    for table in TABLES.iter().take_while(|t| t.name != "outbox") {
        // A table that cannot be read is told when it is loaded.
        while let Ok(Some(text)) = reader.next_row(table)
            && let Ok(row) = parse_row(table, &text)
        {
            match table.name {
                "case_folders" => drop(row["id"].as_i64().zip(folder_of(&row)).map(|(id, folder)| folders.insert(id, folder))),
                "documents" => document(backup, &row, &folders, verdict),
                _ => {}
            }
        }
    }
}

pub fn folder_of(row: &Map<String, Value>) -> Option<CaseFolderId> {
    Some(CaseFolderId {
        municipality: row["municipality"].as_str()?.parse().ok()?,
        year: row["year"].as_i64()?.try_into().ok()?,
        sequence: row["sequence"].as_i64()?.try_into().ok()?,
    })
}

fn document(backup: &Path, row: &Map<String, Value>, folders: &HashMap<i64, CaseFolderId>, verdict: &mut Verdict) {
    if let Some(digest) = waiting(row) {
        let path = Path::new(DATA).join("accepted").join(format!("{digest}.json"));
        // What was missing where it came from is told by `backup.json`, and is no fault of the backup.
        let told = [&verdict.about.missing_accepted, &verdict.about.missing_failed].into_iter().flatten().any(|d| d == digest);
        if !told && !backup.join(&path).is_file() {
            verdict.add(ACCEPTED, path, "a document waits for it");
        }
    }
    let Some(version) = row["folder_version"].as_i64() else { return };
    let Some(folder) = row["folder"].as_i64().and_then(|id| folders.get(&id)) else { return };
    let path = CaseArchive::case_folder(Path::new(super::ARCHIVE), folder).join(format!("v{version}/inventory.json"));
    let (pdf, receipt) = (row["pdf"].as_str().unwrap_or_default(), row["inventory"].as_str().unwrap_or_default());
    if let Err(detail) = receipt_holds(&backup.join(&path), version, pdf, receipt) {
        verdict.add(RECEIPT, path, detail);
    }
}

/// The version that a document was archived in is what it was, and has the document's PDF.
fn receipt_holds(inventory: &Path, version: i64, pdf: &str, receipt: &str) -> Result<(), &'static str> {
    let bytes = fs::read(inventory).map_err(|_| "the version that a document was archived in is not there")?;
    if Sha512::of(&bytes).to_string() != receipt {
        return Err("the version that a document was archived in is not what it was");
    }
    let inventory: Value = serde_json::from_slice(&bytes).map_err(|_| "not an inventory")?;
    let state = inventory["versions"][format!("v{version}")]["state"].as_object().ok_or("not an inventory")?;
    let has_pdf = state.values().filter_map(Value::as_array).flatten().any(|path| path.as_str() == Some(pdf));
    if has_pdf { Ok(()) } else { Err("a document's PDF is not in its version") }
}

//! Making a backup while everything runs.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use pipeline_archive::CaseArchive;
use pipeline_domain::{Sha256, Timestamp};
use pipeline_store::{
    DocumentState,
    dump::{self, Dump, Table},
};
use serde_json::{Map, Value};

use crate::{
    any_store::AnyStore,
    backup::{
        ARCHIVE, DATA, DATABASE, FOLDERS, FORMAT, MAIL, Place,
        about::{self, About},
        archive::{self, Known},
        earlier::Earlier,
        failed,
        files::{Backup, Links},
        tables::{TableWriter, Written},
        verify::folder_of,
    },
    config::{Config, Transport},
    data::DataFolder,
    failure::Failure,
    pseudonym::KEY_FILE,
    witness::place::{Place as LogPlace, Which},
};

/// Snapshots that are taken when documents come and go too fast for their files to be caught.
const TRIES: u32 = 3;
/// Ends of names that the drop folder leaves alone: programs give them to files that they still write.
const UNFINISHED: [&str; 5] = [".part", ".partial", ".tmp", ".crdownload", ".filepart"];

/// What is backed up, and where to.
pub struct Making<'a> {
    pub data: &'a DataFolder,
    pub config: &'a Config,
    /// The configuration in use, when it is a file.
    pub config_file: Option<PathBuf>,
    pub store: &'a AnyStore,
    pub now: Timestamp,
    pub place: &'a Place,
    /// Backups that stay, this one included; `None` for all.
    pub keep: Option<usize>,
}

/// A backup that was made.
#[derive(Debug)]
pub struct Created {
    pub path: PathBuf,
    pub about: About,
    /// Older ones that were removed for it.
    pub removed: Vec<String>,
}

/// Makes a backup. When this returns `Ok`, it is whole and on the disk; otherwise nothing bears its name. `case_folder_done` is told
/// of every case folder.
///
/// A backup of a damaged archive is made, and says so; no older one is removed for it, since that may hold what this one lacks.
pub async fn create(making: &Making<'_>, case_folder_done: &mut dyn FnMut()) -> Result<Created, Failure> {
    let earlier = making.place.backups().map_err(failed("list the backups"))?.pop().and_then(Earlier::read);
    let draft = making.place.draft(making.now).map_err(failed("make a folder for the backup"))?;
    let mut backup = Backup::begin(draft.folder().to_owned(), earlier.as_ref()).map_err(failed("begin the backup"))?;
    let copying = failed("copy the data folder");
    inbox(making, &mut backup).map_err(&copying)?;
    // Before the database: a version that it knows and the log does not is taken in again, and never the other way round.
    logs(making, &mut backup).map_err(failed("copy the logs of the archive"))?;
    let Read { written, seen } = database(making, &mut backup).await?;
    let mail_folder = folders(making, &mut backup).map_err(&copying)?;
    // What was taken in meanwhile is here now, and in the drop folder no more.
    inbox(making, &mut backup).and_then(|()| accepted(making, &mut backup)).map_err(&copying)?;
    let archive_root = making.data.resolve(&making.config.archive.folder);
    let taken = archive::take(&mut backup, &archive_root, seen.known, case_folder_done).map_err(copying)?;
    let about = About {
        format: FORMAT,
        database_format: dump::FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        database: making.store.database(),
        created_at: making.now,
        rows: written.rows,
        case_folders: taken.case_folders,
        files: backup.files,
        bytes: backup.bytes,
        archive_folder: making.config.archive.folder.display().to_string(),
        mail_folder,
        missing_accepted: seen.missing.into_iter().collect(),
        missing_failed: seen.missing_failed.into_iter().collect(),
        damaged: taken.damaged,
        later: taken.later,
        left_out: backup.left_out,
    };
    let text = serde_json::to_vec_pretty(&about).expect("it is writable as JSON");
    backup.write(Path::new(about::NAME), &text).map_err(failed("write backup.json"))?;
    backup.finish().map_err(failed("write the backup to disk"))?;
    let path = draft.finish().map_err(failed("give the backup its name"))?;
    let keep = making.keep.filter(|_| about.is_whole());
    let removed = keep.map_or(Ok(Vec::new()), |keep| making.place.prune(keep)).map_err(failed("remove older backups"))?;
    Ok(Created { path, about, removed })
}

/// The database as it was read.
struct Read {
    written: Written,
    seen: Seen,
}

/// What its rows say of files.
#[derive(Default)]
struct Seen {
    /// Paths of case folders by the number of their row.
    folders: HashMap<i64, PathBuf>,
    known: Known,
    /// Digests of documents that wait and have no accepted file.
    missing: BTreeSet<String>,
    /// The same of documents that have failed.
    missing_failed: BTreeSet<String>,
}

impl Seen {
    /// `accepted` is the folder in the backup.
    fn row(&mut self, table: &Table, row: &str, accepted: &Path) {
        if !["case_folders", "documents"].contains(&table.name) {
            return;
        }
        let Ok(row) = dump::parse_row(table, row) else { return };
        if table.name == "case_folders" {
            if let Some((id, folder)) = row["id"].as_i64().zip(folder_of(&row)) {
                let path = CaseArchive::case_folder(Path::new(ARCHIVE), &folder);
                self.known.insert(path.clone(), 0);
                self.folders.insert(id, path);
            }
            return;
        }
        let recorded = row["folder_version"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or_default();
        if let Some(newest) = row["folder"].as_i64().and_then(|id| self.folders.get(&id)).and_then(|path| self.known.get_mut(path)) {
            *newest = recorded.max(*newest);
        }
        if let Some(digest) = waiting(&row).filter(|digest| !accepted.join(format!("{digest}.json")).exists()) {
            let has_failed = row["state"].as_str() == Some(DocumentState::Failed.id());
            let missing = if has_failed { &mut self.missing_failed } else { &mut self.missing };
            missing.insert(digest.to_owned());
        }
    }
}

/// The database, and the accepted files that its rows speak of.
///
/// A document that is taken in, archived and told of within a moment has its file removed (when the configuration keeps none):
/// then the snapshot may know it as waiting while its file is gone. So files are taken before the snapshot and the moment
/// it stands; and when one is missing all the same, a newer snapshot is taken, until it is the same ones that are missing.
async fn database(making: &Making<'_>, backup: &mut Backup<'_>) -> Result<Read, Failure> {
    let mut missing_before = None;
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        accepted(making, backup).map_err(failed("copy the accepted documents"))?;
        let folder = backup.root.join(DATABASE);
        let seen = Mutex::new(Seen::default());
        let files = backup.root.join(DATA).join("accepted");
        let written = {
            let begun = Box::new(|| accepted(making, backup));
            let each = Box::new(|table: &'static Table, row: &str| {
                seen.lock().expect("nobody panics while holding this lock").row(table, row, &files);
            });
            let mut tables = TableWriter::new(&folder, begun, each).map_err(failed("write the tables"))?;
            making.store.dump(&mut tables).await?;
            tables.finish().map_err(failed("write the tables"))?
        };
        let seen = seen.into_inner().expect("nobody panics while holding this lock");
        if seen.missing.is_empty() || tries_left == 0 || missing_before.as_ref() == Some(&seen.missing) {
            let lines: Vec<_> = written.lines.iter().map(|line| crate::backup::files::below(DATABASE, line)).collect();
            backup.list(&lines).map_err(failed("write the tables"))?;
            return Ok(Read { written, seen });
        }
        missing_before = Some(seen.missing);
        fs::remove_dir_all(&folder).map_err(failed("take the tables anew"))?;
    }
}

/// Digest of a document whose accepted file is still needed: to archive it, or for the addresses of its notices.
pub fn waiting(document: &Map<String, Value>) -> Option<&str> {
    let notified = document["state"].as_str() == Some(DocumentState::Notified.id());
    if notified { None } else { document["digest"].as_str() }
}

/// Accepted files. Those that are taken already stay as they are.
fn accepted(making: &Making<'_>, backup: &mut Backup<'_>) -> io::Result<()> {
    let path = Path::new(DATA).join("accepted");
    backup.take_folder(&making.data.accepted(), &path, |file| file.extension().is_some_and(|x| x == "json") || is_attachment(file))
}

/// Files in `attachments/`; what is half-written begins with a dot.
fn is_attachment(file: &Path) -> bool {
    file.starts_with("attachments") && !file.file_name().unwrap_or_default().to_string_lossy().starts_with('.')
}

/// What lies in the drop folder. It is taken before the database is read and again after it: a document that is taken in meanwhile
/// is in one of the two, or in `accepted/`. One that is here and has its row too is known when it is taken in again.
fn inbox(making: &Making<'_>, backup: &mut Backup<'_>) -> io::Result<()> {
    let (from, path) = (making.data.inbox().join("attachments"), Path::new(DATA).join("inbox/attachments"));
    if from.is_dir() {
        backup.take_folder(&from, &path, |file| {
            file.to_str().is_some_and(|name| name.parse::<Sha256>().is_ok()) && !from.join(file).is_symlink()
        })?;
    }
    backup.take_nameless(&making.data.inbox(), &Path::new(DATA).join("inbox"), |file| {
        let is_below = file.components().nth(1).is_some();
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        // What is in hand (`.taken-…`) is a document like any other. Without its name nobody would know what is half-written.
        let is_unfinished = name.starts_with('.') || UNFINISHED.iter().any(|end| name.ends_with(end));
        !is_below && (name.starts_with(".taken-") || !is_unfinished)
    })
}

/// Everything else but the drop folder and the case folders. The Maildir's name, when it lies in the data folder.
fn folders(making: &Making<'_>, backup: &mut Backup<'_>) -> io::Result<Option<String>> {
    let data = Path::new(DATA);
    for folder in FOLDERS {
        // Parts are half-written. The head of an access log is a short cut that would be newer here than the log; it is found again.
        backup.take_folder(&making.data.root().join(folder), &data.join(folder), |file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let is_found_again = folder == "access" && ["head.json", "lock", "grants.lock"].contains(&&*name);
            !name.starts_with('.') && !is_found_again
        })?;
    }
    // Without it nobody is known again: see `pseudonym.rs`.
    let key = backup.take(&making.data.root().join(KEY_FILE), &data.join(KEY_FILE), Links::Allowed)?;
    backup.list(key.as_slice())?;
    if let Some(file) = &making.config_file {
        let line = backup.take(file, &data.join("arkivflyt.toml"), Links::Allowed)?;
        backup.list(line.as_slice())?;
    }
    let Transport::Maildir { folder } = &making.config.mail.transport else { return Ok(None) };
    if folder.is_absolute() {
        return Ok(None);
    }
    maildir(&making.data.resolve(folder), backup)?;
    Ok(Some(folder.display().to_string()))
}

/// The logs of the archives while others write to them (checkpoint, journal, tiles: `pipeline_witness::Log`), and the keys that sign them
/// when they lie in the data folder.
fn logs(making: &Making<'_>, backup: &mut Backup<'_>) -> io::Result<()> {
    let stores = making.data.resolve(&making.config.archive.folder);
    let keys = making.data.resolve(&making.config.witness.keys);
    for number in archive::municipalities(&stores) {
        let (from, to) = (LogPlace::of(&stores, &keys, &number), LogPlace::of(Path::new(ARCHIVE), &keys, &number));
        for which in Which::ALL {
            let (from, to) = (from.log(which), to.log(which));
            for name in ["checkpoint", "journal"] {
                let line = backup.take(&from.join(name), &to.join(name), Links::Forbidden)?;
                backup.list(line.as_slice())?;
            }
            for name in ["tile", "nokler"] {
                backup.take_folder(&from.join(name), &to.join(name), |_| true)?;
            }
        }
    }
    let folder = &making.config.witness.keys;
    if folder.is_absolute() {
        return Ok(());
    }
    // What begins with a dot are locks.
    let is_key = |file: &Path| !file.file_name().unwrap_or_default().to_string_lossy().starts_with('.');
    backup.take_folder(&keys, &Path::new(DATA).join(folder), is_key)
}

/// `new` before `cur`, the way a reader moves mail, and none twice.
fn maildir(from: &Path, backup: &mut Backup<'_>) -> io::Result<()> {
    let taken = RefCell::new(BTreeSet::new());
    for part in ["new", "cur"] {
        backup.take_folder(&from.join(part), &Path::new(MAIL).join(part), |file| {
            let name = file.to_string_lossy();
            taken.borrow_mut().insert(name.split(':').next().unwrap_or_default().to_owned())
        })?;
    }
    Ok(())
}

/// The folder that case folders lie in, in a backup.
pub fn archive_in(backup: &Path) -> PathBuf {
    backup.join(ARCHIVE)
}

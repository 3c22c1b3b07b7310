//! Making a backup while everything runs.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use pipeline_domain::Timestamp;
use pipeline_store::{
    DocumentState,
    dump::{self, Dump, Table},
};

use crate::{
    any_store::AnyStore,
    backup::{
        ARCHIVE, DATA, DATABASE, FOLDERS, FORMAT, MAIL, Place,
        about::{self, About},
        archive,
        earlier::Earlier,
        failed,
        files::{Backup, Links},
        tables::{TableWriter, Written},
    },
    config::{Config, Transport},
    data::DataFolder,
    failure::Failure,
};

/// Snapshots that are taken when documents come and go too fast for their files to be caught.
const TRIES: u32 = 3;

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
    let (written, missing) = database(making, &mut backup).await?;
    let copying = failed("copy the data folder");
    let mail_folder = folders(making, &mut backup).map_err(&copying)?;
    let taken = archive::take(&mut backup, &making.data.resolve(&making.config.archive.folder), case_folder_done).map_err(copying)?;
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
        missing_accepted: missing.into_iter().collect(),
        damaged: taken.damaged,
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

/// The database, and the accepted files that its rows speak of. Digests of those that are missing.
///
/// A document that is taken in, archived and told of within a moment has its file removed (when the configuration keeps none):
/// then the snapshot may know it as waiting while its file is gone. So files are taken before the snapshot and the moment
/// it stands; and when one is missing all the same, a newer snapshot is taken, until it is the same ones that are missing.
async fn database(making: &Making<'_>, backup: &mut Backup<'_>) -> Result<(Written, BTreeSet<String>), Failure> {
    let accepted = Path::new(DATA).join("accepted");
    let take_accepted = |backup: &mut Backup<'_>| {
        backup.take_folder(&making.data.accepted(), &accepted, |file| file.extension().is_some_and(|x| x == "json"))
    };
    let mut missing_before = None;
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        take_accepted(backup).map_err(failed("copy the accepted documents"))?;
        let folder = backup.root.join(DATABASE);
        let missing = Mutex::new(BTreeSet::new());
        let files = backup.root.join(&accepted);
        let written = {
            let begun = Box::new(|| take_accepted(backup));
            let seen = Box::new(|table: &'static Table, row: &str| {
                if let Some(digest) = waiting(table, row).filter(|digest| !files.join(format!("{digest}.json")).exists()) {
                    missing.lock().expect("nobody panics while holding this lock").insert(digest);
                }
            });
            let mut tables = TableWriter::new(&folder, begun, seen).map_err(failed("write the tables"))?;
            making.store.dump(&mut tables).await?;
            tables.finish().map_err(failed("write the tables"))?
        };
        let missing = missing.into_inner().expect("nobody panics while holding this lock");
        if missing.is_empty() || tries_left == 0 || missing_before.as_ref() == Some(&missing) {
            let lines: Vec<_> = written.lines.iter().map(|line| crate::backup::files::below(DATABASE, line)).collect();
            backup.list(&lines).map_err(failed("write the tables"))?;
            return Ok((written, missing));
        }
        missing_before = Some(missing);
        fs::remove_dir_all(&folder).map_err(failed("take the tables anew"))?;
    }
}

/// Digest of a document whose accepted file is still needed: to archive it, or for the addresses of its notices.
pub fn waiting(table: &Table, row: &str) -> Option<String> {
    if table.name != "documents" {
        return None;
    }
    let row = dump::parse_row(table, row).ok()?;
    let notified = row["state"].as_str() == Some(DocumentState::Notified.id());
    if notified { None } else { row["digest"].as_str().map(str::to_owned) }
}

/// Everything else but the case folders. The Maildir's name, when it lies in the data folder.
fn folders(making: &Making<'_>, backup: &mut Backup<'_>) -> io::Result<Option<String>> {
    let data = Path::new(DATA);
    for folder in FOLDERS {
        // Parts are half-written. What is in hand (`.taken-…`) is a document like any other.
        backup.take_folder(&making.data.root().join(folder), &data.join(folder), |file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            !name.starts_with('.') || name.starts_with(".taken-")
        })?;
    }
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

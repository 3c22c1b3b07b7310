//! A backup into an empty data folder and an empty database.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use pipeline_domain::ErrorCode;
use pipeline_intake::Reader;
use pipeline_store::dump::{Dump, DumpError, Loaded};

use crate::{
    any_store::AnyStore,
    backup::{
        ARCHIVE, DATA, DATABASE, MAIL,
        about::About,
        damaged,
        earlier::make_parent,
        files::{copy_file, make_folder, walk},
        mails::{Doubting, Knowledge, OpenMail},
        tables::TableReader,
        unentered::{self, Entered, Entering},
    },
    config::{self, Config},
    data::DataFolder,
    failure::Failure,
    shell,
};

/// As the archive itself makes them: read-only from birth, for the archive's group alone.
const CASE_FILE_MODE: u32 = 0o440;
const LOG_FILE_MODE: u32 = 0o640;
const CASE_FOLDER_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o600;

/// What is restored, and where to.
pub struct Restoring<'a> {
    /// Seen to be whole.
    pub backup: &'a Path,
    pub about: &'a About,
    /// The data folder: not there, or empty.
    pub data: &'a Path,
    /// A server's database instead of a file in the data folder.
    pub url: Option<&'a str>,
    pub config: &'a Config,
    pub open_mail: OpenMail,
}

/// What came back.
#[derive(Debug)]
pub struct Restored {
    pub loaded: Loaded,
    /// Mails that may have been sent since.
    pub doubtful: u64,
    pub files: u64,
}

/// Restores. Files first and the database last: what is cut off in between is no data folder yet. `file_done` is told of every
/// file.
///
/// Errors: `BackupTargetNotEmpty`, and nothing is touched; with any other, what was written is taken away again.
pub async fn restore(restoring: &Restoring<'_>, file_done: &mut dyn FnMut()) -> Result<Restored, Failure> {
    let targets = Targets::of(restoring)?;
    targets.refuse_if_there()?;
    let restored = write(restoring, &targets, file_done).await;
    if restored.is_err() {
        targets.clear();
    }
    restored
}

/// Where everything goes.
struct Targets {
    data: PathBuf,
    archive: PathBuf,
    mail: Option<PathBuf>,
}

impl Targets {
    fn of(restoring: &Restoring<'_>) -> Result<Self, Failure> {
        let about = restoring.about;
        // Joining an absolute path gives that path.
        let inside = |folder: &str| restoring.data.join(folder);
        let mail = about.mail_folder.as_deref().map(inside);
        if mail.as_ref().is_some_and(|mail| !mail.starts_with(restoring.data)) {
            return Err(damaged(restoring.backup, "its Maildir is said to lie outside of the data folder"));
        }
        Ok(Self { data: restoring.data.to_owned(), archive: inside(&about.archive_folder), mail })
    }

    fn refuse_if_there(&self) -> Result<(), Failure> {
        for folder in [&self.data, &self.archive] {
            let is_empty = match fs::read_dir(folder) {
                Ok(mut entries) => entries.next().is_none(),
                Err(e) => e.kind() == io::ErrorKind::NotFound,
            };
            if !is_empty {
                let detail = format!("{} is not an empty folder", folder.display());
                return Err(Failure::give_up(ErrorCode::BackupTargetNotEmpty, detail));
            }
        }
        Ok(())
    }

    /// Everything in them is ours: they were empty.
    fn clear(&self) {
        for folder in [&self.archive, &self.data] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            }
        }
    }
}

async fn write(restoring: &Restoring<'_>, targets: &Targets, file_done: &mut dyn FnMut()) -> Result<Restored, Failure> {
    let failed = super::failed("write the data folder");
    make_folder(&targets.data).map_err(&failed)?;
    let data = DataFolder::create(&targets.data).map_err(&failed)?;
    let backup = restoring.backup;
    let mut files = copy_folder(&backup.join(DATA), &targets.data, Modes::Private, file_done).map_err(&failed)?;
    files += copy_folder(&backup.join(ARCHIVE), &targets.archive, Modes::CaseFolders, file_done).map_err(&failed)?;
    if let Some(mail) = &targets.mail {
        files += copy_folder(&backup.join(MAIL), mail, Modes::Private, file_done).map_err(&failed)?;
    }
    for folder in [&targets.data, &targets.archive] {
        // An archive without case folders is not there.
        if let Ok(folder) = File::open(folder) {
            rustix::fs::syncfs(folder).map_err(|e| failed(e.into()))?;
        }
    }
    let (loaded, doubtful) = database(restoring, &data).await?;
    Ok(Restored { loaded, doubtful, files })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modes {
    Private,
    CaseFolders,
}

impl Modes {
    /// The logs of the archives are written on; case folders never are.
    fn of(self, file: &Path) -> u32 {
        let is_log = || file.components().nth(1).is_some_and(|c| c.as_os_str().to_string_lossy().starts_with("revisjonslogg"));
        match self {
            Self::Private => FILE_MODE,
            Self::CaseFolders if is_log() => LOG_FILE_MODE,
            Self::CaseFolders => CASE_FILE_MODE,
        }
    }
}

fn copy_folder(from: &Path, to: &Path, modes: Modes, file_done: &mut dyn FnMut()) -> io::Result<u64> {
    let mut files = 0;
    for file in walk(from)?.files {
        let target = to.join(&file);
        match modes {
            Modes::Private => make_parent(&target)?,
            Modes::CaseFolders => {
                let parent = target.parent().expect("a file lies in a folder");
                DirBuilder::new().recursive(true).mode(CASE_FOLDER_MODE).create(parent)?;
            }
        }
        copy_file(&from.join(&file), &target, modes.of(&file))?;
        files += 1;
        file_done();
    }
    Ok(files)
}

/// A file of its own is made beside its place: a data folder without a database is not set up, and nobody works on half of one.
async fn database(restoring: &Restoring<'_>, data: &DataFolder) -> Result<(Loaded, u64), Failure> {
    if let Some(url) = restoring.url {
        return load(restoring, data, AnyStore::postgres(url).await?).await;
    }
    let beside = data.root().join("arkivflyt.db.restoring");
    let done = load(restoring, data, AnyStore::sqlite(&beside).await?).await?;
    let named = crate::data::move_new(&beside, &data.database()).and_then(|()| File::open(data.root())?.sync_all());
    named.map_err(super::failed("put the database in its place"))?;
    // The empty file that its lock was.
    let _ = fs::remove_file(data.root().join("arkivflyt.db.restoring-outbox.lock"));
    Ok(done)
}

async fn load(restoring: &Restoring<'_>, data: &DataFolder, store: AnyStore) -> Result<(Loaded, u64), Failure> {
    let municipalities = config::read_all(&data.municipalities()).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
    let reader = Reader::new(shell::intake_rules(restoring.config, Some(&municipalities)));
    let (accepted, at) = (data.accepted(), restoring.about.created_at);
    let of_backup = || TableReader::new(&restoring.backup.join(DATABASE), restoring.about.database_format);
    let entered = if restoring.open_mail == OpenMail::Doubt {
        let max_bytes = restoring.config.intake.max_bytes;
        unentered::enter(&Entering { data, reader: &reader, max_bytes, at }, of_backup).await?
    } else {
        None
    };
    let tables = entered.as_ref().map_or_else(of_backup, Entered::tables);
    let known = Knowledge { backup: restoring.backup, accepted: &accepted, municipalities: &municipalities, reader: &reader, at };
    let unreadable = |source| DumpError::Read { table: "outbox", source };
    let mut tables = Doubting::new(tables, restoring.open_mail, known).map_err(unreadable)?;
    let loaded = store.load(&mut tables).await;
    store.close().await;
    let mut loaded = loaded?;
    loaded.freed_jobs += entered.map_or(0, |entered| entered.freed_jobs);
    Ok((loaded, tables.doubtful()))
}

//! The files of attachments: from the drop folder into `accepted/attachments/`, where documents find them, and out when their time
//! is over. Each is named by its SHA-256, which is checked while it is copied; nothing else of a name counts.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use pipeline_domain::{ErrorCode, FileOnDisk, Sha256};
use pipeline_store::{DocumentState, Documents};
use rustix::fs::{Timespec, Timestamps, UTIME_NOW};
use sha2::Digest;

use crate::{
    data::{DataFolder, DurableBatch, Hold},
    failure::Failure,
    jobs::{
        inbox::{Links, is_settling, open_ordinary},
        refusal::{self, Refusal},
        tidy,
    },
    shell::Shell,
};

/// Stands in the pool for a file that is larger than may be.
const TOO_LARGE: &str = ".too-large";
/// Documents that the store is asked about at a time.
const PAGE: usize = 256;

/// A failure of the disk.
pub fn disk(doing: &'static str, e: &io::Error) -> Failure {
    let full = matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    Failure::retry(if full { ErrorCode::ArchiveDiskFull } else { ErrorCode::ArchiveWrite }, format!("cannot {doing}: {e}"))
}

/// Files of the drop folder that are safe in the pool. They may go when the documents that name them have their rows.
#[derive(Debug, Default)]
pub struct TakenIn(Vec<(PathBuf, Sha256)>);

/// Takes the named files into the pool, from where the source system put them. One barrier for all; what is there stays.
///
/// Whoever calls holds `accepted/`, so that nobody sorts it meanwhile.
pub async fn take_in(shell: &Shell, wanted: BTreeSet<Sha256>) -> Result<TakenIn, Failure> {
    let from = shell.data.inbox().join(ATTACHMENTS);
    if wanted.is_empty() || !from.is_dir() {
        return Ok(TakenIn::default());
    }
    let offered: Vec<(PathBuf, Sha256)> = wanted.into_iter().map(|digest| (from.join(digest.to_string()), digest)).collect();
    put_in(shell, offered, Wrong::LeavesTheDropFolder).await.map(TakenIn)
}

/// Takes files into the pool that a user named: those whose digest stands in one of the documents.
pub async fn offer_folder(shell: &Shell, files: &[(PathBuf, Sha256)], documents: &[Vec<u8>]) -> Result<(), Failure> {
    let is_named = |digest: &Sha256| documents.iter().any(|document| mentions(document, *digest));
    let offered: Vec<_> = files.iter().filter(|(_, digest)| is_named(digest)).cloned().collect();
    if offered.is_empty() {
        return Ok(());
    }
    let hold = shell.data.hold_accepted(Hold::ToAccept).await.map_err(|e| disk("hold the accepted documents", &e))?;
    let _hold = hold.ok_or_else(|| Failure::retry(ErrorCode::StoreUnavailable, "another process holds the accepted documents"))?;
    put_in(shell, offered, Wrong::IsLeftAlone).await.map(drop)
}

/// Removes what was taken in from the drop folder, but for files that changed meanwhile.
pub async fn put_away(taken: TakenIn) -> Result<(), Failure> {
    let remove = move || {
        for (file, digest) in taken.0 {
            if digest_of(&file).is_ok_and(|now| now == digest) {
                match fs::remove_file(&file) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(disk("remove an attachment from the drop folder", &e)),
                    _ => {}
                }
            }
        }
        Ok(())
    };
    tokio::task::spawn_blocking(remove).await.expect("removing does not panic")
}

/// Subfolder of `inbox/`, `accepted/` and `refused/`.
const ATTACHMENTS: &str = "attachments";

fn pool(data: &DataFolder) -> PathBuf {
    data.accepted().join(ATTACHMENTS)
}

/// What becomes of a file that is not what its name says, or too large.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    LeavesTheDropFolder,
    IsLeftAlone,
}

async fn put_in(shell: &Shell, offered: Vec<(PathBuf, Sha256)>, wrong: Wrong) -> Result<Vec<(PathBuf, Sha256)>, Failure> {
    let (folder, limit) = (pool(&shell.data), shell.config.attachments.limits().file_bytes);
    let copied = tokio::task::spawn_blocking(move || -> io::Result<_> {
        make(&folder)?;
        let mut batch = DurableBatch::new(folder.clone());
        let mut outcomes = Vec::new();
        for (file, digest) in offered {
            outcomes.push((copy(&mut batch, &folder, &file, digest, limit)?, file, digest));
        }
        batch.finish()?;
        Ok(outcomes)
    });
    let outcomes = copied.await.expect("copying does not panic").map_err(|e| disk("take in an attachment", &e))?;
    let mut safe = Vec::new();
    for (outcome, file, digest) in outcomes {
        let code = match outcome {
            Copied::Safe => {
                safe.push((file, digest));
                continue;
            }
            Copied::NotThere => continue,
            Copied::TooLarge => ErrorCode::AttachmentTooLarge,
            Copied::OtherBytes if is_settling(&file) => continue,
            Copied::OtherBytes => ErrorCode::AttachmentBroken,
            Copied::NotRegular => ErrorCode::InboxNotRegular,
        };
        if wrong == Wrong::LeavesTheDropFolder {
            let refused = refusal::refuse_unread(shell, &file, &Refusal::from_code(code));
            refused.map_err(|e| disk("set an attachment apart", &e))?;
        }
    }
    Ok(safe)
}

enum Copied {
    /// Its bytes are in the pool.
    Safe,
    NotThere,
    TooLarge,
    OtherBytes,
    NotRegular,
}

fn copy(batch: &mut DurableBatch, folder: &Path, file: &Path, digest: Sha256, limit: u64) -> io::Result<Copied> {
    let opened = match open_ordinary(file, Links::Refused) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Ok(Copied::NotRegular),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Copied::NotThere),
        Err(e) => return Err(e),
    };
    let (from, about) = opened;
    let name = digest.to_string();
    if about.len() > limit {
        batch.add(&format!("{name}{TOO_LARGE}"), b"")?;
        return Ok(Copied::TooLarge);
    }
    let place = folder.join(&name);
    if place.is_file() {
        // It is needed anew: its days begin again.
        touch(&place)?;
        return Ok(if digest_of(file)? == digest { Copied::Safe } else { Copied::OtherBytes });
    }
    let is_it = batch.add_by(&name, |to| {
        let mut to = Digesting { to, digester: sha2::Sha256::new() };
        io::copy(&mut from.take(limit + 1), &mut to)?;
        Ok(Sha256::from_bytes(to.digester.finalize().into()) == digest)
    })?;
    Ok(if is_it { Copied::Safe } else { Copied::OtherBytes })
}

/// Digests what is written.
struct Digesting<W> {
    to: W,
    digester: sha2::Sha256,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.digester.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Digest of a file, a piece at a time.
pub fn digest_of(file: &Path) -> io::Result<Sha256> {
    let mut to = Digesting { to: io::sink(), digester: sha2::Sha256::new() };
    io::copy(&mut fs::File::open(file)?, &mut to)?;
    Ok(Sha256::from_bytes(to.digester.finalize().into()))
}

fn touch(file: &Path) -> io::Result<()> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    Ok(rustix::fs::utimensat(rustix::fs::CWD, file, &times, rustix::fs::AtFlags::empty())?)
}

/// Private to this user.
fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Where the bytes of an attachment are.
pub enum Found {
    There(FileOnDisk),
    TooLarge,
    Nowhere,
}

/// Looks in the pool; then once more in the drop folder, where a file may have come after its document.
pub async fn find(shell: &Shell, digest: Sha256) -> Result<Found, Failure> {
    let place = pool(&shell.data).join(digest.to_string());
    if !place.is_file() {
        let hold = shell.data.hold_accepted(Hold::ToAccept).await.map_err(|e| disk("hold the accepted documents", &e))?;
        let taken = take_in(shell, BTreeSet::from([digest])).await?;
        drop(hold);
        put_away(taken).await?;
    }
    match fs::metadata(&place) {
        Ok(about) => Ok(Found::There(FileOnDisk { at: place, sha256: digest, size_bytes: about.len() })),
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(disk("look at an attachment", &e)),
        Err(_) if pool(&shell.data).join(format!("{digest}{TOO_LARGE}")).exists() => Ok(Found::TooLarge),
        Err(_) => Ok(Found::Nowhere),
    }
}

/// The bytes of an attachment.
pub async fn read(file: &FileOnDisk) -> Result<Vec<u8>, Failure> {
    let at = file.at.clone();
    let read = tokio::task::spawn_blocking(move || fs::read(at)).await.expect("reading does not panic");
    read.map_err(|e| Failure::retry(ErrorCode::AttachmentUnreadable, format!("an attachment cannot be read: {e}")))
}

/// Keeps a file that the archive does not take in `refused/attachments/`, under its digest, beside the reason.
pub async fn set_apart(shell: &Shell, file: &FileOnDisk, code: ErrorCode) -> Result<(), Failure> {
    let (folder, file) = (shell.data.refused().join(ATTACHMENTS), file.clone());
    let reason = Refusal::from_code(code).to_bytes();
    let work = move || -> io::Result<()> {
        make(&folder)?;
        let name = file.sha256.to_string();
        let mut batch = DurableBatch::new(folder.clone());
        // The reason first: nothing lies there without one.
        batch.replace(&format!("{name}.problems.json"), &reason)?;
        batch.add_by(&name, |to| io::copy(&mut fs::File::open(&file.at)?, to).map(|_| true))?;
        batch.finish().map(drop)
    };
    tokio::task::spawn_blocking(work).await.expect("copying does not panic").map_err(|e| disk("set an attachment apart", &e))
}

/// Whether a document's text holds this digest: true for each that names it, and for few others.
fn mentions(document: &[u8], digest: Sha256) -> bool {
    String::from_utf8_lossy(document).contains(&digest.to_string())
}

/// Removes files from the pool that have lain there for the days that accepted documents are kept, and that no document names
/// which is still on its way. How many there were.
pub async fn sweep(shell: &Shell) -> Result<usize, Failure> {
    let failed = |e: io::Error| disk("tidy the attachments", &e);
    let mut old = old(shell).map_err(failed)?;
    if old.is_empty() {
        return Ok(0);
    }
    let Some(_hold) = shell.data.hold_accepted(Hold::ToSort).await.map_err(failed)? else { return Ok(0) };
    for page in tidy::digests(shell)?.chunks(PAGE) {
        let states = shell.store.states_of(page).await?;
        let is_through = |d: &Sha256| states.iter().any(|(k, s)| k == d && matches!(s, DocumentState::Archived | DocumentState::Notified));
        for document in page.iter().filter(|d| !is_through(d)) {
            let Ok(bytes) = fs::read(shell.data.accepted_file(*document)) else { continue };
            old.retain(|(_, digest)| !mentions(&bytes, *digest));
        }
    }
    for (file, _) in &old {
        match fs::remove_file(file) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
            _ => {}
        }
    }
    Ok(old.len())
}

/// Files of the pool whose days are over.
fn old(shell: &Shell) -> io::Result<Vec<(PathBuf, Sha256)>> {
    let folder = pool(&shell.data);
    let entries = match fs::read_dir(&folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut old = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let digest = name.strip_suffix(TOO_LARGE).unwrap_or(name).parse::<Sha256>();
        if let Ok(digest) = digest
            && tidy::is_old(shell, &path)
        {
            old.push((path, digest));
        }
    }
    Ok(old)
}

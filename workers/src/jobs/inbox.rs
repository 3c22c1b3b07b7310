//! The drop folder. Only whole, ordinary files are taken. Each first gets a private name, `.taken-…`, so that what is removed in
//! the end is what was read and nothing else; then it is taken in, or put beside its problems.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use pipeline_domain::ErrorCode;
use pipeline_intake::Reading;
use rustix::fs::{Mode, OFlags};

use crate::{
    data::move_new,
    failure::Failure,
    jobs::{
        accept::{self, Answer, BatchSize},
        refusal::{self, Moved, Refusal},
    },
    shell::Shell,
};

/// A file that is still being written may look broken: wait this long after its last change before refusing it.
const SETTLING: Duration = Duration::from_secs(10);

/// Private names begin so.
const TAKEN: &str = ".taken-";

/// What was found in the drop folder.
#[derive(Debug, Default)]
pub struct Taken {
    pub answers: Vec<Answer>,
    /// Left for next time: still being written.
    pub waiting: usize,
    /// Left where they lay: they cannot be read or moved.
    pub unreadable: usize,
}

/// Takes everything in that lies in the drop folder; first what an earlier stop left half taken.
pub async fn take(shell: &Shell) -> Result<Taken, Failure> {
    let (mut paths, new) = candidates(&shell.data.inbox())?;
    paths.extend(new);
    take_these(shell, paths).await
}

/// Takes in only what an earlier stop left half taken.
pub async fn take_left(shell: &Shell) -> Result<Taken, Failure> {
    let (left, _) = candidates(&shell.data.inbox())?;
    take_these(shell, left).await
}

async fn take_these(shell: &Shell, paths: Vec<PathBuf>) -> Result<Taken, Failure> {
    let mut taken = Taken::default();
    let mut paths = paths.into_iter().enumerate().peekable();
    while paths.peek().is_some() {
        let (mut batch, mut size) = (Vec::new(), BatchSize::default());
        while !size.is_full()
            && let Some((n, path)) = paths.next()
        {
            if let Some(held) = taken.look_at(shell, n, &path) {
                size.add(held.bytes.len());
                batch.push(held);
            }
        }
        taken.take_in(shell, batch).await?;
    }
    Ok(taken)
}

impl Taken {
    /// Deals with one file: a whole one is given back under its private name. One that is in trouble stops nobody else.
    fn look_at(&mut self, shell: &Shell, n: usize, path: &Path) -> Option<Held> {
        let found = hold(path, n, shell.config.intake.max_bytes);
        let set_aside = |refusal: Refusal| match refusal::refuse_unread(shell, path, &refusal) {
            Ok(_) => Ok(Answer::Refused(refusal)),
            Err(e) => Err(e),
        };
        let refused = match found {
            Ok(Found::Whole(held)) => return Some(held),
            Ok(Found::Waiting) => {
                self.waiting += 1;
                return None;
            }
            // Only its beginning was read: it is moved whole, not written anew.
            Ok(Found::TooLarge(beginning)) => set_aside(match shell.reader.read(&beginning) {
                Reading::Refused(problems) => Refusal::from_problems(problems),
                Reading::Accepted(_) => Refusal::from_problems(Vec::new()),
            }),
            Ok(Found::NotRegular) => set_aside(Refusal::from_code(ErrorCode::InboxNotRegular)),
            Err(e) => Err(e),
        };
        match refused {
            Ok(answer) => self.answers.push(answer),
            Err(e) => self.leave(path, &e),
        }
        None
    }

    /// A file that cannot be read or moved stays where it is.
    fn leave(&mut self, path: &Path, e: &io::Error) {
        if e.kind() == io::ErrorKind::NotFound {
            // Whoever put it there took it back.
            return;
        }
        self.unreadable += 1;
        // Its name may hold a person's name.
        let inode = fs::symlink_metadata(path).map_or(0, |m| m.ino());
        tracing::error!(code = %ErrorCode::InboxUnreadable, inode, "a file in the drop folder cannot be taken: {e}");
    }

    async fn take_in(&mut self, shell: &Shell, batch: Vec<Held>) -> Result<(), Failure> {
        let documents: Vec<Arc<[u8]>> = batch.iter().map(|held| held.bytes.clone()).collect();
        let offered = accept::offer(shell, &documents).await?;
        for (held, answer) in batch.iter().zip(&offered.answers) {
            let done = match answer {
                Answer::Refused(refusal) => held.refuse(shell, refusal)?,
                Answer::New { .. } | Answer::Known(_) | Answer::Event { .. } => held.remove(),
            };
            match done {
                Ok(Gone::Yes) => {}
                Ok(Gone::WrittenMeanwhile) => self.waiting += 1,
                Err(e) => self.leave(&held.path, &e),
            }
        }
        accept::forget(shell, &offered.without_row).await?;
        self.answers.extend(offered.answers);
        Ok(())
    }
}

/// A whole file under its private name, and what was read of it.
struct Held {
    path: PathBuf,
    bytes: Arc<[u8]>,
    stamp: Stamp,
}

/// Which file it is and when it was last written: equal stamps, equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(file: &fs::Metadata) -> Self {
        Self { device: file.dev(), inode: file.ino(), length: file.len(), modified: (file.mtime(), file.mtime_nsec()) }
    }
}

/// Whether a file that was dealt with has left the drop folder.
enum Gone {
    Yes,
    /// Somebody wrote to it after it was read: it is read again next time.
    WrittenMeanwhile,
}

impl Held {
    /// Removes what was read, and only that.
    fn remove(&self) -> io::Result<Gone> {
        if Stamp::of(&fs::symlink_metadata(&self.path)?) != self.stamp {
            return Ok(Gone::WrittenMeanwhile);
        }
        fs::remove_file(&self.path).map(|()| Gone::Yes)
    }

    fn refuse(&self, shell: &Shell, refusal: &Refusal) -> Result<io::Result<Gone>, Failure> {
        Ok(match refusal::refuse_file(shell, &self.path, &self.bytes, refusal) {
            Ok(Moved::There) => Ok(Gone::Yes),
            Ok(Moved::KnownThere) => self.remove(),
            Err(e) if e.kind() == io::ErrorKind::CrossesDevices => {
                refusal::refuse(shell, &self.bytes, refusal)?;
                self.remove()
            }
            Err(e) => Err(e),
        })
    }
}

/// What one name in the drop folder stands for.
enum Found {
    Whole(Held),
    /// More than may be read; its first bytes.
    TooLarge(Vec<u8>),
    NotRegular,
    Waiting,
}

/// Looks at a file under its own name, and takes it by that look: a file that is still being written keeps its name.
fn hold(path: &Path, n: usize, max_bytes: usize) -> io::Result<Found> {
    let seen = match look(path, max_bytes)? {
        Found::Whole(seen) if !is_private(path) => seen,
        other => return Ok(other),
    };
    let private = take_by_name(path, n, seen.stamp.inode)?;
    if Stamp::of(&fs::symlink_metadata(&private)?) == seen.stamp {
        return Ok(Found::Whole(Held { path: private, ..seen }));
    }
    // Another file had come under the name in between, or this one was written to.
    match look(&private, max_bytes)? {
        Found::Whole(held) => Ok(Found::Whole(held)),
        _ => {
            // Its own name may be taken again by now; then it stays private, and is looked at next time.
            let _ = move_new(&private, path);
            Ok(Found::Waiting)
        }
    }
}

fn is_private(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TAKEN))
}

fn take_by_name(path: &Path, n: usize, inode: u64) -> io::Result<PathBuf> {
    let mut n = n;
    loop {
        // In the order of their names also after a stop.
        let private = path.with_file_name(format!("{TAKEN}{n:08}-{inode}"));
        match move_new(path, &private) {
            Ok(()) => return Ok(private),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(e) => return Err(e),
        }
    }
}

/// Everything but folders, hidden files and names that programs give to files they still write. Sorted, so that a run can
/// be repeated. First those that were taken before and not dealt with.
fn candidates(inbox: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    const UNFINISHED: [&str; 5] = ["part", "partial", "tmp", "crdownload", "filepart"];
    let failed = |e: io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot read the drop folder: {e}"));
    let (mut left, mut new) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(inbox).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let unfinished = path.extension().is_some_and(|x| UNFINISHED.contains(&x.to_string_lossy().to_lowercase().as_str()));
        let folder = entry.file_type().is_ok_and(|t| t.is_dir());
        if is_private(&path) && !folder {
            left.push(path);
        } else if !hidden && !unfinished && !folder {
            new.push(path);
        }
    }
    left.sort();
    new.sort();
    Ok((left, new))
}

fn look(path: &Path, max_bytes: usize) -> io::Result<Found> {
    let (file, before) = match open_ordinary(path, Links::Refused)? {
        Some(open) => open,
        None => return Ok(Found::NotRegular),
    };
    if before.nlink() != 1 {
        // A producer may give a finished file its name by link and unlink. Settled, it has another name elsewhere, and what
        // lies elsewhere is somebody else's.
        let linked = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(before.ctime()).unwrap_or(0));
        return Ok(if is_fresh(linked) { Found::Waiting } else { Found::NotRegular });
    }
    let (bytes, after) = read_at_most(&file, &before, max_bytes)?;
    let stamp = Stamp::of(&after);
    Ok(if stamp != Stamp::of(&before) {
        Found::Waiting
    } else if bytes.len() > max_bytes {
        Found::TooLarge(bytes)
    } else if looks_partial(&bytes) && is_fresh(after.modified()?) {
        Found::Waiting
    } else {
        Found::Whole(Held { path: path.to_owned(), bytes: bytes.into(), stamp })
    })
}

/// Ends in the middle, or with room that is not filled yet: some programs make a file as long as it will be before they write.
fn looks_partial(bytes: &[u8]) -> bool {
    bytes.ends_with(&[0]) || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err_and(|e| e.is_eof())
}

/// Whether a file may still be being written.
pub(super) fn is_settling(file: &Path) -> bool {
    fs::symlink_metadata(file).and_then(|m| m.modified()).is_ok_and(is_fresh)
}

/// Changed a moment ago; also when the file system's clock is a little ahead of ours.
fn is_fresh(changed: SystemTime) -> bool {
    let now = file_system_now();
    let apart = now.duration_since(changed).or_else(|_| changed.duration_since(now));
    apart.is_ok_and(|apart| apart < SETTLING)
}

/// The age of a file is a matter of the file system's clock, not of the archive's.
#[expect(clippy::disallowed_methods, reason = "compared with a file's own time stamp only")]
fn file_system_now() -> SystemTime {
    SystemTime::now()
}

/// What was read of a file that somebody named.
pub enum Contents {
    Bytes(Vec<u8>),
    /// A pipe, a device, a folder; or a link where none is followed.
    NotRegular,
    /// It grew or changed while it was read.
    StillChanging,
}

/// Whether a symbolic link stands for its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// The user named it.
    Followed,
    /// It was found.
    Refused,
}

/// Reads a file that a user names. At most `max_bytes` + 1 bytes are read: enough for intake to see that it is too large.
pub fn read_whole(path: &Path, max_bytes: usize) -> io::Result<Contents> {
    read_by(path, Links::Followed, max_bytes)
}

/// The same for a file that was found in a folder which the user names.
pub fn read_by(path: &Path, links: Links, max_bytes: usize) -> io::Result<Contents> {
    let Some((file, before)) = open_ordinary(path, links)? else { return Ok(Contents::NotRegular) };
    let (bytes, after) = read_at_most(&file, &before, max_bytes)?;
    Ok(if Stamp::of(&before) == Stamp::of(&after) { Contents::Bytes(bytes) } else { Contents::StillChanging })
}

/// Opens without waiting on a pipe; `None` for what is not an ordinary file.
pub(super) fn open_ordinary(path: &Path, links: Links) -> io::Result<Option<(fs::File, fs::Metadata)>> {
    use rustix::io::Errno;
    let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, links == Links::Refused);
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => fs::File::from(fd),
        // ELOOP: a link, or links in a ring. ENXIO: a socket, or a device without driver.
        Err(Errno::LOOP | Errno::NXIO) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}

fn read_at_most(mut file: &fs::File, before: &fs::Metadata, max_bytes: usize) -> io::Result<(Vec<u8>, fs::Metadata)> {
    let most = max_bytes as u64 + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(before.len().min(most)).expect("a limit in memory fits"));
    file.by_ref().take(most).read_to_end(&mut bytes)?;
    Ok((bytes, file.metadata()?))
}

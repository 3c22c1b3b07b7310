//! The drop folder. Only whole, ordinary files are read; each is taken in or put beside its problems, then removed here.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use pipeline_domain::ErrorCode;
use pipeline_intake::Reading;
use rustix::fs::{Mode, OFlags};

use crate::{
    failure::Failure,
    jobs::accept::{self, Answer, Refusal},
    shell::Shell,
};

/// A file that is still being written may look broken: wait this long after its last change before refusing it.
const SETTLING: Duration = Duration::from_secs(10);

/// Files that are read, kept and taken in together: they share their barriers.
const BATCH: usize = 64;

/// What was found in the drop folder.
#[derive(Debug, Default)]
pub struct Taken {
    pub answers: Vec<Answer>,
    /// Left for next time: still being written.
    pub waiting: usize,
}

/// Takes everything in that lies in the drop folder.
pub async fn take(shell: &Shell) -> Result<Taken, Failure> {
    let mut taken = Taken::default();
    let paths = candidates(&shell.data.inbox()).map_err(|e| unreadable(&e))?;
    for batch in paths.chunks(BATCH) {
        let mut documents = Vec::new();
        let mut sources = Vec::new();
        for path in batch {
            match read_whole(path, shell.config.intake.max_bytes) {
                Ok(Contents::Bytes(bytes)) if may_be_partial(shell, path, &bytes) => taken.waiting += 1,
                Ok(Contents::Bytes(bytes)) if bytes.len() > shell.config.intake.max_bytes => {
                    // Only its beginning was read: it is moved whole, not written anew.
                    let problems = match shell.reader.read(&bytes) {
                        Reading::Refused(problems) => problems,
                        Reading::Accepted(_) => Vec::new(),
                    };
                    taken.answers.push(set_aside(shell, path, Refusal::from_problems(problems))?);
                }
                Ok(Contents::Bytes(bytes)) => {
                    documents.push(bytes);
                    sources.push(path.clone());
                }
                Ok(Contents::StillChanging) => taken.waiting += 1,
                Ok(Contents::NotRegular) => taken.answers.push(set_aside(shell, path, Refusal::from_code(ErrorCode::InboxNotRegular))?),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(unreadable(&e)),
            }
        }
        let answers = accept::accept_all(shell, documents).await?;
        for path in &sources {
            fs::remove_file(path).or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(unreadable(&e)) })?;
        }
        taken.answers.extend(answers);
    }
    Ok(taken)
}

fn unreadable(e: &io::Error) -> Failure {
    Failure::retry(ErrorCode::ArchiveWrite, format!("cannot read the drop folder: {e}"))
}

/// Everything but folders, hidden files and names that programs give to files they still write. Sorted, so that a run can
/// be repeated.
fn candidates(inbox: &Path) -> io::Result<Vec<PathBuf>> {
    const UNFINISHED: [&str; 5] = ["part", "partial", "tmp", "crdownload", "filepart"];
    let mut paths = Vec::new();
    for entry in fs::read_dir(inbox)? {
        let entry = entry?;
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let unfinished = path.extension().is_some_and(|x| UNFINISHED.contains(&x.to_string_lossy().to_lowercase().as_str()));
        if !hidden && !unfinished && !entry.file_type()?.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// What was read.
pub enum Contents {
    Bytes(Vec<u8>),
    /// A link, a pipe, a device, or a second name of a file that lies elsewhere.
    NotRegular,
    /// It grew or changed while it was read.
    StillChanging,
}

/// Reads one file without following a link and without waiting on a pipe. At most `max_bytes` + 1 bytes are read: enough
/// for intake to see that it is too large.
pub fn read_whole(path: &Path, max_bytes: usize) -> io::Result<Contents> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => fd,
        // ELOOP: a link. ENXIO: a socket, or a device without driver.
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => return Ok(Contents::NotRegular),
        Err(e) => return Err(e.into()),
    };
    let mut file = fs::File::from(fd);
    let before = file.metadata()?;
    if !before.is_file() || std::os::unix::fs::MetadataExt::nlink(&before) != 1 {
        return Ok(Contents::NotRegular);
    }
    let mut bytes = Vec::with_capacity(before.len().min(max_bytes as u64 + 1) as usize);
    file.by_ref().take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    let after = file.metadata()?;
    let changed = before.len() != after.len() || before.modified()? != after.modified()?;
    Ok(if changed { Contents::StillChanging } else { Contents::Bytes(bytes) })
}

/// Not yet whole JSON, and touched a moment ago: somebody may still be writing.
fn may_be_partial(shell: &Shell, path: &Path, bytes: &[u8]) -> bool {
    let fresh = || {
        let changed = fs::symlink_metadata(path).and_then(|m| m.modified()).ok();
        changed.and_then(|at| file_system_now().duration_since(at).ok()).is_some_and(|age| age < SETTLING)
    };
    bytes.len() <= shell.config.intake.max_bytes
        && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err_and(|e| e.is_eof())
        && fresh()
}

/// The age of a file is a matter of the file system's clock, not of the archive's.
#[expect(clippy::disallowed_methods, reason = "compared with a file's own time stamp only")]
fn file_system_now() -> SystemTime {
    SystemTime::now()
}

/// Moves what is not an ordinary file, or too large a one, out of the way as it is.
fn set_aside(shell: &Shell, path: &Path, refusal: Refusal) -> Result<Answer, Failure> {
    let stem = accept::refuse_unread(shell, path, &refusal)?;
    tracing::warn!(file = %stem, "set aside a file that is not read");
    Ok(Answer::Refused(refusal))
}

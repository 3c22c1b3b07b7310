//! The Maildir that the mail server delivers to: what lies in `new/` waits; in `cur/` the flags tell what became of it.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    io::Read,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_notify::LARGEST_RETURNED_BYTES;

use crate::{data, failure::Failure};

const SECONDS_A_DAY: i64 = 24 * 3600;

/// What became of a message: flags of a Maildir, which mail programs show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Seen and done with: removed in time.
    Handled,
    /// For a person: never removed by us.
    Flagged,
}

impl Mark {
    /// In alphabetical order, as the format wants.
    fn flags(self) -> &'static str {
        match self {
            Self::Handled => "ST",
            Self::Flagged => "F",
        }
    }

    fn letter(self) -> u8 {
        match self {
            Self::Handled => b'T',
            Self::Flagged => b'F',
        }
    }
}

/// A Maildir that somebody else delivers to.
#[derive(Debug)]
pub struct Mailbox {
    root: PathBuf,
}

impl Mailbox {
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Names in `new/` in order, at most so many.
    pub fn waiting(&self, most: usize) -> Result<Vec<OsString>, Failure> {
        self.names("new", most, |_| true)
    }

    /// Names in `cur/` that are flagged for a person, in order, at most so many.
    pub fn flagged(&self, most: usize) -> Result<Vec<OsString>, Failure> {
        self.names("cur", most, |name| has_flag(name, Mark::Flagged))
    }

    /// A message that waits, up to so many bytes; `None` when it is not an ordinary file, is not ours to read, or is gone.
    pub fn read_waiting(&self, name: &OsStr, most: usize) -> Result<Option<Vec<u8>>, Failure> {
        read(&self.root.join("new").join(name), most)
    }

    /// The same for one in `cur/`.
    pub fn read_flagged(&self, name: &OsStr) -> Result<Option<Vec<u8>>, Failure> {
        read(&self.root.join("cur").join(name), LARGEST_RETURNED_BYTES + 1)
    }

    /// Moves a message from `new/` to `cur/`. Whether that could be done: not without rights, and not when it is gone.
    pub fn put_aside(&self, name: &OsStr, mark: Mark) -> Result<bool, Failure> {
        let from = self.root.join("new").join(name);
        let unique = name.as_bytes().split(|b| *b == b':').next().unwrap_or_default();
        for copy in 0..100 {
            let mut to = OsStr::from_bytes(unique).to_owned();
            if copy > 0 {
                // A copy of it lies there: somebody put the message back. None takes the other's place.
                to.push(format!(".{copy}"));
            }
            to.push(format!(":2,{}", mark.flags()));
            match data::move_new(&from, &self.root.join("cur").join(to)) {
                Ok(()) => return Ok(true),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => return Ok(false),
                Err(e) => return Err(failed("move a message")(e)),
            }
        }
        Ok(false)
    }

    /// Removes what was done with so many days ago: it holds addresses. 0 removes it at once.
    pub fn prune(&self, now: Timestamp, keep_days: u32) -> Result<(), Failure> {
        let newest = now.unix_seconds() - i64::from(keep_days) * SECONDS_A_DAY;
        for name in self.names("cur", usize::MAX, |name| has_flag(name, Mark::Handled))? {
            let path = self.root.join("cur").join(name);
            let old = path.symlink_metadata().is_ok_and(|meta| meta.is_file() && (keep_days == 0 || meta.mtime() <= newest));
            if old && let Err(e) = fs::remove_file(&path) {
                tracing::warn!("a message that was handled cannot be removed: {}", e.kind());
            }
        }
        Ok(())
    }

    fn names(&self, folder: &str, most: usize, wanted: impl Fn(&OsStr) -> bool) -> Result<Vec<OsString>, Failure> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join(folder)).map_err(failed("read the folder"))? {
            let name = entry.map_err(failed("read the folder"))?.file_name();
            if !name.as_bytes().starts_with(b".") && wanted(&name) {
                names.push(name);
            }
        }
        names.sort();
        names.truncate(most);
        Ok(names)
    }
}

/// What stands after `:2,`.
fn has_flag(name: &OsStr, mark: Mark) -> bool {
    let bytes = name.as_bytes();
    let info = bytes.iter().rposition(|b| *b == b':').map(|at| &bytes[at..]);
    info.and_then(|info| info.strip_prefix(b":2,")).is_some_and(|flags| flags.contains(&mark.letter()))
}

/// Follows no link and waits for no pipe.
fn read(path: &Path, most: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut open = fs::OpenOptions::new();
    let file = match open.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => return Ok(None),
        Err(e) if e.raw_os_error() == Some(libc::ELOOP) => return Ok(None),
        Err(e) => return Err(failed("open a message")(e)),
    };
    if !file.metadata().map_err(failed("read a message"))?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most as u64).read_to_end(&mut bytes).map_err(failed("read a message"))?;
    Ok(Some(bytes))
}

/// The kind of error only: a path is the person's own to know.
fn failed(action: &'static str) -> impl Fn(io::Error) -> Failure {
    move |e| Failure::retry(ErrorCode::MailConfig, format!("mail.bounces: cannot {action}: {}", e.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildir() -> (tempfile::TempDir, Mailbox) {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let mailbox = Mailbox::at(dir.path().to_owned());
        (dir, mailbox)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn flags_tell_what_became_of_a_message() {
        let (dir, mailbox) = maildir();
        for name in ["1.a", "2.b", ".hidden"] {
            fs::write(dir.path().join("new").join(name), name).unwrap();
        }
        assert_eq!(mailbox.waiting(9).unwrap(), ["1.a", "2.b"]);
        assert_eq!(mailbox.waiting(1).unwrap(), ["1.a"]);
        assert!(mailbox.put_aside(OsStr::new("1.a"), Mark::Handled).unwrap());
        assert!(mailbox.put_aside(OsStr::new("2.b"), Mark::Flagged).unwrap());
        assert!(!mailbox.put_aside(OsStr::new("3.gone"), Mark::Handled).unwrap());
        assert_eq!(names(&dir.path().join("cur")), ["1.a:2,ST", "2.b:2,F"]);
        assert_eq!(mailbox.flagged(9).unwrap(), ["2.b:2,F"]);
        assert_eq!(mailbox.read_flagged(OsStr::new("2.b:2,F")).unwrap().unwrap(), b"2.b");

        // The same message once more takes nobody's place.
        fs::write(dir.path().join("new/2.b"), "again").unwrap();
        assert!(mailbox.put_aside(OsStr::new("2.b"), Mark::Flagged).unwrap());
        assert_eq!(fs::read(dir.path().join("cur/2.b:2,F")).unwrap(), b"2.b");
        assert_eq!(fs::read(dir.path().join("cur/2.b.1:2,F")).unwrap(), b"again");
    }

    #[test]
    fn only_what_is_done_with_and_old_is_removed() {
        let (dir, mailbox) = maildir();
        let cur = dir.path().join("cur");
        let day = |n: i64| Timestamp::from_unix_seconds(1_795_000_000 + n * SECONDS_A_DAY).unwrap();
        for (name, written) in [("old:2,ST", 0), ("new:2,ST", 20), ("flagged:2,F", 0), ("read:2,S", 0)] {
            let file = fs::File::create(cur.join(name)).unwrap();
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(day(written).unix_seconds() as u64);
            file.set_modified(at).unwrap();
        }
        mailbox.prune(day(30), 30).unwrap();
        assert_eq!(names(&cur), ["flagged:2,F", "new:2,ST", "read:2,S"]);
        mailbox.prune(day(30), 0).unwrap();
        assert_eq!(names(&cur), ["flagged:2,F", "read:2,S"]);
    }

    #[test]
    fn what_is_not_a_file_is_not_read() {
        let (dir, mailbox) = maildir();
        let new = dir.path().join("new");
        fs::write(dir.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), new.join("link")).unwrap();
        fs::create_dir(new.join("folder")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, new.join("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        fs::write(new.join("long"), "x".repeat(100)).unwrap();
        for name in ["link", "folder", "pipe", "gone"] {
            assert_eq!(mailbox.read_waiting(OsStr::new(name), 10).unwrap(), None, "{name}");
        }
        assert_eq!(mailbox.read_waiting(OsStr::new("long"), 10).unwrap().unwrap().len(), 10);
        assert!(Mailbox::at(dir.path().join("none")).waiting(1).is_err());
    }
}

//! Files into a backup: copied with their digest, or linked to the backup before.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use pipeline_domain::Sha256;
use sha2::Digest;

use crate::backup::{
    earlier::{Earlier, make_parent},
    manifest::{self, Line},
};

/// Nobody writes to a backup again; nobody else reads it.
const FILE_MODE: u32 = 0o400;
const FOLDER_MODE: u32 = 0o700;
const BLOCK: usize = 128 << 10;

/// Makes a folder and those above it, private to this user.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Walk {
    /// Files, from the folder, in order of their paths.
    pub files: Vec<PathBuf>,
    /// Links, pipes, devices: how many.
    pub others: u64,
}

/// Every file below a folder. What goes away meanwhile is left out; a folder that is not there is empty.
pub fn walk(folder: &Path) -> io::Result<Walk> {
    let mut walk = Walk::default();
    let mut open = vec![PathBuf::new()];
    while let Some(at) = open.pop() {
        let entries = match fs::read_dir(folder.join(&at)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = at.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() => walk.files.push(path),
                Ok(_) => walk.others += 1,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
    }
    walk.files.sort();
    Ok(walk)
}

/// A file that takes its own digest while it is written.
pub struct Digested<W: Write> {
    to: W,
    digest: sha2::Sha256,
    bytes: u64,
}

impl<W: Write> Digested<W> {
    pub fn new(to: W) -> Self {
        Self { to, digest: sha2::Sha256::new(), bytes: 0 }
    }

    /// Everything written out; digest and length.
    pub fn finish(mut self) -> io::Result<(Sha256, u64)> {
        self.to.flush()?;
        Ok((Sha256::from_bytes(self.digest.finalize().into()), self.bytes))
    }
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.digest.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Digest and length of a file. Links are not followed.
pub fn digest_of(path: &Path) -> io::Result<(Sha256, u64)> {
    let mut to = Digested::new(io::sink());
    let mut from = open(path)?;
    pump(&mut from, &mut to)?;
    to.finish()
}

/// A regular file, never a link, and never a pipe that would keep us waiting.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

fn pump(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        match from.read(&mut block)? {
            0 => return Ok(()),
            n => to.write_all(&block[..n])?,
        }
    }
}

/// Copies one file to a name that must be free, with its time of change.
pub fn copy_file(from: &Path, to: &Path, mode: u32) -> io::Result<(Sha256, u64)> {
    let mut source = open(from)?;
    let changed = source.metadata()?.modified()?;
    let target = OpenOptions::new().write(true).create_new(true).mode(mode).open(to)?;
    let mut digested = Digested::new(&target);
    pump(&mut source, &mut digested)?;
    let done = digested.finish()?;
    target.set_modified(changed)?;
    Ok(done)
}

/// Whether files may be links to the backup before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    Allowed,
    Forbidden,
}

/// A backup that is being written.
pub struct Backup<'a> {
    /// Its folder, under the name that it has until it is whole.
    pub root: PathBuf,
    pub earlier: Option<&'a Earlier>,
    manifest: BufWriter<File>,
    pub files: u64,
    pub bytes: u64,
    pub left_out: u64,
}

impl<'a> Backup<'a> {
    pub fn begin(root: PathBuf, earlier: Option<&'a Earlier>) -> io::Result<Self> {
        let manifest = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(root.join(manifest::NAME))?;
        Ok(Self { root, earlier, manifest: BufWriter::new(manifest), files: 0, bytes: 0, left_out: 0 })
    }

    /// Puts files on the list: from here on they are part of the backup.
    pub fn list(&mut self, lines: &[Line]) -> io::Result<()> {
        for line in lines {
            self.bytes += fs::symlink_metadata(self.root.join(&line.path))?.len();
            self.files += 1;
            line.write(&mut self.manifest)?;
        }
        Ok(())
    }

    /// Takes one file, not listed yet. `None` when it has gone away meanwhile, or is taken already.
    pub fn take(&self, from: &Path, path: &Path, links: Links) -> io::Result<Option<Line>> {
        let gone = |e: io::Error| if e.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(e) };
        let to = self.root.join(path);
        let source = match fs::symlink_metadata(from) {
            Ok(source) if to.symlink_metadata().is_err() => source,
            Ok(_) => return Ok(None),
            Err(e) => return gone(e),
        };
        make_parent(&to)?;
        let linked = self.earlier.filter(|_| links == Links::Allowed).and_then(|earlier| earlier.link(&source, path, &to));
        if linked.is_some() {
            return Ok(linked);
        }
        match copy_file(from, &to, FILE_MODE) {
            Ok((digest, _)) => Ok(Some(Line { path: path.to_owned(), digest })),
            Err(e) => gone(e),
        }
    }

    /// Takes every file of a folder that `wanted` says yes to, by its path from there.
    pub fn take_folder(&mut self, from: &Path, path: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<()> {
        let walk = walk(from)?;
        self.left_out += walk.others;
        for file in walk.files.iter().filter(|file| wanted(file)) {
            if let Some(line) = self.take(&from.join(file), &path.join(file), Links::Allowed)? {
                self.list(&[line])?;
            }
        }
        Ok(())
    }

    /// Takes every file of a folder that `wanted` says yes to, each under the digest of its content: its name may hold a person's.
    /// Of equal files one is taken. What is no file is nobody's document, and not counted.
    pub fn take_nameless(&mut self, from: &Path, path: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<()> {
        for file in walk(from)?.files.iter().filter(|file| wanted(file)) {
            if let Some(line) = self.take_content(&from.join(file), path)? {
                self.list(&[line])?;
            }
        }
        Ok(())
    }

    fn take_content(&self, from: &Path, folder: &Path) -> io::Result<Option<Line>> {
        let beside = self.root.join(folder).join(".taking");
        make_parent(&beside)?;
        let digest = match copy_file(from, &beside, FILE_MODE) {
            Ok((digest, _)) => digest,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let is_json = from.extension().is_some_and(|x| x.eq_ignore_ascii_case("json"));
        let path = folder.join(if is_json { format!("{digest}.json") } else { digest.to_string() });
        let to = self.root.join(&path);
        if to.symlink_metadata().is_ok() {
            fs::remove_file(beside)?;
            return Ok(None);
        }
        fs::rename(beside, to)?;
        Ok(Some(Line { path, digest }))
    }

    /// Writes a file of the backup's own.
    pub fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let to = self.root.join(path);
        make_parent(&to)?;
        OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(to)?.write_all(bytes)?;
        self.list(&[Line { path: path.to_owned(), digest: Sha256::of(bytes) }])
    }

    /// Everything is on the disk when this returns.
    pub fn finish(mut self) -> io::Result<()> {
        self.manifest.flush()?;
        Ok(rustix::fs::syncfs(File::open(&self.root)?)?)
    }
}

/// A line of a folder within the backup.
pub fn below(folder: &str, line: &Line) -> Line {
    Line { path: Path::new(folder).join(&line.path), digest: line.digest }
}

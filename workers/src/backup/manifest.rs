//! `manifest.sha256`: the form of `sha256sum`, so that a backup can be checked without us.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use pipeline_domain::Sha256;

pub const NAME: &str = "manifest.sha256";

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From the backup's folder.
    pub path: PathBuf,
    /// Of its bytes.
    pub digest: Sha256,
}

impl Line {
    /// As `sha256sum` writes it: a name with a line break or a backslash is escaped, and a backslash before the digest says so.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let name = self.path.as_os_str().as_bytes();
        if !name.iter().any(|b| matches!(b, b'\\' | b'\n' | b'\r')) {
            write!(to, "{}  ", self.digest)?;
            to.write_all(name)?;
            return to.write_all(b"\n");
        }
        write!(to, "\\{}  ", self.digest)?;
        for byte in name {
            match byte {
                b'\\' => to.write_all(b"\\\\")?,
                b'\n' => to.write_all(b"\\n")?,
                b'\r' => to.write_all(b"\\r")?,
                other => to.write_all(&[*other])?,
            }
        }
        to.write_all(b"\n")
    }

    /// Without the line break. `None` when it is not such a line, or leads out of the backup.
    fn parse(line: &[u8]) -> Option<Self> {
        let (escaped, line) = match line.strip_prefix(b"\\") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (digest, name) = line.split_at_checked(64)?;
        let name = name.strip_prefix(b"  ")?;
        let name = if escaped { unescape(name)? } else { name.to_vec() };
        let path = PathBuf::from(OsString::from_vec(name));
        let inside = path.components().all(|c| matches!(c, std::path::Component::Normal(_))) && path.components().next().is_some();
        inside.then_some(Self { path, digest: std::str::from_utf8(digest).ok()?.parse().ok()? })
    }
}

fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            other => *other,
        });
    }
    Some(plain)
}

/// Reads a backup's manifest line by line. A line that is none is an error of kind `InvalidData`.
pub fn lines(backup: &Path) -> io::Result<impl Iterator<Item = io::Result<Line>>> {
    let mut reader = BufReader::new(File::open(backup.join(NAME))?);
    let mut text = Vec::new();
    Ok(std::iter::from_fn(move || {
        text.clear();
        match reader.read_until(b'\n', &mut text) {
            Ok(0) => None,
            // The last line has its break too: without it, the text was cut.
            Ok(_) => Some(text.strip_suffix(b"\n").and_then(Line::parse).ok_or_else(|| io::ErrorKind::InvalidData.into())),
            Err(e) => Some(Err(e)),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        let line = Line { path: PathBuf::from(OsString::from_vec(name.to_vec())), digest: Sha256::of(b"x") };
        line.write(&mut text).unwrap();
        assert_eq!(Line::parse(text.strip_suffix(b"\n").unwrap()), Some(line));
        text
    }

    #[test]
    fn names_of_every_kind_come_back() {
        for name in [&b"data/a.json"[..], b" two  words ", b"\\", b"a\nb", b"a\\nb\r", "blåbær/ø".as_bytes(), b"not text \xff"] {
            text(name);
        }
    }

    /// The tool that a receiver has reads what we write.
    #[test]
    fn sha256sum_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for name in [&b"plain"[..], b"a\nb", b"a\\nb", b" two  words ", "blåbær".as_bytes()] {
            std::fs::write(dir.path().join(OsString::from_vec(name.to_vec())), b"x").unwrap();
            all.extend(text(name));
        }
        std::fs::write(dir.path().join(NAME), all).unwrap();
        let Ok(done) = std::process::Command::new("sha256sum").args(["-c", "--strict", NAME]).current_dir(dir.path()).output() else {
            eprintln!("SKIPPED: sha256sum is not installed");
            return;
        };
        assert!(done.status.success(), "{done:?}");
    }

    #[test]
    fn what_is_no_line_is_refused() {
        let digest = Sha256::of(b"x").to_string();
        let lines = [
            String::new(),
            digest.clone(),
            format!("{digest} a"),
            format!("{digest}  "),
            format!("{digest}  /etc/hostname"),
            format!("{digest}  ../a"),
            format!("{digest}  a/./../../b"),
            format!("\\{digest}  a\\x"),
            format!("{}  a", &digest[1..]),
        ];
        for line in lines {
            assert_eq!(Line::parse(line.as_bytes()), None, "{line}");
        }
    }
}

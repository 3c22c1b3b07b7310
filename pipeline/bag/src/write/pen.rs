//! Entries of the zip, one after another.

use std::io::{self, Read, Seek, Write};

use chrono::{Datelike, NaiveDateTime, Timelike};
use pipeline_domain::Timestamp;
use zip::{
    AesMode, CompressionMethod, DateTime, System, ZipWriter,
    result::ZipError,
    write::{FileOptions, SimpleFileOptions},
};

use super::{
    BagSpec, Expected, Password, PayloadFile,
    copy::{self, CopyFault, Digesting, Digests},
    manifest::{Algorithm, write_line},
};
use crate::BagError;

/// From this size on an entry gets the long form (zip64), some way below 4 GiB: compression and encryption may add to it.
const LARGE: u64 = 0xFFFF_FFFF - (64 << 20);
/// What is read at once.
const BUFFER: usize = 128 << 10;
/// Deflate's usual level, said aloud: bytes must not depend on a library's default.
const LEVEL: i64 = 6;

/// Writes entries below the bag's base folder and remembers the digests of tag files.
pub(super) struct Pen<'a, W: Write + Seek> {
    zip: ZipWriter<W>,
    base: &'a str,
    password: Option<&'a Password>,
    options: SimpleFileOptions,
    tags: Vec<(String, Digests)>,
    buffer: Vec<u8>,
}

impl<'a, W: Write + Seek> Pen<'a, W> {
    pub fn new(zip: ZipWriter<W>, spec: &BagSpec<'a>) -> Self {
        let options = SimpleFileOptions::default().last_modified_time(dos_time(spec.modified)).unix_permissions(0o644).system(System::Unix);
        Self { zip, base: spec.base.as_str(), password: spec.password, options, tags: Vec::new(), buffer: vec![0; BUFFER] }
    }

    /// Writes the directory. Without it, it is no zip.
    pub fn finish(self) -> Result<(), BagError> {
        let mut out = self.zip.finish().map_err(write_error)?;
        out.flush().map_err(|source| BagError::Write { source })
    }

    /// Tag files so far.
    pub fn tags(&self) -> &[(String, Digests)] {
        &self.tags
    }

    /// A tag file from memory.
    pub fn tag_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), BagError> {
        self.tag(name, |out| out.write_all(bytes))
    }

    /// A payload manifest.
    pub fn manifest(&mut self, algorithm: Algorithm, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), BagError> {
        self.tag(&format!("manifest-{}.txt", algorithm.id()), write)
    }

    /// A manifest of tag files.
    pub fn tag_manifest(&mut self, algorithm: Algorithm, listed: &[(String, Digests)]) -> Result<(), BagError> {
        self.tag(&format!("tagmanifest-{}.txt", algorithm.id()), |out| {
            listed.iter().try_for_each(|(name, digests)| write_line(out, algorithm, digests, name))
        })
    }

    fn tag(&mut self, name: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), BagError> {
        self.start(name, 0)?;
        let mut out = Digesting::new(&mut self.zip);
        write(&mut out).map_err(|source| BagError::Write { source })?;
        let digests = out.digests();
        self.tags.push((name.to_owned(), digests));
        Ok(())
    }

    /// Copies file number `at` and sees that it is what it should be. Gives both digests.
    pub fn payload_file<'r>(
        &mut self,
        file: &PayloadFile,
        at: usize,
        open: impl FnOnce() -> io::Result<Box<dyn Read + 'r>>,
    ) -> Result<Digests, BagError> {
        let file_no = at + 1;
        let mut from = open().map_err(|source| BagError::Read { file: file_no, source })?;
        self.start(&format!("data/{}", file.path), file.size_bytes)?;
        let mut out = Digesting::new(&mut self.zip);
        let copied = copy::copy(&mut from, &mut out, file.size_bytes, &mut self.buffer).map_err(|fault| match fault {
            CopyFault::Read(source) => BagError::Read { file: file_no, source },
            CopyFault::Write(source) => BagError::Write { source },
        })?;
        let found = out.digests();
        if copied != file.size_bytes {
            return Err(BagError::Size { file: file_no });
        }
        let same = match file.expected {
            Expected::Sha256(expected) => expected == found.sha256,
            Expected::Sha512(expected) => expected == found.sha512,
        };
        if same { Ok(found) } else { Err(BagError::Digest { file: file_no }) }
    }

    fn start(&mut self, path: &str, size_bytes: u64) -> Result<(), BagError> {
        let method = if is_text(path) { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let level = is_text(path).then_some(LEVEL);
        let options: FileOptions<'_, '_, ()> =
            self.options.compression_method(method).compression_level(level).large_file(size_bytes >= LARGE);
        let name = format!("{}/{path}", self.base);
        let started = match self.password {
            Some(password) => self.zip.start_file(name, options.with_aes_encryption(AesMode::Aes256, password.reveal())),
            None => self.zip.start_file(name, options),
        };
        started.map_err(write_error)
    }
}

/// Text is made smaller; papers and pictures are compressed already, and stored as they are they can be found in a damaged zip.
fn is_text(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, e)| e);
    ["txt", "xml", "xsd", "json", "jsonl", "html", "csv", "css", "svg", "sha512", "sha256"].contains(&extension)
}

fn write_error(error: ZipError) -> BagError {
    let source = match error {
        ZipError::Io(source) => source,
        other => io::Error::other(other.to_string()),
    };
    BagError::Write { source }
}

/// The nearest time that a zip can hold.
fn dos_time(at: Timestamp) -> DateTime {
    let local: NaiveDateTime = at.oslo_local();
    let two_digits = |n: u32| u8::try_from(n).unwrap_or_default();
    match u16::try_from(local.year()) {
        Ok(year @ 1980..=2107) => DateTime::from_date_and_time(
            year,
            two_digits(local.month()),
            two_digits(local.day()),
            two_digits(local.hour()),
            two_digits(local.minute()),
            two_digits(local.second()),
        )
        .unwrap_or_default(),
        _ => DateTime::default(),
    }
}

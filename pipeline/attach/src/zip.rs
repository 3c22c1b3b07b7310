//! A reader of ZIP archives that trusts nothing: sizes are counted while expanding, entries may not overlap.
//!
//! Source: PKWARE APPNOTE 6.3.10 §§ 4.3 (structure), 4.4.4 (flags), 4.5.3 (zip64).

use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::Limits;
use crate::little::{u16_at, u32_at, u64_at};

/// What is wrong with an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZipFault {
    /// Not whole, or its parts contradict each other.
    Broken,
    /// Needs a password.
    Encrypted,
    /// Expands to more than the limits allow, has too many entries, or entries share bytes.
    Bomb,
    /// Packed in a way this program does not unpack; nothing is known of the content.
    Unsupported,
    /// Bytes before the first entry or after the end: something else than an archive as well.
    Prefixed,
    /// An entry has another name in front of its bytes than in the directory: two readers see two archives.
    TwoNames,
}

/// One entry of the central directory.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As the archive spells it; `\` is read as `/`.
    pub name: String,
    /// Stands for another file.
    pub is_link: bool,
    /// The name's bytes, which the local header repeats.
    raw_name: Vec<u8>,
    method: u16,
    encrypted: bool,
    crc: u32,
    packed: u64,
    /// What the archive says it expands to.
    pub claimed: u64,
    /// Where its local header begins.
    header: usize,
}

impl Entry {
    /// A folder holds no bytes.
    pub(crate) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// An archive whose directory was read and found consistent.
pub(crate) struct Archive<'a> {
    data: &'a [u8],
    /// In the order of the directory.
    pub entries: Vec<Entry>,
}

/// What may still be expanded, over an archive and all within it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub bytes: u64,
    pub entries: u32,
}

impl Budget {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self { bytes: limits.zip_total_bytes, entries: limits.zip_entries }
    }
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    pub(crate) fn read(data: &'a [u8], limits: &Limits) -> Result<Self, ZipFault> {
        let end = End::find(data).ok_or(ZipFault::Broken)?;
        if end.entries > u64::from(limits.zip_entries) {
            return Err(ZipFault::Bomb);
        }
        let start = usize::try_from(end.start).map_err(|_| ZipFault::Broken)?;
        let stop = usize::try_from(end.start.checked_add(end.size).ok_or(ZipFault::Broken)?).map_err(|_| ZipFault::Broken)?;
        if stop != end.at {
            // The directory lies elsewhere than it says: something was put before the archive.
            return Err(if stop < end.at { ZipFault::Prefixed } else { ZipFault::Broken });
        }
        let mut rest = data.get(start..stop).ok_or(ZipFault::Broken)?;
        let mut entries = Vec::new();
        for _ in 0..end.entries {
            entries.push(entry(&mut rest).ok_or(ZipFault::Broken)?);
        }
        let archive = Self { data, entries };
        archive.check_layout(start)?;
        Ok(archive)
    }

    /// Entries stand one after another from the first byte on, without sharing any.
    fn check_layout(&self, directory: usize) -> Result<(), ZipFault> {
        let mut spans = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let body = self.body(entry).ok_or(ZipFault::Broken)?;
            if self.local_name(entry) != Some(&entry.raw_name) {
                return Err(ZipFault::TwoNames);
            }
            spans.push((entry.header, body.1));
        }
        spans.sort_unstable();
        if spans.first().is_some_and(|s| s.0 != 0) {
            return Err(ZipFault::Prefixed);
        }
        let overlap = spans.windows(2).any(|w| w[1].0 < w[0].1) || spans.last().is_some_and(|s| s.1 > directory);
        if overlap { Err(ZipFault::Bomb) } else { Ok(()) }
    }

    /// First and last-but-one position of an entry's packed bytes.
    fn body(&self, entry: &Entry) -> Option<(usize, usize)> {
        let local = self.data.get(entry.header..)?;
        if !local.starts_with(b"PK\x03\x04") {
            return None;
        }
        let name = self.local_name(entry)?.len();
        let extra = usize::from(u16_at(local, 28)?);
        let from = entry.header.checked_add(30 + name + extra)?;
        let to = from.checked_add(usize::try_from(entry.packed).ok()?)?;
        (to <= self.data.len()).then_some((from, to))
    }

    /// The name that stands in front of an entry's bytes.
    fn local_name(&self, entry: &Entry) -> Option<&'a [u8]> {
        let local = self.data.get(entry.header..)?;
        local.get(30..30 + usize::from(u16_at(local, 26)?))
    }

    /// The entry with this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.name == name)
    }

    /// Does any entry need a password?
    pub(crate) fn is_encrypted(&self) -> bool {
        self.entries.iter().any(|e| e.encrypted)
    }

    /// All bytes of an entry, counted against its own limits and the shared budget, and compared with its CRC-32.
    pub(crate) fn expand(&self, entry: &Entry, budget: &mut Budget, limits: &Limits) -> Result<Vec<u8>, ZipFault> {
        budget.entries = budget.entries.checked_sub(1).ok_or(ZipFault::Bomb)?;
        if entry.encrypted {
            return Err(ZipFault::Encrypted);
        }
        let (from, to) = self.body(entry).ok_or(ZipFault::Broken)?;
        let packed = &self.data[from..to];
        let by_ratio = (entry.packed.saturating_mul(limits.zip_ratio)).max(limits.zip_ratio_from_bytes);
        let most = limits.zip_entry_bytes.min(by_ratio).min(budget.bytes);
        if entry.claimed > most {
            return Err(ZipFault::Bomb);
        }
        let bytes = match entry.method {
            0 => packed.to_vec(),
            8 => inflate(DeflateDecoder::new(packed), most)?,
            _ => return Err(ZipFault::Unsupported),
        };
        if bytes.len() as u64 > most {
            return Err(ZipFault::Bomb);
        }
        budget.bytes -= bytes.len() as u64;
        if bytes.len() as u64 != entry.claimed || crc32fast::hash(&bytes) != entry.crc {
            return Err(ZipFault::Broken);
        }
        Ok(bytes)
    }
}

/// Reads to the end, at most one byte more than `most`.
fn inflate(from: impl Read, most: u64) -> Result<Vec<u8>, ZipFault> {
    let mut out = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut out).map_err(|_| ZipFault::Broken)?;
    if out.len() as u64 > most { Err(ZipFault::Bomb) } else { Ok(out) }
}

/// The end of central directory record.
struct End {
    /// Position of the record, or of the zip64 record that stands before it.
    at: usize,
    entries: u64,
    size: u64,
    start: u64,
}

impl End {
    /// Looks for the last record whose comment ends where the file ends.
    fn find(data: &[u8]) -> Option<Self> {
        let from = data.len().saturating_sub(22 + 65_535);
        let tail = &data[from..];
        let at = (0..=tail.len().checked_sub(22)?).rev().find(|at| {
            tail[*at..].starts_with(b"PK\x05\x06")
                && u16_at(tail, at + 20).is_some_and(|comment| at + 22 + usize::from(comment) == tail.len())
        })? + from;
        let record = &data[at..];
        let plain = Self { at, entries: u16_at(record, 10)?.into(), size: u32_at(record, 12)?.into(), start: u32_at(record, 16)?.into() };
        let wide = plain.entries == 0xffff || plain.size == 0xffff_ffff || plain.start == 0xffff_ffff;
        if !wide {
            return Some(plain);
        }
        let locator = data.get(at.checked_sub(20)?..at)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Some(plain);
        }
        let at = usize::try_from(u64_at(locator, 8)?).ok()?;
        let record = data.get(at..)?;
        record.starts_with(b"PK\x06\x06").then_some(())?;
        Some(Self { at, entries: u64_at(record, 32)?, size: u64_at(record, 40)?, start: u64_at(record, 48)? })
    }
}

/// Does this end like a ZIP archive? (Also what is something else at its start.)
pub(crate) fn ends_as_zip(data: &[u8]) -> bool {
    End::find(data).is_some_and(|end| end.entries > 0 && end.size > 0 && end.size <= end.at as u64)
}

fn entry(rest: &mut &[u8]) -> Option<Entry> {
    let head = *rest;
    if !head.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name, extra, comment) = (usize::from(u16_at(head, 28)?), usize::from(u16_at(head, 30)?), usize::from(u16_at(head, 32)?));
    let raw = head.get(46..46 + name)?;
    let extra_field = head.get(46 + name..46 + name + extra)?;
    *rest = head.get(46 + name + extra + comment..)?;
    let (mut claimed, mut packed, mut header) = (u64::from(u32_at(head, 24)?), u64::from(u32_at(head, 20)?), u64::from(u32_at(head, 42)?));
    let mut wide = zip64_values(extra_field);
    for value in [&mut claimed, &mut packed, &mut header] {
        if *value == 0xffff_ffff {
            *value = wide.next()?;
        }
    }
    let flags = u16_at(head, 8)?;
    Some(Entry {
        name: String::from_utf8_lossy(raw).replace('\\', "/"),
        // The upper half of the external attributes is the mode of a Unix file (APPNOTE § 4.4.15).
        is_link: (u32_at(head, 38)? >> 16) & 0o170_000 == 0o120_000,
        raw_name: raw.to_vec(),
        method: u16_at(head, 10)?,
        encrypted: flags & 0x41 != 0,
        crc: u32_at(head, 16)?,
        packed,
        claimed,
        header: usize::try_from(header).ok()?,
    })
}

/// The 64-bit values of extra field 0x0001, in order.
fn zip64_values(mut extra: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut field: &[u8] = &[];
    while let (Some(id), Some(len)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let Some(body) = extra.get(4..4 + usize::from(len)) else { break };
        if id == 1 {
            field = body;
            break;
        }
        extra = &extra[4 + usize::from(len)..];
    }
    field.chunks_exact(8).map(|c| u64_at(c, 0).unwrap_or(u64::MAX))
}

//! A reader of OLE2 compound files, just enough to list streams and read one. Every chain is bounded by the file's size.
//!
//! Source: [MS-CFB] v20240423 §§ 2.2 (header), 2.3–2.5 (FAT, mini FAT, DIFAT), 2.6 (directory).

use crate::little::{u16_at, u32_at};

/// A compound file whose directory was read.
pub(crate) struct Compound<'a> {
    data: &'a [u8],
    sector: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_stream: Vec<u8>,
    /// In directory order; the first is the root.
    pub entries: Vec<Stream>,
}

/// A stream or storage.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// As it is spelled, without the control character some names begin with.
    pub name: String,
    is_stream: bool,
    first: u32,
    size: u64,
}

const END: u32 = 0xffff_fffe;
const MINI_CUTOFF: u64 = 4096;

impl<'a> Compound<'a> {
    /// `None` when it is not whole.
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        if !data.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return None;
        }
        let sector = match u16_at(data, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file = Self { data, sector, fat: Vec::new(), mini_fat: Vec::new(), mini_stream: Vec::new(), entries: Vec::new() };
        file.fat = file.read_fat()?;
        let directory = file.chain(u32_at(data, 48)?, u64::MAX)?;
        file.entries = directory.chunks_exact(128).filter_map(entry).collect();
        let root = file.entries.first()?.clone();
        file.mini_stream = file.chain(root.first, root.size)?;
        file.mini_fat = words(&file.chain(u32_at(data, 60)?, u64::MAX)?);
        Some(file)
    }

    /// The first bytes, at most `most`, of the first stream with this name; `None` when it is not there or not whole.
    pub(crate) fn stream(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        self.bytes_of(self.entries.iter().find(|s| s.is_stream && s.name == name)?, most)
    }

    fn bytes_of(&self, stream: &Stream, most: u64) -> Option<Vec<u8>> {
        let size = stream.size.min(most);
        if stream.size >= MINI_CUTOFF {
            return self.chain(stream.first, size);
        }
        let mut out = Vec::new();
        let mut at = stream.first;
        while (out.len() as u64) < size {
            let from = usize::try_from(at).ok()?.checked_mul(64)?;
            out.extend_from_slice(self.mini_stream.get(from..from.checked_add(64)?)?);
            at = *self.mini_fat.get(usize::try_from(at).ok()?)?;
        }
        out.truncate(usize::try_from(size).ok()?);
        Some(out)
    }

    /// Is there a stream or storage with this name?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|s| s.name == name)
    }

    /// Are all streams there as long as they say? (A file that was cut off keeps its directory.)
    pub(crate) fn is_whole(&self) -> bool {
        let streams = self.entries.iter().skip(1).filter(|s| s.is_stream && s.size > 0);
        streams
            .fold((true, 0u64), |(ok, sum), s| {
                // Streams share no sectors, so together they cannot be longer than the file.
                let sum = sum.saturating_add(s.size);
                (ok && sum <= self.data.len() as u64 && self.bytes_of(s, u64::MAX).is_some(), sum)
            })
            .0
    }

    fn sector_at(&self, number: u32) -> Option<&'a [u8]> {
        let from = usize::try_from(number).ok()?.checked_add(1)?.checked_mul(self.sector)?;
        let to = from.checked_add(self.sector)?.min(self.data.len());
        self.data.get(from..to).filter(|s| !s.is_empty())
    }

    /// Sectors from `first` on, cut at `size`. A ring is noticed because it would be longer than the file.
    fn chain(&self, first: u32, size: u64) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut at = first;
        while at < END - 3 && (out.len() as u64) < size {
            out.extend_from_slice(self.sector_at(at)?);
            if out.len() > self.data.len() + self.sector {
                return None;
            }
            at = *self.fat.get(usize::try_from(at).ok()?)?;
        }
        if size == u64::MAX {
            return Some(out);
        }
        if (out.len() as u64) < size {
            return None;
        }
        out.truncate(usize::try_from(size).ok()?);
        Some(out)
    }

    fn read_fat(&self) -> Option<Vec<u32>> {
        let mut places = words(self.data.get(76..512)?);
        let mut next = u32_at(self.data, 68)?;
        let most = self.data.len() / self.sector + 1;
        for _ in 0..most {
            if next >= END - 3 {
                break;
            }
            let mut list = words(self.sector_at(next)?);
            next = list.pop()?;
            places.extend(list);
        }
        let mut fat = Vec::new();
        for place in places.into_iter().filter(|p| *p < END - 3).take(most) {
            fat.extend(words(self.sector_at(place)?));
        }
        Some(fat)
    }
}

fn entry(raw: &[u8]) -> Option<Stream> {
    let kind = raw[66];
    let name_len = usize::from(u16_at(raw, 64)?).min(64).saturating_sub(2);
    let units: Vec<u16> = raw[..name_len].chunks_exact(2).filter_map(|b| u16_at(b, 0)).collect();
    let name: String = String::from_utf16_lossy(&units).chars().filter(|c| !c.is_control()).collect();
    if !matches!(kind, 1 | 2 | 5) {
        return None;
    }
    // In version 3 files the high half of the size is not defined (§ 2.6.1).
    Some(Stream { name, is_stream: kind == 2, first: u32_at(raw, 116)?, size: u32_at(raw, 120)?.into() })
}

fn words(data: &[u8]) -> Vec<u32> {
    data.chunks_exact(4).filter_map(|c| u32_at(c, 0)).collect()
}

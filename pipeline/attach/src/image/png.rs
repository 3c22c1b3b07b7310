//! PNG without its texts: of the chunks that may be left out, only those that change colours or size stay.
//!
//! Source: PNG (third edition) §§ 5.3 (chunks), 11.2 (critical), 11.3 (ancillary), 13.2 (errors).

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::exif::{self, Exif};
use crate::examine::Fault;

/// A PNG whose chunks were walked to `IEND`, each with the right checksum.
pub(super) struct Png<'a> {
    chunks: Vec<Chunk<'a>>,
    pub width: u32,
    pub height: u32,
    pub exif: Exif,
    pub is_animated: bool,
    /// Position after `IEND`.
    pub end: usize,
    /// Bytes that the pixels take when they are unpacked, filters included.
    raw_len: u64,
}

struct Chunk<'a> {
    kind: [u8; 4],
    body: &'a [u8],
    /// With length, type and checksum.
    whole: &'a [u8],
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Chunks that say how the pixels are shown. Profiles are looked at for their length.
const KEPT: &[&[u8; 4]] = &[b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP", b"pHYs"];
const MAX_PROFILE: u64 = 4 * 1024 * 1024;

impl<'a> Png<'a> {
    /// `None` when it is not whole.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let mut rest = data.strip_prefix(SIGNATURE)?;
        let mut png = Self { chunks: Vec::new(), width: 0, height: 0, exif: Exif::default(), is_animated: false, end: 0, raw_len: 0 };
        loop {
            let len = usize::try_from(u32::from_be_bytes(rest.get(..4)?.try_into().ok()?)).ok()?;
            let to = len.checked_add(12)?;
            let whole = rest.get(..to)?;
            let (typed, sum) = (&whole[4..8 + len], &whole[8 + len..]);
            if crc32fast::hash(typed).to_be_bytes() != sum {
                return None;
            }
            let chunk = Chunk { kind: typed[..4].try_into().ok()?, body: &typed[4..], whole };
            if png.chunks.is_empty() != (&chunk.kind == b"IHDR") {
                return None;
            }
            png.note(&chunk)?;
            let last = &chunk.kind == b"IEND";
            png.chunks.push(chunk);
            rest = &rest[to..];
            if last {
                png.end = data.len() - rest.len();
                return png.chunks.iter().any(|c| &c.kind == b"IDAT").then_some(png);
            }
        }
    }

    fn note(&mut self, chunk: &Chunk<'_>) -> Option<()> {
        match &chunk.kind {
            b"IHDR" => {
                let (depth, colour, interlaced) = (*chunk.body.get(8)?, *chunk.body.get(9)?, *chunk.body.get(12)?);
                self.width = u32::from_be_bytes(chunk.body.get(..4)?.try_into().ok()?);
                self.height = u32::from_be_bytes(chunk.body.get(4..8)?.try_into().ok()?);
                let samples = match colour {
                    0 | 3 => 1,
                    2 => 3,
                    4 => 2,
                    6 => 4,
                    _ => return None,
                };
                let bits = samples * u64::from(depth);
                let line = (u64::from(self.width) * bits).div_ceil(8) + 1;
                // Seven passes round their lines up, and each line has its filter byte (§ 8.1).
                let passes = if interlaced == 0 { 0 } else { u64::from(self.height) * 16 + line.saturating_mul(8) };
                self.raw_len = line.saturating_mul(self.height.into()).saturating_add(passes);
                (self.width > 0 && self.height > 0).then_some(())
            }
            b"eXIf" => {
                self.exif = exif::read(chunk.body);
                Some(())
            }
            b"acTL" => {
                self.is_animated = true;
                Some(())
            }
            // A critical chunk that nobody knows (§ 5.4): the image may be anything.
            b"PLTE" | b"IDAT" | b"IEND" => Some(()),
            kind => kind[0].is_ascii_lowercase().then_some(()),
        }
    }

    /// Unpacks the pixels without keeping them: they must be there, and no more of them than the header says.
    pub(super) fn check_pixels(&self) -> Result<(), Fault> {
        let mut stream = ZlibDecoder::new(Joined { chunks: self.chunks.iter().filter(|c| &c.kind == b"IDAT").map(|c| c.body).collect() });
        let (mut buffer, mut total) = (vec![0; 64 * 1024], 0u64);
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => total += n as u64,
                Err(_) => return Err(Fault::Broken),
            }
            if total > self.raw_len {
                return Err(Fault::Expands);
            }
        }
        if total == 0 { Err(Fault::Broken) } else { Ok(()) }
    }

    /// The same pixels without texts, times, Exif, later frames and anything after the end.
    pub(super) fn stripped(&self) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        for chunk in self.chunks.iter().filter(|c| KEPT.contains(&&c.kind)) {
            if &chunk.kind != b"iCCP" || profile_is_small(chunk.body) {
                out.extend_from_slice(chunk.whole);
            }
        }
        out
    }
}

/// A colour profile: a name, a null, a zero, and deflated bytes (§ 11.3.2.3).
fn profile_is_small(body: &[u8]) -> bool {
    let Some(packed) = body.iter().position(|b| *b == 0).and_then(|at| body.get(at + 2..)) else { return false };
    let mut out = Vec::new();
    ZlibDecoder::new(packed).take(MAX_PROFILE + 1).read_to_end(&mut out).is_ok() && out.len() as u64 <= MAX_PROFILE
}

/// Reads slices one after another.
struct Joined<'a> {
    chunks: std::collections::VecDeque<&'a [u8]>,
}

impl Read for Joined<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while let Some(first) = self.chunks.front_mut() {
            if first.is_empty() {
                self.chunks.pop_front();
                continue;
            }
            return first.read(into);
        }
        Ok(0)
    }
}

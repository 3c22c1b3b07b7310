//! JPEG without its metadata. Nothing is decoded: segments are left out, and the scans stay as they are, byte for byte.
//!
//! Source: ITU-T T.81 (ISO 10918-1) Annex B; JFIF 1.02; Adobe TN 5116 (APP14); ICC.1 Annex B.4 (APP2).

use super::exif::{self, Exif};

/// A JPEG whose segments were walked from the first to the end-of-image mark.
pub(super) struct Jpeg<'a> {
    data: &'a [u8],
    segments: Vec<Segment>,
    pub width: u16,
    pub height: u16,
    pub components: u8,
    pub exif: Exif,
    /// Position after the end-of-image mark.
    pub end: usize,
}

/// A marker with all that belongs to it; for a scan, its entropy-coded data too.
struct Segment {
    marker: u8,
    from: usize,
    to: usize,
}

const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const SOS: u8 = 0xda;
const EOI: u8 = 0xd9;

impl<'a> Jpeg<'a> {
    /// `None` when it is not whole.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        if !data.starts_with(b"\xff\xd8") {
            return None;
        }
        let mut jpeg = Self { data, segments: Vec::new(), width: 0, height: 0, components: 0, exif: Exif::default(), end: 0 };
        let (mut at, mut scans) = (2, 0);
        loop {
            // Any number of fill bytes may stand before a marker.
            while data.get(at) == Some(&0xff) && data.get(at + 1) == Some(&0xff) {
                at += 1;
            }
            let [0xff, marker] = *data.get(at..at + 2)? else { return None };
            if marker == EOI {
                jpeg.end = at + 2;
                return (scans > 0 && jpeg.width > 0 && jpeg.height > 0).then_some(jpeg);
            }
            let len = usize::from(u16::from_be_bytes(data.get(at + 2..at + 4)?.try_into().ok()?));
            let mut to = at + 2 + len;
            if len < 2 || to > data.len() {
                return None;
            }
            jpeg.note(marker, &data[at + 4..to])?;
            if marker == SOS {
                scans += 1;
                to = end_of_scan(data, to)?;
            }
            jpeg.segments.push(Segment { marker, from: at, to });
            at = to;
        }
    }

    fn note(&mut self, marker: u8, body: &[u8]) -> Option<()> {
        // Frames: SOF0–15 but for DHT, JPG and DAC.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let [_, h1, h0, w1, w0, components, ..] = *body else { return None };
            (self.height, self.width, self.components) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]), components);
        }
        if let (APP1, Some(block)) = (marker, body.strip_prefix(b"Exif\0\0")) {
            self.exif = exif::read(block);
        }
        Some(())
    }

    /// Four components are CMYK or YCCK; the page's colour space is RGB.
    pub(super) fn is_cmyk(&self) -> bool {
        self.components == 4
    }

    /// The same image without Exif, XMP, IPTC, comments, thumbnails and anything after its end. The colour profile stays.
    pub(super) fn stripped(&self) -> Vec<u8> {
        let mut out = b"\xff\xd8".to_vec();
        for segment in &self.segments {
            let whole = &self.data[segment.from..segment.to];
            let body = whole.get(4..).unwrap_or_default();
            match segment.marker {
                APP0 if body.starts_with(b"JFIF\0") => out.extend_from_slice(&jfif(body)),
                APP2 if body.starts_with(b"ICC_PROFILE\0") => out.extend_from_slice(whole),
                APP14 if body.starts_with(b"Adobe") => out.extend_from_slice(whole),
                0xe0..=0xef | 0xfe => {}
                _ => out.extend_from_slice(whole),
            }
        }
        out.extend_from_slice(&[0xff, EOI]);
        out
    }
}

/// A JFIF header with the same version and density and no thumbnail.
fn jfif(body: &[u8]) -> Vec<u8> {
    let mut out = vec![0xff, APP0, 0, 16];
    let mut fixed = [0u8; 14];
    for (to, from) in fixed.iter_mut().zip(&body[..body.len().min(12)]) {
        *to = *from;
    }
    out.extend_from_slice(&fixed);
    out
}

/// Position of the next marker that is no restart (`FFD0`–`FFD7`) and no stuffed `FF00`.
fn end_of_scan(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(0xff, data.get(at..)?)?;
        match data.get(at + 1)? {
            0 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Some(at),
        }
    }
}

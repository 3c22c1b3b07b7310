//! ZIP archives made by hand, so that every lie an archive can tell can be told.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Content type of a Word document's main part.
pub const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
/// Content type of an Excel workbook's main part.
pub const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
/// Content type of a PowerPoint presentation's main part.
pub const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml";

/// One entry, and what it lies about.
#[derive(Clone)]
pub struct Part {
    pub name: String,
    pub bytes: Vec<u8>,
    pub deflate: bool,
    pub encrypted: bool,
    /// Another expanded size than the true one.
    pub claimed: Option<u32>,
    /// Another checksum than the true one.
    pub crc: Option<u32>,
    /// Mode of a Unix file.
    pub mode: u32,
    /// Another name in front of the bytes.
    pub local_name: Option<String>,
}

pub fn part(name: &str, bytes: impl AsRef<[u8]>) -> Part {
    Part {
        name: name.to_owned(),
        bytes: bytes.as_ref().to_vec(),
        deflate: false,
        encrypted: false,
        claimed: None,
        crc: None,
        mode: 0,
        local_name: None,
    }
}

impl Part {
    pub fn deflated(mut self) -> Self {
        self.deflate = true;
        self
    }

    /// A symbolic link: its bytes name the file that it stands for.
    pub fn linked(mut self) -> Self {
        self.mode = 0o120_777;
        self
    }

    pub fn called(mut self, local_name: &str) -> Self {
        self.local_name = Some(local_name.to_owned());
        self
    }
}

/// An archive of these entries.
pub fn zip(parts: &[Part]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for part in parts {
        let packed = if part.deflate {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&part.bytes).unwrap();
            encoder.finish().unwrap()
        } else {
            part.bytes.clone()
        };
        let len = |n: usize| u32::try_from(n).unwrap();
        let mut common = Vec::new();
        common.extend(u16::from(part.encrypted).to_le_bytes());
        common.extend((if part.deflate { 8u16 } else { 0 }).to_le_bytes());
        common.extend([0, 0, 0x21, 0x50]);
        common.extend(part.crc.unwrap_or_else(|| crc32fast::hash(&part.bytes)).to_le_bytes());
        common.extend(len(packed.len()).to_le_bytes());
        common.extend(part.claimed.unwrap_or(len(part.bytes.len())).to_le_bytes());
        let name_end = |name: &str| [&u16::try_from(name.len()).unwrap().to_le_bytes()[..], &[0, 0]].concat();
        let at = len(out.len());
        let local_name = part.local_name.as_ref().unwrap_or(&part.name);
        out.extend(b"PK\x03\x04\x14\0");
        out.extend(&common);
        out.extend(name_end(local_name));
        out.extend(local_name.as_bytes());
        out.extend(packed);
        directory.extend(b"PK\x01\x02\x14\x03\x14\0");
        directory.extend(&common);
        directory.extend(name_end(&part.name));
        directory.extend([0; 6]);
        directory.extend((part.mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(part.name.as_bytes());
    }
    close(&mut out, &directory, parts.len());
    out
}

/// Directory and end record.
pub fn close(out: &mut Vec<u8>, directory: &[u8], count: usize) {
    let start = u32::try_from(out.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(count).unwrap().to_le_bytes();
    out.extend(count);
    out.extend(count);
    out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
}

/// Many directory entries that all point at the one body (as in overlapping bombs).
pub fn overlapping() -> Vec<u8> {
    let one = zip(&[part("a.txt", vec![b' '; 4096]).deflated()]);
    let end = one.len() - 22;
    let start = u32::from_le_bytes(one[end + 16..end + 20].try_into().unwrap()) as usize;
    let (mut out, entry) = (one[..start].to_vec(), one[start..end].to_vec());
    close(&mut out, &entry.repeat(50), 50);
    out
}

/// An Office Open XML package with this main part.
pub fn ooxml(main: &str, more: &[Part]) -> Vec<u8> {
    let types = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/main.xml\" ContentType=\"{main}\"/></Types>"
    );
    let mut parts =
        vec![part("[Content_Types].xml", types).deflated(), part("_rels/.rels", "<Relationships/>"), part("main.xml", "<a/>").deflated()];
    parts.extend_from_slice(more);
    zip(&parts)
}

/// An OpenDocument of this kind and version.
pub fn odf(kind: &str, version: &str, more: &[Part]) -> Vec<u8> {
    let media = format!("application/vnd.oasis.opendocument.{kind}");
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" office:version=\"{version}\"/>"
    );
    let manifest = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" \
         manifest:version=\"{version}\"><manifest:file-entry manifest:full-path=\"/\" manifest:version=\"{version}\" manifest:media-type=\"{media}\"/></manifest:manifest>"
    );
    let mut parts = vec![part("mimetype", media), part("content.xml", content).deflated(), part("META-INF/manifest.xml", manifest)];
    parts.extend_from_slice(more);
    zip(&parts)
}

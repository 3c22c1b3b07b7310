//! What a ZIP archive or an OLE2 compound file holds: PRONOM's container signatures, by entries and their content.

use crate::Limits;
use crate::ole::Compound;
use crate::zip::{Archive, Budget};

/// Main part of an Office Open XML package (ECMA-376-2 § 10.1.2), and the id PRONOM gives it.
const MAIN_PARTS: &[(&str, &str)] = &[
    ("application/vnd.ms-word.document.macroEnabled.main+xml", "fmt/523"),
    ("application/vnd.ms-word.template.macroEnabledTemplate.main+xml", "fmt/599"),
    ("application/vnd.ms-excel.sheet.macroEnabled.main+xml", "fmt/445"),
    ("application/vnd.ms-excel.template.macroEnabled.main+xml", "fmt/627"),
    ("application/vnd.ms-excel.addin.macroEnabled.main+xml", "fmt/628"),
    ("application/vnd.ms-excel.sheet.binary.macroEnabled.main", "fmt/595"),
    ("application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml", "fmt/487"),
    ("application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml", "fmt/630"),
    ("application/vnd.ms-powerpoint.template.macroEnabled.main+xml", "fmt/632"),
    ("application/vnd.ms-powerpoint.addin.macroEnabled.main+xml", "fmt/633"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", "fmt/412"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", "fmt/597"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", "fmt/214"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml", "fmt/598"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml", "fmt/215"),
    ("application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml", "fmt/629"),
    ("application/vnd.openxmlformats-officedocument.presentationml.template.main+xml", "fmt/631"),
];

/// OpenDocument media types, with the ids of versions 1.0 to 1.4.
const OPEN_DOCUMENTS: &[(&str, [&str; 5])] = &[
    ("application/vnd.oasis.opendocument.text", ["fmt/136", "fmt/290", "fmt/291", "fmt/1756", "fmt/2044"]),
    ("application/vnd.oasis.opendocument.spreadsheet", ["fmt/137", "fmt/294", "fmt/295", "fmt/1755", "fmt/2045"]),
    ("application/vnd.oasis.opendocument.presentation", ["fmt/138", "fmt/292", "fmt/293", "fmt/1754", "fmt/2046"]),
    ("application/vnd.oasis.opendocument.graphics", ["fmt/139", "fmt/296", "fmt/297", "fmt/1753", "fmt/2048"]),
];

/// What the entries of a ZIP archive make it; `None` for an archive of anything.
pub(super) fn in_zip(data: &[u8], limits: &Limits) -> Option<&'static str> {
    let archive = Archive::read(data, limits).ok()?;
    let mut budget = Budget::of(limits);
    let mut text = |name: &str| {
        let bytes = archive.expand(archive.find(name)?, &mut budget, limits).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    if let Some(types) = text("[Content_Types].xml") {
        let main = |(media, _): &&(&str, &str)| types.contains(&format!("ContentType=\"{media}\""));
        return MAIN_PARTS.iter().find(main).map(|(_, puid)| *puid);
    }
    let manifest = text("META-INF/manifest.xml")?;
    let (_, versions) = OPEN_DOCUMENTS.iter().find(|(media, _)| manifest.contains(&format!("\"{media}\"")))?;
    let version = text("content.xml")
        .and_then(|content| attribute(&content, "office:version=\""))
        .or_else(|| attribute(&manifest, "manifest:version=\""));
    Some(match version.as_deref() {
        Some("1.1") => versions[1],
        Some("1.2") => versions[2],
        Some("1.3") => versions[3],
        Some("1.4") => versions[4],
        _ => versions[0],
    })
}

/// The first value after this text.
fn attribute(text: &str, before: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// What the streams of a compound file make it; `None` for one of anything.
pub(super) fn in_ole(data: &[u8]) -> Option<&'static str> {
    let file = Compound::read(data)?;
    if file.has("EncryptedPackage") {
        return Some("fmt/494");
    }
    if file.has("__properties_version1.0") && file.has("__nameid_version1.0") {
        return Some("x-fmt/430");
    }
    if file.has("WordDocument") {
        return Some(word(&file));
    }
    if file.has("PowerPoint Document") {
        return Some("fmt/126");
    }
    let book = file.stream("Workbook", 16).or_else(|| file.stream("Book", 16))?;
    match book.as_slice() {
        // BIFF8 and BIFF5 (the record's length lies between).
        [9, 8, _, _, 0, 6, 5, 0, ..] => Some("fmt/61"),
        [9, 8, _, _, 0, 5, 5, 0, ..] => Some("fmt/59"),
        _ => None,
    }
}

/// Word by the program that its `CompObj` names, and by the flags of its header ([MS-DOC] § 2.5.2, FibBase).
fn word(file: &Compound<'_>) -> &'static str {
    let program = file.stream("CompObj", 1100).unwrap_or_default();
    let names = |what: &[u8]| memchr::memmem::find(&program, what).is_some();
    let flags = file.stream("WordDocument", 12).unwrap_or_default();
    let flag = |at: usize| flags.get(at).is_some_and(|b| b & 1 != 0);
    if names(b"Word.Document.8\0") {
        return match (flag(10), flag(11)) {
            (_, true) => "fmt/754",
            (true, false) => "x-fmt/45",
            (false, false) => "fmt/40",
        };
    }
    if names(b"Word.Document.6\0") || names(b"Word.Document.7\0") { "fmt/39" } else { "fmt/609" }
}

#[cfg(test)]
mod tests {
    use super::{MAIN_PARTS, OPEN_DOCUMENTS};
    use crate::Format;

    #[test]
    fn every_id_is_in_the_policy_table() {
        let of_packages = MAIN_PARTS.iter().map(|(_, puid)| *puid);
        let of_documents = OPEN_DOCUMENTS.iter().flat_map(|(_, puids)| *puids);
        for puid in of_packages.chain(of_documents) {
            assert!(Format::find(puid).is_some(), "{puid}");
        }
    }
}

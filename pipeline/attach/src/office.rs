//! Office documents: do they hold macros, are they encrypted, do they fetch anything?

use crate::examine::Fault;
use crate::little::{u16_at, u32_at};
use crate::ole::Compound;
use crate::{Puid, Warning};

/// What reading one entry of a package told.
#[derive(Debug, Default)]
pub(crate) struct PackageFacts {
    pub macros: bool,
    pub encrypted: bool,
    pub remote: bool,
}

impl PackageFacts {
    /// Looks at one entry of an Office Open XML or OpenDocument package.
    pub(crate) fn see(&mut self, name: &str, bytes: &[u8]) {
        let lower = name.to_ascii_lowercase();
        let has = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
        // Office Open XML: the project of macros, and the sheets of Excel 4 macros (ECMA-376-1 § 12.3; [MS-OFFMACRO2] § 2).
        self.macros |= lower.ends_with("vbaproject.bin") || lower.ends_with("vbadata.xml") || lower.contains("/macrosheets/");
        if lower == "[content_types].xml" {
            self.macros |= has(b"macroEnabled") && !has(b"sheet.binary.macroEnabled.main");
            self.macros |= has(b"vnd.ms-office.vbaProject") || has(b"vnd.ms-excel.macrosheet") || has(b"intlmacrosheet");
        }
        // OpenDocument 1.3 part 2 § 3.1: libraries of Basic, and other scripts.
        self.macros |= (lower.starts_with("basic/") || lower.starts_with("scripts/")) && !bytes.is_empty();
        if lower == "meta-inf/manifest.xml" {
            self.encrypted |= has(b"encryption-data");
        }
        if lower.ends_with(".rels") && has(b"TargetMode=\"External\"") {
            self.remote |= [&b"/attachedTemplate"[..], b"/oleObject", b"/frame", b"/externalLink", b"/image"].iter().any(|kind| has(kind));
        }
    }
}

/// An OLE2 document: macros and passwords stand in its streams.
pub(crate) fn probe_ole(data: &[u8], puid: Option<Puid>) -> Result<Vec<Warning>, Fault> {
    let file = Compound::read(data).filter(Compound::is_whole).ok_or(Fault::Broken)?;
    if file.has("EncryptedPackage") || file.has("EncryptedSummary") || puid.is_some_and(|p| p.as_str() == "fmt/754") {
        return Err(Fault::Encrypted);
    }
    if file.stream("WordDocument", 12).is_some_and(|fib| fib.get(11).is_some_and(|flags| flags & 1 != 0)) {
        return Err(Fault::Encrypted);
    }
    // [MS-OVBA] § 2.2.1: a storage `VBA` with `_VBA_PROJECT` in it.
    if file.has("_VBA_PROJECT") || file.has("_VBA_PROJECT_CUR") || file.has("VBA") {
        return Err(Fault::Macros);
    }
    for name in ["Workbook", "Book"] {
        if let Some(book) = file.stream(name, 64 * 1024 * 1024) {
            workbook(&book)?;
        }
    }
    if let Some(slides) = file.stream("PowerPoint Document", 64 * 1024 * 1024)
        && slides_have_macros(&slides)
    {
        return Err(Fault::Macros);
    }
    Ok(Vec::new())
}

/// Records of a workbook ([MS-XLS] §§ 2.4.28 BoundSheet8, 2.4.117 FilePass).
fn workbook(book: &[u8]) -> Result<(), Fault> {
    let mut at = 0;
    while let (Some(kind), Some(len)) = (u16_at(book, at), u16_at(book, at + 2)) {
        match kind {
            0x002f => return Err(Fault::Encrypted),
            // Byte 5 says what sort of sheet: 1 is one of Excel 4 macros.
            0x0085 if book.get(at + 9) == Some(&1) => return Err(Fault::Macros),
            _ => at += 4 + usize::from(len),
        }
    }
    Ok(())
}

/// `VBAInfoAtom` with `fHasMacros` ([MS-PPT] § 2.4.10).
fn slides_have_macros(stream: &[u8]) -> bool {
    const HEAD: &[u8] = &[0x02, 0x00, 0x00, 0x04, 12, 0, 0, 0];
    memchr::memmem::find_iter(stream, HEAD).any(|at| u32_at(stream, at + 12) == Some(1))
}

//! One walk over every dictionary of a PDF, noting what the rules and the findings ask for.

use std::collections::BTreeSet;

use super::file::{File, filters};
use super::object::{Dict, Object};
use super::rules::{Finding, PdfaRule};

/// What the walk saw.
#[derive(Debug, Default)]
pub(super) struct Survey {
    findings: BTreeSet<Finding>,
    /// Broken in any part of ISO 19005.
    pub broken: BTreeSet<PdfaRule>,
    /// Broken in part 1 only.
    pub broken_in_part_1: BTreeSet<PdfaRule>,
    /// Broken in the levels A and U only.
    pub broken_in_unicode_levels: BTreeSet<PdfaRule>,
}

impl Survey {
    pub(super) fn of(file: &File) -> Self {
        let mut survey = Self::default();
        survey.dict(file, &file.trailer);
        for loaded in file.objects.values() {
            if let (Some(dict), true) = (loaded.object.dict(), loaded.stream.is_some()) {
                survey.stream(dict);
            }
            survey.object(file, &loaded.object);
        }
        survey
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        self.findings.iter().copied().collect()
    }

    fn object(&mut self, file: &File, object: &Object) {
        match object {
            Object::Array(items) => items.iter().for_each(|item| self.object(file, item)),
            Object::Dict(dict) => {
                self.dict(file, dict);
                dict.0.iter().for_each(|(_, value)| self.object(file, value));
            }
            _ => {}
        }
    }

    fn stream(&mut self, dict: &Dict) {
        if filters(dict).iter().any(|f| matches!(f.as_slice(), b"LZWDecode" | b"LZW" | b"Crypt")) {
            self.broken.insert(PdfaRule::Filter);
        }
        if ["F", "FFilter", "FDecodeParms"].iter().any(|key| dict.has(key)) {
            self.broken.insert(PdfaRule::ExternalStream);
        }
        if dict.is("Subtype", "PS") || dict.is("Subtype2", "PS") {
            self.broken.insert(PdfaRule::PostScript);
        }
        if dict.is("Subtype", "Image")
            && (dict.has("Alternates") || dict.has("OPI") || dict.get("Interpolate") == Some(&Object::Bool(true)))
        {
            self.broken.insert(PdfaRule::Image);
        }
        let masked = dict.is("Subtype", "Image") && dict.has("SMask") && !dict.is("SMask", "None");
        if masked || dict.get("SMaskInData").and_then(Object::number).is_some_and(|n| n > 0.0) {
            self.broken_in_part_1.insert(PdfaRule::Transparency);
        }
    }

    fn dict(&mut self, file: &File, dict: &Dict) {
        self.action(file, dict);
        self.form(file, dict);
        self.annotation(file, dict);
        self.font(file, dict);
        self.graphics(file, dict);
        if dict.has("EmbeddedFiles") || dict.has("EF") || dict.is("Type", "EmbeddedFile") {
            self.findings.insert(Finding::EmbeddedFiles);
            self.broken.insert(PdfaRule::EmbeddedFile);
        }
        if dict.has("OCProperties") {
            self.broken_in_part_1.insert(PdfaRule::OptionalContent);
        }
        if dict.has("ByteRange") {
            self.findings.insert(Finding::Signature);
        }
    }

    fn action(&mut self, file: &File, dict: &Dict) {
        let kind = match file.get(dict, "S") {
            Object::Name(name) => name.as_slice(),
            _ => b"",
        };
        let finding = match kind {
            b"JavaScript" => Some(Finding::JavaScript),
            b"Launch" => Some(Finding::Launch),
            b"Sound" | b"Movie" | b"Rendition" | b"GoTo3DView" | b"RichMediaExecute" => Some(Finding::Media),
            b"SubmitForm" | b"ImportData" => Some(Finding::SubmitOrImport),
            _ => None,
        };
        if let Some(finding) = finding {
            self.findings.insert(finding);
            // Sending a form is the one of these that PDF/A does not forbid.
            if kind != b"SubmitForm" {
                self.broken.insert(PdfaRule::Action);
            }
        }
        if matches!(kind, b"ResetForm" | b"Hide" | b"SetOCGState" | b"Trans") && (dict.is("Type", "Action") || !dict.has("Type")) {
            self.broken.insert(PdfaRule::Action);
        }
        if dict.has("JS") || dict.has("JavaScript") {
            self.findings.insert(Finding::JavaScript);
            self.broken.insert(PdfaRule::Action);
        }
        let opens_with_action = dict.get("OpenAction").is_some_and(|a| file.resolve(a).dict().is_some_and(|d| !d.is("S", "GoTo")));
        if dict.has("AA") || opens_with_action {
            self.findings.insert(Finding::AutomaticAction);
        }
        if dict.has("AA") {
            self.broken.insert(PdfaRule::Action);
        }
    }

    fn form(&mut self, file: &File, dict: &Dict) {
        if dict.has("XFA") {
            self.findings.insert(Finding::Xfa);
            self.broken.insert(PdfaRule::Form);
        }
        if file.get(dict, "NeedAppearances") == &Object::Bool(true) {
            self.broken.insert(PdfaRule::Form);
        }
    }

    fn annotation(&mut self, file: &File, dict: &Dict) {
        let is_annotation = dict.is("Type", "Annot") || (dict.has("Rect") && dict.has("Subtype"));
        if !is_annotation {
            return;
        }
        let kind = file.get(dict, "Subtype").name().unwrap_or_default();
        if matches!(kind, b"Sound" | b"Movie" | b"Screen" | b"3D" | b"RichMedia") {
            self.findings.insert(Finding::Media);
            self.broken.insert(PdfaRule::Annotation);
        }
        if kind == b"FileAttachment" {
            self.findings.insert(Finding::EmbeddedFiles);
            self.broken_in_part_1.insert(PdfaRule::Annotation);
        }
        // Invisible, hidden, no view; and print must be set, except on what only shows when pointed at (Table 165).
        let flags = file.get(dict, "F").index().unwrap_or(0);
        if flags & 0b10_0011 != 0 || (flags & 4 == 0 && kind != b"Popup") {
            self.broken.insert(PdfaRule::Annotation);
        }
        if !matches!(kind, b"Popup" | b"Link") && file.dict(dict, "AP").is_none() {
            self.broken.insert(PdfaRule::Annotation);
        }
    }

    fn font(&mut self, file: &File, dict: &Dict) {
        if !dict.is("Type", "Font") {
            return;
        }
        match file.get(dict, "Subtype").name().unwrap_or_default() {
            b"Type3" => {}
            b"Type0" => {
                if !dict.has("ToUnicode") {
                    self.broken_in_unicode_levels.insert(PdfaRule::FontUnicode);
                }
                if file.get(dict, "DescendantFonts").array().is_none_or(|fonts| fonts.len() != 1) {
                    self.broken.insert(PdfaRule::FontEmbedded);
                }
            }
            _ => {
                let descriptor = file.dict(dict, "FontDescriptor");
                let embedded =
                    descriptor.is_some_and(|d| ["FontFile", "FontFile2", "FontFile3"].iter().any(|k| file.stream(d, k).is_some()));
                if !embedded {
                    self.broken.insert(PdfaRule::FontEmbedded);
                }
            }
        }
    }

    /// Transparency: constant alpha, blend modes, soft masks, groups (ISO 32000-1 § 11).
    fn graphics(&mut self, file: &File, dict: &Dict) {
        let alpha = |key: &str| file.get(dict, key).number().is_some_and(|n| n < 1.0);
        let blends = match file.get(dict, "BM") {
            Object::Name(name) => !matches!(name.as_slice(), b"Normal" | b"Compatible"),
            Object::Array(_) => true,
            _ => false,
        };
        let is_state = dict.is("Type", "ExtGState") || dict.has("BM") || (dict.has("ca") && dict.has("CA"));
        let masks = is_state && dict.has("SMask") && !dict.is("SMask", "None");
        let group = dict.is("S", "Transparency") && (dict.is("Type", "Group") || dict.has("CS") || !dict.has("Type"));
        if (is_state && (alpha("ca") || alpha("CA"))) || blends || masks || group {
            self.broken_in_part_1.insert(PdfaRule::Transparency);
        }
    }
}

//! Lays one document out and writes it as PDF/A-2a that is also PDF/UA-1.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{Datelike, Timelike};
use pipeline_domain::Timestamp;
use serde_json::Value;
use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::{Bytes, Datetime, Smart};
use typst::{World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::error::Place;
use crate::fonts::Covered;
use crate::world::{DocumentWorld, Shared};
use crate::{RenderError, RenderJob, characters, long_words};

/// A document of more pages than this leaves nothing in the cache.
const LARGE: u32 = 20;

/// A finished file.
#[derive(Clone)]
pub struct Pdf {
    /// PDF 1.7, PDF/A-2a and PDF/UA-1.
    pub bytes: Vec<u8>,
    /// Number of pages, at least 1.
    pub pages: u32,
    /// Characters that no font covers, set as U+FFFD or left out of their cluster.
    pub replaced: u32,
}

/// Fonts, library and templates: built once per process. Use it on one thread at a time, inside
/// [`typesetting_thread`](crate::typesetting_thread).
pub struct Typesetter {
    shared: Shared,
    covered: Covered,
    standards: PdfStandards,
}

impl Default for Typesetter {
    fn default() -> Self {
        Self::new()
    }
}

impl Typesetter {
    /// Parses the embedded templates and fonts.
    pub fn new() -> Self {
        Self::over(Shared::new())
    }

    /// With another template set (paths like `/meeting-minutes/main.typ`, and their bytes): for writing and testing templates.
    pub fn with_templates(set: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self::over(Shared::with_files(set))
    }

    fn over(shared: Shared) -> Self {
        let covered = Covered::by(&shared.fonts);
        let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1]).expect("2a and ua-1 go together");
        Self { shared, covered, standards }
    }

    /// Sets one document. Equal jobs give equal bytes.
    ///
    /// # Errors
    /// When the template and the document do not fit, when Typst warns, or when the file would not be PDF/A-2a.
    pub fn set(&self, job: &RenderJob) -> Result<Pdf, RenderError> {
        let main = self.shared.main(&job.template).ok_or(RenderError::UnknownTemplate)?;
        let mut view: Value = serde_json::from_slice(&job.data).map_err(|_| RenderError::UnreadableJob)?;
        let replaced = characters::clean_value(&mut view, &self.covered);
        long_words::soften_value(&mut view);
        let data = serde_json::to_vec(&view).expect("a JSON value is writable");
        let world =
            DocumentWorld { shared: &self.shared, main, data: Bytes::new(data), logo: job.logo.as_ref(), picture: job.picture.as_ref() };
        let result = catch_unwind(AssertUnwindSafe(|| self.compile(&world, job))).unwrap_or(Err(RenderError::Crashed));
        // One render thread per process, so an age of one document is all that can be of use.
        typst::comemo::evict(match &result {
            Ok((_, pages)) if *pages <= LARGE => 1,
            _ => 0,
        });
        result.map(|(bytes, pages)| Pdf { bytes, pages, replaced })
    }

    fn compile(&self, world: &DocumentWorld<'_>, job: &RenderJob) -> Result<(Vec<u8>, u32), RenderError> {
        let Warned { output, warnings } = typst::compile::<PagedDocument>(world);
        let document = output.map_err(|errors| RenderError::Template { at: place(world, &errors) })?;
        if !warnings.is_empty() {
            return Err(RenderError::Warning { at: place(world, &warnings) });
        }
        let options = PdfOptions {
            ident: Smart::Custom(job.ident.clone()),
            creator: Smart::Custom(Some("Arkivflyt".into())),
            timestamp: Some(typst_pdf::Timestamp::new_utc(utc(job.timestamp))),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        let bytes = typst_pdf::pdf(&document, &options)
            .map_err(|errors| RenderError::NotArchivable { reason: reason(&errors), at: place(world, &errors) })?;
        let pages = u32::try_from(document.pages().len()).expect("fewer than 2^32 pages");
        Ok((bytes, pages))
    }
}

fn utc(at: Timestamp) -> Datetime {
    let t = at.utc();
    let part = |n: u32| u8::try_from(n).expect("parts of a date are small");
    Datetime::from_ymd_hms(t.year(), part(t.month()), part(t.day()), part(t.hour()), part(t.minute()), part(t.second()))
        .expect("an instant of the calendar is a date and time")
}

/// The first place in our templates that a diagnostic names, itself or through the calls that led to it.
fn place(world: &DocumentWorld<'_>, diagnostics: &[SourceDiagnostic]) -> Place {
    let spans = diagnostics.iter().flat_map(|d| std::iter::once(d.span).chain(d.trace.iter().map(|t| t.span.into())));
    for span in spans {
        let Some(id) = span.id() else { continue };
        let Ok(source) = world.source(id) else { continue };
        let Some(Range { start, .. }) = world.range(span) else { continue };
        let Some(line) = source.lines().byte_to_line(start) else { continue };
        return Place::at(id.get().vpath().get_without_slash(), line + 1);
    }
    Place::unknown()
}

/// Typst's message may quote the document; the reason may not.
fn reason(diagnostics: &[SourceDiagnostic]) -> &'static str {
    const KNOWN: [(&str, &str); 8] = [
        ("could not be displayed", "a character without a glyph"),
        ("contains the codepoint", "a character of private use"),
        ("missing alt", "an image without alternative text"),
        ("missing document title", "no title"),
        ("missing document date", "no date"),
        ("heading", "headings that skip a level"),
        ("CMYK", "a colour without profile"),
        ("attached file", "an attached file"),
    ];
    let found = diagnostics.iter().find_map(|d| KNOWN.iter().find(|(text, _)| d.message.contains(text)));
    found.map_or("another rule", |(_, reason)| reason)
}

//! The corpus: every format and every trap, made here byte by byte. No file of anybody else's.

pub mod oles;
pub mod pdfs;
pub mod pictures;
pub mod zips;

mod honest;
mod hostile;

use image::ImageFormat;
use pipeline_attach::State;

pub use honest::honest;
pub use hostile::hostile;

/// One file, and what must be said of it.
#[derive(Clone)]
pub struct Sample {
    pub name: String,
    pub bytes: Vec<u8>,
    /// PRONOM id that we must give.
    pub puid: Option<&'static str>,
    pub state: State,
    /// Published code.
    pub code: Option<&'static str>,
    /// Why siegfried says otherwise; `None` when it must say the same.
    pub differs: Option<&'static str>,
}

impl Sample {
    /// siegfried says something else, for this reason.
    pub fn differs(mut self, why: &'static str) -> Self {
        self.differs = Some(why);
        self
    }
}

/// Taken, by its policy alone.
pub fn taken(name: &str, bytes: impl Into<Vec<u8>>, puid: &'static str) -> Sample {
    use pipeline_attach::{Format, Policy};
    let (state, code) = match Format::find(puid).unwrap_or_else(|| panic!("{puid}")).policy {
        Policy::Accept => (State::Accepted, None),
        Policy::ImageForPage => (State::ConvertImage, None),
        Policy::ArchivePdf => (State::PdfaKept, None),
        Policy::KeepOriginal | Policy::OnApplication => (State::NeedsManualConversion, Some("attachment_needs_conversion")),
        Policy::Macros => (State::Refused, Some("attachment_macros")),
        Policy::Refuse => (State::Refused, Some("attachment_type_refused")),
    };
    Sample { name: name.to_owned(), bytes: bytes.into(), puid: Some(puid), state, code, differs: None }
}

/// Not taken as it is.
pub fn caught(name: &str, bytes: impl Into<Vec<u8>>, puid: Option<&'static str>, state: State, code: &'static str) -> Sample {
    Sample { name: name.to_owned(), bytes: bytes.into(), puid, state, code: Some(code), differs: None }
}

/// Everything.
pub fn all() -> Vec<Sample> {
    [honest(), hostile()].concat()
}

/// A picture as siegfried's registry of formats knows it.
pub fn picture(format: ImageFormat) -> Vec<u8> {
    pictures::encode(format)
}

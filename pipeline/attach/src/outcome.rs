//! The verdict on one attachment.

use pipeline_domain::{ErrorCode, Sha256};
use serde::Serialize;

use crate::{Finding, PdfaRule, Puid};

/// What becomes of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// An archive format: the file itself is what is archived.
    Accepted,
    /// PDF/A whose claim holds: the file itself is what is archived.
    PdfaKept,
    /// An image: the original is kept, and [`crate::prepare_image`] gives what is laid on a page.
    ConvertImage,
    /// The original is kept byte for byte; an archive variant is still missing.
    NeedsManualConversion,
    /// Kept apart until a person has looked at it; not shown, not converted.
    SetAside,
    /// Not taken.
    Refused,
}

impl State {
    /// Every state.
    pub const ALL: &'static [Self] =
        &[Self::Accepted, Self::PdfaKept, Self::ConvertImage, Self::NeedsManualConversion, Self::SetAside, Self::Refused];

    /// The published name. Never renamed.
    pub fn id(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::PdfaKept => "pdfa_kept",
            Self::ConvertImage => "convert_image",
            Self::NeedsManualConversion => "needs_manual_conversion",
            Self::SetAside => "set_aside",
            Self::Refused => "refused",
        }
    }

    /// Is the original stored in the case folder?
    pub fn keeps_original(self) -> bool {
        match self {
            Self::Accepted | Self::PdfaKept | Self::ConvertImage | Self::NeedsManualConversion => true,
            Self::SetAside | Self::Refused => false,
        }
    }
}

/// How the format was told. Never by the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// PRONOM byte signature.
    Signature,
    /// The entries and streams of a ZIP or OLE2 container.
    Container,
    /// Nothing binary in it, and read as text, table or markup.
    Text,
}

/// Something that a person should know, and that does not decide the state by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The name has an extension of another format of the same kind.
    ExtensionDisagrees,
    /// The name has no extension, or one that no format of the table goes by.
    ExtensionUnknown,
    /// Several signatures of equal weight matched; the first of the table was taken.
    SeveralFormats,
    /// Text in another encoding than UTF-8.
    NotUtf8,
    /// An archive format, but a PDF/A copy should come with it (office documents).
    PdfaCopyWanted,
    /// More than one image in the file; a page shows the first only.
    Animated,
    /// A JPEG in CMYK or YCCK.
    CmykImage,
    /// The image says where it was taken (GPS). The original keeps it.
    HoldsLocation,
    /// Fetches something from elsewhere when it is opened.
    RemoteReference,
    /// A PDF holds actions, scripts, files or forms; [`Examined::findings`] names them.
    ActiveContent,
}

/// One thing that was done to, or learnt of, the attachment: the PREMIS event without its time, which the shell adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// PREMIS event type: `message digest calculation`, `format identification`, `validation` …
    pub kind: &'static str,
    /// Which part of this program did it, with the crate's version.
    pub agent: &'static str,
    /// `pass`, `fail` or `warning`.
    pub outcome: &'static str,
    /// Ids and figures only.
    pub detail: String,
}

/// Everything the examination came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// What becomes of it.
    pub state: State,
    /// Why, when it is not simply taken. Its text says what to do next.
    pub code: Option<ErrorCode>,
    /// PRONOM id; `None` for a format that is not on our list, or a file too broken to tell.
    pub puid: Option<Puid>,
    /// How the id was found.
    pub method: Option<Method>,
    /// Of the bytes as they came.
    pub digest: Sha256,
    /// Number of bytes as they came.
    pub size_bytes: u64,
    /// Pages of a PDF.
    pub pages: Option<u32>,
    /// Width and height of an image in pixels, before it is turned.
    pub pixels: Option<(u32, u32)>,
    /// Each at most once, in the order of the enum.
    pub warnings: Vec<Warning>,
    /// Active or hidden content of a PDF, each kind once.
    pub findings: Vec<Finding>,
    /// Rules of PDF/A that the file breaks although it claims PDF/A.
    pub broken_rules: Vec<PdfaRule>,
    /// What was done, in order.
    pub events: Vec<Event>,
}

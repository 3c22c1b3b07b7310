//! What stopped the typesetting. Never a word of the document: Typst's own messages may quote it, so only the place in the
//! template is kept.

use std::fmt;

use pipeline_domain::{ErrorCode, Verdict};

/// A document that could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No such template in the set.
    #[error("no template for this kind of document")]
    UnknownTemplate,
    /// The view that the templates read is not the JSON that they read.
    #[error("the render job holds no readable document")]
    UnreadableJob,
    /// The template cannot be laid out with this document.
    #[error("the template cannot be laid out at {at}")]
    Template {
        /// Where.
        at: Place,
    },
    /// Typst gave a warning; a warning can hide empty pages.
    #[error("typesetting gave a warning at {at}")]
    Warning {
        /// Where.
        at: Place,
    },
    /// The laid-out document would not be PDF/A-2a and PDF/UA-1.
    #[error("the document would not be valid pdf/a-2a: {reason}, at {at}")]
    NotArchivable {
        /// One of a closed list of reasons.
        reason: &'static str,
        /// Where.
        at: Place,
    },
    /// The layout engine panicked.
    #[error("the typesetting stopped unexpectedly")]
    Crashed,
}

impl RenderError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownTemplate | Self::UnreadableJob | Self::Template { .. } => ErrorCode::RenderTemplate,
            Self::Warning { .. } => ErrorCode::RenderWarning,
            Self::NotArchivable { .. } => ErrorCode::PdfaInvalid,
            Self::Crashed => ErrorCode::RenderCrashed,
        }
    }

    /// The same job gives the same failure; only a panic may have had another cause.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Crashed => Verdict::Retry,
            Self::UnknownTemplate | Self::UnreadableJob | Self::Template { .. } | Self::Warning { .. } | Self::NotArchivable { .. } => {
                Verdict::GiveUp
            }
        }
    }
}

/// A place in our own templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Option<(String, usize)>);

impl Place {
    /// File inside the template set and line from 1.
    pub(crate) fn at(file: &str, line: usize) -> Self {
        Self(Some((file.to_owned(), line)))
    }

    /// Typst named no place.
    pub(crate) fn unknown() -> Self {
        Self(None)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((file, line)) => write!(f, "{file} line {line}"),
            None => f.write_str("an unknown line"),
        }
    }
}

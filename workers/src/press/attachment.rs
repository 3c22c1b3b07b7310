//! What a child is asked about an attachment, and what it says. The file itself travels in the body of the frame.

use pipeline_attach::{Format, Limits, PageImage, PageMedia, State, examine, prepare_image};
use pipeline_domain::{AttachmentState, ErrorCode, FileFormat, Sha256};
use pipeline_render::PictureFormat;
use serde::{Deserialize, Serialize};

/// The question.
#[derive(Clone, Serialize, Deserialize)]
pub struct Look {
    /// What the sender calls it. Compared with the content; it stands in no answer.
    pub name: String,
    /// How much of it is looked at.
    pub limits: Limits,
}

/// The answer: ids and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// What the archive may hold of it.
    pub state: AttachmentState,
    /// Published code that says why, when that is not simply the file.
    pub code: Option<String>,
    /// Its format, when it was told.
    pub format: Option<FileFormat>,
    /// Of the bytes that were looked at.
    pub sha256: Sha256,
    /// Published names of what a person should know.
    pub warnings: Vec<String>,
    /// The image that is the body of the answer: [`AttachmentState::Converted`] only.
    pub image: Option<LookedImage>,
}

/// An image without metadata, ready for its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedImage {
    pub format: PictureFormat,
    pub width: u32,
    pub height: u32,
    pub quarter_turns: u8,
    pub mirrored: bool,
}

/// Looks at an attachment. The second is the image for its page; empty when there is none.
pub fn look(question: &Look, bytes: &[u8]) -> (Looked, Vec<u8>) {
    let examined = examine(&question.name, bytes, &question.limits);
    let mut looked = Looked {
        state: state(examined.state),
        code: examined.code.map(|code| code.id().to_owned()),
        format: examined.puid.map(|puid| format(puid.format())),
        sha256: examined.digest,
        warnings: examined.warnings.iter().filter_map(|w| serde_json::to_value(w).ok()?.as_str().map(str::to_owned)).collect(),
        image: None,
    };
    if examined.state != State::ConvertImage {
        return (looked, Vec::new());
    }
    match prepare_image(bytes, &question.limits) {
        Ok(page) => {
            looked.image = Some(image(&page));
            (looked, page.bytes)
        }
        // It cannot be laid on a page. The file itself is kept all the same.
        Err(_) => {
            looked.state = AttachmentState::NeedsManualConversion;
            looked.code = Some(ErrorCode::AttachmentNeedsConversion.id().to_owned());
            (looked, Vec::new())
        }
    }
}

fn state(state: State) -> AttachmentState {
    match state {
        State::Accepted => AttachmentState::Accepted,
        State::PdfaKept => AttachmentState::PdfaKept,
        State::ConvertImage => AttachmentState::Converted,
        State::NeedsManualConversion => AttachmentState::NeedsManualConversion,
        State::SetAside => AttachmentState::SetAside,
        State::Refused => AttachmentState::Refused,
    }
}

fn format(format: &Format) -> FileFormat {
    FileFormat {
        puid: format.puid.to_string(),
        name: format!("{} {}", format.name, format.version).trim_end().to_owned(),
        extension: (*format.extensions.first().unwrap_or(&"bin")).to_owned(),
    }
}

fn image(page: &PageImage) -> LookedImage {
    LookedImage {
        format: match page.media {
            PageMedia::Jpeg => PictureFormat::Jpeg,
            PageMedia::Png => PictureFormat::Png,
        },
        width: page.width,
        height: page.height,
        quarter_turns: page.orientation.quarter_turns(),
        mirrored: page.orientation.is_mirrored(),
    }
}

//! One image on one page: the archive's copy of an image that came with a document.
//!
//! The page says nothing but that it is an attachment. Whoever calls has taken away what the image itself told of where, when and
//! by whom it was made.

use pipeline_domain::{Sha256, Timestamp, WrittenForm};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::RenderJob;

/// An image file without metadata.
#[derive(Clone, Serialize, Deserialize)]
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// What it is.
    pub format: PictureFormat,
}

/// What can be laid on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureFormat {
    /// JPEG, grey or RGB. Its scans go into the PDF as they are.
    Jpeg,
    /// PNG.
    Png,
}

/// A page that is to be made.
pub struct PicturePage {
    /// What is laid on it.
    pub picture: Picture,
    /// SHA-256 of the file as it came: names the page for XMP.
    pub original: Sha256,
    /// Pixels from left to right, before it is turned. Never 0.
    pub width: u32,
    /// Pixels from top to bottom, before it is turned. Never 0.
    pub height: u32,
    /// Quarter turns clockwise, after mirroring.
    pub quarter_turns: u8,
    /// Left and right change places, before it is turned.
    pub mirrored: bool,
    /// Language of the title and of what a reader who does not see the image is told.
    pub written_form: WrittenForm,
    /// Made-up data: the page says so.
    pub synthetic: bool,
    /// Creation date in the file.
    pub made_at: Timestamp,
}

/// The page as a job for the typesetter. Pure: equal arguments, equal job.
pub fn picture_job(page: PicturePage) -> RenderJob {
    let view = json!({
        "common": { "title": "Vedlegg", "written_form": page.written_form, "synthetic": page.synthetic },
        "content": {
            "jpeg": page.picture.format == PictureFormat::Jpeg,
            "width": page.width,
            "height": page.height,
            "quarter_turns": page.quarter_turns % 4,
            "mirrored": page.mirrored,
        },
    });
    RenderJob {
        template: "attachment-page".to_owned(),
        ident: page.original.to_string(),
        timestamp: page.made_at,
        data: serde_json::to_vec(&view).expect("a JSON value is writable"),
        logo: None,
        picture: Some(page.picture),
    }
}

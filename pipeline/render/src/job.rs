//! What the typesetting process is told about one document.

use pipeline_domain::{CaseFolderId, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Picture, view};

/// Everything a child process needs to set one document; small enough to send down a pipe.
#[derive(Clone, Serialize, Deserialize)]
pub struct RenderJob {
    /// Folder of the template, such as `meeting-minutes`.
    pub template: String,
    /// Names the document through all its versions, for XMP.
    pub ident: String,
    /// Creation date in the file.
    pub timestamp: Timestamp,
    /// The view that the template reads, JSON.
    pub data: Vec<u8>,
    /// The municipality's mark.
    pub logo: Option<Logo>,
    /// What is laid on the page of an attachment.
    #[serde(default)]
    pub picture: Option<Picture>,
}

/// A municipality's logo or coat of arms.
#[derive(Clone, Serialize, Deserialize)]
pub struct Logo {
    /// The file.
    pub svg_or_png: Vec<u8>,
    /// What it is. JPEG is not taken: its metadata would travel along.
    pub format: LogoFormat,
    /// What a reader who does not see it is told, such as «Fjellvik kommunes våpen».
    pub alt: String,
}

/// File format of a logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogoFormat {
    /// Scalable Vector Graphics.
    Svg,
    /// Portable Network Graphics.
    Png,
}

/// How a municipality wants its papers.
#[derive(Clone, Default)]
pub struct Letterhead {
    /// Set at the top of the first page.
    pub logo: Option<Logo>,
    /// Whether the subject's national id is set on the page.
    pub national_id_on_page: NationalIdOnPage,
}

/// Whether the subject's national id may stand on the page. It is never in titles or file names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NationalIdOnPage {
    /// Only in archive metadata.
    #[default]
    Never,
    /// Among the key facts.
    Shown,
}

/// Decides what may be seen of a snapshot and names it for the templates. Pure: equal arguments, equal job.
/// Without a `folder` (preview) the page says «ikke tildelt».
pub fn render_job(snapshot: &Snapshot, folder: Option<&CaseFolderId>, letterhead: &Letterhead) -> RenderJob {
    render_job_after(snapshot, None, folder, letterhead)
}

/// The same for a plan snapshot that tells what it changed since `former`, the one that was archived before it.
pub fn render_job_after(
    snapshot: &Snapshot,
    former: Option<&Snapshot>,
    folder: Option<&CaseFolderId>,
    letterhead: &Letterhead,
) -> RenderJob {
    RenderJob {
        template: snapshot.kind().folder(),
        ident: snapshot.document.to_string(),
        timestamp: snapshot.content.record().produced_at,
        data: serde_json::to_vec(&view::view(snapshot, former, folder, letterhead)).expect("a JSON value is writable"),
        logo: letterhead.logo.clone(),
        picture: None,
    }
}

//! A redacted copy of one archived document (skjermet variant): made again from its source, without the parts that are withheld. Each
//! of them is replaced by a visible note with the basis; nothing of what it said reaches the file.

use pipeline_domain::{CaseFolderId, Snapshot, Timestamp};

use crate::{
    Letterhead, RenderJob,
    view::{parts::Part, redacted::redacted_view},
};

/// `variantformat` (M700) of such a copy.
pub const REDACTED_VARIANT: &str = "Dokument hvor deler av innholdet er skjermet";

/// What is withheld of a document, and why.
pub struct Redaction<'a> {
    /// The document, from its source in the archive.
    pub snapshot: &'a Snapshot,
    /// Its case folder.
    pub folder: &'a CaseFolderId,
    /// Parts that are withheld: at least one, each of this kind of document.
    pub withheld: Vec<&'static Part>,
    /// The basis (hjemmel) that stands at each of them.
    pub basis: String,
    /// When the copy was made.
    pub made_at: Timestamp,
}

/// The copy as a job for the typesetter. Pure: equal arguments, equal job.
pub fn redacted_job(redaction: &Redaction<'_>, letterhead: &Letterhead) -> RenderJob {
    RenderJob {
        template: "redacted".to_owned(),
        // Not the archived file's own: the two must never be taken for each other.
        ident: format!("{}/redacted/{}", redaction.snapshot.key(), redaction.made_at.unix_seconds()),
        timestamp: redaction.made_at,
        data: serde_json::to_vec(&redacted_view(redaction, letterhead)).expect("a JSON value is writable"),
        logo: letterhead.logo.clone(),
        picture: None,
    }
}

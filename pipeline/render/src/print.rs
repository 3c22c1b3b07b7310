//! A print (utskrift): chosen parts of documents of one case folder, in the view of whoever asked. Never the archive's copy, and every
//! page says so (DOMAIN § 6.10, `print_export`).

use pipeline_domain::{AddressProtection, CaseFolderId, Snapshot, Timestamp, WrittenForm};

use crate::{
    Letterhead, RenderJob,
    view::{parts::Part, print::print_view},
};

/// What somebody asked for and may see. Whoever makes it has asked whether they may.
pub struct Print<'a> {
    /// Names the print: it stands on every page.
    pub ident: String,
    /// Language of the labels; what people wrote stays as it is.
    pub written_form: WrittenForm,
    /// The case folder; none when the plan has no folder yet.
    pub folder: Option<&'a CaseFolderId>,
    /// Who asked: a pseudonym.
    pub requested_by: String,
    /// In which role, in words.
    pub requested_role: String,
    /// When.
    pub requested_at: Timestamp,
    /// Why, in words.
    pub reason: String,
    /// The subject's address protection as it stands now: an older document may not know of it.
    pub protection: AddressProtection,
    /// At least one, all about the same plan, in the order of the print.
    pub documents: Vec<PrintedDocument<'a>>,
}

/// One document of a print.
pub struct PrintedDocument<'a> {
    /// It.
    pub snapshot: &'a Snapshot,
    /// What its reader gets of it; nothing else reaches the page.
    pub parts: Vec<&'static Part>,
    /// What its reader might have chosen too: the first page names it.
    pub left_out: Vec<&'static Part>,
    /// The plan snapshot that was archived before it, if it is one and if there is one.
    pub former: Option<&'a Snapshot>,
}

/// The print as a job for the typesetter. Pure: equal arguments, equal job.
///
/// # Panics
/// Without a document.
pub fn print_job(print: &Print<'_>, letterhead: &Letterhead) -> RenderJob {
    RenderJob {
        template: "print".to_owned(),
        ident: print.ident.clone(),
        timestamp: print.requested_at,
        data: serde_json::to_vec(&print_view(print, letterhead)).expect("a JSON value is writable"),
        logo: letterhead.logo.clone(),
        picture: None,
    }
}

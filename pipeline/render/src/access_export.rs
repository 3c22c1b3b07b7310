//! The cover of an access export (innsyn, GDPR art. 15): everything about one person, listed for that person.

use pipeline_domain::{Date, EmailAddress, Line, MunicipalityNumber, Name, PlanType, Timestamp, WrittenForm};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Letterhead, RenderJob, sheet::logo};

/// What one export holds. The words in it are in the written form already; names and addresses are the subject's own.
#[derive(Clone, Debug, Serialize)]
pub struct AccessExport {
    /// Whose archive.
    #[serde(skip)]
    pub municipality: MunicipalityNumber,
    /// Its name, from the configuration.
    #[serde(skip)]
    pub municipality_name: String,
    /// Language.
    #[serde(skip)]
    pub written_form: WrittenForm,
    /// Whether the person is made up.
    #[serde(skip)]
    pub synthetic: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whom it is about, by the newest document.
    pub subject_name: Name,
    /// Their birth date.
    pub subject_birth_date: Date,
    /// Their case folders, oldest first.
    pub folders: Vec<ExportedFolder>,
    /// Who looked at something or took it out, oldest first.
    pub accesses: Vec<AccessLine>,
    /// What was sent, oldest first.
    pub notices: Vec<NoticeLine>,
    /// How the person is reached.
    pub contacts: Vec<ContactLine>,
    /// Who answers.
    pub contact_point: Line,
    /// Where mail is read.
    pub mail: EmailAddress,
}

/// One case folder of the export.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedFolder {
    /// `2026/123`.
    pub reference: String,
    /// Plan type.
    pub plan_type: PlanType,
    /// When it was opened.
    pub opened: Date,
    /// When it was closed, if it is.
    pub closed: Option<Date>,
    /// Its documents by number.
    pub documents: Vec<ExportedDocument>,
}

/// One document of the export.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedDocument {
    /// Running number in the folder.
    pub no: u32,
    /// Its own date.
    pub date: Date,
    /// First line of its title.
    pub title: String,
    /// Its version.
    pub version: u32,
    /// Pages of its PDF.
    pub pages: u32,
    /// Where its PDF lies in the package.
    pub pdf: String,
    /// Where its data lies in the package.
    pub source: String,
}

/// One row of the access log, in words.
#[derive(Clone, Debug, Serialize)]
pub struct AccessLine {
    /// When.
    pub at: Timestamp,
    /// In which role.
    pub role: &'static str,
    /// What was done or tried.
    pub action: &'static str,
    /// Why, where a reason was stated.
    pub reason: Option<&'static str>,
    /// Whether it was denied.
    pub denied: bool,
}

/// One notice, in words.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeLine {
    /// When it was queued.
    pub at: Timestamp,
    /// What it told of.
    pub kind: String,
    /// To whom, as a role.
    pub to: String,
    /// What became of it.
    pub state: &'static str,
}

/// One way in which the person is reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContactLine {
    /// Address for notices, as text: it is the reader's own.
    pub email: Option<String>,
    /// Their written form.
    pub written_form: WrittenForm,
    /// Reserved against digital contact.
    pub reserved: bool,
    /// Where it is held.
    pub held: String,
}

impl AccessExport {
    /// What the template and the index page are made from: the same words on both.
    pub fn content(&self) -> Value {
        serde_json::to_value(self).expect("an export is writable as JSON")
    }
}

/// The cover as a job for the typesetter. Pure: equal arguments, equal job.
pub fn access_export_job(export: &AccessExport, letterhead: &Letterhead) -> RenderJob {
    let common = json!({
        "written_form": export.written_form,
        "title": "Alt vi har om deg",
        "municipality_name": export.municipality_name,
        "municipality_number": export.municipality,
        "synthetic": export.synthetic,
        "logo": logo(letterhead),
    });
    RenderJob {
        template: "access-export".to_owned(),
        ident: format!("access-export/{}/{}", export.municipality, export.made_at.unix_seconds()),
        timestamp: export.made_at,
        data: serde_json::to_vec(&json!({ "common": common, "content": export.content() })).expect("a JSON value is writable"),
        logo: letterhead.logo.clone(),
        picture: None,
    }
}

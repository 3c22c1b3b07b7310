//! The sheet «what we keep and how you see it», for those whom a plan is about: no plan stands on it.
//!
//! What it says is in `templates/what-we-keep/text.toml`; what differs between municipalities comes from their configuration.

use pipeline_domain::{EmailAddress, Line, MunicipalityNumber, Timestamp, WrittenForm};
use serde_json::{Value, json};

use crate::{Letterhead, LogoFormat, RenderJob};

/// What one municipality's sheet names.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Whose.
    pub municipality: MunicipalityNumber,
    /// Its name, from the configuration.
    pub municipality_name: String,
    /// `310000019`.
    pub organisation_number: String,
    /// Language.
    pub written_form: WrittenForm,
    /// How people reach somebody who answers.
    pub contact_point: Line,
    /// Where a letter by mail is read.
    pub mail: EmailAddress,
    /// Where one logs in, as text.
    pub login_url: String,
    /// Years that a plan is kept before somebody looks at it again; IOPs are kept for ever (DOMAIN § 7).
    pub years: u32,
    /// The day it stands for.
    pub made_at: Timestamp,
}

impl Sheet {
    /// Title on paper and in the file's own metadata: the template's own text.
    fn title(&self) -> &'static str {
        match self.written_form {
            WrittenForm::Nb => "Hva vi tar vare på, og hvordan du får se det",
            WrittenForm::Nn => "Kva vi tek vare på, og korleis du får sjå det",
        }
    }
}

/// The sheet as a job for the typesetter. Pure: equal arguments, equal job.
pub fn sheet_job(sheet: &Sheet, letterhead: &Letterhead) -> RenderJob {
    let form = match sheet.written_form {
        WrittenForm::Nb => "nb",
        WrittenForm::Nn => "nn",
    };
    let common = json!({
        "written_form": sheet.written_form,
        "title": sheet.title(),
        "municipality_name": sheet.municipality_name,
        "municipality_number": sheet.municipality,
        "logo": logo(letterhead),
    });
    let content = json!({
        "organisation_number": sheet.organisation_number,
        "contact_point": sheet.contact_point,
        "mail": sheet.mail,
        "login_url": sheet.login_url,
        "years": sheet.years,
        "made_at": sheet.made_at,
    });
    RenderJob {
        template: "what-we-keep".to_owned(),
        ident: format!("what-we-keep/{}/{form}", sheet.municipality),
        timestamp: sheet.made_at,
        data: serde_json::to_vec(&json!({ "common": common, "content": content })).expect("a JSON value is writable"),
        logo: letterhead.logo.clone(),
        picture: None,
    }
}

/// What a template is told of the municipality's mark; null without one.
pub(crate) fn logo(letterhead: &Letterhead) -> Value {
    let Some(logo) = &letterhead.logo else { return Value::Null };
    let format = match logo.format {
        LogoFormat::Svg => "svg",
        LogoFormat::Png => "png",
    };
    json!({ "format": format, "alt": logo.alt })
}

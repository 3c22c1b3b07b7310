//! What the command line says, in bokmål, nynorsk and English.

use pipeline_domain::{DocumentKind, Lang};

/// One text in the reader's language.
pub fn pick(lang: Lang, nb: &'static str, nn: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Nb => nb,
        Lang::Nn => nn,
        Lang::En => en,
    }
}

/// A document type in plain words.
pub fn kind(kind: DocumentKind, lang: Lang) -> &'static str {
    match kind {
        DocumentKind::PlanSnapshot => pick(lang, "øyeblikksbilde", "augneblinksbilete", "plan snapshot"),
        DocumentKind::MeetingMinutes => pick(lang, "møtereferat", "møtereferat", "meeting minutes"),
        DocumentKind::AnnualReport => pick(lang, "årsrapport", "årsrapport", "annual report"),
    }
}

//! From document type to registration: one arm per [`Content`]. The fourth step of a new document type is an arm here.

use chrono::Datelike;
use pipeline_domain::{
    AnnualReport, Content, Date, DocumentKey, DocumentKind, Line, MeetingMinutes, PlanSnapshot, PlanType, ReportSetting, Snapshot,
    Timestamp, WrittenForm,
};

use super::{
    codes::{Journalposttype, Korrespondanseparttype},
    registrering::Korrespondansepart,
};
use crate::{
    ArchiveProfile, Retention,
    record::{Facts, HIDDEN_UNIT},
    titles::{self, FirstLine},
};

/// What one document becomes in the archive.
pub(crate) struct Mapping {
    pub journalposttype: Journalposttype,
    /// `dokumenttype` (M083), a local list in bokmål.
    pub dokumenttype: &'static str,
    /// Part of the PDF's file name.
    pub slug: &'static str,
    pub title: FirstLine,
    /// `dokumentetsDato`.
    pub document_date: Date,
    /// `sendtDato`.
    pub sent_at: Option<Timestamp>,
    pub parties: Vec<Korrespondansepart>,
    pub retention: Retention,
    /// Another document that this one reports on.
    pub about: Option<DocumentKey>,
}

/// Registration, title, parties and retention of a document. The defaults are those of DOMAIN § 7.
pub(crate) fn mapping(snapshot: &Snapshot, facts: &Facts, profile: &ArchiveProfile) -> Mapping {
    let mut mapping = match &snapshot.content {
        Content::PlanSnapshot(plan) => plan_snapshot(snapshot, plan),
        Content::MeetingMinutes(minutes) => meeting_minutes(snapshot, facts, minutes),
        Content::AnnualReport(report) => annual_report(snapshot, report),
    };
    // Outgoing and internal alike have the lead as sender: a journalpost without a party is not allowed (req. 2.6.3).
    mapping.parties.push(intern_avsender(facts));
    if let Some(decided) = profile.retention_for(snapshot.kind(), snapshot.case.plan_type) {
        mapping.retention = decided.clone();
    } else if let Retention::AssessLater { after_years } = &mut mapping.retention {
        *after_years = profile.screening_years;
    }
    mapping
}

/// What a reader's list calls a document type (DOMAIN § 6).
pub(crate) fn kind_label(kind: DocumentKind, form: WrittenForm) -> &'static str {
    match (kind, form) {
        (DocumentKind::PlanSnapshot, WrittenForm::Nb) => "Øyeblikksbilde av plan",
        (DocumentKind::PlanSnapshot, WrittenForm::Nn) => "Augneblinksbilete av plan",
        (DocumentKind::MeetingMinutes, _) => "Møtereferat",
        (DocumentKind::AnnualReport, _) => "Årsrapport",
    }
}

/// Nobody may dispose of it while it is screened; then somebody decides. The years are those of the profile.
const ASSESS_LATER: Retention = Retention::AssessLater { after_years: 60 };

fn plan_snapshot(snapshot: &Snapshot, plan: &PlanSnapshot) -> Mapping {
    let at = plan.record().snapshot_at;
    let year = match plan {
        PlanSnapshot::Iop(iop) => iop.school_year.as_str().to_owned(),
        PlanSnapshot::Ip(_) | PlanSnapshot::Es(_) | PlanSnapshot::Sl(_) => at.oslo_year().to_string(),
    };
    Mapping {
        journalposttype: Journalposttype::OrganinterntUtenOppfoelging,
        dokumenttype: titles::plan_type(plan.plan_type(), WrittenForm::Nb),
        slug: "plan",
        title: FirstLine::new(titles::plan_type(plan.plan_type(), snapshot.written_form), &year),
        document_date: at.oslo_date(),
        sent_at: None,
        parties: Vec::new(),
        retention: if plan.plan_type() == PlanType::Iop { Retention::Preserve } else { ASSESS_LATER },
        about: None,
    }
}

fn meeting_minutes(snapshot: &Snapshot, facts: &Facts, minutes: &MeetingMinutes) -> Mapping {
    let held = minutes.held_at.oslo_date();
    let recipient = |r: &pipeline_domain::MinutesRecipient| {
        let kind = if r.internal { Korrespondanseparttype::InternMottaker } else { Korrespondanseparttype::Mottaker };
        party(kind, without_places(r.name.expose(), snapshot, facts))
    };
    Mapping {
        journalposttype: Journalposttype::Utgaaende,
        dokumenttype: "Møtereferat",
        slug: "motereferat",
        title: FirstLine::new("Møtereferat", &held.naive().year().to_string()),
        document_date: held,
        sent_at: Some(minutes.sent_at),
        parties: minutes.recipients.iter().map(recipient).collect(),
        retention: ASSESS_LATER,
        about: None,
    }
}

fn annual_report(snapshot: &Snapshot, report: &AnnualReport) -> Mapping {
    // The same words in bokmål and nynorsk.
    const NAME: &str = "Årsrapport for individuell opplæringsplan";
    let finalised = report.finalised_at.oslo_date();
    Mapping {
        journalposttype: Journalposttype::Utgaaende,
        dokumenttype: NAME,
        slug: "arsrapport",
        title: FirstLine::new(NAME, report.school_year.as_str()),
        document_date: finalised,
        sent_at: report.access_given.iter().map(|given| given.at).min(),
        parties: report_receivers(snapshot, report),
        retention: Retention::Preserve,
        about: Some(DocumentKey { id: report.iop_ref.document_id, version: report.iop_ref.version }),
    }
}

/// The pupil from 15 years, before that the guardians; in kindergarten also the municipality (DOMAIN §§ 2, 6.5).
fn report_receivers(snapshot: &Snapshot, report: &AnnualReport) -> Vec<Korrespondansepart> {
    let case = &snapshot.case;
    let decides = report.is_for_the_pupil(case) || case.guardians.is_empty();
    let people = if decides { vec![&case.subject_name] } else { case.guardians.iter().map(|g| &g.name).collect() };
    let mut parties: Vec<_> = people.into_iter().map(|name| party(Korrespondanseparttype::Mottaker, name.expose().to_owned())).collect();
    if report.setting == ReportSetting::Kindergarten {
        parties.push(party(Korrespondanseparttype::Mottaker, case.municipality_name.expose().to_owned()));
    }
    parties
}

fn party(kind: Korrespondanseparttype, name: String) -> Korrespondansepart {
    Korrespondansepart { kind, name, unit: None, officer: None }
}

fn intern_avsender(facts: &Facts) -> Korrespondansepart {
    let hidden = facts.address_protection.hides_places();
    Korrespondansepart {
        kind: Korrespondanseparttype::InternAvsender,
        name: facts.lead_name.expose().to_owned(),
        unit: (!hidden).then(|| facts.administrative_unit.clone()),
        officer: Some(facts.lead_name.clone()),
    }
}

/// A receiver may be one of the case's units instead of a person: then address protection hides the name.
fn without_places(name: &str, snapshot: &Snapshot, facts: &Facts) -> String {
    let case = &snapshot.case;
    let is_unit = |unit: &Line| unit.expose().trim().eq_ignore_ascii_case(name.trim());
    if facts.address_protection.hides_places() && (is_unit(&case.unit_name) || is_unit(&case.lead_unit)) {
        HIDDEN_UNIT.to_owned()
    } else {
        name.to_owned()
    }
}

//! From document type to registration: one arm per [`Content`]. The fourth step of a new document type is an arm here.

use chrono::Datelike;
use pipeline_domain::{
    AnnualReport, Attachment, ConsentRecord, Content, Date, DocumentKey, DocumentKind, EvaluationReport, Line, MeetingInvitation,
    MeetingMinutes, PlanSnapshot, PlanType, ReportSetting, Snapshot, SnapshotRef, Timestamp, WrittenForm,
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
    /// `mottattDato`.
    pub received_at: Option<Timestamp>,
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
        Content::MeetingInvitation(invitation) => meeting_invitation(snapshot, facts, invitation),
        Content::ConsentRecord(consent) => consent_record(snapshot, consent),
        Content::EvaluationReport(report) => evaluation_report(snapshot, report),
        Content::ResponsibilityTransferNote(note) => note_of(snapshot, "overforing", note.accepted_at, Some(&note.snapshot_ref)),
        Content::SchoolYearTransferNote(note) => note_of(snapshot, "skolear", note.record.snapshot_at, Some(&note.snapshot_ref)),
        Content::ClosingNote(note) => note_of(snapshot, "avslutning", note.closed_at, Some(&note.last_snapshot_ref)),
        Content::ReopeningNote(note) => note_of(snapshot, "gjenapning", note.reopened_at, None),
        Content::MessageLog(log) => {
            Mapping { retention: ASSESS_LATER, ..note_of(snapshot, "internmeldinger", log.record.snapshot_at, None) }
        }
        Content::Attachment(attachment) => self::attachment(snapshot, attachment),
        Content::FolderOverview(overview) => note_of(snapshot, "innholdsliste", overview.record.snapshot_at, None),
    };
    // The lead stands at our end of every letter: a journalpost without a party is not allowed (req. 2.6.3).
    mapping.parties.push(own_end(facts, mapping.journalposttype));
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
        (DocumentKind::MeetingInvitation, _) => "Møteinnkalling",
        (DocumentKind::ConsentRecord, _) => "Samtykke",
        (DocumentKind::EvaluationReport, _) => "Evaluering",
        (DocumentKind::ResponsibilityTransferNote, _) => "Overføring av planansvar",
        (DocumentKind::SchoolYearTransferNote, WrittenForm::Nb) => "Overføring til nytt skoleår",
        (DocumentKind::SchoolYearTransferNote, WrittenForm::Nn) => "Overføring til nytt skuleår",
        (DocumentKind::ClosingNote, _) => "Avslutning av plan",
        (DocumentKind::ReopeningNote, WrittenForm::Nb) => "Gjenåpning",
        (DocumentKind::ReopeningNote, WrittenForm::Nn) => "Gjenopning",
        (DocumentKind::MessageLog, WrittenForm::Nb) => "Internmeldinger",
        (DocumentKind::MessageLog, WrittenForm::Nn) => "Internmeldingar",
        (DocumentKind::Attachment, _) => "Vedlegg",
        (DocumentKind::FolderOverview, WrittenForm::Nb) => "Innholdsliste",
        (DocumentKind::FolderOverview, WrittenForm::Nn) => "Innhaldsliste",
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
        received_at: None,
        sent_at: None,
        parties: Vec::new(),
        retention: if plan.plan_type() == PlanType::Iop { Retention::Preserve } else { ASSESS_LATER },
        about: None,
    }
}

fn meeting_minutes(snapshot: &Snapshot, facts: &Facts, minutes: &MeetingMinutes) -> Mapping {
    let held = minutes.held_at.oslo_date();
    let recipient =
        |r: &pipeline_domain::MinutesRecipient| party(receiver_kind(r.internal), without_places(r.name.expose(), snapshot, facts));
    Mapping {
        journalposttype: Journalposttype::Utgaaende,
        dokumenttype: "Møtereferat",
        slug: "motereferat",
        title: FirstLine::new("Møtereferat", &held.naive().year().to_string()),
        document_date: held,
        received_at: None,
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
        received_at: None,
        sent_at: report.access_given.iter().map(|given| given.at).min(),
        parties: report_receivers(snapshot, report),
        retention: Retention::Preserve,
        about: Some(report.iop_ref.key()),
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

fn meeting_invitation(snapshot: &Snapshot, facts: &Facts, invitation: &MeetingInvitation) -> Mapping {
    let sent_at = invitation.record.produced_at;
    let receiver = |i: &pipeline_domain::Invited| party(receiver_kind(i.internal), without_places(i.name.expose(), snapshot, facts));
    Mapping {
        journalposttype: Journalposttype::Utgaaende,
        dokumenttype: kind_label(DocumentKind::MeetingInvitation, WrittenForm::Nb),
        slug: "innkalling",
        title: FirstLine::new(&snapshot.content.title(snapshot.written_form), &sent_at.oslo_year().to_string()),
        document_date: sent_at.oslo_date(),
        received_at: None,
        sent_at: Some(sent_at),
        parties: invitation.invited.iter().map(receiver).collect(),
        retention: ASSESS_LATER,
        about: None,
    }
}

/// A letter from the one who consents. It is received when it was approved; a draft is not archived.
fn consent_record(snapshot: &Snapshot, consent: &ConsentRecord) -> Mapping {
    let received_at = consent.withdrawn_at.or(consent.approved_at);
    let day = received_at.unwrap_or(consent.record.snapshot_at).oslo_date();
    Mapping {
        journalposttype: Journalposttype::Inngaaende,
        dokumenttype: kind_label(DocumentKind::ConsentRecord, WrittenForm::Nb),
        slug: "samtykke",
        title: FirstLine::new(&snapshot.content.title(snapshot.written_form), &day.naive().year().to_string()),
        document_date: day,
        received_at,
        sent_at: None,
        parties: vec![party(Korrespondanseparttype::Avsender, consent.given_by.expose().to_owned())],
        retention: ASSESS_LATER,
        about: None,
    }
}

fn evaluation_report(snapshot: &Snapshot, report: &EvaluationReport) -> Mapping {
    let document_date = report.evaluated_at;
    let title = FirstLine::new(&snapshot.content.title(snapshot.written_form), &document_date.naive().year().to_string());
    Mapping { document_date, title, ..note_of(snapshot, "evaluering", report.record.snapshot_at, Some(&report.snapshot_ref)) }
}

/// A file that came by itself: the sheet that tells of it is the main document, the file its attachment (DOMAIN § 7).
fn attachment(snapshot: &Snapshot, attachment: &Attachment) -> Mapping {
    Mapping { about: attachment.belongs_to_document(), ..note_of(snapshot, "vedlegg", attachment.uploaded_at, None) }
}

/// An internal note, kept as long as its plan. A title that tells a school year tells no other year.
fn note_of(snapshot: &Snapshot, slug: &'static str, at: Timestamp, about: Option<&SnapshotRef>) -> Mapping {
    let kind = snapshot.kind();
    let year = match &snapshot.content {
        Content::SchoolYearTransferNote(note) => note.to_year.as_str().to_owned(),
        _ => at.oslo_year().to_string(),
    };
    Mapping {
        journalposttype: Journalposttype::OrganinterntUtenOppfoelging,
        dokumenttype: kind_label(kind, WrittenForm::Nb),
        slug,
        title: FirstLine::new(kind_label(kind, snapshot.written_form), &year),
        document_date: at.oslo_date(),
        received_at: None,
        sent_at: None,
        parties: Vec::new(),
        retention: if snapshot.case.plan_type == PlanType::Iop { Retention::Preserve } else { ASSESS_LATER },
        about: about.map(SnapshotRef::key),
    }
}

fn receiver_kind(internal: bool) -> Korrespondanseparttype {
    if internal { Korrespondanseparttype::InternMottaker } else { Korrespondanseparttype::Mottaker }
}

fn party(kind: Korrespondanseparttype, name: String) -> Korrespondansepart {
    Korrespondansepart { kind, name, unit: None, officer: None }
}

fn own_end(facts: &Facts, of: Journalposttype) -> Korrespondansepart {
    let hidden = facts.address_protection.hides_places();
    Korrespondansepart {
        kind: match of {
            Journalposttype::Inngaaende => Korrespondanseparttype::InternMottaker,
            Journalposttype::Utgaaende | Journalposttype::OrganinterntUtenOppfoelging => Korrespondanseparttype::InternAvsender,
        },
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

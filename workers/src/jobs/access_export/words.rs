//! What notices, roles and states are called for the one whom an export is about.

use pipeline_domain::{NoticeKind, RecipientRef, WrittenForm};
use pipeline_store::MailState;

const fn in_form(form: WrittenForm, nb: &'static str, nn: &'static str) -> &'static str {
    match form {
        WrittenForm::Nb => nb,
        WrittenForm::Nn => nn,
    }
}

/// What a notice told of.
pub fn notice(kind: NoticeKind, form: WrittenForm) -> &'static str {
    use NoticeKind as K;
    let (nb, nn) = match kind {
        K::ConsentRequest => ("Samtykke venter på svar", "Samtykke ventar på svar"),
        K::ConsentExpiring => ("Samtykke går snart ut", "Samtykke går snart ut"),
        K::ConsentExpired => ("Samtykke er utløpt", "Samtykke har gått ut"),
        K::ParticipantAdded => ("Tilgang gitt", "Tilgang gitt"),
        K::ParticipantRemoved => ("Tilgang avsluttet", "Tilgang avslutta"),
        K::MeetingInvited => ("Innkalling til møte", "Innkalling til møte"),
        K::MeetingChanged => ("Møte endret", "Møte endra"),
        K::MeetingCancelled => ("Møte avlyst", "Møte avlyst"),
        K::MeetingReminder => ("Påminnelse om møte", "Påminning om møte"),
        K::MinutesReady => ("Nytt referat", "Nytt referat"),
        K::MinutesCorrected => ("Rettet referat", "Retta referat"),
        K::NewMessage => ("Ny melding", "Ny melding"),
        K::AnnualReportDue => ("Årsrapport mangler", "Årsrapport manglar"),
        K::AnnualReportReady => ("Ny årsrapport", "Ny årsrapport"),
        K::ResponsibilityTransferred => ("Ny planansvarlig", "Ny planansvarleg"),
        K::PlanClosed => ("Plan avsluttet", "Plan avslutta"),
        K::PlanReopened => ("Plan gjenåpnet", "Plan opna att"),
        K::PrintReady => ("Utskrift klar", "Utskrift klar"),
        K::ArchiveFailed => ("Noe kunne ikke arkiveres", "Noko kunne ikkje arkiverast"),
        K::ArchiveReport => ("Arkivrapport", "Arkivrapport"),
        K::ContactStale => ("Kontaktopplysninger bør bekreftes", "Kontaktopplysningar bør stadfestast"),
        K::LeadDigest => ("Ukens oppgaver til planansvarlig", "Oppgåvene i veka til planansvarleg"),
        K::AddressBounced => ("En adresse tar ikke imot e-post", "Ei adresse tek ikkje imot e-post"),
    };
    in_form(form, nb, nn)
}

/// To whom, as a role: an export names no third party.
pub fn recipient(who: RecipientRef, form: WrittenForm) -> &'static str {
    use RecipientRef as R;
    let (nb, nn) = match who {
        R::Subject => ("Hovedperson", "Hovudperson"),
        R::Guardian(_) => ("Foresatt eller verge", "Føresett eller verje"),
        R::Participant(_) => ("Deltaker", "Deltakar"),
        R::Invited(_) => ("Innkalt til møte", "Kalla inn til møte"),
        R::Recipient(_) => ("Mottaker av dokumentet", "Mottakar av dokumentet"),
        R::Lead => ("Planansvarlig", "Planansvarleg"),
        R::FormerLead => ("Tidligere planansvarlig", "Tidlegare planansvarleg"),
        R::NewLead => ("Ny planansvarlig", "Ny planansvarleg"),
        R::ProfessionalLead => ("Faglig ansvarlig", "Fagleg ansvarleg"),
        R::LocalAdmin => ("Lokal administrator", "Lokal administrator"),
        R::Requester => ("Den som ba om utskriften", "Den som bad om utskrifta"),
        R::Archivist => ("Arkivar", "Arkivar"),
    };
    in_form(form, nb, nn)
}

/// What became of a mail.
pub fn mail_state(state: MailState, form: WrittenForm) -> &'static str {
    match state {
        MailState::Queued | MailState::Sending | MailState::BodySent => in_form(form, "venter", "ventar"),
        MailState::Accepted | MailState::Delivered => in_form(form, "sendt", "sendt"),
        MailState::Failed => in_form(form, "kom ikke fram", "kom ikkje fram"),
        MailState::Doubtful => in_form(form, "usikkert", "usikkert"),
    }
}

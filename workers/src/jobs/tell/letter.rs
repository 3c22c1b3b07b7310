//! One letter: whom it goes to, looked up at the last moment, what it may say, and whether it is still to be sent.

use pipeline_domain::{
    ActorId, Contact, DocumentId, EmailAddress, ErrorCode, Event, EventId, MunicipalityNumber, Notice, NoticeKind, RecipientRef, Snapshot,
    Timestamp, Turn,
};
use pipeline_intake::Reading;
use pipeline_notify::{Mail as Letter, MailFacts, ReportFacts, Sender};
use pipeline_store::{Documents, Mail, Plans, Run, RunId, Runs};

use super::footing::{Footing, Told, may_be_told};
use crate::{
    failure::Failure,
    jobs::{
        events,
        runs::{digest, plans::PlanNow},
    },
    shell::Shell,
};

const DAY_S: i64 = 24 * 60 * 60;

/// Ends the key of a notice about a run that left a report.
pub(super) const LEFT_A_REPORT: &str = "report";

/// What a notice to the archivist is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The mail is the report.
    Counts,
    /// The report lies in the data folder.
    Report,
}

/// Municipality and run of a report, from its key (see [`super::run_reports`] and [`super::scheduled_reports`]).
fn run_of(dedupe_key: &str) -> Option<(MunicipalityNumber, RunId, About)> {
    let mut parts = dedupe_key.split(':').nth(1)?.split('.');
    let (municipality, run) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    match parts.next() {
        None => Some((municipality, run, About::Counts)),
        Some(LEFT_A_REPORT) => Some((municipality, run, About::Report)),
        Some(_) => None,
    }
}

/// The finished letter: the same on every attempt, but for the checkpoint, which is the newest then.
pub async fn letter(shell: &Shell, mail: &Mail) -> Result<Letter, Failure> {
    make(shell, mail).await.map(|made| made.letter)
}

/// Where it goes, as the document or event has it.
pub async fn address(shell: &Shell, mail: &Mail) -> Result<EmailAddress, Failure> {
    make(shell, mail).await.map(|made| made.to)
}

/// What a letter is made of.
struct Made {
    to: EmailAddress,
    facts: MailFacts,
    letter: Letter,
    about: Option<Opening>,
    contact: Option<Contact>,
    footing: Footing,
}

/// What would have been opened, by whom (a pseudonym, where it is known), and since when: the instant at which it came.
type Opening = (DocumentId, Option<ActorId>, Timestamp);

async fn make(shell: &Shell, mail: &Mail) -> Result<Made, Failure> {
    let notice = notice_of(mail);
    let Found { municipality, to, facts, about, contact, footing } = match (mail.recipient, mail.event) {
        (RecipientRef::Archivist, _) => report_facts(shell, mail).await?,
        (_, Some(event)) => event_facts(shell, &notice, event, mail.queued_at).await?,
        (_, None) => document_facts(shell, &notice).await?,
    };
    let municipality = shell.municipality(&municipality)?;
    let sender = Sender { checkpoint: checkpoint(shell, &municipality.number).await, ..municipality.sender() };
    let letter = pipeline_notify::compose(&notice, &to, &sender, mail.queued_at, &municipality.mail_facts(facts))?;
    Ok(Made { to, facts, letter, about, contact, footing })
}

/// The newest checkpoint of the archive's log: from this mail anybody can show what the archive held when it was sent.
async fn checkpoint(shell: &Shell, number: &MunicipalityNumber) -> Option<String> {
    let (witnesses, number) = (shell.witnesses.clone(), number.clone());
    let newest = tokio::task::spawn_blocking(move || witnesses.checkpoint(&number)).await;
    newest.ok().flatten().and_then(|checkpoint| checkpoint.lines())
}

/// The letter, unless it is worth nothing any more at the moment of sending, or may not be sent.
pub(super) async fn timely(shell: &Shell, mail: &Mail) -> Result<Letter, Failure> {
    let Made { to, facts, letter, about, contact, footing } = make(shell, mail).await?;
    let stopped = |code, why: &str| Err(Failure::give_up(code, format!("notice {} {why}", mail.dedupe_key)));
    if !pipeline_notify::is_still_worth_sending(mail.kind, &facts, shell.clock.now()) {
        return stopped(ErrorCode::NoticeExpired, "came too late");
    }
    if mail.recipient != RecipientRef::Archivist && shell.store.address(shell.pseudonyms()?.address(&to)).await?.blocked_at.is_some() {
        return stopped(ErrorCode::AddressBounced, "goes to an address that takes no mail");
    }
    if let Some(folder) = &mail.folder {
        let plan = PlanNow::of(shell, folder).await?;
        let is_second = notice_of(mail).turn() == Turn::Second;
        if is_second && about.is_some_and(|(matter, person, since)| plan.life.is_dealt_with(mail.kind, matter, person, since)) {
            return stopped(ErrorCode::NoticeOpened, "tells of what was opened");
        }
        let told = Told { kind: mail.kind, recipient: mail.recipient, contact: contact.as_ref(), footing };
        if let Err(code) = may_be_told(shell, &plan, &told).await? {
            return stopped(code, "goes to somebody who may not be told any more");
        }
    }
    Ok(letter)
}

fn notice_of(mail: &Mail) -> Notice {
    Notice {
        kind: mail.kind,
        document: mail.document,
        event: mail.event,
        folder: mail.folder.clone(),
        recipient: mail.recipient,
        written_form: mail.written_form,
        dedupe_key: mail.dedupe_key.clone(),
    }
}

/// Where a letter goes and what it may say.
struct Found {
    municipality: MunicipalityNumber,
    to: EmailAddress,
    facts: MailFacts,
    about: Option<Opening>,
    contact: Option<Contact>,
    footing: Footing,
}

fn without_address(notice: &Notice) -> Failure {
    Failure::give_up(ErrorCode::RecipientWithoutAddress, format!("notice {} has no address", notice.dedupe_key))
}

async fn event_facts(shell: &Shell, notice: &Notice, id: EventId, queued_at: Timestamp) -> Result<Found, Failure> {
    let missing =
        || Failure::give_up(ErrorCode::DocumentMissing, format!("notice {}: its event is not in the database", notice.dedupe_key));
    let row = shell.store.event(id).await?.ok_or_else(missing)?;
    let event = events::read_back(shell, &row).await?;
    let to = pipeline_notify::event_address_of(notice, &event).ok_or_else(|| without_address(notice))?;
    let contact = event.contact(notice.recipient);
    let person = contact.and_then(|c| c.person);
    let about = event.content.matter.map(|matter| (matter, person, event.occurred_at));
    let municipality = event.case.municipality_number.clone();
    let facts = match (notice.kind, event.content.standing.lead) {
        (NoticeKind::LeadDigest, Some(lead)) => MailFacts::of_digest(digest::digest_counts(shell, &municipality, lead, queued_at).await?),
        (NoticeKind::PrintReady, _) => waiting_file(shell, &event, queued_at),
        // What a schedule found has a day of its own, not that of the event which holds the address.
        (kind, _) if !event.told().iter().any(|(told, _)| *told == kind) => MailFacts { read_by: None, ..MailFacts::of_event(&event) },
        _ => MailFacts::of_event(&event),
    };
    let footing = Footing::in_event(&event, notice.kind, contact);
    Ok(Found { municipality, to, facts, about, contact: contact.cloned(), footing })
}

/// What waits to be fetched goes after some days: until the day before it is told by when, and word of it is worth nothing later.
fn waiting_file(shell: &Shell, event: &Event, made_at: Timestamp) -> MailFacts {
    let after = |days: u32| Timestamp::from_unix_seconds(made_at.unix_seconds() + i64::from(days) * DAY_S);
    let days = shell.config.prints.keep_days;
    MailFacts { read_by: after(days - 1).map(Timestamp::oslo_date), expires_at: after(days), ..MailFacts::of_event(event) }
}

async fn document_facts(shell: &Shell, notice: &Notice) -> Result<Found, Failure> {
    let missing = |what: &str| Failure::give_up(ErrorCode::DocumentMissing, format!("notice {}: {what}", notice.dedupe_key));
    let key = notice.document.ok_or_else(|| missing("names no document"))?;
    let row = shell.store.document(key).await?.ok_or_else(|| missing("its document is not in the database"))?;
    let path = shell.data.accepted_file(row.digest);
    let reader = shell.reader.clone();
    let reading = tokio::task::spawn_blocking(move || std::fs::read(path).map(|bytes| reader.read(&bytes))).await;
    let snapshot: Box<Snapshot> = match reading.map_err(|_| missing("reading its document ended in an internal error"))? {
        Ok(Reading::Accepted(snapshot)) => snapshot,
        Ok(Reading::Refused(_)) => return Err(missing("its accepted file is not what was accepted")),
        Err(e) => return Err(missing(&format!("its accepted file cannot be read: {e}"))),
    };
    let to = pipeline_notify::address_of(notice, &snapshot).ok_or_else(|| without_address(notice))?;
    let contact = snapshot.content.contact(&snapshot.case, notice.recipient);
    let person = contact.and_then(|c| c.person);
    let about = Some((key.id, person, snapshot.content.record().produced_at));
    let (municipality, facts) = (row.reservation.folder.municipality, MailFacts::of(&snapshot));
    let footing = Footing::in_case(&snapshot.case, contact);
    Ok(Found { municipality, to, facts, about, contact: contact.cloned(), footing })
}

async fn report_facts(shell: &Shell, mail: &Mail) -> Result<Found, Failure> {
    let missing = |what: &str| Failure::give_up(ErrorCode::MailConfig, format!("report {}: {what}", mail.dedupe_key));
    let (number, id, about) = run_of(&mail.dedupe_key).ok_or_else(|| missing("names no run"))?;
    let to = shell.municipality(&number)?.mail.archivist.clone().ok_or_else(|| missing("the municipality names no archivist"))?;
    let run = shell.store.run(id).await?.ok_or_else(|| missing("its run is not in the database"))?;
    let facts = match about {
        About::Counts => MailFacts::of_run(counts_of(shell, &number, &run, mail).await?),
        // What a person should look at is what failed, whatever it was that the run did.
        About::Report => MailFacts::of_report(ReportFacts { to_follow_up: run.counts.failed }),
    };
    Ok(Found { municipality: number, to, facts, about: None, contact: None, footing: Footing::ByPlace })
}

async fn counts_of(shell: &Shell, number: &MunicipalityNumber, run: &Run, mail: &Mail) -> Result<pipeline_notify::RunCounts, Failure> {
    let ended = run.finished_at.unwrap_or(mail.queued_at);
    let paper = shell.store.paper_list().await?;
    let on_paper = paper.iter().filter(|p| p.folder.municipality == *number && p.at >= run.started_at && p.at <= ended).count();
    Ok(pipeline_notify::RunCounts {
        archived: run.counts.archived,
        already_there: run.counts.known,
        refused: run.counts.refused,
        failed: run.counts.failed,
        on_paper: u32::try_from(on_paper).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_what_it_is_about_by_its_key() {
        let run = RunId(uuid::Uuid::from_u128(7));
        let key =
            |rest: &str| pipeline_notify::run_report_notice(&format!("9901.{run}{rest}"), pipeline_domain::WrittenForm::Nb).dedupe_key;
        let number: MunicipalityNumber = "9901".parse().unwrap();
        assert_eq!(run_of(&key("")), Some((number.clone(), run, About::Counts)));
        assert_eq!(run_of(&key(".report")), Some((number, run, About::Report)));
        assert_eq!(run_of(&key(".other")), None);
        assert_eq!(run_of("archive_report:x:archivist"), None);
    }
}

//! `notify.second`: a second notice of what nobody has opened for seven days (DOMAIN § 8, eForvaltningsforskriften § 8). Looked at again
//! when it is sent: whoever has opened it meanwhile gets none.

use std::collections::BTreeMap;

use pipeline_domain::{CaseFolderId, Contact, DocumentId, ErrorCode, Notice, NoticeKind, Timestamp, Turn};
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{Documents, Mail, MailFilter, NewJob, Outbox, Plans};
use serde_json::json;

use super::plans::{Findings, PlanNow, read_document};
use crate::{
    failure::Failure,
    jobs::{
        events,
        stages::{notify_event_job, notify_job},
        tell::footing::{Footing, Told, may_be_told},
    },
    shell::Shell,
};

const DAY_S: i64 = 24 * 3600;
/// So long something may lie unopened.
const UNOPENED_S: i64 = 7 * DAY_S;
/// After a longer stop nobody is told of what is older: the second notice would come too late to help.
const TOO_OLD_S: i64 = 21 * DAY_S;
/// The newest so many mails are looked at: more than two weeks bring to a large municipality.
const MOST: u32 = 100_000;

pub async fn tell_again(shell: &Shell, ctx: &JobContext) -> Result<Conclusion, Failure> {
    let now = shell.clock.now();
    let (mut told, mut unread) = (0, 0_u32);
    for (folder, mails) in waiting(shell, now).await? {
        if ctx.stop.is_cancelled() {
            return Ok(Conclusion::stopped());
        }
        let plan = PlanNow::of(shell, &folder).await?;
        let mut findings = Findings::default();
        for mail in mails {
            let first = notice_of(&mail);
            let Some((second, job)) = first.second().zip(job_of(&mail)) else { continue };
            if shell.store.mail(&second.dedupe_key).await?.is_some() {
                continue;
            }
            let Some(ToldOf { matter, contact, footing, since }) = about(shell, &mail).await? else {
                unread += 1;
                continue;
            };
            let told = Told { kind: mail.kind, recipient: mail.recipient, contact: contact.as_ref(), footing };
            let person = contact.as_ref().and_then(|c| c.person);
            if !plan.life.is_dealt_with(mail.kind, matter, person, since) && may_be_told(shell, &plan, &told).await?.is_ok() {
                findings.add(second, job);
            }
        }
        told += findings.queue(shell).await?;
    }
    Ok(Conclusion::done_with(Vec::new(), json!({ "told": told, "unread": unread })))
}

/// First notices of a kind that has a second, sent so long ago, by plan.
async fn waiting(shell: &Shell, now: Timestamp) -> Result<BTreeMap<CaseFolderId, Vec<Mail>>, Failure> {
    let ago = |s: i64| Timestamp::from_unix_seconds(now.unix_seconds() - s);
    let sent = MailFilter {
        kinds: NoticeKind::ALL.into_iter().filter(|kind| kind.has_second()).collect(),
        settled_after: ago(TOO_OLD_S),
        // The filter leaves out the instant itself, at which seven days have gone by.
        settled_before: ago(UNOPENED_S - 1),
        ..MailFilter::default()
    };
    let mut waiting: BTreeMap<CaseFolderId, Vec<Mail>> = BTreeMap::new();
    for mail in shell.store.mails(&sent, MOST).await? {
        let is_first = notice_of(&mail).turn() == Turn::First;
        if let Some(folder) = mail.folder.clone().filter(|_| is_first) {
            waiting.entry(folder).or_default().push(mail);
        }
    }
    Ok(waiting)
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

fn job_of(mail: &Mail) -> Option<NewJob> {
    mail.event.map(notify_event_job).or_else(|| mail.document.map(notify_job))
}

/// What a mail told of, and whom.
struct ToldOf {
    matter: DocumentId,
    contact: Option<Contact>,
    footing: Footing,
    /// An older version may have been opened before.
    since: Timestamp,
}

/// `None` when the file that says so, and that has the address, is gone: then nobody can be told again.
async fn about(shell: &Shell, mail: &Mail) -> Result<Option<ToldOf>, Failure> {
    if let Some(id) = mail.event {
        let Some(row) = shell.store.event(id).await? else { return Ok(None) };
        let event = match events::read_back(shell, &row).await {
            Ok(event) => event,
            Err(failure) if failure.code == ErrorCode::DocumentMissing => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let contact = event.contact(mail.recipient);
        let footing = Footing::in_event(&event, mail.kind, contact);
        let told_of = |matter| ToldOf { matter, contact: contact.cloned(), footing, since: event.occurred_at };
        return Ok(event.content.matter.map(told_of));
    }
    let Some(key) = mail.document else { return Ok(None) };
    let Some(row) = shell.store.document(key).await? else { return Ok(None) };
    let Some(snapshot) = read_document(shell, row.digest).await? else { return Ok(None) };
    let contact = snapshot.content.contact(&snapshot.case, mail.recipient);
    let footing = Footing::in_case(&snapshot.case, contact);
    Ok(Some(ToldOf { matter: key.id, contact: contact.cloned(), footing, since: snapshot.content.record().produced_at }))
}

//! `meeting.remind`: two days before a meeting, those who were called to it and have not declined.
//!
//! Who that is stands in the newest version of the invitation; what they have answered, there or in the events that came since.
//! Nobody is reminded of one that is not in the archive yet. Who has no address was put on the paper list with the invitation itself.

use std::collections::HashSet;

use pipeline_domain::{Contact, Content, Invited, MeetingReply, Notice, RecipientRef, Snapshot};
use pipeline_lifecycle::{Meetings, Reminder, Whom, reminders};
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{DocumentRow, DocumentState, Documents};
use serde_json::json;

use super::plans::{Findings, PlanNow, read_document};
use crate::{
    failure::Failure,
    jobs::{
        stages::notify_job,
        tell::footing::{Footing, Told, may_be_told},
    },
    shell::Shell,
};

pub async fn remind(shell: &Shell, ctx: &JobContext) -> Result<Conclusion, Failure> {
    let now = shell.clock.now();
    let (mut told, mut unread) = (0, 0_u32);
    for folder in shell.store.folders().await? {
        if ctx.stop.is_cancelled() {
            return Ok(Conclusion::stopped());
        }
        let plan = PlanNow::of(shell, &folder.id).await?;
        let mut findings = Findings::default();
        for reminder in reminders(&plan.life, now).into_iter().filter(|r| r.whom == Whom::Called) {
            let Some(row) = invitation(shell, &reminder).await? else { continue };
            let Some(snapshot) = read_document(shell, row.digest).await? else {
                unread += 1;
                continue;
            };
            for notice in notices(&row, &snapshot, &reminder, &plan.life.meetings) {
                let contact = snapshot.content.contact(&snapshot.case, notice.recipient);
                let footing = Footing::in_case(&snapshot.case, contact);
                let told = Told { kind: notice.kind, recipient: notice.recipient, contact, footing };
                if may_be_told(shell, &plan, &told).await?.is_ok() {
                    findings.add(notice, notify_job(row.key));
                }
            }
        }
        told += findings.queue(shell).await?;
    }
    Ok(Conclusion::done_with(Vec::new(), json!({ "told": told, "unread": unread })))
}

/// The newest version of it, once it lies in the archive.
async fn invitation(shell: &Shell, reminder: &Reminder) -> Result<Option<DocumentRow>, Failure> {
    let newest = shell.store.versions(reminder.matter).await?.pop();
    Ok(newest.filter(|row| matches!(row.state, DocumentState::Archived | DocumentState::Notified)))
}

/// One for each who may come and has an address. Somebody who was called twice, as guardian and on duty, is reminded once.
fn notices(row: &DocumentRow, snapshot: &Snapshot, reminder: &Reminder, meetings: &Meetings) -> Vec<Notice> {
    let Content::MeetingInvitation(invitation) = &snapshot.content else { return Vec::new() };
    let mut seen = HashSet::new();
    let may_come = |invited: &Invited| reply(invited, reminder, meetings) != MeetingReply::Declined;
    let called = (0..).map(RecipientRef::Recipient).zip(&invitation.invited).filter(|(_, invited)| may_come(invited));
    let reached = called.filter_map(|(who, invited)| Some((who, invited.contact.as_ref()?)));
    reached
        .filter(|(_, contact)| seen.insert(identity(contact)))
        .map(|(recipient, contact)| Notice {
            kind: reminder.kind,
            document: Some(row.key),
            event: None,
            folder: Some(row.reservation.folder.clone()),
            recipient,
            written_form: contact.written_form,
            dedupe_key: reminder.dedupe_key(recipient),
        })
        .filter(|notice| pipeline_notify::address_of(notice, snapshot).is_some())
        .collect()
}

/// The last that they have said. Somebody without a pseudonym cannot be known to have answered but by the invitation.
fn reply(invited: &Invited, reminder: &Reminder, meetings: &Meetings) -> MeetingReply {
    let person = invited.contact.as_ref().and_then(|contact| contact.person);
    person.map_or(invited.reply, |person| meetings.reply_of(reminder.matter, person, invited.reply))
}

/// Known by the pseudonym, or by the address alone where there is none.
fn identity(contact: &Contact) -> (Option<pipeline_domain::ActorId>, Option<String>) {
    match contact.person {
        Some(person) => (Some(person), None),
        None => (None, contact.email.as_ref().map(|address| address.expose().to_lowercase())),
    }
}

//! `event`: what an event starts beside its notices. A job, so that it survives a crash; each deed may be done twice.

use std::{sync::Arc, time::Duration};

use pipeline_access::Role;
use pipeline_domain::{CaseFolderId, ErrorCode, Event, EventId, EventName, NextStep, NoticeKind, RecipientRef, Sha256, Verdict};
use pipeline_intake::Incoming;
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{DocumentFilter, DocumentState, Documents, FactRow, JobFilter, JobKind, JobRow, JobState, Jobs, NewJob, Plans};
use serde_json::{Value, json};

use super::{
    asked, exports,
    pickup::{self, Pickup},
    prints,
};
use crate::{
    access_log::{self, Opening},
    failure::Failure,
    jobs::{
        runs::{
            self, OnePlan,
            plans::{About, Findings},
        },
        stages::{queue, trouble},
    },
    shell::Shell,
};

/// A published name: rows outlive programs.
pub const KIND: JobKind = JobKind::of("event");

/// Jobs read at a time.
const MOST: u32 = 10_000;
/// When documents of the plan are on their way, a print of it waits so long and looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The job of an event that starts something.
pub fn job_of(event: &Event) -> Option<NewJob> {
    does_something(event.content.event).then(|| {
        let mut job = NewJob::new(KIND, queue::RUNS, json!({ "event_id": event.id }));
        job.unique_key = Some(format!("event:{}", event.id));
        job
    })
}

fn does_something(event: EventName) -> bool {
    asks_for_the_plan(event) || asked::is_request(event) || event == EventName::ContentOpened
}

/// The source system is asked for the plan as it is now. After a withdrawal that is the last one that may be shared.
fn asks_for_the_plan(event: EventName) -> bool {
    use EventName::*;
    matches!(event, ArchiveRequested | MeetingStartsSoon | ConsentWithdrawn | ConsentExpired)
}

/// The job.
pub async fn deed(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    let Some(id) = event_of(&ctx.job.args) else {
        return Conclusion::failed(ErrorCode::JobUnknownKind, "its arguments are not those of this version", NextStep::Failed);
    };
    match carry_out(&shell, id).await {
        Ok(Carried::Out) => Conclusion::done(),
        Ok(Carried::NotYet) => Conclusion::snooze_for(LOOK_AGAIN, None),
        Err(failure) => trouble(failure),
    }
}

fn event_of(args: &Value) -> Option<EventId> {
    args["event_id"].as_str()?.parse().ok()
}

/// Jobs that are not done.
async fn open_jobs(shell: &Shell) -> Result<Vec<JobRow>, Failure> {
    let mut open = Vec::new();
    for state in [JobState::Ready, JobState::Waiting, JobState::Running] {
        let filter = JobFilter { kind: Some(KIND), state: Some(state), ..JobFilter::default() };
        open.extend(shell.store.jobs(&filter, MOST).await?);
    }
    Ok(open)
}

/// Events that are to be carried out: their files are needed.
pub async fn awaited(shell: &Shell) -> Result<Vec<Sha256>, Failure> {
    let mut awaited = Vec::new();
    for job in open_jobs(shell).await? {
        if let Some(id) = event_of(&job.args)
            && let Some(row) = shell.store.event(id).await?
        {
            awaited.push(row.digest);
        }
    }
    Ok(awaited)
}

/// Does for `run-once` what the jobs do, and calls them off. Nobody else works here: one that counts as running was left by a worker
/// that died.
pub async fn carry_all(shell: &Shell) -> Result<(), Failure> {
    for job in open_jobs(shell).await? {
        let Some(id) = event_of(&job.args) else { continue };
        match carry_out(shell, id).await {
            Ok(Carried::Out) => {}
            // The next run looks again.
            Ok(Carried::NotYet) => continue,
            Err(failure) if failure.code == ErrorCode::NothingToPrint && failure.verdict == Verdict::Retry => {
                tracing::warn!(event.id = %id, code = %failure.code, "an event has to wait: {}", failure.detail);
                continue;
            }
            // One event that cannot be carried out stops nobody else; trying it again would not help.
            Err(failure) if failure.verdict == Verdict::GiveUp => {
                tracing::error!(event.id = %id, code = %failure.code, "an event could not be carried out: {}", failure.detail);
            }
            Err(failure) => return Err(failure),
        }
        shell.store.cancel_job(job.id).await?;
    }
    Ok(())
}

/// How far an event was carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carried {
    Out,
    /// Documents of the plan are on their way, and belong to what was asked for.
    NotYet,
}

async fn carry_out(shell: &Shell, id: EventId) -> Result<Carried, Failure> {
    let missing = || Failure::give_up(ErrorCode::DocumentMissing, format!("event {id} is not in the database"));
    let row = shell.store.event(id).await?.ok_or_else(missing)?;
    let event = read_back(shell, &row).await?;
    if let Some(pickup) = Pickup::of(&shell.data, &event) {
        return serve(shell, &event, &row.folder, &pickup).await;
    }
    let name = event.content.event;
    if matches!(name, EventName::ConsentWithdrawn | EventName::ConsentExpired) {
        pickup::take_back(shell, &row.folder).await?;
    }
    if asks_for_the_plan(name) {
        let plan = OnePlan { event: &event, folder: &row.folder };
        runs::ask_for(shell, &plan).await?;
    }
    if name == EventName::ContentOpened {
        note_opening(shell, &event, &row).await?;
    }
    Ok(Carried::Out)
}

/// Makes the file that somebody asked for, and tells them once that it is there. The file first: word of it follows only when it can be
/// fetched, under a key that is there once, however often this is done.
async fn serve(shell: &Shell, event: &Event, folder: &CaseFolderId, pickup: &Pickup) -> Result<Carried, Failure> {
    if is_something_on_its_way(shell, folder).await? {
        return Ok(Carried::NotYet);
    }
    let made = match event.content.event {
        EventName::ExportRequested => exports::make(shell, event, folder, pickup).await,
        _ => prints::make(shell, event, folder, pickup).await,
    };
    if let Err(failure) = made {
        if is_refusal(&failure) {
            pickup.remove()?;
        }
        return Err(Failure { detail: format!("event {}: {}", event.id, failure.detail), ..failure });
    }
    let mut findings = Findings::default();
    let about = About { kind: NoticeKind::PrintReady, event, folder };
    let key = format!("{}:{}:{}", NoticeKind::PrintReady.id(), event.id, RecipientRef::Requester);
    findings.tell(shell, &about, RecipientRef::Requester, key).await?;
    findings.queue(shell).await?;
    Ok(Carried::Out)
}

fn is_refusal(failure: &Failure) -> bool {
    matches!(failure.code, ErrorCode::NotAuthorised | ErrorCode::ConsentMissing | ErrorCode::ConsentExpired)
        && failure.verdict == Verdict::GiveUp
}

/// Documents that nobody has tried to archive yet: the source system sends the plan, and asks for a print of it.
async fn is_something_on_its_way(shell: &Shell, folder: &CaseFolderId) -> Result<bool, Failure> {
    let waiting = DocumentFilter { state: Some(DocumentState::Accepted), folder: Some(folder.clone()) };
    Ok(shell.store.documents(&waiting, MOST).await?.iter().any(|row| row.attempts == 0))
}

/// The event as it came.
pub async fn read_back(shell: &Shell, row: &FactRow) -> Result<Box<Event>, Failure> {
    let path = shell.data.accepted_file(row.digest);
    let reader = shell.reader.clone();
    let read = tokio::task::spawn_blocking(move || std::fs::read(path).map(|bytes| reader.take(&bytes))).await;
    let gone = |why: &str| Failure::give_up(ErrorCode::DocumentMissing, format!("the accepted file of an event {why}"));
    match read.map_err(|_| gone("could not be read: internal error"))? {
        Ok(Incoming::Event(event)) if event.digest == row.digest => Ok(event),
        Ok(_) => Err(gone("holds other content than was accepted")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(gone("is not there")),
        Err(e) => Err(Failure::retry(ErrorCode::ArchiveWrite, format!("the accepted file of an event cannot be read: {e}"))),
    }
}

/// «Who opened it and when», for what lies in the archive. A message inside the source system is remembered as a fact alone.
async fn note_opening(shell: &Shell, event: &Event, row: &FactRow) -> Result<(), Failure> {
    let content = &event.content;
    let (Some(matter), Some(actor), Some(role)) = (content.matter, content.actor, content.role.as_deref()) else { return Ok(()) };
    let Some(role) = Role::ALL.iter().copied().find(|known| known.id() == role) else {
        return Err(Failure::give_up(ErrorCode::MetadataInvalid, format!("event {} names a role that does not exist", event.id)));
    };
    let Some(document) = shell.store.versions(matter).await?.pop() else { return Ok(()) };
    let opening = Opening { at: event.occurred_at, actor, role, folder: row.folder.clone(), document: document.key, kind: document.kind };
    access_log::opened(&shell.data, &opening, shell.clock.now())
}

//! `event`: what an event starts beside its notices. A job, so that it survives a crash; each deed may be done twice.

use std::sync::Arc;

use pipeline_access::Role;
use pipeline_domain::{ErrorCode, Event, EventId, EventName, NextStep, Verdict};
use pipeline_intake::Incoming;
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{Documents, FactRow, JobFilter, JobKind, JobState, Jobs, NewJob, Plans};
use serde_json::{Value, json};

use crate::{
    access_log::{self, Opening},
    failure::Failure,
    jobs::{
        runs::{self, OnePlan},
        stages::{queue, trouble},
    },
    shell::Shell,
};

/// A published name: rows outlive programs.
pub const KIND: JobKind = JobKind::of("event");

/// Jobs read at a time.
const MOST: u32 = 10_000;

/// The job of an event that starts something.
pub fn job_of(event: &Event) -> Option<NewJob> {
    does_something(event.content.event).then(|| {
        let mut job = NewJob::new(KIND, queue::RUNS, json!({ "event_id": event.id }));
        job.unique_key = Some(format!("event:{}", event.id));
        job
    })
}

fn does_something(event: EventName) -> bool {
    asks_for_the_plan(event) || event == EventName::ContentOpened
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
    carry_out(&shell, id).await.map_or_else(trouble, |()| Conclusion::done())
}

fn event_of(args: &Value) -> Option<EventId> {
    args["event_id"].as_str()?.parse().ok()
}

/// Does for `run-once` what the jobs do, and calls them off.
pub async fn carry_all(shell: &Shell) -> Result<(), Failure> {
    // Nobody else works here: one that counts as running was left by a worker that died.
    for state in [JobState::Ready, JobState::Waiting, JobState::Running] {
        let filter = JobFilter { kind: Some(KIND), state: Some(state), ..JobFilter::default() };
        for job in shell.store.jobs(&filter, MOST).await? {
            let Some(id) = event_of(&job.args) else { continue };
            match carry_out(shell, id).await {
                // One event that cannot be carried out stops nobody else; trying it again would not help.
                Err(failure) if failure.verdict == Verdict::GiveUp => {
                    tracing::error!(event.id = %id, code = %failure.code, "an event could not be carried out: {}", failure.detail);
                }
                done => done?,
            }
            shell.store.cancel_job(job.id).await?;
        }
    }
    Ok(())
}

async fn carry_out(shell: &Shell, id: EventId) -> Result<(), Failure> {
    let missing = || Failure::give_up(ErrorCode::DocumentMissing, format!("event {id} is not in the database"));
    let row = shell.store.event(id).await?.ok_or_else(missing)?;
    let event = read_back(shell, &row).await?;
    match event.content.event {
        name if asks_for_the_plan(name) => {
            let plan = OnePlan { event: &event, folder: &row.folder };
            runs::ask_for(shell, &plan).await
        }
        EventName::ContentOpened => note_opening(shell, &event, &row).await,
        _ => Ok(()),
    }
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

//! Events of the source system: kept on disk, then remembered together with all that they lead to. In that order, so that a row always
//! has its file: the addresses of those who are told stand there alone.

mod asked;
mod deeds;
mod exports;
mod pickup;
mod prints;

use std::sync::Arc;

use pipeline_domain::{ErrorCode, Event, EventName, Fact, Sha256};
use pipeline_store::{EventAcceptance, NewEvent, Plan, Plans, SlotChange};

use crate::{
    data::DurableBatch,
    failure::Failure,
    jobs::{
        accept::{self, Answer, Refusal},
        runs::plans,
        stages,
    },
    shell::Shell,
};

pub use asked::is_own_side;
pub use deeds::{KIND, awaited, carry_all, deed, read_back};
pub use pickup::remove_old;

/// An event that intake has read.
#[derive(Clone)]
pub struct Heard {
    pub event: Arc<Event>,
    pub bytes: Arc<[u8]>,
}

/// Takes events in, in their order. Answers come in the same order; one that is refused leaves its file for the caller to forget.
pub async fn accept_all(shell: &Shell, heard: &[Heard]) -> Result<Vec<Answer>, Failure> {
    if heard.is_empty() {
        return Ok(Vec::new());
    }
    let _hold = accept::hold(shell).await?;
    keep(shell, heard).await?;
    let mut answers = Vec::with_capacity(heard.len());
    for Heard { event, .. } in heard {
        let problems = asked::problems(event);
        answers.push(if problems.is_empty() { accept(shell, event).await? } else { Answer::Refused(Refusal::from_problems(problems)) });
    }
    Ok(answers)
}

/// Puts the bytes into `accepted/`, but those of events that were taken before: what was in them is dealt with.
async fn keep(shell: &Shell, heard: &[Heard]) -> Result<(), Failure> {
    let digests: Vec<Sha256> = heard.iter().map(|h| h.event.digest).collect();
    let known = shell.store.events_among(&digests).await?;
    let new: Vec<Heard> = heard.iter().filter(|h| !known.contains(&h.event.digest)).cloned().collect();
    let folder = shell.data.accepted();
    let write = move || {
        let mut batch = DurableBatch::new(folder);
        for Heard { event, bytes } in &new {
            batch.add(&format!("{}.json", event.digest), bytes)?;
        }
        batch.finish()
    };
    let written = tokio::task::spawn_blocking(write).await.expect("writing does not panic");
    written.map(drop).map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot keep accepted events: {e}")))
}

async fn accept(shell: &Shell, event: &Event) -> Result<Answer, Failure> {
    note_address(shell, event).await?;
    let telling = plans::with_good_addresses(shell, event, pipeline_notify::event_notices(event)).await?;
    let mut jobs: Vec<_> = deeds::job_of(event).into_iter().collect();
    if !telling.by_mail.is_empty() {
        jobs.push(stages::notify_event_job(event.id));
    }
    let new = new_event(shell, event)?;
    Ok(match shell.store.accept_event(&new, &telling.by_mail, &telling.on_paper, &jobs).await? {
        EventAcceptance::New(folder) => {
            tracing::info!(event.id = %event.id, event.kind = event.content.event.id(), folder.id = %folder, "event taken");
            Answer::Event { id: event.id, folder, is_new: true }
        }
        EventAcceptance::Known(folder) => {
            tracing::info!(event.id = %event.id, folder.id = %folder, "event known already");
            Answer::Event { id: event.id, folder, is_new: false }
        }
        EventAcceptance::IdReused => Answer::Refused(Refusal::from_code(ErrorCode::DocumentIdReused)),
        EventAcceptance::SlotTaken(folder) => {
            tracing::warn!(event.id = %event.id, folder.id = %folder, "another open plan has the person's one place");
            Answer::Refused(Refusal::from_code(ErrorCode::PlanExists))
        }
    })
}

fn new_event(shell: &Shell, event: &Event) -> Result<NewEvent, Failure> {
    let source_system = event.system.parse().expect("intake has checked the source system's name");
    let takes_the_place = matches!(event.content.event, EventName::PlanCreated | EventName::SubjectIdentified);
    let slot = if takes_the_place { shell.pseudonyms()?.slot(&event.case) } else { None };
    Ok(NewEvent {
        id: event.id,
        digest: event.digest,
        plan: Plan { source_system, plan: event.case.plan_id, municipality: event.case.municipality_number.clone() },
        fact: Fact::of_event(event),
        tells_contacts: event.content.standing.lead_contact.is_some(),
        slot: slot.map_or(SlotChange::Keep, SlotChange::Claim),
        at: shell.clock.now(),
    })
}

/// What an event says of an address. Before its row: doing it twice changes nothing, and not doing it would be forgotten.
async fn note_address(shell: &Shell, event: &Event) -> Result<(), Failure> {
    let is_confirmed = match event.content.event {
        EventName::ContactUpdated => true,
        EventName::ContactBounced => false,
        _ => return Ok(()),
    };
    for address in event.addresses() {
        let key = shell.pseudonyms()?.address(address);
        if is_confirmed {
            shell.store.confirm_address(key, event.occurred_at).await?;
        } else {
            shell.store.block_address(key, ErrorCode::AddressBounced, event.occurred_at).await?;
        }
    }
    Ok(())
}

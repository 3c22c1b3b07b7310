//! Taking an event in, and queueing what a schedule found. Inside an open transaction.

use pipeline_domain::{EventId, Notice, RecipientRef, Timestamp};
use pipeline_store::{EventAcceptance, FactSource, NewEvent, NewJob, Recorded, StoreError};
use sqlx::PgConnection;

use crate::{
    accept::{one_at_a_time, open_folder, opened_folder},
    facts::{self, NewFact},
    jobs, mail, paper, slots,
};

/// What an event brings along.
pub(crate) struct Brought {
    pub notices: Vec<Notice>,
    pub on_paper: Vec<RecipientRef>,
    pub jobs: Vec<NewJob>,
}

pub(crate) async fn accept(c: &mut PgConnection, new: &NewEvent, brought: &Brought) -> Result<EventAcceptance, StoreError> {
    one_at_a_time(c).await?;
    if let Some(folder) = facts::folder_of_digest(c, new.digest).await? {
        return Ok(EventAcceptance::Known(folder));
    }
    if facts::has_event(c, new.id).await? {
        return Ok(EventAcceptance::IdReused);
    }
    let folder = opened_folder(c, &new.plan).await?;
    if let Some(holder) = slots::other_holder(c, new.slot, folder.as_ref()).await? {
        return Ok(EventAcceptance::SlotTaken(holder));
    }
    let folder = match folder {
        Some(folder) => folder,
        None => open_folder(c, &new.plan, new.at).await?,
    };
    let source = FactSource::Event(new.id);
    let fact = NewFact { folder: folder.row, source, digest: new.digest, tells_contacts: new.tells_contacts, fact: &new.fact, at: new.at };
    facts::keep(c, &fact).await?;
    slots::change(c, new.slot, folder.row).await?;
    for notice in &brought.notices {
        mail::queue(c, &Notice { folder: Some(folder.id.clone()), ..notice.clone() }, new.at).await?;
    }
    for recipient in &brought.on_paper {
        paper::list(c, source, *recipient, new.at).await?;
    }
    jobs::enqueue_in(c, &brought.jobs).await?;
    Ok(EventAcceptance::New(folder.id))
}

/// What a schedule found.
pub(crate) struct Found {
    pub notices: Vec<Notice>,
    pub on_paper: Vec<(EventId, RecipientRef)>,
    pub jobs: Vec<NewJob>,
    pub at: Timestamp,
}

/// How many notices and entries on paper were new.
pub(crate) async fn queue_notices(c: &mut PgConnection, found: &Found) -> Result<u32, StoreError> {
    let mut new = 0;
    for notice in &found.notices {
        new += u32::from(mail::queue(c, notice, found.at).await? == Recorded::Now);
    }
    for (event, recipient) in &found.on_paper {
        new += u32::from(paper::list(c, FactSource::Event(*event), *recipient, found.at).await? == Recorded::Now);
    }
    jobs::enqueue_in(c, &found.jobs).await?;
    Ok(new)
}

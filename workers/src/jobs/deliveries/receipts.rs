//! `delivery.receipts`: picks up what came back, and brings on whatever waits. What a crash left anywhere on the way is found here.

use std::{collections::BTreeSet, sync::Arc};

use pipeline_arkivmelding::{Arrived, FolderExchange, Happening, Receipt, Ticket, Transport};
use pipeline_domain::{CaseFolderId, DocumentKind, ErrorCode, MunicipalityNumber};
use pipeline_queue::Conclusion;
use pipeline_store::{
    Deliveries, DeliveryId, DeliveryRow, DeliveryState, DocumentFilter, DocumentState, Documents, Enqueued, Jobs, NewJob,
};
use serde_json::json;
use tokio::runtime::Handle;

use super::{book, deliver_job, exchange_path, keep::keep_all, keep_job, of, of_folder, open_exchange, outstanding, send::deliver_one};
use crate::{failure::Failure, jobs::document_jobs, shell::Shell};

/// Rows read at a time.
const PAGE: u32 = 256;
/// One call of the transport reads a thousand answers; what is more than this comes with the next run.
const MOST_ROUNDS: u32 = 50;

/// What a run did. Counts only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Answers that were written down.
    pub receipts: u32,
    /// What came in and is nothing of ours.
    pub set_aside: u32,
    /// Deliveries that wait for a person from now on.
    pub need_person: u32,
    /// Messages and folders that got a job, or were brought on at once.
    pub brought_on: u32,
}

impl Summary {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            receipts: self.receipts + other.receipts,
            set_aside: self.set_aside + other.set_aside,
            need_person: self.need_person + other.need_person,
            brought_on: self.brought_on + other.brought_on,
        }
    }
}

/// How what waits is brought on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By a job each, in the transaction of the queue.
    Jobs,
    /// At once: nobody else works here.
    Now,
}

/// The schedule's job.
pub async fn receipts(shell: &Arc<Shell>) -> Result<Conclusion, Failure> {
    let summary = run(shell, Way::Jobs).await?;
    Ok(Conclusion::done_with(Vec::new(), json!(summary)))
}

/// Does for `run-once` what the schedule and its jobs do. One exchange folder in trouble is told in the log and stops nothing else.
pub async fn carry_all(shell: &Arc<Shell>) -> Result<Summary, Failure> {
    run(shell, Way::Now).await
}

async fn run(shell: &Arc<Shell>, way: Way) -> Result<Summary, Failure> {
    let mut summary = Summary::default();
    if shell.municipalities.values().all(|m| m.delivery.is_none()) {
        return Ok(summary);
    }
    for number in shell.municipalities.keys() {
        match pick_up(shell, number, &mut summary).await {
            Err(failure) if failure.code == ErrorCode::StoreUnavailable => return Err(failure),
            Err(failure) => {
                tracing::error!(municipality = %number, code = %failure.code, "receipts were not picked up: {}", failure.detail);
            }
            Ok(()) => {}
        }
    }
    bring_on_due(shell, way, &mut summary).await?;
    keep_answers(shell, way, &mut summary).await?;
    Ok(summary)
}

/// Takes what lies in one exchange folder: written down first, then taken away.
async fn pick_up(shell: &Arc<Shell>, number: &MunicipalityNumber, summary: &mut Summary) -> Result<(), Failure> {
    let Some((_, delivery)) = of(shell, number) else { return Ok(()) };
    let (path, settings) = (exchange_path(shell, delivery), delivery.clone());
    let exchange = blocking(move || {
        let exchange = open_exchange(&path, &settings)?;
        exchange.sweep()?;
        Ok(exchange)
    })
    .await?;
    let exchange = Arc::new(exchange);
    let mut answered = BTreeSet::new();
    for _ in 0..MOST_ROUNDS {
        let arrived = arrivals(shell, number, &exchange).await?;
        if arrived.is_empty() {
            break;
        }
        for one in arrived {
            match one {
                Arrived::Receipt { ticket, receipt } => {
                    let folder = take(shell, &exchange, ticket, receipt, delivery.target.doubtful_after_hours, summary).await?;
                    answered.extend(folder);
                }
                Arrived::SetAside { name, reason } => {
                    summary.set_aside += 1;
                    tracing::warn!(municipality = %number, code = %reason.code(), "set aside as {name}");
                }
            }
        }
    }
    for folder in &answered {
        go_on(shell, folder).await?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "picking up receipts ended in an internal error"))?
}

async fn arrivals(shell: &Arc<Shell>, number: &MunicipalityNumber, exchange: &Arc<FolderExchange>) -> Result<Vec<Arrived>, Failure> {
    let (shell, exchange, number, here) = (shell.clone(), exchange.clone(), number.clone(), Handle::current());
    blocking(move || {
        // When the database is away nobody knows whose it is: it stays where it is.
        let known = |message: pipeline_arkivmelding::MessageId| match here.block_on(shell.store.delivery_of_message(message.uuid())) {
            Ok(row) => row.is_some_and(|row| row.folder.municipality == number),
            Err(_) => true,
        };
        Ok(exchange.arrivals(shell.clock.now(), &known)?)
    })
    .await
}

/// Writes one answer down and takes it away. Gives the folder if the answer was news.
async fn take(
    shell: &Arc<Shell>,
    exchange: &Arc<FolderExchange>,
    ticket: Ticket,
    receipt: Receipt,
    doubtful_after_hours: u32,
    summary: &mut Summary,
) -> Result<Option<CaseFolderId>, Failure> {
    let message = receipt.message;
    let row = shell.store.delivery_of_message(message.uuid()).await?;
    let row = row.ok_or_else(|| Failure::retry(ErrorCode::StoreUnavailable, format!("message {message} cannot be looked up now")))?;
    let before = row.revision;
    let happening = Happening::Arrived { receipt, at: shell.clock.now() };
    let row = book::record(shell, row, &happening, doubtful_after_hours).await?;
    let is_news = row.revision != before;
    if is_news {
        summary.receipts += 1;
        tell(&row, summary);
    }
    let over = row.state == DeliveryState::Accepted;
    let ids: Vec<_> = if over { book::life_of(&row)?.sendings().iter().map(|s| s.message).collect() } else { Vec::new() };
    let exchange = exchange.clone();
    blocking(move || {
        exchange.done(&ticket)?;
        // That it was handed over need not be known any more: it is not sent again.
        ids.into_iter().try_for_each(|id| exchange.forget(id))?;
        Ok(())
    })
    .await?;
    Ok(is_news.then_some(row.folder))
}

/// Once, when it comes to stand so.
fn tell(row: &DeliveryRow, summary: &mut Summary) {
    if row.state.needs_person() {
        summary.need_person += 1;
        let code = row.code.unwrap_or(ErrorCode::DeliveryRefused);
        tracing::error!(document.id = %row.document.id, folder.id = %row.folder, code = %code, part = %row.part, "a delivery needs a person");
    } else {
        tracing::info!(document.id = %row.document.id, folder.id = %row.folder, state = %row.state, part = %row.part, "answered");
    }
}

/// What waited for another message of this folder is due.
pub async fn wake(shell: &Shell, folder: &CaseFolderId) -> Result<(), Failure> {
    let now = shell.clock.now();
    for row in of_folder(shell, folder).await?.into_iter().filter(|row| row.state == DeliveryState::Waiting && row.code.is_none()) {
        let asked_for = book::life_of(&row)?.standing(now, u32::MAX);
        if matches!(asked_for, pipeline_arkivmelding::Standing::Waiting { not_before: None, .. }) {
            book::put_off(shell, row, now, None).await?;
        }
    }
    Ok(())
}

/// What waited for a receipt of this folder goes on: its other messages, and the note that closes its plan.
async fn go_on(shell: &Arc<Shell>, folder: &CaseFolderId) -> Result<(), Failure> {
    let now = shell.clock.now();
    wake(shell, folder).await?;
    if outstanding(shell, folder).await? > 0 {
        return Ok(());
    }
    for state in [DocumentState::Accepted, DocumentState::Failed] {
        let filter = DocumentFilter { state: Some(state), folder: Some(folder.clone()) };
        for document in shell.store.documents(&filter, u32::MAX).await? {
            let waits = matches!(document.last_code, Some(ErrorCode::DeliveryWaits | ErrorCode::ClosingWaits));
            if document.kind == DocumentKind::ClosingNote && waits {
                shell.store.retry_document(document.key, now, document_jobs).await?;
            }
        }
    }
    Ok(())
}

/// Whatever is to be looked at by now: sent, or in doubt.
async fn bring_on_due(shell: &Arc<Shell>, way: Way, summary: &mut Summary) -> Result<(), Failure> {
    let mut after: Option<DeliveryId> = None;
    loop {
        let page = shell.store.deliveries_due(shell.clock.now(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        let mut jobs = Vec::new();
        for row in page {
            match row.state {
                DeliveryState::Waiting if way == Way::Jobs => jobs.push(deliver_job(row.document, row.part, &row.folder)),
                DeliveryState::Waiting => {
                    summary.brought_on += 1;
                    // It is told in the log and stands in its row; others go on.
                    match deliver_one(shell, row.document, row.part).await {
                        Err(failure) if failure.code == ErrorCode::StoreUnavailable => return Err(failure),
                        _ => {}
                    }
                }
                _ => doubt(shell, row, summary).await?,
            }
        }
        summary.brought_on += enqueue(shell, jobs).await?;
    }
}

async fn doubt(shell: &Shell, row: DeliveryRow, summary: &mut Summary) -> Result<(), Failure> {
    let Some((_, delivery)) = of(shell, &row.folder.municipality) else { return Ok(()) };
    let before = row.state;
    let row = book::look(shell, row, delivery.target.doubtful_after_hours).await?;
    if row.state != before {
        tell(&row, summary);
    }
    Ok(())
}

async fn enqueue(shell: &Shell, jobs: Vec<NewJob>) -> Result<u32, Failure> {
    if jobs.is_empty() {
        return Ok(0);
    }
    let answers = shell.store.enqueue(&jobs).await?;
    Ok(u32::try_from(answers.iter().filter(|a| matches!(a, Enqueued::New(_))).count()).unwrap_or(u32::MAX))
}

/// Every folder that does not hold all that was answered gets it.
async fn keep_answers(shell: &Arc<Shell>, way: Way, summary: &mut Summary) -> Result<(), Failure> {
    let mut after: Option<DeliveryId> = None;
    let mut folders = BTreeSet::new();
    loop {
        let page = shell.store.deliveries_to_keep(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        folders.extend(page.into_iter().map(|row| row.folder));
    }
    if way == Way::Jobs {
        summary.brought_on += enqueue(shell, folders.iter().map(keep_job).collect()).await?;
        return Ok(());
    }
    for folder in folders {
        summary.brought_on += 1;
        match keep_all(shell, &folder, None).await {
            Err(failure) if failure.code == ErrorCode::StoreUnavailable => return Err(failure),
            Err(failure) => tracing::error!(folder.id = %folder, code = %failure.code, "receipts are not kept: {}", failure.detail),
            Ok(()) => {}
        }
    }
    Ok(())
}

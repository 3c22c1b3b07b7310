//! `deliver`: one message into the exchange folder.

use std::sync::Arc;

use pipeline_arkivmelding::{Delivery, Happening, MessageId, Next, Sending, Transport};
use pipeline_domain::{DocumentKey, ErrorCode, NextStep, Timestamp, Verdict};
use pipeline_queue::{Backoff, Conclusion, Failures, JobContext, Seed};
use pipeline_store::{Deliveries, DeliveryChange, DeliveryPart, DeliveryRow, DeliveryState, DocumentState, Documents};

use super::{DeliverArgs, book, exchange_path, gate, message::Told, of, of_folder, open_exchange, receipts, sender, subject};
use crate::{config::MunicipalityDelivery, failure::Failure, jobs::plan_now, jobs::stages::trouble, shell::Shell};

/// A document that is not recorded yet is looked for again after so long.
const SOON_S: i64 = 60;
/// What waits for another message is brought on by its receipt; should that be missed, it is looked at again after so long.
const HOUR_S: i64 = 3600;
/// The schedule gives a delivery whose job is in trouble another job after so long. An unfinished one is the same.
const TROUBLE_S: i64 = 600;

/// Hands one message over, when it is its turn.
pub async fn deliver(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    let Ok(args) = serde_json::from_value::<DeliverArgs>(ctx.job.args.clone()) else {
        return Conclusion::failed(ErrorCode::JobUnknownKind, "its arguments are not those of this version", NextStep::Failed);
    };
    let done = async {
        asked_by_a_person(&shell, &args).await?;
        deliver_one(&shell, args.key(), args.part.into()).await
    };
    match done.await {
        Ok(()) => Conclusion::done(),
        // The database was away: nobody's failure.
        Err(failure) if failure.code == ErrorCode::StoreUnavailable => trouble(failure),
        Err(failure) => {
            let now = shell.clock.now();
            let failures = Failures { count: ctx.job.failures + 1, first_at: ctx.job.first_failed_at.unwrap_or(now) };
            let next = Backoff::default().next_step(failure.verdict, failures, now, Seed::of(&args.key().to_string()));
            Conclusion::failed(failure.code, failure.detail, next)
        }
    }
}

/// A delivery that could not be made has a job again when a person brought its dead one back.
async fn asked_by_a_person(shell: &Shell, args: &DeliverArgs) -> Result<(), Failure> {
    let row = shell.store.delivery(args.key(), args.part.into()).await?;
    if let Some(row) = row.filter(|row| row.state == DeliveryState::Failed) {
        let hours = of(shell, &row.folder.municipality).map_or(1, |(_, delivery)| delivery.target.doubtful_after_hours);
        book::resend(shell, row, hours).await?;
    }
    Ok(())
}

/// Brings one delivery as far as it goes now. A failure is written down in its row as well.
pub async fn deliver_one(shell: &Arc<Shell>, document: DocumentKey, part: DeliveryPart) -> Result<(), Failure> {
    let Some(row) = shell.store.delivery(document, part).await? else { return Ok(()) };
    match bring_on(shell, row.clone()).await {
        Err(failure) if failure.code != ErrorCode::StoreUnavailable => {
            match failure.verdict {
                Verdict::GiveUp => {
                    tracing::error!(document.id = %document.id, code = %failure.code, "not delivered: {}", failure.detail);
                    book::end(shell, row, DeliveryState::Failed, Some(failure.code)).await?;
                }
                Verdict::Retry => {
                    tracing::warn!(document.id = %document.id, code = %failure.code, "not delivered yet: {}", failure.detail);
                    book::put_off(shell, row, in_s(shell, TROUBLE_S), Some(failure.code)).await?;
                }
            }
            Err(failure)
        }
        done => done,
    }
}

fn in_s(shell: &Shell, seconds: i64) -> Timestamp {
    let now = shell.clock.now();
    Timestamp::from_unix_seconds(now.unix_seconds() + seconds).unwrap_or(now)
}

async fn bring_on(shell: &Arc<Shell>, row: DeliveryRow) -> Result<(), Failure> {
    if row.state != DeliveryState::Waiting {
        return Ok(());
    }
    let Some((_, delivery)) = of(shell, &row.folder.municipality) else {
        // The target was taken out of the configuration. Should it come back, this goes on.
        return book::put_off(shell, row, in_s(shell, HOUR_S), None).await.map(drop);
    };
    let recorded = shell.store.document(row.document).await?;
    if !recorded.is_some_and(|d| matches!(d.state, DocumentState::Archived | DocumentState::Notified)) {
        return book::put_off(shell, row, in_s(shell, SOON_S), None).await.map(drop);
    }
    let row = in_todays_dialect(shell, row, delivery).await?;
    let hours = delivery.target.doubtful_after_hours;
    match book::life_of(&row)?.next(shell.clock.now(), hours) {
        Next::Send(sending) => send(shell, row, sending).await,
        Next::WaitUntil(_) | Next::TellPerson(_) | Next::Done => book::look(shell, row, hours).await.map(drop),
    }
}

/// What waits is sent in the format that the target has today: an id in the other one would be nobody's.
async fn in_todays_dialect(shell: &Shell, row: DeliveryRow, delivery: &MunicipalityDelivery) -> Result<DeliveryRow, Failure> {
    let now = shell.clock.now();
    book::change(shell, row, |row| {
        let is_other = row.state == DeliveryState::Waiting && book::life_of(row)?.dialect() != delivery.target.dialect;
        let anew = || book::write(&Delivery::new(subject(row.part, row.document), delivery.target.dialect));
        Ok(is_other.then(|| DeliveryChange { life: anew(), ..DeliveryChange::nothing(row, now) }))
    })
    .await
}

async fn send(shell: &Arc<Shell>, row: DeliveryRow, sending: Sending) -> Result<(), Failure> {
    let Some((_, delivery)) = of(shell, &row.folder.municipality) else { return Ok(()) };
    let hours = delivery.target.doubtful_after_hours;
    let id = MessageId::of(subject(row.part, row.document), delivery.target.dialect, sending);
    match hand_over(shell, &row, sending, id).await? {
        HandedOver::Yes => {
            let dropped = Happening::Dropped { sending, at: shell.clock.now() };
            book::record(shell, row.clone(), &dropped, hours).await?;
            tracing::info!(document.id = %row.document.id, folder.id = %row.folder, message.id = %id, part = %row.part, "handed over");
            Ok(())
        }
        HandedOver::NotYet => book::put_off(shell, row, in_s(shell, HOUR_S), None).await.map(drop),
        HandedOver::NothingToTell => {
            let row = book::end(shell, row, DeliveryState::Moot, None).await?;
            // What waited for it waits no more.
            receipts::wake(shell, &row.folder).await
        }
    }
}

/// What came of trying.
enum HandedOver {
    Yes,
    /// Another message of the folder goes first.
    NotYet,
    /// The folder was closed or opened again since.
    NothingToTell,
}

async fn hand_over(shell: &Arc<Shell>, row: &DeliveryRow, sending: Sending, id: MessageId) -> Result<HandedOver, Failure> {
    let others = of_folder(shell, &row.folder).await?;
    let protection = plan_now::life(shell, &row.folder).await?.protection;
    // Before anything can be answered.
    shell.store.name_message(row.id, id.uuid()).await?;
    let (shell, row) = (shell.clone(), row.clone());
    let work = move || {
        let Some((municipality, delivery)) = of(&shell, &row.folder.municipality) else { return Ok(HandedOver::NotYet) };
        let archive = shell.archive(&row.folder.municipality)?;
        let told = Told { archive: &archive, folder: &row.folder, protection, target: &delivery.target, sender: sender(municipality) };
        let Some(record) = told.record()? else { return Ok(HandedOver::NotYet) };
        if gate::waits(&row, &others, &record, delivery.target.closing()) {
            return Ok(HandedOver::NotYet);
        }
        let Some(message) = told.message(&record, row.document, row.part, sending)? else { return Ok(HandedOver::NothingToTell) };
        let exchange = open_exchange(&exchange_path(&shell, delivery), delivery)?;
        exchange.send(&message, &told.files()?)?;
        Ok(HandedOver::Yes)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "making a message ended in an internal error"))?
}

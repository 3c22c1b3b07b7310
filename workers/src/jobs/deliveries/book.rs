//! Writing down what happened to a delivery. Several may do so at once (the sender, who picks up receipts, a person), so each change is
//! made to what was seen, and made again when somebody else was quicker.

use pipeline_arkivmelding::{Answer, Delivery, Happening, SendingFacts, Standing};
use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_store::{Deliveries, DeliveryChange, DeliveryRow, DeliveryState, Recorded};

use crate::{failure::Failure, shell::Shell};

/// So often somebody else may be quicker.
const TRIES: u32 = 20;

/// The life as it stands in the row.
pub fn life_of(row: &DeliveryRow) -> Result<Delivery, Failure> {
    serde_json::from_str(&row.life)
        .map_err(|_| Failure::give_up(ErrorCode::StoreInconsistent, format!("the life of delivery {} cannot be read", row.id)))
}

/// The life as it stands in a row.
pub fn write(delivery: &Delivery) -> String {
    serde_json::to_string(delivery).expect("a delivery is writable as JSON")
}

/// Sendings whose answer is more than a word that they came: what the case folder keeps.
pub fn answers(delivery: &Delivery) -> Vec<SendingFacts> {
    let is_final = |s: &SendingFacts| s.answer.as_ref().is_some_and(|(answer, _)| *answer != Answer::Received);
    delivery.sendings().into_iter().filter(is_final).collect()
}

/// Changes a row by what `alter` makes of the newest. Gives the row as it is then.
pub async fn change(
    shell: &Shell,
    row: DeliveryRow,
    alter: impl Fn(&DeliveryRow) -> Result<Option<DeliveryChange>, Failure>,
) -> Result<DeliveryRow, Failure> {
    let mut row = row;
    for _ in 0..TRIES {
        let Some(change) = alter(&row)? else { return Ok(row) };
        if shell.store.change_delivery(row.id, row.revision, &change).await? == Recorded::Now {
            let DeliveryChange { state, code, life, is_kept, next_at, at } = change;
            return Ok(DeliveryRow { state, code, life, is_kept, next_at, changed_at: at, revision: row.revision + 1, ..row });
        }
        let newest = shell.store.delivery(row.document, row.part).await?;
        row = newest.ok_or_else(|| Failure::give_up(ErrorCode::StoreInconsistent, format!("delivery {} is gone", row.id)))?;
    }
    Err(Failure::retry(ErrorCode::StoreUnavailable, format!("delivery {} is changed by others all the time", row.id)))
}

/// Takes in what happened.
pub async fn record(shell: &Shell, row: DeliveryRow, happening: &Happening, doubtful_after_hours: u32) -> Result<DeliveryRow, Failure> {
    let now = shell.clock.now();
    change(shell, row, |row| {
        let before = life_of(row)?;
        let mut delivery = before.clone();
        if !delivery.record(happening.clone()) {
            return Ok(None);
        }
        let is_kept = row.is_kept && answers(&before) == answers(&delivery);
        Ok(Some(DeliveryChange { is_kept, ..standing(&delivery, now, doubtful_after_hours, row) }))
    })
    .await
}

/// Brings the row up to where the delivery stands by now.
pub async fn look(shell: &Shell, row: DeliveryRow, doubtful_after_hours: u32) -> Result<DeliveryRow, Failure> {
    let now = shell.clock.now();
    change(shell, row, |row| {
        // Of what is not to be told any more nothing is worked out.
        if row.state == DeliveryState::Moot {
            return Ok(None);
        }
        let change = standing(&life_of(row)?, now, doubtful_after_hours, row);
        Ok((change != DeliveryChange::nothing(row, now)).then_some(change))
    })
    .await
}

/// What the row says of a delivery that stands so.
fn standing(delivery: &Delivery, now: Timestamp, doubtful_after_hours: u32, row: &DeliveryRow) -> DeliveryChange {
    let (state, code, next_at) = match delivery.standing(now, doubtful_after_hours) {
        Standing::Waiting { not_before, .. } => (DeliveryState::Waiting, None, Some(not_before.unwrap_or(now))),
        Standing::Sent { doubtful_at } => (DeliveryState::Sent, None, Some(doubtful_at)),
        Standing::Received { doubtful_at } => (DeliveryState::Received, None, Some(doubtful_at)),
        Standing::Doubtful => (DeliveryState::Doubtful, Some(ErrorCode::DeliveryDoubtful), None),
        Standing::Refused(_) => (DeliveryState::Refused, Some(ErrorCode::DeliveryRefused), None),
        Standing::Accepted(_) => (DeliveryState::Accepted, None, None),
    };
    DeliveryChange { state, code, life: write(delivery), is_kept: row.is_kept, next_at, at: now }
}

/// It waits until then; `code` says what stands in the way, if anything does.
pub async fn put_off(shell: &Shell, row: DeliveryRow, until: Timestamp, code: Option<ErrorCode>) -> Result<DeliveryRow, Failure> {
    let now = shell.clock.now();
    change(shell, row, |row| {
        let waits = row.state == DeliveryState::Waiting;
        Ok(waits.then(|| DeliveryChange { code, next_at: Some(until), ..DeliveryChange::nothing(row, now) }))
    })
    .await
}

/// It is not sent, and no time will mend that: a person must, or nothing is to be told any more.
pub async fn end(shell: &Shell, row: DeliveryRow, state: DeliveryState, code: Option<ErrorCode>) -> Result<DeliveryRow, Failure> {
    let now = shell.clock.now();
    change(shell, row, |row| {
        let waits = row.state == DeliveryState::Waiting;
        Ok(waits.then(|| DeliveryChange { state, code, next_at: None, ..DeliveryChange::nothing(row, now) }))
    })
    .await
}

/// A person asks for it again: what was refused, is in doubt or could not be made is sent anew, and what waits is due at once. What is
/// under way or over is left alone. Whether anything changed.
pub async fn resend(shell: &Shell, row: DeliveryRow, doubtful_after_hours: u32) -> Result<(DeliveryRow, Recorded), Failure> {
    let now = shell.clock.now();
    let seen = row.revision;
    let row = look(shell, row, doubtful_after_hours).await?;
    let row = change(shell, row, |row| {
        let due = |state| DeliveryChange { state, code: None, next_at: Some(now), ..DeliveryChange::nothing(row, now) };
        Ok(match row.state {
            DeliveryState::Waiting | DeliveryState::Failed => Some(due(DeliveryState::Waiting)),
            DeliveryState::Refused | DeliveryState::Doubtful => {
                let mut delivery = life_of(row)?;
                let Some(last) = delivery.sendings().last().map(|s| s.sending) else { return Ok(Some(due(DeliveryState::Waiting))) };
                delivery.record(Happening::AskedAgain { after: last });
                Some(standing(&delivery, now, doubtful_after_hours, row))
            }
            DeliveryState::Sent | DeliveryState::Received | DeliveryState::Accepted | DeliveryState::Moot => None,
        })
    })
    .await?;
    let recorded = if row.revision != seen && row.state == DeliveryState::Waiting { Recorded::Now } else { Recorded::Before };
    Ok((row, recorded))
}

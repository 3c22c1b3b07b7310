//! Who sends mail: one process at a time, shown by an advisory lock that a session of its own holds. The server lets the lock go
//! when that session ends, however it ends.
//!
//! A session can end while its process lives: a cut connection, a restarted server. Then another process may become the one that
//! sends, while tasks of the first still talk to a mail server. So there is an *epoch* in the database: whoever becomes the one
//! raises it and frees what it finds claimed, and each step of a mail checks, in its transaction, that the epoch of its claim
//! still stands. A step under an older one changes nothing and answers [`StoreError::OutboxHeld`]: its task must not send.
//! A store that finds its own epoch unchanged when it comes back was the last to send; what is claimed is its own.

use std::{collections::HashMap, time::Duration};

use pipeline_domain::Timestamp;
use pipeline_store::{MailOutcome, StoreError};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    fault::{Doing, unavailable},
    locks::{self, Lock},
    mail,
};

const DOING: &str = "become the one that sends mail";
/// A store that was dropped a moment ago may still be letting go.
const HOLD_TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Grows with every change of who sends.
pub(crate) type Epoch = i64;

pub(crate) struct OutboxHold {
    options: PgConnectOptions,
    patience: Duration,
    hand: Mutex<Hand>,
}

/// What this store holds.
#[derive(Default)]
pub(crate) struct Hand {
    /// Holds the lock. None: we are not the one that sends.
    session: Option<PgConnection>,
    /// Of the last time that we became the one.
    epoch: Option<Epoch>,
    claims: HashMap<String, InHand>,
    closed: bool,
}

/// A mail that this store has claimed, or may have.
pub(crate) struct InHand {
    pub epoch: Epoch,
    pub open: Open,
}

/// What is not yet written down of a claim.
#[derive(Clone)]
pub(crate) enum Open {
    /// A task carries it.
    Carried,
    /// The claim got no answer, so nobody carries it: to be given back, if it was made.
    Unanswered,
    /// Carried to its end, but writing that down got no answer: to be written down, unless it was.
    Owed(MailOutcome, Timestamp),
    /// Owed, and refused when it could be written: the claim had been taken away. Its task may still ask, and learns that then.
    TakenAway,
}

impl OutboxHold {
    pub(crate) fn new(options: PgConnectOptions, patience: Duration) -> Self {
        Self { options, patience, hand: Mutex::default() }
    }

    pub(crate) async fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().await
    }

    /// Makes this store the one that sends, or says that another is. What a dead one left is freed then.
    pub(crate) async fn become_sender(&self, hand: &mut Hand) -> Result<Epoch, StoreError> {
        if hand.closed {
            return Err(unavailable(DOING, "the store is closed"));
        }
        if let (Some(session), Some(epoch)) = (&mut hand.session, hand.epoch)
            && tokio::time::timeout(self.patience, session.ping()).await.is_ok_and(|answer| answer.is_ok())
        {
            return Ok(epoch);
        }
        hand.session = None;
        let taken = tokio::time::timeout(self.patience, self.take(hand.epoch)).await;
        let (session, epoch) = taken.unwrap_or_else(|_| Err(unavailable(DOING, "no answer in time")))?;
        (hand.session, hand.epoch) = (Some(session), Some(epoch));
        Ok(epoch)
    }

    /// When anything fails the session goes, and the lock with it.
    async fn take(&self, last: Option<Epoch>) -> Result<(PgConnection, Epoch), StoreError> {
        let mut session = self.options.connect().await.doing(DOING)?;
        let mut tries_left = HOLD_TRIES;
        while !try_lock(&mut session).await? {
            if tries_left == 0 {
                return Err(StoreError::OutboxHeld);
            }
            tries_left -= 1;
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
        let epoch = take_over(&mut session, last).await?;
        Ok((session, epoch))
    }

    /// Lets the lock go, for good.
    pub(crate) async fn close(&self) {
        let mut hand = self.hand().await;
        hand.closed = true;
        if let Some(session) = hand.session.take() {
            session.close().await.ok();
        }
    }
}

impl Hand {
    /// Under which epoch this store claimed the mail.
    pub(crate) fn claim(&self, dedupe_key: &str) -> Option<Epoch> {
        self.claims.get(dedupe_key).map(|c| c.epoch)
    }

    /// Whether a task still carries the mail under an epoch that is over: until it says how it ended, it might still send.
    pub(crate) fn is_carried_since_before(&self, dedupe_key: &str, epoch: Epoch) -> bool {
        self.claims.get(dedupe_key).is_some_and(|claim| claim.epoch != epoch && matches!(claim.open, Open::Carried))
    }

    pub(crate) fn keep(&mut self, dedupe_key: &str, epoch: Epoch, open: Open) {
        self.claims.insert(dedupe_key.to_owned(), InHand { epoch, open });
    }

    pub(crate) fn put_down(&mut self, dedupe_key: &str) {
        self.claims.remove(dedupe_key);
    }

    /// What is to be written down for tasks that have gone.
    pub(crate) fn debts(&self) -> Vec<(String, Epoch, Open)> {
        let debts = self.claims.iter().filter(|(_, claim)| !matches!(claim.open, Open::Carried | Open::TakenAway));
        debts.map(|(key, claim)| (key.clone(), claim.epoch, claim.open.clone())).collect()
    }

    /// A step was refused for its epoch: another became the one that sends. To be looked into before the next claim.
    pub(crate) fn doubt(&mut self) {
        self.session = None;
    }
}

async fn try_lock(session: &mut PgConnection) -> Result<bool, StoreError> {
    let lock = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1, $2) as "taken!""#, locks::OURS, Lock::Outbox.number());
    lock.fetch_one(session).await.doing(DOING)
}

/// Steps under way hold the epoch's row in share mode: they end before it is raised, and none of them after.
async fn take_over(session: &mut PgConnection, last: Option<Epoch>) -> Result<Epoch, StoreError> {
    let mut t = session.begin().await.doing(DOING)?;
    let read = sqlx::query_scalar!("select epoch from outbox_holder where one = 1 for update");
    let stands = read.fetch_one(&mut *t).await.doing(DOING)?;
    if last == Some(stands) {
        t.rollback().await.doing(DOING)?;
        return Ok(stands);
    }
    let raise = sqlx::query_scalar!("update outbox_holder set epoch = epoch + 1 where one = 1 returning epoch");
    let epoch = raise.fetch_one(&mut *t).await.doing(DOING)?;
    mail::free_claims(&mut t).await?;
    t.commit().await.doing(DOING)?;
    Ok(epoch)
}

//! One place where tasks hand in their writes, which are carried out in groups.
//!
//! A durable commit costs an fsync, however much is in it, and every statement a round trip. So calls that arrive while the
//! commits of others are under way share the next transaction, and are answered after it. If one of a group fails, or two groups
//! get in each other's way, the group is undone and each of its calls is carried out again in a transaction of its own: one
//! that fails takes nobody else with it. (No savepoints: each would cost two round trips, and more than 64 of them in a
//! transaction slow down every other reader of the server.)

use std::{future::Future, io, pin::Pin, sync::Arc, time::Duration};

use pipeline_store::StoreError;
use sqlx::{PgConnection, PgPool};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::fault::{may_pass, meaning, unavailable};

/// Most calls in one transaction: bounds how long the first of them waits for the last.
const GROUP: usize = 64;
/// Calls that may wait before further callers are held back.
const WAITING: usize = 1024;
/// Transactions under way at once. Measured with 32 callers, fsync on, on two busy cores (median of three rounds, per second):
/// 487 recordings with four, 193 with one, 325 with a connection for each caller and no groups; 280, 267 and 148 acceptances.
pub(crate) const LANES: u32 = 4;
/// How often a transaction is begun again when another got in its way.
const TRIES: u32 = 6;
/// Before the second try; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a call does inside a transaction. May be carried out more than once, each time from a clean state.
pub(crate) type Deed<I, T> = for<'a> fn(&'a mut PgConnection, &'a I) -> BoxFuture<'a, Result<T, StoreError>>;

/// Handle on the writer task. The task ends when the last handle is gone and every call is answered.
#[derive(Clone)]
pub(crate) struct Writer {
    orders: mpsc::Sender<Order>,
    desk: Desk,
}

/// Where transactions are made.
#[derive(Clone)]
struct Desk {
    pool: PgPool,
    patience: Duration,
}

enum Order {
    Work(Box<dyn Work>),
    Stop(oneshot::Sender<()>),
}

/// One call, its answer kept until the group is durable.
trait Work: Send {
    fn doing(&self) -> &'static str;
    /// Does the work inside the open transaction. `false` when it failed.
    fn run<'a>(&'a mut self, connection: &'a mut PgConnection) -> BoxFuture<'a, bool>;
    /// What the last run failed with, if it did.
    fn failure(&self) -> Option<&StoreError>;
    /// Answers the caller. `fault` is what happened to the transaction, if anything.
    fn answer(self: Box<Self>, fault: Option<StoreError>);
}

struct Call<I, T> {
    doing: &'static str,
    input: I,
    deed: Deed<I, T>,
    done: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<I: Send + Sync + 'static, T: Send + 'static> Work for Call<I, T> {
    fn doing(&self) -> &'static str {
        self.doing
    }

    fn run<'a>(&'a mut self, connection: &'a mut PgConnection) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            self.done = None;
            let done = (self.deed)(connection, &self.input).await;
            let keep = done.is_ok();
            self.done = Some(done);
            keep
        })
    }

    fn failure(&self) -> Option<&StoreError> {
        self.done.as_ref()?.as_ref().err()
    }

    fn answer(self: Box<Self>, fault: Option<StoreError>) {
        let answer = match (fault, self.done) {
            // Its own failure says more than the transaction's.
            (_, Some(Err(own))) => Err(own),
            (Some(fault), _) => Err(fault),
            (None, Some(done)) => done,
            (None, None) => Err(gone(self.doing)),
        };
        // A caller that has gone away is not waited for.
        self.caller.send(answer).ok();
    }
}

impl Writer {
    /// Starts the task.
    pub(crate) fn start(pool: PgPool, patience: Duration) -> Self {
        let (orders, incoming) = mpsc::channel(WAITING);
        let desk = Desk { pool, patience };
        tokio::spawn(serve(desk.clone(), incoming));
        Self { orders, desk }
    }

    /// Has `deed` carried out in a transaction that it may share with others, and returns when it is durable.
    pub(crate) async fn write<I, T>(&self, doing: &'static str, input: I, deed: Deed<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let call = Box::new(Call { doing, input, deed, done: None, caller });
        self.orders.send(Order::Work(call)).await.map_err(|_| gone(doing))?;
        answer.await.map_err(|_| gone(doing))?
    }

    /// Has `deed` carried out at once in a transaction of its own: for calls that are groups themselves, or must not wait.
    pub(crate) async fn write_apart<I, T>(&self, doing: &'static str, input: I, deed: Deed<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let call: Box<dyn Work> = Box::new(Call { doing, input, deed, done: None, caller });
        let desk = self.desk.clone();
        // In a task, so that a caller that goes away leaves no half-done transaction on a pooled connection.
        tokio::spawn(async move { desk.alone(call).await });
        answer.await.map_err(|_| gone(doing))?
    }

    /// Ends the task after what was ordered before.
    pub(crate) async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.orders.send(Order::Stop(stopped)).await.is_ok() {
            wait.await.ok();
        }
    }
}

fn gone(doing: &'static str) -> StoreError {
    unavailable(doing, "the store is closed")
}

async fn serve(desk: Desk, mut incoming: mpsc::Receiver<Order>) {
    let lanes = Arc::new(Semaphore::new(LANES as usize));
    let mut orders = Vec::with_capacity(GROUP);
    let mut stopped = None;
    while stopped.is_none() {
        // First a free lane, then the orders: what arrives while all are busy shares the next transaction.
        let lane = Arc::clone(&lanes).acquire_owned().await.expect("never closed");
        if incoming.recv_many(&mut orders, GROUP).await == 0 {
            break;
        }
        let mut group = Vec::with_capacity(orders.len());
        for order in orders.drain(..) {
            match order {
                Order::Work(call) => group.push(call),
                Order::Stop(caller) => stopped = Some(caller),
            }
        }
        let desk = desk.clone();
        tokio::spawn(async move {
            desk.carry_out(group).await;
            drop(lane);
        });
    }
    // Every lane free: every call answered.
    lanes.acquire_many(LANES).await.expect("never closed").forget();
    if let Some(caller) = stopped {
        caller.send(()).ok();
    }
}

/// Why a transaction is undone.
enum Undone {
    /// The call at this place in the group failed, and says why. The connection is whole.
    ByCall(usize),
    /// The transaction itself failed, or its connection: nobody knows how it ended.
    ByFault(sqlx::Error),
}

impl Desk {
    async fn carry_out(&self, mut group: Vec<Box<dyn Work>>) {
        if group.len() > 1 {
            match self.transact(&mut group).await {
                Ok(()) => return answer(group, None),
                Err(Undone::ByFault(fault)) => return answer(group, Some(&fault)),
                Err(Undone::ByCall(_)) => {}
            }
        }
        for call in group {
            self.alone(call).await;
        }
    }

    /// One call, begun again a few times when others get in its way.
    async fn alone(&self, call: Box<dyn Work>) {
        let mut group = vec![call];
        let mut pause = FIRST_PAUSE;
        let mut tries_left = TRIES;
        let fault = loop {
            tries_left -= 1;
            match self.transact(&mut group).await {
                Err(Undone::ByCall(n)) if tries_left > 0 && group[n].failure().is_some_and(may_pass) => {}
                Err(Undone::ByFault(fault)) => break Some(fault),
                Ok(()) | Err(Undone::ByCall(_)) => break None,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        };
        answer(group, fault.as_ref());
    }

    /// A connection whose state nobody knows is closed, not given back: the server undoes what it was doing.
    async fn transact(&self, group: &mut [Box<dyn Work>]) -> Result<(), Undone> {
        let mut connection = self.pool.acquire().await.map_err(Undone::ByFault)?;
        let ended = match tokio::time::timeout(self.patience, in_transaction(&mut connection, group)).await {
            Ok(ended) => ended,
            Err(_) => Err(Undone::ByFault(sqlx::Error::Io(io::ErrorKind::TimedOut.into()))),
        };
        if let Err(Undone::ByFault(_)) = ended {
            drop(connection.detach());
        }
        ended
    }
}

async fn in_transaction(connection: &mut PgConnection, group: &mut [Box<dyn Work>]) -> Result<(), Undone> {
    run(connection, "begin").await?;
    for (n, call) in group.iter_mut().enumerate() {
        if !call.run(connection).await {
            run(connection, "rollback").await?;
            return Err(Undone::ByCall(n));
        }
    }
    run(connection, "commit").await
}

async fn run(connection: &mut PgConnection, sql: &'static str) -> Result<(), Undone> {
    sqlx::raw_sql(sql).execute(connection).await.map_err(Undone::ByFault)?;
    Ok(())
}

fn answer(group: Vec<Box<dyn Work>>, fault: Option<&sqlx::Error>) {
    for call in group {
        let fault = fault.map(|error| meaning(call.doing(), error));
        call.answer(fault);
    }
}

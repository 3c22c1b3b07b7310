//! One writer for all tasks, which groups their writes.
//!
//! A durable commit costs an fsync, however much is in it. So calls that arrive while one commit is under way are carried out
//! in one transaction and answered after it: each in its own savepoint, so that one that fails takes nobody else with it.
//!
//! After a fault of the whole group (disk full, input or output error, damage) nobody knows what state the connection is in:
//! it is dropped, and the next group gets a new one (`seat.rs`).

use std::{future::Future, pin::Pin, sync::Arc};

use pipeline_store::StoreError;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use crate::{fault::meaning, hold::OutboxHold, seat::Seat, wake::Wake};

/// Most calls in one transaction: bounds how long the first of them waits for the last.
const GROUP: usize = 128;
/// Calls that may wait before further callers are held back.
const WAITING: usize = 1024;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Handle on the writer task. The task ends when the last handle is gone and every call is answered.
#[derive(Clone)]
pub(crate) struct Writer {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Work(Box<dyn Work>),
    Look,
    Stop(oneshot::Sender<()>),
}

/// One call, its answer kept until the group is durable.
trait Work: Send {
    /// Does the work inside the open transaction. `false` when it failed and must be undone.
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, bool>;
    /// Whether, once durable, it may have made a job claimable.
    fn wakes(&self) -> bool;
    /// Answers the caller. `fault` is what happened to the whole group, if anything.
    fn answer(self: Box<Self>, fault: Option<&sqlx::Error>);
}

struct Call<T, F> {
    doing: &'static str,
    work: Option<F>,
    wakes: fn(&T) -> bool,
    done: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work for Call<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let work = self.work.take().expect("a call is carried out once");
            let done = work(connection).await;
            let keep = done.is_ok();
            self.done = Some(done);
            keep
        })
    }

    fn wakes(&self) -> bool {
        matches!(&self.done, Some(Ok(done)) if (self.wakes)(done))
    }

    fn answer(self: Box<Self>, fault: Option<&sqlx::Error>) {
        let answer = match (fault, self.done) {
            // Its own failure says more than the group's.
            (_, Some(Err(own))) => Err(own),
            (Some(fault), _) => Err(meaning(self.doing, fault)),
            (None, Some(done)) => done,
            (None, None) => Err(gone(self.doing)),
        };
        // A caller that has gone away is not waited for.
        self.caller.send(answer).ok();
    }
}

impl Writer {
    /// Starts the task. It holds on to `outbox`, so that nobody else sends mail while a claim of ours may still be written.
    pub(crate) fn start(seat: Seat, outbox: Arc<OutboxHold>, wake: Wake) -> Self {
        let (orders, incoming) = mpsc::channel(WAITING);
        tokio::spawn(serve(seat, incoming, outbox, wake));
        Self { orders }
    }

    /// Has `work` carried out in a transaction, and returns when it is durable.
    pub(crate) async fn write<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.write_and_wake(doing, |_| false, work).await
    }

    /// As [`write`](Self::write); then whoever waits for jobs is woken, if `wakes` says so of the answer. Also when the caller
    /// has gone away meanwhile.
    pub(crate) async fn write_and_wake<T, F>(&self, doing: &'static str, wakes: fn(&T) -> bool, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let call = Box::new(Call { doing, work: Some(work), wakes, done: None, caller });
        self.orders.send(Order::Work(call)).await.map_err(|_| gone(doing))?;
        answer.await.map_err(|_| gone(doing))?
    }

    /// Ends the task after what was ordered before.
    pub(crate) async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.orders.send(Order::Stop(stopped)).await.is_ok() {
            wait.await.ok();
        }
    }

    /// Asks the writer to look for other processes' commits, without keeping it alive.
    pub(crate) fn looker(&self) -> Looker {
        Looker { orders: self.orders.downgrade() }
    }
}

pub(crate) struct Looker {
    orders: mpsc::WeakSender<Order>,
}

impl Looker {
    /// `false` when the writer is gone. A writer that is busy looks when it comes to it.
    pub(crate) async fn look(&self) -> bool {
        match self.orders.upgrade() {
            Some(orders) => orders.send(Order::Look).await.is_ok(),
            None => false,
        }
    }
}

fn gone(doing: &'static str) -> StoreError {
    StoreError::Unavailable { doing, source: "the store is closed".into() }
}

async fn serve(mut seat: Seat, mut incoming: mpsc::Receiver<Order>, outbox: Arc<OutboxHold>, wake: Wake) {
    let mut orders = Vec::with_capacity(GROUP);
    let mut stopped = None;
    while stopped.is_none() && incoming.recv_many(&mut orders, GROUP).await > 0 {
        let mut group = Vec::with_capacity(orders.len());
        let mut looks = false;
        for order in orders.drain(..) {
            match order {
                Order::Work(call) => group.push(call),
                Order::Look => looks = true,
                Order::Stop(caller) => stopped = Some(caller),
            }
        }
        carry_out(&mut seat, group, &wake).await;
        if looks && seat.others_have_written().await {
            wake.bump();
        }
    }
    seat.close().await;
    outbox.unlock();
    if let Some(caller) = stopped {
        caller.send(()).ok();
    }
}

async fn carry_out(seat: &mut Seat, mut group: Vec<Box<dyn Work>>, wake: &Wake) {
    if group.is_empty() {
        return;
    }
    let fault = match seat.connection().await {
        Ok(connection) => transact(connection, &mut group).await.err(),
        Err(fault) => Some(fault),
    };
    seat.after(fault.as_ref()).await;
    if fault.is_none() && group.iter().any(|call| call.wakes()) {
        wake.bump();
    }
    for call in group {
        call.answer(fault.as_ref());
    }
}

/// `begin immediate`: the write lock first, so that what is read inside cannot go stale.
async fn transact(connection: &mut SqliteConnection, group: &mut [Box<dyn Work>]) -> Result<(), sqlx::Error> {
    sqlx::query("begin immediate").execute(&mut *connection).await?;
    for call in group {
        sqlx::query("savepoint call").execute(&mut *connection).await?;
        if !call.run(connection).await {
            sqlx::query("rollback to call").execute(&mut *connection).await?;
        }
        sqlx::query("release call").execute(&mut *connection).await?;
    }
    sqlx::query("commit").execute(connection).await?;
    Ok(())
}

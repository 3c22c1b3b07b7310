//! One writer for all tasks, which groups their writes.
//!
//! A durable commit costs an fsync, however much is in it. So calls that arrive while one commit is under way are carried out
//! in one transaction and answered after it: each in its own savepoint, so that one that fails takes nobody else with it.

use std::{future::Future, pin::Pin, sync::Arc};

use pipeline_store::StoreError;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::{fault::meaning, hold::OutboxHold};

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
    Stop(oneshot::Sender<()>),
}

/// One call, its answer kept until the group is durable.
trait Work: Send {
    /// Does the work inside the open transaction. `false` when it failed and must be undone.
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, bool>;
    /// Answers the caller. `fault` is what happened to the whole group, if anything.
    fn answer(self: Box<Self>, fault: Option<&sqlx::Error>);
}

struct Call<T, F> {
    doing: &'static str,
    work: Option<F>,
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
    pub(crate) fn start(connection: SqliteConnection, outbox: Arc<OutboxHold>) -> Self {
        let (orders, incoming) = mpsc::channel(WAITING);
        tokio::spawn(serve(connection, incoming, outbox));
        Self { orders }
    }

    /// Has `work` carried out in a transaction, and returns when it is durable.
    pub(crate) async fn write<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let call = Box::new(Call { doing, work: Some(work), done: None, caller });
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
}

fn gone(doing: &'static str) -> StoreError {
    StoreError::Unavailable { doing, source: "the store is closed".into() }
}

async fn serve(mut connection: SqliteConnection, mut incoming: mpsc::Receiver<Order>, outbox: Arc<OutboxHold>) {
    let mut orders = Vec::with_capacity(GROUP);
    let mut stopped = None;
    while stopped.is_none() && incoming.recv_many(&mut orders, GROUP).await > 0 {
        let mut group = Vec::with_capacity(orders.len());
        for order in orders.drain(..) {
            match order {
                Order::Work(call) => group.push(call),
                Order::Stop(caller) => stopped = Some(caller),
            }
        }
        carry_out(&mut connection, group).await;
    }
    connection.close().await.ok();
    outbox.unlock();
    if let Some(caller) = stopped {
        caller.send(()).ok();
    }
}

async fn carry_out(connection: &mut SqliteConnection, mut group: Vec<Box<dyn Work>>) {
    if group.is_empty() {
        return;
    }
    let fault = transact(connection, &mut group).await.err();
    if fault.is_some() {
        // Fails when SQLite has rolled back by itself; then there is nothing to do.
        sqlx::query("rollback").execute(&mut *connection).await.ok();
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

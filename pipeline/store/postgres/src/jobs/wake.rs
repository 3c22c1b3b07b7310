//! Waking: a session of its own that listens, so that an idle process need not ask.
//!
//! Whatever makes a job claimable says so in its transaction (`pg_notify`, folded into one word per transaction), and only then:
//! commits that carry a word wait for each other at the server.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use sqlx::{
    Executor,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{sync::watch, task::AbortHandle};

const CHANNEL: &str = "arkivflyt_jobs";
/// Between two tries to reach the server; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// After so long a silence the session is asked whether it lives: a network that swallows everything says nothing.
const SILENCE: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(10);

/// Counts wakeups. Listens from the first time that somebody wants to be woken until it is dropped.
pub(crate) struct Wake {
    count: watch::Sender<u64>,
    options: PgConnectOptions,
    listening: OnceLock<AbortHandle>,
}

impl Wake {
    pub(crate) fn new(options: PgConnectOptions) -> Self {
        Self { count: watch::Sender::new(0), options, listening: OnceLock::new() }
    }

    /// For what this process did itself: it need not come back from the server.
    pub(crate) fn bump(&self) {
        bump(&self.count);
    }

    /// Needs a Tokio runtime.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.listening.get_or_init(|| tokio::spawn(listen_on(self.options.clone(), self.count.clone())).abort_handle());
        self.count.subscribe()
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        if let Some(task) = self.listening.get() {
            task.abort();
        }
    }
}

fn bump(count: &watch::Sender<u64>) {
    count.send_modify(|n| *n = n.wrapping_add(1));
}

async fn listen_on(options: PgConnectOptions, count: watch::Sender<u64>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let heard = Arc::new(OnceLock::new());
        // It ends in an error only: the connection is gone. What was said meanwhile is lost, hence the bump on the way in.
        listen(&options, &count, &heard).await.ok();
        pause = if heard.get().is_some() { FIRST_PAUSE } else { LONGEST_PAUSE.min(pause * 2) };
        tokio::time::sleep(pause).await;
    }
}

async fn listen(options: &PgConnectOptions, count: &watch::Sender<u64>, began: &OnceLock<()>) -> Result<(), sqlx::Error> {
    let session = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).max_lifetime(None).idle_timeout(None);
    let mut listener = PgListener::connect_with(&session.connect_lazy_with(options.clone())).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    began.set(()).ok();
    bump(count);
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(_))) => bump(count),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(fault)) => return Err(fault),
            Err(_) => {
                let asked = tokio::time::timeout(PATIENCE, listener.execute("select 1")).await;
                asked.map_err(|_| sqlx::Error::PoolTimedOut)??;
            }
        }
    }
}

//! Mail: one process at a time sends. The others try now and then, and take over when it is gone.

use std::{sync::Arc, time::Duration};

use pipeline_domain::ErrorCode;
use pipeline_queue::{Runner, Shutdown};
use pipeline_store::{JobKind, Outbox, StoreError, WorkerId};

use super::{RUN_LIMIT, STAGE_LIMIT, new_id, runner, with};
use crate::{
    any_store::AnyStore,
    failure::Failure,
    http::Pulse,
    jobs::{
        runs,
        stages::{self, kind, queue},
    },
    shell::{Outlet, Shell},
};

/// Wait before trying again to become the one that sends, and between looks whether this process still is.
const BETWEEN_TRIES: Duration = Duration::from_secs(5);
/// A database that hangs is not waited for longer: this loop has to say that it lives.
const LOOK_LIMIT: Duration = Duration::from_secs(10);

/// Sends whenever it is this process' turn, until asked to stop.
pub async fn run(shell: Arc<Shell>, pulse: Pulse, shutdown: Shutdown) {
    while !shutdown.is_requested() {
        pulse.beat();
        match hold(&shell).await {
            Ok(true) => send(&shell, &pulse, &shutdown).await,
            Ok(false) => {}
            Err(e) => tracing::error!(code = %e.code, "mail has to wait: {}", e.detail),
        }
        tokio::select! {
            () = shutdown.requested() => {}
            () = tokio::time::sleep(BETWEEN_TRIES) => {}
        }
    }
    pulse.end();
}

/// Whether this process is the one that sends.
async fn hold(shell: &Shell) -> Result<bool, Failure> {
    match tokio::time::timeout(LOOK_LIMIT, shell.store.mails_due(shell.clock.now(), 1)).await {
        Ok(Ok(_)) => Ok(true),
        Ok(Err(StoreError::OutboxHeld)) => Ok(false),
        Ok(Err(e)) => Err(e.into()),
        Err(_) => Err(Failure::retry(ErrorCode::StoreUnavailable, "the database does not answer")),
    }
}

/// Works on the mail queue until asked to stop, or until the outbox is another's: then it stops as it would at the end, and
/// what it has in hand is handed back.
async fn send(shell: &Arc<Shell>, pulse: &Pulse, shutdown: &Shutdown) {
    let worker = match worker(shell) {
        Ok(worker) => worker,
        Err(e) => {
            tracing::error!(code = %e.code, "mail cannot be sent: {}", e.detail);
            return;
        }
    };
    let stop = Shutdown::new();
    let pass_on = async {
        shutdown.requested().await;
        stop.request();
        shutdown.requested_twice().await;
        stop.request();
        std::future::pending::<()>().await;
    };
    let look = async {
        while !matches!(hold(shell).await, Ok(false)) {
            pulse.beat();
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
        tracing::warn!("another process sends the mail now");
        stop.request();
        loop {
            pulse.beat();
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    };
    tokio::select! {
        _ = worker.run(stop.clone()) => {}
        () = pass_on => {}
        () = look => {}
    }
}

pub fn worker(shell: &Arc<Shell>) -> Result<Runner<AnyStore>, Failure> {
    let outlet = Arc::new(shell.outlet()?);
    if let Outlet::Maildir(maildir) = &*outlet {
        maildir.sweep_tmp()?;
    }
    let slots = match &*outlet {
        Outlet::Maildir(_) => shell.config.work.queues.mail,
        // A relay gets one connection at a time.
        Outlet::Smtp(_) => 1,
    };
    let (notifier, teller, same_outlet) = (shell.clone(), shell.clone(), outlet.clone());
    let builder = runner(shell, WorkerId(new_id()))
        .queue(queue::MAIL, slots)
        .handler(kind::NOTIFY, STAGE_LIMIT, move |ctx| stages::notify(notifier.clone(), outlet.clone(), ctx))
        .handler(kind::NOTIFY_EVENT, STAGE_LIMIT, move |ctx| stages::notify_event(teller.clone(), same_outlet.clone(), ctx))
        .handler(JobKind::of(runs::OUTBOX_RETRY), RUN_LIMIT, with(shell, runs::run));
    builder.build().map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))
}

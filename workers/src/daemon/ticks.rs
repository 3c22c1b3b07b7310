//! Fires the schedules of this process' configuration.

use std::{sync::Arc, time::Duration};

use pipeline_domain::ErrorCode;
use pipeline_queue::{Shutdown, Ticker};

use crate::{any_store::AnyStore, failure::Failure, http::Pulse, jobs::schedules, shell::Shell};

/// The longest pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(20);
/// After a look that failed.
const SOON: Duration = Duration::from_secs(2);

/// A ticker whose schedules are in the store.
pub async fn start(shell: &Shell) -> Result<Ticker<AnyStore>, Failure> {
    let planned = schedules::planned(&shell.config.schedule).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
    let ticker = Ticker::new(Arc::new(shell.store.clone()), planned, shell.clock.clone());
    ticker.register().await?;
    Ok(ticker)
}

/// Ticks until asked to stop.
pub async fn run(ticker: Ticker<AnyStore>, shell: Arc<Shell>, pulse: Pulse, shutdown: Shutdown) {
    while !shutdown.is_requested() {
        pulse.beat();
        let pause = match ticker.tick().await {
            Ok(wake) => {
                let ahead = wake.map_or(i64::MAX, |at| at.unix_seconds() - shell.clock.now().unix_seconds());
                LOOK_AGAIN.min(Duration::from_secs(u64::try_from(ahead).unwrap_or(0)))
            }
            Err(e) => {
                tracing::warn!(code = %e.code(), "schedules have to wait: {e}");
                SOON
            }
        };
        tokio::select! {
            () = shutdown.requested() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    pulse.end();
}

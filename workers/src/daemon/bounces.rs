//! The eye on the mailbox of what comes back: a look now and then. A mail server takes minutes and days to report; seconds don't count.

use std::{sync::Arc, time::Duration};

use pipeline_queue::Shutdown;

use crate::{
    http::Pulse,
    jobs::bounces::{self, Look},
    shell::Shell,
};

/// The longest time without a pulse.
const PULSE: Duration = Duration::from_secs(10);

/// Looks until asked to stop.
pub async fn watch(shell: Arc<Shell>, pulse: Pulse, shutdown: Shutdown) {
    let every = Duration::from_secs(shell.config.work.look_every_s);
    let mut look_at = tokio::time::Instant::now();
    while !shutdown.is_requested() {
        pulse.beat();
        if tokio::time::Instant::now() >= look_at {
            look_at = tokio::time::Instant::now() + every;
            look(&shell, &pulse).await;
        }
        tokio::select! {
            () = shutdown.requested() => {}
            () = tokio::time::sleep(PULSE.min(look_at.saturating_duration_since(tokio::time::Instant::now()))) => {}
        }
    }
    pulse.end();
}

/// A look that takes long says meanwhile that it lives.
async fn look(shell: &Shell, pulse: &Pulse) {
    let looking = bounces::look(shell);
    tokio::pin!(looking);
    let looked = loop {
        tokio::select! {
            looked = &mut looking => break looked,
            () = tokio::time::sleep(PULSE) => pulse.beat(),
        }
    };
    match looked {
        Ok(Look::Done(summary)) if summary.left > 0 => {
            tracing::error!(files = summary.left, "messages that came back cannot be read or moved: give this user rights to mail.bounces");
        }
        Ok(_) => {}
        Err(e) => tracing::error!(code = %e.code, "mail that came back has to wait: {}", e.detail),
    }
}

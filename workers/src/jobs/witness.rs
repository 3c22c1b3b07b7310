//! The logs of the archives, looked after from time to time.

use crate::{failure::Failure, shell::Shell};

/// Signs every log as it is now, with what the access log holds by now. Nothing else hangs on it: what goes wrong is told.
pub async fn tend(shell: &Shell) {
    let (witnesses, numbers) = (shell.witnesses.clone(), shell.municipalities.keys().cloned().collect::<Vec<_>>());
    let tend = move || {
        for number in &numbers {
            let told = |failure: Failure| {
                tracing::error!(municipality = %number, code = %failure.code, "the access log is not witnessed: {}", failure.detail);
            };
            witnesses.anchor_access(number).unwrap_or_else(told);
            // Signed also when no mail goes out.
            witnesses.checkpoint(number);
        }
    };
    let _ = tokio::task::spawn_blocking(tend).await;
}

//! The logs of the archives, looked after from time to time.

use std::sync::Arc;

use pipeline_domain::MunicipalityNumber;

use crate::{failure::Failure, shell::Shell, witness::stamps::TimeStamps};

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

/// Seals closed folders that have no seal (their key was away), and has seals stamped where somebody is configured who does. What goes
/// wrong is told, and holds nothing up.
pub async fn seal_and_stamp(shell: &Arc<Shell>) {
    let told = |failure: Failure| tracing::error!(code = %failure.code, "no seal is stamped: {}", failure.detail);
    let stamps = shell.time_stamps().map_err(told).ok().flatten();
    let is_time = shell.witnesses.is_time_to_look();
    if !is_time && stamps.is_none() {
        return;
    }
    let of_task = shell.clone();
    let look = move || {
        for number in of_task.municipalities.keys() {
            if is_time {
                seal(&of_task, number);
            }
            if let Some(stamps) = &stamps {
                stamp(&of_task, number, stamps);
            }
        }
    };
    let _ = tokio::task::spawn_blocking(look).await;
}

fn seal(shell: &Shell, number: &MunicipalityNumber) {
    // An archive that has no log yet has nothing to seal.
    if shell.witnesses.begun(number).is_none() {
        return;
    }
    match shell.archive(number).and_then(|archive| shell.witnesses.seal_closed(&archive, number)) {
        Ok(0) => {}
        Ok(sealed) => tracing::info!(municipality = %number, sealed, "sealed closed case folders that had no seal"),
        Err(failure) => {
            tracing::error!(municipality = %number, code = %failure.code, "closed case folders are not sealed: {}", failure.detail);
        }
    }
}

fn stamp(shell: &Shell, number: &MunicipalityNumber, stamps: &TimeStamps) {
    let Some(witness) = shell.witnesses.begun(number) else { return };
    match shell.archive(number).and_then(|archive| witness.stamp_sealed(&archive, stamps)) {
        Ok(result) => {
            if result.stamped > 0 {
                tracing::info!(municipality = %number, stamped = result.stamped, "seals of closed case folders were stamped");
            }
            if let Some(failure) = result.trouble {
                let waiting = result.waiting;
                tracing::warn!(municipality = %number, waiting, code = %failure.code, "seals wait for their stamps: {}", failure.detail);
            }
        }
        Err(failure) => tracing::error!(municipality = %number, code = %failure.code, "no seal is stamped: {}", failure.detail),
    }
}

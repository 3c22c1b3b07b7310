//! Who waits for jobs is woken: by this process at once, by another one within a tenth of a second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::writer::Writer;

/// How often another process's commits are looked for. One look is one small statement on the writer's own connection.
const LOOK_EVERY: Duration = Duration::from_millis(40);

#[derive(Clone)]
pub(crate) struct Wake {
    changes: Arc<watch::Sender<u64>>,
    looks: Arc<AtomicBool>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self { changes: Arc::new(watch::Sender::new(0)), looks: Arc::default() }
    }

    /// There may be something to claim.
    pub(crate) fn bump(&self) {
        self.changes.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// A receiver. The first one also begins to look for other processes' commits, for as long as the store lives.
    pub(crate) fn receiver(&self, writer: &Writer) -> watch::Receiver<u64> {
        let receiver = self.changes.subscribe();
        if !self.looks.swap(true, Ordering::Relaxed) {
            let looker = writer.looker();
            tokio::spawn(async move {
                while looker.look().await {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            });
        }
        receiver
    }
}

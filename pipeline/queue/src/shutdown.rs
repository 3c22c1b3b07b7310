//! Asking the runner to stop.

use std::sync::Arc;

use tokio::sync::watch;

/// How urgent the wish to stop is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    #[default]
    None,
    Stop,
    StopNow,
}

/// A wish to stop, shared by all its clones. It is never taken back.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<watch::Sender<Wish>>);

impl Shutdown {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks: nothing new is begun, what is in hand gets its time. Asked once more, what is in hand is handed back now.
    pub fn request(&self) {
        self.0.send_modify(|wish| *wish = if *wish == Wish::None { Wish::Stop } else { Wish::StopNow });
    }

    /// Whether it was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() >= Wish::Stop
    }

    /// Returns when it is asked for; at once when it was.
    pub async fn requested(&self) {
        self.reached(Wish::Stop).await;
    }

    /// Returns when it is asked for a second time.
    pub async fn requested_twice(&self) {
        self.reached(Wish::StopNow).await;
    }

    async fn reached(&self, least: Wish) {
        let mut wish = self.0.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _reached = wish.wait_for(|w| *w >= least).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_clone_asks_and_another_hears() {
        let (asker, hearer) = (Shutdown::new(), Shutdown::new());
        let other = asker.clone();
        asker.request();
        other.requested().await;
        assert!(other.is_requested() && !hearer.is_requested());
        asker.request();
        other.requested_twice().await;
    }
}

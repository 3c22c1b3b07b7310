//! Word to the service manager: ready, stopping, still alive. Without one, nothing is sent.
//!
//! `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are read by `sd-notify`: they are the service manager's protocol and no
//! settings of ours.

use std::{fmt, future, io, time::Duration};

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

/// Sends states to the service manager.
type Tell = Box<dyn Fn(&[NotifyState<'_>]) -> io::Result<()> + Send + Sync>;

/// The service manager, if this process has one.
pub struct Supervisor {
    tell: Tell,
    /// It kills us when it has heard nothing for so long.
    watchdog: Option<Duration>,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("watchdog", &self.watchdog).finish_non_exhaustive()
    }
}

impl Supervisor {
    /// The one that started us.
    pub fn from_environment() -> Self {
        let watchdog = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero());
        Self { tell: Box::new(sd_notify::notify), watchdog }
    }

    /// All doors are open. `status` is a line for `systemctl status`: numbers and codes only.
    pub fn ready(&self, status: &str) {
        self.send(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
    }

    /// What it is about now, as above.
    pub fn status(&self, status: &str) {
        self.send(&[NotifyState::Status(&one_line(status))]);
    }

    /// Nothing new is taken; what is in hand is finished or handed back.
    pub fn stopping(&self) {
        self.send(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
    }

    /// Says that the process lives, at half of the watchdog's time, for as long as `late` names no loop that hangs. Never ends:
    /// run it beside the rest, up to the very end. What hangs is logged once; then silence lets the service manager restart us.
    pub async fn watch(&self, late: impl Fn() -> Option<&'static str>) {
        let Some(limit) = self.watchdog else { return future::pending().await };
        let mut ticks = interval((limit / 2).max(Duration::from_millis(1)));
        // After a pause of the whole machine one word is enough.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            ticks.tick().await;
            match late() {
                None => {
                    if let Some(name) = told.take() {
                        tracing::warn!(r#loop = name, "the loop that hung goes on");
                        self.status("goes on after a pause");
                    }
                    self.send(&[NotifyState::Watchdog]);
                }
                Some(name) if told != Some(name) => {
                    tracing::error!(r#loop = name, "a loop hangs; the watchdog is no longer told that we live");
                    self.send(&[NotifyState::Status(&format!("the loop `{name}` hangs"))]);
                    told = Some(name);
                }
                Some(_) => {}
            }
        }
    }

    /// A service manager that cannot be reached changes nothing in our work.
    fn send(&self, states: &[NotifyState<'_>]) {
        if let Err(e) = (self.tell)(states) {
            tracing::warn!(error = %e, "the service manager could not be told");
        }
    }
}

/// The protocol is lines: a second one would be another word to the service manager.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use std::{
        fmt::Write,
        os::unix::net::UnixDatagram,
        sync::{Arc, Mutex},
    };

    use super::*;

    /// A supervisor at the other end of a socket, and what it heard.
    fn supervisor(watchdog: Option<Duration>) -> (Supervisor, UnixDatagram) {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        theirs.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let tell: Tell = Box::new(move |states| {
            let mut text = String::new();
            for state in states {
                let _ = writeln!(text, "{state}");
            }
            ours.send(text.as_bytes()).map(drop)
        });
        (Supervisor { tell, watchdog }, theirs)
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 4096];
        let n = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..n].to_vec()).unwrap()
    }

    #[test]
    fn the_words_are_those_of_the_protocol() {
        let (supervisor, socket) = supervisor(None);
        supervisor.ready("takes work\nREADY=0");
        assert_eq!(heard(&socket), "READY=1\nSTATUS=takes work READY=0\n");
        supervisor.status("3 jobs in hand");
        assert_eq!(heard(&socket), "STATUS=3 jobs in hand\n");
        supervisor.stopping();
        assert_eq!(heard(&socket), "STOPPING=1\nSTATUS=stopping\n");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_watchdog_is_fed_only_while_all_loops_beat() {
        let (supervisor, socket) = supervisor(Some(Duration::from_millis(20)));
        let late = Arc::new(Mutex::new(None));
        let of = late.clone();
        let watching = tokio::spawn(async move { supervisor.watch(move || *of.lock().unwrap()).await });
        for _ in 0..3 {
            assert_eq!(heard(&socket), "WATCHDOG=1\n");
        }
        *late.lock().unwrap() = Some("claim");
        let mut said = heard(&socket);
        while said == "WATCHDOG=1\n" {
            said = heard(&socket);
        }
        assert_eq!(said, "STATUS=the loop `claim` hangs\n");
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        assert!(socket.recv(&mut [0; 64]).is_err(), "it was fed all the same");
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        *late.lock().unwrap() = None;
        assert_eq!((heard(&socket), heard(&socket)), ("STATUS=goes on after a pause\n".to_owned(), "WATCHDOG=1\n".to_owned()));
        watching.abort();
    }

    #[tokio::test]
    async fn without_a_watchdog_nothing_is_sent() {
        let (supervisor, socket) = supervisor(None);
        socket.set_nonblocking(true).unwrap();
        let watching = supervisor.watch(|| None);
        assert!(tokio::time::timeout(Duration::from_millis(50), watching).await.is_err());
        assert!(socket.recv(&mut [0; 64]).is_err());
    }
}

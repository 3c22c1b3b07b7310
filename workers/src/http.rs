//! What the daemon shows to who watches over it: `/livez`, `/readyz`, `/metrics`, `/version`.
//!
//! For machines on this machine. There is no login: nothing is told here but numbers, codes and versions; no names, no paths, no
//! rows. One request a connection, small limits, no bodies read. Start with [`Server::bind`], then [`serve`].

mod about;
mod folder;
mod health;
mod routes;
#[cfg(test)]
mod tests;

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use pipeline_domain::ErrorCode;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::task::TaskTracker;

pub use about::About;
pub use folder::FolderProbe;
pub use health::{Answer, HealthState, Probe, Pulse, Pulses};

use crate::failure::Failure;

/// Who may reach the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This machine alone.
    Loopback,
    /// Whoever can reach the address: said by an explicit setting, never by default.
    Anyone,
}

/// What a client may cost.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Until its request's head is there.
    head: Duration,
    /// For all of it: a client that reads slowly is cut off.
    whole: Duration,
    /// Connections at a time; the others wait for their turn.
    connections: usize,
    /// Size of a request's head.
    head_bytes: usize,
}

const LIMITS: Limits = Limits { head: Duration::from_secs(5), whole: Duration::from_secs(15), connections: 32, head_bytes: 8 << 10 };

/// Wait for answers under way when the page is closed.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Pause after an `accept` that failed: the process is out of file numbers, most likely, and some will come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An open port. Nobody is answered before [`serve`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

impl Server {
    /// Opens the port; port 0 takes any that is free.
    ///
    /// # Errors
    /// `config_invalid`: an address that others can reach without [`Reach::Anyone`], one that is not this machine's, or a port
    /// that is taken.
    pub async fn bind(address: SocketAddr, reach: Reach) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::give_up(ErrorCode::ConfigInvalid, format!("http.listen {address}: {why}"));
        if reach == Reach::Loopback && !address.ip().to_canonical().is_loopback() {
            return Err(wrong("others can reach this address; set http.public = true if they may".to_owned()));
        }
        let listener = TcpListener::bind(address).await.map_err(|e| wrong(e.to_string()))?;
        let address = listener.local_addr().map_err(|e| wrong(e.to_string()))?;
        Ok(Self { listener, address, limits: LIMITS })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Answers until `shutdown`, then finishes the answers under way. Never fails: a client's fault is the client's.
pub async fn serve(server: Server, state: HealthState, shutdown: impl Future<Output = ()>) {
    let Server { listener, limits, .. } = server;
    let router = routes::router(state);
    let seats = Arc::new(Semaphore::new(limits.connections));
    let talks = TaskTracker::new();
    tokio::pin!(shutdown);
    loop {
        let next = async {
            let seat = seats.clone().acquire_owned().await.expect("the semaphore is never closed");
            (listener.accept().await, seat)
        };
        let (accepted, seat) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let router = router.clone();
                talks.spawn(async move {
                    converse(stream, router, limits).await;
                    drop(seat);
                });
            }
            Err(e) => {
                tracing::warn!(error = %e, "a connection to the health page could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    talks.close();
    let _ = timeout(LAST_ANSWERS, talks.wait()).await;
}

/// One request, one answer. Connections are not kept: 32 idle ones would shut everybody else out.
async fn converse(stream: TcpStream, router: Router, limits: Limits) {
    let talk = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_header_size(limits.head_bytes)
        .max_buf_size(2 * limits.head_bytes)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match timeout(limits.whole, talk).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::debug!(error = %e, "a client of the health page hung up or was too slow"),
        Err(_) => tracing::debug!("a client of the health page was too slow"),
    }
}

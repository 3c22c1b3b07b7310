//! The relay: connect, protect, greet, hand over.

use std::net::SocketAddr;

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use super::{
    LinkFault, Phase, RelayConfig, SendOutcome, Timeouts,
    config::{Protection, TlsSetup},
    session::{EncryptedSession, Session},
    starttls::ask_for_tls,
    wire::{EncryptedWire, Wire},
};
use crate::{EnvelopeId, Mail, NotifyError};

/// One mail relay, with certificates and password read. Each [`SmtpRelay::send`] opens and closes its own connection.
pub struct SmtpRelay {
    host: String,
    port: u16,
    hello: String,
    protection: Protection,
    timeouts: Timeouts,
}

impl SmtpRelay {
    /// Reads the certificate and password files. Blocks; does not connect.
    ///
    /// Errors: [`NotifyError::Relay`] with the name of the setting: `credentials` without TLS or with an unreadable file,
    /// `ca_file` without a single certificate, `host` that no certificate can name, `hello_name` that is no domain name.
    pub fn open(config: &RelayConfig) -> Result<Self, NotifyError> {
        Ok(Self {
            host: config.host.clone(),
            port: config.port,
            hello: config.checked_hello()?,
            protection: config.protection()?,
            timeouts: config.timeouts,
        })
    }

    /// Sends one mail, under the id that reports on it shall name. `body_sent` is run after the relay has said it will take the body and before any of it goes out: commit
    /// there that the mail may from now on have been sent (the write-ahead marker). If it fails, nothing is sent.
    ///
    /// Errors: only those of `body_sent`. Every other end is a [`SendOutcome`].
    pub async fn send<E>(&self, mail: &Mail, id: &EnvelopeId, body_sent: impl Future<Output = Result<(), E>>) -> Result<SendOutcome, E> {
        let mut session = match self.session().await {
            Ok(session) => session,
            Err(stop) => return Ok(stop),
        };
        if let Err(stop) = session.envelope(mail, id).await {
            session.leave_after(&stop).await;
            return Ok(stop);
        }
        // On an error here the connection is dropped without a final dot: the server must forget the mail (RFC 5321 § 4.1.1.4).
        body_sent.await?;
        let outcome = session.body(mail).await;
        session.leave_after(&outcome).await;
        Ok(outcome)
    }

    async fn session(&self) -> Result<Session, SendOutcome> {
        let socket = self.connect().await?;
        let (setup, wire) = match &self.protection {
            Protection::Plaintext => return Session::greet(Wire::plain(socket), &self.hello, self.timeouts).await,
            Protection::ImplicitTls(setup) => (setup, EncryptedWire::ungreeted(self.handshake(setup, socket).await?)),
            Protection::StartTls(setup) => {
                let socket = ask_for_tls(socket, &self.hello, self.timeouts.command).await?;
                (setup, EncryptedWire::greeted(self.handshake(setup, socket).await?))
            }
        };
        let session = EncryptedSession::greet(wire, &self.hello, self.timeouts).await?;
        match &setup.login {
            Some(login) => session.log_in(login).await,
            None => Ok(session.without_login()),
        }
    }

    async fn connect(&self) -> Result<TcpStream, SendOutcome> {
        let no_connection = SendOutcome::Unreachable { fault: LinkFault::NoConnection };
        let find_and_reach = async {
            let found: Vec<SocketAddr> = lookup_host((self.host.as_str(), self.port)).await.map_err(|_| no_connection.clone())?.collect();
            if matches!(self.protection, Protection::Plaintext) && !found.iter().all(|address| address.ip().is_loopback()) {
                return Err(SendOutcome::Unreachable { fault: LinkFault::NotLoopback });
            }
            let socket = TcpStream::connect(found.as_slice()).await.map_err(|_| no_connection.clone())?;
            // lettre writes body and final dot apart; with Nagle on, the dot waits some 40 ms for an acknowledgement.
            socket.set_nodelay(true).map_err(|_| no_connection.clone())?;
            Ok(socket)
        };
        timeout(self.timeouts.connect, find_and_reach).await.unwrap_or_else(|_| Err(SendOutcome::timeout(Phase::Connect)))
    }

    async fn handshake(&self, setup: &TlsSetup, socket: TcpStream) -> Result<TlsStream<TcpStream>, SendOutcome> {
        match timeout(self.timeouts.command, setup.connector.connect(setup.name.clone(), socket)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(_)) => Err(SendOutcome::Unreachable { fault: LinkFault::Tls }),
            Err(_) => Err(SendOutcome::timeout(Phase::Tls)),
        }
    }
}

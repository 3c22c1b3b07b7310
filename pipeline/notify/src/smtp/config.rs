//! How to reach the relay.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use lettre::transport::smtp::authentication::Credentials as Login;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, crypto,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::{NotifyError, address::ascii_domain};

/// How a connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelaySecurity {
    /// TLS from the first byte (RFC 8314), usually port 465.
    ImplicitTls,
    /// STARTTLS, usually port 587. A server that does not offer it gets no mail.
    RequiredStartTls,
    /// No TLS, for a server on this machine. Any other address is refused, and so are credentials.
    PlaintextLoopbackOnly,
}

/// How to log in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// File whose first line is the password.
    pub password_file: PathBuf,
}

/// Deadlines. Each covers a whole phase, so a server that drips bytes can't stretch it.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Finding and reaching the server.
    pub connect: Duration,
    /// The greeting, a handshake, or one command with its reply.
    pub command: Duration,
    /// Body, final dot and its reply …
    pub final_reply: Duration,
    /// … and this more for each started MiB of body.
    pub final_reply_per_mib: Duration,
}

impl Default for Timeouts {
    /// 10 s, 60 s, 600 s and 180 s per MiB.
    fn default() -> Self {
        let s = Duration::from_secs;
        Self { connect: s(10), command: s(60), final_reply: s(600), final_reply_per_mib: s(180) }
    }
}

/// Set-up of one relay.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// Host name or IP address; the certificate must be made out to it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: RelaySecurity,
    /// Log-in, if the relay wants one.
    pub credentials: Option<Credentials>,
    /// PEM file of the only certificate authorities to trust; without it, the system's.
    pub ca_file: Option<PathBuf>,
    /// Name in EHLO: a domain name.
    pub hello_name: String,
    /// Deadlines.
    pub timeouts: Timeouts,
}

/// Protection with all that it needs. Only the encrypted kinds can hold a log-in.
pub(super) enum Protection {
    Plaintext,
    StartTls(TlsSetup),
    ImplicitTls(TlsSetup),
}

pub(super) struct TlsSetup {
    pub(super) connector: TlsConnector,
    pub(super) name: ServerName<'static>,
    pub(super) login: Option<Login>,
}

impl RelayConfig {
    pub(super) fn checked_hello(&self) -> Result<String, NotifyError> {
        ascii_domain(&self.hello_name).map_err(|_| NotifyError::Relay { setting: "hello_name" })
    }

    pub(super) fn protection(&self) -> Result<Protection, NotifyError> {
        match self.security {
            RelaySecurity::PlaintextLoopbackOnly if self.credentials.is_some() => Err(NotifyError::Relay { setting: "credentials" }),
            RelaySecurity::PlaintextLoopbackOnly => Ok(Protection::Plaintext),
            RelaySecurity::RequiredStartTls => self.tls().map(Protection::StartTls),
            RelaySecurity::ImplicitTls => self.tls().map(Protection::ImplicitTls),
        }
    }

    fn tls(&self) -> Result<TlsSetup, NotifyError> {
        let name = ServerName::try_from(self.host.clone()).map_err(|_| NotifyError::Relay { setting: "host" })?;
        let bad = |_| NotifyError::Relay { setting: "security" };
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(bad)?
            .with_root_certificates(self.trusted()?)
            .with_no_client_auth();
        let login = self.credentials.as_ref().map(Credentials::read).transpose()?;
        Ok(TlsSetup { connector: TlsConnector::from(Arc::new(config)), name, login })
    }

    fn trusted(&self) -> Result<RootCertStore, NotifyError> {
        let bad = || NotifyError::Relay { setting: "ca_file" };
        let certificates: Vec<CertificateDer<'static>> = match &self.ca_file {
            Some(path) => CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|_| bad())?,
            None => rustls_native_certs::load_native_certs().certs,
        };
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(certificates);
        if added == 0 { Err(bad()) } else { Ok(store) }
    }
}

impl Credentials {
    fn read(&self) -> Result<Login, NotifyError> {
        let bad = |_| NotifyError::Relay { setting: "credentials" };
        let file = fs::read_to_string(&self.password_file).map_err(bad)?;
        let password = file.lines().next().unwrap_or_default();
        let plain = |s: &str| !s.is_empty() && !s.chars().any(char::is_control);
        if plain(password) && plain(&self.username) {
            Ok(Login::new(self.username.clone(), password.to_owned()))
        } else {
            Err(NotifyError::Relay { setting: "credentials" })
        }
    }
}

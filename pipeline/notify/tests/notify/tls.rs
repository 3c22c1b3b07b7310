//! TLS or nothing: what is offered, what is forged, and what is never said in the open.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use pipeline_notify::{Credentials, LinkFault, Phase, RelayConfig, RelaySecurity, SendOutcome, SmtpRelay};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{
    fake_server::{Act, Script, Server, Tls},
    fixture::a_mail,
    smtp::{an_id, config, impatient, marked},
};

/// A certificate authority of our own, and servers' certificates by it. A certificate authority's own certificate is not
/// good for a server: rustls refuses it, so each server gets a leaf.
pub struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    /// `None` without the openssl command.
    pub fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            crate::skip("openssl");
            return None;
        }
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=Test authority",
            "-days",
            "2",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ]);
        Some(authority)
    }

    /// Makes `<name>.key` and `<name>.pem`, valid for the given names for the given number of days.
    pub fn issue(&self, name: &str, alt_names: &str, days: &str) {
        let at = |ending: &str| format!("{name}.{ending}");
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=relay",
            "-keyout",
            &at("key"),
            "-out",
            &at("csr"),
        ]);
        std::fs::write(self.path(&at("ext")), format!("subjectAltName={alt_names}\n")).unwrap();
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &at("csr"),
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            &at("ext"),
            "-out",
            &at("pem"),
        ]);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, args: &[&str]) {
        let run = Command::new("openssl").args(args).current_dir(self.folder.path()).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }

    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let chain: Vec<_> = CertificateDer::pem_file_iter(self.path(&format!("{name}.pem"))).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

const LOOPBACK: &str = "DNS:localhost,IP:127.0.0.1";

fn secured(server: &Server, security: RelaySecurity, ca_file: &Path) -> RelayConfig {
    RelayConfig { ca_file: Some(ca_file.to_owned()), ..config("127.0.0.1", server.address.port(), security) }
}

fn with_login(config: RelayConfig, authority: &Authority) -> RelayConfig {
    let password_file = authority.path("password");
    std::fs::write(&password_file, "hemmelig-nok\n").unwrap();
    RelayConfig { credentials: Some(Credentials { username: "arkiv".to_owned(), password_file }), ..config }
}

async fn send(config: &RelayConfig) -> SendOutcome {
    SmtpRelay::open(config).unwrap().send(&a_mail(), &an_id(), marked()).await.unwrap()
}

fn unreachable(fault: LinkFault) -> SendOutcome {
    SendOutcome::Unreachable { fault }
}

fn starttls(acceptor: TlsAcceptor) -> Script {
    Script { tls: Tls::Upgrade(acceptor), offers: vec!["STARTTLS", "AUTH PLAIN LOGIN"], ..Script::default() }
}

#[tokio::test]
async fn both_kinds_of_tls_carry_a_mail_and_a_login() {
    let Some(authority) = Authority::new() else { return };
    authority.issue("relay", LOOPBACK, "2");
    let acceptor = authority.acceptor("relay");
    let implicit = Script { tls: Tls::Implicit(acceptor.clone()), offers: vec!["AUTH PLAIN"], ..Script::default() };
    for (script, security, before) in [
        (implicit, RelaySecurity::ImplicitTls, vec![]),
        (starttls(acceptor), RelaySecurity::RequiredStartTls, vec!["EHLO", "STARTTLS", "(encrypted)"]),
    ] {
        let server = Server::start(script).await;
        let config = with_login(secured(&server, security, &authority.path("ca.pem")), &authority);
        assert_eq!(send(&config).await, SendOutcome::Accepted { code: 250 }, "{security:?}");
        let expected: Vec<&str> = before.into_iter().chain(["EHLO", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "QUIT"]).collect();
        assert_eq!(server.verbs(), expected, "{security:?}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_neither_mail_nor_password() {
    let Some(authority) = Authority::new() else { return };
    let server = Server::start(Script { offers: vec!["AUTH PLAIN LOGIN"], ..Script::default() }).await;
    let config = with_login(secured(&server, RelaySecurity::RequiredStartTls, &authority.path("ca.pem")), &authority);
    assert_eq!(send(&config).await, unreachable(LinkFault::StartTlsMissing));
    assert_eq!(server.verbs(), ["EHLO"]);
}

#[tokio::test]
async fn a_refused_starttls_is_told_with_its_code() {
    let Some(authority) = Authority::new() else { return };
    let script = Script { offers: vec!["STARTTLS"], ..Script::on("STARTTLS", Act::Say("454 4.7.0 not now\r\n")) };
    let server = Server::start(script).await;
    let outcome = send(&secured(&server, RelaySecurity::RequiredStartTls, &authority.path("ca.pem"))).await;
    assert_eq!(outcome, SendOutcome::Transient { code: 454, enhanced: Some("4.7.0".to_owned()), phase: Phase::Tls });
}

#[tokio::test]
async fn plaintext_injected_after_starttls_is_refused() {
    let Some(authority) = Authority::new() else { return };
    authority.issue("relay", LOOPBACK, "2");
    let injected = Act::Say("220 go ahead\r\n250-relay.test\r\n250 AUTH PLAIN\r\n");
    let mut script = starttls(authority.acceptor("relay"));
    script.acts.insert("STARTTLS", injected);
    let server = Server::start(script).await;
    let config = with_login(secured(&server, RelaySecurity::RequiredStartTls, &authority.path("ca.pem")), &authority);
    assert_eq!(send(&config).await, unreachable(LinkFault::StartTlsInjected));
    assert_eq!(server.verbs(), ["EHLO", "STARTTLS"]);
}

#[tokio::test]
async fn a_certificate_that_is_not_right_is_refused() {
    let (Some(authority), Some(stranger)) = (Authority::new(), Authority::new()) else { return };
    authority.issue("relay", LOOPBACK, "2");
    authority.issue("elsewhere", "DNS:elsewhere.test", "2");
    authority.issue("expired", LOOPBACK, "-1");
    for (certificate, ca_file) in
        [("relay", stranger.path("ca.pem")), ("elsewhere", authority.path("ca.pem")), ("expired", authority.path("ca.pem"))]
    {
        let acceptor = authority.acceptor(certificate);
        let implicit = Script { tls: Tls::Implicit(acceptor.clone()), ..Script::default() };
        for (script, security) in [(implicit, RelaySecurity::ImplicitTls), (starttls(acceptor), RelaySecurity::RequiredStartTls)] {
            let server = Server::start(script).await;
            let config = with_login(secured(&server, security, &ca_file), &authority);
            assert_eq!(send(&config).await, unreachable(LinkFault::Tls), "{certificate} {security:?}");
            assert!(server.verbs().iter().all(|v| v == "EHLO" || v == "STARTTLS"), "{:?}", server.verbs());
        }
    }
}

#[tokio::test]
async fn the_system_does_not_know_our_authority() {
    let Some(authority) = Authority::new() else { return };
    authority.issue("relay", LOOPBACK, "2");
    let server = Server::start(Script { tls: Tls::Implicit(authority.acceptor("relay")), ..Script::default() }).await;
    match SmtpRelay::open(&config("127.0.0.1", server.address.port(), RelaySecurity::ImplicitTls)) {
        Ok(relay) => assert_eq!(relay.send(&a_mail(), &an_id(), marked()).await.unwrap(), unreachable(LinkFault::Tls)),
        // A machine without any authority says so at the start.
        Err(error) => assert_eq!(error.to_string(), "relay setting ca_file cannot be used"),
    }
}

#[tokio::test]
async fn mixed_up_ports_end_at_a_deadline_or_in_a_failed_handshake() {
    let Some(authority) = Authority::new() else { return };
    authority.issue("relay", LOOPBACK, "2");
    let implicit = Server::start(Script { tls: Tls::Implicit(authority.acceptor("relay")), ..Script::default() }).await;
    let config = secured(&implicit, RelaySecurity::RequiredStartTls, &authority.path("ca.pem"));
    let outcome = send(&RelayConfig { timeouts: impatient(), ..config }).await;
    assert_eq!(outcome, unreachable(LinkFault::Timeout(Phase::Greeting)));
    let plain = Server::start(Script::default()).await;
    let outcome = send(&secured(&plain, RelaySecurity::ImplicitTls, &authority.path("ca.pem"))).await;
    assert_eq!(outcome, unreachable(LinkFault::Tls));
}

#[tokio::test]
async fn a_failed_login_is_about_the_relay() {
    let Some(authority) = Authority::new() else { return };
    authority.issue("relay", LOOPBACK, "2");
    let implicit = |offers| Script { tls: Tls::Implicit(authority.acceptor("relay")), offers, ..Script::default() };
    let mut refusing = implicit(vec!["AUTH PLAIN"]);
    refusing.acts.insert("AUTH", Act::Say("535 5.7.8 no\r\n"));
    let server = Server::start(refusing).await;
    let outcome = send(&with_login(secured(&server, RelaySecurity::ImplicitTls, &authority.path("ca.pem")), &authority)).await;
    assert_eq!(outcome, SendOutcome::Refused { code: 535, enhanced: Some("5.7.8".to_owned()), phase: Phase::Login });
    assert!(outcome.is_about_relay());
    let server = Server::start(implicit(vec!["AUTH GSSAPI"])).await;
    let outcome = send(&with_login(secured(&server, RelaySecurity::ImplicitTls, &authority.path("ca.pem")), &authority)).await;
    assert_eq!(outcome, unreachable(LinkFault::LoginMissing));
}

//! A real Postfix on loopback: what it takes from us, it delivers once, and reports.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use pipeline_domain::{Timestamp, WrittenForm};
use pipeline_notify::{
    BounceKind, DeliveryAction, DeliveryReport, EnvelopeId, Mail, MailFacts, MailReference, RelaySecurity, ReportedReceiver, ReturnedKind,
    SendOutcome, SmtpRelay, compose, read_returned, run_report_notice,
};

use crate::{
    fake_server::{Script, Server},
    fixture::{address, at, counts, sender},
    python,
    smtp::{config, marked},
    tls::Authority,
};

struct Postfix {
    folder: tempfile::TempDir,
    port: u16,
    authority: Authority,
}

impl Postfix {
    /// `None` where there is none, or where we may not start it.
    fn start() -> Option<Self> {
        Self::start_before(9)
    }

    /// The same, with the server on this port behind it.
    fn start_before(next: u16) -> Option<Self> {
        let root = Command::new("id").arg("-u").output().is_ok_and(|run| run.stdout == b"0\n");
        if !root || !Path::new("/usr/lib/postfix/sbin/master").exists() {
            crate::skip("postfix (or root to start it)");
            return None;
        }
        let authority = Authority::new()?;
        authority.issue("relay", "DNS:localhost,IP:127.0.0.1", "2");
        let postfix = Self { folder: tempfile::tempdir().unwrap(), port: three_free_ports(), authority };
        let (port, next) = (postfix.port.to_string(), next.to_string());
        let (certificate, key) = (postfix.authority.path("relay.pem"), postfix.authority.path("relay.key"));
        let [folder, certificate, key] = [postfix.folder.path(), &certificate, &key].map(|path| path.to_str().unwrap());
        let up = postfix.script(&["up", folder, &port, certificate, key, &next]);
        assert!(up, "{}", fs::read_to_string(postfix.folder.path().join("start.log")).unwrap());
        Some(postfix)
    }

    fn script(&self, args: &[&str]) -> bool {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notify/postfix.sh");
        let log = self.folder.path().join("start.log");
        // A file and not a pipe: the daemon keeps what it is given, and would keep a pipe open for ever.
        let out = fs::File::create(&log).unwrap();
        Command::new("sh").arg(script).args(args).stdout(out.try_clone().unwrap()).stderr(out).status().unwrap().success()
    }

    fn relay(&self, port: u16, security: RelaySecurity) -> SmtpRelay {
        let mut config = config("127.0.0.1", port, security);
        config.ca_file = (security != RelaySecurity::PlaintextLoopbackOnly).then(|| self.authority.path("ca.pem"));
        SmtpRelay::open(&config).unwrap()
    }

    fn mails_of(&self, mailbox: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail").join(mailbox).join("new")) else { return Vec::new() };
        entries.map(|e| e.unwrap().path()).collect()
    }

    async fn wait_for(&self, mailbox: &str, count: usize) -> Vec<PathBuf> {
        for _ in 0..200 {
            let mails = self.mails_of(mailbox);
            if mails.len() >= count {
                return mails;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} of {count} mails in {mailbox}; log:\n{}", self.mails_of(mailbox).len(), self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("maillog")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if !self.script(&["down", self.folder.path().to_str().unwrap()]) {
            eprintln!("postfix did not stop: {}", self.log());
        }
    }
}

/// Three ports in a row that nobody listens on just now.
fn three_free_ports() -> u16 {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        let free = |offset: u16| port.checked_add(offset).is_some_and(|p| TcpListener::bind(("127.0.0.1", p)).is_ok());
        if free(1) && free(2) {
            return port;
        }
    }
    panic!("no three free ports in a row");
}

/// A mail and the id that it travels under.
fn mail(number: i64, to: &str) -> (Mail, EnvelopeId) {
    let notice = run_report_notice(&format!("run-{number}"), WrittenForm::Nn);
    let mail = compose(&notice, &address(to), &sender(), at(), &MailFacts::of_run(counts())).unwrap();
    (mail, EnvelopeId::new(number, &notice.dedupe_key))
}

#[tokio::test]
async fn postfix_delivers_each_mail_once() {
    let Some(postfix) = Postfix::start() else { return };
    let links = [
        (0, RelaySecurity::PlaintextLoopbackOnly),
        (0, RelaySecurity::RequiredStartTls),
        (1, RelaySecurity::ImplicitTls),
        (2, RelaySecurity::RequiredStartTls),
    ];
    let mut sent = Vec::new();
    for (number, (offset, security)) in (1..).zip(links) {
        let (mail, id) = mail(number, "ok@example.test");
        let outcome = postfix.relay(postfix.port + offset, security).send(&mail, &id, marked()).await.unwrap();
        assert_eq!(outcome, SendOutcome::Accepted { code: 250 }, "{security:?}\n{}", postfix.log());
        sent.push(mail);
    }

    // A server that wants TLS turns plaintext away, before the mail is named.
    let (named, id) = mail(9, "ok@example.test");
    let plain = postfix.relay(postfix.port + 2, RelaySecurity::PlaintextLoopbackOnly).send(&named, &id, marked()).await.unwrap();
    assert!(matches!(plain, SendOutcome::Refused { code: 530, .. }), "{plain:?}");

    let delivered = postfix.wait_for("example.test/ok", sent.len()).await;
    assert_eq!(delivered.len(), sent.len(), "{}", postfix.log());
    let Some(seen) = python::read_files(&delivered) else { return };
    let mut ids: Vec<String> = Vec::new();
    for mail in seen {
        assert_eq!(mail["defects"].to_string(), "[]");
        assert!(mail["body"].as_str().unwrap().contains("Arkivert frå før: 3"), "{mail}");
        let headers = mail["headers"].as_array().unwrap();
        ids.push(headers.iter().find(|h| h[0] == "Message-ID").unwrap()[1].as_str().unwrap().to_owned());
    }
    let mut expected: Vec<String> = sent.into_iter().map(|m| m.message_id).collect();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
}

/// Every report that Postfix makes, by what we asked it for (RFC 3461), read back.
#[tokio::test]
async fn what_postfix_reports_is_read() {
    use DeliveryAction::{Delayed, Delivered, Expanded, Failed, Relayed};
    use ReportedReceiver::{OurAddress, PassedOn};
    // The server behind it knows nothing of reports: what it takes is out of sight.
    let next = Server::start(Script::default()).await;
    let Some(postfix) = Postfix::start_before(next.address.port()) else { return };
    let expected = [
        (1, "ok@example.test", Delivered, "2.0.0", None, OurAddress),
        (2, "nobody@example.test", Failed, "5.1.1", Some(BounceKind::Hard), OurAddress),
        (3, "passed-on@example.test", Expanded, "2.0.0", None, OurAddress),
        (3, "passed-on@example.test", Failed, "5.1.1", Some(BounceKind::Hard), PassedOn),
        (4, "kari@full.test", Failed, "5.2.2", Some(BounceKind::Soft), OurAddress),
        (5, "kari@rule.test", Failed, "5.7.1", Some(BounceKind::Policy), OurAddress),
        (6, "kari+post@slow.test", Delayed, "4.4.1", None, OurAddress),
        (7, "kari@next.test", Relayed, "2.0.0", None, OurAddress),
    ];
    let began = now();
    let relay = postfix.relay(postfix.port + 1, RelaySecurity::ImplicitTls);
    for (number, to) in expected.iter().map(|e| (e.0, e.1)).collect::<BTreeSet<_>>() {
        let (mail, id) = mail(number, to);
        assert_eq!(relay.send(&mail, &id, marked()).await.unwrap(), SendOutcome::Accepted { code: 250 }, "{to}");
    }

    let files = postfix.wait_for("fjellvik.test/ikke-svar", expected.len()).await;
    let mut seen: Vec<(i64, DeliveryReport)> = Vec::new();
    for file in &files {
        let bytes = fs::read(file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("arkivflyt case list"), "the body must not travel back: {text}");
        let returned = read_returned(&bytes);
        let ReturnedKind::Reports { about: MailReference::Envelope(id), reports } = &returned.kind else { panic!("{returned:?}\n{text}") };
        assert_eq!(*id, mail(id.number(), "ok@example.test").1);
        let [report] = reports[..] else { panic!("{returned:?}\n{text}") };
        assert!(!format!("{returned:?}").contains(".test"), "{returned:?}");
        let at = report.at.unwrap_or_else(|| panic!("no time: {text}"));
        assert!((0..120).contains(&(at.unix_seconds() - began.unix_seconds() + 1)), "{at}: {text}");

        // The same report without our id: a server on the way did not pass it on. The Message-ID tells.
        let anonymous = text.replace("Original-Envelope-Id:", "X-Other:");
        let ReturnedKind::Reports { about: MailReference::Name(name), .. } = read_returned(anonymous.as_bytes()).kind else {
            panic!("{anonymous}")
        };
        assert_eq!(name, *id.name());
        seen.push((id.number(), report));
    }
    seen.sort_by_key(|(number, report)| (*number, report.action));
    let seen: Vec<_> = seen
        .into_iter()
        .map(|(number, r)| (number, r.action, r.status.to_string(), r.bounce(), r.receiver, r.condemns_address()))
        .collect();
    let expected = expected.map(|(number, to, action, status, bounce, receiver)| {
        (number, action, status.to_owned(), bounce, receiver, to == "nobody@example.test")
    });
    assert_eq!(seen, expected, "{}", postfix.log());
}

#[expect(clippy::disallowed_methods, reason = "Postfix has the wall clock")]
fn now() -> Timestamp {
    Timestamp::from_utc(chrono::Utc::now())
}

//! A real Postfix on loopback: what it takes from us, it delivers once, and reports.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use pipeline_domain::WrittenForm;
use pipeline_notify::{Mail, MailFacts, RelaySecurity, SendOutcome, SmtpRelay, compose, run_report_notice};

use crate::{
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
        let root = Command::new("id").arg("-u").output().is_ok_and(|run| run.stdout == b"0\n");
        if !root || !Path::new("/usr/lib/postfix/sbin/master").exists() {
            crate::skip("postfix (or root to start it)");
            return None;
        }
        let authority = Authority::new()?;
        authority.issue("relay", "DNS:localhost,IP:127.0.0.1", "2");
        let postfix = Self { folder: tempfile::tempdir().unwrap(), port: three_free_ports(), authority };
        let port = postfix.port.to_string();
        let (certificate, key) = (postfix.authority.path("relay.pem"), postfix.authority.path("relay.key"));
        let up =
            postfix.script(&["up", postfix.folder.path().to_str().unwrap(), &port, certificate.to_str().unwrap(), key.to_str().unwrap()]);
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

fn mail(run: &str, to: &str) -> Mail {
    compose(&run_report_notice(run, WrittenForm::Nn), &address(to), &sender(), at(), &MailFacts::of_run(counts())).unwrap()
}

#[tokio::test]
async fn postfix_delivers_each_mail_once_and_reports() {
    let Some(postfix) = Postfix::start() else { return };
    let links = [
        (0, RelaySecurity::PlaintextLoopbackOnly),
        (0, RelaySecurity::RequiredStartTls),
        (1, RelaySecurity::ImplicitTls),
        (2, RelaySecurity::RequiredStartTls),
    ];
    let mut sent = Vec::new();
    for (n, (offset, security)) in links.into_iter().enumerate() {
        let mail = mail(&format!("run-{n}"), "ok@example.test");
        let outcome = postfix.relay(postfix.port + offset, security).send(&mail, marked()).await.unwrap();
        assert_eq!(outcome, SendOutcome::Accepted { code: 250 }, "{security:?}\n{}", postfix.log());
        sent.push(mail);
    }

    // A server that wants TLS turns plaintext away, before the mail is named.
    let plain = postfix.relay(postfix.port + 2, RelaySecurity::PlaintextLoopbackOnly).send(&sent[0], marked()).await.unwrap();
    assert!(matches!(plain, SendOutcome::Refused { code: 530, .. }), "{plain:?}");

    let nobody = mail("run-nobody", "ingen@example.test");
    let outcome = postfix.relay(postfix.port + 1, RelaySecurity::ImplicitTls).send(&nobody, marked()).await.unwrap();
    assert_eq!(outcome, SendOutcome::Accepted { code: 250 });

    // Four reports of delivery, one of failure.
    let reports = postfix.wait_for("fjellvik.test/ikke-svar", sent.len() + 1).await;
    let delivered = postfix.wait_for("example.test/ok", sent.len()).await;
    assert_eq!(delivered.len(), sent.len(), "{}", postfix.log());
    let reports: Vec<String> = reports.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for (mail, action) in sent.iter().map(|m| (m, "delivered")).chain([(&nobody, "failed")]) {
        let envid = format!("Original-Envelope-Id: {}", mail.file_name.strip_suffix(".eml").unwrap());
        let report = reports.iter().find(|r| r.contains(&envid)).unwrap_or_else(|| panic!("no report on {}", mail.message_id));
        assert!(report.contains(&format!("Action: {action}")), "{report}");
        assert!(!report.contains("arkivflyt case list"), "the body must not travel back");
    }

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

//! The sender against servers that misbehave (MAIL § 1.2, § 3). TLS is in `tls.rs`.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    time::{Duration, Instant},
};

use pipeline_notify::{Credentials, EnvelopeId, LinkFault, Mail, Phase, RelayConfig, RelaySecurity, SendOutcome, SmtpRelay, Timeouts};

use tokio::task::JoinSet;

use crate::{
    fake_server::{Act, Script, Server},
    fixture::a_mail,
};

pub fn marked() -> Ready<Result<(), Infallible>> {
    ready(Ok(()))
}

pub fn an_id() -> EnvelopeId {
    EnvelopeId::new(17, "new_message:made-up")
}

/// Deadlines that a test can wait for. Only for tests of the deadlines: a busy machine may need longer for the rest.
pub fn impatient() -> Timeouts {
    let limit = Duration::from_secs(1);
    Timeouts { connect: limit, command: limit, final_reply: limit, final_reply_per_mib: Duration::ZERO }
}

pub fn config(host: &str, port: u16, security: RelaySecurity) -> RelayConfig {
    RelayConfig {
        host: host.to_owned(),
        port,
        security,
        credentials: None,
        ca_file: None,
        hello_name: "arkiv.fjellvik.test".to_owned(),
        timeouts: Timeouts::default(),
    }
}

fn relay_to(server: &Server) -> SmtpRelay {
    SmtpRelay::open(&config("127.0.0.1", server.address.port(), RelaySecurity::PlaintextLoopbackOnly)).unwrap()
}

async fn send(server: &Server, mail: &Mail) -> SendOutcome {
    relay_to(server).send(mail, &an_id(), marked()).await.unwrap()
}

async fn outcome_of(script: Script) -> SendOutcome {
    let server = Server::start(script).await;
    send(&server, &a_mail()).await
}

#[tokio::test]
async fn the_marker_is_set_before_the_body_goes_out() {
    let server = Server::start(Script::default()).await;
    let relay = relay_to(&server);
    let mail = a_mail();
    let id = an_id();
    let sending = relay.send(&mail, &id, async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.note("(marker)");
        Ok::<_, Infallible>(())
    });
    // The queue runs it on any thread.
    let sending: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(sending);
    let outcome = sending.await.unwrap();
    assert_eq!(outcome, SendOutcome::Accepted { code: 250 });
    assert_eq!(server.verbs(), ["EHLO", "EHLO", "MAIL", "RCPT", "DATA", "(marker)", "DOT", "QUIT"]);
}

#[tokio::test]
async fn without_a_marker_nothing_is_sent() {
    let server = Server::start(Script::default()).await;
    let sent = relay_to(&server).send(&a_mail(), &an_id(), ready(Err("the store is gone"))).await;
    assert_eq!(sent, Err("the store is gone"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.verbs().last().unwrap(), "DATA");
}

#[tokio::test]
async fn the_server_gets_the_mail_as_it_is() {
    let server = Server::start(Script::default()).await;
    let mut mail = a_mail();
    mail.bytes.extend_from_slice(b".\r\n..x\r\n.y\r\n");
    send(&server, &mail).await;
    let heard = server.heard();
    let body = heard.iter().find_map(|line| line.strip_prefix("DOT ")).unwrap();
    let unstuffed: String = body.strip_suffix(".\r\n").unwrap().split_inclusive("\r\n").map(|l| l.strip_prefix('.').unwrap_or(l)).collect();
    assert_eq!(unstuffed.as_bytes(), mail.bytes);
    assert!(heard.contains(&"MAIL FROM:<ikke-svar@fjellvik.test>".to_owned()), "{heard:?}");
    assert!(heard.contains(&"RCPT TO:<stille.regnbue@example.org>".to_owned()), "{heard:?}");
    assert!(heard.contains(&"EHLO arkiv.fjellvik.test".to_owned()), "{heard:?}");
}

#[tokio::test]
async fn reports_are_asked_for_where_the_server_gives_them() {
    let server = Server::start(Script { offers: vec!["PIPELINING", "DSN"], ..Script::default() }).await;
    let mut mail = a_mail();
    // Signs that have a meaning in such a parameter are written in another way (RFC 3461 § 4).
    mail.to = "stille+post=a@example.org".parse().unwrap();
    assert_eq!(send(&server, &mail).await, SendOutcome::Accepted { code: 250 });
    let heard = server.heard();
    assert!(heard.contains(&format!("MAIL FROM:<ikke-svar@fjellvik.test> RET=HDRS ENVID={}", an_id())), "{heard:?}");
    let wanted = "RCPT TO:<stille+post=a@example.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;stille+2Bpost+3Da@example.org";
    assert!(heard.contains(&wanted.to_owned()), "{heard:?}");
}

const PHASES: [(&str, Phase); 6] = [
    ("CONNECT", Phase::Greeting),
    ("EHLO", Phase::Greeting),
    ("MAIL", Phase::Sender),
    ("RCPT", Phase::Recipient),
    ("DATA", Phase::Data),
    ("DOT", Phase::Dot),
];

#[tokio::test]
async fn a_refusal_is_told_with_its_phase_and_codes() {
    for (verb, phase) in PHASES {
        let enhanced = Some("4.7.1".to_owned());
        let outcome = outcome_of(Script::on(verb, Act::Say("451 4.7.1 later\r\n"))).await;
        assert_eq!(outcome, SendOutcome::Transient { code: 451, enhanced, phase }, "{verb}");
        let enhanced = Some("5.1.1".to_owned());
        let outcome = outcome_of(Script::on(verb, Act::Say("550-5.1.1 <stille.regnbue@example.org>\r\n550 5.1.1 unknown\r\n"))).await;
        assert!(!format!("{outcome} {outcome:?}").contains("stille"), "the server's text may quote an address");
        assert_eq!(outcome.is_about_relay(), phase < Phase::Sender);
        assert_eq!(outcome, SendOutcome::Refused { code: 550, enhanced, phase }, "{verb}");
    }
}

#[tokio::test]
async fn a_silent_or_dripping_server_is_left_at_the_deadline() {
    let begun = Instant::now();
    let mut attempts = JoinSet::new();
    for act in [Act::Hang, Act::Drip] {
        for (verb, phase) in PHASES {
            attempts.spawn(async move {
                let server = Server::start(Script::on(verb, act)).await;
                let mut config = config("127.0.0.1", server.address.port(), RelaySecurity::PlaintextLoopbackOnly);
                config.timeouts = impatient();
                let outcome = SmtpRelay::open(&config).unwrap().send(&a_mail(), &an_id(), marked()).await.unwrap();
                let expected = match phase {
                    Phase::Dot => SendOutcome::Doubtful,
                    phase => SendOutcome::Unreachable { fault: LinkFault::Timeout(phase) },
                };
                assert_eq!(outcome, expected, "{verb}");
            });
        }
    }
    attempts.join_all().await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_lost_connection_is_doubtful_only_after_the_dot() {
    for (verb, phase) in PHASES {
        let outcome = outcome_of(Script::on(verb, Act::Drop)).await;
        let expected = match phase {
            Phase::Dot => SendOutcome::Doubtful,
            phase => SendOutcome::Unreachable { fault: LinkFault::Broken(phase) },
        };
        assert_eq!(outcome, expected, "{verb}");
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_a_large_body_is_no_doubt() {
    let server = Server::start(Script::on("DATA", Act::SayAndDrop("354 go on\r\n"))).await;
    let mut mail = a_mail();
    // More than the two socket buffers can hold, so that the dot is never written.
    mail.bytes.extend("x\r\n".repeat(10 << 20).bytes());
    assert_eq!(send(&server, &mail).await, SendOutcome::Unreachable { fault: LinkFault::Broken(Phase::Body) });
}

#[tokio::test]
async fn only_250_after_the_dot_is_acceptance() {
    for odd in ["354 go on\r\n", "251 forwarded\r\n", "220 hello\r\n", "no such thing\r\n", "25\r\n"] {
        assert_eq!(outcome_of(Script::on("DOT", Act::Say(odd))).await, SendOutcome::Doubtful, "{odd}");
    }
}

#[tokio::test]
async fn a_positive_code_out_of_place_does_not_count_as_consent() {
    for (verb, say, code, phase) in [
        ("MAIL", "354 go on\r\n", 354, Phase::Sender),
        ("RCPT", "354 go on\r\n", 354, Phase::Recipient),
        ("DATA", "250 fine\r\n", 250, Phase::Data),
    ] {
        assert_eq!(outcome_of(Script::on(verb, Act::Say(say))).await, SendOutcome::Transient { code, enhanced: None, phase }, "{verb}");
    }
}

#[tokio::test]
async fn a_goodbye_that_fails_changes_nothing() {
    for act in [Act::Drop, Act::Say("500 what\r\n")] {
        assert_eq!(outcome_of(Script::on("QUIT", act)).await, SendOutcome::Accepted { code: 250 });
    }
}

#[tokio::test]
async fn nobody_listens() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let relay = SmtpRelay::open(&config("127.0.0.1", port, RelaySecurity::PlaintextLoopbackOnly)).unwrap();
    let outcome = relay.send(&a_mail(), &an_id(), marked()).await.unwrap();
    assert_eq!(outcome, SendOutcome::Unreachable { fault: LinkFault::NoConnection });
}

#[tokio::test]
async fn plaintext_never_leaves_the_machine() {
    // 192.0.2.0/24 is set aside for documentation (RFC 5737).
    let relay = SmtpRelay::open(&config("192.0.2.1", 25, RelaySecurity::PlaintextLoopbackOnly)).unwrap();
    let outcome = relay.send(&a_mail(), &an_id(), marked()).await.unwrap();
    assert_eq!(outcome, SendOutcome::Unreachable { fault: LinkFault::NotLoopback });
}

#[test]
fn a_relay_that_cannot_be_right_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, "hemmelig\n").unwrap();
    let credentials = Some(Credentials { username: "arkiv".to_owned(), password_file });
    let missing = Some(Credentials { username: "arkiv".to_owned(), password_file: folder.path().join("none") });
    let plain = config("127.0.0.1", 25, RelaySecurity::PlaintextLoopbackOnly);
    let tls = config("relay.test", 465, RelaySecurity::ImplicitTls);
    let cases = [
        (RelayConfig { credentials: credentials.clone(), ..plain.clone() }, "credentials"),
        (RelayConfig { credentials: missing, ca_file: None, ..tls.clone() }, "credentials"),
        (RelayConfig { ca_file: Some(folder.path().join("password")), ..tls.clone() }, "ca_file"),
        (RelayConfig { ca_file: Some(folder.path().join("none")), ..tls.clone() }, "ca_file"),
        (RelayConfig { host: "no host".to_owned(), ..tls }, "host"),
        (RelayConfig { hello_name: "a\r\nb".to_owned(), ..plain }, "hello_name"),
    ];
    for (config, setting) in cases {
        let error = SmtpRelay::open(&config).err().unwrap();
        assert_eq!((error.code().id(), error.to_string()), ("mail_config", format!("relay setting {setting} cannot be used")));
    }
}

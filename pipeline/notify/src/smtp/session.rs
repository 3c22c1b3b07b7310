//! One conversation with the relay, from greeting to the answer to the final dot.

use std::{
    future::Future,
    iter,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials as Login, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        commands::{Data, Ehlo, Mail as MailFrom, Quit, Rcpt},
        extension::{ClientId, MailParameter, RcptParameter},
        response::Response,
    },
};
use pipeline_domain::EmailAddress;
use tokio::time::timeout;

use super::{
    LinkFault, Phase, SendOutcome, Timeouts,
    wire::{EncryptedWire, Wire},
};
use crate::{EnvelopeId, Mail};

/// How long a goodbye may take. Its answer changes nothing.
const GOODBYE: Duration = Duration::from_secs(2);

/// A conversation that is ready for a mail.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    offers_dsn: bool,
    timeouts: Timeouts,
}

/// A conversation inside TLS: the only kind that one can log in to.
pub(super) struct EncryptedSession(Session);

impl EncryptedSession {
    pub(super) async fn greet(wire: EncryptedWire, hello: &str, timeouts: Timeouts) -> Result<Self, SendOutcome> {
        Session::greet(wire.into_wire(), hello, timeouts).await.map(Self)
    }

    pub(super) fn without_login(self) -> Session {
        self.0
    }

    pub(super) async fn log_in(self, login: &Login) -> Result<Session, SendOutcome> {
        let Self(mut session) = self;
        let reply = within(session.timeouts.command, Phase::Login, session.connection.auth(DEFAULT_MECHANISMS, login)).await;
        match reply {
            Ok(Ok(reply)) => expect(&reply, &[235], Phase::Login).map(|()| session),
            Ok(Err(e)) if e.is_client() => Err(SendOutcome::Unreachable { fault: LinkFault::LoginMissing }),
            Ok(Err(e)) => Err(SendOutcome::of_error(&e, Phase::Login)),
            Err(stop) => Err(stop),
        }
    }
}

impl Session {
    pub(super) async fn greet(wire: Wire, hello: &str, timeouts: Timeouts) -> Result<Self, SendOutcome> {
        let hello = ClientId::Domain(hello.to_owned());
        // lettre reads the greeting and says EHLO in one call, so the two share a deadline and a phase.
        let greeted = within(timeouts.command, Phase::Greeting, AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello));
        let connection = greeted.await?.map_err(|e| SendOutcome::of_error(&e, Phase::Greeting))?;
        let mut session = Self { connection, offers_dsn: false, timeouts };
        // lettre keeps only the extensions it knows, and DSN is not among them: ask again and read for ourselves.
        let offers = session.command(Ehlo::new(hello), Phase::Hello, &[250]).await?;
        session.offers_dsn = offers.message().any(|line| line.trim().eq_ignore_ascii_case("DSN"));
        Ok(session)
    }

    /// Names sender and recipient and asks to send. With DSN (RFC 3461) the relay is asked to report what becomes of the mail,
    /// under an opaque name and without its body.
    pub(super) async fn envelope(&mut self, mail: &Mail, id: &EnvelopeId) -> Result<(), SendOutcome> {
        let from = address(&mail.from, Phase::Sender)?;
        let to = address(&mail.to, Phase::Recipient)?;
        let (of_mail, of_recipient) = if self.offers_dsn { reports_wanted(&to, id) } else { (Vec::new(), Vec::new()) };
        self.command(MailFrom::new(Some(from), of_mail), Phase::Sender, &[250]).await?;
        self.command(Rcpt::new(to, of_recipient), Phase::Recipient, &[250, 251, 252]).await?;
        self.command(Data, Phase::Data, &[354]).await?;
        Ok(())
    }

    /// Sends the body and the final dot, and reads the answer. Only an exact 250 is acceptance.
    pub(super) async fn body(&mut self, mail: &Mail) -> SendOutcome {
        let mib = u32::try_from(mail.bytes.len() >> 20).unwrap_or(u32::MAX).saturating_add(1);
        let limit = self.timeouts.final_reply + self.timeouts.final_reply_per_mib.saturating_mul(mib);
        // The dot that lettre writes begins with the line break that ends the last line.
        let body = mail.bytes.strip_suffix(b"\r\n").unwrap_or(&mail.bytes);
        // lettre asks for the next part when the one before is written, and writes the dot when there is none.
        let dot_begun = AtomicBool::new(false);
        let parts = iter::once(body).chain(iter::from_fn(|| {
            dot_begun.store(true, Ordering::Relaxed);
            None
        }));
        let answer = timeout(limit, self.connection.message_iter(parts)).await;
        let doubt_or = |stop| if dot_begun.load(Ordering::Relaxed) { SendOutcome::Doubtful } else { stop };
        match answer {
            Ok(Ok(reply)) if reply.has_code(250) => SendOutcome::Accepted { code: 250 },
            Ok(Ok(_)) => SendOutcome::Doubtful,
            Ok(Err(e)) if e.status().is_some() => SendOutcome::of_error(&e, Phase::Dot),
            Ok(Err(_)) => doubt_or(SendOutcome::broken(Phase::Body)),
            Err(_) => doubt_or(SendOutcome::timeout(Phase::Body)),
        }
    }

    /// Says goodbye where the two still understand each other, and closes in any case: after a timeout or a broken reply the
    /// next answer could belong to an earlier question.
    pub(super) async fn leave_after(mut self, outcome: &SendOutcome) {
        match outcome {
            SendOutcome::Accepted { .. } | SendOutcome::Transient { .. } | SendOutcome::Refused { .. } => {
                let _ = timeout(GOODBYE, self.connection.command(Quit)).await;
            }
            SendOutcome::Unreachable { .. } | SendOutcome::Doubtful => {}
        }
    }

    async fn command<C: std::fmt::Display>(&mut self, command: C, phase: Phase, codes: &[u16]) -> Result<Response, SendOutcome> {
        let reply = within(self.timeouts.command, phase, self.connection.command(command)).await?;
        let reply = reply.map_err(|e| SendOutcome::of_error(&e, phase))?;
        expect(&reply, codes, phase).map(|()| reply)
    }
}

/// What reports we want (RFC 3461 § 4). `ORCPT` makes a report name the address that we wrote to, too, when mail for it is passed on:
/// so it is seen that another one failed.
fn reports_wanted(to: &Address, id: &EnvelopeId) -> (Vec<MailParameter>, Vec<RcptParameter>) {
    let (keyword, value) = ("RET".to_owned(), Some("HDRS".to_owned()));
    let headers_only = MailParameter::Other { keyword, value };
    let (keyword, value) = ("ENVID".to_owned(), Some(id.to_string()));
    let named = MailParameter::Other { keyword, value };
    let (keyword, value) = ("NOTIFY".to_owned(), Some("SUCCESS,FAILURE,DELAY".to_owned()));
    let whatever_comes = RcptParameter::Other { keyword, value };
    // The builder writes values as xtext.
    let (keyword, value) = ("ORCPT".to_owned(), Some(format!("rfc822;{to}")));
    let address = RcptParameter::Other { keyword, value };
    (vec![headers_only, named], vec![whatever_comes, address])
}

async fn within<T>(limit: Duration, phase: Phase, work: impl Future<Output = Result<T, Error>>) -> Result<Result<T, Error>, SendOutcome> {
    timeout(limit, work).await.map_err(|_| SendOutcome::timeout(phase))
}

fn expect(reply: &Response, codes: &[u16], phase: Phase) -> Result<(), SendOutcome> {
    if codes.iter().any(|code| reply.has_code(*code)) { Ok(()) } else { Err(SendOutcome::by_code(reply.code().into(), None, phase)) }
}

/// `compose` has made the addresses deliverable; one that is not can only come from a `Mail` put together by hand.
fn address(address: &EmailAddress, phase: Phase) -> Result<Address, SendOutcome> {
    address.expose().parse().ok().filter(|_| address.expose().is_ascii()).ok_or(SendOutcome::Refused { code: 553, enhanced: None, phase })
}

//! What became of one attempt.

use std::{error::Error as _, fmt};

use pipeline_domain::{ErrorCode, Verdict};

use crate::{BounceKind, NotifyError};

/// How far an attempt came. Later phases compare greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Finding and reaching the server.
    Connect,
    /// Its first line.
    Greeting,
    /// EHLO.
    Hello,
    /// STARTTLS and the TLS handshake.
    Tls,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, before the body.
    Data,
    /// The body, before the final dot: nothing can have been accepted.
    Body,
    /// From the first byte of the final dot to its reply.
    Dot,
}

/// Why there was no conversation to judge the mail by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// No address for the host, or no connection.
    NoConnection,
    /// The server was silent, or dripped, past the deadline of a phase.
    Timeout(Phase),
    /// The connection was lost or the reply was not SMTP.
    Broken(Phase),
    /// Plaintext is for loopback only.
    NotLoopback,
    /// The server does not offer STARTTLS. We do not go on without.
    StartTlsMissing,
    /// Plaintext came after the reply to STARTTLS.
    StartTlsInjected,
    /// The TLS handshake failed, such as for an unknown issuer or a wrong name.
    Tls,
    /// The server offers no way to log in that we know.
    LoginMissing,
}

/// What became of one attempt to send. Never holds what the server said: that may quote an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The relay answered the final dot with this code, which is 250.
    Accepted {
        /// SMTP code.
        code: u16,
    },
    /// Refused for now, or answered with a code that does not belong there.
    Transient {
        /// SMTP code.
        code: u16,
        /// Enhanced code (RFC 3463) such as `4.7.1`.
        enhanced: Option<String>,
        /// Where.
        phase: Phase,
    },
    /// Refused for good.
    Refused {
        /// SMTP code.
        code: u16,
        /// Enhanced code (RFC 3463) such as `5.1.1`.
        enhanced: Option<String>,
        /// Where.
        phase: Phase,
    },
    /// Not sent, and not because of this mail.
    Unreachable {
        /// Why.
        fault: LinkFault,
    },
    /// The final dot went out and no clear answer came back: the relay may have taken the mail or not.
    Doubtful,
}

impl SendOutcome {
    /// The outcome as success or failure of the mail with this Message-ID.
    ///
    /// Errors: [`NotifyError::NotAccepted`] for everything but [`SendOutcome::Accepted`].
    pub fn into_result(self, message_id: &str) -> Result<(), NotifyError> {
        match self {
            Self::Accepted { .. } => Ok(()),
            outcome => Err(NotifyError::NotAccepted { message_id: message_id.to_owned(), outcome }),
        }
    }

    /// Whether it says something about the relay or our set-up and nothing about the mail: such an attempt should not count
    /// against the mail.
    pub fn is_about_relay(&self) -> bool {
        match self {
            Self::Accepted { .. } | Self::Doubtful => false,
            Self::Transient { phase, .. } | Self::Refused { phase, .. } => *phase < Phase::Sender,
            Self::Unreachable { .. } => true,
        }
    }

    /// Whether the relay refused the mail with a code that speaks of its address ([`BounceKind::Hard`]): nothing more should go there.
    pub fn condemns_address(&self) -> bool {
        match self {
            Self::Refused { enhanced: Some(code), phase: Phase::Recipient | Phase::Data | Phase::Dot, .. } => {
                code.parse().is_ok_and(|status| BounceKind::of(status) == BounceKind::Hard)
            }
            _ => false,
        }
    }

    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            // `Accepted` is never an error; the arm is here so that a new outcome must take a stand.
            Self::Accepted { .. } | Self::Transient { .. } => ErrorCode::MailTemporary,
            Self::Refused { enhanced, phase, .. } => {
                let policy = enhanced.as_deref().is_some_and(|e| e.starts_with("5.7."));
                if policy || *phase < Phase::Sender { ErrorCode::MailConfig } else { ErrorCode::MailRefused }
            }
            Self::Unreachable { fault } => match fault {
                LinkFault::NoConnection | LinkFault::Timeout(_) | LinkFault::Broken(_) => ErrorCode::MailTemporary,
                LinkFault::NotLoopback
                | LinkFault::StartTlsMissing
                | LinkFault::StartTlsInjected
                | LinkFault::Tls
                | LinkFault::LoginMissing => ErrorCode::MailConfig,
            },
            Self::Doubtful => ErrorCode::MailDoubtful,
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Accepted { .. } | Self::Transient { .. } | Self::Unreachable { .. } => Verdict::Retry,
            // A relay that turns us away before the mail is named may be mended; the mail waits for that.
            Self::Refused { .. } if self.is_about_relay() => Verdict::Retry,
            Self::Refused { .. } | Self::Doubtful => Verdict::GiveUp,
        }
    }

    pub(super) fn timeout(phase: Phase) -> Self {
        Self::Unreachable { fault: LinkFault::Timeout(phase) }
    }

    pub(super) fn broken(phase: Phase) -> Self {
        Self::Unreachable { fault: LinkFault::Broken(phase) }
    }

    /// By the first digit of the code. A positive code that does not belong in the phase says nothing about the mail, so we
    /// try again later.
    pub(super) fn by_code(code: u16, enhanced: Option<String>, phase: Phase) -> Self {
        if code / 100 == 5 { Self::Refused { code, enhanced, phase } } else { Self::Transient { code, enhanced, phase } }
    }

    /// From what lettre says of a command.
    pub(super) fn of_error(error: &lettre::transport::smtp::Error, phase: Phase) -> Self {
        match error.status() {
            Some(code) => Self::by_code(code.into(), error.source().and_then(|text| enhanced_code(&text.to_string())), phase),
            None => Self::broken(phase),
        }
    }
}

impl fmt::Display for SendOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reply = |f: &mut fmt::Formatter<'_>, what, code, enhanced: &Option<String>, phase| {
            write!(f, "{what} in phase {phase:?} with code {code}")?;
            enhanced.as_ref().map_or(Ok(()), |e| write!(f, " {e}"))
        };
        match self {
            Self::Accepted { code } => write!(f, "accepted with code {code}"),
            Self::Transient { code, enhanced, phase } => reply(f, "refused for now", code, enhanced, phase),
            Self::Refused { code, enhanced, phase } => reply(f, "refused", code, enhanced, phase),
            Self::Unreachable { fault } => write!(f, "not sent: {fault:?}"),
            Self::Doubtful => f.write_str("no clear answer after the final dot"),
        }
    }
}

/// The enhanced code that a reply's text begins with. The rest of the text is left behind: it may quote an address.
pub(super) fn enhanced_code(text: &str) -> Option<String> {
    let word = text.split_ascii_whitespace().next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let number = |p: &&str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    (parts.len() == 3 && matches!(parts[0], "2" | "4" | "5") && parts.iter().all(number)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_come_without_their_text() {
        assert_eq!(enhanced_code("5.1.1 <kari@example.org> unknown"), Some("5.1.1".to_owned()));
        for none in ["kari@example.org", "3.1.1 x", "5.1 x", "5.1.1111 x", "5..1 x", ""] {
            assert_eq!(enhanced_code(none), None, "{none}");
        }
    }

    #[test]
    fn only_a_refusal_of_the_address_itself_condemns_it() {
        let refused = |code, phase, enhanced: &str| SendOutcome::by_code(code, Some(enhanced.to_owned()), phase).condemns_address();
        assert!(refused(550, Phase::Recipient, "5.1.1") && refused(550, Phase::Dot, "5.2.1"));
        assert!(!refused(552, Phase::Recipient, "5.2.2"), "full");
        assert!(!refused(550, Phase::Recipient, "5.7.1"), "a rule");
        assert!(!refused(450, Phase::Recipient, "4.1.1"), "for now");
        assert!(!refused(550, Phase::Sender, "5.1.2"), "not about the receiver");
        assert!(!SendOutcome::by_code(550, None, Phase::Recipient).condemns_address());
    }

    #[test]
    fn every_outcome_takes_a_stand() {
        let refused = |phase, enhanced: Option<&str>| SendOutcome::by_code(550, enhanced.map(str::to_owned), phase);
        let link = |fault| SendOutcome::Unreachable { fault };
        let cases = [
            (refused(Phase::Recipient, Some("5.1.1")), ErrorCode::MailRefused, Verdict::GiveUp),
            (refused(Phase::Recipient, Some("5.7.1")), ErrorCode::MailConfig, Verdict::GiveUp),
            (refused(Phase::Login, None), ErrorCode::MailConfig, Verdict::Retry),
            (SendOutcome::by_code(451, None, Phase::Dot), ErrorCode::MailTemporary, Verdict::Retry),
            (SendOutcome::by_code(354, None, Phase::Sender), ErrorCode::MailTemporary, Verdict::Retry),
            (link(LinkFault::NoConnection), ErrorCode::MailTemporary, Verdict::Retry),
            (link(LinkFault::Tls), ErrorCode::MailConfig, Verdict::Retry),
            (SendOutcome::Doubtful, ErrorCode::MailDoubtful, Verdict::GiveUp),
        ];
        for (outcome, code, verdict) in cases {
            let error = outcome.clone().into_result("<x@example.org>").unwrap_err();
            assert_eq!((error.code(), error.verdict()), (code, verdict), "{outcome:?}");
        }
        assert!(SendOutcome::Accepted { code: 250 }.into_result("<x@example.org>").is_ok());
    }
}

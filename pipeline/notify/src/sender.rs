//! The municipality as a sender, from its configuration.

use lettre::{Address, message::Mailbox};
use pipeline_domain::{EmailAddress, Line};

use crate::{
    NotifyError,
    address::{Deliverable, ascii_domain},
    plain::one_line,
};

const NAME_CAP: usize = 100;
const CONTACT_CAP: usize = 200;
const URL_CAP: usize = 200;

/// Whom a mail comes from. Everything here is shown to every recipient.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Display name of the From header, and the municipality's name in the text.
    pub municipality_name: Line,
    /// From header and return path.
    pub from_address: EmailAddress,
    /// Service mailbox that answers go to.
    pub reply_to: EmailAddress,
    /// Where one logs in, shown as text: `https`, no user, query or fragment, so that it can't hold a token.
    pub login_url: String,
    /// Whom to ask, such as a telephone number or an office.
    pub contact_point: Line,
    /// Right side of every Message-ID. Never a server's own name.
    pub message_id_domain: String,
    /// The newest checkpoint of the archive's log, in lines of at most 72 ASCII characters: it stands at the foot of the mail, so that any
    /// recipient can show what the archive held by then. `None` where there is no log.
    pub checkpoint: Option<String>,
}

/// A sender whose parts are fit for a mail.
pub(crate) struct CheckedSender {
    pub(crate) municipality: String,
    pub(crate) from: Deliverable,
    reply_to: Address,
    pub(crate) login_url: String,
    pub(crate) contact_point: String,
    pub(crate) message_id_domain: String,
    pub(crate) checkpoint: Option<String>,
}

impl Sender {
    /// Says which part cannot be used in a mail, so that a wrong configuration stops the start and not the first mail.
    ///
    /// Errors: [`NotifyError::Sender`] with the name of the field.
    pub fn check(&self) -> Result<(), NotifyError> {
        self.checked().map(drop)
    }

    pub(crate) fn checked(&self) -> Result<CheckedSender, NotifyError> {
        let bad = |field| NotifyError::Sender { field };
        let line = |text: &Line, cap, field| {
            let line = one_line(text.expose(), cap);
            if line.is_empty() { Err(bad(field)) } else { Ok(line) }
        };
        if !is_login_url(&self.login_url) {
            return Err(bad("login_url"));
        }
        if self.checkpoint.as_deref().is_some_and(|lines| !is_checkpoint(lines)) {
            return Err(bad("checkpoint"));
        }
        Ok(CheckedSender {
            municipality: line(&self.municipality_name, NAME_CAP, "municipality_name")?,
            from: Deliverable::try_from(&self.from_address).map_err(|_| bad("from_address"))?,
            reply_to: Deliverable::try_from(&self.reply_to).map_err(|_| bad("reply_to"))?.address,
            login_url: self.login_url.clone(),
            contact_point: line(&self.contact_point, CONTACT_CAP, "contact_point")?,
            message_id_domain: ascii_domain(&self.message_id_domain).map_err(|_| bad("message_id_domain"))?,
            checkpoint: self.checkpoint.clone(),
        })
    }
}

impl CheckedSender {
    pub(crate) fn sender_mailbox(&self) -> Mailbox {
        Mailbox::new(Some(self.municipality.clone()), self.from.address.clone())
    }

    pub(crate) fn reply_mailbox(&self) -> Mailbox {
        Mailbox::new(None, self.reply_to.clone())
    }
}

/// A few lines of one long word: nothing that a person could have written.
fn is_checkpoint(lines: &str) -> bool {
    let is_plain = |line: &str| (1..=72).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.;".contains(&b));
    (1..=6).contains(&lines.split('\n').count()) && lines.split('\n').all(is_plain)
}

fn is_login_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let plain = |c: char| c.is_alphanumeric() || "-._~/:%".contains(c);
    url.chars().count() <= URL_CAP && host.contains('.') && rest.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::{is_checkpoint, is_login_url};

    #[test]
    fn a_checkpoint_is_one_broken_word() {
        let long = "x".repeat(73);
        for (lines, expected) in [
            ("sjekkpunkt.1.9.abc-_\nDEF.0badcafe.x;", true),
            ("", false),
            ("two words", false),
            ("a\n\nb", false),
            ("a\r\nb", false),
            (long.as_str(), false),
            ("å", false),
        ] {
            assert_eq!(is_checkpoint(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_login_address_cannot_carry_a_token() {
        for good in ["https://samspill.example", "https://min-side.eksempel.example/logg-inn", "https://blåbær.example:8443/"] {
            assert!(is_login_url(good), "{good}");
        }
        for bad in [
            "http://samspill.example",
            "https://samspill.example/?token=1",
            "https://samspill.example/#x",
            "https://kari@samspill.example/",
            "https://samspill.example/\r\nBcc: x",
            "https://localhost/",
            "samspill.example",
            "",
        ] {
            assert!(!is_login_url(bad), "{bad}");
        }
    }
}

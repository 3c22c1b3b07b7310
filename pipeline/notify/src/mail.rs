//! One mail for one person, as bytes.

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Message,
    message::{
        Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use pipeline_domain::{Date, EmailAddress, Notice, Sha256, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    NotifyError, Sender,
    address::Deliverable,
    sender::CheckedSender,
    text::{self, Filled},
};

/// Whether the mail shows where one logs in. Never a link to the document itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginLink {
    /// Shown as text.
    #[default]
    Shown,
    /// Left out: the subject's address is strictly confidential (DOMAIN § 7).
    LeftOut,
}

/// What a run did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Documents archived now.
    pub archived: u32,
    /// Documents that were archived before.
    pub already_there: u32,
    /// Documents refused by intake.
    pub refused: u32,
    /// Documents that failed on the way.
    pub failed: u32,
    /// People to be told on paper.
    pub on_paper: u32,
}

/// What the report on a scheduled run says of it. The report itself stays on the archive's own machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportFacts {
    /// Things that a person should look at.
    pub to_follow_up: u32,
}

/// The little that a mail may say beside its fixed text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailFacts {
    /// Whether the login address is shown.
    pub login_link: LoginLink,
    /// Day to read by.
    pub read_by: Option<Date>,
    /// What a run of `run-once` did. An `archive_report` needs this or `report`; the rest ignore both.
    pub run: Option<RunCounts>,
    /// That a scheduled run left a report.
    pub report: Option<ReportFacts>,
}

impl MailFacts {
    /// Facts for a notice about this document: no login address when the subject's address is strictly confidential.
    pub fn of(snapshot: &Snapshot) -> Self {
        let hidden = snapshot.case.address_protection.hides_places();
        Self { login_link: if hidden { LoginLink::LeftOut } else { LoginLink::Shown }, ..Self::default() }
    }

    /// Facts for the report on a run.
    pub fn of_run(counts: RunCounts) -> Self {
        Self { run: Some(counts), ..Self::default() }
    }

    /// Facts for the word that a scheduled run left a report.
    pub fn of_report(report: ReportFacts) -> Self {
        Self { report: Some(report), ..Self::default() }
    }
}

/// A finished mail to one recipient. `Debug` shows neither addresses nor text.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// With angle brackets. Made from the dedupe key: every attempt has the same.
    pub message_id: String,
    /// Return path, in ASCII.
    pub from: EmailAddress,
    /// The one recipient, in ASCII.
    pub to: EmailAddress,
    /// RFC 5322 message: ASCII, CRLF.
    pub bytes: Vec<u8>,
    /// Name in a Maildir, made from the dedupe key alone: what makes a second delivery show itself.
    pub file_name: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.message_id).field("size_bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// Writes one mail. `at` becomes its Date; equal arguments give equal bytes.
///
/// Errors: [`NotifyError::Sender`] for a set-up that can't stand in a mail, [`NotifyError::Address`] for an address that
/// ordinary servers can't carry, [`NotifyError::Text`] when an `archive_report` comes without its counts.
pub fn compose(notice: &Notice, to: &EmailAddress, sender: &Sender, at: Timestamp, facts: &MailFacts) -> Result<Mail, NotifyError> {
    let sender = sender.checked()?;
    let to = Deliverable::try_from(to).map_err(|_| NotifyError::Address { dedupe_key: notice.dedupe_key.clone() })?;
    let filled = text::fill(notice.kind, notice.written_form, &values(&sender, at, facts))?;
    let message_id = message_id(&notice.dedupe_key, &sender.message_id_domain);
    let bytes = message(notice, &to, &sender, at, &message_id, filled)
        .map_err(|source| NotifyError::Build { dedupe_key: notice.dedupe_key.clone(), source })?
        .formatted();
    Ok(Mail { message_id, from: sender.from.text, to: to.text, bytes, file_name: file_name(&notice.dedupe_key) })
}

/// The Message-ID of a notice, with angle brackets: the same on every attempt.
pub fn message_id(dedupe_key: &str, domain: &str) -> String {
    format!("<{}@{domain}>", opaque_name(dedupe_key))
}

/// The name of a notice in a Maildir.
pub fn file_name(dedupe_key: &str) -> String {
    format!("{}.eml", opaque_name(dedupe_key))
}

fn message(
    notice: &Notice,
    to: &Deliverable,
    sender: &CheckedSender,
    at: Timestamp,
    message_id: &str,
    text: Filled,
) -> Result<Message, lettre::error::Error> {
    let raw = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    // The builder's date type begins in 1970.
    let date = UNIX_EPOCH + Duration::from_secs(at.unix_seconds().try_into().unwrap_or(0));
    Message::builder()
        .date(date)
        .from(sender.sender_mailbox())
        .reply_to(sender.reply_mailbox())
        .to(Mailbox::new(None, to.address.clone()))
        .message_id(Some(message_id.to_owned()))
        .subject(text.subject)
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Auto-Response-Suppress", "All"))
        .raw_header(raw("Content-Language", notice.written_form.tag()))
        .raw_header(raw("MIME-Version", "1.0"))
        .header(ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text.body)
}

fn values(sender: &CheckedSender, at: Timestamp, facts: &MailFacts) -> Vec<(&'static str, Option<String>)> {
    let mut values = vec![
        ("municipality", Some(sender.municipality.clone())),
        ("contact_point", Some(sender.contact_point.clone())),
        ("login_url", (facts.login_link == LoginLink::Shown).then(|| sender.login_url.clone())),
        ("read_by", facts.read_by.map(text::day)),
        ("at", Some(text::moment(at))),
    ];
    // Without a run or a report these places are unknown, and a text that asks for them is refused.
    if facts.run.is_some() || facts.report.is_some() {
        let run = |of: fn(RunCounts) -> u32| facts.run.map(|run| of(run).to_string());
        values.extend([
            ("archived", run(|r| r.archived)),
            ("already_there", run(|r| r.already_there)),
            ("refused", run(|r| r.refused)),
            ("failed", run(|r| r.failed)),
            ("on_paper", run(|r| r.on_paper)),
            ("to_follow_up", facts.report.map(|report| report.to_follow_up.to_string())),
        ]);
    }
    values
}

/// 26 letters and digits (130 bits) that give nothing away: base32 (RFC 4648, lower case) of the key's SHA-256.
fn opaque_name(dedupe_key: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digest = Sha256::of(dedupe_key.as_bytes());
    let bit = |i: usize| digest.as_bytes()[i / 8] >> (7 - i % 8) & 1;
    (0..26).map(|n| char::from(ALPHABET[(0..5).fold(0, |value, i| value << 1 | usize::from(bit(n * 5 + i)))])).collect()
}

#[cfg(test)]
mod tests {
    use super::opaque_name;

    #[test]
    fn names_are_base32_of_the_digest() {
        // printf '' | sha256sum | xxd -r -p | base32 | cut -c1-26 | tr A-Z a-z
        assert_eq!(opaque_name(""), "4oymiquy7qobjgx36tejs35zeq");
    }
}

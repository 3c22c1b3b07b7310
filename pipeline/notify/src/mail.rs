//! One mail for one person, as bytes.

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Message,
    message::{
        Mailbox, MessageBuilder, MultiPart, MultiPartKind, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use pipeline_domain::{EmailAddress, Lang, Notice, Sha256, Timestamp};

use crate::{
    NotifyError, Sender,
    address::Deliverable,
    calendar::{self, Method},
    facts::{English, MailFacts, MeetingTimes},
    sender::CheckedSender,
    text::{self, Filled},
    values::values,
    words,
};

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

/// What a mail program shows of a mail: what went into its bytes, before it was encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Readable {
    /// Every header field of the message in its order, decoded.
    pub headers: Vec<(String, String)>,
    /// Subject line.
    pub subject: String,
    /// Text, with `\n` at the end of each line.
    pub text: String,
    /// `Content-Language`: `nb`, `nn`, or with English below `nb, en`.
    pub languages: String,
    /// The calendar part as it stands in the file, with CRLF; `None` in most mails.
    pub calendar: Option<String>,
}

impl fmt::Debug for Readable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readable").field("languages", &self.languages).finish_non_exhaustive()
    }
}

/// Writes one mail. `at` becomes its Date; equal arguments give equal bytes.
///
/// Errors: [`NotifyError::Sender`] for a set-up that can't stand in a mail, [`NotifyError::Address`] for an address that
/// ordinary servers can't carry, [`NotifyError::Text`] when an `archive_report` or a `lead_digest` comes without its counts,
/// [`NotifyError::Meeting`] for a meeting that ends before it begins.
pub fn compose(notice: &Notice, to: &EmailAddress, sender: &Sender, at: Timestamp, facts: &MailFacts) -> Result<Mail, NotifyError> {
    compose_readable(notice, to, sender, at, facts).map(|(mail, _)| mail)
}

/// The same, with what a mail program shows of it.
///
/// Errors: those of [`compose`].
pub fn compose_readable(
    notice: &Notice,
    to: &EmailAddress,
    sender: &Sender,
    at: Timestamp,
    facts: &MailFacts,
) -> Result<(Mail, Readable), NotifyError> {
    let sender = sender.checked()?;
    let to = Deliverable::try_from(to).map_err(|_| NotifyError::Address { dedupe_key: notice.dedupe_key.clone() })?;
    let mut readable = readable(notice, &to, &sender, at, facts)?;
    let message_id = message_id(&notice.dedupe_key, &sender.message_id_domain);
    let head = head(&readable, &to, &sender, at, &message_id);
    let bytes = message(notice, head, &readable)
        .map_err(|source| NotifyError::Build { dedupe_key: notice.dedupe_key.clone(), source })?
        .formatted();
    readable.headers = headers(&bytes, &readable.subject, &sender);
    let mail = Mail { message_id, from: sender.from.text, to: to.text, bytes, file_name: file_name(&notice.dedupe_key) };
    Ok((mail, readable))
}

/// The Message-ID of a notice, with angle brackets: the same on every attempt.
pub fn message_id(dedupe_key: &str, domain: &str) -> String {
    format!("<{}@{domain}>", opaque_name(dedupe_key))
}

/// The name of a notice in a Maildir.
pub fn file_name(dedupe_key: &str) -> String {
    format!("{}.eml", opaque_name(dedupe_key))
}

fn readable(notice: &Notice, to: &Deliverable, sender: &CheckedSender, at: Timestamp, facts: &MailFacts) -> Result<Readable, NotifyError> {
    let lang = notice.written_form.lang();
    let calendar = calendar_part(notice, to, sender, facts)?;
    let fill = |lang| text::fill(notice.kind, lang, notice.turn(), &values(notice.kind, lang, sender, at, facts));
    let Filled { subject, body } = fill(lang)?;
    let languages = words::tag(lang).to_owned();
    let foot = sender.checkpoint.as_ref().map_or_else(String::new, |lines| format!("\n{}\n{lines}\n", words::checkpoint(lang)));
    Ok(match facts.english {
        English::LeftOut => Readable { headers: Vec::new(), subject, text: body + &foot, languages, calendar },
        English::Below => {
            let english = fill(Lang::En)?;
            Readable {
                headers: Vec::new(),
                subject: format!("{subject} / {}", english.subject),
                // Said first: who can't read the rest must not have to look for it.
                text: format!("(English text below)\n\n{body}\n-----\n\n{}{foot}", english.body),
                languages: format!("{languages}, {}", words::tag(Lang::En)),
                calendar,
            }
        }
    })
}

/// For notices that change what stands in a calendar, if the municipality lets times be told.
fn calendar_part(notice: &Notice, to: &Deliverable, sender: &CheckedSender, facts: &MailFacts) -> Result<Option<String>, NotifyError> {
    let (Some(method), Some(meeting), MeetingTimes::Shown) = (Method::of(notice.kind), &facts.meeting, facts.meeting_times) else {
        return Ok(None);
    };
    if !calendar::is_a_span(meeting.starts_at, meeting.ends_at) {
        return Err(NotifyError::Meeting { dedupe_key: notice.dedupe_key.clone() });
    }
    let lang = notice.written_form.lang();
    let description = text::calendar_note(lang, &values(notice.kind, lang, sender, meeting.revised_at, facts));
    Ok(Some(calendar::write(&calendar::Entry {
        method,
        meeting,
        domain: &sender.message_id_domain,
        organiser: sender.from.text.expose(),
        attendee: to.text.expose(),
        lang,
        description: &description,
    })))
}

fn head(readable: &Readable, to: &Deliverable, sender: &CheckedSender, at: Timestamp, message_id: &str) -> MessageBuilder {
    let raw = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    // The builder's date type begins in 1970.
    let date = UNIX_EPOCH + Duration::from_secs(at.unix_seconds().try_into().unwrap_or(0));
    Message::builder()
        .date(date)
        .from(sender.sender_mailbox())
        .reply_to(sender.reply_mailbox())
        .to(Mailbox::new(None, to.address.clone()))
        .message_id(Some(message_id.to_owned()))
        .subject(readable.subject.clone())
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Auto-Response-Suppress", "All"))
        .raw_header(raw("Content-Language", &readable.languages))
        .raw_header(raw("MIME-Version", "1.0"))
}

/// Text alone, or with a calendar as its alternative: the last one, so the best one, with its method and no disposition (MAIL § 2.1).
fn message(notice: &Notice, head: MessageBuilder, readable: &Readable) -> Result<Message, lettre::error::Error> {
    let (Some(calendar), Some(method)) = (&readable.calendar, Method::of(notice.kind)) else {
        return head.header(ContentType::TEXT_PLAIN).header(ContentTransferEncoding::QuotedPrintable).body(readable.text.clone());
    };
    let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={}", method.id())).expect("a media type of ours is one");
    let plain =
        SinglePart::builder().header(ContentType::TEXT_PLAIN).header(ContentTransferEncoding::QuotedPrintable).body(readable.text.clone());
    // Base64 keeps the bytes as they are: a folded line must not be wrapped again.
    let entry = SinglePart::builder().header(kind).header(ContentTransferEncoding::Base64).body(calendar.clone().into_bytes());
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("part-{}", opaque_name(&notice.dedupe_key)))
        .singlepart(plain)
        .singlepart(entry);
    head.multipart(parts)
}

/// The fields as they stand in the finished message, unfolded. Only the subject and the sender's name can have been encoded.
fn headers(message: &[u8], subject: &str, sender: &CheckedSender) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(message);
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let decoded = |name: &str, value: &str| match name {
        "Subject" => subject.to_owned(),
        "From" => format!("{} <{}>", sender.municipality, sender.from.text.expose()),
        _ => value.to_owned(),
    };
    head.split("\r\n").filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), decoded(name, value))).collect()
}

/// 26 letters and digits (130 bits) that give nothing away: base32 (RFC 4648, lower case) of the key's SHA-256.
pub(crate) fn opaque_name(dedupe_key: &str) -> String {
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

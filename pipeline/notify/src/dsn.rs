//! Delivery reports (RFC 3461, 3464): what other mail servers say became of a mail of ours.
//!
//! [`read_returned`] judges one message from the mailbox that the return path leads to. It is a function of its bytes, reads
//! hostile ones without a panic, and keeps neither an address nor a word of the server's. What does not say plainly, in the
//! standard's own form, what became of which mail is [`ReturnedKind::Unknown`]: a person looks at it, and nothing is guessed.

mod envelope_id;
mod fields;
mod parts;
mod status;

use pipeline_domain::{Sha256, Timestamp};

pub use envelope_id::{EnvelopeId, MailName};
pub use status::{BounceKind, StatusCode};

use parts::{Part, closed_parts};

/// A longer message is not read. We ask for header fields only (`RET=HDRS`), and our mails are short.
pub const LARGEST_RETURNED_BYTES: usize = 512 << 10;

/// A message that came back, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedMail {
    /// Of its Message-ID, or of the whole message where it has none: the same report is known when it comes twice.
    pub id: Sha256,
    /// What it is.
    pub kind: ReturnedKind,
}

/// What a message that came back is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnedKind {
    /// Reports on one mail of ours, one for each receiver that they name: at least one.
    Reports {
        /// The mail.
        about: MailReference,
        /// In the order of the message.
        reports: Vec<DeliveryReport>,
    },
    /// An answer that somebody's mailbox wrote by itself, such as a notice of absence (RFC 3834). Says nothing about delivery.
    AutoReply,
    /// Anything else. A person must look.
    Unknown(UnknownReason),
}

/// How a report names the mail that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailReference {
    /// By the envelope id that we gave it.
    Envelope(EnvelopeId),
    /// By the Message-ID in the returned header fields: a server on the way did not pass the envelope id on.
    Name(MailName),
}

impl MailReference {
    /// The mail's name, which both have.
    pub fn name(&self) -> &MailName {
        match self {
            Self::Envelope(id) => id.name(),
            Self::Name(name) => name,
        }
    }
}

/// Why a message is left to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnknownReason {
    /// No delivery report in the standard's form: free text, or no bounce at all.
    NoReport,
    /// A report of another type, such as a receipt or a complaint.
    OtherReport,
    /// A delivery report that is cut short, or lacks what it must have.
    Malformed,
    /// A delivery report that names no mail of ours.
    NotOurs,
    /// Longer than [`LARGEST_RETURNED_BYTES`].
    TooLarge,
}

impl UnknownReason {
    /// The word in lists.
    pub fn id(self) -> &'static str {
        match self {
            Self::NoReport => "no_report",
            Self::OtherReport => "other_report",
            Self::Malformed => "malformed",
            Self::NotOurs => "not_ours",
            Self::TooLarge => "too_large",
        }
    }
}

/// What became of a mail for one receiver. Holds no address and no text of a server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// What the server did (RFC 3464 § 2.3.3).
    pub action: DeliveryAction,
    /// Why (RFC 3464 § 2.3.4).
    pub status: StatusCode,
    /// Whose address it speaks of.
    pub receiver: ReportedReceiver,
    /// Of the last attempt; of the report where that is not told, and `None` where neither is.
    pub at: Option<Timestamp>,
}

/// What a server did with a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryAction {
    /// It lies in the mailbox.
    Delivered,
    /// Given to a server that does not report: nothing more will be heard.
    Relayed,
    /// Given on to several addresses.
    Expanded,
    /// Still tried.
    Delayed,
    /// Given up.
    Failed,
}

impl DeliveryAction {
    const ALL: [Self; 5] = [Self::Delivered, Self::Relayed, Self::Expanded, Self::Delayed, Self::Failed];

    /// The standard's word.
    pub fn id(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
            Self::Delayed => "delayed",
            Self::Failed => "failed",
        }
    }

    /// The action with this name, in whatever case.
    fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.id().eq_ignore_ascii_case(id))
    }
}

/// Whose address a report speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportedReceiver {
    /// The one that we wrote to, as far as the report tells.
    OurAddress,
    /// Another, to which mail for the one that we wrote to is passed on. That it fails does not say that ours does.
    PassedOn,
}

impl DeliveryReport {
    /// The kind of failure; `None` for everything but [`DeliveryAction::Failed`].
    pub fn bounce(&self) -> Option<BounceKind> {
        (self.action == DeliveryAction::Failed).then(|| BounceKind::of(self.status))
    }

    /// Whether the address that we wrote to is no good and must be blocked.
    pub fn condemns_address(&self) -> bool {
        self.bounce() == Some(BounceKind::Hard) && self.receiver == ReportedReceiver::OurAddress
    }
}

/// Judges one message. Give it at most [`LARGEST_RETURNED_BYTES`] and one byte more, which shows that there is more.
pub fn read_returned(bytes: &[u8]) -> ReturnedMail {
    let whole = || Sha256::of(bytes);
    let unknown = |id, reason| ReturnedMail { id, kind: ReturnedKind::Unknown(reason) };
    if bytes.len() > LARGEST_RETURNED_BYTES {
        return unknown(whole(), UnknownReason::TooLarge);
    }
    let Some(message) = Part::read(bytes) else { return unknown(whole(), UnknownReason::NoReport) };
    let id = message.message_id().map_or_else(whole, |id| Sha256::of(id.as_bytes()));
    ReturnedMail { id, kind: kind_of(&message) }
}

fn kind_of(message: &Part<'_>) -> ReturnedKind {
    let report_type = message.parameter("report-type");
    match report_type {
        _ if !message.is("multipart", "report") => {
            if is_auto_reply(message) {
                ReturnedKind::AutoReply
            } else {
                ReturnedKind::Unknown(UnknownReason::NoReport)
            }
        }
        Some(other) if !other.eq_ignore_ascii_case("delivery-status") => ReturnedKind::Unknown(UnknownReason::OtherReport),
        _ => reports(message).unwrap_or_else(ReturnedKind::Unknown),
    }
}

fn reports(message: &Part<'_>) -> Result<ReturnedKind, UnknownReason> {
    let boundary = message.parameter("boundary").ok_or(UnknownReason::Malformed)?;
    // A part without its closing line may have been cut, even in the middle of a status.
    let parts: Vec<Part<'_>> = closed_parts(message.body(), boundary).into_iter().filter_map(Part::read).collect();
    let is_status = |p: &&Part<'_>| p.is("message", "delivery-status") || p.is("message", "global-delivery-status");
    let status = parts.iter().find(is_status).and_then(Part::decoded).ok_or(UnknownReason::Malformed)?;
    let read = fields::read(&status, fields::timestamp(message.field("Date"))).ok_or(UnknownReason::Malformed)?;
    let named = read.envelope_id.map(MailReference::Envelope).or_else(|| returned_name(&parts).map(MailReference::Name));
    Ok(ReturnedKind::Reports { about: named.ok_or(UnknownReason::NotOurs)?, reports: read.reports })
}

/// The name in the Message-ID of the mail that is sent back, whole or its header fields alone (RFC 3462, RFC 6533).
fn returned_name(parts: &[Part<'_>]) -> Option<MailName> {
    let inner = |part: &Part<'_>| part.is("message", "rfc822") || part.is("message", "global");
    let heads = |part: &Part<'_>| part.is("text", "rfc822-headers") || part.is("message", "global-headers");
    let returned = parts.iter().find(|part| inner(part) || heads(part))?.decoded()?;
    let returned = Part::read(&returned)?;
    returned.message_id()?.split_once('@')?.0.parse().ok()
}

/// RFC 3834 § 5. Servers mark their bounces so, too: those come from the postmaster, and are for a person.
fn is_auto_reply(message: &Part<'_>) -> bool {
    let marked = message.field("Auto-Submitted").is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("auto-replied"));
    let from = message.field("From").unwrap_or_default().to_ascii_lowercase();
    marked && !from.is_empty() && !["mailer-daemon", "postmaster"].iter().any(|system| from.contains(system))
}

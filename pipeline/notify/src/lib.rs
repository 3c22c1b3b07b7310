//! Archived document in, neutral mail out: something waits, log in as usual. Never what, about whom or from which unit.
//!
//! [`notices`] decides who is told, [`compose`] writes one mail for one person, and [`Maildir`] or [`SmtpRelay`] carries it.
//! The first two are functions of their arguments. Promises: one recipient per mail; equal arguments give equal bytes; output
//! is ASCII; nothing from the document but the recipient's own address reaches a mail; a Maildir holds each mail once.
//! [`read_returned`] reads what other servers report of a mail.

mod address;
mod calendar;
mod dsn;
mod error;
mod facts;
mod mail;
mod maildir;
mod plain;
mod sender;
mod smtp;
mod telling;
mod text;
mod values;
mod words;

pub use dsn::{
    BounceKind, DeliveryAction, DeliveryReport, EnvelopeId, LARGEST_RETURNED_BYTES, MailName, MailReference, ReportedReceiver,
    ReturnedKind, ReturnedMail, StatusCode, UnknownReason, read_returned,
};
pub use error::NotifyError;
pub use facts::{DigestCounts, English, LoginLink, MailFacts, MeetingFacts, MeetingTimes, ReportFacts, RunCounts, is_still_worth_sending};
pub use mail::{Mail, Readable, compose, compose_readable, file_name, message_id};
pub use maildir::{Delivery, Maildir, MaildirEntry, Seen};
pub use sender::Sender;
pub use smtp::{Credentials, LinkFault, Phase, RelayConfig, RelaySecurity, SendOutcome, SmtpRelay, Timeouts};
pub use telling::{Telling, address_of, event_address_of, event_notices, notices, run_report_notice};

//! The body of a `message/delivery-status` (RFC 3464 § 2): groups of fields, the first about the mail, each other one about one
//! receiver.

use chrono::{DateTime, Datelike, Utc};
use pipeline_domain::Timestamp;

use super::{DeliveryAction, DeliveryReport, EnvelopeId, ReportedReceiver};

/// A report on more receivers than this is no report on a mail of ours: each has one.
const MOST_RECEIVERS: usize = 50;

/// What such a body says.
pub(super) struct Read {
    /// Ours, if it is.
    pub(super) envelope_id: Option<EnvelopeId>,
    /// At least one.
    pub(super) reports: Vec<DeliveryReport>,
}

/// `None` when a receiver's group lacks what it must have, or none is there. `sent_at` is the report's own date.
pub(super) fn read(body: &[u8], sent_at: Option<Timestamp>) -> Option<Read> {
    let text = String::from_utf8_lossy(body);
    let mut groups = groups(&text).into_iter();
    let of_mail = groups.next()?;
    if groups.len() == 0 || groups.len() > MOST_RECEIVERS {
        return None;
    }
    let envelope_id = of_mail.field("original-envelope-id").and_then(|id| id.parse().ok());
    let reports = groups.map(|group| report(&group, sent_at)).collect::<Option<Vec<_>>>()?;
    Some(Read { envelope_id, reports })
}

fn report(group: &Group, sent_at: Option<Timestamp>) -> Option<DeliveryReport> {
    // A comment may follow: `5.1.1 (no such user)`.
    let word = |name: &str| group.field(name)?.split([' ', '\t', '(']).next();
    let receiver = match (group.field("original-recipient").and_then(address), group.field("final-recipient").and_then(address)) {
        // A report without its receiver is none (RFC 3464 § 2.3.2).
        (_, None) => return None,
        (Some(original), Some(last)) if !same(original, last) => ReportedReceiver::PassedOn,
        _ => ReportedReceiver::OurAddress,
    };
    Some(DeliveryReport {
        action: word("action").and_then(DeliveryAction::from_id)?,
        status: word("status")?.parse().ok()?,
        receiver,
        at: timestamp(group.field("last-attempt-date")).or(sent_at),
    })
}

/// What follows the address type, such as `rfc822;`.
fn address(value: &str) -> Option<&str> {
    value.split_once(';').map(|(_, address)| address.trim()).filter(|address| !address.is_empty())
}

/// Servers write the address that we gave (ORCPT) decoded or as it travelled.
fn same(original: &str, last: &str) -> bool {
    let bare = |address: &str| address.trim_start_matches('<').trim_end_matches('>').to_ascii_lowercase();
    let last = bare(last);
    bare(original) == last || bare(&from_xtext(original)) == last
}

/// `+2B` is a plus sign (RFC 3461 § 4).
fn from_xtext(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'+').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                rest = &after[2..];
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// An instant as mails write it (RFC 5322 § 3.3); `None` for any that no archive of ours can have met.
pub(super) fn timestamp(value: Option<&str>) -> Option<Timestamp> {
    let at = DateTime::parse_from_rfc2822(value?.trim()).ok()?.with_timezone(&Utc);
    (2000..2200).contains(&at.year()).then(|| Timestamp::from_utc(at))
}

/// Fields between two blank lines: names in lower case, values on one line.
#[derive(Default)]
struct Group(Vec<(String, String)>);

impl Group {
    fn field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut group = Group::default();
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.extend(Some(std::mem::take(&mut group)).filter(|g| !g.0.is_empty()));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.0.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups.extend(Some(group).filter(|g| !g.0.is_empty()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_travelled_encoded_is_the_same_address() {
        assert!(same("Rask.Myrull@example.org", "rask.myrull@EXAMPLE.ORG"));
        assert!(same("rask+2Bpost@example.org", "rask+post@example.org"));
        assert!(same("rask+post@example.org", "<rask+post@example.org>"));
        assert!(!same("rask@example.org", "rask@example.net"));
        assert_eq!(from_xtext("a+2Bb+3Dc+zz+4"), "a+b=c+zz+4");
        assert_eq!(from_xtext("é+C3+A5"), "éå");
    }

    #[test]
    fn dates_are_those_of_mails() {
        let at = |text| timestamp(Some(text)).map(Timestamp::rfc3339_utc);
        assert_eq!(at("Mon, 23 Nov 2026 17:30:00 +0100 (CET)").as_deref(), Some("2026-11-23T16:30:00Z"));
        assert_eq!(at("23 Nov 2026 16:30:00 GMT").as_deref(), Some("2026-11-23T16:30:00Z"));
        for none in ["", "yesterday", "Mon, 23 Nov 1026 17:30:00 +0100", "Mon, 23 Nov 99999 17:30:00 +0100"] {
            assert_eq!(at(none), None, "{none}");
        }
    }
}

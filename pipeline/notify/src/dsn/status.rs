//! Enhanced status codes (RFC 3463), and what a failure says about an address.

use std::{fmt, str::FromStr};

use pipeline_domain::NotValid;

/// `class.subject.detail`: class 2 (went well), 4 (may pass) or 5 (stays), the others 0 to 999 (RFC 3463 § 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatusCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl FromStr for StatusCode {
    type Err = NotValid;
    fn from_str(text: &str) -> Result<Self, NotValid> {
        let number = |part: Option<&str>| {
            let part = part.filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
            part.and_then(|p| p.parse::<u16>().ok()).ok_or(NotValid("status code"))
        };
        let mut parts = text.split('.');
        let class = match parts.next() {
            Some("2") => 2,
            Some("4") => 4,
            Some("5") => 5,
            _ => return Err(NotValid("status code")),
        };
        let (subject, detail) = (number(parts.next())?, number(parts.next())?);
        if parts.next().is_some() { Err(NotValid("status code")) } else { Ok(Self { class, subject, detail }) }
    }
}

/// Whose fault it is that a mail was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BounceKind {
    /// The address takes no mail and will not: no further mail goes there.
    Hard,
    /// Nothing lasting is known of the address, such as when its mailbox is full or its server was away for days.
    Soft,
    /// A rule of the other side, often about us as the sender. Not the address's fault.
    Policy,
}

impl BounceKind {
    /// The word in lists.
    pub fn id(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Policy => "policy",
        }
    }

    /// What a failure with this status says. Hard are only codes that speak of the address itself: 5.1.1, 5.1.2 and 5.1.3 (no
    /// such mailbox, no such domain, not an address), 5.1.6 (moved away), 5.1.10 (the domain takes no mail, RFC 7505) and
    /// 5.2.1 (mailbox disabled). What a server does not say is not guessed: 5.0.0 and 5.1.0 are soft.
    pub fn of(status: StatusCode) -> Self {
        match (status.class, status.subject, status.detail) {
            (_, 7, _) => Self::Policy,
            (5, 1, 1 | 2 | 3 | 6 | 10) | (5, 2, 1) => Self::Hard,
            _ => Self::Soft,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_strictly() {
        for good in ["2.0.0", "4.2.2", "5.1.10", "5.999.0"] {
            assert_eq!(good.parse::<StatusCode>().map(|c| c.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "5", "5.1", "5.1.", "5.1.1.1", "3.1.1", "5.1.1000", "5.-1.1", "5.+1.1", "５.1.1", " 5.1.1"] {
            assert!(bad.parse::<StatusCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_what_speaks_of_the_address_itself_is_hard() {
        let check = |kind, codes: &[&str]| {
            for code in codes {
                assert_eq!(BounceKind::of(code.parse().unwrap()), kind, "{code}");
            }
        };
        check(BounceKind::Hard, &["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"]);
        check(BounceKind::Policy, &["5.7.1", "5.7.26", "4.7.1"]);
        check(
            BounceKind::Soft,
            &["4.1.1", "4.2.1", "4.2.2", "4.4.1", "5.0.0", "5.1.0", "5.1.4", "5.1.7", "5.1.8", "5.2.2", "5.2.3", "5.3.4", "5.4.4", "2.1.1"],
        );
    }
}

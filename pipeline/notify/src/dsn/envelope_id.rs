//! The names under which a mail of ours travels and comes back.

use std::{fmt, str::FromStr};

use pipeline_domain::NotValid;

use crate::mail::opaque_name;

const NAME_LENGTH: usize = 26;

/// The left side of a mail's Message-ID: 26 letters and digits that give nothing away and cannot be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MailName(String);

impl MailName {
    /// The name of the notice with this key.
    pub fn of(dedupe_key: &str) -> Self {
        Self(opaque_name(dedupe_key))
    }
}

impl fmt::Display for MailName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MailName {
    type Err = NotValid;
    fn from_str(text: &str) -> Result<Self, NotValid> {
        let ours = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
        if text.len() == NAME_LENGTH && text.bytes().all(ours) { Ok(Self(text.to_owned())) } else { Err(NotValid("mail name")) }
    }
}

/// What we ask servers to put into their reports (`ENVID`, RFC 3461 § 4.4): the mail's number, a full stop, its name. The number
/// finds the mail; the name shows that whoever reports has seen it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnvelopeId {
    number: i64,
    name: MailName,
}

impl EnvelopeId {
    /// Of the mail with this number and key.
    pub fn new(number: i64, dedupe_key: &str) -> Self {
        Self { number, name: MailName::of(dedupe_key) }
    }

    /// The mail's number in the outbox.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Its name: compare it with the mail's own ([`MailName::of`]).
    pub fn name(&self) -> &MailName {
        &self.name
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number, self.name)
    }
}

impl FromStr for EnvelopeId {
    type Err = NotValid;
    fn from_str(text: &str) -> Result<Self, NotValid> {
        let bad = NotValid("envelope id");
        let (number, name) = text.split_once('.').ok_or(bad)?;
        if number.starts_with('0') || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotValid("envelope id"));
        }
        Ok(Self { number: number.parse().map_err(|_| NotValid("envelope id"))?, name: name.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_id_is_read_as_it_is_written_and_in_no_other_way() {
        let id = EnvelopeId::new(17, "new_message:x");
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        // RFC 3461 § 4.4: at most 100 characters.
        assert!(EnvelopeId::new(i64::MAX, "x").to_string().len() <= 100);
        let name = text.split_once('.').unwrap().1;
        for bad in [
            String::new(),
            name.to_owned(),
            format!(".{name}"),
            format!("0.{name}"),
            format!("+1.{name}"),
            format!("-1.{name}"),
            format!("99999999999999999999.{name}"),
            format!("17.{name}a"),
            format!("17.{}", &name[1..]),
            text.to_uppercase(),
            format!("17.{}", "é".repeat(13)),
        ] {
            assert!(bad.parse::<EnvelopeId>().is_err(), "{bad}");
        }
    }
}

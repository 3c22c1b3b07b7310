//! E-mail addresses.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::NotValid;

/// An e-mail address that we are willing to send to: no quoted local part, no domain literal, a dot
/// in the domain, at most 254 octets (RFC 5321 § 4.5.3.1.3). `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address itself, for the envelope and the To header only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `a…@example.org`: enough to recognise, not enough to use. For lists on screen.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').expect("checked when made");
        let first: String = local.chars().take(1).collect();
        format!("{first}…@{domain}")
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(***)")
    }
}

impl FromStr for EmailAddress {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let bad = NotValid("e-mail address");
        let (local, domain) = s.split_once('@').ok_or(bad)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
        let label_ok = |l: &str| {
            !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let domain_ok = domain.contains('.') && domain.split('.').all(label_ok);
        if s.len() <= 254 && local_ok && domain_ok { Ok(Self(s.to_owned())) } else { Err(bad) }
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = NotValid;
    fn try_from(s: String) -> Result<Self, NotValid> {
        s.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(a: EmailAddress) -> String {
        a.0
    }
}

impl JsonSchema for EmailAddress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EmailAddress".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "arkivflyt-email", "maxLength": 254 })
    }
}

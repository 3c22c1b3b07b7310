//! Addresses as they stand in an envelope: ASCII, with the domain in its IDNA form.

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};
use lettre::Address;
use pipeline_domain::{EmailAddress, NotValid};

/// An address that any mail server can carry: its domain is in ASCII (IDNA, RFC 5891) and so is its local part, so SMTPUTF8
/// is never needed.
pub(crate) struct Deliverable {
    pub(crate) address: Address,
    pub(crate) text: EmailAddress,
}

impl TryFrom<&EmailAddress> for Deliverable {
    type Error = NotValid;
    fn try_from(address: &EmailAddress) -> Result<Self, NotValid> {
        let bad = NotValid("deliverable e-mail address");
        let (local, domain) = address.expose().split_once('@').ok_or(bad)?;
        if !local.is_ascii() {
            return Err(bad);
        }
        let domain = ascii_domain(domain)?;
        let text: EmailAddress = format!("{local}@{domain}").parse().map_err(|_| bad)?;
        let address = Address::new(local, domain).map_err(|_| bad)?;
        Ok(Self { address, text })
    }
}

/// A domain name of at least two labels in its ASCII form.
pub(crate) fn ascii_domain(domain: &str) -> Result<String, NotValid> {
    let bad = NotValid("domain name");
    let rules = (AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), rules.0, rules.1, rules.2).map_err(|_| bad)?;
    if ascii.contains('.') && ascii.len() <= 253 && ascii.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-') {
        Ok(ascii.into_owned())
    } else {
        Err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Option<&str>) {
        let address: EmailAddress = input.parse().unwrap();
        let made = Deliverable::try_from(&address).ok();
        assert_eq!(made.map(|d| d.text.expose().to_owned()).as_deref(), expected, "{input}");
    }

    #[test]
    fn the_domain_becomes_ascii_and_the_local_part_must_be_so_already() {
        check("kari@example.org", Some("kari@example.org"));
        check("post@blåbær.example", Some("post@xn--blbr-roah.example"));
        check("blåbær@example.org", None);
        check("kari@ex--ample.org", Some("kari@ex--ample.org"));
    }
}

//! National identity numbers, old and new kind.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// National id (fødselsnummer, D-nummer): eleven digits. Prints as `***`, has no `Display`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NationalId(String);

/// Who an id was issued to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NationalIdKind {
    /// A real person.
    Real,
    /// A made-up person: 80 or 40 added to the month.
    Synthetic,
}

/// What is wrong with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NationalIdFault {
    /// Not eleven digits.
    #[error("a national id has eleven digits")]
    Shape,
    /// The first six digits are no date.
    #[error("the first six digits of a national id are a date")]
    Date,
    /// A check digit is off, by the rule of today and by the rule from 2032.
    #[error("the check digits of a national id do not fit")]
    CheckDigit,
}

const K1: [u32; 9] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const K2: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

impl NationalId {
    /// The eleven digits, for archive metadata only.
    pub fn expose_for_archive_metadata(&self) -> &str {
        &self.0
    }

    /// Real or made up, from the month.
    pub fn kind(&self) -> NationalIdKind {
        if digits(&self.0)[2] >= 4 { NationalIdKind::Synthetic } else { NationalIdKind::Real }
    }
}

fn digits(s: &str) -> Vec<u32> {
    s.bytes().map(|b| u32::from(b - b'0')).collect()
}

/// The date part: day + 40 is a D-number, month + 80 or + 40 is synthetic.
fn has_date(d: &[u32]) -> bool {
    let day = d[0] * 10 + d[1];
    let month = d[2] * 10 + d[3];
    let year = d[4] * 10 + d[5];
    let day = if day > 40 { day - 40 } else { day };
    let month = match month {
        81..=92 => month - 80,
        41..=52 => month - 40,
        m => m,
    };
    // The century is not known for certain (from 2032 the number does not carry it): one is enough.
    [1800, 1900, 2000].iter().any(|c| NaiveDate::from_ymd_opt(c + year as i32, month, day).is_some())
}

/// Both check digits. From 2032 the first may also leave remainder 1, 2 or 3 (DOMAIN § 11).
fn has_check_digits(d: &[u32]) -> bool {
    let sum1: u32 = K1.iter().zip(d).map(|(w, x)| w * x).sum();
    let sum2: u32 = K2.iter().zip(d).map(|(w, x)| w * x).sum();
    (sum1 + d[9]) % 11 <= 3 && (sum2 + d[10]).is_multiple_of(11)
}

impl FromStr for NationalId {
    type Err = NationalIdFault;
    fn from_str(s: &str) -> Result<Self, NationalIdFault> {
        if s.len() != 11 || !s.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NationalIdFault::Shape);
        }
        let d = digits(s);
        if !has_date(&d) {
            return Err(NationalIdFault::Date);
        }
        if !has_check_digits(&d) {
            return Err(NationalIdFault::CheckDigit);
        }
        Ok(Self(s.to_owned()))
    }
}

impl TryFrom<String> for NationalId {
    type Error = NationalIdFault;
    fn try_from(s: String) -> Result<Self, NationalIdFault> {
        s.parse()
    }
}

impl From<NationalId> for String {
    fn from(id: NationalId) -> String {
        id.0
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl JsonSchema for NationalId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NationalId".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "arkivflyt-national-id" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, expected: Result<NationalIdKind, NationalIdFault>) {
        assert_eq!(id.parse::<NationalId>().map(|i| i.kind()), expected, "case {}", &id[..2.min(id.len())]);
    }

    #[test]
    fn examples_of_the_domain_page() {
        for synthetic in ["17851490027", "02910980052", "09838310009", "24886120180", "55819030048", "17851490035", "28421670090"] {
            check(synthetic, Ok(NationalIdKind::Synthetic));
        }
        check("17851490028", Err(NationalIdFault::CheckDigit));
        check("1785149002", Err(NationalIdFault::Shape));
        check("1785149002x", Err(NationalIdFault::Shape));
        check("31821490027", Err(NationalIdFault::Date));
    }

    #[test]
    fn prints_as_stars() {
        let id: NationalId = "17851490027".parse().unwrap();
        assert_eq!(format!("{id:?}"), "***");
    }
}

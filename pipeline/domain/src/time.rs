//! Time. Instants are UTC inside and Europe/Oslo wherever a person or the archive reads them.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use chrono_tz::Europe::Oslo;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::NotValid;

/// An instant, to the second. Written as RFC 3339 with the offset of Europe/Oslo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The instant, cut to whole seconds.
    pub fn from_utc(at: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp(at.timestamp(), 0).expect("an instant without its fraction is an instant"))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// From seconds since 1970-01-01T00:00:00Z; `None` outside the calendar.
    pub fn from_unix_seconds(s: i64) -> Option<Self> {
        DateTime::from_timestamp(s, 0).map(Self)
    }

    /// UTC, for arithmetic.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// `2026-11-23T08:30:00Z`.
    pub fn rfc3339_utc(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Wall clock in Oslo without offset: the portable form of `xs:dateTime` in Noark files.
    pub fn oslo_local(self) -> NaiveDateTime {
        self.0.with_timezone(&Oslo).naive_local()
    }

    /// Calendar day in Oslo.
    pub fn oslo_date(self) -> Date {
        Date(self.oslo_local().date())
    }

    /// Calendar year in Oslo.
    pub fn oslo_year(self) -> u16 {
        u16::try_from(self.oslo_local().year()).expect("years of the archive have four digits")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.with_timezone(&Oslo).to_rfc3339_opts(SecondsFormat::Secs, false))
    }
}

impl FromStr for Timestamp {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let at = DateTime::parse_from_rfc3339(s).map_err(|_| NotValid("timestamp"))?.with_timezone(&Utc);
        if !(1900..=2199).contains(&at.year()) {
            return Err(NotValid("timestamp"));
        }
        Ok(Self::from_utc(at))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = NotValid;
    fn try_from(s: String) -> Result<Self, NotValid> {
        s.parse()
    }
}

impl From<Timestamp> for String {
    fn from(t: Timestamp) -> String {
        t.to_string()
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A calendar day, `2026-11-23`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(NaiveDate);

impl Date {
    /// A day that is known to exist.
    pub fn from_naive(d: NaiveDate) -> Self {
        Self(d)
    }

    /// For arithmetic.
    pub fn naive(self) -> NaiveDate {
        self.0
    }

    /// Whole years from `self` (a birth date) to `day`. A birthday on 29 February counts from 1 March in other years.
    pub fn age_at(self, day: Date) -> i32 {
        let years = day.0.year() - self.0.year();
        let had_birthday = (day.0.month(), day.0.day()) >= (self.0.month(), self.0.day());
        if had_birthday { years } else { years - 1 }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let bad = NotValid("date");
        // chrono also reads `2026-1-2`; the archive wants one spelling.
        if s.len() != 10 {
            return Err(bad);
        }
        let day = NaiveDate::parse_from_str(s, "%Y-%m-%d").map_err(|_| bad)?;
        if (1850..=2199).contains(&day.year()) { Ok(Self(day)) } else { Err(bad) }
    }
}

impl TryFrom<String> for Date {
    type Error = NotValid;
    fn try_from(s: String) -> Result<Self, NotValid> {
        s.parse()
    }
}

impl From<Date> for String {
    fn from(d: Date) -> String {
        d.to_string()
    }
}

impl JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

/// School year or kindergarten year (skoleår, barnehageår): `2026/2027`, 1 August to 31 July.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SchoolYear(#[schemars(regex(pattern = r"^20[0-9]{2}/20[0-9]{2}$"))] String);

impl SchoolYear {
    /// `2026/2027`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the second year follows the first.
    pub fn is_consecutive(&self) -> bool {
        let years: Vec<i32> = self.0.split('/').filter_map(|y| y.parse().ok()).collect();
        matches!(years[..], [a, b] if b == a + 1)
    }
}

/// Hours as a decimal number, 0–10 000.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Hours(#[schemars(range(min = 0, max = 10000))] pub f64);

/// Where the time of day comes from. Passed in, never called on the fly, so that the same input gives the same bytes.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still. For tests and for `--clock`.
impl Clock for Timestamp {
    fn now(&self) -> Timestamp {
        *self
    }
}

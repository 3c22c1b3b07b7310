//! What is asked for.

use std::{fmt, path::PathBuf, str::FromStr};

use pipeline_domain::{Date, MunicipalityNumber, NotValid, Timestamp};

/// The days that an extract covers, both included: `2024-01-01..2025-12-31`. A folder belongs to the day that it was closed on, Europe/Oslo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Date,
    to: Date,
}

impl Period {
    /// From the first day to the last; `None` when they stand the wrong way round.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// First day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// Last day.
    pub fn to(&self) -> Date {
        self.to
    }

    /// Whether the day is one of them.
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

impl FromStr for Period {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let bad = NotValid("period");
        let (from, to) = s.split_once("..").ok_or(bad)?;
        Self::new(from.parse()?, to.parse()?).ok_or(bad)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

/// One extract.
#[derive(Clone, Debug)]
pub struct Order {
    /// Whose archive.
    pub municipality: MunicipalityNumber,
    /// Days of closing.
    pub period: Period,
    /// Titles or `systemID`s of the parts (arkivdel) to deliver; all when empty.
    pub parts: Vec<String>,
    /// When the extract is made. A run that goes on from an interrupted one keeps the time of the first.
    pub created_at: Timestamp,
    /// Who makes it: `avsluttetAv` of the archive and its parts in the extract.
    pub made_by: String,
    /// Name of the system that the archive was kept in.
    pub system_name: String,
    /// Name and version of the program that makes the extract.
    pub program: (String, String),
    /// An arkivstruktur document without folders: the archive as it is called today, and every class of its classification.
    pub skeleton: Vec<u8>,
    /// Folders with the official schemas, looked through in this order.
    pub schemas: Vec<PathBuf>,
    /// Wrapped in a DIAS package; the bare content folder without.
    pub package: Option<Delivery>,
    /// How far the log of the archive has come, signed, as it stands in letters: for the receiver to keep. A run that goes on from an
    /// interrupted one keeps that of the first.
    pub checkpoint: Option<String>,
    /// How many files are copied at a time.
    pub threads: usize,
}

/// What a DIAS package says of its delivery. Names of bodies, never of private persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `LABEL` of the package.
    pub label: String,
    /// Who hands it over, and owns it.
    pub submitter: String,
    /// Who made it.
    pub producer: String,
    /// Who keeps it.
    pub preserver: String,
    /// The agreement of submission (avleveringsavtale), such as its number and date.
    pub agreement: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        let period: Period = "2024-01-01..2025-12-31".parse().unwrap();
        assert_eq!(period.to_string(), "2024-01-01..2025-12-31");
        assert!(period.holds("2024-01-01".parse().unwrap()) && period.holds("2025-12-31".parse().unwrap()));
        assert!(!period.holds("2023-12-31".parse().unwrap()) && !period.holds("2026-01-01".parse().unwrap()));
        for wrong in ["", "2024", "2024-01-01", "2024-01-01..", "2025-01-01..2024-12-31", "2024-1-1..2025-1-1", "2024-01-01...2024-02-01"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}

//! School years of an IOP.

use chrono::NaiveDate;
use pipeline_domain::{Date, SchoolYear, Timestamp};

/// What an IOP has done in one school year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IopYear {
    /// When its newest snapshot for the year was taken.
    pub snapshot_at: Option<Timestamp>,
    /// When it was carried on into the year by a transfer note.
    pub entered_at: Option<Timestamp>,
    /// When the year's annual report was finalised, as of the newest version.
    pub reported_at: Option<Timestamp>,
}

impl IopYear {
    /// Whether the IOP is used in the year, as far as the archive has heard.
    pub fn is_active(&self) -> bool {
        self.snapshot_at.is_some() || self.entered_at.is_some()
    }
}

/// The day from which the year's annual report is due: 1 May before the year ends (DOMAIN § 9).
pub(crate) fn report_due_from(year: &SchoolYear) -> Option<Date> {
    let (_, last) = year.as_str().split_once('/')?;
    NaiveDate::from_ymd_opt(last.parse().ok()?, 5, 1).map(Date::from_naive)
}

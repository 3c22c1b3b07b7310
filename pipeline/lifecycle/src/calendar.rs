//! Days and instants by the calendar in Oslo.

use chrono::{Days, Duration, LocalResult, Months, TimeZone};
use chrono_tz::Europe::Oslo;
use pipeline_domain::{Date, Timestamp};

/// So long after it was confirmed an address is good for notices with legal effect (eForvaltningsforskriften § 32).
pub const ADDRESS_GOOD_FOR_MONTHS: u32 = 18;

/// Whether an address that was confirmed on this day is too old for notices with legal effect. It is good through the last day of
/// the eighteenth month: of one confirmed on 31 August 2026 through 29 February 2028.
pub fn has_gone_stale(confirmed_on: Date, today: Date) -> bool {
    let last = confirmed_on.naive().checked_add_months(Months::new(ADDRESS_GOOD_FOR_MONTHS));
    last.is_some_and(|last| today.naive() > last)
}

/// Whole days from one day to another; negative when the other comes first.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    (to.naive() - from.naive()).num_days()
}

/// So many days before, on the same wall clock. When clocks were changed in between, that is not a multiple of 24 hours. A time
/// that the day does not have becomes the first after the gap; of one that it has twice, the first counts.
pub(crate) fn days_before(at: Timestamp, days: u64) -> Timestamp {
    let Some(wall) = at.oslo_local().checked_sub_days(Days::new(days)) else { return at };
    let found = match Oslo.from_local_datetime(&wall) {
        LocalResult::Single(found) | LocalResult::Ambiguous(found, _) => Some(found),
        LocalResult::None => Oslo.from_local_datetime(&(wall + Duration::hours(1))).earliest(),
    };
    found.map_or(at, |found| Timestamp::from_utc(found.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_good_for_eighteen_months() {
        let check = |confirmed: &str, last_good: &str, first_stale: &str| {
            let stale = |day: &str| has_gone_stale(confirmed.parse().unwrap(), day.parse().unwrap());
            assert!(!stale(last_good) && stale(first_stale), "{confirmed}");
        };
        check("2025-05-23", "2026-11-23", "2026-11-24");
        check("2026-08-31", "2028-02-29", "2028-03-01");
        check("2025-08-31", "2027-02-28", "2027-03-01");
        check("2024-02-29", "2025-08-29", "2025-08-30");
    }

    #[test]
    fn days_before_keep_the_time_of_day() {
        let check = |at: &str, expected: &str| assert_eq!(days_before(at.parse().unwrap(), 2), expected.parse().unwrap(), "{at}");
        check("2026-11-30T09:00:00+01:00", "2026-11-28T09:00:00+01:00");
        // Clocks go forward on 29 March 2026 and back on 25 October.
        check("2026-03-30T09:00:00+02:00", "2026-03-28T09:00:00+01:00");
        check("2026-10-26T09:00:00+01:00", "2026-10-24T09:00:00+02:00");
        check("2026-03-31T02:30:00+02:00", "2026-03-29T03:30:00+02:00");
        check("2026-10-27T02:30:00+01:00", "2026-10-25T02:30:00+02:00");
        check("2028-03-01T09:00:00+01:00", "2028-02-28T09:00:00+01:00");
        check("2028-03-02T09:00:00+01:00", "2028-02-29T09:00:00+01:00");
    }
}

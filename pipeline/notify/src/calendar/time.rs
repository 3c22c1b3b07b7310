//! Date-times (RFC 5545 § 3.3.5).

use pipeline_domain::Timestamp;

const HOUR_S: i64 = 3600;

/// `20261123T073000Z`.
pub(crate) fn utc(at: Timestamp) -> String {
    at.utc().format("%Y%m%dT%H%M%SZ").to_string()
}

/// How start and end are written: both the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Wall clock in Oslo: what people expect to see, also should the rules of summer time change.
    Oslo,
    /// UTC. When clocks are set back, an hour comes twice, and its wall clock means the first of the two (§ 3.3.5): the second
    /// cannot be said in any other way.
    Utc,
}

impl Form {
    pub(crate) fn of(starts_at: Timestamp, ends_at: Timestamp) -> Self {
        if is_second_of_two(starts_at) || is_second_of_two(ends_at) { Self::Utc } else { Self::Oslo }
    }

    /// What stands between the property's name and its value.
    pub(crate) fn parameter(self) -> &'static str {
        match self {
            Self::Oslo => ";TZID=Europe/Oslo",
            Self::Utc => "",
        }
    }

    pub(crate) fn write(self, at: Timestamp) -> String {
        match self {
            Self::Oslo => at.oslo_local().format("%Y%m%dT%H%M%S").to_string(),
            Self::Utc => utc(at),
        }
    }
}

/// Whether the clock on the wall showed the same an hour ago.
fn is_second_of_two(at: Timestamp) -> bool {
    Timestamp::from_unix_seconds(at.unix_seconds() - HOUR_S).is_some_and(|earlier| earlier.oslo_local() == at.oslo_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, expected: [&str; 3]) {
        let (from, to): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
        let form = Form::of(from, to);
        assert_eq!([form.parameter(), &form.write(from), &form.write(to)], expected);
    }

    #[test]
    fn an_hour_that_comes_twice_is_told_apart() {
        let oslo = ";TZID=Europe/Oslo";
        check("2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", [oslo, "20261025T013000", "20261025T023000"]);
        check("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", ["", "20261025T003000Z", "20261025T013000Z"]);
        check("2026-10-25T02:00:00+01:00", "2026-10-25T03:30:00+01:00", ["", "20261025T010000Z", "20261025T023000Z"]);
        check("2026-10-25T03:00:00+01:00", "2026-10-25T04:00:00+01:00", [oslo, "20261025T030000", "20261025T040000"]);
        check("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00", [oslo, "20260329T013000", "20260329T033000"]);
    }
}

//! Reading an expression, and refusing what two readers would understand differently.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use cron::TimeUnitSpec;
use pipeline_domain::{ErrorCode, Verdict};

use super::{Pace, Schedule};

/// Why an expression is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Neither five nor six fields.
    #[error("a schedule has five fields (minute, hour, day, month, weekday), or six with seconds first; this has {found}")]
    FieldCount {
        /// How many there are.
        found: usize,
    },
    /// A field that cannot be read.
    #[error("the field for {field} cannot be read: `{text}`")]
    Field {
        /// Which.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// A weekday as a number.
    #[error(
        "write weekdays by name, such as MON-FRI, not `{text}`: cron standards count them differently (1 is Monday in one, Sunday in another)"
    )]
    WeekdayNumber {
        /// What stands there.
        text: String,
    },
    /// Day of the month and weekday at once.
    #[error(
        "name days of the month or weekdays, not both (`{day}` and `{weekday}`): one cron standard fires when either fits, another only when both do"
    )]
    DayAndWeekday {
        /// The field for the day of the month.
        day: String,
        /// The field for the weekday.
        weekday: String,
    },
    /// No day fits.
    #[error("no day in the calendar fits: day {day}, month {month}")]
    Never {
        /// The field for the day of the month.
        day: String,
        /// The field for the month.
        month: String,
    },
}

impl ScheduleError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::ConfigInvalid
    }

    /// Whether the same call may succeed later: the same text never will.
    pub fn verdict(&self) -> Verdict {
        Verdict::GiveUp
    }
}

const FIELDS: [&str; 6] = ["seconds", "minutes", "hours", "days of the month", "months", "weekdays"];

impl Schedule {
    /// Reads five fields (minute, hour, day of month, month, weekday) or six with seconds first: numbers, `*`, ranges `a-b`,
    /// steps `/n`, lists with commas, months by number or English name, weekdays by English name only. Small letters will do.
    pub fn parse(expression: &str, zone: Tz) -> Result<Self, ScheduleError> {
        let upper = expression.to_ascii_uppercase();
        let given: Vec<&str> = upper.split_whitespace().collect();
        let [second, minute, hour, day, month, weekday] = match given[..] {
            [minute, hour, day, month, weekday] => ["0", minute, hour, day, month, weekday],
            [second, minute, hour, day, month, weekday] => [second, minute, hour, day, month, weekday],
            _ => return Err(ScheduleError::FieldCount { found: given.len() }),
        };
        if weekday.bytes().any(|b| b.is_ascii_digit()) {
            return Err(ScheduleError::WeekdayNumber { text: weekday.to_owned() });
        }
        let fields = [second, minute, hour, day, month, weekday];
        (0..fields.len()).try_for_each(|place| readable(place, fields[place]))?;
        if day != "*" && weekday != "*" {
            return Err(ScheduleError::DayAndWeekday { day: day.to_owned(), weekday: weekday.to_owned() });
        }
        let never = || ScheduleError::Never { day: day.to_owned(), month: month.to_owned() };
        let calendar: cron::Schedule = fields.join(" ").parse().map_err(|_| never())?;
        calendar.after(&DateTime::<Utc>::UNIX_EPOCH).next().ok_or_else(never)?;

        let star = [second, minute, hour].iter().any(|f| f.contains('*'));
        let hours = calendar.hours();
        let pace = if hours.count() > 1 && (star || hours.is_all()) { Pace::Interval } else { Pace::Fixed };
        Ok(Self { expression: given.join(" "), zone, calendar, pace })
    }
}

/// Each field alone: the crate would read `1, 2` over the border of two fields, and its own errors do not tell which field is meant.
fn readable(place: usize, text: &str) -> Result<(), ScheduleError> {
    let mut alone = ["*"; FIELDS.len()];
    alone[place] = text;
    // `?` is another standard's word for `*`: one spelling is enough.
    match alone.join(" ").parse::<cron::Schedule>() {
        Ok(_) if !text.contains('?') => Ok(()),
        _ => Err(ScheduleError::Field { field: FIELDS[place], text: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Oslo;

    use super::*;

    fn refused(expression: &str) -> String {
        Schedule::parse(expression, Oslo).unwrap_err().to_string()
    }

    fn pace(expression: &str) -> Pace {
        Schedule::parse(expression, Oslo).unwrap().pace
    }

    #[test]
    fn five_or_six_fields_are_read_and_shown_in_one_spelling() {
        for (given, shown) in [
            ("0 7 * * MON", "0 7 * * MON Europe/Oslo"),
            ("  0\t7  * * mon ", "0 7 * * MON Europe/Oslo"),
            ("30 0 7 * * Mon-Fri", "30 0 7 * * MON-FRI Europe/Oslo"),
            ("0 2 15 1,jun *", "0 2 15 1,JUN * Europe/Oslo"),
            ("*/10 6-18/2 * * SAT,SUN", "*/10 6-18/2 * * SAT,SUN Europe/Oslo"),
            ("0 0 29 2 *", "0 0 29 2 * Europe/Oslo"),
        ] {
            assert_eq!(Schedule::parse(given, Oslo).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn another_number_of_fields_is_refused() {
        for (expression, found) in [("", 0), ("@daily", 1), ("* * * *", 4), ("0 0 0 1 JAN * 2027", 7)] {
            assert_eq!(Schedule::parse(expression, Oslo), Err(ScheduleError::FieldCount { found }), "{expression}");
        }
    }

    #[test]
    fn numbers_of_weekdays_are_refused_with_the_reason() {
        for weekday in ["1", "0", "7", "1-5", "MON-5", "*/2", "MON,3", "5L", "MON#1"] {
            let expression = format!("0 7 * * {weekday}");
            let text = refused(&expression);
            assert!(text.contains("count them differently") && text.contains("MON-FRI"), "{expression}: {text}");
        }
    }

    #[test]
    fn day_and_weekday_together_are_refused_with_the_reason() {
        for expression in ["0 7 1 * MON", "0 7 1-7 * MON-FRI", "0 7 */2 * SUN"] {
            let text = refused(expression);
            assert!(text.contains("either fits") && text.contains("only when both do"), "{expression}: {text}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named() {
        for (expression, field) in [
            ("60 * * * *", "minutes"),
            ("*/0 * * * *", "minutes"),
            ("*/90 * * * *", "minutes"),
            ("1, 2 * * *", "minutes"),
            ("99999999999 * * * *", "minutes"),
            ("61 0 0 * * *", "seconds"),
            ("0 24 * * *", "hours"),
            ("0 18-6 * * *", "hours"),
            ("0 0 0 * *", "days of the month"),
            ("0 0 L * *", "days of the month"),
            ("0 0 15W * *", "days of the month"),
            ("0 0 ? * MON", "days of the month"),
            ("0 0 1 13 *", "months"),
            ("0 0 1 DES *", "months"),
            ("0 0 * * FRI-MON", "weekdays"),
            ("0 0 * * MAN", "weekdays"),
            ("0 0 * * ?", "weekdays"),
            ("0 0 * * \u{e5}", "weekdays"),
        ] {
            match Schedule::parse(expression, Oslo) {
                Err(ScheduleError::Field { field: found, .. }) => assert_eq!(found, field, "{expression}"),
                other => panic!("{expression}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_day_that_never_comes_is_refused() {
        for expression in ["0 0 30 FEB *", "0 0 31 4,6,9,11 *", "* * 30-31 2 *"] {
            assert!(matches!(Schedule::parse(expression, Oslo), Err(ScheduleError::Never { .. })), "{expression}");
        }
    }

    #[test]
    fn stars_in_time_fields_make_an_interval_unless_one_hour_is_named() {
        for (expression, expected) in [
            ("30 2 * * *", Pace::Fixed),
            ("0 2,14 * * *", Pace::Fixed),
            ("0,30 2 * * *", Pace::Fixed),
            ("0 0-5 * * *", Pace::Fixed),
            ("*/30 2 * * *", Pace::Fixed),
            ("* 30 2 * * *", Pace::Fixed),
            ("0 * * * *", Pace::Interval),
            ("0 */2 * * *", Pace::Interval),
            ("0 0-23 * * *", Pace::Interval),
            ("*/15 1-4 * * *", Pace::Interval),
        ] {
            assert_eq!(pace(expression), expected, "{expression}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(text in "[-0-9*,/A-Za-z?#@ ]{0,40}") {
            let _: Result<_, _> = Schedule::parse(&text, Oslo);
        }

        #[test]
        fn what_is_shown_reads_back_as_the_same(minute in 0u8..60, hour in 0u8..24, step in 1u8..60, days in "(MON|TUE-SAT|SUN,WED|\\*)") {
            for text in [format!("{minute} {hour} * * {days}"), format!("*/{step} {hour} * * {days}"), format!("{minute} * * * {days}")] {
                let schedule = Schedule::parse(&text, Oslo).unwrap();
                let shown = schedule.to_string();
                let again = Schedule::parse(shown.strip_suffix(" Europe/Oslo").unwrap(), Oslo).unwrap();
                proptest::prop_assert_eq!(schedule, again);
            }
        }
    }
}

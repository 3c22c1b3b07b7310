//! `xs:date` and `xs:dateTime` (XML Schema part 2, second edition, §§ 3.2.7 and 3.2.9).

/// A day, as it is written: zones are not reckoned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    pub year: i64,
    pub month: u8,
    pub day: u8,
}

impl Day {
    /// Whether the national tool's dates reach there.
    pub fn is_common(self) -> bool {
        (1..=9999).contains(&self.year)
    }
}

/// Reads an `xs:date`.
pub fn date(text: &str) -> Option<Day> {
    let (day, rest) = day(text)?;
    is_zone(rest).then_some(day)
}

/// Reads an `xs:dateTime`; gives its day.
pub fn date_time(text: &str) -> Option<Day> {
    let (day, rest) = day(text)?;
    is_zone(time(rest.strip_prefix('T')?)?).then_some(day)
}

fn day(text: &str) -> Option<(Day, &str)> {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (year, rest) = unsigned.split_at(digits);
    if !(4..=18).contains(&digits) || (digits > 4 && year.starts_with('0')) {
        return None;
    }
    let year = sign * year.parse::<i64>().ok()?;
    let (month, rest) = two(rest.strip_prefix('-')?)?;
    let (day, rest) = two(rest.strip_prefix('-')?)?;
    let is_day = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    (year != 0 && is_day).then_some((Day { year, month, day }, rest))
}

fn days_in(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Gives what comes after the time.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = two(text)?;
    let (minute, rest) = two(rest.strip_prefix(':')?)?;
    let (second, rest) = two(rest.strip_prefix(':')?)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("0", rest),
    };
    let is_midnight = hour == 24 && minute == 0 && second == 0 && fraction.bytes().all(|b| b == b'0');
    let is_time = (hour < 24 && minute < 60 && second < 60) || is_midnight;
    (is_time && !fraction.is_empty()).then_some(rest)
}

/// Nothing, `Z`, or an offset of at most fourteen hours.
fn is_zone(text: &str) -> bool {
    let offset = |text: &str| -> Option<bool> {
        let (hours, rest) = two(text.strip_prefix(['+', '-'])?)?;
        let (minutes, rest) = two(rest.strip_prefix(':')?)?;
        Some(rest.is_empty() && minutes < 60 && (hours < 14 || hours == 14 && minutes == 0))
    };
    text.is_empty() || text == "Z" || offset(text) == Some(true)
}

fn two(text: &str) -> Option<(u8, &str)> {
    let digits = text.get(..2).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    Some((digits.parse().ok()?, &text[2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for good in ["2024-02-29", "2024-01-31Z", "2024-01-31+14:00", "-0044-03-15", "12024-01-01"] {
            assert!(date(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2023-02-29",
            "2024-1-1",
            "24-01-01",
            "0000-01-01",
            "2024-01-32",
            "2024-13-01",
            "2024-01-01T",
            "2024-01-01+14:01",
            "02024-01-01",
            "2024-01-01 ",
        ] {
            assert!(date(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn times() {
        for good in ["2024-02-29T23:59:59.999+02:00", "2024-01-01T24:00:00", "2024-01-01T00:00:00Z"] {
            assert!(date_time(good).is_some(), "{good}");
        }
        for bad in [
            "2024-01-01",
            "2024-01-01T24:00:01",
            "2024-01-01T1:00:00",
            "2024-01-01T10:00",
            "2024-01-01T10:00:60",
            "2024-01-01T10:00:00.",
            "2024-01-01t10:00:00",
        ] {
            assert!(date_time(bad).is_none(), "{bad}");
        }
    }
}

//! Made-up national ids by DOMAIN § 11: the day of birth with 80 added to the month, individual number, two check digits.

use chrono::{Datelike, NaiveDate};

const K1: [u32; 9] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const K2: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/// Which kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Fødselsnummer.
    Birth,
    /// D-nummer: 40 added to the day.
    Temporary,
}

/// The first number of somebody born on the day that has check digits, from the `start`-th individual number of the century on.
pub fn national_id(born: NaiveDate, number: Number, start: u32) -> String {
    // 000–499 are those of 1900–1999, 500–999 those of 2000–2039.
    let century = if born.year() < 2000 { 0 } else { 500 };
    let of_century = (0..500).map(|n| century + (start + n) % 500);
    of_century
        .filter_map(|individual| with_check_digits(born, number, individual))
        .next()
        .expect("most individual numbers have check digits")
}

fn with_check_digits(born: NaiveDate, number: Number, individual: u32) -> Option<String> {
    let day = born.day() + if number == Number::Temporary { 40 } else { 0 };
    let nine = format!("{day:02}{:02}{:02}{individual:03}", born.month() + 80, born.year().rem_euclid(100));
    let k1 = check_digit(&K1, &nine)?;
    let ten = format!("{nine}{k1}");
    Some(format!("{ten}{}", check_digit(&K2, &ten)?))
}

/// 11 less the remainder; 11 is 0, and a number that would need 10 is not given out.
fn check_digit(weights: &[u32], digits: &str) -> Option<u32> {
    let sum: u32 = weights.iter().zip(digits.bytes()).map(|(w, d)| w * u32::from(d - b'0')).sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

#[cfg(test)]
mod tests {
    use pipeline_domain::{NationalId, NationalIdKind};

    use super::*;

    #[test]
    fn every_number_is_one_of_a_made_up_person() {
        for (born, number, start, begins) in [
            ("2014-05-17", Number::Birth, 400, "178514"),
            ("1983-03-09", Number::Birth, 100, "098383"),
            ("1990-01-15", Number::Temporary, 300, "558190"),
            ("2009-12-31", Number::Birth, 499, "319209"),
        ] {
            let id = national_id(born.parse().unwrap(), number, start);
            assert!(id.starts_with(begins), "{begins}");
            assert_eq!(id.parse::<NationalId>().map(|id| id.kind()), Ok(NationalIdKind::Synthetic), "{begins}");
        }
        assert_eq!(national_id("2014-05-17".parse().unwrap(), Number::Birth, 400), "17851490027");
    }
}

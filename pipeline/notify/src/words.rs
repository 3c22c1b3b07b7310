//! Days and times as people write them in each language, Europe/Oslo.

use chrono::{Datelike, NaiveDateTime, Timelike};
use pipeline_domain::{Date, Lang, Timestamp};

const MONTHS: [&str; 12] =
    ["januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"];
const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS_NB: [&str; 7] = ["mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"];
const WEEKDAYS_NN: [&str; 7] = ["måndag", "tysdag", "onsdag", "torsdag", "fredag", "laurdag", "søndag"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The language's name in file names and headers (BCP 47).
pub(crate) fn tag(lang: Lang) -> &'static str {
    match lang {
        Lang::Nb => "nb",
        Lang::Nn => "nn",
        Lang::En => "en",
    }
}

/// What stands above the checkpoint.
pub(crate) fn checkpoint(lang: Lang) -> &'static str {
    match lang {
        Lang::Nb => "Sjekkpunkt. Ta vare på e-posten: linjene under kan vise om arkivet er endret etterpå.",
        Lang::Nn => "Sjekkpunkt. Ta vare på e-posten: linjene under kan vise om arkivet er endra etterpå.",
        Lang::En => "Checkpoint. Keep this e-mail: the lines below can show whether the archive was changed later.",
    }
}

/// `23. november 2026`, `23 November 2026`.
pub(crate) fn day(date: Date, lang: Lang) -> String {
    let d = date.naive();
    let month = d.month0() as usize;
    match lang {
        Lang::Nb | Lang::Nn => format!("{}. {} {}", d.day(), MONTHS[month], d.year()),
        Lang::En => format!("{} {} {}", d.day(), MONTHS_EN[month], d.year()),
    }
}

/// `23. november 2026 kl. 08.30`, `23 November 2026 at 08:30`.
pub(crate) fn moment(at: Timestamp, lang: Lang) -> String {
    let before = if lang == Lang::En { "at" } else { "kl." };
    format!("{} {before} {}", day(at.oslo_date(), lang), clock(at.oslo_local(), lang))
}

/// `mandag 23. november 2026 kl. 08.30–10.00`; the second day only when it is another one.
pub(crate) fn span(from: Timestamp, to: Timestamp, lang: Lang) -> String {
    let start = format!("{} {}", weekday(from.oslo_date(), lang), moment(from, lang));
    if from.oslo_date() == to.oslo_date() {
        format!("{start}–{}", clock(to.oslo_local(), lang))
    } else {
        format!("{start} – {} {}", weekday(to.oslo_date(), lang), moment(to, lang))
    }
}

fn weekday(date: Date, lang: Lang) -> &'static str {
    let day = date.naive().weekday().num_days_from_monday() as usize;
    match lang {
        Lang::Nb => WEEKDAYS_NB[day],
        Lang::Nn => WEEKDAYS_NN[day],
        Lang::En => WEEKDAYS_EN[day],
    }
}

fn clock(at: NaiveDateTime, lang: Lang) -> String {
    let between = if lang == Lang::En { ':' } else { '.' };
    format!("{:02}{between}{:02}", at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_those_of_oslo() {
        assert_eq!(moment(at("2026-11-23T07:30:00Z"), Lang::Nb), "23. november 2026 kl. 08.30");
        assert_eq!(moment(at("2026-06-30T22:05:00Z"), Lang::Nn), "1. juli 2026 kl. 00.05");
        assert_eq!(moment(at("2026-06-30T22:05:00Z"), Lang::En), "1 July 2026 at 00:05");
    }

    #[test]
    fn a_meeting_is_told_with_its_weekday() {
        let (from, to) = (at("2026-11-24T08:30:00+01:00"), at("2026-11-24T10:00:00+01:00"));
        assert_eq!(span(from, to, Lang::Nb), "tirsdag 24. november 2026 kl. 08.30–10.00");
        assert_eq!(span(from, to, Lang::Nn), "tysdag 24. november 2026 kl. 08.30–10.00");
        assert_eq!(span(from, to, Lang::En), "Tuesday 24 November 2026 at 08:30–10:00");
        let (from, to) = (at("2028-02-29T23:30:00+01:00"), at("2028-03-01T00:30:00+01:00"));
        assert_eq!(span(from, to, Lang::Nb), "tirsdag 29. februar 2028 kl. 23.30 – onsdag 1. mars 2028 kl. 00.30");
    }
}

//! Who acts, who is heard and who is written to, by birth date (DOMAIN § 4). The ages themselves stand in `pipeline_domain`.

use chrono::{Datelike, NaiveDate};
use pipeline_domain::{DECIDES_IN_SCHOOL_FROM, DECIDES_IN_WELFARE_FROM, Date, HEARD_FROM, OF_AGE_FROM, PlanType};

/// What the question is about: it decides from which age the subject acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matter {
    /// Matters of schooling (IOP).
    Schooling,
    /// Matters of health and welfare (IP, ES, SL).
    HealthAndWelfare,
}

impl Matter {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Schooling, Self::HealthAndWelfare];

    /// The matter of a plan.
    pub fn of(plan: PlanType) -> Self {
        match plan {
            PlanType::Iop => Self::Schooling,
            PlanType::Ip | PlanType::Es | PlanType::Sl => Self::HealthAndWelfare,
        }
    }

    /// Age in whole years from which the subject decides.
    pub fn decides_from(self) -> i32 {
        match self {
            Self::Schooling => DECIDES_IN_SCHOOL_FROM,
            Self::HealthAndWelfare => DECIDES_IN_WELFARE_FROM,
        }
    }
}

/// The subject's age, as far as it changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Age {
    /// Under 12; also a child that is not born yet.
    Under12,
    /// 12, 13 or 14.
    From12,
    /// 15.
    From15,
    /// 16 or 17.
    From16,
    /// 18 or more.
    From18,
}

impl Age {
    /// Every band, youngest first.
    pub const ALL: [Self; 5] = [Self::Under12, Self::From12, Self::From15, Self::From16, Self::From18];

    /// On the day `on` of somebody born on `born`. A birthday counts from the day itself; one on 29 February counts from 1 March
    /// in other years.
    pub fn at(born: Date, on: Date) -> Self {
        let years = born.age_at(on);
        Self::ALL.into_iter().rev().find(|band| years >= band.from_years()).unwrap_or(Self::Under12)
    }

    /// First age in whole years that belongs to the band.
    pub fn from_years(self) -> i32 {
        match self {
            Self::Under12 => 0,
            Self::From12 => HEARD_FROM,
            Self::From15 => DECIDES_IN_SCHOOL_FROM,
            Self::From16 => DECIDES_IN_WELFARE_FROM,
            Self::From18 => OF_AGE_FROM,
        }
    }
}

/// The subject or those who act on its behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// Foresatte eller verge.
    Guardians,
    /// Hovedpersonen.
    Subject,
}

/// What the child's own view counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Voice {
    /// Under 12: heard as far as is natural, which no rule here can judge.
    AsFarAsNatural,
    /// From 12: heard before anything is decided.
    Heard,
    /// Decides.
    Decides,
}

/// Who does what in one matter at one age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Acting {
    /// Who decides, approves and withdraws.
    pub acts: Party,
    /// What the subject's view counts for.
    pub voice: Voice,
    /// Who gets letters, mail and reports. A child who does not act yet is never written to.
    pub written_to: Party,
}

impl Acting {
    /// At this age.
    pub fn at(matter: Matter, age: Age) -> Self {
        let party = if age.from_years() >= matter.decides_from() { Party::Subject } else { Party::Guardians };
        let voice = match (party, age) {
            (Party::Subject, _) => Voice::Decides,
            (Party::Guardians, Age::Under12) => Voice::AsFarAsNatural,
            (Party::Guardians, _) => Voice::Heard,
        };
        Self { acts: party, voice, written_to: party }
    }
}

/// Who acts, who is heard and who is written to on one day.
pub fn acting_party(matter: Matter, born: Date, on: Date) -> Acting {
    Acting::at(matter, Age::at(born, on))
}

/// Who acts through a period, both days counted: the first day of each stretch and how it stands from then on. Empty when the
/// period ends before it begins. A child who turns 15 within a report's period gives two stretches.
pub fn acting_through(matter: Matter, born: Date, from: Date, to: Date) -> Vec<(Date, Acting)> {
    let birthdays = Age::ALL.into_iter().skip(1).filter_map(|band| birthday(born, band.from_years()));
    let days = std::iter::once(from).chain(birthdays.filter(|day| *day > from)).filter(|day| *day <= to);
    let mut stretches: Vec<(Date, Acting)> = days.map(|day| (day, acting_party(matter, born, day))).collect();
    stretches.dedup_by_key(|(_, acting)| *acting);
    stretches
}

/// The day somebody becomes `years` old; `None` past the end of the calendar.
fn birthday(born: Date, years: i32) -> Option<Date> {
    let born = born.naive();
    let year = born.year().checked_add(years)?;
    // 29 February counts from 1 March in other years, as in `Date::age_at`.
    let day = born.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))?;
    Some(Date::from_naive(day))
}

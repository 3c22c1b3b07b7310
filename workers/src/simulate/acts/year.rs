//! What is drawn for a plan's year when it is begun. What follows from something else is drawn when that happens.

use chrono::NaiveDate;
use pipeline_domain::{PlanType, Timestamp};

use super::{Act, Destination};
use crate::simulate::{
    calendar::{at, day_after, plus, school_year_begins, working_day},
    plan::Plan,
};

/// Everything that is drawn beforehand, in no order. What comes after `ends` is left out.
pub fn year_of(plan: &mut Plan, ends: Timestamp) -> Vec<(Timestamp, Act)> {
    let mut year = vec![(plan.began, Act::Begin)];
    meetings(plan, &mut year);
    writing(plan, &mut year);
    people(plan, &mut year);
    match plan.kind {
        PlanType::Iop => school(plan, &mut year),
        PlanType::Ip | PlanType::Es | PlanType::Sl => consent(plan, &mut year),
    }
    if plan.chance.percent(20) {
        let reason = plan.chance.pick(&["goals_reached", "subject_wish", "service_ended"]);
        sometime(plan, &mut year, (110, 320), Act::AskToClose(reason));
    }
    plan.play_part(&mut year);
    year.retain(|(at, _)| *at <= ends);
    year
}

type Year = Vec<(Timestamp, Act)>;

/// In office hours, so many days after the plan was begun.
fn sometime(plan: &mut Plan, year: &mut Year, (from, to): (i64, i64), act: Act) {
    let days = plan.chance.between(from, to);
    let when = plan.office_hours(plan.began, days);
    year.push((when, act));
}

/// Two to four a year, people called a fortnight before.
fn meetings(plan: &mut Plan, year: &mut Year) {
    let count = plan.chance.between(2, 4);
    for n in 0..count {
        let days = 40 + n * 85 + plan.chance.between(-10, 10);
        let day = school_day(working_day(day_after(plan.began, days)));
        let begins = at(day, u32::try_from(plan.chance.between(9, 14)).expect("an hour"), 30);
        let called = plan.office_hours(begins, -16);
        year.push((called, Act::Call(begins)));
    }
}

/// Nobody meets between Christmas and New Year or in July.
fn school_day(day: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    match (day.month(), day.day()) {
        (12, 21..) => working_day(plus(day, 16)),
        (7, _) => working_day(plus(day, 40)),
        _ => day,
    }
}

fn writing(plan: &mut Plan, year: &mut Year) {
    if plan.chance.percent(70) {
        sometime(plan, year, (25, 40), Act::AskForArchiving);
    }
    for _ in 0..plan.chance.between(1, 4) {
        sometime(plan, year, (15, 350), Act::Change);
    }
    for _ in 0..plan.chance.between(0, 2) {
        sometime(plan, year, (60, 340), Act::Evaluate);
    }
    for _ in 0..plan.chance.between(1, 4) {
        sometime(plan, year, (20, 350), Act::WriteMessage);
    }
    if plan.chance.percent(20) {
        sometime(plan, year, (150, 350), Act::LogMessages);
    }
    if plan.chance.percent(12) {
        sometime(plan, year, (70, 350), Act::AskForPrint);
    }
    if plan.chance.percent(4) {
        sometime(plan, year, (70, 350), Act::AskForExport);
    }
    while plan.chance.percent(35) {
        sometime(plan, year, (30, 330), Act::Attach);
    }
}

fn people(plan: &mut Plan, year: &mut Year) {
    if plan.chance.percent(20) {
        sometime(plan, year, (60, 300), Act::Remove);
    }
    if plan.chance.percent(12) {
        sometime(plan, year, (60, 330), Act::Transfer);
    }
    if plan.chance.percent(4) {
        let how = plan.chance.pick(&["confidential", "strictly_confidential"]);
        sometime(plan, year, (30, 300), Act::Protect(how));
    }
    if plan.later_national_id.is_some() && plan.chance.percent(70) {
        sometime(plan, year, (30, 300), Act::Identify);
    }
    let members = plan.members.iter().map(|m| m.person.id);
    let people: Vec<_> = plan.guardians.iter().map(|g| g.person.id).chain(members).collect();
    for person in people {
        match plan.chance.below(100) {
            0..12 => sometime(plan, year, (10, 350), Act::ConfirmContact { person, moves: false }),
            12..16 => sometime(plan, year, (10, 350), Act::ConfirmContact { person, moves: true }),
            16..18 => sometime(plan, year, (30, 330), Act::Bounce(person)),
            _ => {}
        }
    }
}

fn consent(plan: &mut Plan, year: &mut Year) {
    if plan.chance.percent(15) {
        sometime(plan, year, (60, 300), Act::ChangeConsent);
    }
    if plan.chance.percent(6) {
        sometime(plan, year, (80, 280), Act::WithdrawConsent);
    }
}

/// The report in May or June, some late, some never; the new school year before the old one ends, or never.
fn school(plan: &mut Plan, year: &mut Year) {
    let begins = school_year_begins(plan.began.oslo_date().naive());
    // Counted from 1 August: 275 is in the first days of May, 320 in the middle of June, 340 in July.
    let written = match plan.chance.below(10) {
        0..=7 => Some(plan.chance.between(275, 322)),
        8 => Some(plan.chance.between(336, 352)),
        _ => None,
    };
    let morning = at(begins, 9, 0);
    if let Some(days) = written {
        let when = plan.office_hours(morning, days);
        year.push((when, Act::AnnualReport));
    }
    if plan.chance.percent(75) {
        let destination = match plan.chance.below(100) {
            0..80 => Destination::SameSchool,
            80..94 => Destination::OtherSchool,
            _ => Destination::OtherMunicipality,
        };
        let days = written.unwrap_or(325) + plan.chance.between(3, 8);
        let when = plan.office_hours(morning, days);
        year.push((when, Act::RollOver(destination)));
    }
}

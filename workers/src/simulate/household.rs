//! How a plan is drawn when it is begun: when its subject was born, who is around them, what is aimed for.

use chrono::{Datelike, NaiveDate};
use pipeline_domain::{PlanType, Timestamp, WrittenForm};

use super::{
    calendar::{plus, school_year},
    cast,
    chance::Chance,
    national_id::{Number, national_id},
    people::Person,
    plan::{Goal, Guardian, Member, Numbers, Schooling},
    town::Town,
    words,
};

/// A child for plans of children; one in ten comes of the age to decide in the course of the year.
pub fn birthday(no: u32, kind: PlanType, began: NaiveDate, chance: &mut Chance) -> NaiveDate {
    let (young, old, decides) = match kind {
        PlanType::Iop => (4, 14, 15),
        PlanType::Sl => (2, 15, 16),
        PlanType::Ip => (4, 60, 16),
        PlanType::Es => (17, 80, 16),
    };
    let comes_of_age = cast::comes_of_age(no) || (kind != PlanType::Es && chance.percent(10));
    let years = if comes_of_age { decides } else { chance.between(young, old) };
    let year = began.year() - i32::try_from(years).expect("a life is short");
    let days = if comes_of_age { chance.between(20, 330) } else { -chance.between(0, 364) };
    let birthday = NaiveDate::from_ymd_opt(year, began.month(), began.day().min(28)).expect("every month has 28 days");
    plus(birthday, days)
}

pub fn unused_number(born: NaiveDate, number: Number, chance: &mut Chance, numbers: &mut Numbers) -> String {
    let start = chance.below(500);
    let drawn = (0..500).map(|n| national_id(born, number, u32::try_from(start + n).expect("below a thousand")));
    let new = drawn.into_iter().find(|id| !numbers.contains(id)).expect("few are born on one day");
    numbers.insert(new.clone());
    new
}

/// Most have confirmed their address within the year; some have not for long, some never said; a few have none, or are reserved.
pub fn habits(person: &mut Person, chance: &mut Chance, began: Timestamp) {
    let today = began.oslo_date().naive();
    person.confirmed_on = match chance.below(20) {
        0..=13 => Some(plus(today, -chance.between(5, 200))),
        14..=16 => Some(plus(today, -chance.between(340, 600))),
        _ => None,
    };
    match chance.below(20) {
        0 => person.email = None,
        1 => person.reserved = true,
        _ => {}
    }
}

pub fn guardians(seed: u64, no: u32, age: i32, subject: &Person, town: &Town, began: Timestamp, chance: &mut Chance) -> Vec<Guardian> {
    let (count, relation) = match age {
        0..18 => (if chance.percent(70) { 2 } else { 1 }, "guardian"),
        _ => (usize::from(chance.percent(20)), "legal_guardian"),
    };
    let one = |n: usize, chance: &mut Chance| {
        let family = (n == 0 && relation == "guardian").then(|| subject.family());
        let form = if chance.percent(12) { other(town.form) } else { town.form };
        let mut person = Person::new(seed, &format!("plan {no} guardian {n}"), chance, form, family);
        habits(&mut person, chance, began);
        let born = plus(began.oslo_date().naive(), -chance.between(25 * 365, 55 * 365));
        let start = u32::try_from(chance.below(400)).expect("below a thousand");
        Guardian { person, relation, national_id: national_id(born, Number::Birth, start) }
    };
    (0..count).map(|n| one(n, chance)).collect()
}

fn other(form: WrittenForm) -> WrittenForm {
    match form {
        WrittenForm::Nb => WrittenForm::Nn,
        WrittenForm::Nn => WrittenForm::Nb,
    }
}

/// In one plan of ten, a guardian also takes part on duty.
pub fn members(seed: u64, no: u32, guardians: &[Guardian], town: &Town, began: Timestamp, chance: &mut Chance) -> Vec<Member> {
    let count = 2 + chance.below(4);
    let first = chance.below(words::ROLES.len());
    let one = |n: usize, chance: &mut Chance| {
        let (role, service) = words::ROLES[(first + n) % words::ROLES.len()];
        let mut person = Person::new(seed, &format!("plan {no} member {n}"), chance, town.form, None);
        habits(&mut person, chance, began);
        Member { person, role, service, internal: chance.percent(60) }
    };
    let mut members: Vec<Member> = (0..count).map(|n| one(n, chance)).collect();
    if let Some(guardian) = guardians.last().filter(|_| chance.percent(10) || cast::has_a_guardian_on_duty(no)) {
        members[0].person = guardian.person.clone();
        members[0].internal = false;
    }
    members
}

pub fn goals(chance: &mut Chance) -> Vec<Goal> {
    let (count, goal, measure) = (2 + chance.below(3), chance.below(words::GOALS.len()), chance.below(words::MEASURES.len()));
    let one = |n: usize| Goal {
        name: format!("m{}", n + 1),
        text: words::GOALS[(goal + n) % words::GOALS.len()],
        measure: words::MEASURES[(measure + n) % words::MEASURES.len()],
        status: "not_started",
    };
    (0..count).map(one).collect()
}

pub fn schooling(seed: u64, no: u32, age: i32, unit: &'static str, began: Timestamp, town: &Town, chance: &mut Chance) -> Schooling {
    let today = began.oslo_date().naive();
    Schooling {
        year: school_year(today),
        school: unit,
        grade: u32::try_from((age - 5).clamp(1, 10)).expect("a grade"),
        decided_on: plus(today, -chance.between(30, 70)),
        teacher: Person::new(seed, &format!("plan {no} teacher"), chance, town.form, None),
    }
}

//! Mails that a schedule sends (DOMAIN §§ 8, 9; docs/operations.md, «Whom schedules tell»).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::{
    Told, Year,
    announced::{News, Owed, reached},
    duties,
    life::{Holds, Life, Lives, within},
    person::{Contact, Hat, Recipient, deciders, each_once, named},
    times::{self, Instant},
};

/// Every mail of a schedule.
pub fn mails<'a>(year: &'a Year, lives: &Lives<'a>) -> Vec<Owed<'a>> {
    let mut owed = Vec::new();
    for life in lives.plans.values() {
        owed.extend(consents(year, lives, life));
        owed.extend(reminders(year, lives, life));
    }
    let days: Vec<NaiveDate> = times::days(year.from, times::days_before(year.until, 1)).collect();
    for monday in days.iter().filter(|d| times::is_monday(d)) {
        owed.extend(digests(year, lives, times::in_oslo(*monday, 7, 30)));
        if (5..=7).contains(&monday.month()) {
            owed.extend(annual_reports(year, lives, *monday));
        }
    }
    owed.extend(stale(year, lives, days.iter().copied().filter(|d| d.day() == 1)));
    owed
}

/// The run's span: it begins when it is due, and its mails are out a step or two later.
fn span(year: &Year, due: Instant) -> (Instant, Instant) {
    (due, due + year.slack())
}

/// A run that must have begun and ended in the year. One that was due before its last step is surely there.
fn is_over(year: &Year, until: Instant) -> Holds {
    if until <= year.end() { Holds::Yes } else { Holds::Unsure }
}

/// Stages at which the end of a consent is told of: days before its last day.
const STAGES: [u64; 3] = [30, 14, 1];

/// 30, 14 and 1 days before a consent's last day the lead, at 14 days those who decide too; the day after it the lead.
fn consents<'a>(year: &'a Year, lives: &Lives<'a>, life: &Life<'a>) -> Vec<Owed<'a>> {
    let mut owed = Vec::new();
    let mut seen = BTreeSet::new();
    for record in life.told.iter().filter(|t| t.kind() == "consent_record") {
        let Some(last) = record.day("/content/valid_until") else { continue };
        if !seen.insert((record.id(), last)) {
            continue;
        }
        for (n, days) in STAGES.into_iter().enumerate() {
            let begins = times::days_before(last, days);
            // A stage that was over when the consent was given never comes (the code was asked: `stage_of`).
            if record.instant("/content/approved_at").is_some_and(|given| times::day_in_oslo(given) > begins) {
                continue;
            }
            let ends = STAGES.get(n + 1).map_or(last, |next| times::days_before(last, next + 1));
            owed.extend(stage(year, lives, life, record, (begins, ends), Hat::Lead));
            if days == 14 {
                owed.extend(stage(year, lives, life, record, (begins, ends), Hat::Subject));
            }
        }
        owed.extend(expired(year, lives, life, record, last));
    }
    owed
}

/// Who cannot be told when a stage begins is told by the first scan of it that can: a new lead has an address, an old one is opened.
fn stage<'a>(
    year: &'a Year,
    lives: &Lives<'a>,
    life: &Life<'a>,
    record: &'a Told,
    (begins, ends): (NaiveDate, NaiveDate),
    hat: Hat,
) -> Vec<Owed<'a>> {
    let Some(last) = record.day("/content/valid_until") else { return Vec::new() };
    let mut told = Vec::new();
    let mut begun: BTreeMap<Hat, Owed> = BTreeMap::new();
    for day in times::days(begins, ends) {
        let (from, until) = span(year, times::in_oslo(day, 6, 0));
        let holds = standing(life, record.id(), last, from, until).and(is_over(year, until));
        if holds == Holds::No || from >= year.end() {
            continue;
        }
        let news = News { kind: "consent_expiring", cause: record, from, until };
        for one in whom(life, record, hat, (from, until)) {
            let (hat, changed) = (one.hat, one.hat == Hat::Lead && lead(life, from).contact != lead(life, until).contact);
            let Some(mail) = reached(lives, life, &news, one) else { continue };
            // Perhaps yesterday's scan could tell them already.
            let first = begun.get(&hat).map_or(from, |o| o.from);
            let mail =
                Owed { from: first, is_sure: mail.is_sure && holds == Holds::Yes && !changed, why: format!("{}, {day}", mail.why), ..mail };
            if told.contains(&hat) {
                continue;
            }
            if mail.is_sure {
                told.push(hat);
            }
            begun.insert(hat, mail);
        }
    }
    begun.into_values().collect()
}

/// The lead, or those who decide. A lead who decides as well is told as lead.
fn whom(life: &Life, record: &Told, hat: Hat, (from, until): (Instant, Instant)) -> Vec<Recipient> {
    let lead = [lead(life, from), lead(life, until)].into_iter().find(|l| l.contact.as_ref().is_some_and(|c| c.address().is_some()));
    let lead = lead.unwrap_or(Recipient { hat: Hat::Lead, contact: None });
    if hat == Hat::Lead {
        return vec![lead];
    }
    let deciders = deciders(life.case(from).unwrap_or(record), times::day_in_oslo(from));
    each_once([vec![lead], deciders].concat()).split_off(1)
}

/// The consent is the newest of its id, nobody has ended it, it holds until that day, and the plan is open.
fn standing(life: &Life, id: &str, last: NaiveDate, from: Instant, until: Instant) -> Holds {
    Holds::between(from, until, |at| {
        let consents = life.consents(at);
        let this = consents.get(id).is_some_and(|c| !c.ended && c.valid_until == Some(last));
        // A newer consent takes its place: nothing ends for anybody.
        let replaced = consents.iter().any(|(other, c)| *other != id && !c.ended && c.valid_until > Some(last));
        this && !replaced && !life.is_closed(at)
    })
}

/// The day after its last day, or when the source system says so: the same news, once.
fn expired<'a>(year: &'a Year, lives: &Lives<'a>, life: &Life<'a>, record: &'a Told, last: NaiveDate) -> Vec<Owed<'a>> {
    let (due, until) = span(year, times::in_oslo(times::next_day(last), 6, 0));
    let from = times::in_oslo(times::next_day(last), 0, 0);
    if from >= year.end() {
        return Vec::new();
    }
    // Before the day it may have been withdrawn; that somebody says on the day that it expired changes nothing.
    let holds =
        standing(life, record.id(), last, from, from).and(Holds::between(due, until, |at| !life.is_closed(at))).and(is_over(year, until));
    let news = News { kind: "consent_expired", cause: record, from, until };
    let mail = reached(lives, life, &news, lead(life, from)).filter(|_| holds != Holds::No);
    mail.map(|o| Owed { is_sure: o.is_sure && holds == Holds::Yes, why: format!("{}, expired", o.why), ..o }).into_iter().collect()
}

fn lead(life: &Life, at: Instant) -> Recipient {
    Recipient { hat: Hat::Lead, contact: life.runs("lead_contact", at) }
}

/// Two days before a meeting, those who were called and have not declined.
fn reminders<'a>(year: &'a Year, lives: &Lives<'a>, life: &Life<'a>) -> Vec<Owed<'a>> {
    let mut owed = Vec::new();
    for called in life.told.iter().filter(|t| t.kind() == "meeting_invitation" && t.text("/content/state") != "cancelled") {
        let Some(begins) = called.instant("/content/starts_at") else { continue };
        let due = times::wall_days_before(begins, 2);
        let from = due.max(life.archived(called).unwrap_or(called.at));
        let until = from + TimeDelta::hours(1) + year.slack();
        let newest = Holds::between(from, until, |at| {
            let versions = life.documents("meeting_invitation", at).filter(|t| t.id() == called.id());
            versions.max_by_key(|t| t.version()).is_some_and(|t| t.line == called.line)
        });
        // Who is called less than two days before has just heard of it.
        let called_in_time = if life.archived(called).is_none_or(|at| at > due) { Holds::Unsure } else { Holds::Yes };
        let holds = newest.and(called_in_time).and(is_over(year, until)).and(Holds::between(from, until, |at| !life.is_closed(at)));
        if holds == Holds::No || from >= year.end() || from >= begins {
            continue;
        }
        let news = News { kind: "meeting_reminder", cause: called, from, until };
        let invited = (0..).zip(called.list("/content/invited")).zip(named(called.list("/content/invited")));
        let coming: Vec<(Recipient, Holds)> = invited
            .map(|((_, item), one)| {
                let comes = Holds::between(from, until, |at| !has_declined(life, called, item["reply"].as_str(), one.contact.as_ref(), at));
                (one, comes)
            })
            .collect();
        let people = each_once(coming.iter().filter(|(_, comes)| *comes != Holds::No).map(|(one, _)| one.clone()).collect());
        for one in people {
            let unsure = coming.iter().any(|(other, comes)| other.hat == one.hat && *comes == Holds::Unsure);
            let mail = reached(lives, life, &news, one);
            owed.extend(mail.map(|o| Owed {
                is_sure: o.is_sure && holds == Holds::Yes && !unsure,
                why: format!("{}, reminder", o.why),
                ..o
            }));
        }
    }
    owed
}

/// As the invitation says, or as they answered after it: whoever is called anew is asked anew.
fn has_declined(life: &Life, called: &Told, reply: Option<&str>, contact: Option<&Contact>, at: Instant) -> bool {
    let person = contact.and_then(|c| c.person.as_deref());
    let mut answers = life
        .events("meeting.answered", at)
        .filter(|t| t.matter() == Some(called.id()) && t.instant("/occurred_at") >= called.instant("/occurred_at"));
    let own = answers.rfind(|t| person == Some(t.text("/content/actor")));
    own.map_or(reply == Some("declined"), |answer| answer.text("/content/reply") == "declined")
}

/// Everybody who leads a plan in a span of time, with their plans, by pseudonym and municipality. A plan that is handed over meanwhile is of both.
fn by_lead<'l, 'a>(lives: &'l Lives<'a>, from: Instant, until: Instant) -> BTreeMap<(&'a str, &'a str), Vec<&'l Life<'a>>> {
    let mut all: BTreeMap<_, Vec<&Life>> = BTreeMap::new();
    for life in lives.plans.values() {
        let leads: BTreeSet<_> = within(from, until).filter_map(|at| Some((life.lead(at)?, life.case(at)?.municipality()))).collect();
        leads.into_iter().for_each(|lead| all.entry(lead).or_default().push(life));
    }
    all
}

/// One mail a week to each lead for whom something waits.
fn digests<'a>(year: &'a Year, lives: &Lives<'a>, due: Instant) -> Vec<Owed<'a>> {
    let (from, until) = span(year, due);
    let mut owed = Vec::new();
    for ((who, _), plans) in by_lead(lives, from, until) {
        let count = |at| {
            let theirs = plans.iter().filter(|life| life.lead(at) == Some(who)).map(|life| duties::counts(life, at));
            theirs.fold(duties::Counts::default(), |sum, one| std::array::from_fn(|n| sum[n] + one[n]))
        };
        let waits = Holds::between(from, until, |at| count(at).iter().sum::<usize>() > 0);
        let mail = to_lead(year, lives, "lead_digest", &plans, who, (from, until), waits);
        let counts = within(from, until).all(|at| count(at) == count(from)).then(|| count(from));
        owed.extend(mail.map(|o| Owed { counts, ..o }));
    }
    owed
}

/// Once a quarter to each lead in one of whose plans contact data is old.
fn stale<'a>(year: &'a Year, lives: &Lives<'a>, firsts: impl Iterator<Item = NaiveDate>) -> Vec<Owed<'a>> {
    let mut owed: Vec<Owed> = Vec::new();
    let mut told: BTreeSet<(String, String, (i32, u32))> = BTreeSet::new();
    for first in firsts {
        let (from, until) = span(year, times::in_oslo(first, 5, 30));
        for ((who, municipality), plans) in by_lead(lives, from, until) {
            let key = (who.to_owned(), municipality.to_owned(), times::quarter(first));
            if told.contains(&key) {
                continue;
            }
            let waits = Holds::between(from, until, |at| {
                plans.iter().any(|life| life.lead(at) == Some(who) && !life.is_closed(at) && has_stale(lives, life, at))
            });
            let mail = to_lead(year, lives, "contact_stale", &plans, who, (from, until), waits);
            if mail.iter().any(|o| o.is_sure) {
                told.insert(key);
            }
            owed.extend(mail);
        }
    }
    owed
}

/// Somebody has an address that nobody has confirmed for 18 months. Whose addresses are looked at, the words do not say; the code was asked: those of
/// subject and guardians, and of the people whom the plan's newest event names.
fn has_stale(lives: &Lives, life: &Life, at: Instant) -> bool {
    let Some(event) = life.before(at).rev().find(|t| t.event().is_some() && t.envelope["content"]["standing"]["lead_contact"].is_object())
    else {
        return false;
    };
    let guardians = event.list("/case/guardians").iter().map(|g| &g["contact"]);
    let people = event.list("/content/people").iter().map(|p| &p["contact"]);
    let all = guardians.chain(people).chain([&event.envelope["case"]["subject_contact"]]).filter_map(Contact::read);
    all.filter(|c| c.email.is_some()).any(|c| lives.is_stale(&c, at))
}

/// Each Monday from May to July: lead and professional lead of each IOP of the school year that has no annual report, one mail each a week.
fn annual_reports<'a>(year: &'a Year, lives: &Lives<'a>, monday: NaiveDate) -> Vec<Owed<'a>> {
    let (from, until) = span(year, times::in_oslo(monday, 7, 0));
    let school_year = times::school_year(monday);
    let mut people: Vec<(Hat, Contact, &Life, Holds)> = Vec::new();
    for life in lives.plans.values() {
        let waits = Holds::between(from, until, |at| {
            let of_the_year = |kind| life.documents(kind, at).any(|t| t.text("/content/school_year") == school_year);
            of_the_year("plan_snapshot") && !of_the_year("iop_annual_report") && !life.is_closed(at)
        });
        if waits != Holds::No {
            let both = [(Hat::Lead, "lead_contact"), (Hat::ProfessionalLead, "professional_lead_contact")];
            people.extend(both.into_iter().filter_map(|(hat, who)| Some((hat, life.runs(who, from)?, life, waits))));
        }
    }
    let mut owed: Vec<Owed> = Vec::new();
    for (n, (hat, contact, life, _)) in people.iter().enumerate() {
        let same = |other: &Life| other.told[0].municipality() == life.told[0].municipality();
        if people[..n].iter().any(|(_, before, other, _)| before.is_same(contact) && same(other)) {
            continue;
        }
        let theirs = people.iter().filter(|(_, other, of, _)| other.is_same(contact) && same(of));
        let is_sure = theirs.clone().any(|(_, _, _, waits)| *waits == Holds::Yes);
        let news = News { kind: "annual_report_due", cause: life.told[0], from, until };
        let mail = reached(lives, life, &news, Recipient { hat: *hat, contact: Some(contact.clone()) });
        let over = is_over(year, until) == Holds::Yes;
        owed.extend(mail.map(|o| Owed { is_sure: o.is_sure && is_sure && over, why: format!("{} on {monday}", o.why), ..o }));
    }
    owed
}

/// One mail to a lead about all their plans.
fn to_lead<'a>(
    year: &Year,
    lives: &Lives<'a>,
    kind: &'static str,
    plans: &[&Life<'a>],
    who: &str,
    (from, until): (Instant, Instant),
    waits: Holds,
) -> Option<Owed<'a>> {
    let holds = waits.and(is_over(year, until));
    // The newest word of any of their plans tells how they are reached.
    let led = |at| {
        let theirs = plans.iter().filter(|life| life.lead(at) == Some(who));
        theirs.max_by_key(|life| life.case(at).map(|t| t.line)).map(|newest| (newest, at))
    };
    let (newest, at) = led(from).or_else(|| led(until))?;
    let news = News { kind, cause: newest.told[0], from, until };
    let mail = reached(lives, newest, &news, lead(newest, at)).filter(|_| holds != Holds::No);
    mail.map(|o| Owed { is_sure: o.is_sure && holds == Holds::Yes, why: format!("{kind} to {who}, {from}"), cause: None, ..o })
}

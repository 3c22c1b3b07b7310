//! The play: what the source system hands in and when. A function of the seed, the length of the year, and what the archive asks for;
//! it knows neither clock nor disk nor database.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use pipeline_domain::Timestamp;
use pipeline_intake::Reader;
use serde_json::Value;
use uuid::Uuid;

use super::{
    acts::{Act, Out, Sent, year_of},
    calendar::{at, minutes_after, plus, working_day},
    cast::CAST,
    chance::Chance,
    plan::{Numbers, Plan},
    town::{Office, TOWNS},
};

/// What the year is played from.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub plans: u32,
    pub seed: u64,
    pub from: NaiveDate,
    pub days: u32,
}

impl Setting {
    /// The first instant of the year.
    pub fn begins(&self) -> Timestamp {
        at(self.from, 0, 0)
    }

    /// The first instant after it.
    pub fn ends(&self) -> Timestamp {
        at(plus(self.from, i64::from(self.days)), 0, 0)
    }
}

/// So long the source system needs to answer a request.
const ANSWERS_AFTER_MINUTES: i64 = 20;

/// What is due of a plan.
enum Due {
    Act(Act),
    /// Something that was handed in is handed in once more, as it was.
    Again(Box<Sent>),
}

/// Of a hundred documents so many are sent twice: an answer was lost, or somebody pressed the button again.
const SENT_TWICE_PERCENT: usize = 2;

/// The whole year, played as far as it was asked for.
pub struct Play {
    plans: Vec<Plan>,
    by_id: HashMap<Uuid, usize>,
    /// What is due: when, of which plan, in which order it was drawn.
    due: BTreeMap<(Timestamp, usize, u64), Due>,
    drawn: u64,
    /// Which documents are sent twice.
    twice: Chance,
    ends: Timestamp,
    reader: Arc<Reader>,
}

impl Play {
    /// A play of this setting. The reader works out the digests by which documents name each other.
    pub fn new(setting: &Setting, reader: Arc<Reader>) -> Self {
        let offices: Vec<_> = TOWNS.iter().map(|town| Arc::new(Office::of(setting.seed, town, setting.plans))).collect();
        let (mut numbers, mut chance) = (Numbers::new(), Chance::of(setting.seed, "beginnings", 0));
        let (begins, ends) = (setting.begins(), setting.ends());
        let mut play = Self {
            plans: Vec::new(),
            by_id: HashMap::new(),
            due: BTreeMap::new(),
            drawn: 0,
            twice: Chance::of(setting.seed, "twice", 0),
            ends,
            reader,
        };
        for no in 0..setting.plans {
            let place = no as usize % TOWNS.len();
            let began = beginning(no, begins, &mut chance);
            let mut plan = Plan::new(setting.seed, no, &TOWNS[place], &offices[place], began, &mut numbers);
            let year = year_of(&mut plan, ends);
            play.by_id.insert(plan.id, play.plans.len());
            play.plans.push(plan);
            for (at, act) in year {
                play.put(at, no as usize, Due::Act(act));
            }
        }
        play
    }

    fn put(&mut self, at: Timestamp, plan: usize, due: Due) {
        if at < self.ends {
            self.drawn += 1;
            self.due.insert((at, plan, self.drawn), due);
        }
    }

    /// The next thing that is handed in by then, in the order in which it all happened. `None` when there is no more.
    pub fn next_by(&mut self, until: Timestamp) -> Option<Vec<Sent>> {
        loop {
            let entry = self.due.first_entry()?;
            if entry.key().0 > until {
                return None;
            }
            let ((now, plan, _), due) = entry.remove_entry();
            let act = match due {
                Due::Act(act) => act,
                Due::Again(sent) => return Some(vec![*sent]),
            };
            let reader = self.reader.clone();
            let mut out = Out::new(&reader);
            self.plans[plan].act(now, &act, &mut out);
            let Out { sent, later, .. } = out;
            for (at, act) in later {
                self.put(at, plan, Due::Act(act));
            }
            self.some_of_it_again(now, plan, &sent);
            if !sent.is_empty() {
                return Some(sent);
            }
        }
    }

    /// The next day. Files need not come again.
    fn some_of_it_again(&mut self, now: Timestamp, plan: usize, sent: &[Sent]) {
        let documents = sent.iter().filter(|s| !s.envelope["content"]["event"].is_string());
        for document in documents {
            if self.twice.percent(SENT_TWICE_PERCENT) {
                let again = Sent { envelope: document.envelope.clone(), files: Vec::new() };
                self.put(minutes_after(now, 26 * 60), plan, Due::Again(Box::new(again)));
            }
        }
    }

    /// The archive has asked for plans (`arkivflyt/archive_request/1`). A plan that is not known here is left out.
    pub fn asked(&mut self, now: Timestamp, request: &Value) {
        for wanted in request["plans"].as_array().into_iter().flatten() {
            let plan = wanted["plan_id"].as_str().and_then(|id| id.parse::<Uuid>().ok()).and_then(|id| self.by_id.get(&id).copied());
            let since = wanted["changed_since"].as_str().and_then(|day| day.parse().ok());
            if let Some(plan) = plan {
                self.put(minutes_after(now, ANSWERS_AFTER_MINUTES), plan, Due::Act(Act::Answer(since)));
            }
        }
    }
}

/// Those with a part of their own and two of three others are begun in the first weeks, the rest through the autumn and winter.
fn beginning(no: u32, begins: Timestamp, chance: &mut Chance) -> Timestamp {
    let days = if chance.percent(66) || no < CAST { chance.between(2, 24) } else { chance.between(25, 230) };
    let day = working_day(plus(begins.oslo_date().naive(), days));
    at(day, u32::try_from(chance.between(8, 15)).expect("an hour"), u32::try_from(chance.below(60)).expect("a minute"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pipeline_intake::{Incoming, IntakeRules, SyntheticPolicy};
    use serde_json::json;

    use super::*;

    fn reader() -> Arc<Reader> {
        let rules = IntakeRules { synthetic: SyntheticPolicy::Accept, max_bytes: 8 << 20, max_depth: 64, municipalities: None };
        Arc::new(Reader::new(rules))
    }

    fn setting(plans: u32, seed: u64) -> Setting {
        Setting { plans, seed, from: "2026-08-01".parse().unwrap(), days: 365 }
    }

    /// The whole year, with an archive that asks for a plan when an event tells it to.
    fn all(plans: u32, seed: u64) -> Vec<Sent> {
        let mut play = Play::new(&setting(plans, seed), reader());
        let ends = setting(plans, seed).ends();
        let mut all = Vec::new();
        while let Some(sent) = play.next_by(ends) {
            for Sent { envelope, .. } in &sent {
                let event = envelope["content"]["event"].as_str().unwrap_or_default();
                if ["archive.requested", "meeting.starts_soon", "consent.withdrawn", "consent.expired"].contains(&event) {
                    let at = envelope["occurred_at"].as_str().unwrap().parse().unwrap();
                    play.asked(at, &json!({ "plans": [{ "plan_id": envelope["case"]["plan_id"] }] }));
                }
            }
            all.extend(sent);
        }
        all
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let text = |seed| all(12, seed).into_iter().map(|s| (s.envelope.to_string(), s.files)).collect::<Vec<_>>();
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn intake_refuses_nothing_of_it() {
        let reader = reader();
        let sent = all(24, 3);
        assert!(sent.len() > 500, "{}", sent.len());
        for Sent { envelope, .. } in sent {
            if let Incoming::Refused(problems) = reader.take(envelope.to_string().as_bytes()) {
                panic!("{problems:?} in {envelope:#}");
            }
        }
    }

    #[test]
    fn everything_is_made_up_and_every_kind_happens() {
        // A small cast, so that also a small year has all of it.
        for seed in 1..=4 {
            has_every_kind(&all(CAST, seed));
        }
    }

    fn has_every_kind(sent: &[Sent]) {
        let mut kinds = BTreeSet::new();
        for Sent { envelope, .. } in sent {
            assert_eq!(envelope["synthetic"], true);
            let kind = envelope["content"]["event"].as_str().or_else(|| envelope["schema"].as_str()).unwrap().to_owned();
            kinds.insert(kind);
        }
        for kind in [
            "plan.created",
            "consent.requested",
            "consent.withdrawn",
            "consent.expired",
            "participant.added",
            "participant.removed",
            "meeting.starts_soon",
            "meeting.held",
            "meeting.answered",
            "print.requested",
            "export.requested",
            "message.sent",
            "content.opened",
            "contact.updated",
            "contact.bounced",
            "address_protection.changed",
            "subject.identified",
            "archive.requested",
            "plan.closing_requested",
            "plan.updated",
            "goal.evaluated",
            "background.updated",
            "arkivflyt/plan_snapshot/1",
            "arkivflyt/consent_record/1",
            "arkivflyt/meeting_invitation/1",
            "arkivflyt/meeting_minutes/1",
            "arkivflyt/evaluation_report/1",
            "arkivflyt/attachment/1",
            "arkivflyt/message_log/1",
            "arkivflyt/iop_annual_report/1",
            "arkivflyt/school_year_transfer_note/1",
            "arkivflyt/responsibility_transfer_note/1",
            "arkivflyt/closing_note/1",
            "arkivflyt/reopening_note/1",
        ] {
            assert!(kinds.contains(kind), "{kind} never happens: {kinds:?}");
        }
    }

    #[test]
    fn things_come_in_the_order_in_which_they_happened() {
        let mut play = Play::new(&setting(12, 5), reader());
        let ends = setting(12, 5).ends();
        let mut last: Option<Timestamp> = None;
        let mut seen = BTreeSet::new();
        while let Some(sent) = play.next_by(ends) {
            // What is sent twice comes late the second time.
            if !sent.iter().all(|s| seen.insert(s.envelope.to_string())) {
                continue;
            }
            let at: Timestamp = sent.last().unwrap().envelope["occurred_at"].as_str().unwrap().parse().unwrap();
            assert!(last.is_none_or(|last| last <= at), "{last:?} before {at}");
            assert!(at < ends);
            last = Some(at);
        }
    }

    #[test]
    fn what_the_archive_asks_for_is_answered_when_it_has_changed() {
        let mut play = Play::new(&setting(3, 1), reader());
        let october: Timestamp = "2026-10-20T02:00:00+02:00".parse().unwrap();
        while play.next_by(october).is_some() {}
        let ids: Vec<_> = play.plans.iter().filter(|p| p.is_active()).map(|p| p.id).collect();
        assert!(!ids.is_empty());
        let mut answers = |since: Option<&str>, now: Timestamp| {
            let wanted: Vec<_> = ids.iter().map(|id| json!({ "plan_id": id, "changed_since": since })).collect();
            let before: BTreeSet<_> = play.due.keys().copied().collect();
            play.asked(now, &json!({ "plans": wanted }));
            let new: Vec<_> = play.due.keys().filter(|k| !before.contains(k)).copied().collect();
            assert_eq!(new.len(), ids.len());
            let mut sent = Vec::new();
            for key in new {
                let Some(Due::Act(act)) = play.due.remove(&key) else { panic!("an answer is an act") };
                let reader = play.reader.clone();
                let mut out = Out::new(&reader);
                play.plans[key.1].act(key.0, &act, &mut out);
                sent.extend(out.sent);
            }
            sent
        };
        assert_eq!(answers(None, october).len(), ids.len(), "whoever was never sent is sent");
        assert_eq!(answers(Some("2026-08-01"), minutes_after(october, 60)).len(), 0, "nothing has changed since");
    }
}

//! A plan as it was told: what held at an instant.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{
    Told, Year,
    documents::{Archived, Place},
    person::Contact,
    times::{self, Instant},
};

/// All plans.
#[derive(Debug)]
pub struct Lives<'a> {
    /// By plan.
    pub plans: BTreeMap<&'a str, Life<'a>>,
    /// Blockings and openings of addresses, in order.
    bounced: Vec<(Instant, bool, Contact)>,
}

/// One plan.
#[derive(Debug)]
pub struct Life<'a> {
    /// Everything that was told of it, in order.
    pub told: Vec<&'a Told>,
    archived: BTreeMap<usize, Place<'a>>,
}

/// Whether something holds, when what it hangs on may have changed in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// All the time.
    Yes,
    /// At no time.
    No,
    /// It began or ended.
    Unsure,
}

impl Holds {
    /// Asks at both ends, and as often in between as things are handed in.
    pub fn between(from: Instant, until: Instant, ask: impl Fn(Instant) -> bool) -> Self {
        let answers: Vec<bool> = within(from, until).map(ask).collect();
        match (answers.contains(&true), answers.contains(&false)) {
            (true, false) => Self::Yes,
            (false, _) => Self::No,
            _ => Self::Unsure,
        }
    }

    /// Both.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::No, _) | (_, Self::No) => Self::No,
            _ => Self::Unsure,
        }
    }
}

/// Instants of a span: its ends, and some between them. A span is two steps long or little more, so that there is one in each step.
pub fn within(from: Instant, until: Instant) -> impl Iterator<Item = Instant> {
    (0..=4).map(move |quarter| from + (until - from) * quarter / 4)
}

impl<'a> Lives<'a> {
    /// Sorts what was told by plan.
    pub fn of(year: &'a Year, archived: &Archived<'a>) -> Self {
        let mut plans: BTreeMap<&str, Life> = BTreeMap::new();
        let mut bounced = Vec::new();
        for told in &year.told {
            let life = plans.entry(told.plan()).or_insert_with(|| Life { told: Vec::new(), archived: BTreeMap::new() });
            life.told.push(told);
            life.archived.extend(archived.get(&told.line).map(|place| (told.line, *place)));
            let Some(event @ ("contact.bounced" | "contact.updated")) = told.event() else { continue };
            for contact in told.list("/content/people").iter().filter_map(|p| Contact::read(&p["contact"])) {
                bounced.push((told.at, event == "contact.bounced", contact));
            }
        }
        Self { plans, bounced }
    }

    /// Whether mail to this address is held back: it came back, and nobody has said since that it is right.
    pub fn is_blocked(&self, contact: &Contact, at: Instant) -> bool {
        let mut about = self.bounced.iter().filter(|(when, _, who)| *when < at && who.email == contact.email);
        about.next_back().is_some_and(|(_, blocked, _)| *blocked)
    }

    /// An address that was last confirmed more than 18 months ago (DOMAIN § 8). Whoever brings contact data up to date confirms it; when nobody ever
    /// did, nothing is known.
    pub fn is_stale(&self, contact: &Contact, at: Instant) -> bool {
        let updates = self.bounced.iter().filter(|(when, blocked, who)| *when < at && !blocked && who.is_same(contact));
        let confirmed = updates.map(|(when, _, _)| times::day_in_oslo(*when)).chain(contact.confirmed_on).max();
        confirmed.is_some_and(|on| times::day_in_oslo(at) > times::months_after(on, 18))
    }
}

impl<'a> Life<'a> {
    /// What was told before an instant, in order.
    pub fn before(&self, at: Instant) -> impl DoubleEndedIterator<Item = &'a Told> {
        let known = self.told.partition_point(|t| t.at < at);
        self.told[..known].iter().copied()
    }

    /// Events of a name before an instant.
    pub fn events(&self, name: &str, at: Instant) -> impl DoubleEndedIterator<Item = &'a Told> {
        self.before(at).filter(move |t| t.event() == Some(name))
    }

    /// Documents of a kind that were told before an instant.
    pub fn documents(&self, kind: &str, at: Instant) -> impl DoubleEndedIterator<Item = &'a Told> {
        self.before(at).filter(move |t| t.kind() == kind)
    }

    /// When a document was archived.
    pub fn archived(&self, told: &Told) -> Option<Instant> {
        self.archived.get(&told.line)?.registration.archived
    }

    /// The newest word about the case.
    pub fn case(&self, at: Instant) -> Option<&'a Told> {
        self.before(at).next_back()
    }

    /// Pseudonym of who leads it, as the newest event says that names one.
    pub fn lead(&self, at: Instant) -> Option<&'a str> {
        self.before(at).rev().map(|t| t.text("/content/standing/lead")).find(|lead| !lead.is_empty())
    }

    /// How somebody of those who run it is reached (`lead_contact`), as the newest event says that names any standing.
    pub fn runs(&self, who: &str, at: Instant) -> Option<Contact> {
        let standing =
            self.before(at).rev().map(|t| &t.envelope["content"]["standing"]).find(|s| s.as_object().is_some_and(|s| !s.is_empty()));
        Contact::read(&standing?[who])
    }

    /// Whether it is closed: its newest closing was archived, and no reopening since.
    pub fn is_closed(&self, at: Instant) -> bool {
        let word = self.before(at).filter(|t| ends(t) || t.kind() == "reopening_note");
        let mut done = word.filter(|t| self.archived(t).is_some_and(|when| when < at));
        done.next_back().is_some_and(ends)
    }

    /// When the period that the plan is in began, if it was reopened: what was owed before is not owed again (issue row 24: «reopening … as a new
    /// period»). A second note of the same reopening begins none.
    pub fn period_began(&self, at: Instant) -> Option<Instant> {
        let (mut closed, mut began) = (false, None);
        for told in self.before(at) {
            if ends(told) {
                closed = true;
            } else if closed && told.kind() == "reopening_note" {
                (closed, began) = (false, told.instant("/occurred_at"));
            }
        }
        began
    }

    /// Whether sharing rests on a consent that holds (DOMAIN §§ 2, 5). An IOP rests on a decision. Where no consent was ever spoken of, nothing is held back; where
    /// one was asked for, nothing is shared before it is given.
    pub fn may_share(&self, at: Instant) -> bool {
        let consents = self.consents(at);
        let is_iop = self.told.first().is_some_and(|t| t.plan_type() == "iop");
        let unspoken = consents.is_empty() && self.events("consent.requested", at).next().is_none();
        is_iop || unspoken || consents.values().any(|c| c.holds(times::day_in_oslo(at)))
    }

    /// Consents that were told of, by id, as they stood at an instant. A question that nobody has answered is none.
    pub fn consents(&self, at: Instant) -> BTreeMap<&'a str, Consent> {
        let mut all: BTreeMap<&str, Consent> = BTreeMap::new();
        for told in self.before(at) {
            match (told.kind(), told.event()) {
                ("consent_record", _) => {
                    let ended = told.text("/content/state") != "approved";
                    all.insert(told.id(), Consent { valid_until: told.day("/content/valid_until"), ended });
                }
                (_, Some("consent.withdrawn" | "consent.expired")) => {
                    for (id, consent) in &mut all {
                        consent.ended |= told.matter().is_none_or(|matter| matter == *id);
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// Matters of questions that nobody has answered or taken back. That the consent which it asks to renew runs out is no answer; a question that runs out
    /// itself, when nobody ever consented, waits no more.
    pub fn unanswered(&self, at: Instant) -> BTreeSet<&'a str> {
        let mut open = BTreeSet::new();
        let began = self.period_began(at);
        for told in self.before(at) {
            match (told.event(), told.kind()) {
                (Some("consent.requested"), _) if told.instant("/occurred_at") >= began => open.extend(told.matter()),
                (Some("consent.withdrawn"), _) => {
                    told.matter().map(|matter| open.remove(matter));
                }
                (Some("consent.expired"), _) if !self.consents(told.at).contains_key(told.matter().unwrap_or_default()) => {
                    told.matter().map(|matter| open.remove(matter));
                }
                (None, "consent_record") if told.text("/content/state") != "expired" => drop(open.remove(told.id())),
                _ => {}
            }
        }
        open
    }

    /// Whether a person is known to have opened a matter since it was there to be opened. What was there before was another version of it.
    pub fn has_opened(&self, matter: &str, person: &str, since: Option<Instant>, at: Instant) -> bool {
        let mut openings = self.events("content.opened", at).filter(|t| t.instant("/occurred_at") >= since);
        openings.any(|t| t.matter() == Some(matter) && t.text("/content/actor") == person)
    }
}

/// A closing note, or a transfer out of the municipality (the plan is closed with it).
pub fn ends(told: &Told) -> bool {
    told.kind() == "closing_note" || told.kind() == "school_year_transfer_note" && told.text("/content/destination") == "other_municipality"
}

/// One consent.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Its last day.
    pub valid_until: Option<NaiveDate>,
    /// Withdrawn or expired, as somebody said.
    pub ended: bool,
}

impl Consent {
    /// Whether it holds on a day: through its last one.
    pub fn holds(&self, on: NaiveDate) -> bool {
        !self.ended && self.valid_until.is_none_or(|last| on <= last)
    }
}

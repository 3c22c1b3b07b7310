//! All of it in one: the fold over a plan's facts.

use std::collections::BTreeMap;

use pipeline_domain::{
    ActorId, AddressProtection, DocumentId, DocumentKind, EventName, Fact, FactKind, NoticeKind, PlanStatus, SchoolYear, Timestamp,
    TransferDestination, UnitId,
};

use crate::{
    Archiving, Consent, Evaluations, IopYear, Meetings, Periods, Sharing,
    consent::{ConsentEnd, sharing},
};

/// What a plan has lived through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Life {
    /// The plan's own status, as last said.
    pub status: Option<PlanStatus>,
    /// Who leads the plan, as last said.
    pub lead: Option<ActorId>,
    /// The plan's unit, as last said.
    pub unit: Option<UnitId>,
    /// The subject's address protection, as last said.
    pub protection: AddressProtection,
    /// Consents, each by the document that its record is.
    pub consents: BTreeMap<DocumentId, Consent>,
    /// Meetings and their minutes.
    pub meetings: Meetings,
    /// Evaluations.
    pub evaluations: Evaluations,
    /// Changes and snapshots.
    pub archiving: Archiving,
    /// School years of an IOP; empty for other plans.
    pub school_years: BTreeMap<SchoolYear, IopYear>,
    /// Closed, reopened.
    pub periods: Periods,
    /// When somebody last opened something.
    pub opened: BTreeMap<(DocumentId, ActorId), Timestamp>,
}

impl Life {
    /// The life that these facts of one plan tell of. Their order and repetitions make no difference.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut life = Self::default();
        for fact in in_order(facts) {
            life.take(fact);
        }
        life
    }

    fn take(&mut self, fact: &Fact) {
        self.hear(fact);
        self.periods.take(fact);
        self.meetings.take(fact);
        self.take_consent(fact);
        match fact.kind {
            FactKind::Event(event) => self.take_event(event, fact),
            FactKind::Document(kind) => self.take_document(kind, fact),
        }
    }

    /// What every fact tells beside what happened.
    fn hear(&mut self, fact: &Fact) {
        self.archiving.first_heard_at = self.archiving.first_heard_at.or(Some(fact.at));
        self.lead = fact.about.lead.or(self.lead);
        self.unit = fact.about.unit.or(self.unit);
        // Of what came before facts were kept, only the type is known: it says nothing of the case.
        if fact.about.status.is_some() {
            self.status = fact.about.status;
            self.protection = fact.about.protection;
        }
    }

    fn take_consent(&mut self, fact: &Fact) {
        let Some(matter) = fact.about.matter else { return };
        let mut consent = self.consents.get(&matter).cloned().unwrap_or_default();
        consent.take(fact);
        if consent.is_known() {
            self.consents.insert(matter, consent);
        }
    }

    fn take_event(&mut self, event: EventName, fact: &Fact) {
        self.archiving.is_followed = true;
        match event {
            EventName::PlanUpdated | EventName::BackgroundUpdated => self.archiving.last_change_at = Some(fact.at),
            EventName::GoalEvaluated => {
                self.archiving.last_change_at = Some(fact.at);
                self.evaluations.done(fact.at.oslo_date());
            }
            EventName::ContentOpened => {
                if let (Some(matter), Some(actor)) = (fact.about.matter, fact.about.actor) {
                    self.opened.insert((matter, actor), fact.at);
                }
            }
            _ => {}
        }
    }

    fn take_document(&mut self, kind: DocumentKind, fact: &Fact) {
        match kind {
            DocumentKind::PlanSnapshot => {
                self.archiving.last_snapshot_at = Some(fact.at);
                self.evaluations.planned = fact.about.revisions.iter().copied().collect();
                self.evaluations.done(fact.at.oslo_date());
                self.in_year(fact, |year| &mut year.snapshot_at);
            }
            DocumentKind::EvaluationReport => self.evaluations.done(fact.at.oslo_date()),
            DocumentKind::AnnualReport => self.in_year(fact, |year| &mut year.reported_at),
            DocumentKind::SchoolYearTransferNote if fact.about.destination != Some(TransferDestination::OtherMunicipality) => {
                self.in_year(fact, |year| &mut year.entered_at);
            }
            _ => {}
        }
    }

    fn in_year(&mut self, fact: &Fact, place: fn(&mut IopYear) -> &mut Option<Timestamp>) {
        if let Some(year) = &fact.about.school_year {
            *place(self.school_years.entry(year.clone()).or_default()) = Some(fact.at);
        }
    }

    /// Whether the plan is closed.
    pub fn is_closed(&self) -> bool {
        self.periods.closed.is_some()
    }

    /// What its consents say together at an instant.
    pub fn sharing(&self, now: Timestamp) -> Sharing {
        sharing(self.consents.values(), now.oslo_date())
    }

    /// Whether consent was spoken of and none holds.
    pub fn is_suspended(&self, now: Timestamp) -> bool {
        matches!(self.sharing(now), Sharing::Missing | Sharing::Expired)
    }

    /// Whether somebody opened something at this instant or later.
    pub fn was_opened(&self, matter: DocumentId, by: ActorId, since: Timestamp) -> bool {
        self.opened.get(&(matter, by)).is_some_and(|at| *at >= since)
    }

    /// Whether what a notice told of needs no second one: this person has opened it since, or it is a question that has been
    /// answered. Somebody without a pseudonym cannot be known to have opened anything.
    pub fn is_dealt_with(&self, kind: NoticeKind, matter: DocumentId, by: Option<ActorId>, since: Timestamp) -> bool {
        let is_answered = || self.consents.get(&matter).is_some_and(|consent| !consent.is_unanswered());
        by.is_some_and(|by| self.was_opened(matter, by, since)) || kind == NoticeKind::ConsentRequest && is_answered()
    }

    /// Consents of this period that wait for an answer.
    pub fn unanswered_consents(&self) -> impl Iterator<Item = (DocumentId, &Consent)> {
        let waits = |consent: &Consent| consent.is_unanswered() && consent.asked_at.is_some_and(|at| self.periods.holds(at));
        self.consents.iter().filter(move |(_, consent)| waits(consent)).map(|(matter, consent)| (*matter, consent))
    }

    /// Meetings of this period that were held and have no minutes.
    pub fn meetings_without_minutes(&self) -> Vec<DocumentId> {
        let mut meetings = self.meetings.without_minutes();
        meetings.retain(|matter| self.periods.holds(self.meetings.by_matter[matter].begins));
        meetings
    }
}

/// By when they happened. Of what happened in one second, what takes something away comes last; the rest has an order of its own,
/// the same for every sequence of the same facts.
fn in_order<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Vec<&'a Fact> {
    let key = |fact: &Fact| {
        let about = serde_json::to_string(&fact.about).expect("ids, days and words are writable");
        (fact.at, takes_away(fact), fact.kind, about)
    };
    let sorted: BTreeMap<_, _> = facts.into_iter().map(|fact| (key(fact), fact)).collect();
    sorted.into_values().collect()
}

fn takes_away(fact: &Fact) -> bool {
    let mut after_approval = Consent { approved_at: Some(fact.at), ..Consent::default() };
    after_approval.take(fact);
    matches!(after_approval.ended, Some(ConsentEnd::Withdrawn(_) | ConsentEnd::Expired(_)))
}

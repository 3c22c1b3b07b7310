//! Consents: asked for, given, ended, taken back.

use pipeline_domain::{ConsentState, Date, DocumentKind, EventName, Fact, FactKind, Timestamp};

/// One consent through all that was said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// When it was last asked for.
    pub asked_at: Option<Timestamp>,
    /// By when that was to be answered.
    pub answer_by: Option<Date>,
    /// When the one who was asked last took a stand: approved, changed or took back.
    pub answered_at: Option<Timestamp>,
    /// When it was last approved or changed.
    pub approved_at: Option<Timestamp>,
    /// The last day that it was approved for.
    pub valid_until: Option<Date>,
    /// Why it holds no more, where somebody said so.
    pub ended: Option<ConsentEnd>,
    /// Whether it was given anew after it had ended.
    pub was_renewed: bool,
}

/// Why a consent holds no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentEnd {
    /// Taken back at this instant.
    Withdrawn(Timestamp),
    /// The source system says that it has run out.
    Expired(Timestamp),
}

/// How a consent stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has approved it.
    NotGiven,
    /// It holds.
    Valid,
    /// It held until the end of this day.
    Expired(Date),
    /// It was taken back on this day.
    Withdrawn(Date),
}

/// What the consents of a plan say together on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// No consent was ever spoken of: an IOP rests on a decision, other plans have not come to it.
    Unasked,
    /// One of them holds.
    Allowed,
    /// None holds: it was not given, or was taken back.
    Missing,
    /// None holds, and the one that held last has run out.
    Expired,
}

impl Consent {
    pub(crate) fn take(&mut self, fact: &Fact) {
        match (fact.kind, fact.about.consent) {
            (FactKind::Event(EventName::ConsentRequested), _) => {
                self.asked_at = Some(fact.at);
                self.answer_by = fact.about.due;
            }
            (FactKind::Event(EventName::ConsentWithdrawn), _) => self.withdraw(fact.at),
            (FactKind::Event(EventName::ConsentExpired), _) => self.expire(fact.at),
            (FactKind::Document(DocumentKind::ConsentRecord), Some(state)) => self.record(state, fact),
            _ => {}
        }
    }

    fn record(&mut self, state: ConsentState, fact: &Fact) {
        match state {
            // Shown to the one who is asked, and never archived.
            ConsentState::Draft => return,
            ConsentState::Approved => {
                self.was_renewed |= !matches!(self.standing(fact.at.oslo_date()), Standing::NotGiven | Standing::Valid);
                self.answered_at = Some(fact.at);
                self.approved_at = Some(fact.at);
                self.ended = None;
            }
            ConsentState::Withdrawn => self.withdraw(fact.at),
            ConsentState::Expired => self.expire(fact.at),
        }
        self.valid_until = fact.about.due.or(self.valid_until);
    }

    /// The first word of it stands: the record follows the event.
    fn withdraw(&mut self, at: Timestamp) {
        self.answered_at = Some(at);
        if !matches!(self.ended, Some(ConsentEnd::Withdrawn(_))) {
            self.ended = Some(ConsentEnd::Withdrawn(at));
        }
    }

    fn expire(&mut self, at: Timestamp) {
        self.ended = self.ended.or(Some(ConsentEnd::Expired(at)));
        // A question that ran out without ever being answered waits no more; one that asks to renew does.
        if self.approved_at.is_none() {
            self.answered_at = Some(at);
        }
    }

    /// Whether it was asked for, and nobody has answered since.
    pub fn is_unanswered(&self) -> bool {
        self.asked_at.is_some_and(|asked| self.answered_at.is_none_or(|answered| answered < asked))
    }

    /// How it stands on the day.
    pub fn standing(&self, today: Date) -> Standing {
        match (self.ended, self.approved_at, self.valid_until) {
            (Some(ConsentEnd::Withdrawn(at)), ..) => Standing::Withdrawn(at.oslo_date()),
            (_, None, _) => Standing::NotGiven,
            (_, Some(_), Some(last)) if last < today => Standing::Expired(last),
            (Some(ConsentEnd::Expired(at)), ..) => Standing::Expired(at.oslo_date()),
            (None, Some(_), _) => Standing::Valid,
        }
    }

    /// Whether anything was said of it.
    pub(crate) fn is_known(&self) -> bool {
        *self != Self::default()
    }
}

/// What they say together: one that holds is enough, else the one that ended last tells why there is none.
pub(crate) fn sharing<'a>(consents: impl Iterator<Item = &'a Consent>, today: Date) -> Sharing {
    let standings: Vec<Standing> = consents.map(|consent| consent.standing(today)).collect();
    if standings.is_empty() {
        return Sharing::Unasked;
    }
    if standings.contains(&Standing::Valid) {
        return Sharing::Allowed;
    }
    let expired = standings.iter().filter_map(|s| if let Standing::Expired(day) = s { Some(*day) } else { None }).max();
    let withdrawn = standings.iter().filter_map(|s| if let Standing::Withdrawn(day) = s { Some(*day) } else { None }).max();
    if expired > withdrawn { Sharing::Expired } else { Sharing::Missing }
}

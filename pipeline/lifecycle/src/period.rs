//! When a plan was in use: until it is closed, and again when it is reopened.

use pipeline_domain::{ClosingReason, DocumentKind, EventName, Fact, FactKind, Timestamp};

/// The periods of a plan. A reopening begins a new one: what was owed in the one before was settled, or noted, when it was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Periods {
    /// When the present one began; `None` for the first.
    pub began_at: Option<Timestamp>,
    /// How often the plan was reopened.
    pub reopened: u32,
    /// When somebody asked for it to be closed, if that has not been done.
    pub closing_asked_at: Option<Timestamp>,
    /// Since when it is closed, and why.
    pub closed: Option<Closed>,
}

/// That a plan is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<ClosingReason>,
}

impl Periods {
    pub(crate) fn take(&mut self, fact: &Fact) {
        match fact.kind {
            FactKind::Event(EventName::ClosingRequested) => self.closing_asked_at = Some(fact.at),
            FactKind::Document(DocumentKind::ClosingNote) => {
                self.closed = Some(Closed { at: fact.at, reason: fact.about.closed });
                self.closing_asked_at = None;
            }
            // A note of a reopening without a closing before it, or a second version of it, begins nothing.
            FactKind::Document(DocumentKind::ReopeningNote) if self.closed.take().is_some() => {
                self.began_at = Some(fact.at);
                self.reopened += 1;
                self.closing_asked_at = None;
            }
            _ => {}
        }
    }

    /// Whether something of this instant is of the present period.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.began_at.is_none_or(|began| began <= at)
    }
}

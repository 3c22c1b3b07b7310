//! What stands in the way of closing a plan.

use pipeline_domain::DocumentId;

use crate::Life;

/// One thing that must be seen to before a plan is closed (or be named as outstanding in the closing note).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// A meeting was held and its minutes have not come.
    UnsentMinutes(DocumentId),
    /// A consent was asked for and has no answer.
    UnansweredConsent(DocumentId),
    /// So many documents are not in the archive yet.
    NotArchived(u32),
}

impl Hindrance {
    /// The published name of its kind.
    pub fn id(self) -> &'static str {
        match self {
            Self::UnsentMinutes(_) => "unsent_minutes",
            Self::UnansweredConsent(_) => "unanswered_consent",
            Self::NotArchived(_) => "not_archived",
        }
    }
}

/// All that stands in the way. `not_archived` is how many documents of the plan wait or have failed, as the store counts them.
pub fn hindrances_to_closing(life: &Life, not_archived: u32) -> Vec<Hindrance> {
    let minutes = life.meetings_without_minutes().into_iter().map(Hindrance::UnsentMinutes);
    let consents = life.unanswered_consents().map(|(matter, _)| Hindrance::UnansweredConsent(matter));
    let documents = (not_archived > 0).then_some(Hindrance::NotArchived(not_archived));
    minutes.chain(consents).chain(documents).collect()
}

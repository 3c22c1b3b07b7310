//! The one question: may this actor do this with that?

use crate::{Action, Actor, DenyReason, Obligations, Resource, bars::BARS, duties, table};

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes, with what must be done along with it.
    Allow {
        /// All of them, or the action is not the one that was allowed.
        obligations: Obligations,
    },
    /// No.
    Deny {
        /// The first thing in the way.
        reason: DenyReason,
    },
}

impl Decision {
    /// Whether it is a yes.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// Whether `actor` may do `action` with `resource`. A pure function of its arguments: no clock, no store, no settings.
///
/// Denies unless the table gives the role the action, the actor stands to the plan as the role asks, and no bar is down.
/// An answer is about this moment: what goes out later is asked about again then ([`Obligation::CheckAgain`](crate::Obligation)).
pub fn decide(actor: &Actor, action: Action, resource: &Resource) -> Decision {
    let Some(cell) = table::cell(actor.role, action) else {
        return Decision::Deny { reason: DenyReason::NotInRole };
    };
    if actor.relation != table::row(actor.role).reach {
        return Decision::Deny { reason: DenyReason::NoRelation };
    }
    if let Some(bar) = BARS.iter().find(|bar| bar.stops(actor, action, resource)) {
        return Decision::Deny { reason: bar.reason };
    }
    let obligations = cell.limits.iter().copied().chain(duties::owed(actor, action, resource)).collect();
    Decision::Allow { obligations }
}

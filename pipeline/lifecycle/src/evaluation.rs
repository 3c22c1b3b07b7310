//! Evaluations: the days that the plan itself sets for them, and when one was done.

use std::collections::BTreeSet;

use pipeline_domain::Date;

/// When a plan is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluations {
    /// The days that the newest snapshot sets.
    pub planned: BTreeSet<Date>,
    /// The last day on which a goal was evaluated, or the plan itself was taken up and written anew.
    pub last_done: Option<Date>,
}

impl Evaluations {
    pub(crate) fn done(&mut self, on: Date) {
        self.last_done = self.last_done.max(Some(on));
    }

    /// Planned days that went by without one: from the day after, and until one is done, then or later.
    pub fn overdue(&self, today: Date) -> impl Iterator<Item = Date> {
        self.planned.iter().copied().filter(move |day| *day < today && self.last_done.is_none_or(|done| done < *day))
    }
}

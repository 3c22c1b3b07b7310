//! How far the archive is behind the plan.

use pipeline_domain::Timestamp;

use crate::calendar::days_between;

/// A plan that was changed and not archived for more days than this is overdue (DOMAIN § 9).
pub const OVERDUE_DAYS: i64 = 190;

/// What is known of a plan's changes and snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archiving {
    /// When the plan was first heard of.
    pub first_heard_at: Option<Timestamp>,
    /// When the newest snapshot was taken.
    pub last_snapshot_at: Option<Timestamp>,
    /// When the plan was last changed, as the source system says.
    pub last_change_at: Option<Timestamp>,
    /// Whether the source system sends events for this plan. Of one that does not, nobody knows whether it was changed.
    pub is_followed: bool,
}

impl Archiving {
    /// Whether the plan was changed after its newest snapshot was taken. `None` when the source system does not say.
    pub fn changed_since_snapshot(&self) -> Option<bool> {
        self.is_followed.then_some(self.last_change_at > self.last_snapshot_at)
    }

    /// Since when the plan is not archived, if that is too long: never archived, or perhaps changed since it was. What came
    /// before `period_began` is another period's.
    pub fn overdue_since(&self, period_began: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let is_up_to_date = self.last_snapshot_at.is_some() && self.changed_since_snapshot() == Some(false);
        let since = self.last_snapshot_at.or(self.first_heard_at).max(period_began)?;
        let is_long_ago = days_between(since.oslo_date(), now.oslo_date()) > OVERDUE_DAYS;
        (is_long_ago && !is_up_to_date).then_some(since)
    }
}

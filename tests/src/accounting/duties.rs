//! What a plan owes at an instant: minutes, answers, evaluations, its place in the archive (DOMAIN § 8, issue row 9).

use chrono::{NaiveDate, TimeDelta};

use super::{
    life::Life,
    times::{self, Instant},
};

/// In the order of the weekly overview: questions without answer, minutes, evaluations, plans not archived.
pub type Counts = [usize; 4];

/// Days after which a plan that changed, or was never archived, is overdue (DOMAIN § 9).
const OVERDUE_DAYS: i64 = 190;

/// What a lead's weekly overview counts of one plan; nothing of one that is closed.
pub fn counts(life: &Life, at: Instant) -> Counts {
    if life.is_closed(at) {
        return Counts::default();
    }
    let evaluations = usize::from(is_evaluation_overdue(life, at));
    [life.unanswered(at).len(), unsent_minutes(life, at), evaluations, usize::from(is_unarchived(life, at))]
}

/// Meetings that were held and have no minutes. Minutes are of the meeting that began when they say: to the day, since a meeting seldom
/// begins on the minute (row 9).
pub fn unsent_minutes(life: &Life, at: Instant) -> usize {
    let minutes: Vec<NaiveDate> =
        life.documents("meeting_minutes", at).filter_map(|t| t.instant("/content/held_at")).map(times::day_in_oslo).collect();
    let began = life.period_began(at);
    let held = life.events("meeting.held", at).filter_map(|t| t.instant("/content/begins")).filter(|begins| Some(*begins) >= began);
    held.map(times::day_in_oslo).filter(|day| !minutes.contains(day)).count()
}

/// Whether a day that the plan itself set for its revision has gone by since, and nothing was evaluated on it or later.
fn is_evaluation_overdue(life: &Life, at: Instant) -> bool {
    let today = times::day_in_oslo(at);
    let Some(plan) = life.documents("plan_snapshot", at).next_back() else { return false };
    let set = plan.list("/content/revision_times").iter().filter_map(|d| times::day(d.as_str()?));
    let began = life.period_began(at).map(times::day_in_oslo);
    let Some(due) = set.filter(|day| *day < today && Some(*day) >= began).max() else { return false };
    let judged_since = life.before(at).any(|t| {
        let judges = t.event() == Some("goal.evaluated") || t.kind() == "evaluation_report";
        judges && t.instant("/occurred_at").is_some_and(|when| times::day_in_oslo(when) >= due)
    });
    let taken_since = plan.instant("/content/snapshot_at").is_some_and(|taken| times::day_in_oslo(taken) >= due);
    !judged_since && !taken_since
}

/// Whether it was never archived, or changed since, for 190 days.
fn is_unarchived(life: &Life, at: Instant) -> bool {
    let long_ago = at - TimeDelta::days(OVERDUE_DAYS);
    let last = life.documents("plan_snapshot", at).filter_map(|t| t.instant("/content/snapshot_at")).max();
    let began = life.period_began(at);
    if began.is_some_and(|began| began >= long_ago) {
        return false;
    }
    let Some(last) = last else {
        return life.events("plan.created", at).next().and_then(|t| t.instant("/occurred_at")).is_some_and(|begun| begun < long_ago);
    };
    let changes = ["plan.updated", "goal.evaluated", "background.updated"];
    let changed = life.before(at).filter(|t| t.event().is_some_and(|e| changes.contains(&e))).filter_map(|t| t.instant("/occurred_at"));
    last < long_ago && changed.max().is_some_and(|change| change > last)
}

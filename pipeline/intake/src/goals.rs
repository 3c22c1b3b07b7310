//! Goals have names inside their document; measures and evaluations point to them.

use std::collections::HashSet;

use pipeline_domain::{Goal, GoalRef, ProblemCode};

use crate::problems::Problems;

/// The names of a document's goals and sub-goals. Two of the same are told.
pub(crate) fn names<'a>(field: &str, goals: &'a [Goal], problems: &mut Problems) -> HashSet<&'a GoalRef> {
    let mut names = HashSet::new();
    let mut name = |id: &'a GoalRef, at: String| {
        if !names.insert(id) {
            problems.add(ProblemCode::GoalRefRepeated, at, "unique");
        }
    };
    for (i, goal) in goals.iter().enumerate() {
        name(&goal.id, format!("/content/{field}/{i}/id"));
        for (j, sub) in goal.sub_goals.iter().enumerate() {
            name(&sub.id, format!("/content/{field}/{i}/sub_goals/{j}/id"));
        }
    }
    names
}

/// Each item of a list points to a goal of the document, or to none.
pub(crate) fn pointed_to<'a>(
    list: &str,
    refs: impl Iterator<Item = Option<&'a GoalRef>>,
    names: &HashSet<&GoalRef>,
    problems: &mut Problems,
) {
    for (i, goal) in refs.enumerate() {
        if goal.is_some_and(|g| !names.contains(g)) {
            problems.add(ProblemCode::GoalRefUnknown, format!("/content/{list}/{i}/goal"), "goal_of_the_document");
        }
    }
}

//! What a plan snapshot changed since the one before it: goals, measures and parts that were added, removed or changed. A pure
//! function of the two documents.

use std::collections::HashMap;

use pipeline_domain::{AddressProtection, Content, DocumentVersion, GoalLists, Snapshot, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::{
    Object,
    parts::{CHANGES, parts_of},
    secrecy, take_list,
};

/// Letters of a goal or a measure that are told again; the whole stands in its place.
const TOLD: usize = 180;

/// What one plan snapshot changed since another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changes {
    /// When the former one was taken.
    pub since: Timestamp,
    /// Its version.
    pub since_version: DocumentVersion,
    /// Goals and sub-goals, in the order of the plan; those that are gone come last.
    pub goals: Vec<ChangedGoal>,
    /// Measures, likewise.
    pub measures: Vec<ChangedMeasure>,
    /// Everything else, in the order of the page.
    pub parts: Vec<ChangedPart>,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It was not there before.
    Added,
    /// It is there no more.
    Removed,
    /// It is another.
    Changed,
}

/// From one state to another; either may be unsaid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Before, by its published name (`in_progress`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// One goal or sub-goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangedGoal {
    /// What became of it.
    pub became: Became,
    /// Its number on paper; a goal that is gone has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
    /// How it begins.
    pub text: String,
    /// Whether it is worded in another way than before.
    pub reworded: bool,
    /// A state that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Step>,
}

/// One measure. A measure with other words is another measure: the old one is gone and a new one is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangedMeasure {
    /// What became of it.
    pub became: Became,
    /// How it begins.
    pub text: String,
    /// A state that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Step>,
    /// Its fields that are another, such as `due`.
    pub fields: Vec<&'static str>,
}

/// One other part of the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangedPart {
    /// Its published name.
    pub id: &'static str,
    /// Label of its heading.
    pub(crate) term: &'static str,
    /// What became of it.
    pub became: Became,
    /// Of a list: entries that are new.
    pub added: usize,
    /// Of a list: entries that are gone.
    pub removed: usize,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.goals.is_empty() && self.measures.is_empty() && self.parts.is_empty()
    }

    /// Only what belongs to these parts.
    #[must_use]
    pub(crate) fn within(mut self, ids: &[&str]) -> Self {
        if !ids.contains(&"goals") {
            self.goals.clear();
        }
        if !ids.contains(&"measures") {
            self.measures.clear();
        }
        self.parts.retain(|p| ids.contains(&p.id));
        self
    }
}

/// What `now` changed since `former`, without what `protection` hides. `None` when they are not snapshots of a plan of one type.
pub fn changes(former: &Snapshot, now: &Snapshot, protection: AddressProtection) -> Option<Changes> {
    let (Content::PlanSnapshot(before), Content::PlanSnapshot(after)) = (&former.content, &now.content) else { return None };
    if before.plan_type() != after.plan_type() {
        return None;
    }
    let (mut old, mut new) = (secrecy::seen(former, protection), secrecy::seen(now, protection));
    let goals_field = match now.content.goal_lists() {
        GoalLists::WithMeasures { goals, .. } => goals,
        GoalLists::None | GoalLists::Assessed { .. } => "goals",
    };
    let goals = changed_goals(goals_of(&mut old, goals_field), goals_of(&mut new, goals_field));
    let measures = changed_measures(take_list(&mut old, "measures"), take_list(&mut new, "measures"));
    let others = parts_of(now.kind(), after.plan_type()).iter().filter(|p| p.id != CHANGES);
    let parts = others.filter_map(|p| changed_part(p.id, p.term, p.fields, &old, &new)).collect();
    let record = before.record();
    Some(Changes { since: record.snapshot_at, since_version: record.version, goals, measures, parts })
}

/// A goal or sub-goal as it is compared.
#[derive(PartialEq)]
struct Compared {
    id: String,
    no: String,
    text: String,
    status: Option<String>,
}

/// Takes the goals out, sub-goals after their goal, numbered as on paper.
fn goals_of(content: &mut Object, field: &str) -> Vec<Compared> {
    let compared = |goal: &Value, text: &str, no: String| Compared {
        id: string(goal, "id").unwrap_or_default(),
        no,
        text: string(goal, text).unwrap_or_default(),
        status: string(goal, "status"),
    };
    let mut all = Vec::new();
    for (i, goal) in take_list(content, field).iter().enumerate() {
        all.push(compared(goal, "main_goal", (i + 1).to_string()));
        for (j, sub) in goal["sub_goals"].as_array().into_iter().flatten().enumerate() {
            all.push(compared(sub, "sub_goal", format!("{}.{}", i + 1, j + 1)));
        }
    }
    all
}

fn changed_goals(old: Vec<Compared>, new: Vec<Compared>) -> Vec<ChangedGoal> {
    let mut before: HashMap<String, Compared> = HashMap::new();
    let order: Vec<String> = old.iter().map(|g| g.id.clone()).collect();
    before.extend(old.into_iter().map(|goal| (goal.id.clone(), goal)));
    let mut changed = Vec::new();
    for goal in new {
        let (text, no) = (told(&goal.text), Some(goal.no));
        match before.remove(&goal.id) {
            None => changed.push(ChangedGoal { became: Became::Added, no, text, reworded: false, status: None }),
            Some(was) => {
                let (status, reworded) = (step(was.status, goal.status), was.text != goal.text);
                if status.is_some() || reworded {
                    changed.push(ChangedGoal { became: Became::Changed, no, text, reworded, status });
                }
            }
        }
    }
    let gone = order.iter().filter_map(|id| before.remove(id));
    changed.extend(gone.map(|g| ChangedGoal { became: Became::Removed, no: None, text: told(&g.text), reworded: false, status: None }));
    changed
}

/// Fields of a measure that are compared besides its text and its state, in the order of the page.
const MEASURE_FIELDS: [&str; 7] = ["goal", "scope", "how", "responsible", "arena", "start", "due"];

fn changed_measures(mut old: Vec<Value>, new: Vec<Value>) -> Vec<ChangedMeasure> {
    let mut changed = Vec::new();
    // The same measure of the same goal first: one that serves two goals is in the list twice.
    let mut find = |measure: &Value, of_goal: bool| {
        let same = |m: &Value| m["text"] == measure["text"] && (!of_goal || m["goal"] == measure["goal"]);
        old.iter().position(same).map(|at| old.remove(at))
    };
    let exact: Vec<Option<Value>> = new.iter().map(|m| find(m, true)).collect();
    for (measure, was) in new.iter().zip(exact) {
        let text = told(measure["text"].as_str().unwrap_or_default());
        match was.or_else(|| find(measure, false)) {
            None => changed.push(ChangedMeasure { became: Became::Added, text, status: None, fields: Vec::new() }),
            Some(was) => {
                let fields: Vec<&str> = MEASURE_FIELDS.into_iter().filter(|f| was[f] != measure[f]).collect();
                let status = step(string(&was, "status"), string(measure, "status"));
                if status.is_some() || !fields.is_empty() {
                    changed.push(ChangedMeasure { became: Became::Changed, text, status, fields });
                }
            }
        }
    }
    let gone = old.iter().map(|m| told(m["text"].as_str().unwrap_or_default()));
    changed.extend(gone.map(|text| ChangedMeasure { became: Became::Removed, text, status: None, fields: Vec::new() }));
    changed
}

fn changed_part(id: &'static str, term: &'static str, fields: &[&str], old: &Object, new: &Object) -> Option<ChangedPart> {
    if fields.iter().all(|f| old.get(*f) == new.get(*f)) {
        return None;
    }
    let there = |content: &Object| fields.iter().any(|f| content.contains_key(*f));
    let became = match (there(old), there(new)) {
        (false, _) => Became::Added,
        (_, false) => Became::Removed,
        (true, true) => Became::Changed,
    };
    let list = |content: &Object| match fields {
        [one] => content.get(*one).and_then(Value::as_array).cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    let (before, after) = (list(old), list(new));
    Some(ChangedPart { id, term, became, added: without(&after, &before), removed: without(&before, &after) })
}

/// How many of `these` are not among `those`, each counted once.
fn without(these: &[Value], those: &[Value]) -> usize {
    let mut left: Vec<&Value> = those.iter().collect();
    let mut met = |value: &&Value| left.iter().position(|l| l == value).map(|at| left.swap_remove(at)).is_some();
    these.iter().filter(|v| !met(v)).count()
}

fn step(from: Option<String>, to: Option<String>) -> Option<Step> {
    (from != to).then_some(Step { from, to })
}

fn string(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

/// The beginning of a text on one line, cut between words.
fn told(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = line.char_indices().nth(TOLD) else { return line };
    let cut = line[..end].rfind(' ').unwrap_or(end);
    format!("{} …", line[..cut].trim_end_matches([',', '.', ';', ':']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::object, *};

    fn list(items: Value) -> Vec<Value> {
        serde_json::from_value(items).unwrap()
    }

    fn goals(items: Value) -> Vec<Compared> {
        goals_of(&mut object(json!({ "goals": items })), "goals")
    }

    #[test]
    fn goals_are_told_by_their_ids() {
        let old = goals(json!([
            { "id": "a", "main_goal": "A", "status": "in_progress", "sub_goals": [{ "id": "a1", "sub_goal": "A1" }, { "id": "a2", "sub_goal": "A2" }] },
            { "id": "b", "main_goal": "B" }
        ]));
        let new = goals(json!([
            { "id": "c", "main_goal": "C" },
            { "id": "a", "main_goal": "A", "status": "reached", "sub_goals": [{ "id": "a2", "sub_goal": "A2" }, { "id": "a1", "sub_goal": "A one", "status": "stopped" }] }
        ]));
        let told: Vec<Value> = changed_goals(old, new).iter().map(|g| serde_json::to_value(g).unwrap()).collect();
        assert_eq!(
            Value::from(told),
            json!([
                { "became": "added", "no": "1", "text": "C", "reworded": false },
                { "became": "changed", "no": "2", "text": "A", "reworded": false, "status": { "from": "in_progress", "to": "reached" } },
                { "became": "changed", "no": "2.2", "text": "A one", "reworded": true, "status": { "to": "stopped" } },
                { "became": "removed", "text": "B", "reworded": false }
            ])
        );
    }

    #[test]
    fn measures_are_told_by_their_words() {
        let old = list(json!([
            { "goal": "a", "text": "x", "status": "in_progress", "due": "2027-01-01" },
            { "goal": "b", "text": "x", "status": "in_progress" },
            { "goal": "a", "text": "y", "status": "reached" },
            { "goal": "a", "text": "z" }
        ]));
        let new = list(json!([
            { "goal": "b", "text": "x", "status": "in_progress" },
            { "goal": "a", "text": "x", "status": "reached", "due": "2027-02-01" },
            { "goal": "b", "text": "z" },
            { "text": "new" }
        ]));
        let told: Vec<Value> = changed_measures(old, new).iter().map(|m| serde_json::to_value(m).unwrap()).collect();
        assert_eq!(
            Value::from(told),
            json!([
                { "became": "changed", "text": "x", "status": { "from": "in_progress", "to": "reached" }, "fields": ["due"] },
                { "became": "changed", "text": "z", "fields": ["goal"] },
                { "became": "added", "text": "new", "fields": [] },
                { "became": "removed", "text": "y", "fields": [] }
            ])
        );
        assert_eq!(changed_measures(list(json!([{ "text": "x" }])), list(json!([{ "text": "x" }]))), []);
    }

    #[test]
    fn a_list_tells_how_many_are_new_and_gone() {
        let part = |old: Value, new: Value| changed_part("people", "people", &["people"], &object(old), &object(new));
        assert_eq!(part(json!({ "people": ["a", "b"] }), json!({ "people": ["a", "b"] })), None);
        let changed = part(json!({ "people": ["a", "b", "b"] }), json!({ "people": ["b", "c", "a", "d"] })).unwrap();
        assert_eq!((changed.became, changed.added, changed.removed), (Became::Changed, 2, 1));
        let gone = part(json!({ "people": ["a"] }), json!({})).unwrap();
        assert_eq!((gone.became, gone.added, gone.removed), (Became::Removed, 0, 1));
        let text =
            changed_part("background", "background", &["background"], &object(json!({})), &object(json!({ "background": "x" }))).unwrap();
        assert_eq!((text.became, text.added, text.removed), (Became::Added, 0, 0));
    }

    #[test]
    fn long_texts_are_cut_between_words() {
        assert_eq!(told("  two\n lines "), "two lines");
        let long = told(&"ord, ".repeat(60));
        assert!(long.chars().count() <= TOLD + 2 && long.ends_with("ord …"), "{long}");
        assert_eq!(told(&"å".repeat(300)).chars().count(), TOLD + 2);
    }
}

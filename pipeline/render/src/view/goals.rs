//! Goals with their numbers and their measures, as a reader wants them: one goal at a time.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Object, object, take_list};

/// Every state, in the order of the page (DOMAIN § 6.9).
const STATES: [&str; 5] = ["reached", "partly_reached", "in_progress", "not_started", "stopped"];

/// Where a goal stands: which main goal, and its number on paper.
struct Numbered {
    main: usize,
    no: String,
}

/// Numbers the goals under `goals_key` (1, 1.1 …), puts each measure under its main goal, and tells each judgement under
/// `judged_key` the number of its goal. Measures of no goal are left in `measures`.
pub(super) fn with_measures(content: &mut Object, goals_key: &str, judged_key: &str) {
    let mut goals: Vec<Object> = take_list(content, goals_key).into_iter().map(object).collect();
    let numbers = number(&mut goals);
    let mut states = Vec::new();
    collect_states(&goals, &mut states);

    let mut of_no_goal = Vec::new();
    let mut by_goal: Vec<Vec<Value>> = goals.iter().map(|_| Vec::new()).collect();
    for measure in take_list(content, "measures") {
        let mut measure = object(measure);
        match named_goal(&mut measure, &numbers) {
            Some(goal) => by_goal[goal.main].push(Value::Object(measure)),
            None => of_no_goal.push(Value::Object(measure)),
        }
    }
    for (goal, measures) in goals.iter_mut().zip(by_goal) {
        goal.insert("measures".into(), Value::Array(measures));
    }
    let judged: Vec<Value> = take_list(content, judged_key)
        .into_iter()
        .map(|item| {
            let mut item = object(item);
            named_goal(&mut item, &numbers);
            Value::Object(item)
        })
        .collect();
    let results: Vec<String> = judged.iter().filter_map(|j| j["result"].as_str().map(str::to_owned)).collect();

    content.insert("goals".into(), goals.into_iter().map(Value::Object).collect());
    content.insert("measures".into(), Value::Array(of_no_goal));
    content.insert("goal_states".into(), counted(&states));
    content.insert(judged_key.into(), Value::Array(judged));
    content.insert("results".into(), counted(&results));
}

/// Numbers the assessed goals under `goals_key` and counts their states; says what share of the hours was given, where the
/// document tells hours.
pub(super) fn assessed(content: &mut Object, goals_key: &str) {
    let mut states = Vec::new();
    if let Some(Value::Array(items)) = content.get_mut(goals_key) {
        for (i, item) in items.iter_mut().enumerate() {
            states.extend(item["status"].as_str().map(str::to_owned));
            item["no"] = json!((i + 1).to_string());
        }
    }
    content.insert("goal_states".into(), counted(&states));
    let hours = |key: &str| content.get(key).and_then(Value::as_f64);
    if let (Some(planned), Some(given)) = (hours("hours_planned"), hours("hours_given")) {
        let share = if planned > 0.0 { json!((given / planned * 100.0).round()) } else { Value::Null };
        content.insert("hours_share".into(), share);
    }
}

/// Gives every goal and sub-goal its `no` and takes its id, which is not for readers.
fn number(goals: &mut [Object]) -> HashMap<String, Numbered> {
    let mut numbers = HashMap::new();
    let mut give = |goal: &mut Object, main: usize, no: String| {
        if let Some(Value::String(id)) = goal.remove("id") {
            numbers.insert(id, Numbered { main, no: no.clone() });
        }
        goal.insert("no".into(), json!(no));
    };
    for (i, goal) in goals.iter_mut().enumerate() {
        give(goal, i, (i + 1).to_string());
        let mut subs: Vec<Object> = take_list(goal, "sub_goals").into_iter().map(object).collect();
        for (j, sub) in subs.iter_mut().enumerate() {
            give(sub, i, format!("{}.{}", i + 1, j + 1));
        }
        goal.insert("sub_goals".into(), subs.into_iter().map(Value::Object).collect());
    }
    numbers
}

/// Replaces the id in `goal` with the number on paper, `goal_no`.
fn named_goal<'a>(item: &mut Object, numbers: &'a HashMap<String, Numbered>) -> Option<&'a Numbered> {
    let id = item.remove("goal")?;
    let goal = numbers.get(id.as_str()?)?;
    item.insert("goal_no".into(), json!(goal.no));
    Some(goal)
}

fn collect_states(goals: &[Object], states: &mut Vec<String>) {
    for goal in goals {
        let subs = goal.get("sub_goals").and_then(Value::as_array).into_iter().flatten();
        let own = goal.get("status").and_then(Value::as_str);
        states.extend(own.into_iter().chain(subs.filter_map(|s| s["status"].as_str())).map(str::to_owned));
    }
}

/// `[{ "status": "reached", "count": 2 }, …]`, only states that occur, in the order of the page.
fn counted(states: &[String]) -> Value {
    STATES
        .iter()
        .map(|state| (state, states.iter().filter(|s| s == state).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| json!({ "status": state, "count": count }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_stand_under_their_goal_and_get_its_number() {
        let mut content = object(json!({
            "goals": [
                { "id": "a", "main_goal": "A", "status": "reached", "sub_goals": [{ "id": "a1", "sub_goal": "A1", "status": "stopped" }] },
                { "id": "b", "main_goal": "B" }
            ],
            "measures": [{ "goal": "a1", "text": "x" }, { "text": "y" }, { "goal": "b", "text": "z" }],
            "evaluations": [{ "goal": "a", "result": "reached" }]
        }));
        with_measures(&mut content, "goals", "evaluations");
        assert_eq!(
            Value::Object(content),
            json!({
                "goals": [
                    { "main_goal": "A", "status": "reached", "no": "1",
                      "sub_goals": [{ "sub_goal": "A1", "status": "stopped", "no": "1.1" }],
                      "measures": [{ "text": "x", "goal_no": "1.1" }] },
                    { "main_goal": "B", "no": "2", "sub_goals": [], "measures": [{ "text": "z", "goal_no": "2" }] }
                ],
                "measures": [{ "text": "y" }],
                "goal_states": [{ "status": "reached", "count": 1 }, { "status": "stopped", "count": 1 }],
                "evaluations": [{ "result": "reached", "goal_no": "1" }],
                "results": [{ "status": "reached", "count": 1 }]
            })
        );
    }

    #[test]
    fn share_of_hours_is_in_whole_percent_and_absent_when_none_were_decided() {
        let mut content = object(json!({ "goal_assessments": [{ "status": "reached" }], "hours_planned": 152, "hours_given": 142.5 }));
        assessed(&mut content, "goal_assessments");
        assert_eq!(content["hours_share"], json!(94.0));
        assert_eq!(content["goal_assessments"][0]["no"], "1");
        let mut content = object(json!({ "hours_planned": 0, "hours_given": 3 }));
        assessed(&mut content, "goal_assessments");
        assert_eq!(content["hours_share"], Value::Null);
    }
}

//! The view of a print: documents of one case folder, each cut down to the parts that its reader gets. What was not chosen is not
//! in it at all.

use pipeline_domain::{AddressProtection, GoalLists, Snapshot};
use serde_json::{Value, json};

use super::{
    Object, changes, goals, object,
    parts::{CHANGES, KEY_FACTS, Part},
    secrecy, take_list,
};
use crate::{Letterhead, Print, PrintedDocument};

/// What `templates/print/main.typ` reads.
pub(crate) fn print_view(print: &Print<'_>, letterhead: &Letterhead) -> Value {
    let first = print.documents.first().expect("a print has a document").snapshot;
    let mut common = super::common(first, print.folder, &Letterhead { national_id_on_page: Default::default(), ..letterhead.clone() });
    // Nobody's national id is printed; a place that was told before the address was protected is not told again.
    let hidden = protection(print).hides_places();
    if hidden {
        common.remove("unit_name");
        common.remove("lead_unit");
    }
    common.extend(object(json!({
        "kind": "print_export",
        "title": "Utskrift",
        "written_form": print.written_form,
        "document_id": print.ident,
        "synthetic": print.documents.iter().any(|d| d.snapshot.synthetic),
        "places_left_out": hidden,
        "contents": false,
    })));
    let documents: Vec<Value> = print.documents.iter().map(|d| document(d, protection(print))).collect();
    let content = json!({
        "requested_by": print.requested_by,
        "requested_role": print.requested_role,
        "requested_at": print.requested_at,
        "reason": print.reason,
        "documents": documents,
    });
    json!({ "common": common, "content": content })
}

/// The strictest that is said of the case now or was said in one of the documents.
fn protection(print: &Print<'_>) -> AddressProtection {
    let said = print.documents.iter().map(|d| d.snapshot.screened_as);
    let rank = |p: &AddressProtection| match p {
        AddressProtection::None => 0,
        AddressProtection::Confidential => 1,
        AddressProtection::StrictlyConfidential => 2,
    };
    said.chain([print.protection]).max_by_key(rank).unwrap_or_default()
}

pub(super) fn document(printed: &PrintedDocument<'_>, protection: AddressProtection) -> Value {
    let snapshot = printed.snapshot;
    let ids: Vec<&str> = printed.parts.iter().map(|p| p.id).collect();
    let mut content = laid_out(snapshot, protection, &ids);
    let shown = keys(&printed.parts);
    content.retain(|key, value| {
        shown.contains(&key.as_str()) && value.as_array().is_none_or(|list| !list.is_empty() || ALWAYS.contains(&key.as_str()))
    });
    let changed = printed.former.and_then(|former| changes::changes(former, snapshot, protection));
    if ids.contains(&CHANGES)
        && let Some(changed) = changed
    {
        content.insert(CHANGES.into(), json!(changed.within(&ids)));
    }
    json!({
        "kind": snapshot.kind().id(),
        "title": snapshot.content.title(snapshot.written_form),
        "written_form": snapshot.written_form,
        "plan_type": snapshot.case.plan_type,
        "plan_status": snapshot.case.plan_status,
        "lead_name": snapshot.case.lead_name,
        "document_id": snapshot.document,
        "version": snapshot.content.record().version,
        "snapshot_at": snapshot.content.record().snapshot_at,
        "facts": printed.parts.iter().find(|p| p.id == KEY_FACTS).map(|p| p.fields).unwrap_or_default(),
        "parts": named(&printed.parts),
        "left_out": named(&printed.left_out),
        "content": content,
    })
}

/// Keys that the layout of goals reads also when they are empty.
const ALWAYS: [&str; 3] = ["goals", "measures", "goal_states"];

/// What the parts show of the content as it is laid out: goals under one name, with what was counted of them.
fn keys(parts: &[&Part]) -> Vec<&'static str> {
    let mut keys: Vec<&str> = parts.iter().flat_map(|p| p.fields).copied().collect();
    for part in parts {
        keys.extend_from_slice(match part.id {
            "goals" | "measures" => &ALWAYS,
            "evaluations" | "effect" => &["results"],
            _ => &[],
        });
    }
    keys
}

/// For the page: goals with their measures are one section.
fn named(parts: &[&Part]) -> Vec<Value> {
    let both = ["goals", "measures"].iter().all(|id| parts.iter().any(|p| p.id == *id));
    let sections = parts.iter().filter(|p| !(both && p.id == "measures"));
    let section = |part: &&Part| {
        let term = if both && part.id == "goals" { "goals_and_measures" } else { part.term };
        json!({ "id": part.id, "term": term, "sensitive": part.is_sensitive() })
    };
    sections.map(section).collect()
}

/// Whether a document says anything in a part. `former` is the plan snapshot that was archived before it.
pub fn has_part(snapshot: &Snapshot, part: &Part, former: Option<&Snapshot>) -> bool {
    let said = |field: &&str, content: &Value| {
        content.get(field).is_some_and(|v| !v.is_null() && v.as_array().is_none_or(|list| !list.is_empty()))
    };
    match part.id {
        CHANGES => former.is_some_and(|former| changes::changes(former, snapshot, AddressProtection::None).is_some()),
        KEY_FACTS => true,
        _ => {
            let content = snapshot.content.to_json();
            part.fields.iter().any(|field| said(field, &content))
        }
    }
}

/// Without what is hidden; goals with their numbers, and apart from their measures where only one of the two was chosen.
fn laid_out(snapshot: &Snapshot, protection: AddressProtection, ids: &[&str]) -> Object {
    let mut content = secrecy::seen(snapshot, protection);
    super::take_record(&mut content);
    match snapshot.content.goal_lists() {
        GoalLists::None => {}
        GoalLists::WithMeasures { goals, judged } => {
            goals::with_measures(&mut content, goals, judged);
            separate_goals(&mut content, judged, ids);
        }
        GoalLists::Assessed { goals } => goals::assessed(&mut content, goals),
    }
    content
}

/// Goals without measures, measures without goals, and judgements without the numbers of goals that are not shown.
fn separate_goals(content: &mut Object, judged: &str, ids: &[&str]) {
    let (goals, measures) = (ids.contains(&"goals"), ids.contains(&"measures"));
    if goals && measures {
        return;
    }
    let mut of_goals: Vec<Object> = take_list(content, "goals").into_iter().map(object).collect();
    let loose = take_list(content, "measures");
    let taken: Vec<Value> = of_goals.iter_mut().flat_map(|goal| take_list(goal, "measures")).chain(loose).collect();
    for goal in &mut of_goals {
        goal.insert("measures".into(), json!([]));
    }
    let judgements = take_list(content, judged);
    let numberless = |list: Vec<Value>| -> Value {
        let without = |item: Value| {
            let mut item = object(item);
            item.remove("goal_no");
            Value::Object(item)
        };
        list.into_iter().map(without).collect()
    };
    content.insert("measures".into(), if measures { numberless(taken) } else { json!([]) });
    content.insert(judged.into(), if goals { Value::Array(judgements) } else { numberless(judgements) });
    if goals {
        content.insert("goals".into(), of_goals.into_iter().map(Value::Object).collect());
    } else {
        content.insert("goals".into(), json!([]));
        content.insert("goal_states".into(), json!([]));
    }
}

//! The view: what a template reads. `{ "common": …, "content": … }`, all dates as text (days `2026-11-23`, instants RFC 3339
//! with the offset of Europe/Oslo). What may not be seen is not in it, so no template can show it by mistake.

pub(crate) mod changes;
mod goals;
mod length;
pub(crate) mod parts;
pub(crate) mod print;
pub(crate) mod redacted;
mod secrecy;

use pipeline_domain::{CaseFolderId, DocumentKind, GoalLists, Snapshot};
use serde_json::{Map, Value, json};

use crate::{Letterhead, LogoFormat, NationalIdOnPage};

/// A JSON object under work.
type Object = Map<String, Value>;

/// `former` is the plan snapshot that was archived before this one.
pub(crate) fn view(snapshot: &Snapshot, former: Option<&Snapshot>, folder: Option<&CaseFolderId>, letterhead: &Letterhead) -> Value {
    let mut content = secrecy::seen(snapshot, snapshot.screened_as);
    let record = take_record(&mut content);
    match snapshot.content.goal_lists() {
        GoalLists::None => {}
        GoalLists::WithMeasures { goals, judged } => goals::with_measures(&mut content, goals, judged),
        GoalLists::Assessed { goals } => goals::assessed(&mut content, goals),
    }
    let mut common = common(snapshot, folder, letterhead);
    common.extend(record);
    common.insert("sensitive".into(), sensitive(snapshot));
    let content = Value::Object(content);
    common.insert("contents".into(), json!(length::is_long(&content)));
    let changed = former.and_then(|former| changes::changes(former, snapshot, snapshot.screened_as));
    json!({ "common": common, "content": content, "changes": changed })
}

/// Labels of the headings that are marked: special categories (DOMAIN § 6, Sens = S). Short notes have no such column.
fn sensitive(snapshot: &Snapshot) -> Value {
    use DocumentKind::{AnnualReport, EvaluationReport, MeetingInvitation, MeetingMinutes, PlanSnapshot};
    let is_marked = matches!(snapshot.kind(), PlanSnapshot | MeetingMinutes | AnnualReport | MeetingInvitation | EvaluationReport);
    let parts = if is_marked { parts::parts_of(snapshot.kind(), snapshot.case.plan_type) } else { &[] };
    parts.iter().filter(|p| p.is_sensitive()).map(|p| p.term).collect()
}

/// The fields of DOMAIN § 6.0.
fn common(snapshot: &Snapshot, folder: Option<&CaseFolderId>, letterhead: &Letterhead) -> Object {
    let case = &snapshot.case;
    let mut common = object(json!({
        "kind": snapshot.kind().id(),
        "title": snapshot.content.title(snapshot.written_form),
        "synthetic": snapshot.synthetic,
        "written_form": snapshot.written_form,
        "document_id": snapshot.document,
        "municipality_name": case.municipality_name,
        "municipality_number": case.municipality_number,
        "case_folder_ref": folder.map(CaseFolderId::mappe_id),
        "plan_type": case.plan_type,
        "plan_status": case.plan_status,
        "subject_name": case.subject_name,
        "subject_birth_date": case.subject_birth_date,
        "lead_name": case.lead_name,
        "screening_mark": case.screening_mark,
        "screening_basis": case.screening_basis,
        "logo": letterhead.logo.as_ref().map(|logo| json!({
            "format": match logo.format { LogoFormat::Svg => "svg", LogoFormat::Png => "png" },
            "alt": logo.alt,
        })),
    }));
    let hidden = snapshot.screened_as.hides_places();
    common.insert("places_left_out".into(), json!(hidden));
    if !hidden {
        common.insert("unit_name".into(), json!(case.unit_name));
        common.insert("lead_unit".into(), json!(case.lead_unit));
    }
    if let (NationalIdOnPage::Shown, Some(id)) = (letterhead.national_id_on_page, &case.subject_national_id) {
        common.insert("subject_national_id".into(), json!(id));
    }
    common
}

/// Version, instant and producer belong to every document; they move to `common`.
fn take_record(content: &mut Object) -> Object {
    ["version", "snapshot_at", "produced_at", "produced_by"]
        .into_iter()
        .filter_map(|key| content.remove(key).map(|value| (key.to_owned(), value)))
        .collect()
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(map) => map,
        _ => unreachable!("records are written as JSON objects"),
    }
}

/// Takes a list out of an object; an absent one is empty.
fn take_list(object: &mut Object, key: &str) -> Vec<Value> {
    match object.remove(key) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

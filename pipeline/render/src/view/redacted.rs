//! The view of a redacted copy: the parts of one document in the order of the page, each either as it is or withheld. What is withheld
//! is not in the view at all.

use serde_json::{Value, json};

use super::{
    object,
    parts::{CHANGES, KEY_FACTS, Part, parts_of},
    print::{document, has_part},
};
use crate::{Letterhead, PrintedDocument, REDACTED_VARIANT, Redaction};

/// What `templates/redacted/main.typ` reads.
pub(crate) fn redacted_view(redaction: &Redaction<'_>, letterhead: &Letterhead) -> Value {
    let snapshot = redaction.snapshot;
    let is_withheld = |part: &Part| redaction.withheld.iter().any(|w| w.id == part.id);
    // What changed since the plan before is told by the document itself, and may quote what is withheld.
    let there = parts_of(snapshot.kind(), snapshot.case.plan_type).iter().filter(|p| p.id != CHANGES && has_part(snapshot, p, None));
    let parts: Vec<&'static Part> = there.collect();
    let shown: Vec<&'static Part> = parts.iter().copied().filter(|p| !is_withheld(p)).collect();
    let printed = PrintedDocument { snapshot, parts: shown, left_out: Vec::new(), former: None };
    let mut content = object(document(&printed, snapshot.screened_as));
    content.insert("sections".into(), sections(&parts, is_withheld));
    content.insert("withheld".into(), parts.iter().filter(|p| is_withheld(p)).map(|p| json!(p.term)).collect());
    content.insert("facts_withheld".into(), json!(parts.iter().any(|p| p.id == KEY_FACTS && is_withheld(p))));
    content.insert("basis".into(), json!(redaction.basis));
    content.insert("variant".into(), json!(REDACTED_VARIANT));
    let mut common = super::common(snapshot, Some(redaction.folder), letterhead);
    common.extend(object(json!({
        "version": snapshot.content.record().version,
        "snapshot_at": snapshot.content.record().snapshot_at,
        "produced_at": redaction.made_at,
        "produced_by": "Arkivflyt",
        "contents": false,
        "sensitive": [],
    })));
    json!({ "common": common, "content": content })
}

/// Every part but the key facts, which stand on the cover. Goals with their measures are one section when both are shown.
fn sections(parts: &[&'static Part], is_withheld: impl Fn(&Part) -> bool) -> Value {
    let shows = |id: &str| parts.iter().any(|p| p.id == id && !is_withheld(p));
    let both = shows("goals") && shows("measures");
    parts
        .iter()
        .filter(|p| p.id != KEY_FACTS && !(both && p.id == "measures"))
        .map(|p| {
            let term = if both && p.id == "goals" { "goals_and_measures" } else { p.term };
            json!({ "id": p.id, "term": term, "withheld": is_withheld(p) })
        })
        .collect()
}

//! Each document that was told lies in the folder of its plan once, under its class and title, with its paper, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Finding, Summary, Told, Year,
    folder::{Folder, Registration},
    times,
    xml::Element,
};
use crate::digest;

/// Where a document that was told lies.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The case folder.
    pub folder: &'a Folder,
    /// The document in it.
    pub registration: &'a Registration,
}

/// Documents that were told, by the line that told of them first.
pub type Archived<'a> = BTreeMap<usize, Place<'a>>;

/// Holds what was told against what lies in the folders.
pub fn judge<'a>(year: &Year, folders: &'a [Folder], found: &mut Vec<Finding>, summary: &mut Summary) -> Archived<'a> {
    let by_plan = one_folder_a_plan(folders, found);
    let mut archived = Archived::new();
    let mut known = BTreeSet::new();
    let mut belong = BTreeSet::new();
    for told in year.documents() {
        if !known.insert(identity(told)) {
            // The same content is archived once (DOMAIN § 5): the first time.
            continue;
        }
        let who = format!("{} {} v{}, line {}", told.kind(), told.id(), told.version(), told.line);
        let Some(folder) = by_plan.get(told.plan()) else {
            found.push(Finding::new("document_missing", format!("{who}: no folder of its plan")));
            continue;
        };
        let is_it = |r: &&Registration| r.own("dokumentID") == told.id() && r.version() == told.version();
        let these: Vec<&Registration> = folder.registrations.iter().filter(is_it).collect();
        match these.len() {
            0 => found.push(Finding::new("document_missing", format!("{who}: {}", folder.place))),
            1 => {}
            _ => found.push(Finding::new("document_twice", format!("{who}: {}", folder.place))),
        }
        let Some(registration) = these.first() else { continue };
        belong.insert((folder.place.as_str(), registration.no));
        let place = Place { folder, registration };
        archived.insert(told.line, place);
        let wrong = [told_as_it_is(told, place), described(told, place), in_time(year, told, place)].concat();
        found.extend(wrong.into_iter().map(|code| Finding::new(code, format!("{who}: {} no {}", folder.place, registration.no))));
    }
    for folder in folders {
        let mut contents = BTreeSet::new();
        for registration in &folder.registrations {
            let at = || format!("{} no {}", folder.place, registration.no);
            *summary.documents.entry(registration.kind().to_owned()).or_default() += 1;
            if !belong.contains(&(folder.place.as_str(), registration.no)) && !registration.is_overview() {
                found.push(Finding::new("document_of_nobody", at()));
            }
            if !contents.insert(registration.own("innholdssjekksum")) {
                found.push(Finding::new("content_twice", at()));
            }
            found.extend(paper(folder, registration).into_iter().map(|code| Finding::new(code, at())));
            found.extend(points_back(folder, registration).map(|code| Finding::new(code, at())));
        }
    }
    archived
}

/// One folder a plan, and its own class.
fn one_folder_a_plan<'a>(folders: &'a [Folder], found: &mut Vec<Finding>) -> BTreeMap<&'a str, &'a Folder> {
    let mut by_plan = BTreeMap::new();
    for folder in folders {
        if by_plan.insert(folder.plan(), folder).is_some() {
            found.push(Finding::new("folder_twice", format!("{} {}", folder.place, folder.plan())));
        }
        if folder.record["plan_id"] != folder.plan() || folder.record["folder"]["municipality"] != folder.municipality.as_str() {
            found.push(Finding::new("record_differs", &folder.place));
        }
    }
    by_plan
}

/// What makes two documents the same one: plan, kind and content, whatever id they bear.
fn identity(told: &Told) -> String {
    let same = json!([told.plan(), told.kind(), plain(&told.envelope["content"])]);
    digest(same.to_string().as_bytes())
}

/// A JSON value without contact data and without what goes without saying, instants in UTC, keys in order.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !is_contact(key)).map(|(key, v)| (key, plain(v)));
            let said: BTreeMap<&String, Value> = kept.filter(|(key, v)| !goes_without_saying(key, v)).collect();
            json!(said)
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::String(text) => times::instant(text).map_or_else(|| value.clone(), |at| json!(at.to_rfc3339())),
        // 28 hours and 28.0 hours are the same.
        Value::Number(number) => json!(number.as_f64()),
        _ => value.clone(),
    }
}

/// Contact data is archived nowhere (DOMAIN § 6.0 names none; `Contact`: «Never printed, never archived»).
fn is_contact(key: &str) -> bool {
    key == "contact" || key.ends_with("_contact")
}

fn goes_without_saying(key: &str, value: &Value) -> bool {
    let empty = match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    // What the schemas name as default.
    empty || [("address_protection", "none"), ("reply", "none"), ("state", "planned")].iter().any(|(k, v)| *k == key && value == v)
}

/// Is what is kept what was told?
fn told_as_it_is(told: &Told, place: Place) -> Vec<&'static str> {
    let (mut ours, mut theirs) = (plain(&told.envelope), plain(&place.registration.source));
    // The protection that holds when it is archived may be stricter than the one it was told with; `protection` looks at that.
    for json in [&mut ours, &mut theirs] {
        json["case"].as_object_mut().map(|case| case.remove("address_protection"));
    }
    let mut wrong = Vec::new();
    if ours != theirs {
        wrong.push("document_differs");
    }
    if place.registration.own("kildepost") != told.text("/source/record")
        || place.registration.own("kildesystem") != told.text("/source/system")
    {
        wrong.push("source_wrong");
    }
    if place.folder.municipality != told.municipality() {
        wrong.push("municipality_wrong");
    }
    wrong
}

/// Class, title, registration and retention (DOMAIN §§ 2, 6, 7).
fn described(told: &Told, place: Place) -> Vec<&'static str> {
    let element = &place.registration.element;
    let mut wrong = Vec::new();
    let (class, class_title) = class_of(told.plan_type());
    if place.folder.class.value("klasseID") != class || place.folder.class.value("tittel") != class_title {
        wrong.push("class_wrong");
    }
    let (first, second) = element.value("tittel").split_once('\n').unwrap_or_default();
    let named = titles(told).iter().any(|title| years(told, element).iter().any(|year| first == format!("{title} {year}")));
    if !named || second != told.text("/case/subject_name") {
        wrong.push("title_wrong");
    }
    if element.kind != "journalpost" || element.value("journalposttype") != registered_as(told.kind()) {
        wrong.push("registration_wrong");
    }
    let keep = element.child("kassasjon").map_or("", |k| k.value("kassasjonsvedtak"));
    if kept(told).is_some_and(|expected| expected != keep) {
        wrong.push("retention_wrong");
    }
    if element.value("journalstatus") != "Arkivert"
        || element.all("dokumentbeskrivelse").any(|d| d.value("dokumentstatus") != "Dokumentet er ferdigstilt")
    {
        wrong.push("status_wrong");
    }
    wrong
}

/// Class of a plan type and its name (DOMAIN § 2).
fn class_of(plan_type: &str) -> (&'static str, &'static str) {
    match plan_type {
        "ip" => ("IP", "Individuell plan"),
        "es" => ("ES", "Enkelt samspill"),
        "sl" => ("SL", "Stafettlogg"),
        _ => ("IOP", "Individuell opplæringsplan"),
    }
}

/// What a document is called (DOMAIN §§ 2 and 6), in both written forms.
fn titles(told: &Told) -> &'static [&'static str] {
    match told.kind() {
        "plan_snapshot" => match told.plan_type() {
            "ip" => &["Individuell plan"],
            "es" => &["Enkelt samspill", "Enkelt samspel"],
            "sl" => &["Stafettlogg"],
            _ => &["Individuell opplæringsplan"],
        },
        "iop_annual_report" => &["Årsrapport for individuell opplæringsplan"],
        "meeting_invitation" if told.text("/content/state") == "cancelled" => &["Avlysning av møte", "Avlysing av møte"],
        "meeting_invitation" => &["Møteinnkalling"],
        "meeting_minutes" => &["Møtereferat"],
        "consent_record" => &["Samtykke"],
        "evaluation_report" => &["Evaluering"],
        "responsibility_transfer_note" => &["Overføring av planansvar"],
        "school_year_transfer_note" => &["Overføring til nytt skoleår", "Overføring til nytt skuleår"],
        "closing_note" => &["Avslutning av plan"],
        "reopening_note" => &["Gjenåpning", "Gjenopning"],
        "message_log" => &["Internmeldinger", "Internmeldingar"],
        "attachment" => &["Vedlegg"],
        _ => &[],
    }
}

/// The year in the title: the school year where the document is of one, else that of its date.
fn years(told: &Told, element: &Element) -> Vec<String> {
    let of_a_school_year =
        ["/content/school_year", "/content/to_year"].map(|field| told.text(field)).into_iter().find(|year| !year.is_empty());
    of_a_school_year.map_or_else(|| vec![element.value("dokumentetsDato").chars().take(4).collect()], |year| vec![year.to_owned()])
}

fn registered_as(kind: &str) -> &'static str {
    match kind {
        "iop_annual_report" | "meeting_invitation" | "meeting_minutes" => "Utgående dokument",
        "consent_record" => "Inngående dokument",
        _ => "Organinternt dokument uten oppfølging",
    }
}

/// How long it is kept; none where that hangs on something else (an attachment follows its parent).
fn kept(told: &Told) -> Option<&'static str> {
    let by_plan = if told.plan_type() == "iop" { "Bevares" } else { "Vurderes senere" };
    match told.kind() {
        "attachment" => None,
        "iop_annual_report" => Some("Bevares"),
        "meeting_invitation" | "meeting_minutes" | "consent_record" | "message_log" => Some("Vurderes senere"),
        // The plan itself, the notes of DOMAIN § 6.10, and the evaluation of its goals, which the table of § 7 does not name: as the plan.
        _ => Some(by_plan),
    }
}

/// Archived after it was handed in, and soon. A closing note may wait: `closing` looks at that.
fn in_time(year: &Year, told: &Told, place: Place) -> Vec<&'static str> {
    let Some(archived) = place.registration.archived else { return vec!["instant_missing"] };
    if archived < told.at {
        return vec!["archived_before_it_was_told"];
    }
    if told.kind() != "closing_note" && archived > told.at + year.slack() { vec!["archived_late"] } else { Vec::new() }
}

/// The paper: one main document, whose file is there with the size and digest that metadata, record and inventory name.
fn paper(folder: &Folder, registration: &Registration) -> Vec<&'static str> {
    let main: Vec<&Element> =
        registration.element.all("dokumentbeskrivelse").filter(|d| d.value("tilknyttetRegistreringSom") == "Hoveddokument").collect();
    let [main] = main[..] else { return vec!["main_document_wrong"] };
    let [object] = main.all("dokumentobjekt").collect::<Vec<_>>()[..] else { return vec!["main_document_wrong"] };
    let mut wrong = Vec::new();
    let file = object.value("referanseDokumentfil");
    let Some(bytes) = folder.bytes(file) else { return vec!["paper_missing"] };
    if object.value("sjekksum") != digest(&bytes) || object.value("sjekksumAlgoritme") != "SHA256" {
        wrong.push("paper_digest_wrong");
    }
    if object.value("filstoerrelse") != bytes.len().to_string() {
        wrong.push("paper_size_wrong");
    }
    let holds = |what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
    if object.value("variantformat") != "Arkivformat"
        || !bytes.starts_with(b"%PDF-1.7")
        || !holds(b"<pdfaid:part>2<")
        || !holds(b"<pdfaid:conformance>A<")
    {
        wrong.push("paper_is_no_pdfa");
    }
    let rows = folder.record["documents"].as_array().into_iter().flatten().filter(|d| d["no"] == registration.no);
    let [row] = rows.collect::<Vec<_>>()[..] else { return [wrong, vec!["record_differs"]].concat() };
    let same = row["pdf"] == file && row["sha256"] == object.value("sjekksum") && row["document"] == registration.own("dokumentID");
    if !same || row["version"] != registration.version() {
        wrong.push("record_differs");
    }
    wrong
}

/// A correction points to what it corrects (DOMAIN § 5), and nothing points to a registration that is not there.
fn points_back(folder: &Folder, registration: &Registration) -> Option<&'static str> {
    let pointed: Vec<&str> = registration.element.all("kryssreferanse").map(|k| k.value("referanseTilRegistrering")).collect();
    let ids: BTreeSet<&str> = folder.registrations.iter().map(|r| r.element.value("systemID")).collect();
    if pointed.iter().any(|id| !ids.contains(id)) {
        return Some("points_to_nothing");
    }
    let earlier = folder
        .registrations
        .iter()
        .filter(|r| r.own("dokumentID") == registration.own("dokumentID") && r.version() < registration.version());
    let before = earlier.max_by_key(|r| r.version())?;
    (!pointed.contains(&before.element.value("systemID")) || before.no > registration.no).then_some("correction_points_to_nothing")
}

//! Made-up documents, and a folder that documents are put into one after the other.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use pipeline_domain::{
    CaseFolderId, Content, DocumentKind, Envelope, JournalNumber, LogicalPath, Packaged, PlanType, Rendered, Reservation, Snapshot,
    Timestamp,
};
use serde_json::{Value, json};

use crate::{ArchiveProfile, CaseRecord, Head, PackageError, Packaging, package};

/// Subject, guardian, lead, others, units, places, addresses and national ids of the documents below.
pub const PERSONAL: [&str; 12] = [
    "Blid",
    "Fjellbekk",
    "Mild",
    "Havbris",
    "Myrull",
    "Skogsti",
    "17851490027",
    "09838310009",
    "Prøveteamet",
    "Prøvebakken",
    "Møterom",
    "example.org",
];

pub fn case(plan_type: &str) -> Value {
    json!({
        "municipality_name": "Fjellvik kommune", "municipality_number": "9901", "unit_name": "Prøvebakken skole",
        "plan_id": "0d9f9f0e-5a0e-4a86-9a0e-6b1d8c1f0001", "plan_type": plan_type, "plan_status": "active",
        "subject_name": "Blid Fjellbekk", "subject_birth_date": "2014-05-17", "subject_national_id": "17851490027",
        "subject_contact": {"email": "blid@example.org", "written_form": "nb"},
        "guardians": [
            {"name": "Mild Fjellbekk", "relation": "guardian", "national_id": "09838310009"},
            {"name": "Trygg O'Havbris-Ŋ & sønn", "relation": "legal_guardian"}
        ],
        "lead_name": "Rask Myrull", "lead_unit": "Prøveteamet",
        "screening_mark": "Unntatt offentlighet", "screening_basis": "Offl. § 13 jf. fvl. § 13"
    })
}

fn envelope(kind: &str, plan_type: &str, n: u32, content: Value) -> Value {
    json!({
        "schema": format!("arkivflyt/{kind}/1"), "id": format!("00000000-0000-4000-8000-{n:012}"),
        "occurred_at": at(n), "source": {"system": "samspill", "record": format!("record-{n}")},
        "case": case(plan_type), "written_form": "nb", "synthetic": true, "content": content
    })
}

/// Nine o'clock in Oslo on day `n` from 1 September 2026, and `n` seconds.
pub fn at(n: u32) -> Timestamp {
    let start: Timestamp = "2026-09-01T09:00:00+02:00".parse().unwrap();
    Timestamp::from_unix_seconds(start.unix_seconds() + i64::from(n) * 86_401).unwrap()
}

fn record(n: u32) -> Value {
    json!({"version": 1, "snapshot_at": at(n), "produced_at": at(n), "produced_by": "Varm Skogsti"})
}

fn with_record(n: u32, mut content: Value) -> Value {
    let fields = record(n);
    content.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    content
}

pub fn minutes(n: u32) -> Value {
    let content = json!({
        "held_at": at(n), "place": "Møterom 2, Prøveteamet", "present": [{"name": "Rask Myrull", "role": "Koordinator"}], "absent": [],
        "chair": "Rask Myrull", "minute_taker": "Varm Skogsti", "items": [{"no": "1", "title": "Status", "discussion": "Det går framover."}],
        "sent_at": at(n), "recipients": [
            {"name": "Mild Fjellbekk", "role": "Foresatt", "contact": {"email": "mild@example.org", "written_form": "nb"}},
            {"name": "Stille Lyngmo", "role": "Kontaktlærer", "internal": true},
            {"name": "Prøveteamet", "role": "Enhet", "internal": true}
        ]
    });
    envelope("meeting_minutes", "ip", n, with_record(n, content))
}

pub fn es_plan(n: u32) -> Value {
    let content = json!({
        "purpose": "Samarbeid.", "coordinator": "Rask Myrull", "participants": [{"name": "Rask Myrull", "role": "Koordinator"}],
        "consent_summary": "Gitt."
    });
    envelope("plan_snapshot", "es", n, with_record(n, content))
}

pub fn ip_plan(n: u32) -> Value {
    let content = json!({
        "plan_period_from": "2026-08-01", "plan_period_to": "2027-07-31", "revision_times": ["2027-01-15"], "coordinator": "Rask Myrull",
        "participants": [{"name": "Rask Myrull", "role": "Koordinator"}], "subject_needs": "Ro og oversikt.",
        "goals": [{"id": "m1", "main_goal": "Trives på skolen"}],
        "measures": [{"text": "Fast kontakt", "responsible": "Koordinator", "status": "in_progress"}],
        "cooperation_needs": "Ingen flere.", "consent_summary": "Gitt."
    });
    envelope("plan_snapshot", "ip", n, with_record(n, content))
}

pub fn iop_plan(n: u32) -> Value {
    let content = json!({
        "school_year": "2026/2027", "school": "Prøvebakken skole", "grade": "7", "class": "7B", "contact_teacher": "Stille Lyngmo",
        "iop_lead": "Rask Myrull", "decision_ref": {"ref": "2026/9", "date": "2026-06-01"},
        "expert_assessment_ref": {"ref": "2026/8", "date": "2026-05-01"}, "main_goals": [{"id": "m1", "main_goal": "Lese mer"}],
        "subjects": [{"subject": "Norsk", "goals": ["Lese en bok"], "content": "Bøker", "methods": "Par", "organisation": "I klassen",
            "assessment": "Muntlig"}],
        "prepared_with": [{"name": "Mild Fjellbekk", "role": "Foresatt"}]
    });
    envelope("plan_snapshot", "iop", n, with_record(n, content))
}

/// Annual report on the IOP snapshot that was number `iop`.
pub fn report(n: u32, iop: u32) -> Value {
    let content = json!({
        "period_from": "2026-08-01", "period_to": "2027-06-20", "school_year": "2026/2027", "decision_ref": {"ref": "2026/9", "date": "2026-06-01"},
        "iop_ref": {"document_id": format!("00000000-0000-4000-8000-{iop:012}"), "version": 1, "hash": "0".repeat(64)},
        "provided_overview": "Som planlagt.", "goal_assessments": [{"goal": "Lese mer", "development": "God", "status": "reached"}],
        "further_need": "Fortsette.", "prepared_by": [{"name": "Stille Lyngmo", "role": "Kontaktlærer"}], "finalised_at": at(n),
        "access_given": [{"to": "Mild Fjellbekk", "at": at(n + 1)}]
    });
    envelope("iop_annual_report", "iop", n, with_record(n, content))
}

/// The same document, with `pointer` set to `value`.
pub fn closing_note(n: u32, reason: &str) -> Value {
    let content = with_record(
        n,
        json!({
            "closed_at": at(n), "closed_by": "Varm Skogsti", "requested_by": "Blid Fjellbekk", "reason": reason,
            "goals_status": [{"goal": "Sykle til skolen.", "status": "reached"}],
            "last_snapshot_ref": {"document_id": "00000000-0000-4000-8000-000000000005", "version": 1, "hash": "00".repeat(32)},
            "access_after_closing": "Arkivaren."
        }),
    );
    with(envelope("closing_note", "ip", n, content), "/case/plan_status", json!("passive"))
}

pub fn reopening_note(n: u32) -> Value {
    let content = with_record(n, json!({"reopened_at": at(n), "reopened_by": "Varm Skogsti", "reason": "Familien flytter tilbake."}));
    envelope("reopening_note", "ip", n, content)
}

pub fn consent(n: u32) -> Value {
    let content = with_record(
        n,
        json!({
            "consent_version": 1, "state": "approved", "given_by": "Mild Fjellbekk", "relation": "Foresatt",
            "purpose": "Samarbeid om planen.", "method": "digital", "approved_at": at(n), "valid_until": "2027-08-31",
            "shared_with": [{"who": "Prøvebakken skole", "what": "Hele planen", "from": "2026-09-01", "until": "2027-08-31"}]
        }),
    );
    envelope("consent_record", "ip", n, content)
}

pub fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    document
}

/// The next version of a document: a correction.
pub fn corrected(document: Value, version: u32) -> Value {
    with(document, "/content/version", json!(version))
}

/// JSON to snapshot through the domain's own types; `None` when it does not fit them.
pub fn try_snapshot(mut json: Value) -> Option<Snapshot> {
    let kind = DocumentKind::from_id(json["schema"].as_str()?.split('/').nth(1)?)?;
    let plan: PlanType = serde_json::from_value(json["case"]["plan_type"].clone()).ok()?;
    let content = Content::from_json(kind, plan, json["content"].take()).ok()?;
    let envelope: Envelope<Value> = serde_json::from_value(json).ok()?;
    let Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content: _ } = envelope;
    Some(Snapshot::new(Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content }))
}

pub fn folder_id() -> CaseFolderId {
    "9901/2026/000123".parse().unwrap()
}

/// As the render room would hand it over, with a made-up PDF.
pub fn rendered(snapshot: Snapshot, n: u32) -> Rendered {
    let reservation = Reservation {
        folder: folder_id(),
        folder_opened_at: "2026-09-01T08:00:00+02:00".parse().unwrap(),
        journal: JournalNumber { year: 2026, sequence: 40 + n },
        accepted_at: at(n),
    };
    let pdf = format!("%PDF-1.7 made up {}", snapshot.digest).into_bytes();
    Rendered::new(Arc::new(snapshot), reservation, pdf, 2)
}

/// A folder in memory: what every version added, and what is current.
#[derive(Default)]
pub struct Folder {
    pub versions: Vec<Packaged>,
    pub current: BTreeMap<LogicalPath, Arc<[u8]>>,
}

impl Folder {
    pub fn of(documents: impl IntoIterator<Item = Value>) -> Self {
        let mut folder = Self::default();
        for document in documents {
            folder.add(document);
        }
        folder
    }

    pub fn try_add(&mut self, document: Value) -> Result<Packaging, PackageError> {
        let n = self.versions.len() as u32 + 1;
        let record = self.current.get(&"metadata/sak.json".parse().unwrap()).cloned();
        let head = record.as_deref().map(|case_record| Head { version: n - 1, case_record });
        let rendered = rendered(try_snapshot(document).expect("a document of the right shape"), n);
        let packaging = package(&rendered, head, &ArchiveProfile::example())?;
        if let Packaging::New(packaged) = &packaging {
            for file in &packaged.files {
                self.current.insert(file.path.clone(), file.bytes.clone());
            }
            self.versions.push(packaged.clone());
        }
        Ok(packaging)
    }

    /// Adds a document that is new to the folder.
    pub fn add(&mut self, document: Value) -> &Packaged {
        assert!(matches!(self.try_add(document).unwrap(), Packaging::New(_)));
        self.versions.last().unwrap()
    }

    pub fn text(&self, path: &str) -> String {
        let bytes = self.current.get(&path.parse().unwrap()).unwrap_or_else(|| panic!("no {path}"));
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    pub fn record(&self) -> CaseRecord {
        CaseRecord::read(self.text("metadata/sak.json").as_bytes()).unwrap()
    }
}

/// Every document under `samples/` that fits the domain's types, with its file name.
pub fn samples() -> Vec<(String, Value)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut found = Vec::new();
    for kind in DocumentKind::ALL {
        let Ok(files) = std::fs::read_dir(root.join(kind.folder())) else { continue };
        for path in files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "json")) {
            let Ok(json) = serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()) else { continue };
            let own = json["case"]["municipality_number"] == "9901";
            if own && try_snapshot(json.clone()).is_some() {
                found.push((format!("{}/{}", kind.folder(), path.file_name().unwrap().display()), json));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Every leaf of the case and the parties' names in a document, as text: what must not leak.
pub fn personal_values(document: &Value) -> Vec<String> {
    let mut values = Vec::new();
    for pointer in
        ["/case/subject_name", "/case/subject_national_id", "/case/lead_name", "/content/produced_by", "/case/unit_name", "/case/lead_unit"]
    {
        values.extend(document.pointer(pointer).and_then(Value::as_str).map(str::to_owned));
    }
    for guardian in document["case"]["guardians"].as_array().into_iter().flatten() {
        values.extend(["name", "national_id"].iter().filter_map(|k| guardian[*k].as_str()).map(str::to_owned));
    }
    // The program itself makes the lists of what a folder holds, and is no person.
    values.retain(|value| value != "Arkivflyt");
    values
}

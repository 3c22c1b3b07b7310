//! Case folders as `package` makes them, targets, and judges that we did not write. Synthetic people only.

pub mod judge;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use pipeline_arkivmelding::{
    CaseFolder, Occasion, Outgoing, Registration, Sender, Sending, Target, document_message, read_folder, read_registration,
};
use pipeline_domain::{
    AddressProtection, Attached, AttachmentItem, AttachmentState, Content, Date, DocumentKind, Envelope, ErrorCode, FileFormat, FileOnDisk,
    JournalNumber, Line, LogicalPath, MunicipalityNumber, PageCopy, PlanType, Rendered, Reservation, Sha256, Snapshot, Timestamp,
};
use pipeline_package::{ArchiveProfile, CaseRecord, Head, Packaging, package};
use serde_json::{Value, json};

/// Nine o'clock in Oslo on day `n` from 1 September 2026.
pub fn at(n: u32) -> Timestamp {
    let start: Timestamp = "2026-09-01T09:00:00+02:00".parse().unwrap();
    Timestamp::from_unix_seconds(start.unix_seconds() + i64::from(n) * 86_400).unwrap()
}

fn envelope(kind: &str, n: u32, content: Value) -> Value {
    let mut document = json!({
        "schema": format!("arkivflyt/{kind}/1"), "id": format!("00000000-0000-4000-8000-{n:012}"),
        "occurred_at": at(n), "source": {"system": "samspill", "record": format!("record-{n}")},
        "case": {
            "municipality_name": "Fjellvik kommune", "municipality_number": "9901", "unit_name": "Prøvebakken skole",
            "plan_id": "0d9f9f0e-5a0e-4a86-9a0e-6b1d8c1f0001", "plan_type": "ip", "plan_status": "active",
            "subject_name": "Blid Fjellbekk", "subject_birth_date": "2014-05-17", "subject_national_id": "17851490027",
            "guardians": [
                {"name": "Mild Fjellbekk", "relation": "guardian", "national_id": "09838310009"},
                {"name": "Trygg O'Havbris-Ŋ & sønn", "relation": "legal_guardian"}
            ],
            "lead_name": "Rask Myrull", "lead_unit": "Prøveteamet",
            "screening_mark": "Unntatt offentlighet", "screening_basis": "Offl. § 13 jf. fvl. § 13"
        },
        "written_form": "nb", "synthetic": true, "content": content
    });
    let record = json!({"version": 1, "snapshot_at": at(n), "produced_at": at(n), "produced_by": "Varm Skogsti"});
    document["content"].as_object_mut().unwrap().extend(record.as_object().unwrap().clone());
    document
}

/// Minutes of a meeting, sent to a guardian, a colleague and a unit.
pub fn minutes(n: u32) -> Value {
    envelope(
        "meeting_minutes",
        n,
        json!({
            "held_at": at(n), "place": "Møterom 2, Prøveteamet", "present": [{"name": "Rask Myrull", "role": "Koordinator"}], "absent": [],
            "chair": "Rask Myrull", "minute_taker": "Varm Skogsti",
            "items": [{"no": "1", "title": "Status", "discussion": "Det går framover."}], "sent_at": at(n), "recipients": [
                {"name": "Mild Fjellbekk", "role": "Foresatt", "contact": {"email": "mild@example.org", "written_form": "nb"}},
                {"name": "Prøveteamet", "role": "Enhet", "internal": true}
            ]
        }),
    )
}

/// The note that closes the plan.
pub fn closing_note(n: u32, reason: &str) -> Value {
    let note = envelope(
        "closing_note",
        n,
        json!({
            "closed_at": at(n), "closed_by": "Varm Skogsti", "requested_by": "Blid Fjellbekk", "reason": reason,
            "goals_status": [{"goal": "Sykle til skolen.", "status": "reached"}],
            "last_snapshot_ref": {"document_id": "00000000-0000-4000-8000-000000000005", "version": 1, "hash": "00".repeat(32)},
            "access_after_closing": "Arkivaren."
        }),
    );
    with(note, "/case/plan_status", json!("passive"))
}

/// The note that reopens the plan.
pub fn reopening_note(n: u32) -> Value {
    let content = json!({"reopened_at": at(n), "reopened_by": "Varm Skogsti", "reason": "Familien flytter tilbake."});
    envelope("reopening_note", n, content)
}

/// The same document, with `pointer` set to `value`.
pub fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    document
}

/// The next version of a document: a correction.
pub fn corrected(document: Value, version: u32) -> Value {
    with(document, "/content/version", json!(version))
}

fn snapshot(mut json: Value) -> Option<Snapshot> {
    let kind = DocumentKind::from_id(json["schema"].as_str()?.split('/').nth(1)?)?;
    let plan: PlanType = serde_json::from_value(json["case"]["plan_type"].clone()).ok()?;
    let content = Content::from_json(kind, plan, json["content"].take()).ok()?;
    let envelope: Envelope<Value> = serde_json::from_value(json).ok()?;
    let Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content: _ } = envelope;
    Some(Snapshot::new(Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content }))
}

/// Every sample of every document kind, bokmål and nynorsk.
pub fn samples() -> Vec<(String, Value)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut found = Vec::new();
    for kind in DocumentKind::ALL {
        for path in std::fs::read_dir(root.join(kind.folder())).unwrap().map(|f| f.unwrap().path()) {
            let Some(json) = std::fs::read(&path).ok().and_then(|b| serde_json::from_slice::<Value>(&b).ok()) else { continue };
            if snapshot(json.clone()).is_some() {
                found.push((format!("{}/{}", kind.folder(), path.file_name().unwrap().display()), json));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// An attachment, and the bytes that there may be of it.
pub type Held = (Attached, Vec<(Sha256, Vec<u8>)>);

/// A case folder in memory, with its files.
#[derive(Default)]
pub struct Case {
    pub files: BTreeMap<LogicalPath, Arc<[u8]>>,
    documents: u32,
}

impl Case {
    pub fn of(documents: impl IntoIterator<Item = Value>) -> Self {
        let mut case = Self::default();
        for document in documents {
            case.add(document, Vec::new());
        }
        case
    }

    /// Adds a document with what became of its attachments.
    pub fn add(&mut self, document: Value, attached: Vec<Held>) {
        self.documents += 1;
        let n = self.documents;
        let record = self.files.get(&path("metadata/sak.json")).cloned();
        let head = record.as_deref().map(|case_record| Head { version: n - 1, case_record });
        let snapshot = snapshot(document).expect("a document of the right shape");
        let reservation = Reservation {
            folder: format!("{}/2026/000123", snapshot.case.municipality_number).parse().unwrap(),
            folder_opened_at: "2026-09-01T08:00:00+02:00".parse().unwrap(),
            journal: JournalNumber { year: 2026, sequence: 40 + n },
            accepted_at: at(n),
        };
        let profile = ArchiveProfile { municipality: snapshot.case.municipality_number.clone(), ..ArchiveProfile::example() };
        let pdf = format!("%PDF-1.7 made up {}", snapshot.digest).into_bytes();
        let blobs: BTreeMap<Sha256, Vec<u8>> = attached.iter().flat_map(|(_, blobs)| blobs.clone()).collect();
        let rendered = Rendered::new(Arc::new(snapshot), reservation, pdf, 2);
        let rendered = rendered.with_attachments(attached.into_iter().map(|(a, _)| a).collect());
        let Packaging::New(packaged) = package(&rendered, head, &profile).unwrap() else { panic!("it is new") };
        for file in &packaged.files {
            self.files.insert(file.path.clone(), file.bytes.clone());
        }
        for entry in CaseRecord::read(&self.files[&path("metadata/sak.json")]).unwrap().documents() {
            for file in entry.attachments.iter().flat_map(|a| a.files()) {
                if let Some(bytes) = blobs.get(&file.sha256) {
                    self.files.insert(file.path.clone(), bytes.clone().into());
                }
            }
        }
    }

    pub fn len(&self) -> u32 {
        self.documents
    }

    pub fn xml(&self, name: &str) -> &[u8] {
        self.files.get(&path(&format!("metadata/{name}.xml"))).unwrap_or_else(|| panic!("no {name}.xml"))
    }

    pub fn folder(&self, protection: AddressProtection) -> CaseFolder {
        read_folder(self.xml("mappe"), protection).unwrap()
    }

    /// Registration by its number in the folder.
    pub fn registration(&self, n: u32, protection: AddressProtection) -> Registration {
        let others = (1..=self.documents).filter(|o| *o != n).map(|o| self.xml(&format!("{o:02}")));
        read_registration(self.xml(&format!("{n:02}")), others, protection).unwrap()
    }

    /// The message about document `n`.
    pub fn message(&self, n: u32, target: &Target, occasion: Occasion) -> Outgoing {
        let none = AddressProtection::None;
        document_message(&self.folder(none), &self.registration(n, none), target, sender(), occasion, Sending::FIRST).unwrap()
    }

    /// Its XML.
    pub fn text(&self, n: u32, target: &Target, occasion: Occasion) -> String {
        String::from_utf8(self.message(n, target, occasion).payload).unwrap()
    }
}

pub fn path(path: &str) -> LogicalPath {
    path.parse().unwrap()
}

/// An attachment in a state, with the bytes that the archive holds of it.
pub fn attached(name: &str, state: AttachmentState, code: Option<ErrorCode>) -> Held {
    let format = |puid: &str, name: &str, extension: &str| FileFormat { puid: puid.into(), name: name.into(), extension: extension.into() };
    let file = |bytes: &[u8]| FileOnDisk { at: "/lager/fil".into(), sha256: Sha256::of(bytes), size_bytes: bytes.len() as u64 };
    let converted = state == AttachmentState::Converted;
    let (original, page) = (name.as_bytes().to_vec(), format!("page of {name}").into_bytes());
    let attached = Attached {
        item: AttachmentItem { name: Line::new(name), hash: Sha256::of(&original), date: "2026-11-02".parse::<Date>().unwrap() },
        state,
        code,
        format: Some(if converted { format("fmt/43", "JPEG (JFIF) 1.01", "jpg") } else { format("fmt/412", "Word (DOCX) 2007-", "docx") }),
        warnings: Vec::new(),
        original: state.keeps_original().then(|| file(&original)),
        page: converted.then(|| PageCopy { pdf: file(&page), tool: "arkivflyt 1".into() }),
    };
    (attached, vec![(Sha256::of(&original), original), (Sha256::of(&page), page)])
}

/// Minutes with an attachment in every state.
pub fn case_with_attachments() -> Case {
    let attachments = vec![
        attached("Søknad <Blid>.docx", AttachmentState::Accepted, None),
        attached("bilde.jpg", AttachmentState::Converted, None),
        attached("gammelt.doc", AttachmentState::NeedsManualConversion, Some(ErrorCode::AttachmentNeedsConversion)),
        attached("makro.docm", AttachmentState::Refused, Some(ErrorCode::AttachmentMacros)),
        attached("kom-aldri.pdf", AttachmentState::Missing, Some(ErrorCode::AttachmentMissing)),
    ];
    let list: Vec<Value> = attachments
        .iter()
        .map(|(a, _)| json!({"name": a.item.name.expose(), "hash": a.item.hash.to_string(), "date": "2026-11-02"}))
        .collect();
    let mut case = Case::of([minutes(1)]);
    case.add(with(minutes(2), "/content/attachments", json!(list)), attachments);
    case
}

pub fn sender() -> Sender<'static> {
    static MUNICIPALITY: std::sync::LazyLock<MunicipalityNumber> = std::sync::LazyLock::new(|| "9901".parse().unwrap());
    Sender { municipality: &MUNICIPALITY, organisation_number: "310000019", organisation_name: "Fjellvik kommune" }
}

pub fn target(toml: &str) -> Target {
    let target: Target = toml::from_str(toml).unwrap();
    target.check().unwrap();
    target
}

const PERSON: &str = r#"
    [[classification]]
    system = "{system} - Plantype"
    class = "{plan_type}"
    title = "{plan_type_name}"
    [[classification]]
    system = "{system} - Institusjon"
    class = "{organisation_number}"
    title = "{organisation_name}"
    [[classification]]
    system = "{system} - Person"
    class = "{national_id}"
    title = "{name}"
"#;

pub fn digdir_own() -> Target {
    target("dialect = 'digdir'\nfolder = { kind = 'own' }\narchive_part = 'SAKARKIV'")
}

pub fn digdir_person() -> Target {
    target(&format!("dialect = 'digdir'\nfolder = {{ kind = 'by_class' }}\njournal_status = 'finalised'\n{PERSON}"))
}

pub fn fiks_own() -> Target {
    target("dialect = 'fiks_arkiv_v1'\nfolder = { kind = 'own' }\narchive_part = 'SAK'")
}

pub fn fiks_key() -> Target {
    target(
        "dialect = 'fiks_arkiv_v1'\nfolder = { kind = 'by_key', system = 'Elevsystem', key = 'elev/{plan}' }\njournal_status = 'archived'",
    )
}

pub fn fiks_person() -> Target {
    target(&format!(
        "dialect = 'fiks_arkiv_v1'\nrule = 'FiksArkiv-Elevmappe-1'\njournal_status = 'finalised'\n\
         journal_post_type = 'internal_without_follow_up'\nfolder = {{ kind = 'by_class', title = 'Elevmappe' }}\n{PERSON}"
    ))
}

/// One of every kind.
pub fn targets() -> [(&'static str, Target); 5] {
    [
        ("digdir-own", digdir_own()),
        ("digdir-person", digdir_person()),
        ("fiks-own", fiks_own()),
        ("fiks-key", fiks_key()),
        ("fiks-person", fiks_person()),
    ]
}

//! A made-up municipality, its people and their documents.

use std::path::{Path, PathBuf};

use pipeline_domain::{
    CaseFolderId, Content, DocumentKind, EmailAddress, Envelope, Line, Notice, NoticeKind, RecipientRef, Snapshot, Timestamp, Turn,
    WrittenForm,
};
use pipeline_notify::{
    DigestCounts, English, Mail, MailFacts, MeetingFacts, Readable, RunCounts, Sender, compose, compose_readable, run_report_notice,
};
use serde_json::{Value, json};

pub fn sender() -> Sender {
    Sender {
        checkpoint: None,
        municipality_name: Line::new("Fjellvik kommune"),
        from_address: address("ikke-svar@fjellvik.test"),
        reply_to: address("postmottak@fjellvik.test"),
        login_url: "https://minside.fjellvik.test/".to_owned(),
        contact_point: Line::new("Servicetorget, telefon 68 05 00 00"),
        message_id_domain: "fjellvik.test".to_owned(),
    }
}

pub fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub fn at() -> Timestamp {
    "2026-11-23T08:30:00+01:00".parse().unwrap()
}

pub fn folder() -> CaseFolderId {
    "9901/2026/000123".parse().unwrap()
}

pub fn counts() -> RunCounts {
    RunCounts { archived: 12, already_there: 3, refused: 2, failed: 1, on_paper: 4 }
}

pub fn snapshot(envelope: Value) -> Snapshot {
    let Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content } =
        serde_json::from_value::<Envelope<Value>>(envelope).unwrap();
    let kind = DocumentKind::from_id(schema.split('/').nth(1).unwrap()).unwrap();
    let content = Content::from_json(kind, case.plan_type, content).unwrap();
    Snapshot::new(Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content })
}

pub fn minutes() -> Value {
    let email = |who: &str, form: &str| json!({ "email": format!("{who}@example.org"), "written_form": form });
    json!({
        "schema": "arkivflyt/meeting_minutes/1",
        "id": "11a3cd13-6038-590f-a8ae-32f9047686f4",
        "occurred_at": "2026-11-02T14:20:00+01:00",
        "source": { "system": "samspill", "record": "meeting-13111397" },
        "case": case("ip"),
        "written_form": "nb",
        "synthetic": true,
        "content": {
            "version": 1,
            "snapshot_at": "2026-11-02T14:20:00+01:00",
            "produced_at": "2026-11-02T14:20:00+01:00",
            "produced_by": "Munter Elvestein",
            "held_at": "2026-11-02T13:00:00+01:00",
            "place": "Prøveveien 3",
            "present": [{ "name": "Stille Regnbue", "role": "Hovedperson" }, { "name": "Munter Elvestein", "role": "Koordinator" }],
            "absent": [],
            "chair": "Munter Elvestein",
            "minute_taker": "Munter Elvestein",
            "items": [{ "no": "1", "title": "Arbeidstrening", "discussion": "Stille begynner på lageret mandag." }],
            "sent_at": "2026-11-02T14:20:00+01:00",
            "recipients": [
                { "name": "Stille Regnbue", "role": "Hovedperson", "contact": email("stille.regnbue", "nb") },
                { "name": "Čáhppes Biegga", "role": "Fagperson", "contact": email("cahppes", "nn") },
                { "name": "Lun Granbar", "role": "Lege" },
                { "name": "Rask Myrull", "role": "Saksbehandler",
                  "contact": { "email": "rask@example.org", "written_form": "nb", "reserved": true } },
                { "name": "Klar Tåkedal", "role": "Tolk", "contact": { "written_form": "nb" } },
                { "name": "Grei Bærtue", "role": "Foresatt", "contact": { "email": "bærtue@example.org", "written_form": "nn" } },
                { "name": "Blid Fjellbekk", "role": "Fysioterapeut", "contact": { "email": "blid@blåbær.test", "written_form": "nn" } }
            ]
        }
    })
}

pub fn annual_report(birth_date: &str) -> Value {
    let mut case = case("iop");
    case["subject_birth_date"] = json!(birth_date);
    case["subject_contact"] = json!({ "email": "klok@example.org", "written_form": "nn" });
    case["guardians"] = json!([
        { "name": "Sindig Svaneving", "relation": "guardian", "contact": { "email": "sindig@example.org", "written_form": "nb" } },
        { "name": "Varm Svaneving", "relation": "guardian", "contact": { "written_form": "nb" } }
    ]);
    json!({
        "schema": "arkivflyt/iop_annual_report/1",
        "id": "24b68261-037b-5a50-9298-e2dae40e4ead",
        "occurred_at": "2026-06-15T12:00:00+02:00",
        "source": { "system": "samspill", "record": "iop-759043" },
        "case": case,
        "written_form": "nb",
        "synthetic": true,
        "content": {
            "version": 2,
            "snapshot_at": "2026-06-15T12:00:00+02:00",
            "produced_at": "2026-06-15T12:00:00+02:00",
            "produced_by": "Sindig Bjørkeblad",
            "period_from": "2025-08-01",
            "period_to": "2026-07-31",
            "school_year": "2025/2026",
            "decision_ref": { "ref": "2025/00342-3", "date": "2025-06-20" },
            "iop_ref": {
                "document_id": "8b2c9770-42be-5726-bb68-8d78ebb61432",
                "version": 1,
                "hash": "049b8dcf9e1dbe379ed2f8591561bfd11e24d51e1fec0130d728973e182370df"
            },
            "provided_overview": "Klok har fått to timer i uka i liten gruppe i norsk.",
            "goal_assessments": [{ "goal": "Klok leser enkle setninger.", "development": "Leser korte setninger.", "status": "reached" }],
            "further_need": "Samme omfang neste år.",
            "prepared_by": [{ "name": "Sindig Bjørkeblad", "role": "Kontaktlærer" }],
            // Late in the evening in Oslo, the next day nowhere near Greenwich.
            "finalised_at": "2026-06-15T23:30:00+02:00"
        }
    })
}

pub fn plan() -> Value {
    json!({
        "schema": "arkivflyt/plan_snapshot/1",
        "id": "ebdd0294-797e-57fe-9bcc-55918ee8b824",
        "occurred_at": "2026-10-20T10:15:00+02:00",
        "source": { "system": "samspill", "record": "plan-12963080" },
        "case": case("es"),
        "written_form": "nb",
        "synthetic": true,
        "content": {
            "version": 1,
            "snapshot_at": "2026-10-20T10:15:00+02:00",
            "produced_at": "2026-10-20T10:15:00+02:00",
            "produced_by": "Munter Elvestein",
            "purpose": "Samordne hjelpen etter utskriving.",
            "coordinator": "Munter Elvestein",
            "participants": [{ "name": "Fin Vindkast", "role": "Hovedperson" }],
            "consent_summary": "Fin samtykket 20. oktober 2026."
        }
    })
}

fn case(plan_type: &str) -> Value {
    json!({
        "municipality_name": "Fjellvik kommune",
        "municipality_number": "9901",
        "unit_name": "Prøveteamet",
        "plan_id": "9c691b30-4b10-541f-b81c-97f0b00cf693",
        "plan_type": plan_type,
        "plan_status": "active",
        "subject_name": "Stille Regnbue",
        "subject_birth_date": "1990-03-22",
        "lead_name": "Munter Elvestein",
        "lead_unit": "Prøveteamet",
        "screening_mark": "Unntatt offentlighet",
        "screening_basis": "Offl. § 13 jf. fvl. § 13"
    })
}

/// One text as one receiver gets it.
#[derive(PartialEq, Eq, Debug)]
pub struct Variant {
    /// Kind and languages, such as `new_message_nb_en_second`.
    pub name: String,
    pub notice: Notice,
    pub mail: Mail,
    pub readable: Readable,
}

/// One mail for each kind, turn and written form, and one with English below. Meetings without their time, as is the default.
pub fn one_of_each() -> Vec<Variant> {
    let mut variants = Vec::new();
    for kind in NoticeKind::ALL {
        for (form, english) in [(WrittenForm::Nb, English::LeftOut), (WrittenForm::Nn, English::LeftOut), (WrittenForm::Nb, English::Below)]
        {
            let first = notice(kind, form);
            let second = first.second();
            for notice in [Some(first), second].into_iter().flatten() {
                variants.push(variant(notice, &MailFacts { english, ..facts() }));
            }
        }
    }
    variants
}

pub fn variant(notice: Notice, facts: &MailFacts) -> Variant {
    let (mail, readable) = compose_readable(&notice, &address("stille.regnbue@example.org"), &sender(), at(), facts).unwrap();
    let languages = readable.languages.replace(", ", "_");
    let second = if notice.turn() == Turn::Second { "_second" } else { "" };
    Variant { name: format!("{}_{languages}{second}", notice.kind.id()), notice, mail, readable }
}

/// To the subject, or for reports to the archivist.
pub fn notice(kind: NoticeKind, form: WrittenForm) -> Notice {
    if kind == NoticeKind::ArchiveReport {
        return run_report_notice("run-1", form);
    }
    let document = snapshot(minutes());
    let recipient = RecipientRef::Subject;
    let dedupe_key = format!("{}:{}:{recipient}", kind.id(), document.key());
    Notice { kind, document: Some(document.key()), event: None, folder: Some(folder()), recipient, written_form: form, dedupe_key }
}

pub fn mail_for(notice: &Notice) -> Mail {
    compose(notice, &address("stille.regnbue@example.org"), &sender(), at(), &facts()).unwrap()
}

pub fn facts() -> MailFacts {
    let digest = DigestCounts { unanswered_consents: 2, unsent_minutes: 1, overdue_evaluations: 3, overdue_archiving: 0 };
    let (read_by, meeting) = (Some("2026-12-07".parse().unwrap()), Some(meeting()));
    MailFacts { read_by, meeting, digest: Some(digest), ..MailFacts::of_run(counts()) }
}

pub fn meeting() -> MeetingFacts {
    MeetingFacts {
        invitation: "5c9b1a70-1f3e-5a52-8f6e-0a7f5a3d9b11".parse().unwrap(),
        sequence: 0,
        revised_at: "2026-11-20T12:00:00+01:00".parse().unwrap(),
        starts_at: "2026-12-08T08:30:00+01:00".parse().unwrap(),
        ends_at: "2026-12-08T10:00:00+01:00".parse().unwrap(),
    }
}

pub fn a_mail() -> Mail {
    mail_for(&notice(NoticeKind::NewMessage, WrittenForm::Nb))
}

/// Every sample that is meant to be accepted.
pub fn samples() -> Vec<(PathBuf, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut found = Vec::new();
    for kind in DocumentKind::ALL {
        for entry in std::fs::read_dir(root.join(kind.folder())).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "json") {
                let value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                found.push((path, value));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

//! Row 18: a plan gets another lead. Its snapshot is archived first, then the note; the old lead keeps access until the new one accepts;
//! the change is logged; and those whom it concerns are told.

use std::{collections::BTreeSet, fs};

use arkivflyt_tests::{House, essence, person, sample_json};
use serde_json::{Value, json};

use crate::{
    in_folder::{changes, element, kinds, paper, registration, sound, submitted, system_id},
    judged,
};

const PAIRS: [(&str, &str, [&str; 4]); 2] = [
    ("plan-snapshot/full-es.json", "responsibility-transfer-note/full.json", ["Fra", "Til", "Godtatt", "Åpne oppgaver"]),
    ("plan-snapshot/nynorsk-sl.json", "responsibility-transfer-note/nynorsk.json", ["Frå", "Til", "Godteke", "Opne oppgåver"]),
];

/// Addresses of those who are told: both leads, and those who decide for the subject.
fn concerned(note: &Value) -> BTreeSet<String> {
    let leads = ["from_contact", "to_contact"].map(|of| note["content"][of]["email"].clone());
    let guardians = note["case"]["guardians"].as_array().unwrap().iter().map(|g| g["contact"]["email"].clone());
    let subject = note["case"]["subject_contact"]["email"].clone();
    leads.into_iter().chain(guardians).chain([subject]).filter_map(|a| a.as_str().map(str::to_owned)).collect()
}

#[test]
fn row_18_the_plan_is_archived_first_then_the_note_and_the_change_is_logged() {
    for (plan, note, says) in PAIRS {
        let house = House::new();
        for (name, sample) in [("a-notat.json", note), ("b-plan.json", plan)] {
            fs::write(house.at("inbox").join(name), sample_json(sample).to_string()).unwrap();
        }
        house.run(["run-once"]).expect(0);
        assert_eq!(kinds(&house), ["plan_snapshot", "responsibility_transfer_note"], "the snapshot first");
        let note = sample_json(note);
        let xml = registration(&house, 2);
        assert_eq!(element(&xml, "referanseTilRegistrering"), [system_id(&registration(&house, 1))]);
        let content = |field: &str| note["content"][field].as_str().unwrap().to_owned();
        // Old and new, under the names of Noark.
        let change = |field: &str| changes(&house, field).last().cloned().unwrap();
        assert_eq!(change("saksansvarlig"), (content("from_lead"), content("to_lead")));
        assert_eq!(change("administrativEnhet"), (content("from_unit"), content("to_unit")));
        assert_eq!(element(&crate::in_folder::text(&house, "metadata/mappe.xml"), "saksansvarlig"), [content("to_lead")]);

        // One mail each, which says nothing; nobody else is told.
        let letters = sound(&house);
        let told: Vec<String> = letters.iter().map(|l| l.to[0].clone()).filter(|to| !to.starts_with("arkiv@")).collect();
        if !letters.is_empty() {
            assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), concerned(&note));
            assert_eq!(told.len(), concerned(&note).len(), "each once: {told:?}");
        }
        let Some(pdf) = judged::paper(&paper(&house, 2)) else { continue };
        let text = essence(&pdf.text);
        let tasks = note["content"]["open_tasks"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned());
        for words in tasks.chain(says.map(str::to_owned)).chain(["from_lead", "to_lead", "from_unit", "to_unit"].map(content)) {
            assert!(text.contains(&essence(&words)), "no «{words}» in {}", pdf.text);
        }
    }
}

#[test]
fn row_18_the_old_lead_keeps_access_until_the_new_one_accepts() {
    let (old, new) = (person(1), person(2));
    for (plan, note, _) in PAIRS {
        let house = House::new().with("ACCESS__ROLES", "granted");
        let (plan, note) = (sample_json(plan), sample_json(note));
        submitted(&house, 0, &plan);
        let number = plan["case"]["municipality_number"].as_str().unwrap();
        let folder = format!("{number}/2026/000001");
        let reach = format!("plan:{}", plan["case"]["plan_id"].as_str().unwrap());
        let elsewhere = tempfile::tempdir().unwrap();
        let list = elsewhere.path().join("tilganger.jsonl");
        let tells = |lines: &[Value]| {
            fs::write(&list, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
            house.ask(0, ["access", "grant", "import", list.to_str().unwrap(), "--municipality", number, "--as", "admin"]);
        };
        let prints = |who: &str, name: &str| {
            let out = elsewhere.path().join(name);
            let args =
                ["print", "--case", &folder, "-o", out.to_str().unwrap(), "--as", "plan_lead", "--actor", who, "--reason", "follow_up"];
            let mut command = house.frozen(args);
            command.arg("--json");
            command.output().unwrap().status.code().unwrap()
        };
        let admin = person(9);
        let granted = |who: &str, role: &str, reach: &str, since: &Value| json!({ "event": "granted", "actor": who, "role": role, "reach": reach, "since": since });
        let began = json!("2026-08-01T08:00:00+02:00");
        tells(&[granted(&admin, "admin", &format!("municipality:{number}"), &began), granted(&old, "plan_lead", &reach, &began)]);
        // Handed over, and not accepted: the new one is nobody yet.
        assert_eq!((prints(&old, "a.pdf"), prints(&new, "b.pdf")), (0, 7));
        // Accepted: the note comes, and the source system tells of the accesses, both from that instant.
        let accepted = note["content"]["accepted_at"].clone();
        submitted(&house, 0, &note);
        fs::write(
            &list,
            format!(
                "{}\n{}\n",
                granted(&new, "plan_lead", &reach, &accepted),
                json!({ "event": "ended", "actor": old, "role": "plan_lead", "reach": reach, "ended": accepted })
            ),
        )
        .unwrap();
        let import = ["access", "grant", "import", list.to_str().unwrap(), "--municipality", number, "--as", "admin", "--actor", &admin];
        house.ask(0, import);
        assert_eq!((prints(&old, "c.pdf"), prints(&new, "d.pdf")), (7, 0));
        // Afterwards it can be shown who could see the plan in the days between.
        let could = |on: &str| -> BTreeSet<String> {
            let plan = reach.trim_start_matches("plan:");
            let found =
                house.ask(0, ["access", "who", "--plan", plan, "--on", on, "--as", "admin", "--actor", &admin, "--reason", "supervision"]);
            let leads = found["could"].as_array().unwrap().iter().filter(|s| s["role"] == "plan_lead");
            leads.map(|s| s["actor"].as_str().unwrap().to_owned()).collect()
        };
        let handed_over = &note["content"]["transferred_at"].as_str().unwrap()[..10];
        assert_eq!(could(handed_over), BTreeSet::from([old.clone()]), "handed over, and not accepted");
        assert_eq!(could("2026-11-22"), BTreeSet::from([new.clone()]));
        house.ask(0, ["access", "log", "verify"]);
    }
}

#[test]
fn row_18_a_lead_who_has_not_accepted_is_no_lead() {
    let house = House::new();
    for (_, note, _) in PAIRS {
        let mut note = sample_json(note);
        note["content"].as_object_mut().unwrap().remove("accepted_at");
        let refused = submitted(&house, 5, &note);
        assert_eq!(
            (&refused["problems"][0]["code"], &refused["problems"][0]["at"]),
            (&json!("required_field_missing"), &json!("/content/accepted_at"))
        );
    }
    assert!(house.case_folders().is_empty());
}

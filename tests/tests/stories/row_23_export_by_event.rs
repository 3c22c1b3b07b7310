//! Row 23: everything that is kept about somebody, asked for through the source system: the same package as on the command line, where
//! the source system fetches it, with what was heard in events too.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use arkivflyt_tests::{Happenings, House, Tool, essence, files_below, person, sample_json};
use serde_json::{Value, json};

use crate::{
    access_export_art_15::{house, links_lead_somewhere, nothing_of_others, unpacked},
    access_rows::rows,
    judged,
};

const NOW: &str = "2026-11-23T09:00:00+01:00";
const ASKED: &str = "2026-11-23T08:41:00+01:00";

fn zip_of(house: &House, event: &Value) -> PathBuf {
    house.at(&format!("exports/{}.zip", event["id"].as_str().unwrap()))
}

fn asks(role: &str, form: &str) -> Value {
    let contact = json!({ "email": "mild.fjellbekk@example.org", "written_form": form, "person": person(7) });
    json!({ "actor": person(7), "role": role, "people": [{ "name": "Mild Fjellbekk", "contact": contact }], "reason": "access_request" })
}

#[test]
fn a_package_that_is_asked_for_holds_what_was_heard_in_events_too() {
    for (form, municipality, plan, minutes, other, role, words) in [
        (
            "nb",
            "9901",
            "plan-snapshot/full-ip.json",
            "meeting-minutes/full.json",
            "plan-snapshot/full-sl.json",
            "guardian",
            ["Dokumentene", "Samtykke venter på svar", "foresatt"],
        ),
        (
            "nn",
            "9902",
            "plan-snapshot/nynorsk-ip.json",
            "meeting-minutes/nynorsk.json",
            "plan-snapshot/nynorsk-sl.json",
            "subject",
            ["Dokumenta", "Samtykke ventar på svar", "hovudperson"],
        ),
    ] {
        let house = house(plan, minutes, other);
        let document = sample_json(plan);
        let mut teller = Happenings::of(plan, 2310);
        // Said in events alone: a new address of the person's own, a pseudonym, a question of consent.
        let name = document["case"]["subject_name"].clone();
        let moved = json!({ "email": "ny.adresse@example.net", "written_form": form });
        house.hears(NOW, &teller.event("contact.updated", ASKED, &json!({ "people": [{ "name": name, "contact": moved }] })));
        let consent = json!({ "matter": person(4242), "due": "2026-12-07" });
        house.hears(NOW, &teller.event("consent.requested", ASKED, &consent));
        let told = house.told("consent_request").len();
        assert!(told > 0);
        let logged = rows(&house, municipality).len();
        let archive = house.archive_tree();
        let event = teller.event("export.requested", ASKED, &asks(role, form));
        house.hears(NOW, &event);

        let zip = zip_of(&house, &event);
        assert_eq!(fs::metadata(&zip).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(house.archive_tree(), archive);
        assert_eq!(house.told("print_ready"), [("requester".to_owned(), "delivered".to_owned())]);
        let new: Vec<Value> = rows(&house, municipality).split_off(logged);
        assert_eq!(new.len(), 2, "a row for each folder of the person: {new:?}");
        assert!(new.iter().all(|r| r["action"] == "export" && r["role"] == role && r["actor"] == person(7) && r.get("denied").is_none()));
        // The same event again.
        let bytes = fs::read(&zip).unwrap();
        house.hears("2026-11-23T10:00:00+01:00", &event);
        assert!(fs::read(&zip).unwrap() == bytes && files_below(&house.at("exports")).len() == 1);
        assert_eq!((rows(&house, municipality).len(), house.told("print_ready").len()), (logged + 2, 1));
        house.neutral_letters();

        let elsewhere = tempfile::tempdir().unwrap();
        let Some(bag) = unpacked(&zip, &elsewhere.path().join("ut")) else { continue };
        if let Some(bagit) = Tool::find("bagit.py") {
            bagit.pass(["--validate".as_ref(), bag.as_os_str()]);
        }
        let data = bag.join("data");
        let page = fs::read_to_string(data.join("index.html")).unwrap();
        links_lead_somewhere(&page, &data);
        assert!(page.contains(&format!("<html lang=\"{form}\">")) && words.iter().all(|w| page.contains(w)), "{page}");
        let list = |name: &str| serde_json::from_slice::<Value>(&fs::read(data.join(format!("{name}.json"))).unwrap()).unwrap();
        let addresses: Vec<Value> = list("kontakt")["contacts"].as_array().unwrap().iter().map(|c| c["email"].clone()).collect();
        for own in [&json!("ny.adresse@example.net"), &document["case"]["subject_contact"]["email"]] {
            assert!(addresses.contains(own), "{addresses:?}");
        }
        let questions = list("varsler")["notices"].as_array().unwrap().iter().filter(|n| n["kind"] == words[1]).count();
        assert_eq!(questions, told, "{}", list("varsler"));
        nothing_of_others(&data, &document, &sample_json(minutes), &sample_json(other));
        assert!(!page.contains("mild.fjellbekk@example.org"), "whoever asked is another than whom it is about");
        if let Some(cover) = judged::paper(&data.join("forside.pdf")) {
            assert!(essence(&cover.text).contains(&essence("ny.adresse@example.net")), "{}", cover.text);
        }
    }
}

#[test]
fn a_package_is_for_those_who_may_have_it_all() {
    let house = house("plan-snapshot/full-ip.json", "meeting-minutes/full.json", "plan-snapshot/full-sl.json");
    let mut teller = Happenings::of("plan-snapshot/full-ip.json", 2311);
    let withheld = |mut with: Value| {
        with["withheld"] = json!(["background"]);
        with
    };
    for with in [asks("participant", "nb"), asks("archivist", "nb"), withheld(asks("guardian", "nb"))] {
        let event = teller.event("export.requested", ASKED, &with);
        house.hears(NOW, &event);
        assert!(!zip_of(&house, &event).exists(), "{with}");
    }
    let denied: Vec<Value> = rows(&house, "9901").iter().filter_map(|row| row.get("denied").cloned()).collect();
    assert_eq!(denied, ["outside_scope", "not_in_role", "withheld"], "one no is enough");
    assert!(!house.at("exports").exists() && house.told("print_ready").is_empty());
}

#[test]
fn somebody_of_whom_nothing_is_archived_yet_gets_what_is_held() {
    let house = arkivflyt_tests::working_house(arkivflyt_tests::On::Sqlite).unwrap();
    let mut teller = Happenings::of("plan-snapshot/full-ip.json", 2312);
    house.hears(NOW, &teller.event("plan.created", ASKED, &json!({})));
    let event = teller.event("export.requested", ASKED, &asks("guardian", "nb"));
    house.hears(NOW, &event);
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(house.told("print_ready").len(), 1);
    let Some(bag) = unpacked(&zip_of(&house, &event), &elsewhere.path().join("ut")) else { return };
    let contacts: Value = serde_json::from_slice(&fs::read(bag.join("data/kontakt.json")).unwrap()).unwrap();
    assert_eq!(contacts["contacts"][0]["email"], sample_json("plan-snapshot/full-ip.json")["case"]["subject_contact"]["email"]);
    judged::paper(&bag.join("data/forside.pdf"));
}

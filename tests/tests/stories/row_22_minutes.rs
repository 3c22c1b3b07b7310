//! Row 22: minutes. A correction is a new registration that points to the old one, which never changes; the absent get them too; and it is
//! known who opened them and when.

use std::{collections::BTreeSet, fs, path::Path};

use arkivflyt_tests::{Happenings, House, Pdf, digest, essence, files_below, person, sample_json, samples_folder};
use serde_json::{Value, json};

use crate::{
    access_rows::{house, names_nobody, rows},
    in_folder::{current, edited, element, happened, registration, sound, submitted, system_id, told},
};

/// Every file that a page links to, from where it lies.
fn links(page: &Path) -> BTreeSet<std::path::PathBuf> {
    let html = fs::read_to_string(page).unwrap();
    let hrefs = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    hrefs
        .filter(|h| !h.starts_with('#'))
        .map(|h| page.parent().unwrap().join(&h).canonicalize().unwrap_or_else(|e| panic!("{h}: {e}")))
        .collect()
}

#[test]
fn row_22_a_correction_is_a_new_version_beside_the_old() {
    let house = House::new();
    let submit = |name: &str| {
        let file = samples_folder().join("meeting-minutes").join(name);
        house.ask(0, ["submit".as_ref(), file.as_os_str(), "--wait".as_ref()])["documents"][0].clone()
    };
    let first = submit("full.json");
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    let first_pdf = case.join(first["pdf"].as_str().unwrap());
    let first_bytes = fs::read(&first_pdf).unwrap();
    let v1 = arkivflyt_tests::tree(&case.join("v1"));

    let second = submit("corrected.json");
    assert_eq!(
        (&second["case_folder"], &second["document_id"], second["version"].as_u64()),
        (&first["case_folder"], &first["document_id"], Some(2))
    );
    assert_eq!(house.case_folders().len(), 1);
    assert_eq!(fs::read(&first_pdf).unwrap(), first_bytes, "the first paper is untouched");
    assert_eq!(arkivflyt_tests::tree(&case.join("v1")), v1, "the first version is untouched");
    let second_pdf = case.join(second["pdf"].as_str().unwrap());
    assert!(second_pdf.is_file() && second_pdf != first_pdf);

    let shown = house.ask(0, ["case", "show", first["case_folder"].as_str().unwrap()]);
    let rows = shown["documents"].as_array().unwrap();
    assert_eq!(rows.iter().map(|d| d["version"].as_u64().unwrap()).collect::<BTreeSet<_>>(), BTreeSet::from([1, 2]), "{shown}");

    // Two registrations, the new one naming the old one.
    let system_id = |path: &Path| {
        let xml = fs::read_to_string(path).unwrap();
        let registration = xml.split("<registrering").nth(1).unwrap_or_else(|| panic!("no registration in {xml}")).to_owned();
        registration.split("<systemID>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let (old, new) = (current(case, "metadata/01.xml"), current(case, "metadata/02.xml"));
    let text = fs::read_to_string(&new).unwrap();
    assert!(text.contains("<kryssreferanse>"), "{text}");
    assert!(text.contains(&format!("<referanseTilRegistrering>{}</referanseTilRegistrering>", system_id(&old))), "{text}");
    let log = fs::read_to_string(current(case, "metadata/endringslogg.xml")).unwrap();
    assert!(log.contains("<endring>"), "{log}");

    // The index reaches every current paper and source, in a bare file browser.
    let index = current(case, "innhold.html");
    let reached = links(&index);
    for pdf in [&first_pdf, &second_pdf] {
        assert!(reached.contains(&pdf.canonicalize().unwrap()), "{} is not linked: {reached:?}", pdf.display());
    }
    for file in files_below(case) {
        let name = file.to_string_lossy().into_owned();
        if name.contains("/kilde/") {
            assert!(reached.contains(&file.canonicalize().unwrap()), "{name} is not linked");
        }
    }
    let head = fs::read(case.join("inventory.json")).unwrap();
    let inventory: Value = serde_json::from_slice(&head).unwrap();
    assert_eq!(inventory["head"], "v2");
    let chain = fs::read_to_string(case.join("v2/content/metadata/forrige-versjon.sha512")).unwrap();
    assert!(chain.trim_end().ends_with("v1/inventory.json"), "{chain}");
    assert_eq!(digest(&head), digest(&fs::read(case.join("v2/inventory.json")).unwrap()));
}

#[test]
fn the_index_of_every_folder_reaches_every_paper() {
    let house = House::bare();
    house.ask(0, ["demo"]);
    for case in house.case_folders() {
        let reached = links(&current(&case, "innhold.html"));
        for file in files_below(&case).iter().filter(|f| f.extension().is_some_and(|x| x == "pdf")) {
            assert!(reached.contains(&file.canonicalize().unwrap()), "{} is not linked", file.display());
        }
        assert!(current(&case, "LESMEG.txt").is_file());
    }
}

#[test]
fn row_22_who_opened_the_minutes_and_when() {
    let house = house();
    let minutes = sample_json("meeting-minutes/nynorsk.json");
    let mut plan = Happenings::of("meeting-minutes/nynorsk.json", 22);
    let opening = |plan: &mut Happenings, at: &str, by: u32, role: &str| {
        plan.event("content.opened", at, &json!({ "matter": minutes["id"], "actor": person(by), "role": role }))
    };
    let (first, second) = ("2026-11-24T18:05:00+01:00", "2026-11-25T07:40:00+01:00");
    let event = opening(&mut plan, first, 31, "guardian");
    house.hears("2026-11-24T18:10:00+01:00", &event);
    // The same event again, and somebody else's.
    house.hears("2026-11-24T18:20:00+01:00", &event);
    house.hears("2026-11-25T08:00:00+01:00", &opening(&mut plan, second, 32, "plan_lead"));
    let told = rows(&house, "9902");
    let seen: Vec<_> =
        told.iter().map(|r| (r["at"].as_str().unwrap(), r["actor"].as_str().unwrap(), r["role"].as_str().unwrap())).collect();
    assert_eq!(seen, [(first, &*person(31), "guardian"), (second, &*person(32), "plan_lead")]);
    assert!(
        told.iter().all(|r| r["action"] == "read_minutes" && r["document"]["id"] == minutes["id"] && r["folder"] == "9902/2026/000001")
    );

    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("opna.pdf");
    let ask = ["access", "log", "extract", "--case", "9902/2026/000001", "--as", "local_admin", "--reason", "access_request", "-o"];
    house.ask(0, ask.iter().copied().chain([out.to_str().unwrap()]));
    names_nobody(&house);
    let Some(pdf) = Pdf::read(&out) else { return };
    let text = essence(&pdf.text);
    for word in ["føresett", "planansvarleg", "lese referat", "24.11.2026 kl. 18.05", "25.11.2026 kl. 07.40", &person(31), &person(32)] {
        assert!(text.contains(&essence(word)), "{word} is missing in\n{}", pdf.text);
    }
}

/// Minutes with one of the absent among those who get them.
fn with_an_absentee(sample: &str) -> Value {
    let mut minutes = sample_json(sample);
    let absent = minutes["content"]["absent"][0].clone();
    let recipients = minutes["content"]["recipients"].as_array_mut().unwrap();
    if !recipients.iter().any(|r| r["name"] == absent["name"]) {
        let contact = json!({ "email": "fravaerende@example.org", "written_form": "nb", "person": person(70) });
        recipients.push(json!({ "name": absent["name"], "role": absent["role"], "contact": contact }));
    }
    minutes
}

#[test]
fn row_22_the_absent_get_the_minutes_and_their_correction_too() {
    for (sample, ready, corrected) in [
        ("meeting-minutes/full.json", "Ny melding fra", "Rettet melding fra"),
        ("meeting-minutes/nynorsk.json", "Ny melding frå", "Retta melding frå"),
    ] {
        let house = House::new();
        let minutes = with_an_absentee(sample);
        let name = minutes["content"]["absent"][0]["name"].as_str().unwrap();
        let all = minutes["content"]["recipients"].as_array().unwrap();
        let place = all.iter().position(|r| r["name"] == name).unwrap();
        let address = all[place]["contact"]["email"].as_str().unwrap();
        submitted(&house, 0, &minutes);
        let absentee = format!("recipient:{place}");
        assert!(told(&house, "minutes_ready").contains(&absentee), "{:?}", told(&house, "minutes_ready"));
        let version = minutes["content"]["version"].as_u64().unwrap() + 1;
        let next = "2026-11-22T09:00:00+01:00";
        let edits = [
            ("/content/version", json!(version)),
            ("/content/items/0/discussion", json!("Rettet etter merknad fra en som ikke var der.")),
            ("/content/sent_at", json!(next)),
        ];
        submitted(&house, 0, &edited(happened(minutes.clone(), next), &edits));
        assert_eq!(told(&house, "minutes_corrected"), told(&house, "minutes_ready"), "whoever got the first gets the second");
        // Both registrations name the absentee among the receivers, and the second points to the first.
        for no in [1, 2] {
            let xml = registration(&house, no);
            assert!(element(&xml, "korrespondansepartNavn").contains(&name), "{xml}");
        }
        assert_eq!(element(&registration(&house, 2), "referanseTilRegistrering"), [system_id(&registration(&house, 1))]);
        let letters = sound(&house);
        let to_them: Vec<_> = letters.iter().filter(|l| l.to == [address]).collect();
        if !letters.is_empty() {
            let subjects: BTreeSet<&str> = to_them.iter().map(|l| l.header("subject")).collect();
            assert!(subjects.len() == 2 && to_them.len() == 2, "{subjects:?}");
            let all: Vec<&str> = letters.iter().map(|l| l.header("subject")).collect();
            assert!([ready, corrected].iter().all(|words| all.iter().any(|s| s.contains(words))), "{all:?}");
        }
    }
}

//! Everything that is kept about one person, as one package for that person (GDPR art. 15).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{House, Tool, essence, files_below, samples_folder};
use serde_json::{Value, json};

use crate::{access_rows::rows, judged};

fn sample(name: &str) -> Value {
    serde_json::from_slice(&fs::read(samples_folder().join(name)).unwrap()).unwrap()
}

fn archived(house: &House, document: &[u8]) {
    house.feed(["submit", "-", "--wait", "--json"], document).expect(0);
}

/// Two folders of one person and one of somebody else, in one municipality.
pub fn house(first: &str, minutes: &str, other: &str) -> House {
    let house = House::new();
    let plan = sample(first);
    archived(&house, plan.to_string().as_bytes());
    archived(&house, sample(minutes).to_string().as_bytes());
    // Another plan of the same person.
    let mut second = plan.clone();
    second["id"] = json!("6f9a6a2e-31b8-4f8e-8a55-7a2b1d6e9001");
    second["case"]["plan_id"] = json!("6f9a6a2e-31b8-4f8e-8a55-7a2b1d6e9002");
    second["content"]["subject_needs"] = json!("Noe annet enn i den første planen.");
    archived(&house, second.to_string().as_bytes());
    let mut stranger = sample(other);
    stranger["case"]["municipality_number"] = plan["case"]["municipality_number"].clone();
    stranger["case"]["municipality_name"] = plan["case"]["municipality_name"].clone();
    archived(&house, stranger.to_string().as_bytes());
    house
}

pub fn unpacked(zip: &Path, to: &Path) -> Option<PathBuf> {
    let python = Tool::find("python3")?;
    python.pass(["-m".as_ref(), "zipfile".as_ref(), "-e".as_ref(), zip.as_os_str(), to.as_os_str()]);
    let folders: Vec<_> = fs::read_dir(to).unwrap().map(|e| e.unwrap().path()).collect();
    let [bag] = &folders[..] else { panic!("one folder: {folders:?}") };
    Some(bag.clone())
}

const LEAD: [&str; 4] = ["--as", "plan_lead", "--reason", "access_request"];

#[test]
fn access_export_art_15_holds_everything_about_the_person_and_nothing_of_others() {
    for (form, municipality, plan, minutes, other, words) in [
        (
            "nb",
            "9901",
            "plan-snapshot/full-ip.json",
            "meeting-minutes/full.json",
            "plan-snapshot/full-sl.json",
            ["Dokumentene", "Varsler vi har sendt", "Slik når vi deg", "planansvarlig"],
        ),
        (
            "nn",
            "9902",
            "plan-snapshot/nynorsk-ip.json",
            "meeting-minutes/nynorsk.json",
            "plan-snapshot/nynorsk-sl.json",
            ["Dokumenta", "Varsel vi har sendt", "Slik når vi deg", "planansvarleg"],
        ),
    ] {
        let house = house(plan, minutes, other);
        let document = sample(plan);
        let subject = document["case"]["subject_national_id"].as_str().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let (zip, again) = (elsewhere.path().join("innsyn.zip"), elsewhere.path().join("igjen.zip"));
        let before = house.archive_tree();
        let logged = rows(&house, municipality).len();
        let asked = ["case", "access-export", "--subject", "-", "--municipality", municipality, "-o", zip.to_str().unwrap(), "--json"];
        let answer = house.feed([&asked[..], &LEAD].concat(), format!("{subject}\n").as_bytes()).expect(0).json();
        assert_eq!(answer["case_folders"].as_array().unwrap().len(), 2, "{answer}");
        assert!(!answer.to_string().contains(subject));
        assert_eq!(house.archive_tree(), before);
        let log = rows(&house, municipality);
        assert_eq!(
            log[logged..].iter().map(|r| r["action"].as_str().unwrap()).collect::<Vec<_>>(),
            ["export", "export"],
            "a row for each folder"
        );
        // Found from one folder just as well.
        let folder = answer["case_folders"][0].as_str().unwrap();
        let from_folder = house.ask(0, [&["case", "access-export", "--case", folder, "-o", again.to_str().unwrap()], &LEAD[..]].concat());
        assert_eq!(from_folder["case_folders"], answer["case_folders"]);

        let Some(bag) = unpacked(&zip, &elsewhere.path().join("ut")) else { continue };
        if let Some(bagit) = Tool::find("bagit.py") {
            bagit.pass(["--validate".as_ref(), bag.as_os_str()]);
        }
        let data = bag.join("data");
        let page = fs::read_to_string(data.join("index.html")).unwrap();
        links_lead_somewhere(&page, &data);
        assert!(page.contains(&format!("<html lang=\"{form}\">")) && words.iter().all(|w| page.contains(w)), "{page}");
        // The rows of the log that tell of this export are in it.
        let accesses: Value = serde_json::from_slice(&fs::read(data.join("tilgang.json")).unwrap()).unwrap();
        assert_eq!(accesses["accesses"].as_array().unwrap().len(), logged + 2, "{accesses}");
        let notices: Value = serde_json::from_slice(&fs::read(data.join("varsler.json")).unwrap()).unwrap();
        assert!(!notices["notices"].as_array().unwrap().is_empty(), "{notices}");
        nothing_of_others(&data, &document, &sample(minutes), &sample(other));
        if let Some(cover) = judged::paper(&data.join("forside.pdf")) {
            let text = essence(&cover.text);
            let name = document["case"]["subject_name"].as_str().unwrap();
            assert!(words.into_iter().chain([name]).all(|w| text.contains(&essence(w))), "{}", cover.text);
            assert!(!cover.info.contains(name), "no name in the file's own metadata");
        }
    }
}

pub fn links_lead_somewhere(page: &str, data: &Path) {
    let links: BTreeSet<&str> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() >= 7, "{links:?}");
    for link in &links {
        assert!(data.join(link).is_file(), "{link} leads nowhere");
    }
    let files: BTreeSet<String> = files_below(data).iter().map(|f| f.strip_prefix(data).unwrap().display().to_string()).collect();
    let papers = files.iter().filter(|f| f.contains("/dokumenter/")).count();
    assert_eq!((papers, files.iter().filter(|f| f.contains("/kilde/")).count()), (3, 3), "{files:?}");
    assert!(files.iter().all(|f| !f.ends_with(".xml") && !f.contains("sak.json")), "{files:?}");
}

/// No national id of others, no address of others; nothing of the stranger at all.
pub fn nothing_of_others(data: &Path, plan: &Value, minutes: &Value, stranger: &Value) {
    let own = [plan["case"]["subject_national_id"].as_str(), plan["case"]["subject_contact"]["email"].as_str()];
    let mut secrets = BTreeSet::new();
    for document in [plan, minutes, stranger] {
        collect(document, "", &mut secrets);
    }
    secrets.insert(stranger["case"]["subject_name"].as_str().unwrap().to_owned());
    secrets.retain(|s| !own.contains(&Some(s.as_str())));
    assert!(secrets.len() > 4, "{secrets:?}");
    for file in files_below(data).into_iter().filter(|f| f.extension().is_some_and(|x| x != "pdf")) {
        let text = fs::read_to_string(&file).unwrap();
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{}: {secret}", file.display());
        }
    }
    let sources = files_below(data).into_iter().filter(|f| f.parent().unwrap().ends_with("kilde")).map(|f| fs::read_to_string(f).unwrap());
    assert!(sources.collect::<String>().contains(own[0].unwrap()), "the subject's own id is there");
}

fn collect(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if key.ends_with("national_id") || key == "email" => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|v| collect(v, key, found)),
        Value::Object(map) => map.iter().for_each(|(k, v)| collect(v, k, found)),
        _ => {}
    }
}

#[test]
fn access_export_art_15_is_refused_where_it_cannot_be_one_persons() {
    let house = house("plan-snapshot/full-ip.json", "meeting-minutes/full.json", "plan-snapshot/full-sl.json");
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("innsyn.zip");
    let ask = |code: i32, more: &[&str]| house.ask(code, [&["case", "access-export", "-o", out.to_str().unwrap()], more].concat());
    assert_eq!(ask(5, &[&["--case", "9901/2026/000001", "--case", "9901/2026/000003"], &LEAD[..]].concat())["code"], "several_people");
    assert_eq!(ask(4, &[&["--case", "9901/2026/000999"], &LEAD[..]].concat())["code"], "not_found");
    assert_eq!(ask(7, &["--case", "9901/2026/000001"])["code"], "not_authorised", "nobody without a role");
    assert_eq!(ask(7, &["--case", "9901/2026/000001", "--as", "archivist", "--reason", "access_request"])["code"], "not_authorised");
    let from_file = |text: &str, code: i32| {
        let file = elsewhere.path().join("nummer.txt");
        fs::write(&file, text).unwrap();
        let answer = ask(code, &[&["--subject", file.to_str().unwrap(), "--municipality", "9901"], &LEAD[..]].concat());
        fs::remove_file(&file).unwrap();
        answer["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(from_file("17851490028\n", 5), "national_id_shape", "a wrong check digit");
    assert_eq!(from_file("28421670090\n", 4), "not_found", "nobody here");
    // Never as an argument, and never without saying whom.
    house.run(["case", "access-export", "--subject-id", "17851458352", "-o", "x.zip"]).expect(2);
    house.run(["case", "access-export", "-o", "x.zip"]).expect(2);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing was left");
}

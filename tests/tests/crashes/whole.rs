//! What a data folder must look like after everything has settled, whatever came before.

use std::{collections::BTreeSet, fs};

use arkivflyt_tests::{House, Sample, files_below, good_samples};
use serde_json::Value;

/// Documents and notices that a folder ends with, however it got there.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `<id> v<version>`, each with its place in the archive not told.
    pub documents: Vec<String>,
    /// Document, version, receiver and kind of each notice; reports on runs are not among them.
    pub notices: Vec<String>,
    /// Who must be told on paper.
    pub on_paper: Vec<String>,
}

/// Looks at everything, and fails on what may not be there in any case.
pub fn outcome(house: &House) -> Outcome {
    no_strays(house);
    archive_is_whole(house);
    let list = house.run_now(["mail", "list", "--limit", "1000000", "--json"]).expect(0).json();
    let mut notices = Vec::new();
    let rows = list["mails"].as_array().unwrap();
    for row in rows {
        assert_eq!(row["state"], "delivered", "{row}");
        if row["kind"] != "archive_report" {
            notices.push(format!("{} v{} {} {}", row["document_id"], row["version"], row["recipient"], row["kind"]));
        }
    }
    mails_are_whole(house, rows);
    let mut on_paper: Vec<String> =
        list["on_paper"].as_array().unwrap().iter().map(|p| format!("{} v{} {}", p["document_id"], p["version"], p["recipient"])).collect();
    on_paper.sort();
    notices.sort();
    Outcome { documents: documents(house), notices, on_paper }
}

/// Keys of everything archived, one for each time that it lies there.
fn documents(house: &House) -> Vec<String> {
    let (mut keys, mut made) = (Vec::new(), Vec::new());
    let samples: BTreeSet<String> = good_samples().iter().map(Sample::key).collect();
    for case in house.case_folders() {
        let mut here = Vec::new();
        for file in files_below(&case).iter().filter(|f| f.parent().is_some_and(|p| p.ends_with("kilde"))) {
            let json: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            let key = format!("{} v{}", json["id"].as_str().unwrap(), json["content"]["version"]);
            here.push((key, json["source"]["system"].as_str().unwrap().to_owned()));
        }
        // What the folder says about itself is the same.
        let papers = files_below(&case).iter().filter(|f| f.extension().is_some_and(|x| x == "pdf")).count();
        assert_eq!(papers, here.len(), "{}", case.display());
        // Lists that Arkivflyt makes itself when a folder is closed: one that is opened again later may have been closed for a while.
        let (lists, sent): (Vec<_>, Vec<_>) = here.into_iter().partition(|(key, system)| system == "arkivflyt" && !samples.contains(key));
        made.extend(lists.into_iter().map(|(key, _)| key));
        keys.extend(sent.into_iter().map(|(key, _)| key));
    }
    keys.sort();
    let listed: u64 = house.run_now(["case", "list", "--json"]).expect(0).json()["folders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["documents"].as_u64().unwrap())
        .sum();
    assert_eq!(listed as usize, keys.len() + made.len(), "the folders' own records agree");
    assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len(), "no list is made twice: {made:?}");
    keys
}

fn archive_is_whole(house: &House) {
    let verified = house.run_now(["verify", "--json"]).expect(0).json();
    assert_eq!(verified["findings"].as_array().unwrap().len(), 0, "{verified}");
    assert_eq!(verified["objects"].as_u64().unwrap() as usize, house.case_folders().len(), "{verified}");
    // Each version has its line in the log, however its worker ended.
    house.run_now(["audit", "verify", "--json"]).expect(0);
}

/// Each notice is one file, and each file one notice.
fn mails_are_whole(house: &House, rows: &[Value]) {
    let files = files_below(&house.at("mail"));
    let mut ids = BTreeSet::new();
    for file in &files {
        assert!(file.parent().unwrap().ends_with("mail/new"), "{}", file.display());
        let text = fs::read_to_string(file).unwrap();
        assert!(text.len() > 300 && text.ends_with('\n') && text.contains("\r\n\r\n"), "torn: {}", file.display());
        let id = text.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap_or_else(|| panic!("no id in {text}")).trim().to_owned();
        assert!(ids.insert(id), "twice: {}", file.display());
    }
    let expected: BTreeSet<String> = rows.iter().map(|r| r["message_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(expected.len(), rows.len());
    assert_eq!(ids, expected);
}

/// Nothing half-written, nothing left lying.
fn no_strays(house: &House) {
    for file in files_below(house.data()) {
        let path = file.strip_prefix(house.data()).unwrap().display().to_string();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let place = path.split('/').next().unwrap();
        let fine = match place {
            "arkivlager" => path.contains("/ocfl/") || path.contains("/revisjonslogg") || name == ".laas",
            "accepted" => name.len() == 69 && name.ends_with(".json") && whole_json(&file),
            "mail" => path.starts_with("mail/new/"),
            "municipalities" | "reports" | "requests" | "keys" | "fixity" => true,
            _ => file.parent() == Some(house.data()) && (name.starts_with("arkivflyt.") || name == "people.key"),
        };
        assert!(fine && !name.ends_with(".part") && !name.ends_with(".tmp"), "a stray file: {path}");
    }
    let staging = fs::read_dir(house.at("arkivlager")).into_iter().flatten().map(|e| e.unwrap().path().join("staging"));
    for folder in staging.filter(|p| p.is_dir()) {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.file_name(), ".laas", "a stray folder: {}", entry.path().display());
        }
    }
}

fn whole_json(file: &std::path::Path) -> bool {
    serde_json::from_slice::<Value>(&fs::read(file).unwrap()).is_ok()
}

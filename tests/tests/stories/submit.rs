//! `submit`: files, folders, standard input; known content; waiting for the end.

use arkivflyt_tests::{House, good_samples, kind_folders, samples_folder, tree};

fn sample(name: &str) -> std::path::PathBuf {
    samples_folder().join(name)
}

#[test]
fn a_file_waits_until_a_run_takes_it() {
    let house = House::new();
    let file = sample("plan-snapshot/minimal-ip.json");
    let answer = house.ask(0, ["submit".as_ref(), file.as_os_str()]);
    assert_eq!(answer["schema"], "arkivflyt.submit/1");
    let line = &answer["documents"][0];
    assert_eq!(
        (line["answer"].as_str(), line["document_id"].as_str()),
        (Some("accepted"), Some("c5ffc52b-7c5d-52de-9702-337cafb9bcc4")),
        "{line}"
    );
    assert!(house.case_folders().is_empty(), "nothing is archived before a run");

    let run = house.ask(0, ["run-once"]);
    assert_eq!((run["archived"].as_u64(), run["interrupted"].as_bool()), (Some(1), Some(false)), "{run}");
    let folder = line["case_folder"].as_str().unwrap();
    let shown = house.ask(0, ["case", "show", folder]);
    assert_eq!(shown["documents"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(house.case_folders().len(), 1);

    let archive = house.archive_tree();
    let again = house.ask(0, ["submit".as_ref(), file.as_os_str(), "--wait".as_ref()]);
    let line = &again["documents"][0];
    assert_eq!((line["answer"].as_str(), line["code"].as_str()), (Some("known"), Some("duplicate_snapshot")), "{line}");
    assert_eq!(line["case_folder"].as_str(), Some(folder));
    assert_eq!(house.archive_tree(), archive);
}

#[test]
fn the_same_content_under_another_id_is_known() {
    let house = House::new();
    let file = sample("plan-snapshot/minimal-es.json");
    house.ask(0, ["submit".as_ref(), file.as_os_str(), "--wait".as_ref()]);
    let archive = house.archive_tree();
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    json["id"] = "00000000-0000-4000-8000-000000000001".into();
    let answer = house.feed(["submit", "-", "--wait", "--json"], json.to_string().as_bytes()).expect(0).json();
    assert_eq!(answer["documents"][0]["answer"], "known", "{answer}");
    assert_eq!(house.archive_tree(), archive);

    // The same id for other content is an error of the sender's, and told as such.
    json["id"] = serde_json::from_slice::<serde_json::Value>(&std::fs::read(&file).unwrap()).unwrap()["id"].clone();
    json["content"]["purpose"] = "Noe annet enn før.".into();
    let answer = house.feed(["submit", "-", "--json"], json.to_string().as_bytes()).expect(5).json();
    assert_eq!(answer["documents"][0]["problems"][0]["code"], "document_id_reused", "{answer}");
    house.ask(0, ["run-once"]);
    assert_eq!(house.archive_tree(), archive);
}

#[test]
fn standard_input_and_waiting() {
    let house = House::new();
    let bytes = std::fs::read(sample("meeting-minutes/minimal.json")).unwrap();
    let answer = house.feed(["submit", "-", "--wait", "--json"], &bytes).expect(0).json();
    let line = &answer["documents"][0];
    assert_eq!((line["file"].as_str(), line["answer"].as_str()), (Some("-"), Some("accepted")), "{line}");
    assert!(["archived", "notified"].contains(&line["state"].as_str().unwrap()), "{line}");
    let [folder] = &house.case_folders()[..] else { panic!("one folder") };
    assert!(folder.join(line["pdf"].as_str().unwrap()).is_file(), "{line}");
}

#[test]
fn a_folder_and_several_folders() {
    let house = House::new();
    let folders = kind_folders();
    let args = ["submit".as_ref()].into_iter().chain(folders.iter().map(|f| f.as_os_str()));
    let answer = house.ask(0, args);
    let lines = answer["documents"].as_array().unwrap();
    assert_eq!(lines.len(), good_samples().len(), "broken/ lies deeper and is not looked into");
    assert!(lines.iter().all(|l| l["answer"] == "accepted"), "{answer}");
    assert_eq!(tree(&house.at("accepted")).len(), lines.len());
}

#[test]
fn what_is_not_there_is_not_found() {
    let house = House::new();
    let run = house.run(["submit", "no-such-file.json"]).expect(4);
    assert!(run.stderr.contains("no-such-file.json"), "{run}");
    house.run(["submit"]).expect(2);
    house.run(["case", "show", "9901/2026/000042"]).expect(4);
    house.run(["case", "verify", "9901/2026/000042"]).expect(4);
    house.run(["mail", "show", "42"]).expect(4);
    house.run(["verify", "--path", "no-such-folder"]).expect(4);
    house.run(["render", "no-such-file.json", "-o", "out.pdf"]).expect(4);
}

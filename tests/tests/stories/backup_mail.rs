//! After a restore nothing is sent twice: what may have gone out since the backup is left to a person.

use std::{collections::BTreeSet, fs};

use arkivflyt_tests::{House, files_below, lasting_samples, samples_folder};
use serde_json::Value;

use crate::backup_create::{create, restored, verified};

fn states(house: &House) -> Vec<String> {
    let mails = house.ask(0, ["mail", "list"]);
    mails["mails"].as_array().unwrap().iter().map(|m| m["state"].as_str().unwrap().to_owned()).collect()
}

fn submit(house: &House, name: &str) -> Value {
    let file = samples_folder().join(name);
    house.ask(0, ["submit".as_ref(), file.as_os_str()])
}

#[test]
fn notices_of_documents_that_waited_are_in_doubt() {
    let house = House::new();
    submit(&house, "meeting-minutes/full.json");
    let target = tempfile::tempdir().unwrap();
    let backup = create(&house, target.path());
    // After the backup it is archived and told of.
    house.ask(0, ["run-once"]);
    let sent = files_below(&house.at("mail/new")).len();
    assert!(sent > 1);

    let (other, answer) = restored(&backup, &[]);
    let doubtful = answer["doubtful_mails"].as_u64().unwrap() as usize;
    assert!(doubtful > 0, "{answer}");
    other.ask(0, ["run-once"]);
    assert_eq!(other.ask(0, ["verify"])["valid"], true);
    let all = states(&other);
    assert_eq!(all.iter().filter(|s| *s == "doubtful").count(), doubtful, "{all:?}");
    // Only the report on this run, which is new, goes out.
    assert_eq!(files_below(&other.at("mail/new")).len(), all.len() - doubtful);
    assert_eq!(all.len(), sent);
    // A person knows that one of them is missing: it bears the same id as the first time.
    let mails = other.ask(0, ["mail", "list"]);
    let number = mails["mails"].as_array().unwrap().iter().find(|m| m["state"] == "doubtful").unwrap()["number"].clone();
    let names =
        |house: &House| files_below(&house.at("mail/new")).into_iter().map(|p| p.file_name().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let before = names(&other);
    other.ask(0, ["retry", "--mail", &number.to_string()]);
    other.ask(0, ["run-once"]);
    let more: Vec<_> = names(&other).difference(&before).cloned().collect();
    assert!(more.len() == 1 && names(&house).contains(&more[0]), "the same mail under the same name: {more:?}");

    let (known, answer) = restored(&backup, &["--open-mail", "send"]);
    assert_eq!(answer["doubtful_mails"], 0);
    known.ask(0, ["run-once"]);
    assert_eq!(files_below(&known.at("mail/new")).len(), sent, "whoever knows that nothing was sent may have it sent");
}

#[test]
fn queued_mail_is_in_doubt_unless_it_lies_in_the_backup() {
    let house = House::new();
    for sample in lasting_samples() {
        house.ask(0, ["submit".as_ref(), sample.path.as_os_str()]);
    }
    // A folder where the Maildir's `new` should be: mails stay queued.
    fs::create_dir_all(house.at("mail")).unwrap();
    fs::write(house.at("mail/new"), "in the way").unwrap();
    let _ = house.run(["run-once"]);
    fs::remove_file(house.at("mail/new")).unwrap();
    let waiting = states(&house).iter().filter(|s| *s == "queued").count();
    assert!(waiting > 5);
    let target = tempfile::tempdir().unwrap();
    let backup = create(&house, target.path());
    assert_eq!(verified(&house, &backup)["valid"], true);
    let (other, answer) = restored(&backup, &[]);
    assert_eq!(answer["doubtful_mails"].as_u64(), Some(waiting as u64), "{answer}");
    let list = other.run(["mail", "list", "--lang", "en"]).expect(0);
    assert!(list.text().contains("doubtful"), "{list}");
    other.ask(0, ["run-once"]);
    assert!(files_below(&other.at("mail/new")).len() <= 3, "only reports on this run");
}

/// A document in the drop folder, and one in `accepted/` that has no row: the first reader after the backup tells of both.
#[test]
fn notices_of_documents_without_a_row_are_in_doubt() {
    let house = House::new();
    let samples = samples_folder();
    submit(&house, "meeting-minutes/full.json");
    let accepted = files_below(&house.at("accepted")).remove(0);
    // As if its row came a moment after the snapshot.
    let early = House::new();
    let orphan = early.at("accepted").join(accepted.file_name().unwrap());
    fs::copy(&accepted, orphan).unwrap();
    fs::copy(samples.join("plan-snapshot/full-ip.json"), early.at("inbox/plan.json")).unwrap();
    let target = tempfile::tempdir().unwrap();
    let backup = create(&early, target.path());
    assert_eq!(verified(&early, &backup)["rows"]["documents"], 0);
    // After the backup both are archived and told of.
    early.ask(0, ["run-once"]);
    let sent = files_below(&early.at("mail/new")).len();
    assert!(sent > 2);

    let (other, answer) = restored(&backup, &[]);
    let doubtful = answer["doubtful_mails"].as_u64().unwrap() as usize;
    assert!(doubtful > 1, "{answer}");
    assert_eq!(answer["rows"]["documents"], 2, "{answer}");
    other.ask(0, ["run-once"]);
    assert_eq!(other.ask(0, ["verify"])["valid"], true);
    assert_eq!(files_below(&other.at("inbox")).len(), 0, "what lay there is known");
    let all = states(&other);
    assert_eq!(all.iter().filter(|s| *s == "doubtful").count(), doubtful, "{all:?}");
    assert_eq!((all.len(), files_below(&other.at("mail/new")).len()), (sent, sent - doubtful), "only the report on this run");
    // A person may have them sent.
    let mails = other.ask(0, ["mail", "list"]);
    for mail in mails["mails"].as_array().unwrap().iter().filter(|m| m["state"] == "doubtful") {
        other.ask(0, ["retry", "--mail", &mail["number"].to_string()]);
    }
    other.ask(0, ["run-once"]);
    assert!(states(&other).iter().all(|s| s == "delivered"), "{:?}", states(&other));
    let (known, _) = restored(&backup, &["--open-mail", "send"]);
    known.ask(0, ["run-once"]);
    assert_eq!(files_below(&known.at("mail/new")).len(), sent);
}

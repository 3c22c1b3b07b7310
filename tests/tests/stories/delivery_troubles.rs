//! What goes wrong between us and a case archive: each ends in a state that says what to do, nothing is lost, and nothing is sent twice.

use std::{fs, time::Duration};

use arkivflyt_tests::{House, On, files_below, sample_json, working_house};
use serde_json::{Value, json};

use crate::{
    delivery::day,
    delivery_receiver::{Dialect, ELEVMAPPE, Message, OWN, Receiver, count, deliveries, names, runs, sets_up},
    in_folder::{submitted, text},
    judged,
};

const LONG: Duration = Duration::from_secs(300);

/// A house with one plan that was sent.
fn one_sent(dialect: Dialect) -> (House, Receiver, Message) {
    let house = House::new();
    let receiver = sets_up(&house, dialect, OWN);
    submitted(&house, 0, &sample_json("plan-snapshot/full-ip.json"));
    let message = receiver.carries().pop().expect("it was sent");
    (house, receiver, message)
}

fn show(house: &House) -> Value {
    house.ask(0, ["deliveries", "show", "1"])
}

#[test]
fn an_error_answer_waits_for_a_person_who_sends_again() {
    for dialect in Dialect::BOTH {
        let (house, receiver, first) = one_sent(dialect);
        receiver.refuses(&first);
        let run = runs(&house, &day(1)).expect(3);
        assert_eq!(run.json()["deliveries"]["need_person"], 1);
        assert_eq!(deliveries(&house), [("document".to_owned(), "refused".to_owned(), "delivery_refused".to_owned())]);
        // What to do, in the reader's language, and nothing of what the receiver wrote.
        for (lang, words) in [("nb", "send på nytt"), ("nn", "send på nytt"), ("en", "send again")] {
            for command in [["deliveries", "list", "--lang", lang].as_slice(), &["deliveries", "show", "1", "--lang", lang]] {
                let told = house.run(command).expect(0).text();
                assert!(told.contains(words) && told.contains("delivery_refused"), "{told}");
            }
        }
        let kept = text(&house, "metadata/kvitteringer/01.json");
        let reason = if dialect == Dialect::Fiks { "invalid_request" } else { "error" };
        assert!(kept.contains("\"refused\"") && kept.contains(reason), "{kept}");
        assert_eq!(house.ask(0, ["status"])["plans"][0]["undelivered"], 1);
        assert_eq!(house.ask(0, ["status", "--failed"])["plans"].as_array().unwrap().len(), 1);
        // Nothing goes by itself.
        runs(&house, &day(2)).expect(0);
        assert!(receiver.waiting().is_empty());
        let resent = house.ask(0, ["deliveries", "resend", "--state", "refused"]);
        assert_eq!((&resent["deliveries"][0]["resent"], &resent["deliveries"][0]["state"]), (&json!(true), &json!("waiting")));
        runs(&house, &day(2)).expect(0);
        let second = receiver.carries().pop().expect("it was sent again");
        assert_ne!(first.id, second.id);
        assert_eq!(first.keys(), second.keys(), "by the same keys");
        assert_eq!(house.ask(0, ["deliveries", "resend", "1"])["deliveries"][0]["resent"], false, "it is under way");
        receiver.accepts(&second);
        runs(&house, &day(3)).expect(0);
        assert_eq!((count(&house, "accepted"), show(&house)["sendings"].as_array().unwrap().len()), (1, 2));
        let kept: Value = serde_json::from_str(&text(&house, "metadata/kvitteringer/01.json")).unwrap();
        let answers: Vec<&str> = kept["answers"].as_array().unwrap().iter().map(|a| a["answer"].as_str().unwrap()).collect();
        assert_eq!(answers, ["refused", "accepted"]);
        judged::folders(&house);
    }
    House::new().run(["deliveries", "show", "7"]).expect(4);
    House::new().run(["deliveries", "resend", "7"]).expect(4);
}

#[test]
fn a_fault_of_the_receivers_own_is_tried_again_by_itself() {
    let (house, receiver, first) = one_sent(Dialect::Fiks);
    receiver.lays_fault(&first, "serverfeil");
    runs(&house, "2026-11-23T09:01:00+01:00").expect(0);
    assert_eq!(count(&house, "waiting"), 1);
    assert!(receiver.waiting().is_empty(), "not at once");
    runs(&house, "2026-11-23T12:00:00+01:00").expect(0);
    let second = receiver.carries().pop().expect("it was sent again");
    assert_ne!(first.id, second.id);
    receiver.accepts(&second);
    runs(&house, &day(1)).expect(0);
    assert_eq!(count(&house, "accepted"), 1);
}

#[test]
fn silence_becomes_doubt_and_a_late_receipt_ends_it() {
    let (house, receiver, message) = one_sent(Dialect::Digdir);
    runs(&house, &day(2)).expect(0);
    assert_eq!(count(&house, "sent"), 1);
    runs(&house, &day(4)).expect(3);
    assert_eq!(deliveries(&house), [("document".to_owned(), "doubtful".to_owned(), "delivery_doubtful".to_owned())]);
    runs(&house, &day(5)).expect(0);
    assert_eq!(runs(&house, &day(6)).expect(0).json()["deliveries"]["need_person"], 0, "told once");
    receiver.accepts(&message);
    runs(&house, &day(7)).expect(0);
    assert_eq!(count(&house, "accepted"), 1);
}

#[test]
fn a_receipt_that_comes_twice_or_late_changes_nothing_more() {
    for dialect in Dialect::BOTH {
        let (house, receiver, message) = one_sent(dialect);
        receiver.accepts_as(&message, "a");
        receiver.accepts_as(&message, "b");
        assert_eq!(runs(&house, &day(1)).expect(0).json()["deliveries"]["receipts"], 1);
        let before = house.archive_tree();
        // The same once more, and then an error about what is archived: what was accepted stays accepted.
        receiver.accepts_as(&message, "c");
        receiver.refuses(&message);
        assert_eq!(runs(&house, &day(2)).expect(0).json()["deliveries"]["receipts"], 0);
        assert_eq!((count(&house, "accepted"), house.archive_tree() == before), (1, true));
        assert_eq!((names(&receiver.folder.join("inn")).len(), names(&receiver.folder.join("tatt")).len()), (0, 4));
    }
}

#[test]
fn what_answers_nothing_of_ours_or_cannot_be_read_is_set_aside() {
    let (house, receiver, message) = one_sent(Dialect::Fiks);
    let stranger = Message { id: "00000000-0000-5000-8000-000000000001".to_owned(), ..receiver_copy(&message) };
    receiver.accepts_as(&stranger, "ukjent");
    receiver.lays_fiks(
        &message,
        "brutt",
        "arkivering.arkivmelding.opprett.kvittering",
        Some(("arkivmelding-kvittering.xml", "<arkivmeld")),
    );
    receiver.lays_fiks(&message, "innsyn", "innsyn.sok.resultat.utvidet", None);
    receiver.lays_file("Stille Regnbue.txt", b"\xff\xfe");
    // What is unreadable may be half written: it is given ten minutes by its own clock.
    let run = runs(&house, "2199-01-01T09:00:00+01:00");
    assert_eq!((run.code(), &run.json()["deliveries"]["set_aside"]), (3, &json!(4)), "{run}");
    assert!(!run.stderr.contains("Regnbue"), "{run}");
    assert_eq!((names(&receiver.folder.join("inn")).len(), names(&receiver.folder.join("ukjent")).len()), (0, 4));
    assert!(names(&receiver.folder.join("ukjent")).iter().all(|name| !name.contains("Regnbue")));
    receiver.accepts(&message);
    runs(&house, "2199-01-01T10:00:00+01:00").expect(0);
    assert_eq!(count(&house, "accepted"), 1);
}

fn receiver_copy(message: &Message) -> Message {
    Message { id: message.id.clone(), kind: message.kind.clone(), xml: message.xml.clone() }
}

#[test]
fn what_the_case_does_not_have_waits_for_a_person() {
    let house = House::new();
    let receiver = sets_up(&house, Dialect::Fiks, ELEVMAPPE);
    let mut plan = sample_json("plan-snapshot/full-ip.json");
    plan["case"].as_object_mut().unwrap().remove("subject_national_id");
    submitted(&house, 0, &plan);
    assert_eq!(deliveries(&house), [("document".to_owned(), "failed".to_owned(), "delivery_incomplete".to_owned())]);
    assert!(receiver.waiting().is_empty());
    // The target was wrong for this plan: corrected, and asked for again.
    sets_up(&house, Dialect::Fiks, OWN);
    house.ask(0, ["deliveries", "resend", "1"]);
    runs(&house, &day(1)).expect(0);
    assert_eq!(receiver.carries().len(), 1);
}

#[test]
fn an_exchange_folder_that_cannot_be_written_to_stops_no_archiving() {
    let house = House::new();
    let receiver = sets_up(&house, Dialect::Digdir, OWN);
    fs::write(&receiver.folder, "in the way").unwrap();
    let row = submitted(&house, 0, &sample_json("plan-snapshot/full-ip.json"));
    assert_eq!(row["state"], "notified");
    assert_eq!(deliveries(&house), [("document".to_owned(), "waiting".to_owned(), "delivery_unwritable".to_owned())]);
    fs::remove_file(&receiver.folder).unwrap();
    runs(&house, &day(1)).expect(0);
    assert_eq!((receiver.carries().len(), count(&house, "sent")), (1, 1));
}

/// The power goes after the message was handed over and before that was written down: the database is as it was before.
#[test]
fn a_kill_between_handing_over_and_writing_down_sends_nothing_twice() {
    for is_carried in [false, true] {
        let house = House::new();
        let receiver = sets_up(&house, Dialect::Fiks, OWN);
        fs::write(&receiver.folder, "in the way").unwrap();
        submitted(&house, 0, &sample_json("plan-snapshot/full-ip.json"));
        fs::remove_file(&receiver.folder).unwrap();
        let databases: Vec<_> = files_below(house.data()).into_iter().filter(|f| is_database(f)).collect();
        let before: Vec<_> = databases.iter().map(|f| (f.clone(), fs::read(f).unwrap())).collect();
        runs(&house, &day(1)).expect(0);
        let first = receiver.waiting().pop().expect("it was handed over");
        if is_carried {
            receiver.carries();
            // The answer is quicker than we are back.
            receiver.accepts(&first);
        }
        files_below(house.data()).into_iter().filter(|f| is_database(f)).for_each(|f| fs::remove_file(f).unwrap());
        before.iter().for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
        assert_eq!(count(&house, "waiting"), 1, "it is not written down");
        // Its message is not known either: nobody knows it again until it is handed over once more, under the same id.
        let stray = names(&receiver.folder.join("inn"));
        stray.iter().for_each(|name| fs::rename(receiver.folder.join("inn").join(name), house.at(name)).unwrap());
        runs(&house, &day(1)).expect(0);
        assert_eq!(count(&house, "sent"), 1);
        let there = [names(&receiver.folder.join("ut")), names(&receiver.folder.join("sendt"))].concat();
        assert_eq!(there, std::slice::from_ref(&first.id), "one message, under one id");
        stray.iter().for_each(|name| fs::rename(house.at(name), receiver.folder.join("inn").join(name)).unwrap());
        runs(&house, &day(1)).expect(0);
        assert_eq!(count(&house, "accepted"), usize::from(is_carried));
    }
}

fn is_database(file: &std::path::Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("arkivflyt.db"))
}

/// Background workers, killed again and again while documents come in.
#[test]
fn killed_workers_lose_nothing_and_send_nothing_twice() {
    for on in On::BOTH {
        let Some(house) = working_house(on) else { continue };
        let receiver = sets_up(&house, Dialect::Fiks, OWN);
        let plan = sample_json("plan-snapshot/minimal-ip.json");
        const DOCUMENTS: usize = 12;
        for n in 0..DOCUMENTS {
            let mut document = plan.clone();
            document["id"] = json!(format!("00000000-0000-4000-8000-{n:012x}"));
            document["case"]["plan_id"] = json!(format!("00000000-0000-4000-9000-{:012x}", n % 4));
            document["case"].as_object_mut().unwrap().remove("subject_national_id");
            document["source"]["record"] = json!(format!("record-{n}"));
            document["content"]["subject_needs"] = json!(format!("Merknad nr. {n}."));
            house.drop_in(&format!("{n:02}.json"), document.to_string().as_bytes());
        }
        // Each is killed when it has handed over some more.
        for handed_over in [1, 3, 6, 9] {
            let daemon = house.serve();
            house.until(LONG, |_| match names(&receiver.folder.join("ut")).len() {
                n if n >= handed_over => Ok(()),
                n => Err(format!("{n} messages of {handed_over}\n{}", daemon.log())),
            });
            daemon.kill();
        }
        let daemon = house.serve();
        house.until(LONG, |house| match house.sql("select count(*) from deliveries where state = 'sent'") {
            n if n == DOCUMENTS.to_string() => Ok(()),
            n => Err(format!("{n} are sent\n{}", daemon.log())),
        });
        let messages = receiver.carries();
        assert_eq!(messages.len(), DOCUMENTS, "{on:?}: one message a document");
        assert_eq!(house.sql("select count(*) from delivery_messages"), DOCUMENTS.to_string());
        messages.iter().for_each(|m| receiver.accepts(m));
        house.run_now(["schedule", "run-now", "delivery.receipts"]).expect(0);
        house.until(LONG, |house| match house.sql("select count(*) from deliveries where state = 'accepted' and kept = 1") {
            n if n == DOCUMENTS.to_string() => Ok(()),
            n => Err(format!("{n} are receipted and kept\n{}", daemon.log())),
        });
        assert!(daemon.stop(LONG).success());
        assert_eq!(house.sql("select count(*) from jobs where state = 'dead'"), "0");
        let kept =
            house.case_folders().iter().flat_map(|case| files_below(case)).filter(|f| f.to_string_lossy().contains("kvitteringer")).count();
        assert!(kept >= DOCUMENTS, "{kept}");
        judged::folders(&house);
    }
}

#[test]
fn a_target_that_cannot_be_used_stops_the_start_and_says_why() {
    let wrong = [
        (Dialect::Digdir, "folder = { kind = \"by_key\", key = \"elev/{plan}\" }", "delivery.target.folder.kind"),
        (Dialect::Digdir, "folder = { kind = \"own\" }\nrule = \"regel\"", "delivery.target.rule"),
        (Dialect::Fiks, "folder = { kind = \"by_class\" }", "delivery.target.classification"),
        (Dialect::Fiks, "folder = { kind = \"own\" }\ndoubtful_after_hours = 0", "delivery.target.doubtful_after_hours"),
        (Dialect::Fiks, "folder = { kind = \"own\" }\nregel = \"x\"", "regel"),
    ];
    for (dialect, target, key) in wrong {
        let house = House::new();
        sets_up(&house, dialect, target);
        let run = house.run(["run-once"]).expect(9);
        assert!(run.stderr.contains(key) && run.stderr.contains("9901.toml"), "{run}");
    }
    let house = House::new();
    sets_up(&house, Dialect::Fiks, OWN);
    let delivery = fs::read_to_string(house.at("municipalities/9901.toml")).unwrap().split_once("\n[delivery]").unwrap().1.to_owned();
    let other = house.at("municipalities/9902.toml");
    fs::write(&other, format!("{}\n[delivery]{delivery}", fs::read_to_string(&other).unwrap())).unwrap();
    let run = house.run(["run-once"]).expect(9);
    assert!(run.stderr.contains("another municipality has it"), "{run}");
}

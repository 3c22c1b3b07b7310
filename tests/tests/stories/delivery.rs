//! Documents of a plan go to the municipality's case archive as well, in either format, and what it answers is kept in the case folder.

use std::fs;

use arkivflyt_tests::{House, sample_json};
use serde_json::{Value, json};

use crate::{
    delivery_receiver::{Dialect, ELEVMAPPE, OWN, Receiver, count, deliveries, names, runs, sets_up, sets_up_in},
    in_folder::{edited, kinds, of_the_plan, submitted, text},
    judged,
};

/// Later than everything else, a day at a time.
pub fn day(n: u32) -> String {
    format!("2026-11-{:02}T09:00:00+01:00", 23 + n)
}

/// Whose a sample is.
fn municipality(form: &str) -> String {
    sample_json(&format!("plan-snapshot/{form}.json"))["case"]["municipality_number"].as_str().unwrap().to_owned()
}

/// A plan and minutes of a meeting, archived.
fn plan_and_minutes(house: &House, form: &str) -> Value {
    let plan = sample_json(&format!("plan-snapshot/{form}.json"));
    submitted(house, 0, &plan);
    let mut minutes = of_the_plan(sample_json("meeting-minutes/minimal.json"), &plan);
    minutes["written_form"] = plan["written_form"].clone();
    submitted(house, 0, &minutes);
    plan
}

/// The note that closes it.
fn closing(plan: &Value) -> Value {
    let at = json!("2026-11-23T08:30:00+01:00");
    let note = of_the_plan(sample_json("closing-note/minimal.json"), plan);
    let mut note =
        edited(note, &[("/case/plan_status", json!("passive")), ("/written_form", plan["written_form"].clone()), ("/occurred_at", at)]);
    note["content"].as_object_mut().unwrap().remove("outstanding");
    note
}

fn accepts_all(receiver: &Receiver) -> usize {
    let messages = receiver.carries();
    messages.iter().for_each(|m| receiver.accepts(m));
    messages.len()
}

#[test]
fn documents_go_out_and_receipts_are_kept_in_the_folder() {
    for (dialect, target, form) in [
        (Dialect::Fiks, OWN, "full-ip"),
        (Dialect::Digdir, OWN, "nynorsk-ip"),
        (Dialect::Fiks, ELEVMAPPE, "nynorsk-iop"),
        (Dialect::Digdir, ELEVMAPPE, "full-iop"),
    ] {
        let house = House::new();
        let receiver = sets_up_in(&house, &municipality(form), dialect, target);
        plan_and_minutes(&house, form);
        let sent = ("document".to_owned(), "sent".to_owned(), String::new());
        assert_eq!(deliveries(&house), [sent.clone(), sent], "{dialect:?}");
        // Once, however often it runs.
        assert_eq!(house.ask(0, ["run-once"])["deliveries"]["brought_on"], 0);
        let messages = receiver.carries();
        assert_eq!(messages.len(), 2, "{dialect:?} {form}");
        runs(&house, &day(1)).expect(0);
        assert!(receiver.waiting().is_empty(), "what was carried is not sent again");
        if dialect == Dialect::Fiks {
            assert_eq!(messages[0].keys()[0], messages[1].keys()[0], "one folder");
            receiver.has_received(&messages[0]);
            assert_eq!(runs(&house, &day(1)).expect(0).json()["deliveries"]["receipts"], 1);
            assert_eq!((count(&house, "received"), count(&house, "sent")), (1, 1));
        }
        messages.iter().for_each(|m| receiver.accepts(m));
        let answer = runs(&house, &day(1)).expect(0).json();
        assert_eq!((&answer["deliveries"]["receipts"], &answer["deliveries"]["need_person"]), (&json!(2), &json!(0)));
        assert_eq!(count(&house, "accepted"), 2);
        // The trace of what is over goes, and what came in is kept apart.
        assert_eq!((names(&receiver.folder.join("sendt")).len(), names(&receiver.folder.join("inn")).len()), (0, 0));
        let kept: Value = serde_json::from_str(&text(&house, "metadata/kvitteringer/02.json")).unwrap();
        let answer = &kept["answers"][0];
        assert_eq!((&kept["part"], &answer["answer"]), (&json!("document"), &json!("accepted")));
        assert!(messages.iter().any(|m| answer["message_id"] == m.id), "{answer}");
        let number = if dialect == Dialect::Fiks { "2026/17-4" } else { "315890" };
        assert_eq!(answer["registration"]["number"], number);
        assert!(!kept.to_string().contains("Regnbue"), "nothing of the receiver's own words");
        assert_eq!(text(&house, "metadata/kvitteringer/01.json").lines().next(), Some("{"));
        // It is part of what is judged, and nothing more comes of it.
        judged::folders(&house);
        let before = house.archive_tree();
        runs(&house, &day(2)).expect(0);
        assert_eq!(house.archive_tree(), before);
        damaged_receipts_are_found(&house);
    }
}

/// A receipt that is changed in the folder is found as any other file is.
fn damaged_receipts_are_found(house: &House) {
    let broken = house.copy();
    let case = &broken.case_folders()[0];
    let receipt = arkivflyt_tests::files_below(case).into_iter().find(|f| f.ends_with("metadata/kvitteringer/01.json")).unwrap();
    fs::write(&receipt, "{}").unwrap();
    broken.run(["verify"]).expect(6);
}

#[test]
fn closing_waits_for_receipts_and_then_goes_on() {
    for (dialect, form) in [(Dialect::Fiks, "full-ip"), (Dialect::Digdir, "nynorsk-ip")] {
        let house = House::new();
        let receiver = sets_up_in(&house, &municipality(form), dialect, OWN);
        let plan = plan_and_minutes(&house, form);
        let row = submitted(&house, 3, &closing(&plan));
        assert_eq!(row["state"], "accepted", "{row}");
        assert_eq!(house.sql("select last_code from documents where state = 'accepted'"), "delivery_waits");
        let why = house.sql("select detail from attempts order by id desc limit 1");
        assert!(why.ends_with("delivery_without_receipt=2"), "{why}");
        // One receipt is not enough.
        let messages = receiver.carries();
        assert!(messages.iter().all(|m| !m.closes()));
        receiver.accepts(&messages[0]);
        runs(&house, &day(1)).expect(3);
        assert_eq!(kinds(&house).len(), 2);
        // The last one, much later than any try that was left.
        receiver.accepts(&messages[1]);
        runs(&house, &day(5)).expect(0);
        assert_eq!(kinds(&house)[2..], ["closing_note", "folder_overview"], "{dialect:?}");
        close_there(&house, &receiver, dialect);
        assert!(deliveries(&house).iter().all(|(_, state, _)| state == "accepted"), "{:?}", deliveries(&house));
        judged::folders(&house);
        let status = house.ask(0, ["status"]);
        assert_eq!((&status["plans"][0]["closed"], &status["plans"][0]["undelivered"]), (&json!(true), &json!(0)));
    }
}

/// The folder is closed there by the very last message, and not before all else is archived.
fn close_there(house: &House, receiver: &Receiver, dialect: Dialect) {
    let (before_last, last) = match dialect {
        // A message of its own, when the list of all is archived.
        Dialect::Fiks => (2, ("closing", "metadata/kvitteringer/04-avslutning.json")),
        // With the list of all, when the note is archived.
        Dialect::Digdir => (1, ("document", "metadata/kvitteringer/04.json")),
    };
    let messages = receiver.carries();
    assert_eq!(messages.len(), before_last);
    assert!(messages.iter().all(|m| !m.closes()), "{messages:#?}");
    messages.iter().for_each(|m| receiver.accepts(m));
    runs(house, &day(6)).expect(0);
    let closing = receiver.carries();
    assert_eq!(closing.len(), 1);
    assert!(closing[0].closes(), "{}", closing[0].xml);
    assert_eq!(deliveries(house).last().unwrap(), &(last.0.to_owned(), "sent".to_owned(), String::new()));
    receiver.accepts(&closing[0]);
    runs(house, &day(7)).expect(0);
    assert!(text(house, last.1).contains("accepted"));
}

#[test]
fn a_folder_that_is_reopened_is_told_so_before_its_next_document() {
    let house = House::new();
    let receiver = sets_up(&house, Dialect::Fiks, OWN);
    let note = sample_json("closing-note/full.json");
    submitted(&house, 0, &note);
    assert_eq!(accepts_all(&receiver), 2);
    runs(&house, &day(1)).expect(0);
    assert_eq!(accepts_all(&receiver), 1);
    runs(&house, &day(2)).expect(0);
    assert_eq!(count(&house, "accepted"), 3);
    submitted(&house, 0, &sample_json("reopening-note/full.json"));
    let reopening = receiver.carries();
    assert_eq!(reopening.len(), 1, "the document waits");
    assert!(reopening[0].kind.ends_with("oppdater") && !reopening[0].closes(), "{}", reopening[0].xml);
    receiver.accepts(&reopening[0]);
    runs(&house, &day(3)).expect(0);
    let document = receiver.carries();
    assert_eq!((document.len(), document[0].kind.ends_with("opprett")), (1, true));
    receiver.accepts(&document[0]);
    runs(&house, &day(4)).expect(0);
    assert_eq!(deliveries(&house).iter().filter(|(_, state, _)| state == "accepted").count(), 5);
    judged::folders(&house);
}

/// The receipts of the last documents come when the plan is open again: there is no closing to tell of, and all the rest goes on.
#[test]
fn a_closing_that_is_overtaken_by_a_reopening_is_not_told() {
    let house = House::new();
    let receiver = sets_up(&house, Dialect::Fiks, OWN);
    submitted(&house, 0, &sample_json("closing-note/full.json"));
    submitted(&house, 0, &sample_json("reopening-note/full.json"));
    assert_eq!(count(&house, "waiting"), 3, "the closing, the reopening and its document");
    assert_eq!(accepts_all(&receiver), 2);
    for n in 1..=4 {
        runs(&house, &day(n)).expect(0);
        assert!(receiver.waiting().iter().all(|m| !m.closes()));
        accepts_all(&receiver);
    }
    let told = deliveries(&house);
    let stands = |part: &str| told.iter().filter(|d| d.0 == part).map(|d| d.1.as_str()).collect::<Vec<_>>();
    assert_eq!((stands("closing"), stands("reopening")), (vec!["moot"], vec!["accepted"]));
    assert_eq!(stands("document"), ["accepted"; 3]);
    assert_eq!(house.ask(0, ["deliveries", "resend", "--state", "moot"])["deliveries"][0]["resent"], false);
}

#[test]
fn what_was_archived_before_there_was_a_target_is_sent_when_a_person_asks() {
    let house = House::new();
    let plan = sample_json("plan-snapshot/full-ip.json");
    submitted(&house, 0, &plan);
    assert_eq!(house.ask(0, ["deliveries", "list"])["deliveries"], json!([]));
    let resend = ["deliveries", "resend", "--document", plan["id"].as_str().unwrap()];
    house.run(resend).expect(9);
    let receiver = sets_up(&house, Dialect::Fiks, OWN);
    runs(&house, &day(0)).expect(0);
    assert!(receiver.waiting().is_empty());
    assert_eq!(house.ask(0, resend)["deliveries"][0]["resent"], true);
    runs(&house, &day(0)).expect(0);
    assert_eq!(accepts_all(&receiver), 1);
    runs(&house, &day(1)).expect(0);
    assert_eq!(count(&house, "accepted"), 1);
}

//! Row 2: what nobody has opened for seven days is told of once more, and what was opened or answered is not.

use std::time::Duration;

use arkivflyt_tests::{Daemon, Happenings, On, person, sample_json, working_house};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(120);
const ASKED: &str = "2026-11-02T09:00:00+01:00";
const ALMOST: &str = "2026-11-09T08:15:00+01:00";
const A_WEEK_ON: &str = "2026-11-09T09:15:00+01:00";
const AN_HOUR_LATER: &str = "2026-11-09T10:15:00+01:00";

/// Both guardians have a pseudonym.
fn two_guardians(sample: &str, name: u32) -> Happenings {
    let mut plan = Happenings::of(sample, name);
    let form = sample_json(sample)["written_form"].clone();
    for n in 0..2_u32 {
        let contact = &mut plan.case()["guardians"][n as usize]["contact"];
        contact["person"] = json!(person(10 + n));
        contact["written_form"] = form.clone();
    }
    // The subject is told by way of the guardians.
    plan.case()["subject_birth_date"] = json!("2014-05-17");
    plan.case()["subject_national_id"] = Value::Null;
    plan
}

fn opened(plan: &mut Happenings, at: &str, matter: &Value, by: u32) -> Value {
    plan.event("content.opened", at, &json!({ "matter": matter, "actor": person(by), "role": "guardian" }))
}

fn delivered(who: &[&str]) -> Vec<(String, String)> {
    who.iter().map(|who| ((*who).to_owned(), "delivered".to_owned())).collect()
}

#[test]
fn whoever_has_not_opened_a_question_is_asked_once_more() {
    for (sample, subject) in [("consent-record/full.json", "Påminnelse"), ("consent-record/nynorsk.json", "Påminning")] {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = two_guardians(sample, 1);
        let matter = sample_json(sample)["id"].clone();
        house.hears(ASKED, &plan.event("consent.requested", ASKED, &json!({ "matter": matter, "due": "2026-11-20" })));
        assert_eq!(house.told("consent_request"), delivered(&["guardian:0", "guardian:1"]));
        house.hears("2026-11-04T12:00:00+01:00", &opened(&mut plan, "2026-11-04T12:00:00+01:00", &matter, 10));
        house.does("notify.second", ALMOST);
        assert_eq!(house.told("consent_request").len(), 2, "seven days have not gone by");
        for at in [A_WEEK_ON, AN_HOUR_LATER] {
            house.does("notify.second", at);
            assert_eq!(house.told("consent_request"), delivered(&["guardian:0", "guardian:1", "guardian:1"]), "{at}");
        }
        let letters = house.neutral_letters();
        let again: Vec<_> = letters.iter().filter(|l| l.header("subject").contains(subject)).collect();
        if !letters.is_empty() {
            let address = plan.case()["guardians"][1]["contact"]["email"].as_str().unwrap().to_owned();
            assert!(matches!(&again[..], [one] if one.to == [address]), "{again:#?}");
        }
    }
}

#[test]
fn an_answer_is_as_good_as_an_opening() {
    let house = working_house(On::Sqlite).unwrap();
    let mut plan = two_guardians("consent-record/full.json", 1);
    let mut record = sample_json("consent-record/full.json");
    house.hears(ASKED, &plan.event("consent.requested", ASKED, &json!({ "matter": record["id"] })));
    for at in ["/occurred_at", "/content/snapshot_at", "/content/produced_at", "/content/approved_at"] {
        *record.pointer_mut(at).unwrap() = json!("2026-11-05T09:00:00+01:00");
    }
    house.hears("2026-11-05T09:00:00+01:00", &record);
    house.does("notify.second", A_WEEK_ON);
    assert_eq!(house.told("consent_request").len(), 2);
}

#[test]
fn whoever_opens_it_after_the_second_was_queued_gets_none() {
    let house = working_house(On::Sqlite).unwrap();
    let mut plan = two_guardians("meeting-minutes/full.json", 1);
    let mut minutes = sample_json("meeting-minutes/full.json");
    let recipients = minutes["content"]["recipients"].as_array_mut().unwrap();
    recipients.truncate(2);
    for (n, recipient) in (0..).zip(recipients) {
        let email = format!("mottaker.{n}@example.org");
        recipient["contact"] = json!({ "email": email, "written_form": "nb", "person": person(10 + n) });
    }
    house.hears(ASKED, &minutes);
    assert_eq!(house.told("minutes_ready"), delivered(&["recipient:0", "recipient:1"]));

    // The second notices are queued where nobody sends mail.
    let made = house.command(["schedule", "run-now", "notify.second", "--clock", A_WEEK_ON]).output().unwrap();
    assert!(made.status.success());
    let worker = Daemon::start(house.command(["worker", "--queues", "runs", "--clock", A_WEEK_ON]), &house);
    house.until(LONG, |house| {
        let told = house.told("minutes_ready");
        if told.len() == 4 { Ok(()) } else { Err(format!("{told:?}")) }
    });
    assert!(worker.stop(LONG).success());
    let opening = opened(&mut plan, AN_HOUR_LATER, &minutes["id"], 11);
    let mut command = house.command(["submit", "-", "--clock", AN_HOUR_LATER]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), opening.to_string().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let daemon = Daemon::start(house.command(["serve", "--clock", AN_HOUR_LATER]), &house);
    house.until_idle(LONG);
    assert!(daemon.stop(LONG).success());
    let mut expected = delivered(&["recipient:0", "recipient:0", "recipient:1"]);
    expected.push(("recipient:1".to_owned(), "failed".to_owned()));
    assert_eq!(house.told("minutes_ready"), expected);
    let list = house.run_now(["mail", "list", "--json"]).expect(0).json();
    let stopped = list["mails"].as_array().unwrap().iter().find(|m| m["state"] == "failed").unwrap();
    assert_eq!(stopped["last_code"], "notice_opened");
}

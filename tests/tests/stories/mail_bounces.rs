//! When mail comes back: each report is matched to its mail, counted once, and says nothing of whom.

use std::{fs, path::Path, time::Duration};

use arkivflyt_tests::{House, Postfix, live_at_postfix, minutes_for_postfix, samples_folder};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

fn bounces(house: &House) -> Value {
    let run = house.run_now(["mail", "bounces", "--json", "-vv"]).expect(0);
    assert!(!run.stderr.contains("@example") && !run.text().contains("@example"), "{run}");
    run.json()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// How many reports say this.
fn count(list: &Value, action: &str, bounce: Option<&str>) -> usize {
    list["reports"].as_array().unwrap().iter().filter(|r| r["action"] == action && r["bounce"].as_str() == bounce).count()
}

/// Through a real Postfix: one address takes no mail, one mailbox is full, the others get theirs.
#[test]
fn postfix_reports_and_each_report_finds_its_mail() {
    let Some(postfix) = Postfix::prepare() else { return };
    let house = House::new();
    live_at_postfix(&house);
    let settings = postfix.transport(postfix.port, "plaintext_loopback");
    fs::write(house.at("arkivflyt.toml"), format!("{settings}bounces = \"{}\"\n", postfix.returned().display())).unwrap();
    postfix.up();
    // The folder is there once something has come.
    let text = String::from_utf8(minutes_for_postfix(1)).unwrap();
    let text = text.replacen("ok@example.test", "nobody@example.test", 1).replacen("\"ok@example.test", "\"blid@full.test", 1);
    fs::write(house.at("inbox/minutes.json"), text).unwrap();
    house.run_now(["run-once", "--json"]);
    let list = house.run_now(["mail", "list", "--json"]).expect(0).json();
    let mails = list["mails"].as_array().unwrap();
    // People who share an address are told once.
    assert!(mails.len() >= 4 && mails.iter().all(|m| m["state"] == "accepted"), "{list}");

    house.until(LIMIT, |_| match fs::read_dir(postfix.returned().join("new")).map_or(0, Iterator::count) {
        n if n >= mails.len() => Ok(()),
        n => Err(format!("{n} of {} reports", mails.len())),
    });
    let seen = bounces(&house);
    assert_eq!(count(&seen, "failed", Some("hard")), 1, "{seen}");
    assert_eq!(count(&seen, "failed", Some("soft")), 1, "{seen}");
    assert_eq!(count(&seen, "delivered", None), mails.len() - 2, "{seen}");
    assert_eq!(seen["looked"]["failed"], 2);
    assert_eq!(seen["to_look_at"], json!([]));
    let mut numbers: Vec<i64> = seen["reports"].as_array().unwrap().iter().map(|r| r["number"].as_i64().unwrap()).collect();
    numbers.sort();
    let mut expected: Vec<i64> = mails.iter().map(|m| m["number"].as_i64().unwrap()).collect();
    expected.sort();
    assert_eq!(numbers, expected, "one report on each mail");

    // All are put aside; nothing is counted twice, not even what somebody puts back.
    assert_eq!(names(&postfix.returned().join("new")), [] as [&str; 0]);
    let aside = names(&postfix.returned().join("cur"));
    assert!(aside.len() == mails.len() && aside.iter().all(|name| name.ends_with(":2,ST")), "{aside:?}");
    let (cur, new) = (postfix.returned().join("cur"), postfix.returned().join("new"));
    fs::rename(cur.join(&aside[0]), new.join(aside[0].split(':').next().unwrap())).unwrap();
    let again = bounces(&house);
    assert_eq!(again["looked"]["known"], 1, "{again}");
    assert_eq!(again["reports"], seen["reports"]);
    postfix.down();
}

/// A house that writes its mail to a folder, with a mailbox for what comes back.
fn house_with_a_mailbox() -> House {
    let house = House::new();
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(house.at("returned").join(folder)).unwrap();
    }
    fs::write(house.at("arkivflyt.toml"), "[mail]\nbounces = \"returned\"\n[work]\nlook_every_s = 1\n[http]\nlisten = \"\"\n").unwrap();
    fs::copy(samples_folder().join("meeting-minutes/full.json"), house.at("inbox/minutes.json")).unwrap();
    house.run(["run-once"]).expect(0);
    house
}

/// A report on a mail, by its Message-ID.
fn report(n: u32, message_id: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net\r\nMessage-ID: <{n}@mx.example.net>\r\nAuto-Submitted: auto-replied\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry, stille.lyngmo.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
         Final-Recipient: rfc822; stille.lyngmo@example.com\r\nAction: failed\r\nStatus: {status}\r\n\r\n--b\r\n\
         Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n"
    )
}

#[test]
fn what_is_no_report_on_a_mail_of_ours_waits_for_a_person() {
    let house = house_with_a_mailbox();
    let list = house.ask(0, ["mail", "list"]);
    let message_id = list["mails"][0]["message_id"].as_str().unwrap();
    let new = house.at("returned/new");
    fs::write(new.join("1.ours"), report(1, message_id, "5.1.1")).unwrap();
    fs::write(new.join("2.text"), "From: x@example.net\r\nSubject: Undeliverable\r\n\r\n550 no such user stille.lyngmo\r\n").unwrap();
    fs::write(new.join("3.stranger"), report(3, "<abcdefghijklmnopqrstuvwxyz@example.net>", "5.1.1")).unwrap();
    fs::write(new.join("4.absent"), "From: s@example.com\r\nAuto-Submitted: auto-replied\r\n\r\nBorte\r\n").unwrap();
    fs::write(new.join("5.long"), vec![b'x'; 2 << 20]).unwrap();

    let seen = house.ask(0, ["run-once"]);
    let looked = &seen["bounces"];
    assert_eq!(
        (looked["failed"].as_u64(), looked["unknown"].as_u64(), looked["auto_replies"].as_u64()),
        (Some(1), Some(3), Some(1)),
        "{seen}"
    );
    assert_eq!(names(&new), [] as [&str; 0]);
    let kept = ["1.ours:2,ST", "2.text:2,F", "3.stranger:2,F", "4.absent:2,ST", "5.long:2,F"];
    assert_eq!(names(&house.at("returned/cur")), kept);

    let listed = house.ask(0, ["mail", "bounces"]);
    let why: Vec<&str> = listed["to_look_at"].as_array().unwrap().iter().map(|f| f["why"].as_str().unwrap()).collect();
    assert_eq!(why, ["no_report", "no_such_mail", "too_large"]);
    let [report] = &listed["reports"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!((&report["number"], &report["status"]), (&list["mails"][0]["number"], &"5.1.1".into()));
    for file in names(&house.at("bounces")) {
        let text = fs::read_to_string(house.at("bounces").join(&file)).unwrap() + &file;
        assert!(!text.contains('@') && !text.contains("lyngmo"), "{text}");
    }
    for lang in ["nb", "nn", "en"] {
        let text = house.run(["mail", "bounces", "--lang", lang]).expect(0).text();
        assert!(text.contains("5.1.1") && text.contains("cur/2.text:2,F"), "{text}");
    }

    // What a person has removed is listed no more; what was handled goes after its time.
    fs::remove_file(house.at("returned/cur/2.text:2,F")).unwrap();
    let later = house.run_now(["mail", "bounces", "--json", "--clock", "2099-01-01T00:00:00Z"]).expect(0).json();
    assert_eq!(later["to_look_at"].as_array().unwrap().len(), 2);
    assert_eq!(names(&house.at("returned/cur")), ["3.stranger:2,F", "5.long:2,F"]);
    assert_eq!(later["reports"], listed["reports"]);
}

/// The plan was begun, as its source system tells: so its lead is known.
fn plan_created(minutes: &Value) -> Value {
    let person = "00000000-0000-4000-8000-000000000001";
    let lead = json!({ "email": "rask.myrull@example.com", "written_form": "nn", "person": person });
    json!({
        "schema": "arkivflyt/event/1", "id": "00000000-0000-5000-8000-0000000b0001", "occurred_at": "2026-11-01T09:00:00+01:00",
        "source": { "system": minutes["source"]["system"], "record": "event-1", "event": "plan.created" },
        "case": minutes["case"], "written_form": "nn", "synthetic": true,
        "content": { "event": "plan.created", "standing": { "lead": person, "unit": person, "lead_contact": lead } },
    })
}

#[test]
fn a_hard_bounce_blocks_the_address_and_tells_the_lead_once() {
    let house = house_with_a_mailbox();
    let mut minutes: Value = serde_json::from_slice(&fs::read(samples_folder().join("meeting-minutes/full.json")).unwrap()).unwrap();
    fs::write(house.at("inbox/event.json"), plan_created(&minutes).to_string()).unwrap();
    house.run(["run-once"]).expect(0);
    let mails = |house: &House| house.ask(0, ["mail", "list"])["mails"].as_array().unwrap().clone();
    let minutes_mails = |house: &House| mails(house).into_iter().filter(|m| m["kind"] == "minutes_ready").collect::<Vec<_>>();
    let first = minutes_mails(&house);
    assert!(first.len() > 3 && first.iter().all(|m| m["state"] == "delivered"), "{first:?}");

    // Two reports on one mail, as from two servers on the way, and one on a full mailbox.
    let id = |mail: &Value| mail["message_id"].as_str().unwrap().to_owned();
    fs::write(house.at("returned/new/1"), report(1, &id(&first[0]), "5.1.1")).unwrap();
    fs::write(house.at("returned/new/2"), report(2, &id(&first[0]), "5.1.10")).unwrap();
    fs::write(house.at("returned/new/3"), report(3, &id(&first[1]), "5.2.2")).unwrap();
    let run = house.ask(0, ["run-once"]);
    assert_eq!((run["bounces"]["failed"].as_u64(), run["bounces"]["blocked"].as_u64()), (Some(3), Some(2)), "{run}");
    let told: Vec<Value> = mails(&house).into_iter().filter(|m| m["kind"] == "address_bounced").collect();
    let [told] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&told["recipient"]["who"], &told["state"], &told["written_form"]), (&"lead".into(), &"delivered".into(), &"nn".into()));

    // The next minutes: everybody gets theirs but the one.
    minutes["id"] = "00000000-0000-4000-8000-0000000b0002".into();
    minutes["content"]["place"] = "Møterom to".into();
    fs::write(house.at("inbox/minutes.json"), minutes.to_string()).unwrap();
    house.run(["run-once"]).expect(3);
    let second = &minutes_mails(&house)[first.len()..];
    assert_eq!(second.len(), first.len());
    for mail in second {
        let is_blocked = mail["recipient"] == first[0]["recipient"];
        let expected = if is_blocked { ("failed", json!("address_bounced")) } else { ("delivered", Value::Null) };
        assert_eq!((mail["state"].as_str().unwrap(), mail["last_code"].clone()), expected, "{mail}");
    }
}

#[test]
fn the_daemon_looks_by_itself_and_outlives_a_mailbox_that_is_gone() {
    let house = house_with_a_mailbox();
    let list = house.ask(0, ["mail", "list"]);
    let message_id = list["mails"][0]["message_id"].as_str().unwrap();
    let daemon = house.serve();
    let handled = |count: usize| {
        move |house: &House| match names(&house.at("bounces")).len() {
            n if n == count => Ok(()),
            n => Err(format!("{n} of {count} reports")),
        }
    };
    fs::write(house.at("returned/new/1.a"), report(1, message_id, "5.2.2")).unwrap();
    house.until(LIMIT, handled(1));
    // The folder goes away and comes back, as a network folder does.
    fs::rename(house.at("returned"), house.at("elsewhere")).unwrap();
    house.until(LIMIT, |_| if daemon.log().contains("mail.bounces") { Ok(()) } else { Err("not a word in the log") });
    fs::rename(house.at("elsewhere"), house.at("returned")).unwrap();
    fs::write(house.at("returned/new/2.b"), report(2, message_id, "4.4.7")).unwrap();
    house.until(LIMIT, handled(2));
    let log = daemon.log();
    assert!(!log.contains('@') && !log.contains("lyngmo"), "{log}");
    assert!(daemon.stop(LIMIT).success());
}

//! Whoever sets up a municipality reads every mail before anybody gets one.

use arkivflyt_tests::House;
use serde_json::Value;

fn preview(house: &House, args: &[&str]) -> Value {
    house.ask(0, ["mail", "preview"].iter().chain(args).copied())
}

#[test]
fn every_kind_of_notice_can_be_read_beforehand_in_three_languages() {
    // No data folder: nothing is set up yet.
    let house = House::bare();
    let kinds = preview(&house, &[]);
    let kinds = kinds["kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), 23);
    for kind in kinds {
        let id = kind["kind"].as_str().unwrap();
        for (lang, hello, languages) in [("nb", "Hei!", "nb"), ("nn", "Hei!", "nn"), ("en", "Hello!", "nb, en")] {
            let mail = preview(&house, &[id, "--lang", lang]);
            let text = mail["text"].as_str().unwrap();
            assert!(text.contains(hello) && text.contains("kommune") && !text.contains(['{', '}']), "{id} {lang}: {text}");
            assert_eq!((mail["languages"].as_str(), mail["turn"].as_str()), (Some(languages), Some("first")), "{id}");
        }
        let second = house.run(["mail", "preview", id, "--second", "--json"]);
        assert_eq!(second.code(), if kind["has_second"] == true { 0 } else { 4 }, "{id}");
    }
    house.run(["mail", "preview", "no_such_kind"]).expect(2);
    for lang in ["nb", "nn", "en"] {
        let table = house.run(["mail", "preview", "--lang", lang, "--color", "never"]).expect(0).text();
        assert!(kinds.iter().all(|k| table.contains(k["kind"].as_str().unwrap())), "{table}");
    }
}

#[test]
fn what_is_shown_is_the_message_decoded() {
    let house = House::bare();
    let shown = house.run(["mail", "preview", "new_message", "--second"]).expect(0).text();
    let head = shown.split("\n\n").next().unwrap();
    for line in [
        "From: Fjellvik kommune <ikke-svar@fjellvik.example.org>",
        "To: mottaker@example.org",
        "Subject: Påminnelse: ulest melding fra Fjellvik kommune",
        "Auto-Submitted: auto-generated",
        "Content-Language: nb",
    ] {
        assert!(head.lines().any(|l| l == line), "{line}\n{head}");
    }
    assert!(shown.contains("Logg inn som vanlig for å lese den.") && !shown.contains("=C3") && !shown.contains("=?utf"), "{shown}");
    // As JSON, the message itself comes too, as the relay would get it.
    let json = preview(&house, &["new_message", "--second"]);
    let message = json["message"].as_str().unwrap();
    assert!(message.is_ascii() && message.contains("\r\nSubject: =?utf-8?") && message.ends_with("\r\n"), "{message}");
}

#[test]
fn a_meeting_shows_its_calendar_where_times_may_be_told() {
    let house = House::bare();
    // Fjellvik tells no times, Dalstrand does.
    assert_eq!(preview(&house, &["meeting_invited"])["calendar"], Value::Null);
    for (args, method) in [
        (&["meeting_invited", "--lang", "nn"][..], "REQUEST"),
        (&["meeting_changed", "--meeting-times"], "REQUEST"),
        (&["meeting_cancelled", "--meeting-times", "--lang", "en"], "CANCEL"),
    ] {
        let mail = preview(&house, args);
        let calendar = mail["calendar"].as_str().unwrap();
        assert!(calendar.contains(&format!("\r\nMETHOD:{method}\r\n")) && calendar.contains("\r\nSUMMARY:Møte\r\n"), "{calendar}");
        assert!(mail["text"].as_str().unwrap().contains(" kl. "), "{mail}");
        let shown = house.run(["mail", "preview"].iter().chain(args).copied()).expect(0).text();
        assert!(shown.contains("--- text/calendar ---\nBEGIN:VCALENDAR\n") && shown.contains(&format!("METHOD:{method}\n")), "{shown}");
    }
    let reminder = preview(&house, &["meeting_reminder", "--meeting-times"]);
    assert_eq!(reminder["calendar"], Value::Null, "what stands in the calendar already is not put there again");
}

#[test]
fn ones_own_municipality_is_shown_as_it_is_set_up() {
    let house = House::bare();
    house.run(["mail", "preview", "new_message", "--municipality", "9903"]).expect(10);
    house.run(["init", "--demo"]).expect(0);
    let file = house.data().join("municipalities/9903.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("english = false", "english = true").replace("meeting_times = false", "meeting_times = true"))
        .unwrap();
    let mail = preview(&house, &["meeting_invited", "--municipality", "9903"]);
    assert_eq!((mail["languages"].as_str(), mail["calendar"].is_string()), (Some("nb, en"), true), "{mail}");
    assert!(mail["text"].as_str().unwrap().contains("Nordlysvik kommune"), "{mail}");
    house.run(["mail", "preview", "new_message", "--municipality", "9904"]).expect(4);
}

//! Row 5: whoever oversees plans leaves a row in the access log before anything is shown, and the rows can be taken out as a document.

use std::fs;

use arkivflyt_tests::{House, Pdf, digest, essence};
use serde_json::{Value, json};

use super::access_rows::{FOLDER, LEAD, LOCAL, PLAN, export, house, names_nobody, rows};

#[test]
fn row_05_insight_roles_look_and_leave_a_row() {
    let house = house();
    house.ask(0, ["status", "--unit", "Prøveteamet"]);
    assert!(rows(&house, "9901").is_empty(), "an overview without names, for nobody in particular, is no look");

    let overview = ["status", "--unit", "Prøveteamet", "--municipality", "9901", "--as"];
    let look = |code: i32, role: &str| {
        let more = [role, "--actor", LEAD, "--reason", "supervision"];
        house.ask(code, overview.iter().chain(&more).copied())
    };
    let seen = look(0, "professional_lead");
    assert_eq!(seen["plans"].as_array().unwrap().len(), 1, "{seen}");
    assert!(!seen.to_string().contains("Blid Fjellbekk"));
    let refused = look(7, "participant");
    assert_eq!(refused["code"], "not_authorised");
    assert!(refused["detail"].as_str().unwrap().starts_with("not_in_role: "), "{refused}");
    let [allowed, denied] = &rows(&house, "9901")[..] else { panic!("two looks, two rows") };
    assert_eq!(
        (&allowed["role"], &allowed["action"], &allowed["actor"], &allowed["reason"], &allowed["basis"]),
        (&json!("professional_lead"), &json!("see_status"), &json!(LEAD), &json!("supervision"), &json!("oversight"))
    );
    assert!(allowed["unit"].is_string() && allowed.get("denied").is_none(), "{allowed}");
    assert_eq!((&denied["role"], &denied["denied"], &denied["unit"]), (&json!("participant"), &json!("not_in_role"), &allowed["unit"]));
    assert!(rows(&house, "9902").is_empty(), "the other municipality was not looked at");
    names_nobody(&house);
}

#[test]
fn row_05_content_is_given_out_only_after_its_row_is_written() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("kopi.zip");
    let nobody = export(&house, 7, &out, &[]);
    assert!(nobody["detail"].as_str().unwrap().contains("archivist"), "it says who may: {nobody}");
    assert!(rows(&house, "9901").is_empty() && !out.exists(), "nobody in particular asked");
    for (role, why) in [("professional_lead", "not_in_role"), ("admin", "not_in_role"), ("pipeline", "not_in_role")] {
        let refused = export(&house, 7, &out, &["--as", role, "--reason", "supervision"]);
        assert!(refused["detail"].as_str().unwrap().starts_with(why), "{role}: {refused}");
        assert!(!out.exists(), "{role}");
    }
    export(&house, 0, &out, &["--as", "archivist", "--reason", "archive_work"]);
    assert!(out.exists());
    let told = rows(&house, "9901");
    assert_eq!(told.iter().filter(|row| row.get("denied").is_some()).count(), 3);
    let last = told.last().unwrap();
    assert_eq!((&last["folder"], &last["action"], &last["basis"]), (&json!(FOLDER), &json!("read_packages"), &json!("archive_duty")));

    // A log that cannot be written: nothing leaves.
    let blocked = house.copy();
    fs::remove_dir_all(blocked.at("access/9901")).unwrap();
    fs::write(blocked.at("access/9901"), "").unwrap();
    let second = elsewhere.path().join("kopi2.zip");
    assert_eq!(export(&blocked, 75, &second, &["--as", "archivist"])["code"], "access_log_unwritable");
    assert!(!second.exists());
    names_nobody(&house);
}

#[test]
fn row_05_a_mail_hides_its_address_from_who_has_no_business_with_it() {
    let house = house();
    let mails = house.ask(0, ["mail", "list"])["mails"].as_array().unwrap().clone();
    let mail = mails.iter().find(|m| m["case_folder"] == "9902/2026/000001").expect("the minutes were told of");
    let number = mail["number"].to_string();
    let plain = house.ask(0, ["mail", "show", &number]);
    assert_eq!(plain["address"], "left_out");
    let message = plain["message"].as_str().unwrap();
    assert!(message.contains("To: ***") && message.contains("Subject: "), "{message}");
    let receiver = |text: &str| text.lines().find_map(|l| l.strip_prefix("To: ").map(str::to_owned)).unwrap();
    let ask = |code: i32, more: &[&str]| house.ask(code, [&["mail", "show", &number], more].concat());
    assert!(ask(7, &["--as", "local_admin"])["detail"].as_str().unwrap().starts_with("reason_missing"));
    assert!(ask(7, &["--as", "archivist", "--reason", "supervision"])["detail"].as_str().unwrap().starts_with("not_in_role"));
    let shown = ask(0, &["--as", "local_admin", "--reason", "complaint"]);
    let address = receiver(shown["message"].as_str().unwrap());
    assert!(address.contains('@') && !message.contains(&address), "{address}");
    let told = rows(&house, "9902");
    let answers: Vec<Option<&str>> = told.iter().map(|row| row["denied"].as_str()).collect();
    assert_eq!(answers, [Some("reason_missing"), Some("not_in_role"), None]);
    assert!(told.iter().all(|row| row["action"] == "read_contact" && row["document"]["id"].is_string()), "{told:?}");
    names_nobody(&house);
}

#[test]
fn row_05_the_log_of_a_case_comes_out_as_a_document() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    export(&house, 7, &elsewhere.path().join("a.zip"), &["--as", "admin", "--actor", LEAD, "--reason", "complaint"]);
    export(&house, 0, &elsewhere.path().join("b.zip"), &["--as", "archivist", "--actor", LOCAL]);
    let extract = |code: i32, more: &[&str]| {
        let ask = ["access", "log", "extract", "--as", "local_admin", "--actor", LOCAL, "--reason", "access_request"];
        house.ask(code, [&ask[..], more].concat())
    };
    let of_case = extract(0, &["--case", FOLDER]);
    let found = of_case["rows"].as_array().unwrap();
    assert_eq!(
        found.iter().map(|r| r["action"].as_str().unwrap()).collect::<Vec<_>>(),
        ["read_packages", "read_packages", "manage_access"]
    );
    assert_eq!(found[2]["actor"], LOCAL, "the look at the log is in the log");
    let of_plan = extract(0, &["--plan", PLAN]);
    assert_eq!(of_plan["rows"].as_array().unwrap().len(), 4);
    let of_unit = extract(0, &["--unit", "Prøveteamet", "--municipality", "9901"]);
    assert_eq!(of_unit["rows"].as_array().unwrap().len(), 5, "its plans, and the look at the unit: {of_unit}");
    assert_eq!(extract(0, &["--case", FOLDER, "--to", "2026-11-22"])["rows"].as_array().unwrap().len(), 0);
    assert_eq!(extract(4, &["--case", "9901/2026/000099"])["code"], "not_found");
    // The subject may look at who has looked, at an age that must be stated: the folder does not know it. A participant may not.
    let asks = |code: i32, more: &[&str]| house.ask(code, [&["access", "log", "extract", "--case", FOLDER, "--as"], more].concat());
    let why = |answer: Value| answer["detail"].as_str().unwrap().split(':').next().unwrap().to_owned();
    assert_eq!(why(asks(7, &["participant"])), "not_in_role");
    assert_eq!(why(asks(7, &["plan_owner"])), "subject_under_12");
    assert_eq!(why(asks(7, &["plan_owner", "--fact", "age_15"])), "guardian_acts");
    assert_eq!(asks(0, &["plan_owner", "--fact", "age_16"])["rows"].as_array().unwrap().last().unwrap()["action"], "read_access_log");

    // Bokmål from the municipality, nynorsk when asked for.
    for (form, words) in [
        (&[][..], ["Utskrift av tilgangsloggen", "2026/000001", "arkivar", "arkivpakker", "not_in_role", "krav om innsyn"]),
        (&["--form", "nn"][..], ["Utskrift av tilgangsloggen", "Personar", "arkivar", "arkivpakkar", "not_in_role", "krav om innsyn"]),
    ] {
        let out = elsewhere.path().join(format!("logg{}.pdf", form.len()));
        let made = extract(0, &[&["--case", FOLDER, "-o", out.to_str().unwrap()], form].concat());
        assert_eq!(made["sha256"].as_str().unwrap(), digest(&fs::read(&out).unwrap()));
        assert_eq!(extract(5, &["--case", FOLDER, "-o", out.to_str().unwrap()])["code"], "out_exists");
        let Some(pdf) = Pdf::read(&out) else { return };
        let text = essence(&pdf.text);
        for word in words.iter().chain([&LOCAL, &LEAD]) {
            assert!(text.contains(&essence(word)), "{word} is missing in\n{}", pdf.text);
        }
        assert!(!pdf.text.contains("Blid"), "{}", pdf.text);
    }
    names_nobody(&house);
}

#[test]
fn row_05_who_changes_the_log_is_found_out() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    for n in 0..3 {
        export(&house, 0, &elsewhere.path().join(format!("{n}.zip")), &["--as", "archivist"]);
    }
    let whole = house.ask(0, ["access", "log", "verify"]);
    let log = whole["logs"].as_array().unwrap().iter().find(|l| l["municipality"] == "9901").unwrap().clone();
    assert_eq!((whole["whole"].as_bool(), log["rows"].as_u64()), (Some(true), Some(3)));
    let head = log["head"].as_str().unwrap().to_owned();
    let known = ["access", "log", "verify", "--municipality", "9901", "--known", &head];
    house.ask(0, known);
    for lang in ["nb", "nn", "en"] {
        assert!(house.run(["access", "log", "verify", "--lang", lang]).expect(0).text().contains(&head[..12]));
    }
    let spoil = |with: &dyn Fn(&mut String), also: &[&str]| {
        let spoilt = house.copy();
        let file = spoilt.at("access/9901/2026-11.jsonl");
        let mut text = fs::read_to_string(&file).unwrap();
        with(&mut text);
        fs::write(&file, text).unwrap();
        also.iter().for_each(|name| fs::remove_file(spoilt.at("access/9901").join(name)).unwrap());
        spoilt
    };
    let last_line = |text: &str| text.trim_end().rfind('\n').unwrap() + 1;
    // Changed in the middle: found by whoever reads. Nobody goes on from a changed end.
    let changed = spoil(&|text| *text = text.replacen("archivist", "plan_lead", 1), &[]);
    let found = changed.ask(6, ["access", "log", "verify"]);
    let fault = found["logs"][0]["fault"].as_str().unwrap();
    assert!(found["whole"] == false && fault.contains("line 2") && fault.contains("9901"), "{found}");
    let extract = ["access", "log", "extract", "--case", FOLDER, "--as", "local_admin"];
    assert_eq!(changed.ask(6, extract)["code"], "access_log_damaged");
    let cut = spoil(&|text| text.truncate(last_line(text)), &[]);
    cut.ask(6, ["access", "log", "verify"]);
    assert_eq!(export(&cut, 6, &elsewhere.path().join("x.zip"), &["--as", "archivist"])["code"], "access_log_damaged");
    assert!(!elsewhere.path().join("x.zip").exists());
    // Cut, and what we keep beside it removed too: only a head that was kept elsewhere tells.
    let both = spoil(&|text| text.truncate(last_line(text)), &["head.json"]);
    both.ask(0, ["access", "log", "verify"]);
    both.ask(6, known);
    // A line that a crash tore: cut, told, and nothing else is lost.
    let torn = spoil(&|text| text.push_str("{\"n\":4,\"previous\":\"ab"), &[]);
    assert_eq!(torn.ask(0, ["access", "log", "verify"])["logs"][0]["torn_bytes"], 21);
    export(&torn, 0, &elsewhere.path().join("y.zip"), &["--as", "archivist"]);
    let mended = torn.ask(0, ["access", "log", "verify"])["logs"][0].clone();
    assert_eq!((mended["rows"].as_u64(), mended["mended"][0]["after_row"].as_u64()), (Some(4), Some(3)), "{mended}");
}

#[test]
fn row_05_a_backup_brings_the_log_and_it_goes_on() {
    let house = house();
    let (elsewhere, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    export(&house, 0, &elsewhere.path().join("a.zip"), &["--as", "archivist"]);
    let grant = ["access", "grant", "add", "--municipality", "9901", "--to", LEAD, "--role", "professional_lead", "--unit", "Prøveteamet"];
    house.ask(0, [&grant[..], &["--as", "admin"]].concat());
    let backup = super::backup_create::create(&house, target.path());
    let (copy, _) = super::backup_create::restored(&backup, &[]);
    let judged = |house: &House| house.ask(0, ["access", "log", "verify"])["logs"].clone();
    assert_eq!(judged(&copy), judged(&house));
    export(&copy, 0, &elsewhere.path().join("b.zip"), &["--as", "archivist"]);
    assert_eq!(rows(&copy, "9901").len(), rows(&house, "9901").len() + 1);
}

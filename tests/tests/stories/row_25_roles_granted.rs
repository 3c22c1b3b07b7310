//! Row 25: roles that were given, over something, for a time; and what can be shown of them afterwards.

use std::fs;

use arkivflyt_tests::{House, Pdf, essence, files_below, samples_folder};
use serde_json::{Value, json};

use super::{
    access_rows::{FOLDER, PLAN, archived, export, house, names_nobody, rows},
    judged,
};

const ADMIN: &str = "00000000-0000-4000-8000-000000000001";
const ARCHIVIST: &str = "00000000-0000-4000-8000-000000000002";
const LEAD: &str = "00000000-0000-4000-8000-000000000003";
const LOCAL: &str = "00000000-0000-4000-8000-000000000004";
const OTHER: &str = "00000000-0000-4000-8000-000000000009";
const AREA: &str = "00000000-0000-4000-8000-0000000000aa";

fn why(answer: &Value) -> &str {
    assert_eq!(answer["code"], "not_authorised", "{answer}");
    answer["detail"].as_str().unwrap().split(':').next().unwrap()
}

/// Writes to the register as the administrator.
#[track_caller]
fn grant(house: &House, code: i32, what: &str, more: &[&str]) -> Value {
    let ask = ["access", "grant", what, "--municipality", "9901", "--as", "admin", "--actor", ADMIN];
    house.ask(code, [&ask[..], more].concat())
}

#[test]
fn row_25_only_who_was_given_a_role_holds_it() {
    let house = archived(House::new().with("ACCESS__ROLES", "granted"));
    let elsewhere = tempfile::tempdir().unwrap();
    let out = |name: &str| elsewhere.path().join(name);
    let as_archivist = ["--as", "archivist", "--actor", ARCHIVIST];
    assert_eq!(why(&export(&house, 7, &out("a.zip"), &as_archivist)), "no_relation");
    // The first administrator is taken at their word; from then on there is one.
    grant(&house, 0, "add", &["--to", ADMIN, "--role", "admin"]);
    let self_made =
        ["access", "grant", "add", "--municipality", "9901", "--to", OTHER, "--role", "admin", "--as", "admin", "--actor", OTHER];
    assert_eq!(why(&house.ask(7, self_made)), "no_relation");
    grant(&house, 0, "add", &["--to", ARCHIVIST, "--role", "archivist"]);
    export(&house, 0, &out("b.zip"), &as_archivist);
    assert_eq!(why(&export(&house, 7, &out("c.zip"), &["--as", "archivist", "--actor", OTHER])), "no_relation");
    grant(&house, 0, "end", &["--to", ARCHIVIST, "--role", "archivist"]);
    assert_eq!(why(&export(&house, 7, &out("d.zip"), &as_archivist)), "no_relation");
    assert_eq!(grant(&house, 4, "end", &["--to", ARCHIVIST, "--role", "archivist"])["code"], "not_found");

    // Over a unit, and over the area that looks after it.
    let status = |code: i32, role: &str, actor: &str, unit: &str| {
        house.ask(code, ["status", "--unit", unit, "--municipality", "9901", "--as", role, "--actor", actor])
    };
    grant(&house, 0, "add", &["--to", LEAD, "--role", "professional_lead", "--unit", "Prøveteamet"]);
    grant(&house, 0, "add", &["--to", LOCAL, "--role", "local_admin", "--area", AREA]);
    status(0, "professional_lead", LEAD, "Prøveteamet");
    assert_eq!(why(&status(7, "professional_lead", LEAD, "Testtunet barnehage")), "no_relation");
    assert_eq!(why(&status(7, "local_admin", LOCAL, "Prøveteamet")), "no_relation");
    grant(&house, 0, "area", &["--unit", "Prøveteamet", "--area", AREA]);
    status(0, "local_admin", LOCAL, "Prøveteamet");
    assert_eq!(why(&status(7, "local_admin", LOCAL, "Testtunet barnehage")), "no_relation");
    // The other municipality knows nobody.
    let abroad = ["access", "grant", "list", "--municipality", "9902", "--as", "local_admin", "--actor", LOCAL];
    assert_eq!(why(&house.ask(7, abroad)), "no_relation");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1, "one export was allowed");
    let register = grant(&house, 0, "list", &[]);
    assert_eq!(register["entries"].as_array().unwrap().len(), 6, "{register}");
    house.ask(0, ["access", "log", "verify"]);
    names_nobody(&house);

    // A register that was changed answers nothing, and is found out.
    let hurt = house.copy().with("ACCESS__ROLES", "granted");
    let file = hurt.at("access/9901/grants.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen(ARCHIVIST, OTHER, 1)).unwrap();
    assert_eq!(export(&hurt, 6, &out("e.zip"), &["--as", "archivist", "--actor", OTHER])["code"], "access_register_damaged");
    assert_eq!(hurt.ask(6, ["access", "log", "verify"])["logs"][0]["register"]["whole"], false);
}

#[test]
fn row_25_strict_address_protection_needs_a_named_archivist() {
    let house = House::new();
    let sample = samples_folder().join("plan-snapshot/address-protected.json");
    house.ask(0, ["submit".as_ref(), sample.as_os_str(), "--wait".as_ref()]);
    let list = house.ask(0, ["case", "list"]);
    let folder = list["folders"][0]["case_folder"].as_str().unwrap().to_owned();
    let number = folder.split('/').next().unwrap().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let ask = |code: i32, name: &str| {
        let out = elsewhere.path().join(name);
        let args =
            ["case", "export", &folder, "-o", out.to_str().unwrap(), "--note", "avlevering", "--as", "archivist", "--actor", ARCHIVIST];
        house.ask(code, args)
    };
    assert_eq!(why(&ask(7, "a.zip")), "not_named");
    let add = ["access", "grant", "add", "--municipality", &number, "--to", ARCHIVIST, "--role", "archivist", "--named", "--as", "admin"];
    house.ask(0, add);
    ask(0, "b.zip");
    let denied: Vec<Value> = rows(&house, &number).iter().map(|row| row["denied"].clone()).collect();
    assert_eq!(denied, [json!("not_named"), Value::Null, Value::Null]);
}

#[test]
fn row_25_who_could_see_the_plan_on_that_date() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    let lines = [
        json!({ "event": "granted", "actor": LEAD, "role": "plan_lead", "reach": format!("plan:{PLAN}"), "since": "2026-11-01T08:00:00+01:00" }),
        json!({ "event": "granted", "actor": OTHER, "role": "participant", "reach": format!("plan:{PLAN}"), "since": "2026-11-01T08:00:00+01:00",
                "until": "2026-11-10", "parts": ["goals"] }),
        json!({ "event": "granted", "actor": LOCAL, "role": "local_admin", "reach": format!("area:{AREA}"), "since": "2026-11-01T08:00:00+01:00" }),
    ];
    let file = elsewhere.path().join("tilganger.jsonl");
    fs::write(&file, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    assert_eq!(grant(&house, 0, "import", &[file.to_str().unwrap()])["added"], 3);
    fs::write(&file, "{\"event\":\"granted\",\"actor\":\"Blid Fjellbekk\"}\n").unwrap();
    let wrong = house.run(["access", "grant", "import", file.to_str().unwrap(), "--municipality", "9901", "--as", "admin"]).expect(5);
    assert!(wrong.stderr.contains("line 1") && !wrong.stderr.contains("Blid"), "{wrong}");
    // Somebody exports without ever having been given the role.
    export(&house, 0, &elsewhere.path().join("a.zip"), &["--as", "archivist", "--actor", ARCHIVIST]);

    let who = |on: &str, more: &[&str]| {
        let ask = ["access", "who", "--plan", PLAN, "--on", on, "--as", "admin", "--actor", ADMIN];
        house.ask(0, [&ask[..], more].concat())
    };
    let actors = |answer: &Value| -> Vec<String> {
        answer["could"].as_array().unwrap().iter().map(|s| s["actor"].as_str().unwrap().to_owned()).collect()
    };
    assert!(actors(&who("2026-10-31", &[])).is_empty(), "before anything was given");
    // The participant's access had run out; the area does not look after the unit.
    assert_eq!(actors(&who("2026-11-23", &[])), [LEAD]);
    let found = who("2026-11-23", &[]);
    assert!(found["could"][0]["could"].as_array().unwrap().contains(&json!("read_plan")), "{found}");
    let did: Vec<(&str, &str)> =
        found["did"].as_array().unwrap().iter().map(|d| (d["actor"].as_str().unwrap(), d["support"].as_str().unwrap())).collect();
    assert_eq!(did, [(ARCHIVIST, "missing")], "looked without a role that the register knows");

    for (form, words) in [
        ("nb", ["Hvem kunne se planen", "planansvarlig", "Kunne se planen", "lese planen", "Tilgang mangler", "Til oppfølging: 1"]),
        ("nn", ["Kven kunne sjå planen", "planansvarleg", "Kunne sjå planen", "lese planen", "Tilgang manglar", "Til oppfølging: 1"]),
    ] {
        let out = elsewhere.path().join(format!("{form}.pdf"));
        who("2026-11-23", &["-o", out.to_str().unwrap(), "--form", form]);
        let Some(pdf) = Pdf::read(&out) else { return };
        let text = essence(&pdf.text);
        for word in words.iter().chain([&LEAD, &ARCHIVIST]) {
            assert!(text.contains(&essence(word)), "{word} is missing in\n{}", pdf.text);
        }
    }
    assert!(rows(&house, "9901").iter().any(|row| row["folder"] == FOLDER && row["action"] == "manage_access"));
    names_nobody(&house);
}

#[test]
fn row_25_the_yearly_report_on_roles() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    grant(&house, 0, "add", &["--to", ARCHIVIST, "--role", "archivist"]);
    grant(&house, 0, "add", &["--to", LEAD, "--role", "professional_lead", "--unit", "Prøveteamet"]);
    grant(&house, 0, "add", &["--to", LOCAL, "--role", "local_admin", "--area", AREA]);
    grant(&house, 0, "end", &["--to", LOCAL, "--role", "local_admin", "--area", AREA]);
    export(&house, 0, &elsewhere.path().join("a.zip"), &["--as", "archivist", "--actor", ARCHIVIST]);
    export(&house, 7, &elsewhere.path().join("b.zip"), &["--as", "participant", "--actor", OTHER]);
    let report = |year: &str, more: &[&str]| {
        let ask = ["access", "report", "--year", year, "--municipality", "9901", "--as", "admin", "--actor", ADMIN];
        house.ask(0, [&ask[..], more].concat())
    };
    let found = report("2026", &[]);
    let line = |role: &str| found["roles"].as_array().unwrap().iter().find(|r| r["role"] == role).unwrap().clone();
    assert_eq!((line("archivist")["holders"].as_u64(), line("archivist")["looks"].as_u64()), (Some(1), Some(1)), "{found}");
    assert_eq!(line("participant")["denied"], 1);
    assert_eq!(
        (line("local_admin")["granted"].as_u64(), line("local_admin")["withdrawn"].as_u64()),
        (Some(1), Some(0)),
        "ended as it began"
    );
    let unused: Vec<&str> = found["unused"].as_array().unwrap().iter().map(|u| u["actor"].as_str().unwrap()).collect();
    assert!(unused.contains(&LEAD), "a role that nobody used: {found}");
    assert_eq!(report("2025", &[])["roles"][0]["holders"], 0);
    for (form, words) in [
        ("nb", ["Roller og tilganger i året", "Roller som er gitt", "faglig ansvarlig", "Ubrukt innsynsrolle"]),
        ("nn", ["Roller og tilgangar i året", "Roller som er brukte", "fagleg ansvarleg", "Ubrukt innsynsrolle"]),
    ] {
        let out = elsewhere.path().join(format!("{form}.pdf"));
        report("2026", &["-o", out.to_str().unwrap(), "--form", form]);
        let Some(pdf) = Pdf::read(&out) else { return };
        let text = essence(&pdf.text);
        for word in words.iter().chain([&LEAD]) {
            assert!(text.contains(&essence(word)), "{word} is missing in\n{}", pdf.text);
        }
    }
    names_nobody(&house);
}

#[test]
fn row_25_the_report_on_roles_comes_by_itself_when_the_year_has_ended() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    grant(&house, 0, "add", &["--to", LEAD, "--role", "professional_lead", "--unit", "Prøveteamet"]);
    export(&house, 0, &elsewhere.path().join("a.zip"), &["--as", "archivist", "--actor", ARCHIVIST]);
    for again in [false, true] {
        house.does("report.roles", "2027-01-02T04:00:00+01:00");
        let mut reports = files_below(&house.at("reports"));
        reports.retain(|f| f.to_string_lossy().contains("report.roles"));
        // One for each municipality, as a page and as data; the same run twice is one run.
        assert_eq!(reports.len(), 6, "{again}: {reports:?}");
    }
    for (number, words) in [
        ("9901", ["Roller og tilganger i året", "faglig ansvarlig", "Ubrukt innsynsrolle"]),
        ("9902", ["Roller og tilgangar i året", "Ingenting treng oppfølging", "Dalstrand kommune"]),
    ] {
        let place = house.at("reports").join(number);
        let of = |ending: &str| files_below(&place).into_iter().find(|f| f.to_string_lossy().ends_with(ending)).unwrap();
        let json: Value = serde_json::from_slice(&fs::read(of(".json")).unwrap()).unwrap();
        assert_eq!((&json["kind"], &json["municipality"]), (&json!("report.roles"), &json!(number)));
        assert!(json["since"].as_str().unwrap().starts_with("2026-01-01"), "of the year that has ended: {json}");
        let unused = json["lists"]["unused_roles"].as_array().unwrap().len();
        assert_eq!((unused, json["to_follow_up"].as_u64().unwrap()), if number == "9901" { (1, 1) } else { (0, 0) }, "{json}");
        let Some(pdf) = judged::paper(&of(".pdf")) else { return };
        for word in words {
            assert!(essence(&pdf.text).contains(&essence(word)), "{word} is missing in\n{}", pdf.text);
        }
        assert_eq!(pdf.text.contains(LEAD), number == "9901", "{}", pdf.text);
    }
    names_nobody(&house);
    // The archivist of each is told that a report is there, and nothing more.
    let letters: Vec<_> = house.neutral_letters().into_iter().filter(|l| l.body.contains("«reports»")).collect();
    assert!(letters.is_empty() || letters.len() == 2, "{letters:#?}");
    assert!(letters.iter().all(|l| l.to[0].starts_with("arkiv@") && !l.body.contains(".pdf")), "{letters:#?}");
}

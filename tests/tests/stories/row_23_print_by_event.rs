//! Row 23: a print that the source system asks for lies where it is fetched, in the requester's own view, and whoever asked is told once.
//! Where the policy says no there is neither file nor mail.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    time::Duration,
};

use arkivflyt_tests::{Daemon, Happenings, House, On, copy_folder, essence, files_below, person, sample_json, set_written, working_house};
use serde_json::{Value, json};

use crate::{access_rows::rows, judged};

const NOW: &str = "2026-11-23T09:00:00+01:00";
const ASKED: &str = "2026-11-23T08:41:00+01:00";
const LONG: Duration = Duration::from_secs(120);
const READY: [&str; 2] = ["Det du ba om, er klart", "Det du bad om, er klart"];

/// A plan with minutes and its consent, in one written form, and a teller of its events.
fn house(plan: &str, name: u32) -> (House, Happenings) {
    let house = working_house(On::Sqlite).unwrap();
    let form = if plan.contains("nynorsk") { "nynorsk" } else { "full" };
    for sample in [plan, &format!("meeting-minutes/{form}.json"), &format!("consent-record/{form}.json")] {
        house.hears(NOW, &sample_json(sample));
    }
    (house, Happenings::of(plan, name))
}

/// Who asks, in which role, and how they are told.
fn asks(who: u32, role: &str, form: &str, more: &Value) -> Value {
    let contact = json!({ "email": "rask.myrull@example.com", "written_form": form, "person": person(who) });
    let mut with =
        json!({ "actor": person(who), "role": role, "people": [{ "name": "Rask Myrull", "contact": contact }], "reason": "own_copy" });
    for (key, value) in more.as_object().unwrap() {
        with[key] = value.clone();
    }
    with
}

fn pdf_of(house: &House, event: &Value) -> PathBuf {
    house.at(&format!("prints/{}.pdf", event["id"].as_str().unwrap()))
}

fn text_of(sample: &Value, pointer: &str) -> String {
    essence(&sample.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).as_str().unwrap().chars().take(50).collect::<String>())
}

/// How many files wait to be fetched. The folder is made with the first one.
fn waits(house: &House) -> usize {
    let folder = house.at("prints");
    if folder.is_dir() { files_below(&folder).len() } else { 0 }
}

/// Everything below the archive by its name, bytes and time of change.
fn archive(house: &House) -> BTreeMap<PathBuf, (Vec<u8>, i64)> {
    // The log tells how far the access log has come, and so that there was a print.
    let files = files_below(&house.at("arkivlager")).into_iter().filter(|f| !f.to_string_lossy().contains("/revisjonslogg"));
    files.map(|f| (f.clone(), (fs::read(&f).unwrap(), fs::metadata(&f).unwrap().ctime()))).collect()
}

#[test]
fn a_print_that_is_asked_for_waits_to_be_fetched_and_its_requester_is_told_once() {
    for (plan, folder, role, watermark, words, subject) in [
        (
            "plan-snapshot/full-ip.json",
            "9901/2026/000001",
            "guardian",
            "Utskrift – ikke arkivkopi",
            ["Foresatt", "Eget eksemplar", "23. november 2026 kl. 08.41"],
            READY[0],
        ),
        (
            "plan-snapshot/nynorsk-ip.json",
            "9902/2026/000001",
            "subject",
            "Utskrift – ikkje arkivkopi",
            ["Hovudperson", "Eige eksemplar", "23. november 2026 kl. 08.41"],
            READY[1],
        ),
    ] {
        let (house, mut teller) = house(plan, 2301);
        let form = if plan.contains("nynorsk") { "nn" } else { "nb" };
        let chosen = json!({ "parts": ["goals", "participants"], "special_categories": "included" });
        let event = teller.event("print.requested", ASKED, &asks(7, role, form, &chosen));
        let (before, mails) = (archive(&house), house.told("print_ready"));
        assert!(mails.is_empty() && rows(&house, &folder[..4]).is_empty());
        house.hears(NOW, &event);

        let file = pdf_of(&house, &event);
        let bytes = fs::read(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::metadata(house.at("prints")).unwrap().permissions().mode() & 0o777, 0o750);
        assert_eq!(archive(&house), before, "nothing below the archive was touched");
        let [row] = &rows(&house, &folder[..4])[..] else { panic!("one document, one row") };
        assert_eq!((&row["action"], &row["role"], &row["reason"]), (&json!("print"), &json!(role), &json!("own_copy")), "{row}");
        assert_eq!((&row["actor"], &row["folder"], row.get("denied")), (&json!(person(7)), &json!(folder), None), "{row}");
        assert_eq!(house.told("print_ready"), [("requester".to_owned(), "delivered".to_owned())]);

        // The same event again makes nothing.
        let changed = fs::metadata(&file).unwrap().ctime_nsec();
        house.hears("2026-11-23T09:30:00+01:00", &event);
        assert_eq!((waits(&house), fs::metadata(&file).unwrap().ctime_nsec()), (1, changed));
        assert_eq!((rows(&house, &folder[..4]).len(), house.told("print_ready").len()), (1, 1));
        let letters = house.neutral_letters();
        let ready: Vec<_> = letters.iter().filter(|l| l.header("subject").contains(subject)).collect();
        assert!(letters.is_empty() || ready.len() == 1 && ready[0].to.len() == 1 && ready[0].parts.len() <= 1, "{letters:#?}");

        let Some(pdf) = judged::paper(&file) else { continue };
        let pages: Vec<&str> = pdf.text.trim_end_matches('\u{c}').split('\u{c}').collect();
        assert!(pages.iter().all(|page| page.contains(watermark)), "a page does not say what it is:\n{}", pdf.text);
        for word in words.iter().chain([&&*person(7), &"SYNTETISKE DATA"]) {
            assert!(essence(pages[0]).contains(&essence(word)), "«{word}» is not on the first page:\n{}", pages[0]);
        }
        let plan = sample_json(plan);
        assert!(essence(&pdf.text).contains(&text_of(&plan, "/content/goals/0/main_goal")));
        for not_asked in ["/content/background", "/content/cooperation_needs", "/content/consent_summary"] {
            assert!(!essence(&pdf.text).contains(&text_of(&plan, not_asked)), "{not_asked}");
        }
        for secret in plan["case"]["guardians"].as_array().unwrap().iter().map(|g| g["contact"]["email"].as_str().unwrap()) {
            assert!(!pdf.text.contains(secret), "an address is on the print");
        }
        assert_eq!(bytes, fs::read(&file).unwrap());
    }
}

#[test]
fn a_print_is_cut_to_what_its_reader_may_see() {
    let (house, mut teller) = house("plan-snapshot/full-ip.json", 2302);
    let plan = sample_json("plan-snapshot/full-ip.json");
    let minutes = sample_json("meeting-minutes/full.json");
    let mut made = |role: &str, more: &Value| {
        let event = teller.event("print.requested", ASKED, &asks(8, role, "nb", more));
        house.hears(NOW, &event);
        pdf_of(&house, &event)
    };
    let with_all = |more: Value| {
        let mut more = more;
        more["special_categories"] = json!("included");
        more
    };
    // A participant has what the consent gives; a guardian has it all but what is held back; minutes are printed by their id.
    let participant = made("participant", &with_all(json!({ "scope": ["goals"] })));
    let guardian = made("guardian", &with_all(json!({ "withheld": ["background"] })));
    let of_minutes = made("plan_lead", &with_all(json!({ "matter": minutes["id"] })));
    let plain = made("plan_lead", &json!({}));
    let nothing = [
        made("participant", &json!({})),
        made("participant", &with_all(json!({ "scope": ["goals"], "parts": ["background"] }))),
        made("guardian", &with_all(json!({ "withheld": ["background"], "parts": ["background"] }))),
        made("archivist", &json!({})),
        made("plan_lead", &json!({ "parts": ["goals"] })),
        made("plan_lead", &json!({ "matter": "00000000-0000-4000-8000-00000000dead" })),
    ];
    assert!(nothing.iter().all(|file| !file.exists()), "{nothing:?}");
    assert_eq!((waits(&house), house.told("print_ready").len()), (4, 4));
    let denied: Vec<Value> = rows(&house, "9901").iter().filter_map(|row| row.get("denied").cloned()).collect();
    assert_eq!(denied, ["outside_scope", "outside_scope", "withheld", "not_in_role"]);
    let says = |file: &PathBuf, what: &Value, pointer: &str| {
        arkivflyt_tests::Pdf::read(file).map(|pdf| essence(&pdf.text).contains(&text_of(what, pointer)))
    };
    for (file, what, pointer, expected) in [
        (&participant, &plan, "/content/goals/0/main_goal", true),
        (&participant, &plan, "/content/background", false),
        (&participant, &plan, "/content/cooperation_needs", false),
        (&guardian, &plan, "/content/background", false),
        (&guardian, &plan, "/content/resources", true),
        (&of_minutes, &minutes, "/content/items/0/discussion", true),
        (&of_minutes, &plan, "/content/goals/0/main_goal", false),
        (&plain, &plan, "/content/cooperation_needs", true),
        (&plain, &plan, "/content/goals/0/main_goal", false),
    ] {
        assert_ne!(says(file, what, pointer), Some(!expected), "{} {pointer}", file.display());
    }
}

#[test]
fn a_crash_between_file_and_word_of_it_leaves_one_of_each() {
    let (house, mut teller) = house("plan-snapshot/full-ip.json", 2303);
    let event = teller.event("print.requested", ASKED, &asks(7, "guardian", "nb", &json!({})));
    house.feed(["submit", "-", "--json"], event.to_string().as_bytes()).expect(0);
    let (before_the_file, after_the_file) = (house.copy(), house.copy());
    house.ask(0, ["run-once"]);
    let bytes = fs::read(pdf_of(&house, &event)).unwrap();
    // Killed before the file was whole: the same print is made.
    before_the_file.ask(0, ["run-once"]);
    assert!(fs::read(pdf_of(&before_the_file, &event)).unwrap() == bytes, "the same bytes");
    // Killed when it was there and its row too, and nobody had been told.
    for folder in ["prints", "access"] {
        fs::remove_dir_all(after_the_file.at(folder)).ok();
        copy_folder(&house.at(folder), &after_the_file.at(folder));
    }
    after_the_file.ask(0, ["run-once"]);
    for house in [&house, &before_the_file, &after_the_file] {
        assert!(fs::read(pdf_of(house, &event)).unwrap() == bytes);
        assert_eq!(house.told("print_ready"), [("requester".to_owned(), "delivered".to_owned())]);
        assert_eq!(rows(house, "9901").len(), 1);
        house.ask(0, ["run-once"]);
        assert_eq!((house.told("print_ready").len(), waits(house)), (1, 1));
    }
}

#[test]
fn a_withdrawn_consent_stops_prints_and_takes_back_those_that_wait() {
    let (house, mut teller) = house("plan-snapshot/full-ip.json", 2304);
    let mut event = |name: &str, with: &Value| teller.event(name, ASKED, with);
    let (early, own) = (
        event("print.requested", &asks(1, "plan_lead", "nb", &json!({}))),
        event("print.requested", &asks(7, "guardian", "nb", &json!({}))),
    );
    house.hears(NOW, &early);
    house.hears(NOW, &own);
    assert_eq!((waits(&house), house.told("print_ready").len()), (2, 2));
    let consent = json!({ "matter": sample_json("consent-record/full.json")["id"] });
    house.hears(NOW, &event("consent.withdrawn", &consent));
    assert!(!pdf_of(&house, &early).exists() && pdf_of(&house, &own).exists(), "what the lead had asked for is taken back");

    // By the workers, so that the job can be looked at.
    let late = event("print.requested", &asks(1, "plan_lead", "nb", &json!({})));
    let guardian = event("print.requested", &asks(7, "guardian", "nb", &json!({})));
    for (name, event) in [("a.json", &late), ("b.json", &guardian)] {
        house.drop_in(name, event.to_string().as_bytes());
    }
    let daemon = Daemon::start(house.command(["serve", "--clock", NOW]), &house);
    house.until_without(LONG, &["ready", "waiting", "running"]);
    assert!(daemon.log().contains("consent_missing"), "{}", daemon.log());
    assert!(daemon.stop(LONG).success());
    assert!(!pdf_of(&house, &late).exists() && pdf_of(&house, &guardian).exists(), "the own side still gets its copy");
    // Two before, and the guardian's: nobody else is told.
    let told = house.told("print_ready");
    assert!(told.len() == 3 && told.iter().all(|(who, state)| who == "requester" && state == "delivered"), "{told:?}");
    let jobs = house.ask(0, ["jobs", "list", "--kind", "event", "--state", "dead"]);
    let [job] = &jobs["jobs"].as_array().unwrap()[..] else { panic!("{jobs}") };
    let shown = house.ask(0, ["jobs", "show", &job["job"].to_string()]).to_string();
    assert!(shown.contains("consent_missing") && shown.contains(late["id"].as_str().unwrap()), "{shown}");
    assert!(!shown.contains("Myrull") && !shown.contains("example.com"), "{shown}");
    let denied: Vec<Value> = rows(&house, "9901").iter().filter_map(|row| row.get("denied").cloned()).collect();
    assert_eq!(denied, ["consent_withdrawn"]);
}

#[test]
fn a_consent_that_has_run_out_stops_prints_too() {
    let (house, mut teller) = house("plan-snapshot/full-ip.json", 2305);
    let after = "2027-08-02T10:00:00+02:00";
    let changed = teller.event("plan.updated", ASKED, &json!({}));
    house.hears(NOW, &changed);
    let event = teller.event("print.requested", after, &asks(1, "plan_lead", "nb", &json!({})));
    house.hears(after, &event);
    assert_eq!((waits(&house), house.told("print_ready")), (0, vec![]));
    let denied: Vec<Value> = rows(&house, "9901").iter().filter_map(|row| row.get("denied").cloned()).collect();
    assert_eq!(denied, ["consent_expired"]);
}

#[test]
fn a_request_in_other_words_than_the_policys_is_not_taken() {
    let (house, mut teller) = house("plan-snapshot/full-ip.json", 2306);
    for (field, wrong, at) in [
        ("reason", json!("Mor til Blid vil lese den"), "/content/reason"),
        ("role", json!("auntie"), "/content/role"),
        ("parts", json!(["goals", "Blid Fjellbekk"]), "/content/parts/1"),
        ("scope", json!(["everything"]), "/content/scope/0"),
        ("withheld", json!(["diagnosis"]), "/content/withheld/0"),
    ] {
        let event = teller.event("print.requested", ASKED, &asks(7, "guardian", "nb", &json!({ field: wrong })));
        let refused = house.feed(["submit", "-", "--wait", "--json"], event.to_string().as_bytes()).expect(5).json();
        let problem = &refused["documents"][0]["problems"][0];
        assert_eq!((&problem["code"], &problem["at"]), (&json!("value_not_allowed"), &json!(at)), "{refused}");
        assert!(!refused.to_string().contains("Blid"), "{refused}");
    }
    assert_eq!((waits(&house), house.told("print_ready")), (0, vec![]));
    assert!(rows(&house, "9901").is_empty());
}

#[test]
fn what_nobody_fetched_goes_after_the_days_that_are_set() {
    let (house, mut teller) = house("plan-snapshot/full-ip.json", 2307);
    let house = house.with("PRINTS__KEEP_DAYS", "3");
    let event = teller.event("print.requested", ASKED, &asks(7, "guardian", "nb", &json!({})));
    house.hears(NOW, &event);
    let letters = house.neutral_letters();
    let ready = letters.iter().find(|l| l.header("subject").contains(READY[0]));
    assert!(letters.is_empty() || ready.is_some_and(|l| l.body.contains("Hent det innen 25. november 2026")), "{letters:#?}");
    // It is the 23rd at nine.
    set_written(&pdf_of(&house, &event), "2026-11-20T09:00:01+01:00");
    house.ask(0, ["run-once"]);
    assert_eq!(waits(&house), 1);
    set_written(&pdf_of(&house, &event), "2026-11-20T09:00:00+01:00");
    house.ask(0, ["run-once"]);
    assert_eq!(waits(&house), 0);
    for wrong in ["0", "366"] {
        let run = house.copy().with("PRINTS__KEEP_DAYS", wrong).run_now(["run-once"]);
        assert!(run.code() != 0 && run.stderr.contains("prints.keep_days") && run.stderr.contains("1 to 365"), "{run}");
    }
}

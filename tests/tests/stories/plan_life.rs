//! What people do to a plan, and everything that comes of it: one story per row of the plan's life.

use std::{collections::BTreeSet, ffi::OsString, fs, path::PathBuf};

use arkivflyt_tests::{House, Pdf, Tool, essence, files_below, samples_folder, tree};
use serde_json::{Value, json};

/// Hands documents in one after the other, and archives each.
fn archived(house: &House, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| submitted(house, 0, &samples_folder().join(name).to_string_lossy(), b"")).collect()
}

fn submitted(house: &House, code: i32, what: &str, input: &[u8]) -> Value {
    let run = house.feed(["submit", what, "--wait", "--json"], input).expect(code);
    run.json()["documents"][0].clone()
}

/// A sample with other values at some places.
fn edited(name: &str, edits: &[(&str, Value)]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(&fs::read(samples_folder().join(name)).unwrap()).unwrap();
    for (pointer, value) in edits {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")).as_object_mut().unwrap();
        if value.is_null() { drop(parent.remove(field)) } else { drop(parent.insert(field.to_owned(), value.clone())) }
    }
    document.to_string().into_bytes()
}

/// Metadata of the newest registration in the house's only case folder, as text.
fn newest_registration(house: &House) -> String {
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    let is_registration = |f: &PathBuf| {
        let (name, parent) = (f.file_stem().unwrap().to_string_lossy().into_owned(), f.parent().unwrap().ends_with("metadata"));
        parent && !name.is_empty() && name.chars().all(|c| c.is_ascii_digit())
    };
    let newest = files_below(case).into_iter().filter(is_registration).max_by_key(|f| f.file_name().unwrap().to_owned()).unwrap();
    fs::read_to_string(newest).unwrap()
}

/// The folder's own metadata as it stands now.
fn folder_now(house: &House) -> String {
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    let mappe = |f: &PathBuf| f.ends_with("metadata/mappe.xml");
    // v2 before v10.
    let version = |f: &PathBuf| f.strip_prefix(case).unwrap().iter().next().unwrap().to_string_lossy()[1..].parse::<u32>().unwrap();
    fs::read_to_string(files_below(case).into_iter().filter(mappe).max_by_key(version).unwrap()).unwrap()
}

fn element<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    xml.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap()).collect()
}

/// Kinds of all notices with whom they went to.
fn notices(house: &House) -> Vec<(String, String)> {
    let list = house.ask(0, ["mail", "list"]);
    let who = |m: &Value| {
        let who = m["recipient"]["who"].as_str().unwrap();
        m["recipient"]["index"].as_u64().map_or_else(|| who.to_owned(), |n| format!("{who}:{n}"))
    };
    list["mails"].as_array().unwrap().iter().map(|m| (m["kind"].as_str().unwrap().to_owned(), who(m))).collect()
}

fn of_kind(house: &House, kind: &str) -> BTreeSet<String> {
    notices(house).into_iter().filter(|(k, _)| k == kind).map(|(_, who)| who).collect()
}

/// All mail as it is read: headers, text and calendars, decoded. `None` without Python.
fn mail_text(house: &House) -> Option<String> {
    const SCRIPT: &str = "import email, email.policy, sys
for name in sys.argv[1:]:
    mail = email.message_from_binary_file(open(name, 'rb'), policy=email.policy.default)
    print(*(f'{k}: {v}' for k, v in mail.items()), sep='\\n')
    for part in mail.walk():
        if not part.is_multipart():
            print(part.get_content().replace('\\r\\n ', '').replace('\\r', ''))";
    let files = files_below(&house.at("mail"));
    let args = ["-c".into(), SCRIPT.into()].into_iter().chain(files.into_iter().map(PathBuf::into_os_string));
    Some(Tool::find("python3")?.pass(args.collect::<Vec<OsString>>()))
}

#[test]
fn plan_10_a_draft_of_a_consent_is_shown_and_not_archived() {
    let house = House::new();
    for (sample, words) in
        [("consent-record/full.json", "Utkast til godkjenning"), ("consent-record/nynorsk.json", "Utkast til godkjenning")]
    {
        let draft = edited(
            sample,
            &[("/content/state", json!("draft")), ("/content/approved_at", Value::Null), ("/content/withdrawn_at", Value::Null)],
        );
        let refused = submitted(&house, 5, "-", &draft);
        assert_eq!(refused["problems"][0]["code"], "not_approved", "{refused}");
        let preview = house.feed(["case", "preview", "-", "--json"], &draft).expect(5).json();
        assert_eq!((&preview["draft"], &preview["registration_type"]), (&json!(true), &json!("Inngående dokument")), "{preview}");
        let file = house.at("draft.json");
        fs::write(&file, &draft).unwrap();
        let paper = house.at("draft.pdf");
        house.run(["render", file.to_str().unwrap(), "-o", paper.to_str().unwrap()]).expect(0);
        if let Some(pdf) = Pdf::read(&paper) {
            assert!(essence(&pdf.text).contains(&essence(words)), "{}", pdf.text);
        }
    }
    assert!(house.case_folders().is_empty());
    assert!(notices(&house).is_empty());
}

#[test]
fn plan_11_a_withdrawal_is_a_new_version_that_comes_from_the_one_who_gave_it() {
    let house = House::new();
    let both = archived(&house, &["consent-record/full.json", "consent-record/withdrawn.json"]);
    assert_eq!((both[0]["version"].as_u64(), both[1]["version"].as_u64()), (Some(1), Some(2)));
    assert_eq!(both[0]["document_id"], both[1]["document_id"]);
    let xml = newest_registration(&house);
    assert_eq!(element(&xml, "journalposttype"), ["Inngående dokument"]);
    assert_eq!(element(&xml, "korrespondanseparttype"), ["Avsender", "Intern mottaker"]);
    assert_eq!((element(&xml, "mottattDato").len(), element(&xml, "referanseTilRegistrering").len()), (1, 1), "{xml}");
    assert_eq!(element(&xml, "kassasjonsvedtak"), ["Vurderes senere"]);
}

#[test]
fn plan_15_an_evaluation_is_tied_to_the_version_that_was_judged() {
    let house = House::new();
    archived(&house, &["plan-snapshot/full-ip.json", "evaluation-report/full.json"]);
    let xml = newest_registration(&house);
    assert_eq!(element(&xml, "dokumenttype"), ["Evaluering"]);
    let judged = element(&xml, "referanseTilRegistrering");
    assert_eq!(judged.len(), 1, "{xml}");
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    let plan = fs::read_to_string(case.join("v1/content/metadata/01.xml")).unwrap();
    assert!(
        plan.split("<registrering").nth(1).unwrap().contains(&format!("<systemID>{}</systemID>", judged[0])),
        "it names the plan's registration"
    );
}

#[test]
fn plan_17_a_new_school_year_is_noted_and_kept() {
    for (plan, note) in [("full-iop", "full"), ("nynorsk-iop", "nynorsk")] {
        let house = House::new();
        archived(&house, &[&format!("plan-snapshot/{plan}.json"), &format!("school-year-transfer-note/{note}.json")]);
        let xml = newest_registration(&house);
        assert_eq!((element(&xml, "kassasjonsvedtak"), element(&xml, "referanseTilRegistrering").len()), (vec!["Bevares"], 1), "{xml}");
        let is_ours = |title: &&str| title.starts_with("Overføring til nytt sk") && title.contains("/20") && title.ends_with("******");
        assert!(element(&xml, "offentligTittel").iter().any(is_ours), "{xml}");
        assert!(notices(&house).iter().all(|(kind, _)| kind == "archive_report"), "{:?}", notices(&house));
    }
}

#[test]
fn plan_18_both_leads_are_told_of_a_transfer_and_nothing_is_said() {
    let house = House::new();
    archived(&house, &["responsibility-transfer-note/full.json"]);
    let told = of_kind(&house, "responsibility_transferred");
    let paper = house.ask(0, ["case", "preview", samples_folder().join("responsibility-transfer-note/full.json").to_str().unwrap()]);
    let people: BTreeSet<String> = paper["told"].as_array().unwrap().iter().map(|t| t["to"].as_str().unwrap().to_owned()).collect();
    assert!(people.contains("recipient:0") && people.contains("recipient:1") && people.len() > 2, "{paper}");
    assert!(told.is_subset(&people) && !told.is_empty(), "{told:?}");
    let document: Value =
        serde_json::from_slice(&fs::read(samples_folder().join("responsibility-transfer-note/full.json")).unwrap()).unwrap();
    let Some(mail) = mail_text(&house) else { return };
    for hidden in ["/content/from_lead", "/content/to_lead", "/content/from_unit", "/case/subject_name"] {
        assert!(!mail.contains(document.pointer(hidden).unwrap().as_str().unwrap()), "{hidden} in a mail");
    }
}

#[test]
fn plan_20_a_message_log_tells_its_rule() {
    for (sample, form) in [("message-log/full.json", "nb"), ("message-log/nynorsk.json", "nn")] {
        let house = House::new();
        let row = archived(&house, &[sample]).remove(0);
        let [case] = &house.case_folders()[..] else { panic!("one case folder") };
        let xml = newest_registration(&house);
        assert_eq!(element(&xml, "journalposttype"), ["Organinternt dokument uten oppfølging"]);
        let Some(pdf) = Pdf::read(&case.join(row["pdf"].as_str().unwrap())) else { return };
        let first = if form == "nb" { "Internmeldinger" } else { "Internmeldingar" };
        assert!(pdf.fact("Title").starts_with(first), "{}", pdf.info);
        assert!(essence(&pdf.text).contains("arkivverdig") || essence(&pdf.text).contains("avslutt"), "the rule is printed: {}", pdf.text);
    }
}

#[test]
fn plan_21_an_invitation_its_change_and_its_cancellation_reach_the_calendar() {
    let house = House::new();
    let municipality = house.at("municipalities/9901.toml");
    let text = fs::read_to_string(&municipality).unwrap();
    assert!(text.contains("meeting_times"), "the setting is explained in the file");
    fs::write(&municipality, text.replace("meeting_times = false", "meeting_times = true")).unwrap();
    archived(&house, &["meeting-invitation/full.json", "meeting-invitation/changed.json", "meeting-invitation/cancelled.json"]);
    let mut everybody: Vec<BTreeSet<String>> =
        ["meeting_invited", "meeting_changed", "meeting_cancelled"].iter().map(|kind| of_kind(&house, kind)).collect();
    assert!(everybody.iter().all(|told| !told.is_empty()), "{everybody:?}");
    everybody.dedup();
    let Some(mail) = mail_text(&house) else { return };
    for (method, sequence) in [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)] {
        assert!(
            mail.contains(&format!("METHOD:{method}")) && mail.contains(&format!("SEQUENCE:{sequence}")),
            "{method} {sequence}\n{mail}"
        );
    }
    let uids: BTreeSet<&str> = mail.lines().filter_map(|l| l.strip_prefix("UID:")).collect();
    assert_eq!(uids.len(), 1, "one meeting is one entry: {uids:?}");
}

#[test]
fn plan_21_nobody_is_called_to_a_meeting_that_is_over() {
    let house = House::new();
    let past = [("/content/starts_at", json!("2026-11-20T12:00:00+01:00")), ("/content/ends_at", json!("2026-11-20T13:00:00+01:00"))];
    let mut edits = past.to_vec();
    edits.push(("/content/reply_by", Value::Null));
    house.feed(["submit", "-"], &edited("meeting-invitation/full.json", &edits)).expect(0);
    house.run(["run-once"]).expect(0);
    let list = house.ask(0, ["mail", "list"]);
    let called: Vec<&Value> = list["mails"].as_array().unwrap().iter().filter(|m| m["kind"] == "meeting_invited").collect();
    assert!(called.len() > 1, "{list}");
    assert!(called.iter().all(|m| m["state"] == "failed" && m["last_code"] == "notice_expired"), "{list}");
    let reports = of_kind(&house, "archive_report").len();
    assert_eq!(files_below(&house.at("mail")).len(), reports, "only the archivist's report was sent");
    assert_eq!(house.case_folders().len(), 1, "the invitation itself is archived");
}

#[test]
fn plan_24_a_closing_seals_the_folder_and_a_reopening_opens_it() {
    for form in ["full", "nynorsk"] {
        let house = House::new();
        archived(&house, &[&format!("closing-note/{form}.json")]);
        let closed = folder_now(&house);
        assert_eq!(element(&closed, "saksstatus"), ["Avsluttet"]);
        assert!(!of_kind(&house, "plan_closed").is_empty());
        // Minutes from after the closing are refused, and the folder stays as it is.
        let note: Value = serde_json::from_slice(&fs::read(samples_folder().join(format!("closing-note/{form}.json"))).unwrap()).unwrap();
        let minutes = edited(
            "meeting-minutes/minimal.json",
            &[
                ("/case/plan_id", note["case"]["plan_id"].clone()),
                ("/case/plan_type", note["case"]["plan_type"].clone()),
                ("/case/municipality_number", note["case"]["municipality_number"].clone()),
                ("/case/plan_status", json!("suspended")),
                ("/source/system", note["source"]["system"].clone()),
                ("/occurred_at", json!("2099-01-01T00:00:00Z")),
            ],
        );
        let before = tree(&house.at("arkivlager"));
        let row = submitted(&house, 3, "-", &minutes);
        assert_eq!((row["state"].as_str(), row["code"].as_str()), (Some("failed"), Some("folder_closed")), "{row}");
        assert_eq!(tree(&house.at("arkivlager")), before);
        archived(&house, &[&format!("reopening-note/{form}.json")]);
        assert_eq!(element(&folder_now(&house), "saksstatus"), ["Under behandling"]);
        assert!(!of_kind(&house, "plan_reopened").is_empty());
    }
}

#[test]
fn plan_24_a_plan_made_by_mistake_lapses() {
    let house = House::new();
    archived(&house, &["closing-note/by-mistake.json"]);
    assert_eq!(element(&folder_now(&house), "saksstatus"), ["Utgår"]);
}

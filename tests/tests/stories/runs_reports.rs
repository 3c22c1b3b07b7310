//! Scheduled runs that report: what the archivist finds on paper, in the file beside it, and in the mail.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use arkivflyt_tests::{
    Daemon, House, Needle, On, Pdf, Tool, decoded, essence, files_below, found_in, good_samples, kind_folders, letters, needles,
    personal_values, samples_folder, tree, working_house, workspace,
};
use page_validation::{ValidationOptions, ValidationProfile, validate_pdf_bytes};
use serde_json::Value;

const LONG: Duration = Duration::from_secs(120);
/// More than 190 days after the documents came, and the day after a school year has ended.
const LATER: &str = "2027-08-02T07:00:00+02:00";
/// In the last term of the school year that the samples are of.
const MAY: &str = "2026-05-04T07:00:00+02:00";

/// The run, its title in bokmål and in nynorsk.
const REPORTS: [(&str, &str, &str); 6] = [
    ("archive.semiannual", "Halvårlig arkivkjøring", "Halvårleg arkivkøyring"),
    ("fixity.check", "Kontroll av arkivmappene", "Kontroll av arkivmappene"),
    ("report.archive", "Arkivrapport", "Arkivrapport"),
    ("school_year.close", "Planer etter skoleslutt", "Planar etter skuleslutt"),
    ("annual_report.remind", "Årsrapporter som mangler", "Årsrapportar som manglar"),
    ("report.roles", "Roller og tilganger i året", "Roller og tilgangar i året"),
];

/// A sample's document for another plan.
fn another(sample: &str, n: u32) -> Value {
    let mut json = good_samples().into_iter().find(|s| s.name == sample).unwrap_or_else(|| panic!("no sample {sample}")).json();
    json["id"] = format!("018f2f4e-0000-7000-8000-{n:012}").into();
    json["case"]["plan_id"] = format!("018f2f4e-0000-4000-8000-{n:012}").into();
    json
}

/// Every sample archived, an IOP that no annual report came for, one document that failed, one that was refused.
fn house() -> House {
    let house = working_house(On::Sqlite).expect("SQLite is always there");
    let samples: Vec<PathBuf> = kind_folders();
    for folder in samples {
        house.run(["submit".as_ref(), folder.as_os_str()]).expect(0);
    }
    house.feed(["submit", "-"], another("plan-snapshot/minimal-iop.json", 1).to_string().as_bytes()).expect(0);
    house.run(["run-once"]).expect(0);
    let lost = another("plan-snapshot/minimal-sl.json", 2);
    let before = tree(&house.at("accepted"));
    house.feed(["submit", "-"], lost.to_string().as_bytes()).expect(0);
    let new = tree(&house.at("accepted")).into_keys().find(|name| !before.contains_key(name)).expect("it was accepted");
    fs::write(house.at("accepted").join(new), b"{}").unwrap();
    house.run(["run-once"]).expect(3);
    house.run(["submit".as_ref(), samples_folder().join("meeting-minutes/broken/email_invalid.json").as_os_str()]).expect(5);
    house
}

fn serve(house: &House, clock: &str) -> Daemon {
    Daemon::start(house.command(["serve", "--clock", clock]), house)
}

fn run_now(house: &House, name: &str, clock: &str) {
    let mut command = house.command(["schedule", "run-now", name, "--clock", clock]);
    assert!(command.output().unwrap().status.success(), "{name}");
}

/// Does all runs, then sends what they queued.
fn run_all(house: &House) {
    let daemon = serve(house, LATER);
    for (name, _, _) in REPORTS {
        run_now(house, name, if name == "annual_report.remind" { MAY } else { LATER });
    }
    house.until_idle(LONG);
    run_now(house, "outbox.retry", LATER);
    house.until_idle(LONG);
    assert!(daemon.stop(LONG).success());
}

/// Done jobs of a kind that belong to a municipality, by municipality.
fn results(house: &House, kind: &str) -> BTreeMap<String, Value> {
    let jobs = house.run_now(["jobs", "list", "--kind", kind, "--json"]).expect(0).json();
    let jobs = jobs["jobs"].as_array().unwrap().clone();
    assert!(jobs.iter().all(|j| j["state"] == "done"), "{kind}: {jobs:#?}");
    let of = |job: &Value| Some((job["args"]["municipality"].as_str()?.to_owned(), job["result"].clone()));
    jobs.iter().filter_map(of).collect()
}

/// Values of the samples that no fixed text of ours has too.
fn personal() -> Vec<Needle> {
    let fixed: String = ["templates/shared/terms.toml", "pipeline/render/src/report/label.rs", "pipeline/domain/src/failure.rs"]
        .iter()
        .map(|file| fs::read_to_string(workspace().join(file)).unwrap().to_lowercase())
        .chain(files_below(&workspace().join("templates/mail")).iter().map(|f| fs::read_to_string(f).unwrap().to_lowercase()))
        .collect();
    let mut all = needles(&personal_values(&good_samples()));
    all.retain(|n| !fixed.contains(&n.text) && n.text != "status");
    assert!(all.len() > 1000 && all.iter().any(|n| n.text == "blid fjellbekk"), "{}", all.len());
    all
}

fn assert_archivable(path: &Path) {
    let bytes = fs::read(path).unwrap();
    for profile in ["2a", "ua1"] {
        let profile: ValidationProfile = profile.parse().unwrap();
        let report = validate_pdf_bytes(&bytes, &ValidationOptions::default().profile(profile)).unwrap();
        // Errs when compressed data ends with a carriage return; qpdf looks at the lengths.
        let faults: Vec<&str> =
            report.failures.iter().map(|f| f.rule_id.as_ref()).filter(|id| *id != "ISO 19005-2:2011:6.1.7.1:1").collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
    }
    if let Some(qpdf) = Tool::find("qpdf") {
        qpdf.pass(["--check".as_ref(), path.as_os_str()]);
    }
}

#[test]
fn every_run_leaves_its_report_in_both_languages_and_says_so() {
    let house = house();
    let twin = house.copy();
    run_all(&house);
    let personal = personal();
    for (kind, nb, nn) in REPORTS {
        let results = results(&house, kind);
        for (number, title) in [("9901", nb), ("9902", nn)] {
            let result = &results.get(number).unwrap_or_else(|| panic!("{kind}: no run in {number}: {results:#?}"));
            // Somebody is told when there is a report, and a report lies there when somebody is told.
            let Some(place) = result["report"].as_str() else {
                assert_eq!((kind, result["to_follow_up"].as_u64()), ("annual_report.remind", Some(0)), "{number}: {result}");
                continue;
            };
            let pdf = house.at(place);
            let file = pdf.with_extension("json");
            for path in [&pdf, &file] {
                assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
            }
            assert!(place.starts_with(&format!("reports/{number}/202")) && place.contains(kind), "{place}");
            let json: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            assert_eq!(
                (&json["schema"], &json["kind"], &json["municipality"], &json["run"], &json["to_follow_up"]),
                (&"arkivflyt/run_report/1".into(), &kind.into(), &number.into(), &result["run"], &result["to_follow_up"])
            );
            assert!(found_in(&json.to_string(), &personal).is_empty(), "{kind} {number}: {:#?}", found_in(&json.to_string(), &personal));
            assert_archivable(&pdf);
            let Some(pdf) = Pdf::read(&pdf) else { continue };
            assert_eq!(pdf.fact("Title"), title);
            let text = essence(&pdf.text);
            assert!(text.contains(&essence(title)) && text.contains(&essence(json["run"].as_str().unwrap())), "{}", pdf.text);
            assert!(text.contains(&essence(if number == "9901" { "ingen navn" } else { "ingen namn" })), "{}", pdf.text);
            let found = found_in(&pdf.text, &personal);
            assert!(found.is_empty(), "{kind} {number}: {found:#?}");
        }
    }
    the_numbers_are_right(&house);
    the_mails_say_little(&house, &personal);
    // Job rows, runs and notices: the whole database.
    for file in files_below(house.data()).iter().filter(|f| f.file_name().unwrap().to_string_lossy().starts_with("arkivflyt.db")) {
        let found = found_in(&String::from_utf8_lossy(&fs::read(file).unwrap()), &personal).into_iter().collect::<Vec<_>>();
        assert!(found.is_empty(), "{}: {found:#?}", file.display());
    }
    // The same runs over the same data at the same time.
    run_all(&twin);
    assert_eq!(tree(&twin.at("reports")), tree(&house.at("reports")));
    assert_eq!(tree(&twin.at("requests")), tree(&house.at("requests")));
    // And once more here: the same run twice is one run.
    let (reports, letters) = (tree(&house.at("reports")), tree(&house.at("mail")));
    run_all(&house);
    assert_eq!((tree(&house.at("reports")), tree(&house.at("mail"))), (reports, letters));
    assert!(results(&house, "report.archive").values().all(|r| r["done_before"] == true || r["report"].is_string()));
}

fn report(house: &House, kind: &str, number: &str) -> Value {
    let place = results(house, kind)[number]["report"].as_str().unwrap().to_owned();
    serde_json::from_slice(&fs::read(house.at(&place).with_extension("json")).unwrap()).unwrap()
}

fn list<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    report["lists"][name].as_array().unwrap_or_else(|| panic!("no list {name} in {report}")).iter().collect()
}

fn the_numbers_are_right(house: &House) {
    let folders = house.run_now(["case", "list", "--json"]).expect(0).json();
    let on_disk = |number: &str| {
        let all = folders["folders"].as_array().unwrap();
        all.iter().filter(|f| f["case_folder"].as_str().unwrap().starts_with(number)).cloned().collect::<Vec<_>>()
    };
    for number in ["9901", "9902"] {
        let here = on_disk(number);
        let open: Vec<_> = here.iter().filter(|f| f["closed_at"].is_null()).map(|f| &f["case_folder"]).collect();
        let half = report(house, "archive.semiannual", number);
        // The document that failed has a folder number, and nothing on disk.
        let reserved = u64::from(number == "9901");
        assert_eq!(list(&half, "folders").len() as u64, here.len() as u64 + reserved, "{half:#}");
        let documents: u64 = here.iter().map(|f| f["documents"].as_u64().unwrap()).sum();
        assert_eq!(half["figures"]["archived"].as_u64().unwrap(), documents, "{half:#}");
        assert_eq!(half["figures"]["requested"].as_u64().unwrap(), open.len() as u64 + reserved, "{half:#}");
        let overdue: Vec<_> = list(&half, "overdue").iter().map(|row| row["case_folder"].clone()).collect();
        assert_eq!(overdue.len() as u64, open.len() as u64 + reserved, "{half:#}");
        assert!(open.iter().all(|f| overdue.contains(f)), "after 190 days all open folders are overdue");
        let failed = list(&half, "failed");
        assert_eq!(failed.len() as u64, reserved, "{half:#}");
        if let Some(row) = failed.first() {
            assert_eq!((&row["code"], &row["document"]["version"]), (&"document_missing".into(), &1.into()));
            assert_eq!(half["codes"][0]["code"], "document_missing");
        }
        let fixity = report(house, "fixity.check", number);
        assert_eq!(fixity["figures"]["checked"].as_u64(), Some(here.len() as u64), "{fixity:#}");
        assert!(fixity["figures"]["files"].as_u64().unwrap() > here.len() as u64 && list(&fixity, "damaged").is_empty(), "{fixity:#}");
        let week = report(house, "report.archive", number);
        assert_eq!(week["figures"]["archived"], 0, "everything came months before: {week:#}");
        requested(house, number, &half);
    }
    let paper = house.run_now(["mail", "list", "--json"]).expect(0).json();
    assert!(paper.is_object(), "{paper}");
    let refused = report(house, "report.archive", "9901");
    assert_eq!(
        refused["remarks"].as_array().unwrap().iter().any(|r| r == "refused_remark"),
        refused["figures"]["refused"] != 0,
        "{refused:#}"
    );
    // The samples' IOPs are of 2025/2026: on 2 August 2027 each open one is left over.
    let left_over = report(house, "school_year.close", "9901");
    let years: Vec<_> = list(&left_over, "not_rolled_over").iter().map(|row| row["school_year"].as_str().unwrap().to_owned()).collect();
    assert!(!years.is_empty() && years.iter().all(|year| year.as_str() <= "2026/2027"), "{left_over:#}");
    assert_eq!(left_over["to_follow_up"].as_u64(), Some(years.len() as u64));
    let reminded = report(house, "annual_report.remind", "9901");
    let rows = list(&reminded, "no_annual_report");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["school_year"] == "2025/2026"), "{reminded:#}");
    assert!(rows.len() < years.len(), "those with a report are not among them: {reminded:#}");
}

/// The file for the source system: each open plan once, by ids only.
fn requested(house: &House, number: &str, half: &Value) {
    let name = format!("{number}-{}.json", half["run"].as_str().unwrap());
    let request: Value = serde_json::from_slice(&fs::read(house.at("requests").join(name)).unwrap()).unwrap();
    let plans = request["plans"].as_array().unwrap();
    assert_eq!(
        (&request["schema"], &request["reason"], Some(plans.len() as u64)),
        (&"arkivflyt/archive_request/1".into(), &"archive.semiannual".into(), half["figures"]["requested"].as_u64())
    );
    for plan in plans {
        let keys: BTreeSet<&str> = plan.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["plan_id", "source_system", "case_folder", "changed_since"]), "{plan}");
    }
}

/// One for each report, neutral, with the number of things to look at and where the report lies.
fn the_mails_say_little(house: &House, personal: &[Needle]) {
    let left = |kind: &str| results(house, kind).values().filter(|r| r["report"].is_string()).count();
    let expected: usize = REPORTS.iter().map(|(kind, _, _)| left(kind)).sum();
    let files = files_below(&house.at("mail"));
    let Some(letters) = letters(&files) else { return };
    let reports: Vec<_> = letters.iter().filter(|l| l.body.contains("«reports»")).collect();
    assert_eq!(reports.len(), expected, "one for each report");
    for letter in reports {
        assert!(letter.to[0].starts_with("arkiv@") && letter.body.contains("Til oppfølging: "), "{letter:#?}");
        assert!(found_in(&decoded(letter), personal).is_empty(), "{letter:#?}");
        for word in ["IOP", "opplæring", "skole", "skule", "2026/", ".pdf"] {
            assert!(!letter.body.contains(word), "{word}: {}", letter.body);
        }
    }
}

//! A year in the life of some plans: everything that is told is archived, announced and screened once, and the accounting that says so
//! sees what is wrong when something is.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use arkivflyt_tests::{Account, House, Tool, account, files_below, house_in, shared};
use serde_json::Value;

/// A small year, played once for all the tests here.
static YEAR: LazyLock<House> = LazyLock::new(|| {
    let house = house_in(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("year_in_the_life"));
    house.run_now(["simulate", "--plans", PLANS, "--seed", "4", "--step-hours", "6"]).expect(0);
    house
});

const PLANS: &str = "12";

/// What a school year holds when nothing is forgotten: document types, notices, and what the source system tells.
const DOCUMENTS: [&str; 13] = [
    "attachment",
    "closing_note",
    "consent_record",
    "evaluation_report",
    "folder_overview",
    "iop_annual_report",
    "meeting_invitation",
    "meeting_minutes",
    "message_log",
    "plan_snapshot",
    "reopening_note",
    "responsibility_transfer_note",
    "school_year_transfer_note",
];
const NOTICES: [&str; 24] = [
    "address_bounced",
    "annual_report_due",
    "annual_report_ready",
    "archive_report",
    "consent_expired",
    "consent_expiring",
    "consent_request",
    "consent_request, again",
    "contact_stale",
    "lead_digest",
    "meeting_cancelled",
    "meeting_changed",
    "meeting_invited",
    "meeting_reminder",
    "minutes_corrected",
    "minutes_ready",
    "minutes_ready, again",
    "new_message",
    "participant_added",
    "participant_removed",
    "plan_closed",
    "plan_reopened",
    "print_ready",
    "responsibility_transferred",
];

fn codes(account: &Account) -> Vec<&'static str> {
    account.findings.iter().map(|f| f.code).collect()
}

#[test]
fn year_in_the_life_every_duty_is_met_once() {
    let account = account(YEAR.data());
    assert!(account.findings.is_empty(), "{:#?}\n{:#?}", account.findings, account.summary);
    let summary = &account.summary;
    for kind in DOCUMENTS {
        assert!(summary.documents.get(kind).is_some_and(|n| *n > 0), "a year without {kind}: {summary:#?}");
    }
    for kind in NOTICES {
        assert!(summary.mails.get(kind).is_some_and(|n| *n > 0), "a year without a mail of {kind}: {summary:#?}");
    }
    let plans: usize = PLANS.parse().unwrap();
    assert!(summary.folders >= plans && summary.closed > 0 && summary.closed < plans && summary.protected > 0, "{summary:#?}");
    assert!(summary.attachments > 0 && summary.screened > 3 * summary.all_documents() && summary.needles > 500, "{summary:#?}");
    // Most duties are certain: what hangs on the order inside one step is the exception.
    assert!(summary.open_questions * 10 < summary.all_mails(), "{summary:#?}");
    fits_the_official_schemas();
}

/// The metadata of some folders, as `xmllint` sees them.
fn fits_the_official_schemas() {
    let (Some(xmllint), Some(official)) = (Tool::find("xmllint"), shared("noark5/v5.0-testdata/arkivstruktur.xsd")) else { return };
    let mut judged = 0;
    for case in YEAR.case_folders().iter().step_by(3) {
        let files = files_below(case);
        let ours = files.iter().find(|f| f.ends_with("metadata/arkivflyt-vsm.xsd")).expect("our schema lies beside what it describes");
        let both = tempfile::Builder::new().suffix(".xsd").tempfile().unwrap();
        let import = |namespace: &str, file: &Path| format!("<xs:import namespace=\"{namespace}\" schemaLocation=\"{}\"/>", file.display());
        let schema =
            [import("http://www.arkivverket.no/standarder/noark5/arkivstruktur", &official), import("urn:arkivflyt:noark5:vsm:1", ours)];
        fs::write(both.path(), format!("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">{}</xs:schema>", schema.concat()))
            .unwrap();
        let structure = |f: &&PathBuf| {
            let is_xml = f.extension().is_some_and(|x| x == "xml") && f.parent().is_some_and(|p| p.ends_with("metadata"));
            is_xml && !f.ends_with("endringslogg.xml")
        };
        let these: Vec<&PathBuf> = files.iter().filter(structure).collect();
        judged += these.len();
        let head = ["--nonet".as_ref(), "--noout".as_ref(), "--schema".as_ref(), both.path().as_os_str()];
        xmllint.pass(head.into_iter().chain(these.iter().map(|f| f.as_os_str())));
    }
    assert!(judged > 10, "{judged}");
}

/// Everything that is wrong with a copy of the year in which something was done.
fn spoilt(what: impl FnOnce(&House)) -> Account {
    let copy = YEAR.copy();
    what(&copy);
    account(copy.data())
}

/// All mails, in order of their names.
fn mails(house: &House) -> Vec<PathBuf> {
    let mails = files_below(&house.at("mail/new"));
    assert!(mails.len() > 50, "{}", mails.len());
    mails
}

/// A mail that calls to a meeting.
fn an_invitation(house: &House) -> PathBuf {
    mails(house).into_iter().find(|f| fs::read_to_string(f).unwrap().contains("Innkalling til")).unwrap()
}

#[test]
fn year_in_the_life_the_accounting_sees_what_is_wrong() {
    let gone = spoilt(|house| {
        fs::remove_file(an_invitation(house)).unwrap();
    });
    assert_eq!(codes(&gone), ["mail_missing"], "{:#?}", gone.findings);

    let twice = spoilt(|house| {
        fs::copy(an_invitation(house), house.at("mail/new/copy.eml")).unwrap();
    });
    assert_eq!(codes(&twice), ["mail_unexpected"], "{:#?}", twice.findings);

    let told_less = spoilt(|house| {
        let file = house.at("simulation/told.jsonl");
        let told = fs::read_to_string(&file).unwrap();
        let minutes = told.lines().position(|l| l.contains("arkivflyt/meeting_minutes/1")).unwrap();
        let rest: String = told.lines().enumerate().filter(|(n, _)| *n != minutes).map(|(_, l)| format!("{l}\n")).collect();
        fs::write(file, rest).unwrap();
    });
    assert!(
        codes(&told_less).contains(&"document_of_nobody") && codes(&told_less).contains(&"mail_unexpected"),
        "{:#?}",
        told_less.findings
    );

    let unscreened = spoilt(|house| {
        let file = files_below(&house.at("arkivlager")).into_iter().find(|f| f.ends_with("metadata/01.xml")).unwrap();
        let xml = fs::read_to_string(&file).unwrap();
        let (from, until) = (xml.rfind("<skjerming>").unwrap(), xml.rfind("</skjerming>").unwrap());
        fs::write(file, format!("{}{}", &xml[..from], &xml[until + "</skjerming>".len()..])).unwrap();
    });
    assert_eq!(codes(&unscreened), ["digest_wrong", "screening_missing"], "{:#?}", unscreened.findings);

    let named = spoilt(|house| {
        let told = fs::read_to_string(house.at("simulation/told.jsonl")).unwrap();
        let first: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        let name = first["envelope"]["case"]["subject_name"].as_str().unwrap();
        let mail = mails(house).into_iter().find(|f| !fs::read_to_string(f).unwrap().contains("multipart")).unwrap();
        let text = fs::read_to_string(&mail).unwrap();
        fs::write(mail, format!("{text}\r\nHilsen {}\r\n", quoted(name))).unwrap();
    });
    let leaks: Vec<_> = named.findings.iter().filter(|f| f.code == "leak").collect();
    assert!(!leaks.is_empty() && leaks.len() == named.findings.len(), "{:#?}", named.findings);
}

#[test]
fn year_in_the_life_the_accounting_sees_a_place_that_is_protected() {
    let told = spoilt(|house| {
        let lines = fs::read_to_string(house.at("simulation/told.jsonl")).unwrap();
        let all = lines.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["envelope"]["case"].clone());
        let case = all.into_iter().find(|case| case["address_protection"] == "strictly_confidential").expect("somebody is protected");
        let is_theirs = |folder: &&PathBuf| {
            let record = files_below(folder).into_iter().rfind(|f| f.ends_with("metadata/sak.json")).unwrap();
            fs::read_to_string(record).unwrap().contains(case["plan_id"].as_str().unwrap())
        };
        let folder = house.case_folders().iter().find(is_theirs).cloned().unwrap();
        let newest = fs::read_dir(&folder).unwrap().filter(|e| e.as_ref().unwrap().path().is_dir()).count();
        let index = folder.join(format!("v{newest}/content/innhold.html"));
        let page = fs::read_to_string(&index).unwrap();
        fs::write(index, format!("{page}<p>{}</p>", case["unit_name"].as_str().unwrap())).unwrap();
    });
    assert_eq!(codes(&told), ["digest_wrong", "protected_place_told"], "{:#?}", told.findings);
}

/// As quoted-printable.
fn quoted(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() || b == b' ' { char::from(b).to_string() } else { format!("={b:02X}") }).collect()
}

#[test]
fn year_in_the_life_the_accounting_misses_a_document() {
    // A folder whose newest version was taken away without a trace: whole in itself, and short of what was told.
    let short = spoilt(|house| {
        let newest = |case: &Path| fs::read_dir(case).unwrap().filter(|e| e.as_ref().unwrap().path().is_dir()).count();
        let is_open = |case: &PathBuf| {
            let log = case.join(format!("v{}/content/metadata/sak.json", newest(case)));
            !fs::read_to_string(log).unwrap().contains("\"closed\"")
        };
        let case = house.case_folders().into_iter().find(|case| newest(case) > 2 && is_open(case)).expect("an open folder");
        let head = newest(&case);
        fs::remove_dir_all(case.join(format!("v{head}"))).unwrap();
        for file in ["inventory.json", "inventory.json.sha512"] {
            fs::copy(case.join(format!("v{}/{file}", head - 1)), case.join(file)).unwrap();
        }
    });
    assert!(codes(&short).contains(&"document_missing"), "{:#?}", short.findings);
    assert!(!codes(&short).iter().any(|code| ["digest_wrong", "file_missing"].contains(code)), "{:#?}", short.findings);

    // A paper that is gone.
    let torn = spoilt(|house| {
        let paper = files_below(&house.at("arkivlager")).into_iter().find(|f| f.extension().is_some_and(|x| x == "pdf")).unwrap();
        fs::remove_file(paper).unwrap();
    });
    assert_eq!(codes(&torn), ["file_missing", "paper_missing"], "{:#?}", torn.findings);
}

#[test]
fn year_in_the_life_leaves_as_packages_that_fit_the_official_schemas() {
    let Some(schemas) = crate::extract::schemas() else { return };
    let place = tempfile::tempdir().unwrap();
    // Whoever delivers leaves rows in the access log, which the accounting of the year does not know.
    let (year, mut folders) = (YEAR.copy(), 0);
    for number in ["9901", "9902", "9903"] {
        let out = place.path().join(number);
        let start = [
            "extract",
            "--municipality",
            number,
            "--period",
            "2000-01-01..2099-12-31",
            "--as",
            "archivist",
            "--sip",
            "--actor",
            "00000000-0000-4000-8000-000000000900",
            "-o",
        ];
        let schemas_of = schemas.iter().flat_map(|folder| ["--schemas", folder.to_str().unwrap()]);
        let args: Vec<&str> = start.into_iter().chain([out.to_str().unwrap()]).chain(schemas_of).collect();
        let run = year.run([&args[..], &["--json"]].concat());
        // A municipality where no plan was closed has nothing to deliver.
        if run.code() == 4 {
            continue;
        }
        let answer = run.expect(0).json();
        folders += answer["extract"]["folders"].as_u64().unwrap();
        let id = answer["extract"]["id"].as_str().unwrap();
        crate::extract::check(&year, 0, &out.join(format!("{id}.tar")), &schemas);
        crate::extract::judge_package(&out, id, place.path());
    }
    assert!(folders > 0, "the year closes plans");
}

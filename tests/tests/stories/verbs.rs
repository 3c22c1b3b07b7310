//! Every verb has help, exit codes and an answer as JSON.

use std::{fs, process::Command};

use arkivflyt_tests::{House, binary, samples_folder};

const VERBS: [&[&str]; 38] = [
    &["status"],
    &["overdue"],
    &["init"],
    &["demo"],
    &["submit"],
    &["run-once"],
    &["watch"],
    &["case"],
    &["case", "list"],
    &["case", "show"],
    &["case", "tree"],
    &["case", "verify"],
    &["case", "export"],
    &["extract"],
    &["extract", "check"],
    &["verify"],
    &["mail"],
    &["mail", "list"],
    &["mail", "show"],
    &["mail", "preview"],
    &["render"],
    &["retry"],
    &["check", "config"],
    &["show", "config"],
    &["schema"],
    &["doctor"],
    &["audit"],
    &["audit", "verify"],
    &["audit", "begin"],
    &["audit", "prove"],
    &["audit", "check-proof"],
    &["audit", "key"],
    &["audit", "key", "list"],
    &["audit", "key", "rotate"],
    &["audit", "key", "lost"],
    &["audit", "key", "leaked"],
    &["completions"],
    &["version"],
];

#[test]
fn every_verb_explains_itself_and_its_exit_codes() {
    let house = House::bare();
    let top = house.run(["--help"]).expect(0).text();
    for verb in VERBS {
        let help = house.run(verb.iter().copied().chain(["--help"])).expect(0).text();
        assert!(help.len() > 200 && help.contains("--json"), "{verb:?}: {help}");
        for line in ["Exit codes:", "  10  the data folder is not set up", "  75  temporary trouble"] {
            assert!(help.contains(line), "{verb:?} does not show {line:?}:\n{help}");
        }
        assert!(top.contains(verb[0]), "{verb:?} is not in the list");
    }
    assert!(!top.contains("__render") && !top.contains("--clock"), "what is not for people is hidden:\n{top}");
    assert!(house.run(["version"]).expect(0).text().starts_with("arkivflyt "));
    assert!(house.run(["--version"]).expect(0).text().starts_with("arkivflyt "));
    house.run(["no-such-verb"]).expect(2);
}

#[test]
fn every_answer_is_one_json_document() {
    let house = House::bare();
    let answer = |code: i32, args: &[&str]| {
        let json = house.ask(code, args);
        let schema = json["schema"].as_str().unwrap_or_else(|| panic!("{args:?} names no shape: {json}")).to_owned();
        assert!(schema.starts_with("arkivflyt.") && schema.ends_with("/1"), "{args:?}: {schema}");
        json
    };
    answer(0, &["init", "--demo"]);
    let file = samples_folder().join("meeting-minutes/full.json");
    let pdf = house.data().with_file_name("out.pdf");
    let (file, pdf) = (file.to_str().unwrap(), pdf.to_str().unwrap());
    let submitted = answer(0, &["submit", "--wait", file]);
    let folder = submitted["documents"][0]["case_folder"].as_str().unwrap();
    let tree = answer(0, &["case", "tree", folder]);
    assert!(tree["files"].as_array().unwrap().iter().any(|f| f["path"] == "innhold.html"), "{tree}");
    for args in [
        &["run-once"][..],
        &["case", "list"],
        &["case", "show", folder],
        &["case", "verify", folder],
        &["verify"],
        &["mail", "list"],
        &["render", file, "-o", pdf],
        &["check", "config"],
        &["check", "samples"],
        &["show", "config"],
        &["doctor"],
        &["audit", "verify"],
        &["audit", "key", "list"],
        &["version"],
    ] {
        answer(0, args);
    }
    let mails = answer(0, &["mail", "list"]);
    let first = mails["mails"][0]["number"].to_string();
    let mail = answer(0, &["mail", "show", &first, "--as", "admin", "--reason", "supervision"]);
    assert!(mail["message"].as_str().unwrap().contains("Message-ID: "), "{mail}");
    assert!(!mails["on_paper"].as_array().unwrap().is_empty(), "one recipient has no address: {mails}");
    answer(4, &["case", "show", "9901/2026/000099"]);
    answer(4, &["mail", "show", "9999"]);
    // For people there is text, in three languages.
    for lang in ["nb", "nn", "en"] {
        for args in [&["case", "list"][..], &["mail", "list"], &["verify"], &["run-once"], &["case", "show", folder]] {
            let text = house.run(args.iter().copied().chain(["--lang", lang, "--color", "never"])).expect(0).text();
            assert!(!text.trim().is_empty() && !text.contains('\u{1b}'), "{args:?}: {text}");
        }
    }
}

#[test]
fn without_a_data_folder_it_says_what_to_do() {
    let house = House::bare();
    let file = samples_folder().join("meeting-minutes/full.json");
    for args in [
        &["run-once"][..],
        &["submit", file.to_str().unwrap()],
        &["case", "list"],
        &["case", "show", "9901/2026/000001"],
        &["verify"],
        &["mail", "list"],
        &["doctor"],
        &["watch"],
        &["check", "config"],
    ] {
        let run = house.run(args).expect(10);
        assert!(run.stderr.contains("not_initialised") && run.stderr.contains("arkivflyt init"), "{args:?}: {run}");
        let json = house.ask(10, args);
        assert_eq!(json["code"], "not_initialised", "{args:?}");
        assert!(!house.data().exists(), "{args:?} made a data folder");
    }
}

#[test]
fn a_wrong_setting_is_named_with_its_file_and_key() {
    let house = House::new();
    let file = house.at("arkivflyt.toml");
    for (text, said) in [
        ("[render]\nchildern = 3\n", "childern"),
        ("[render]\nchildren = \"many\"\n", "children"),
        ("[log]\nlevel = \"loud\"\n", "loud"),
        ("[mail\n", "line"),
    ] {
        fs::write(&file, text).unwrap();
        let run = house.run(["case", "list"]).expect(9);
        assert!(run.stderr.contains("arkivflyt.toml") && run.stderr.contains(said), "{text}: {run}");
    }
    fs::remove_file(&file).unwrap();
    let run = House::new().with("RENDER__WALL_LIMIT_S", "0").run(["case", "list"]).expect(9);
    assert!(run.stderr.contains("wall_limit_s"), "{run}");
    let municipality = house.at("municipalities/9901.toml");
    let text = fs::read_to_string(&municipality).unwrap().replace("310000019", "310000018");
    fs::write(&municipality, text).unwrap();
    let run = house.run(["check", "config"]).expect(9);
    assert!(run.stderr.contains("9901.toml") && run.stderr.contains("organisation_number"), "{run}");
    let run = house.run(["run-once"]).expect(9);
    assert!(run.stderr.contains("9901.toml") && run.stderr.contains("organisation_number"), "{run}");
}

#[test]
fn completions_are_scripts_that_the_shells_read() {
    let house = House::bare();
    for shell in ["bash", "zsh", "fish"] {
        let script = house.run(["completions", shell]).expect(0).text();
        for word in ["submit", "run-once", "doctor", "verify"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let script = house.run(["completions", "bash"]).expect(0).stdout;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), script).unwrap();
    let checked = Command::new("bash").arg("-n").arg(file.path()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_reader_who_hangs_up_is_no_error() {
    let script = format!("'{}' schema plan_snapshot | head -n 1", binary().display());
    let run = Command::new("bash").args(["-o", "pipefail", "-c", &script]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
}

//! `doctor`, `check`, and what a healthy installation looks like.

use std::fs;

use arkivflyt_tests::House;

#[test]
fn the_doctor_finds_a_fresh_folder_healthy_and_an_open_one_not() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    let found = house.ask(0, ["doctor"]);
    assert_eq!(found["healthy"], true, "{found}");
    assert!(found["findings"].as_array().unwrap().iter().any(|f| f["what"] == "sandbox"), "{found}");

    fs::set_permissions(house.at("accepted"), fs::Permissions::from_mode(0o755)).unwrap();
    let found = house.ask(1, ["doctor"]);
    assert!(found["findings"].as_array().unwrap().iter().any(|f| f["health"] == "bad" && f["what"] == "permissions"), "{found}");
}

#[test]
fn the_doctor_takes_away_what_a_crash_left() {
    let house = House::new();
    // Wherever files are written whole, the key that is made once among them.
    let parts = ["", "accepted/", "refused/", "reports/4601/", "requests/", "bounces/", "prints/", "exports/"].map(|folder| {
        let part = house.at(&format!("{folder}.4194305-0-half.part"));
        fs::create_dir_all(part.parent().unwrap()).unwrap();
        fs::write(&part, b"{").unwrap();
        part
    });
    house.ask(0, ["doctor"]);
    for part in parts {
        assert!(!part.exists(), "{}", part.display());
    }
}

#[test]
fn nobody_else_may_read_what_the_program_writes() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::bare();
    house.ask(0, ["demo"]);
    for path in arkivflyt_tests::files_below(house.data()) {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        let closed = path
            .ancestors()
            .take_while(|p| p.starts_with(house.data()))
            .any(|p| fs::metadata(p).unwrap().permissions().mode() & 0o007 == 0);
        let public = path.parent() == Some(house.data()) || path.starts_with(house.at("municipalities"));
        assert!(closed || public, "{}: mode {:o}", path.display(), mode & 0o777);
    }
}

#[test]
fn the_programs_own_checks_pass() {
    let house = House::new();
    let templates = house.ask(0, ["check", "templates"]);
    assert_eq!(templates["ok"], true, "{templates}");
    let samples = house.ask(0, ["check", "samples"]);
    assert_eq!(samples["ok"], true, "{samples}");
    let config = house.ask(0, ["check", "config"]);
    assert_eq!(config["municipalities"], 3, "{config}");
    let shown = house.ask(0, ["show", "config"]);
    assert_eq!(shown["municipalities"].as_array().unwrap().len(), 3, "{shown}");
}

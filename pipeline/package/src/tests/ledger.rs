//! `noark/RULES.md` names tests; each of them exists.

use std::{fs, path::Path};

const RULES: &str = include_str!("../noark/RULES.md");

#[test]
fn every_test_that_the_ledger_names_exists() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut code = fs::read_to_string(src.join("titles.rs")).unwrap();
    for file in fs::read_dir(src.join("tests")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "rs") {
            code += &fs::read_to_string(path).unwrap();
        }
    }
    let named: Vec<&str> = RULES.split("test `").skip(1).map(|rest| rest.split('`').next().unwrap()).collect();
    assert!(named.len() > 20, "{} tests named", named.len());
    for test in named {
        assert!(code.contains(&format!("fn {test}(")), "{test} is named in RULES.md");
    }
}

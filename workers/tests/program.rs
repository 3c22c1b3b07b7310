//! The program starts. Being here also makes `cargo test` build the binary that the stories in `tests/` call.

use std::process::Command;

#[test]
fn it_tells_its_version() {
    let answer = Command::new(env!("CARGO_BIN_EXE_arkivflyt")).args(["version", "--json"]).output().unwrap();
    assert!(answer.status.success());
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(answer["schema"], "arkivflyt.version/1");
}

#[test]
fn an_unknown_word_is_wrong_usage() {
    let answer = Command::new(env!("CARGO_BIN_EXE_arkivflyt")).arg("archive-everything").output().unwrap();
    assert_eq!(answer.status.code(), Some(2));
}

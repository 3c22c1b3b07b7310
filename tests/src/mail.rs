//! Mails as Python's `email` reads them.

use std::path::PathBuf;

use serde_json::Value;

use crate::{Tool, workspace};

/// One mail.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its file.
    pub file: PathBuf,
    /// Names and decoded values, in order.
    pub headers: Vec<(String, String)>,
    /// Whom it is to.
    pub to: Vec<String>,
    /// Decoded text.
    pub body: String,
    /// What the reader had to overlook.
    pub defects: Vec<String>,
    /// Media types of its parts.
    pub parts: Vec<String>,
}

impl Letter {
    /// Value of a header; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v)
    }
}

/// Reads mails; `None` without Python.
pub fn letters(files: &[PathBuf]) -> Option<Vec<Letter>> {
    let python = Tool::find("python3")?;
    let script = workspace().join("pipeline/notify/tests/notify/read_mail.py");
    let mut letters = Vec::new();
    for some in files.chunks(200) {
        let seen = python.pass(std::iter::once(&script).chain(some));
        let seen: Vec<Value> = serde_json::from_str(&seen).expect("the reader writes JSON");
        assert_eq!(seen.len(), some.len());
        letters.extend(some.iter().zip(seen).map(|(file, mail)| letter(file.clone(), &mail)));
    }
    Some(letters)
}

fn letter(file: PathBuf, mail: &Value) -> Letter {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let list = |v: &Value| v.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let pair = |v: &Value| (text(&v[0]), text(&v[1]));
    Letter {
        file,
        headers: mail["headers"].as_array().into_iter().flatten().map(pair).collect(),
        to: list(&mail["to"]),
        body: text(&mail["body"]),
        defects: list(&mail["defects"]),
        parts: list(&mail["parts"]),
    }
}

/// Everything that a mail says, decoded, but for the address that it is to.
pub fn decoded(letter: &Letter) -> String {
    let headers = letter.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("to"));
    let mut text: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
    text.push_str(&without_checkpoint(&letter.body));
    text
}

/// A text without the checkpoint at its foot (`docs/tamper-evidence.md`): digests and a signature, in which chance may write any short word.
/// A text that only begins like one is left whole.
pub fn without_checkpoint(text: &str) -> String {
    let signs = |c: char| c.is_ascii_alphanumeric() || "-_.\r\n".contains(c);
    match text.split_once("sjekkpunkt.1.") {
        Some((before, rest)) => match rest.split_once(';') {
            Some((inside, after)) if inside.len() < 400 && inside.chars().all(signs) => format!("{before}{after}"),
            _ => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

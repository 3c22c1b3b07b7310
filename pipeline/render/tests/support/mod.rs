//! Samples, and readers of PDF that we did not write.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pipeline_domain::{CaseFolderId, Content, DocumentKind, Envelope, Snapshot};
use pipeline_render::{Letterhead, Pdf, RenderJob, Typesetter, render_job, typesetting_thread};
use serde_json::Value;

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every sample that is whole: path from `samples/` and JSON.
pub fn samples() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for kind in DocumentKind::ALL {
        let folder = workspace().join("samples").join(kind.folder());
        for entry in std::fs::read_dir(&folder).expect("every kind has samples") {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "json") {
                let name = format!("{}/{}", kind.folder(), path.file_name().unwrap().to_string_lossy());
                found.push((name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(found.len() >= 9, "minimal, full and nynorsk of each kind");
    found
}

pub fn sample(name: &str) -> Value {
    samples().into_iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no sample {name}")).1
}

pub fn snapshot(json: Value) -> Snapshot {
    let e: Envelope<Value> = serde_json::from_value(json).expect("an envelope");
    let kind = DocumentKind::ALL.into_iter().find(|k| e.schema == pipeline_domain::schema_name(*k)).expect("a known kind");
    let content = Content::from_json(kind, e.case.plan_type, e.content).expect("content of its kind");
    let Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content: _ } = e;
    Snapshot::new(Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content })
}

pub fn job(json: Value) -> RenderJob {
    let folder: CaseFolderId = "9901/2026/000123".parse().unwrap();
    render_job(&snapshot(json), Some(&folder), &Letterhead::default())
}

/// Sets a document as the program does.
pub fn set(job: &RenderJob) -> Pdf {
    typesetting_thread(|| Typesetter::new().set(job)).unwrap_or_else(|e| panic!("{e}"))
}

/// The templates as they are, to break one of them.
pub fn templates() -> Vec<(String, Vec<u8>)> {
    fn below(dir: &Path, at: &str, set: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{at}/{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                below(&path, &name, set);
            } else if name.ends_with(".typ") || name.ends_with(".toml") {
                set.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    let mut set = Vec::new();
    below(&workspace().join("templates"), "", &mut set);
    set
}

/// Replaces text in one template, which must hold it.
pub fn with_change(path: &str, from: &str, to: &str) -> Vec<(String, Vec<u8>)> {
    let mut set = templates();
    let (_, bytes) = set.iter_mut().find(|(p, _)| p == path).expect("the template is there");
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{path} holds {from}");
    *bytes = text.replace(from, to).into_bytes();
    set
}

/// Runs a tool on a PDF given as a file; `None` when the tool is not here (an error under `ARKIVFLYT_STRICT=1`).
pub fn tool(name: &str, before: &[&str], pdf: &[u8], after: &[&str]) -> Option<String> {
    if Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "{name} is missing");
        eprintln!("SKIPPED: {name} is not installed");
        return None;
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let out = Command::new(name).args(before).arg(file.path()).args(after).output().unwrap();
    assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The text of a PDF in reading order, as another program reads it.
pub fn text_of(pdf: &[u8]) -> Option<String> {
    tool("pdftotext", &["-enc", "UTF-8"], pdf, &["-"])
}

/// All white space made one: where lines break is not what is said.
pub fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A word on a page, in points from the upper left corner.
pub struct Word {
    pub page: usize,
    pub text: String,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// Every word of a PDF with its place, as another program sees it.
pub fn words_of(pdf: &[u8]) -> Option<Vec<Word>> {
    let boxes = tool("pdftotext", &["-bbox"], pdf, &["-"])?;
    let mut words = Vec::new();
    for (page, part) in boxes.split("<page ").enumerate().skip(1) {
        for line in part.lines().filter(|l| l.contains("<word ")) {
            let number = |key: &str| line.split(key).nth(1).and_then(|s| s.split('"').next()?.parse().ok()).expect("a word has a box");
            let text = line.split('>').nth(1).and_then(|s| s.split('<').next()).unwrap_or_default().to_owned();
            let (left, right, top, bottom) = (number("xMin=\""), number("xMax=\""), number("yMin=\""), number("yMax=\""));
            words.push(Word { page, text, left, right, top, bottom });
        }
    }
    Some(words)
}

/// Margins of 2.25 cm on an A4 page, in points.
const LEFT: f64 = 63.7;
const RIGHT: f64 = 595.3 - 63.7;

/// No word runs over a margin or into another word.
pub fn assert_in_place(name: &str, pdf: &[u8]) {
    let Some(words) = words_of(pdf) else { return };
    assert!(words.len() > 20, "{name}");
    for word in &words {
        assert!(word.left > LEFT - 1.0 && word.right < RIGHT + 1.0, "{name}, page {}: {} runs over the margin", word.page, word.text);
    }
    for (i, a) in words.iter().enumerate() {
        // Words come in lines, so a neighbour that is run into is not far away in the list.
        for b in words[i + 1..].iter().take(60).filter(|b| b.page == a.page) {
            let across = a.right.min(b.right) - a.left.max(b.left);
            let down = a.bottom.min(b.bottom) - a.top.max(b.top);
            let height = (a.bottom - a.top).min(b.bottom - b.top);
            assert!(across < 1.5 || down < 0.6 * height, "{name}, page {}: {} and {} overlap", a.page, a.text, b.text);
        }
    }
}

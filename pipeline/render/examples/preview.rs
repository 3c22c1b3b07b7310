//! Sets documents for looking at, and times it: `preview OUT_DIR FILE.json…`, with `ROUNDS=50` in front to time and
//! `TEMPLATES=templates` to read the templates from disk.
//!
//! Reads the envelope without intake's checks; the program's own `render` verb is what users have.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pipeline_domain::{CaseFolderId, Content, DocumentKind, Envelope, Snapshot};
use pipeline_render::{Letterhead, Typesetter, render_job, typesetting_thread};
use serde_json::Value;

fn main() {
    let mut args = std::env::args().skip(1).map(PathBuf::from);
    let out = args.next().expect("an output folder");
    let files: Vec<PathBuf> = args.collect();
    let rounds: usize = std::env::var_os("ROUNDS").and_then(|n| n.to_str()?.parse().ok()).unwrap_or(1);
    std::fs::create_dir_all(&out).expect("the output folder can be made");
    typesetting_thread(|| {
        let start = Instant::now();
        let typesetter = match std::env::var_os("TEMPLATES") {
            Some(dir) => {
                let mut set = Vec::new();
                read(Path::new(&dir), "", &mut set);
                Typesetter::with_templates(set)
            }
            None => Typesetter::new(),
        };
        println!("start {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        for file in &files {
            set(&typesetter, file, &out, rounds);
        }
    });
}

fn set(typesetter: &Typesetter, file: &Path, out: &Path, rounds: usize) {
    let snapshot = snapshot(file);
    let folder: CaseFolderId = "9901/2026/000123".parse().expect("a case folder");
    let job = render_job(&snapshot, Some(&folder), &Letterhead::default());
    let name = file.file_stem().and_then(|s| s.to_str()).expect("a file name");
    let mut times = Vec::new();
    let mut pdf = None;
    for round in 0..rounds {
        // A new text each time, so that the layout cache cannot help.
        let mut job = job.clone();
        if round > 0 {
            let mut view: Value = serde_json::from_slice(&job.data).expect("a view is JSON");
            reword(&mut view, ["a", "o", "u", "i", "y"][round % 5]);
            job.data = serde_json::to_vec(&view).expect("a JSON value is writable");
        }
        let start = Instant::now();
        let set = typesetter.set(&job);
        times.push(start.elapsed().as_secs_f64() * 1e3);
        pdf.get_or_insert(set);
    }
    times.sort_by(f64::total_cmp);
    match pdf.expect("at least one round") {
        Ok(pdf) => {
            let kind = snapshot.kind().folder();
            std::fs::write(out.join(format!("{kind}-{name}.pdf")), &pdf.bytes).expect("the file can be written");
            let (pages, replaced, size) = (pdf.pages, pdf.replaced, pdf.bytes.len() / 1024);
            println!(
                "{kind} {name}: {pages} pages, {size} KiB, {replaced} replaced, best {:.1} ms, median {:.1} ms",
                times[0],
                times[rounds / 2]
            );
        }
        Err(error) => println!("{name}: {} {error}", error.code()),
    }
}

/// Another vowel in every text, so that its words and lines are new.
fn reword(value: &mut Value, vowel: &str) {
    match value {
        Value::String(s) if s.contains(' ') => *s = s.replace('e', vowel),
        Value::Array(items) => items.iter_mut().for_each(|v| reword(v, vowel)),
        Value::Object(map) => map.values_mut().for_each(|v| reword(v, vowel)),
        _ => {}
    }
}

fn snapshot(file: &Path) -> Snapshot {
    let bytes = std::fs::read(file).expect("the sample can be read");
    let e: Envelope<Value> = serde_json::from_slice(&bytes).expect("an envelope");
    let kind = DocumentKind::ALL.into_iter().find(|k| e.schema == pipeline_domain::schema_name(*k)).expect("a known kind");
    let content = Content::from_json(kind, e.case.plan_type, e.content).expect("content of that kind");
    let Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content: _ } = e;
    Snapshot::new(Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content })
}

/// The templates below a folder.
fn read(dir: &Path, at: &str, set: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).expect("the template folder can be read") {
        let entry = entry.expect("the template folder can be read");
        let name = format!("{at}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &name, set);
        } else if name.ends_with(".typ") || name.ends_with(".toml") {
            set.push((name, std::fs::read(entry.path()).expect("a template can be read")));
        }
    }
}

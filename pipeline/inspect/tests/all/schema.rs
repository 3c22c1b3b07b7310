//! Our judge of schemas against xmllint (libxml2): the same documents, some hundreds of them broken, the same verdicts.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use pipeline_inspect::{Note, Rule, Schemas};
use quick_xml::{Reader, events::Event};

use crate::support::{Extract, XML, check, official, shared, skip};

/// Where an element stands in its file.
#[derive(Clone)]
struct Span {
    start: usize,
    /// After its start tag.
    inner: usize,
    end: usize,
    name: String,
    parent: Option<usize>,
    has_children: bool,
}

fn spans(text: &str) -> Vec<Span> {
    let mut reader = Reader::from_str(text);
    let (mut spans, mut open): (Vec<Span>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        let start = reader.buffer_position() as usize;
        let event = reader.read_event().unwrap();
        let after = reader.buffer_position() as usize;
        let mut begin = |name: &str, open: &[usize]| {
            if let Some(above) = open.last() {
                spans[*above].has_children = true;
            }
            spans.push(Span { start, inner: after, end: after, name: name.to_owned(), parent: open.last().copied(), has_children: false });
            spans.len() - 1
        };
        match event {
            Event::Start(tag) => {
                let at = begin(tag.name().as_ref(), &open);
                open.push(at);
            }
            Event::Empty(tag) => _ = begin(tag.name().as_ref(), &open),
            Event::End(_) => spans[open.pop().unwrap()].end = after,
            Event::Eof => return spans,
            _ => {}
        }
    }
}

/// Every way to break one element, and some that do not break it.
fn mutations(text: &str) -> Vec<(String, String)> {
    let spans = spans(text);
    let mut made = Vec::new();
    for (at, span) in spans.iter().enumerate().skip(1) {
        let name = &span.name;
        let whole = &text[span.start..span.end];
        let with = |new: &str| format!("{}{new}{}", &text[..span.start], &text[span.end..]);
        made.push((format!("{at} drop {name}"), with("")));
        made.push((format!("{at} twice {name}"), with(&whole.repeat(2))));
        made.push((
            format!("{at} rename {name}"),
            with(&whole.replace(&format!("{name}>"), "ukjent>").replace(&format!("<{name} "), "<ukjent ")),
        ));
        let next = spans.iter().find(|s| s.start >= span.end && s.parent == span.parent);
        if let Some(next) = next {
            let swapped =
                [&text[..span.start], &text[next.start..next.end], &text[span.end..next.start], whole, &text[next.end..]].concat();
            made.push((format!("{at} swap {name}"), swapped));
        }
        if span.has_children {
            made.push((format!("{at} text in {name}"), [&text[..span.inner], "løs tekst", &text[span.inner..]].concat()));
        } else {
            made.push((format!("{at} child in {name}"), [&text[..span.inner], "<x/>", &text[span.inner..]].concat()));
            let close = format!("</{name}>");
            for value in VALUES {
                made.push((format!("{at} {value:?} in {name}"), with(&format!("{}{value}{close}", &text[span.start..span.inner]))));
            }
        }
        let tag = &text[span.start..span.inner];
        let attribute = format!("{} ekstra=\"1\"{}", &tag[..1 + name.len()], &tag[1 + name.len()..]);
        made.push((format!("{at} attribute on {name}"), [&text[..span.start], &attribute, &text[span.inner..]].concat()));
        for kind in ["saksmappe", "arkivnotat", "journalpost", "finnesIkke", "n:x", "skjerming"] {
            let typed = format!("<{name} xsi:type=\"{kind}\">");
            let is_plain = tag == format!("<{name}>") && text.contains("xmlns:xsi");
            if is_plain || tag.contains("xsi:type") {
                made.push((format!("{at} type {kind} on {name}"), [&text[..span.start], &typed, &text[span.inner..]].concat()));
            }
        }
    }
    made
}

const VALUES: [&str; 22] = [
    "",
    " ",
    "x",
    "0",
    "-1",
    "+7",
    " 12 ",
    "1.5",
    "2024-02-29",
    "2023-02-29",
    "2024-01-01Z",
    "2024-13-01",
    "24-01-01",
    "2024-01-01T00:00:00",
    "2024-01-01T24:00:00",
    "2024-01-01T25:00:00",
    "2024-01-01T10:00:00+15:00",
    "2024-01-01T10:00:00.5Z",
    "12024-01-01T10:00:00",
    "-2024-01-01",
    "00000000-0000-4000-8000-00000000000A",
    "00000000-0000-4000-8000-0000000000",
];

/// What xmllint says of each file.
fn xmllint(schema: &Path, files: &[std::path::PathBuf]) -> Option<Vec<bool>> {
    let mut valid = BTreeSet::new();
    for batch in files.chunks(200) {
        let run = Command::new("xmllint").args(["--nonet", "--noout", "--schema"]).arg(schema).args(batch).output();
        let Ok(out) = run else {
            skip("xmllint is not installed");
            return None;
        };
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        valid.extend(said.lines().filter_map(|l| l.strip_suffix(" validates")).map(str::to_owned));
    }
    Some(files.iter().map(|f| valid.contains(f.to_str().unwrap())).collect())
}

/// Ours, and whether everything in the file was read.
fn ours(extract: &Extract, file: &str, text: &str, schemas: &Schemas, dir: &Path) -> (bool, bool) {
    let mut extract = extract.clone();
    extract.is_undescribed |= file == "arkivuttrekk.xml";
    extract.files.insert(file.to_owned(), text.as_bytes().to_vec());
    let report = check(&extract.write(dir), schemas);
    let is_listing = |note: Option<Note>| matches!(note, Some(Note::SchemaNotListed | Note::OwnSchemaNotListed));
    let breaks = |rule: Rule| report.findings.iter().any(|f| f.rule == rule && f.file.as_deref() == Some(file) && !is_listing(f.note));
    // A file that is not well-formed is not read to its end, and that is a finding of its own.
    let is_read = report.not_checked.iter().all(|n| n.rule != Rule::Schema || n.file.as_deref() != Some(file) || n.why == Note::NeedsFile);
    (!breaks(Rule::Schema) && !breaks(Rule::NotWellFormed), is_read)
}

/// Judges a file and every `step`-th of its mutations by both.
fn agree(extract: &Extract, file: &str, schema: &Path, schemas: &Schemas, step: usize) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let content = dir.path().join("content");
    let written = extract.write(&content);
    let text = fs::read_to_string(written.join(file)).unwrap();
    let mut cases = vec![("as it is".to_owned(), text.clone())];
    cases.extend(mutations(&text).into_iter().step_by(step));
    let paths: Vec<_> = (0..cases.len()).map(|n| dir.path().join(format!("{n}.xml"))).collect();
    paths.iter().zip(&cases).for_each(|(path, (_, text))| fs::write(path, text).unwrap());
    let Some(theirs) = xmllint(schema, &paths) else { return 0 };
    let mut wrong = Vec::new();
    for ((name, text), valid) in cases.iter().zip(&theirs) {
        let (is_valid, is_read) = ours(extract, file, text, schemas, &content);
        if is_valid != *valid || !is_read {
            wrong.push(format!("{file}: {name}: xmllint {valid}, ours {is_valid}, read {is_read}"));
        }
    }
    assert!(theirs[0], "{file} must be valid as it is");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() < 20 || theirs.iter().filter(|v| !**v).count() > cases.len() / 4, "most mutations break something");
    cases.len()
}

#[test]
fn the_kit_is_judged_as_xmllint_judges_it() {
    let (Some(schemas), Some(noark)) = (official(), shared("noark5/v5.0")) else { return };
    let extract = Extract::whole(true);
    let judged: usize = XML
        .iter()
        .map(|name| {
            agree(
                &extract,
                &format!("{name}.xml"),
                &noark.join(format!("{name}.xsd")),
                &schemas,
                if *name == "arkivstruktur" { 19 } else { 11 },
            )
        })
        .sum();
    assert!(judged > 300 || judged == 0, "{judged}");
}

#[test]
fn the_description_is_judged_as_xmllint_judges_it() {
    let (Some(schemas), Some(addml)) = (official(), shared("noark5/addml-8.3")) else { return };
    agree(&Extract::whole(true), "arkivuttrekk.xml", &addml.join("addml.xsd"), &schemas, 40);
}

/// The official files of the sample use far more elements than the kit does.
#[test]
fn the_sample_is_judged_as_xmllint_judges_it() {
    let (Some(schemas), Some(sample), Some(noark)) = (official(), shared("noark-sample/content"), shared("noark5/v5.0")) else { return };
    let mut extract = Extract::whole(true);
    for name in XML {
        extract.files.insert(format!("{name}.xml"), fs::read(sample.join(format!("{name}.xml"))).unwrap());
    }
    agree(&extract, "arkivstruktur.xml", &noark.join("arkivstruktur.xsd"), &schemas, 67);
    agree(&extract, "offentligJournal.xml", &noark.join("offentligJournal.xsd"), &schemas, 29);
}

/// The older published copies of the same schemas are read as well.
#[test]
fn every_published_set_can_be_read() {
    for folder in ["noark5/v5.0", "noark5/v5.0-arkade-builtin", "noark5/v5.0-testdata", "noark5/addml-8.2", "noark5/addml-8.3"] {
        let Some(folder) = shared(folder) else { return };
        assert!(!Schemas::from_folder(&folder).unwrap().is_empty());
    }
    let Some(folder) = shared("dias") else { return };
    assert!(Schemas::from_folder(&folder).unwrap().is_empty());
    let Some(folder) = shared("noark5/addml-8.3") else { return };
    let mut schemas = Schemas::from_folder(&folder).unwrap();
    let again = schemas.add_folder(&folder).unwrap_err();
    assert_eq!(again.to_string(), "schema addml.xsd cannot be read: it declares what another schema declares");
}

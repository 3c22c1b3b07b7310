//! Input that is made to hurt.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use pipeline_inspect::{InspectError, Inspection, Limits, Note, Report, Rule, Schemas, inspect};

use crate::support::{Extract, PACKAGE, broken, check, tarred};

const LOG: &str = "endringslogg.xml";

fn with_log(text: impl Into<Vec<u8>>, limits: &Limits) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let mut extract = Extract::whole(false);
    extract.files.insert(LOG.to_owned(), text.into());
    let schemas = Schemas::none();
    inspect(&extract.write(dir.path()), &Inspection { schemas: &schemas, limits, stop: &|| false }).unwrap()
}

fn log_breaks(text: impl Into<Vec<u8>>, rule: Rule) {
    let text = text.into();
    let start = String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned();
    let report = with_log(text, &Limits::default());
    assert_eq!(broken(&report), [rule].into(), "{start}: {:#?}", report.findings);
    assert!(report.not_checked.iter().any(|n| n.rule == Rule::ChangeLogReference && n.why == Note::NeedsFile));
}

#[test]
fn xml_that_is_not_well_formed() {
    let broken: [&[u8]; 22] = [
        b"",
        b" ",
        b"<a>",
        b"<a></b>",
        b"<a/><a/>",
        b"<a/>text",
        b"text<a/>",
        b"<a b=\"1\" b=\"2\"/>",
        b"<a b=\"<\"/>",
        b"<a b=1/>",
        b"<p:a/>",
        b"<a p:b=\"1\"/>",
        b"<a>&unknown;</a>",
        b"<a>&#0;</a>",
        b"<a>&#xffff;</a>",
        b"<a>\x01</a>",
        b"<a>\xff\xfe</a>",
        b"<a>]]></a>",
        b"<a><!-- -- --></a>",
        b"<1a/>",
        b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe6</a>",
        b"<a xmlns:p=\"u\" xmlns:q=\"u\" p:b=\"1\" q:b=\"2\"/>",
    ];
    broken.iter().for_each(|text| log_breaks(*text, Rule::NotWellFormed));
}

#[test]
fn entities_are_not_expanded_and_files_not_fetched() {
    let bomb: String = (1..10).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10))).collect();
    log_breaks(format!("<!DOCTYPE a [<!ENTITY e0 \"x\">{bomb}]><a>&e9;</a>"), Rule::Doctype);
    log_breaks("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", Rule::Doctype);
}

#[test]
fn xml_beyond_the_limits() {
    log_breaks("<a>".repeat(1_000_000), Rule::XmlLimit);
    log_breaks(format!("<a b=\"{}\"/>", "x".repeat(100_000)), Rule::XmlLimit);
    log_breaks(format!("<a b=\"{}\"/>", "x".repeat(6 << 20)), Rule::XmlLimit);
    log_breaks(format!("<a>{}</a>", "x".repeat(6 << 20)), Rule::XmlLimit);
    log_breaks(format!("<a>{}</a>", "x<![CDATA[y]]>&amp;".repeat(3 << 19)), Rule::XmlLimit);
    log_breaks(format!("<a><!--{}--></a>", "x".repeat(6 << 20)), Rule::XmlLimit);
    log_breaks(format!("<{}/>", "x".repeat(2000)), Rule::XmlLimit);
    let attributes: String = (0..100).map(|n| format!(" a{n}=\"\"")).collect();
    log_breaks(format!("<a{attributes}/>"), Rule::XmlLimit);
}

#[test]
fn more_units_than_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let (schemas, limits) = (Schemas::none(), Limits { units: 5, ..Limits::default() });
    let path = Extract::whole(false).write(dir.path());
    let report = inspect(&path, &Inspection { schemas: &schemas, limits: &limits, stop: &|| false }).unwrap();
    assert_eq!(broken(&report), [Rule::XmlLimit].into());
    assert!(report.not_checked.iter().any(|n| n.rule == Rule::SystemIdUnique));
    assert!(!report.is_complete() && report.is_refused());
}

/// What stands in the file must never stand in a finding.
#[test]
fn findings_hold_no_content() {
    let dir = tempfile::tempdir().unwrap();
    let mut extract = Extract::whole(false);
    let secret = "01811490071";
    for file in ["arkivstruktur.xml", LOG, "loependeJournal.xml"] {
        let text = extract.text(file);
        let text =
            text.replace("00000000-0000-4000-8000-0000000000", &format!("{secret}-")).replace(">System<", &format!("><x{secret}/><"));
        let text =
            text.replace("Arkivert", secret).replace("pdf<", &format!("{secret}<")).replace("<tittel>", &format!("<tittel{secret}>"));
        extract.files.insert(file.to_owned(), text.replace("</tittel>", &format!("</tittel{secret}>")).into_bytes());
    }
    let report = check(&extract.write(dir.path()), &Schemas::none());
    assert!(report.findings.len() > 10);
    assert!(!format!("{report:?}").contains(secret), "{report:#?}");
}

#[test]
fn links_are_neither_followed_nor_opened() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let extract = Extract::whole(false);
    fs::write(outside.join("0001.pdf"), &extract.files["DOKUMENT/0001.pdf"]).unwrap();
    fs::write(outside.join(LOG), &extract.files[LOG]).unwrap();
    let content = extract.write(&dir.path().join("content"));
    // A document, a file of the content, and a whole folder, each a link to what would be right.
    fs::remove_file(content.join("DOKUMENT/0001.pdf")).unwrap();
    symlink(outside.join("0001.pdf"), content.join("DOKUMENT/0001.pdf")).unwrap();
    fs::remove_file(content.join(LOG)).unwrap();
    symlink(outside.join(LOG), content.join(LOG)).unwrap();
    symlink(&outside, content.join("mappe")).unwrap();
    let report = check(&content, &Schemas::none());
    let expected = [Rule::NotAFile, Rule::ReferredFileMissing, Rule::FileCount, Rule::ChangeLogPresent];
    assert_eq!(broken(&report), expected.into(), "{:#?}", report.findings);
    assert_eq!(report.broken[&Rule::NotAFile], 3);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let content = Extract::whole(false).write(dir.path());
    let pipe = content.join("DOKUMENT/9999.pdf");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(broken(&check(&content, &Schemas::none())), [Rule::NotAFile].into());
}

#[test]
fn what_is_no_extract_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (schemas, limits) = (Schemas::none(), Limits::default());
    let inspection = Inspection { schemas: &schemas, limits: &limits, stop: &|| false };
    assert!(matches!(inspect(&dir.path().join("none"), &inspection), Err(InspectError::Open { .. })));
    assert!(matches!(inspect(Path::new("/dev/null"), &inspection), Err(InspectError::Kind)));
    let report = inspect(dir.path(), &inspection).unwrap();
    assert_eq!(broken(&report), [Rule::AddmlReadable].into());
    let unjudged: std::collections::BTreeSet<Rule> = report.not_checked.iter().map(|n| n.rule).collect();
    assert_eq!(unjudged.len(), 28);
}

#[test]
fn a_check_that_is_stopped_before_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let content = Extract::whole(false).write(dir.path());
    (0..2000).for_each(|n| fs::write(content.join(format!("{n}.txt")), "x").unwrap());
    let (schemas, limits) = (Schemas::none(), Limits::default());
    let report = inspect(&content, &Inspection { schemas: &schemas, limits: &limits, stop: &|| true }).unwrap();
    assert_eq!((report.findings.as_slice(), report.not_checked.len()), (&[][..], 28));
    assert!(!report.is_complete());
}

/// Without a description the rest is judged all the same.
#[test]
fn a_description_that_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let mut extract = Extract::whole(false);
    extract.is_undescribed = true;
    extract.replace("arkivstruktur.xml", ">Arkivert<", ">Journalført<");
    let report = check(&extract.write(dir.path()), &Schemas::none());
    assert_eq!(broken(&report), [Rule::AddmlReadable, Rule::JournalStatus].into(), "{:#?}", report.findings);
    let unjudged: std::collections::BTreeSet<Rule> = report.not_checked.iter().map(|n| n.rule).collect();
    assert!(
        [Rule::ListedChecksums, Rule::FolderCount, Rule::ScreeningFlag, Rule::FileCount, Rule::JournalCount]
            .iter()
            .all(|r| unjudged.contains(r))
    );
}

/// What needs a file that is not there is said not to be checked, and not said to be wrong.
#[test]
fn a_structure_that_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let mut extract = Extract::whole(false);
    extract.remove("arkivstruktur.xml");
    let report = check(&extract.write(dir.path()), &Schemas::none());
    assert_eq!(broken(&report), [Rule::FilesPresent].into(), "{:#?}", report.findings);
    let unjudged: std::collections::BTreeSet<Rule> = report.not_checked.iter().map(|n| n.rule).collect();
    assert_eq!(unjudged.len(), 24);
}

#[test]
fn names_are_shown_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let content = Extract::whole(false).write(dir.path());
    fs::write(content.join("DOKUMENT/\u{202e}fdp.exe"), "x").unwrap();
    let report = check(&content, &Schemas::none());
    let shown = report.findings.iter().find(|f| f.rule == Rule::StrayFile).and_then(|f| f.file.clone());
    assert_eq!(shown.as_deref(), Some("DOKUMENT/\\u{202e}fdp.exe"));
}

#[test]
fn a_stopped_check_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (schemas, limits) = (Schemas::none(), Limits::default());
    let asked = AtomicU32::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) > 0;
    let report =
        inspect(&Extract::whole(false).write(dir.path()), &Inspection { schemas: &schemas, limits: &limits, stop: &stop }).unwrap();
    assert!(report.not_checked.iter().any(|n| n.why == Note::Stopped), "{report:#?}");
    assert!(!report.is_refused());
}

/// A tar with one more entry, written byte by byte.
fn tar_with(dir: &Path, change: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> PathBuf {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in Extract::whole(false).packed(PACKAGE) {
        builder.append_data(&mut header(bytes.len() as u64), path, bytes.as_slice()).unwrap();
    }
    change(&mut builder);
    let path = dir.join(format!("{PACKAGE}.tar"));
    fs::write(&path, builder.into_inner().unwrap()).unwrap();
    path
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header
}

/// Puts in an entry of any name and kind, which the writer itself would refuse.
fn raw(builder: &mut tar::Builder<Vec<u8>>, name: &[u8], kind: tar::EntryType, content: &[u8]) {
    let mut header = header(content.len() as u64);
    header.set_entry_type(kind);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_cksum();
    builder.append(&header, content).unwrap();
}

fn tar_breaks(rule: Rule, change: impl FnOnce(&mut tar::Builder<Vec<u8>>)) {
    let dir = tempfile::tempdir().unwrap();
    let report = check(&tar_with(dir.path(), change), &Schemas::none());
    assert_eq!(broken(&report), [rule].into(), "{:#?}", report.findings);
}

#[test]
fn names_that_lead_out_of_a_tar() {
    let below = |name: &str| format!("{PACKAGE}/{name}").into_bytes();
    let names = [
        b"../x".to_vec(),
        b"/etc/x".to_vec(),
        b"C:/x".to_vec(),
        below("../x"),
        below("a/../../x"),
        below("a\\b"),
        below("a//b"),
        below("a\nb"),
        below("\u{e6}\u{fffd}").into_iter().chain([0xff]).collect(),
    ];
    for name in names {
        tar_breaks(Rule::UnsafeName, |b| raw(b, &name, tar::EntryType::Regular, b"x"));
    }
}

#[test]
fn entries_that_are_no_files() {
    use tar::EntryType::{Block, Char, Fifo, Link, Symlink};
    for kind in [Symlink, Link, Char, Block, Fifo] {
        tar_breaks(Rule::NotAFile, |b| raw(b, format!("{PACKAGE}/x").as_bytes(), kind, b""));
    }
}

#[test]
fn extensions_of_a_tar() {
    let name = format!("{PACKAGE}/x");
    let record = |key: &str, value: &str| {
        let text = format!(" {key}={value}\n");
        let length = (1..).find(|n: &usize| n.to_string().len() + text.len() == *n).unwrap();
        format!("{length}{text}").into_bytes()
    };
    let pax = |key: &str, value: &str| {
        let content = record(key, value);
        let name = name.clone();
        move |b: &mut tar::Builder<Vec<u8>>| {
            raw(b, b"pax", tar::EntryType::XHeader, &content);
            raw(b, name.as_bytes(), tar::EntryType::Regular, b"x");
        }
    };
    tar_breaks(Rule::TarDamaged, pax("GNU.sparse.major", "1"));
    tar_breaks(Rule::TarDamaged, pax("size", "-1"));
    tar_breaks(Rule::TarDamaged, pax("size", "99999999999999999999"));
    tar_breaks(Rule::TarDamaged, pax("size", "18446744073709551615"));
    tar_breaks(Rule::UnsafeName, pax("path", "../../x"));
    tar_breaks(Rule::UnsafeName, pax("path", &format!("{PACKAGE}/{}", "x".repeat(5000))));
    tar_breaks(Rule::TarDamaged, |b| raw(b, name.as_bytes(), tar::EntryType::GNUSparse, b"x"));
    tar_breaks(Rule::TarDamaged, |b| raw(b, b"pax", tar::EntryType::XGlobalHeader, &record("path", "x")));
    tar_breaks(Rule::TarDamaged, |b| raw(b, b"pax", tar::EntryType::XHeader, b"nonsense"));
    tar_breaks(Rule::TarDamaged, |b| raw(b, b"long", tar::EntryType::GNULongName, &vec![b'x'; 1 << 20]));
}

#[test]
fn honest_extensions_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let long = format!("{PACKAGE}/repository_operations/{}/x.txt", "y".repeat(150));
    let path = tar_with(dir.path(), |b| {
        raw(b, b"pax", tar::EntryType::XGlobalHeader, b"17 comment=hello\n");
        b.append_data(&mut header(1), &long, &b"x"[..]).unwrap();
        b.append_pax_extensions([("path", format!("{PACKAGE}/\u{e6}.txt").as_bytes())]).unwrap();
        raw(b, b"ae.txt", tar::EntryType::Regular, b"x");
        raw(b, format!("{PACKAGE}/tom/").as_bytes(), tar::EntryType::Directory, b"");
    });
    assert_eq!(check(&path, &Schemas::none()).findings, []);
}

#[test]
fn a_tar_that_is_cut_or_changed_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let whole = tarred(&Extract::whole(false).packed(PACKAGE));
    let path = dir.path().join(format!("{PACKAGE}.tar"));
    for cut in (0..whole.len()).step_by(1777) {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(check(&path, &Schemas::none()).broken.contains_key(&Rule::TarDamaged), "{cut}");
    }
    // A changed header is found by its own sum.
    let mut changed = whole.clone();
    changed[3] ^= 1;
    fs::write(&path, &changed).unwrap();
    assert!(check(&path, &Schemas::none()).broken.contains_key(&Rule::TarDamaged));
    // Something after the end.
    let mut longer = whole.clone();
    longer.extend(vec![0; 512]);
    longer[whole.len() + 100] = 1;
    fs::write(&path, &longer).unwrap();
    assert_eq!(broken(&check(&path, &Schemas::none())), [Rule::TarDamaged].into());
}

#[test]
fn more_entries_than_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let (schemas, limits) = (Schemas::none(), Limits { entries: 5, ..Limits::default() });
    let extract = Extract::whole(false);
    for path in [extract.write(&dir.path().join("content")), extract.write_tar(dir.path(), PACKAGE)] {
        let report = inspect(&path, &Inspection { schemas: &schemas, limits: &limits, stop: &|| false }).unwrap();
        assert_eq!(broken(&report), [Rule::TooMuch].into(), "{}", path.display());
        assert_eq!(report.not_checked.iter().filter(|n| n.why == Note::NeedsPlace).count(), 28);
    }
}

/// A schema of own metadata comes with the extract, so it is as hostile as the rest.
#[test]
fn schemas_of_own_metadata_that_are_made_to_hurt() {
    let Some(schemas) = crate::support::official() else { return };
    let xs = |inner: &str| {
        format!("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:x\" xmlns=\"urn:x\">{inner}</xs:schema>")
    };
    let nest =
        |inner: &str, n: usize| "<xs:sequence maxOccurs=\"2000\" minOccurs=\"2000\">".repeat(n) + inner + &"</xs:sequence>".repeat(n);
    let hurtful = [
        "not xml".to_owned(),
        "<!DOCTYPE x [<!ENTITY a \"b\">]><x/>".to_owned(),
        xs(&format!("<xs:complexType name=\"t\">{}</xs:complexType>", nest("", 30))),
        xs(&format!("<xs:complexType name=\"t\">{}</xs:complexType>", nest("<xs:element name=\"a\"/>", 5))),
        xs("<xs:complexType name=\"t\"><xs:complexContent><xs:extension base=\"t\"/></xs:complexContent></xs:complexType>"),
        xs("<xs:simpleType name=\"s\"><xs:restriction base=\"s\"/></xs:simpleType>"),
        xs(
            "<xs:simpleType name=\"s\"><xs:restriction base=\"xs:string\"><xs:pattern value=\"((a{1000}){1000}){1000}\"/></xs:restriction></xs:simpleType>",
        ),
        xs("<xs:element name=\"e\" type=\"e\"/><xs:element name=\"f\" type=\"no:where\"/>"),
    ];
    for schema in hurtful {
        let dir = tempfile::tempdir().unwrap();
        let mut extract = Extract::whole(true);
        extract.files.insert("egne.xsd".to_owned(), schema.clone().into_bytes());
        extract.said.own_schemas.push("egne.xsd");
        let report = check(&extract.write(dir.path()), &schemas);
        assert_eq!(report.findings, [], "{schema:.200}");
    }
}

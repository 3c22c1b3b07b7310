//! Every XML file fits the official schemas of Noark 5 v5.0.

use std::{fs, path::PathBuf};

use arkivflyt_tests::{Tool, files_below, shared};
use serde_json::Value;

use crate::{documents, house};

fn metadata(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let name = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().into_owned();
    let all = house().case_folders().iter().flat_map(|c| files_below(c)).collect::<Vec<_>>();
    all.into_iter().filter(|p| p.to_string_lossy().contains("/metadata/") && name(p).ends_with(".xml") && wanted(&name(p))).collect()
}

fn judge(xmllint: &Tool, schema: &str, files: &[PathBuf]) {
    assert!(!files.is_empty());
    let options = ["--nonet", "--noout", "--schema", schema].map(std::ffi::OsStr::new);
    xmllint.pass(options.into_iter().chain(files.iter().map(|f| f.as_os_str())));
}

/// A schema that knows the official one and ours: ours stands inside theirs, where anything may.
fn wrapper(official: &str) -> tempfile::NamedTempFile {
    let ours = metadata_schema();
    let file = tempfile::Builder::new().suffix(".xsd").tempfile().unwrap();
    let text = format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\
         <xs:import namespace=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" schemaLocation=\"{official}\"/>\
         <xs:import namespace=\"urn:arkivflyt:noark5:vsm:1\" schemaLocation=\"{}\"/></xs:schema>",
        ours.display()
    );
    fs::write(file.path(), text).unwrap();
    file
}

/// Our own schema, as it lies in a case folder.
fn metadata_schema() -> PathBuf {
    let cases = house().case_folders();
    files_below(&cases[0])
        .into_iter()
        .find(|p| p.ends_with("metadata/arkivflyt-vsm.xsd"))
        .expect("our schema lies beside what it describes")
}

#[test]
fn folders_and_registrations_fit_arkivstruktur() {
    let (Some(xmllint), Some(schema)) = (Tool::find("xmllint"), shared("noark5/v5.0-testdata/arkivstruktur.xsd")) else { return };
    let files = metadata(|name| name != "endringslogg.xml");
    assert!(files.len() > documents().len());
    judge(&xmllint, wrapper(schema.to_str().unwrap()).path().to_str().unwrap(), &files);

    // The judge can say no: a word that is not in the list, ours or theirs.
    let text = fs::read_to_string(&documents()[0].registration).unwrap();
    for (good, bad) in [("<plantype>", "<plantype>x"), ("<systemID>", "<systemID>x")] {
        let (Some(at), schema) = (text.find(good), wrapper(schema.to_str().unwrap())) else { continue };
        let spoilt = tempfile::NamedTempFile::new().unwrap();
        fs::write(spoilt.path(), format!("{}{bad}{}", &text[..at], &text[at + good.len()..])).unwrap();
        let run = xmllint.run([
            "--nonet".as_ref(),
            "--noout".as_ref(),
            "--schema".as_ref(),
            schema.path().as_os_str(),
            spoilt.path().as_os_str(),
        ]);
        assert!(!run.status.success(), "{bad} was let through");
    }
}

#[test]
fn change_logs_fit_endringslogg() {
    let (Some(xmllint), Some(schema)) = (Tool::find("xmllint"), shared("noark5/v5.0/endringslogg.xsd")) else { return };
    judge(&xmllint, schema.to_str().unwrap(), &metadata(|name| name == "endringslogg.xml"));
}

#[test]
fn registrations_say_what_they_describe() {
    for document in documents() {
        let (name, json) = (&document.sample.name, document.sample.json());
        let xml = fs::read_to_string(&document.registration).unwrap();
        let has = |text: &str| assert!(xml.contains(text), "{name}: no {text} in\n{xml}");
        has(json["id"].as_str().unwrap());
        has("<skjerming>");
        has("<virksomhetsspesifikkeMetadata");
        has("<offentligTittel>");
        has(&arkivflyt_tests::digest(&fs::read(&document.pdf).unwrap()));
        let public = xml.split("<offentligTittel>").nth(1).unwrap().split('<').next().unwrap();
        let subject = json["case"]["subject_name"].as_str().unwrap();
        assert!(!public.contains(subject), "{name}: the public title names the person: {public}");
        let source: Value = serde_json::from_slice(&fs::read(&document.source).unwrap()).unwrap();
        assert!(holds(&source, &json), "{name}: the source beside it is not what came: {source}");
    }
}

/// Whether everything that came is in what is kept, contact data apart: that is not archived. Defaults may be written out,
/// and numbers in another way.
fn holds(kept: &Value, came: &Value) -> bool {
    match (kept, came) {
        (Value::Array(kept), Value::Array(came)) => kept.len() == came.len() && kept.iter().zip(came).all(|(k, c)| holds(k, c)),
        (Value::Object(kept), Value::Object(came)) => came
            .iter()
            .filter(|(key, _)| *key != "contact" && !key.ends_with("_contact"))
            .all(|(key, value)| kept.get(key).is_some_and(|k| holds(k, value))),
        (Value::Number(kept), Value::Number(came)) => kept.as_f64() == came.as_f64(),
        (kept, came) => kept == came,
    }
}

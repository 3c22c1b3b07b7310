//! `extract`: what is closed leaves as a Noark 5 extract that the official schemas take, alone or in a DIAS package.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use arkivflyt_tests::{House, Rng, SmallDisk, Tool, files_below, found_in, good_samples, needles, personal_values, shared, tree};
use serde_json::Value;

const PERIOD: &str = "2026-01-01..2026-12-31";
const KILLS: u32 = 100;
/// An extract of the samples takes about as long.
const MOST_MS: u64 = 250;

/// The made-up municipalities with every sample: closed folders and open ones, attachments, a folder made by mistake.
fn house() -> House {
    let house = House::bare();
    house.ask(0, ["demo"]);
    house
}

/// Folders of the official schemas. Skips.
pub fn schemas() -> Option<Vec<PathBuf>> {
    ["noark5/v5.0", "noark5/addml-8.3", "dias"].into_iter().map(shared).collect()
}

fn arguments(schemas: &[PathBuf], out: &Path, more: &[&str]) -> Vec<String> {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let start = ["extract", "--municipality", "9901", "--period", PERIOD, "--as", "archivist", "-o"].map(str::to_owned);
    let schemas = schemas.iter().flat_map(|folder| ["--schemas".to_owned(), text(folder)]);
    start.into_iter().chain([text(out)]).chain(schemas).chain(more.iter().map(|s| (*s).to_owned())).collect()
}

fn judge(xmllint: &Tool, schema: &Path, file: &Path) {
    let dias = shared("dias").expect("it was there before");
    let schema = schema.to_str().unwrap();
    let out = xmllint.run_in(&dias, ["--nonet", "--noout", "--path", ".", "--schema", schema, file.to_str().unwrap()]);
    assert!(out.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&out.stderr));
}

/// Every XML file of a content folder against the official schemas.
fn judge_content(content: &Path, scratch: &Path) {
    let (Some(xmllint), Some(noark5)) = (Tool::find("xmllint"), shared("noark5")) else { return };
    // Own metadata stands under an `xsi:type`, so both schemas must be known: a wrapper imports them.
    let wrapper = scratch.join("wrapper.xsd");
    let text = format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n\
         <xs:import namespace=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" schemaLocation=\"{}\"/>\n\
         <xs:import namespace=\"urn:arkivflyt:noark5:vsm:1\" schemaLocation=\"{}\"/>\n</xs:schema>\n",
        noark5.join("v5.0/arkivstruktur.xsd").display(),
        content.join("arkivflyt-vsm.xsd").display()
    );
    fs::write(&wrapper, text).unwrap();
    judge(&xmllint, &wrapper, &content.join("arkivstruktur.xml"));
    for name in ["endringslogg", "loependeJournal", "offentligJournal"] {
        judge(&xmllint, &noark5.join(format!("v5.0/{name}.xsd")), &content.join(format!("{name}.xml")));
    }
    for addml in ["addml-8.2", "addml-8.3"] {
        judge(&xmllint, &noark5.join(addml).join("addml.xsd"), &content.join("arkivuttrekk.xml"));
    }
}

pub fn check(house: &House, code: i32, path: &Path, schemas: &[PathBuf]) -> Value {
    let path = path.to_str().unwrap();
    let noark: Vec<&str> = schemas[..2].iter().flat_map(|folder| ["--schemas", folder.to_str().unwrap()]).collect();
    house.ask(code, [&["extract", "check", path], &noark[..]].concat())
}

#[test]
fn extract_of_closed_folders_fits_the_official_schemas_and_hides_what_is_screened() {
    let Some(schemas) = schemas() else { return };
    let (house, place) = (house(), tempfile::tempdir().unwrap());
    let before = house.archive_tree();
    let out = place.path().join("uttrekk");

    let plan = house.ask(0, arguments(&schemas, &out, &["--dry-run"]));
    assert!(plan["folders"].as_u64().unwrap() >= 5 && plan["open"].as_u64().unwrap() > 5, "{plan}");
    assert!(fs::read_dir(place.path()).unwrap().next().is_none(), "a plan writes nothing");

    let answer = house.ask(0, arguments(&schemas, &out, &[]));
    assert_eq!(house.archive_tree(), before, "nothing in the archive changed");
    let made = &answer["extract"];
    for number in ["folders", "registrations"] {
        assert_eq!(made[number], plan[number], "{number}");
    }
    assert_eq!(answer["check"]["refused"], false, "{answer}");
    let content = out.join("content");
    judge_content(&content, place.path());
    let structure = fs::read_to_string(content.join("arkivstruktur.xml")).unwrap();
    assert!(structure.contains("<saksstatus>Utgår</saksstatus>") && structure.contains("<journalstatus>Utgår</journalstatus>"));
    assert_eq!(structure.matches("<klasse>").count(), 4);

    // Whoever reads the public journal or the index meets nobody of the samples.
    let values = personal_values(&good_samples());
    // A list of a folder's documents tells their first lines and what screens them, and a plan names the type of another: all public.
    let is_public =
        |origin: &str| origin.contains("/content/items/") && origin.starts_with("folder-overview/") || origin.contains("/linked_plans/");
    let needles: Vec<_> = needles(&values).into_iter().filter(|needle| !is_public(&needle.origin)).collect();
    assert!(needles.len() > 50);
    for file in ["content/offentligJournal.xml", "uttrekk.json", "filer.tsv"] {
        let text = fs::read_to_string(out.join(file)).unwrap();
        let found: Vec<_> = found_in(&text, &needles).iter().map(|needle| needle.origin.clone()).collect();
        assert!(found.is_empty(), "{file}: {found:?}");
    }
    // The same sieve does find them where they belong.
    assert!(!found_in(&structure, &needles).is_empty());

    let checked = check(&house, 0, &out.join("content"), &schemas);
    assert_eq!((checked["refused"].as_bool(), checked["facts"]["folders"].as_u64()), (Some(false), made["folders"].as_u64()));
    // One byte of one document, and the check says so.
    let document = files_below(&content.join("DOKUMENT")).pop().unwrap();
    let mut bytes = fs::read(&document).unwrap();
    bytes[100] ^= 1;
    fs::write(&document, bytes).unwrap();
    let broken = check(&house, 6, &content, &schemas);
    assert!(broken["broken"].to_string().contains("N5.30"), "{}", broken["broken"]);
}

#[test]
fn extract_as_a_dias_package_fits_the_official_schemas_and_is_the_same_twice() {
    let Some(schemas) = schemas() else { return };
    let (house, place) = (house(), tempfile::tempdir().unwrap());
    let (first, second) = (place.path().join("en"), place.path().join("to"));
    let sip = ["--sip", "--receiver", "IKA Fjellvik", "--agreement", "FJE 26-0001/0001"];
    let answer = house.ask(0, arguments(&schemas, &first, &sip));
    let id = answer["extract"]["id"].as_str().unwrap();
    assert_eq!(house.ask(0, arguments(&schemas, &second, &sip))["extract"]["id"], id);
    assert_eq!(tree(&first), tree(&second));
    assert_eq!(house.ask(0, arguments(&schemas, &first, &sip))["made_now"], false, "what is there is not made again");

    check(&house, 0, &first.join(format!("{id}.tar")), &schemas);
    judge_package(&first, id, place.path());

    // Whoever keeps the letter can show later that the archive went back behind it.
    let letter = first.join("LESMEG.txt").display().to_string();
    let audited = house.ask(0, ["audit", "verify", "--municipality", "9901", "--mailbox", &letter]);
    assert_eq!(audited["municipalities"][0]["letters"], 1, "{audited}");
}

/// Every XML file of a package, and the description beside it, against the official schemas. It is unpacked to `place`.
pub fn judge_package(out: &Path, id: &str, place: &Path) {
    let (Some(unpack), Some(xmllint), Some(dias)) = (Tool::find("tar"), Tool::find("xmllint"), shared("dias")) else { return };
    unpack.pass(["-x", "-C", place.to_str().unwrap(), "-f", out.join(format!("{id}.tar")).to_str().unwrap()]);
    let root = place.join(id);
    judge_content(&root.join("content"), place);
    judge(&xmllint, &dias.join("DIAS_METS.xsd"), &root.join("dias-mets.xml"));
    judge(&xmllint, &dias.join("DIAS_PREMIS.xsd"), &root.join("log.xml"));
    judge(&xmllint, &dias.join("DIAS_PREMIS.xsd"), &root.join("administrative_metadata/dias-premis.xml"));
    judge(&xmllint, &dias.join("submissionDescription.xsd"), &out.join(format!("{id}.xml")));
}

#[test]
fn extract_that_is_killed_goes_on_and_ends_with_the_same_bytes() {
    let Some(schemas) = schemas() else { return };
    let (house, place) = (house(), tempfile::tempdir().unwrap());
    let whole = place.path().join("hel");
    house.ask(0, arguments(&schemas, &whole, &["--sip"]));
    let whole = tree(&whole);
    let mut chance = Rng::fixed(24);
    for round in 0..KILLS {
        let out = place.path().join(format!("drept-{round}"));
        let mut child = house.frozen(arguments(&schemas, &out, &["--sip"])).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(chance.below(MOST_MS)));
        let _ = child.kill();
        child.wait().unwrap();
        assert!(!out.exists() || tree(&out) == whole, "round {round}: half an extract looks whole");
        house.ask(0, arguments(&schemas, &out, &["--sip"]));
        assert_eq!(tree(&out), whole, "round {round}");
    }
    let hidden: Vec<_> = fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(hidden.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{hidden:?}");
}

#[test]
fn extract_on_a_full_disk_says_so_and_leaves_nothing_that_looks_whole() {
    let Some(schemas) = schemas() else { return };
    let (house, place) = (house(), tempfile::tempdir().unwrap());
    let whole = place.path().join("hel");
    house.ask(0, arguments(&schemas, &whole, &["--sip"]));
    let bytes: u64 = files_below(&whole).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    let Some(disk) = SmallDisk::over(place.path().join("liten"), "64k") else { return };
    let out = disk.path().join("uttrekk");
    // The last of them has room for all that goes into the package, and not for the package.
    for part in [2, 10, 50, 90] {
        disk.resize(&(bytes * part / 100).to_string());
        assert_eq!(house.ask(75, arguments(&schemas, &out, &["--sip"]))["code"], "extract_disk_full", "{part} %");
        let left: Vec<_> = fs::read_dir(disk.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        assert!(left.iter().all(|name| name == ".uttrekk.part"), "{part} %: {left:?}");
    }
    disk.resize("256m");
    house.ask(0, arguments(&schemas, &out, &["--sip"]));
    assert_eq!(tree(&out), tree(&whole), "with room again it is as if nothing had been");
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 1);
}

#[test]
fn extract_says_what_is_missing_and_makes_nothing() {
    let Some(schemas) = schemas() else { return };
    let (house, place) = (house(), tempfile::tempdir().unwrap());
    let out = place.path().join("uttrekk");
    let nobody: Vec<String> = arguments(&schemas, &out, &[]).into_iter().filter(|a| a != "--as" && a != "archivist").collect();
    assert_eq!(house.ask(7, nobody)["code"], "not_authorised");
    assert_eq!(house.ask(5, arguments(&schemas[1..], &out, &[]))["code"], "extract_schema_missing");
    let other: Vec<String> =
        arguments(&schemas, &out, &[]).into_iter().map(|a| if a == PERIOD { "1999-01-01..1999-12-31".to_owned() } else { a }).collect();
    assert_eq!(house.ask(4, other)["code"], "extract_empty");
    assert_eq!(house.ask(5, arguments(&schemas, &house.at("arkivlager/ut"), &[]))["code"], "out_in_archive");

    // A document that is not the one that was archived.
    let broken = house.copy();
    let pdfs = files_below(&broken.at("arkivlager/9901"));
    for pdf in pdfs.iter().filter(|path| path.extension().is_some_and(|e| e == "pdf")) {
        Command::new("chmod").arg("u+w").arg(pdf).status().unwrap();
        let mut bytes = fs::read(pdf).unwrap();
        bytes[50] ^= 1;
        fs::write(pdf, bytes).unwrap();
    }
    assert_eq!(broken.ask(6, arguments(&schemas, &out, &[]))["code"], "extract_damaged");
    assert!(!out.exists());
}

//! The DIAS package, read back with tools that we did not write.

use std::process::Command;

use super::{xmllint::Official, *};

fn packaged(schemas: Vec<PathBuf>) -> (Shelf, crate::Report) {
    let shelf = Shelf::mixed();
    let report = shelf.make(&with_package(order(schemas))).unwrap().report().clone();
    (shelf, report)
}

#[test]
fn a_package_fits_every_official_schema() {
    let Some(official) = Official::find() else { return };
    let (shelf, report) = packaged(official.folders());
    let out = shelf.dir.path().join("pakket-ut");
    fs::create_dir(&out).unwrap();
    let tar = shelf.target().join(format!("{}.tar", report.id));
    assert!(Command::new("tar").args(["-x", "-C"]).arg(&out).arg("-f").arg(&tar).status().unwrap().success());
    let root = out.join(report.id.to_string());
    official.judge_content(&root.join("content"), shelf.dir.path());
    official.judge(&official.dias.join("DIAS_METS.xsd"), &root.join("dias-mets.xml"));
    official.judge(&official.dias.join("arkade/DIAS_METS.xsd"), &root.join("dias-mets.xml"));
    for premis in ["log.xml", "administrative_metadata/dias-premis.xml"] {
        official.judge(&official.dias.join("DIAS_PREMIS.xsd"), &root.join(premis));
    }
    let description = shelf.target().join(format!("{}.xml", report.id));
    for schema in ["submissionDescription.xsd", "mets.xsd", "arkade/submissionDescription.xsd"] {
        official.judge(&official.dias.join(schema), &description);
    }
}

#[test]
fn every_file_of_the_package_stands_in_its_mets_as_it_is() {
    let elsewhere = tempfile::tempdir().unwrap();
    let (shelf, report) = packaged(vec![made_up_schemas(elsewhere.path())]);
    let out = shelf.dir.path().join("pakket-ut");
    fs::create_dir(&out).unwrap();
    let tar = shelf.target().join(format!("{}.tar", report.id));
    assert!(Command::new("tar").args(["-x", "-C"]).arg(&out).arg("-f").arg(&tar).status().unwrap().success());
    let root = out.join(report.id.to_string());
    assert!(root.join("descriptive_metadata").is_dir());
    let mets = fs::read_to_string(root.join("dias-mets.xml")).unwrap();
    let told: BTreeMap<String, String> = mets
        .split("<mets:file ")
        .skip(1)
        .map(|file| {
            let attribute = |name: &str| file.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
            (attribute("xlink:href").strip_prefix("file:").unwrap().to_owned(), attribute("CHECKSUM"))
        })
        .collect();
    let mut found: BTreeMap<String, String> = bytes_of(&root).into_iter().map(|(name, digest)| (name, digest.to_string())).collect();
    let own = found.remove("dias-mets.xml").unwrap();
    assert_eq!(told, found);
    let description = fs::read_to_string(shelf.target().join(format!("{}.xml", report.id))).unwrap();
    let whole = Sha256::of(&fs::read(&tar).unwrap()).to_string();
    assert!(description.contains(&own) && description.contains(&whole));
    // Arkade takes whatever begins like this for a document.
    let listed = Command::new("tar").arg("-tf").arg(&tar).output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    let documents = listed.lines().filter(|line| line.to_lowercase().contains("/content/dokument")).count();
    assert_eq!(documents as u64, report.files);
    for required in ["dias-mets.xsd", "administrative_metadata/dias-premis.xsd", "administrative_metadata/addml.xsd", "log.xml"] {
        assert!(listed.contains(&format!("{}/{required}\n", report.id)), "{required}");
    }
    assert!(!shelf.target().join("content").exists());
}

//! The worked sample of the shared folder: content, own metadata, and a DIAS package made of its parts.

use std::{fs, path::Path};

use pipeline_inspect::Rule;

use crate::support::{PACKAGE, broken, check, official, shared, skip, tarred};

/// Every file below, with its path.
fn files(folder: &Path, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path(), &format!("{path}/"))),
            false => found.push((path, fs::read(entry.path()).unwrap())),
        }
    }
    found.sort();
    found
}

#[test]
fn the_content_passes_completely() {
    let (Some(schemas), Some(sample)) = (official(), shared("noark-sample/content")) else { return };
    let report = check(&sample, &schemas);
    assert_eq!((report.findings.as_slice(), report.not_checked.as_slice()), (&[][..], &[][..]));
    assert_eq!((report.facts.folders, report.facts.records, report.facts.journal_entries, report.facts.documents), (1, 6, 5, 8));
}

#[test]
fn the_package_passes_as_a_tar() {
    let (Some(schemas), Some(sample)) = (official(), shared("noark-sample")) else { return };
    let mut packed = files(&sample.join("sip"), &format!("{PACKAGE}/"));
    // The submission description lies beside the tar, not in it.
    packed.retain(|(path, _)| !path.ends_with(&format!("{PACKAGE}.xml")));
    packed.extend(files(&sample.join("content"), &format!("{PACKAGE}/content/")));
    packed.push((format!("{PACKAGE}/descriptive_metadata/ead.xml"), b"<ead/>".to_vec()));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("{PACKAGE}.tar"));
    fs::write(&path, tarred(&packed)).unwrap();
    let report = check(&path, &schemas);
    assert_eq!((report.findings.as_slice(), report.not_checked.as_slice()), (&[][..], &[][..]));
}

/// The folder above both: `content` lies in it, but the parts of the package lie in `sip`.
#[test]
fn the_folder_above_lacks_the_parts_of_a_package() {
    let (Some(schemas), Some(sample)) = (official(), shared("noark-sample")) else { return };
    let report = check(&sample, &schemas);
    assert_eq!(broken(&report), [Rule::PackageParts].into());
    assert!(!report.is_refused());
}

/// Its own metadata are judged by the schema that the extract brings.
#[test]
fn own_metadata_are_judged_by_their_schema() {
    let (Some(schemas), Some(sample)) = (official(), shared("noark-sample")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut content = files(&sample.join("content"), "");
    let own = fs::read(sample.join("vsm/samspill-vsm.xsd")).unwrap();
    let structure = fs::read_to_string(sample.join("vsm/arkivstruktur-vsm.xml")).unwrap();
    let Some((_, after)) = structure.split_once("plantype") else { return skip("the sample has no own metadata any more") };
    let value = after.split(['>', '<']).nth(1).unwrap();
    content.retain(|(path, _)| path != "arkivstruktur.xml");
    content.push(("samspill-vsm.xsd".to_owned(), own));
    let run = |structure: &str| {
        for (path, bytes) in content.iter().map(|(p, b)| (p.as_str(), b.as_slice())).chain([("arkivstruktur.xml", structure.as_bytes())]) {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let listing = "<value>metadatakatalog.xsd</value>";
            let text = String::from_utf8_lossy(bytes);
            match path.ends_with("arkivuttrekk.xml") {
                true => fs::write(&path, listed(&text, listing)).unwrap(),
                false => fs::write(&path, bytes).unwrap(),
            }
        }
        check(dir.path(), &schemas)
    };
    // The description's checksum and flag are those of the sample without own metadata.
    let expected = [Rule::ListedChecksums, Rule::OwnMetadataFlag];
    let report = run(&structure);
    assert_eq!(broken(&report), expected.into(), "{:#?}", report.findings);
    assert_eq!(report.not_checked, []);
    let other = structure.replacen(&format!(">{value}<"), ">XYZ<", 1);
    let report = run(&other);
    assert_eq!(broken(&report), expected.into_iter().chain([Rule::Schema]).collect(), "{:#?}", report.findings);
}

/// The description with one more schema of the structure.
fn listed(text: &str, listing: &str) -> String {
    let at = text.find(listing).unwrap();
    let start = text[..at].rfind("<property name=\"schema\">").unwrap();
    let own = "<property name=\"schema\"><properties><property name=\"file\"><properties><property name=\"name\"><value>samspill-vsm.xsd</value>\
               </property></properties></property></properties></property>";
    format!("{}{own}{}", &text[..start], &text[start..])
}

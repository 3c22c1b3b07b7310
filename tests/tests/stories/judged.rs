//! Judges that several stories ask: is a paper what it claims to be, and does every XML of a house fit the official schemas?

use std::{fs, path::Path};

use arkivflyt_tests::{House, Pdf, Tool, files_below, shared};
use page_validation::{ValidationOptions, ValidationProfile, validate_pdf_bytes};

/// Fires when compressed data happens to end with a carriage return; `qpdf --check` looks at lengths instead.
const FALSE_ALARM: &str = "ISO 19005-2:2011:6.1.7.1:1";

/// A paper that is PDF/A-2a and PDF/UA-1, whole, tagged and A4, as others see it. `None` without poppler.
pub fn paper(path: &Path) -> Option<Pdf> {
    let bytes = fs::read(path).unwrap();
    for profile in ["2a", "ua1"] {
        let profile: ValidationProfile = profile.parse().unwrap();
        let report = validate_pdf_bytes(&bytes, &ValidationOptions::default().profile(profile)).unwrap();
        let told: Vec<_> =
            report.failures.iter().filter(|f| f.rule_id != FALSE_ALARM).map(|f| format!("{} {}", f.rule_id, f.message)).collect();
        assert!(told.is_empty(), "{} {profile:?}: {told:#?}", path.display());
        assert!(report.rules.total > 50, "only {} rules were looked at", report.rules.total);
    }
    if let Some(qpdf) = Tool::find("qpdf") {
        let checked = qpdf.pass(["--check".as_ref(), path.as_os_str()]);
        assert!(!checked.to_lowercase().contains("warning"), "{checked}");
    }
    let pdf = Pdf::read(path)?;
    assert_eq!((pdf.fact("Tagged"), pdf.fact("JavaScript")), ("yes", "no"), "{}", pdf.info);
    assert!(pdf.fact("Page size").contains("A4"), "{}", pdf.info);
    Some(pdf)
}

/// Everything in a PDF that can be read, also what no page shows: streams unpacked, in both ways that text is written there.
pub fn bytes_unpacked(path: &Path) -> Option<Vec<u8>> {
    let qpdf = Tool::find("qpdf")?;
    let plain = tempfile::NamedTempFile::new().unwrap();
    qpdf.pass(["--qdf".as_ref(), "--object-streams=disable".as_ref(), path.as_os_str(), plain.path().as_os_str()]);
    Some(fs::read(plain.path()).unwrap())
}

/// Every XML of every case folder fits the schemas of Noark 5 v5.0, every folder is whole, and as the log and the letters say.
pub fn folders(house: &House) {
    assert_eq!(house.ask(0, ["verify"])["valid"], true);
    let mail = house.at("mail");
    let mailbox = mail.is_dir().then(|| ["--mailbox".to_owned(), mail.display().to_string()]);
    house.ask(0, ["audit".to_owned(), "verify".to_owned()].into_iter().chain(mailbox.into_iter().flatten()));
    let (Some(xmllint), Some(official), Some(changes)) =
        (Tool::find("xmllint"), shared("noark5/v5.0-testdata/arkivstruktur.xsd"), shared("noark5/v5.0/endringslogg.xsd"))
    else {
        return;
    };
    for case in house.case_folders() {
        let files = files_below(&case);
        let ours = files.iter().find(|f| f.ends_with("metadata/arkivflyt-vsm.xsd")).expect("our schema lies beside what it describes");
        let both = tempfile::Builder::new().suffix(".xsd").tempfile().unwrap();
        let text = format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\
             <xs:import namespace=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" schemaLocation=\"{}\"/>\
             <xs:import namespace=\"urn:arkivflyt:noark5:vsm:1\" schemaLocation=\"{}\"/></xs:schema>",
            official.display(),
            ours.display()
        );
        fs::write(both.path(), text).unwrap();
        let mut judged = 0;
        // An attachment may be XML too, and is its sender's.
        let is_ours =
            |f: &&std::path::PathBuf| f.extension().is_some_and(|x| x == "xml") && f.parent().is_some_and(|p| p.ends_with("metadata"));
        for file in files.iter().filter(is_ours) {
            let schema = if file.ends_with("endringslogg.xml") { changes.as_path() } else { both.path() };
            xmllint.pass(["--nonet".as_ref(), "--noout".as_ref(), "--schema".as_ref(), schema.as_os_str(), file.as_os_str()]);
            judged += 1;
        }
        assert!(judged > 1, "{}", case.display());
    }
}

//! Whatever lies there, the check ends with a report.

use std::fs;

use pipeline_inspect::{Report, Schemas};
use proptest::{prelude::*, sample::Index};

use crate::support::{Extract, PACKAGE, check, tarred};

/// A report that agrees with itself.
fn is_sound(report: &Report) -> bool {
    let listed = report.findings.iter().all(|f| report.broken.contains_key(&f.rule));
    let refused = report.findings.iter().any(|f| f.severity == pipeline_inspect::Severity::Error);
    listed && refused == report.is_refused() && report.findings.is_sorted()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_file(which in any::<Index>(), at in any::<Index>(), bytes in prop::collection::vec(any::<u8>(), 0..40), is_cut in any::<bool>()) {
        let dir = tempfile::tempdir().unwrap();
        let mut extract = Extract::whole(false);
        let name = which.get(&extract.files.keys().cloned().collect::<Vec<_>>()).clone();
        let content = extract.files.get_mut(&name).unwrap();
        let from = at.index(content.len() + 1);
        let to = if is_cut { content.len() } else { (from + bytes.len()).min(content.len()) };
        content.splice(from..to, bytes);
        prop_assert!(is_sound(&check(&extract.write(dir.path()), &Schemas::none())));
    }

    #[test]
    fn any_markup_in_the_structure(parts in prop::collection::vec(prop::sample::select(MARKUP.to_vec()), 0..60)) {
        let dir = tempfile::tempdir().unwrap();
        let mut extract = Extract::whole(false);
        extract.files.insert("arkivstruktur.xml".to_owned(), format!("<arkiv>{}</arkiv>", parts.concat()).into_bytes());
        prop_assert!(is_sound(&check(&extract.write(dir.path()), &Schemas::none())));
    }

    #[test]
    fn any_bytes_in_a_tar(at in any::<Index>(), bytes in prop::collection::vec(any::<u8>(), 0..600), is_cut in any::<bool>()) {
        let dir = tempfile::tempdir().unwrap();
        let mut content = tarred(&Extract::whole(false).packed(PACKAGE));
        let from = at.index(content.len() + 1);
        let to = if is_cut { content.len() } else { (from + bytes.len()).min(content.len()) };
        content.splice(from..to, bytes);
        let path = dir.path().join(format!("{PACKAGE}.tar"));
        fs::write(&path, &content).unwrap();
        prop_assert!(is_sound(&check(&path, &Schemas::none())));
    }
}

/// Pieces that make units begin and end in every order.
const MARKUP: &[&str] = &[
    "<mappe>",
    "</mappe>",
    "<registrering xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"journalpost\">",
    "</registrering>",
    "<klasse>",
    "</klasse>",
    "<arkivdel>",
    "</arkivdel>",
    "<dokumentobjekt>",
    "</dokumentobjekt>",
    "<systemID>a</systemID>",
    "<systemID/>",
    "<referanseArkivdel>a</referanseArkivdel>",
    "<referanseDokumentfil>DOKUMENT/0001.pdf</referanseDokumentfil>",
    "<sjekksum>é</sjekksum>",
    "<virksomhetsspesifikkeMetadata>",
    "</virksomhetsspesifikkeMetadata>",
    "<saksstatus>Utgår</saksstatus>",
    "x",
    "<![CDATA[x]]>",
    "&amp;",
    "<opprettetDato>9</opprettetDato>",
    "<filstoerrelse>-1</filstoerrelse>",
    "<format></format>",
    "<journaldato>2024-01-01</journaldato>",
];

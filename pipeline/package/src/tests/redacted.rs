//! Redacted copies: one more file of a document that is archived already, and nothing else.

use pipeline_domain::{AddressProtection, DocumentKey, Packaged};

use super::{
    support::{Folder, at, closing_note, ip_plan, minutes, try_snapshot, with},
    xmllint::{Bench, Schemas},
};
use crate::{ArchiveProfile, FormatStyle, Head, PackageError, Packaging, RedactedCopy, Withheld, add_redacted};

const BASIS: &str = "Offl. § 13 jf. fvl. § 13 <&>";

fn leaves_out<'a>(parts: &'a [&'a str]) -> Withheld<'a> {
    Withheld { parts, basis: BASIS, screened_as: AddressProtection::None }
}

/// Document `no` of the folder without some parts, made on day `day`.
fn add(folder: &Folder, no: usize, withheld: &[&str], day: u32, profile: &ArchiveProfile) -> Result<Packaging, PackageError> {
    let (record, bytes) = (folder.record(), folder.text("metadata/sak.json"));
    let entry = &record.documents()[no - 1];
    let registration = folder.text(entry.registration().as_str());
    let copy = RedactedCopy {
        document: entry.key(),
        withheld: leaves_out(withheld),
        pdf: format!("%PDF-1.7 redacted {day}").into_bytes().into(),
        pages: 2,
        made_at: at(day),
        registration: registration.as_bytes(),
    };
    add_redacted(&copy, Head { version: record.folder_version(), case_record: bytes.as_bytes() }, profile)
}

/// The same, and it is new.
fn added(folder: &mut Folder, no: usize, withheld: &[&str], day: u32) -> Packaged {
    let Packaging::New(packaged) = add(folder, no, withheld, day, &ArchiveProfile::example()).unwrap() else { panic!("it is new") };
    for file in &packaged.files {
        folder.current.insert(file.path.clone(), file.bytes.clone());
    }
    folder.versions.push(packaged.clone());
    packaged
}

fn paths(packaged: &Packaged) -> Vec<&str> {
    packaged.files.iter().map(|f| f.path.as_str()).collect()
}

fn leaves<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    xml.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap()).collect()
}

#[test]
fn a_redacted_copy_is_one_more_variant_and_nothing_else_changes() {
    let mut folder = Folder::of([ip_plan(1), minutes(2)]);
    let before = folder.text("metadata/01.xml");
    let (archive_copy, mappe) = (folder.text("dokumenter/01_plan.pdf"), folder.text("metadata/mappe.xml"));
    let made = added(&mut folder, 1, &["goals", "background", "goals"], 5);
    let changed = ["skjermet/01-1.pdf", "metadata/01.xml", "innhold.html", "metadata/sak.json", "metadata/endringslogg.xml"];
    assert_eq!((paths(&made), made.based_on, made.pdf.as_str()), (changed.to_vec(), Some(2), changed[0]));
    assert_eq!((folder.text("dokumenter/01_plan.pdf"), folder.text("metadata/mappe.xml")), (archive_copy, mappe));

    let xml = folder.text("metadata/01.xml");
    assert_eq!(leaves(&xml, "variantformat"), ["Arkivformat", "Dokument hvor deler av innholdet er skjermet"]);
    assert_eq!(leaves(&xml, "referanseDokumentfil"), ["dokumenter/01_plan.pdf", "skjermet/01-1.pdf"]);
    // On the document and on its registration; what is screened of the folder is as it was.
    assert_eq!(leaves(&xml, "skjermingDokument"), ["Skjerming av deler av dokumentet"; 2]);
    let ids = leaves(&xml, "systemID");
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    // Whatever else stood there stands there.
    let as_it_was = |line: &&str| before.lines().any(|l| l == *line);
    let new: Vec<&str> = xml.lines().filter(|l| !as_it_was(l)).map(str::trim).collect();
    let names: Vec<&str> = new.iter().map(|l| l.split(['<', '>']).nth(1).unwrap()).collect();
    let expected =
        ["skjermingDokument", "skjermingDokument", "systemID", "variantformat", "opprettetDato", "referanseDokumentfil", "sjekksum"];
    assert_eq!(names.iter().filter(|n| **n != "filstoerrelse").copied().collect::<Vec<_>>(), expected, "{new:#?}");
    let gone: Vec<&str> = before.lines().filter(|l| !xml.lines().any(|x| x == *l)).map(str::trim).collect();
    assert_eq!(gone, ["<skjermingDokument>Skjerming av hele dokumentet</skjermingDokument>"; 2]);

    let log = folder.text("metadata/endringslogg.xml");
    assert_eq!(leaves(&log, "referanseMetadata").iter().filter(|f| **f == "skjermingDokument").count(), 2, "{log}");
    assert!(leaves(&log, "referanseArkivenhet").iter().filter(|id| ids.contains(id)).count() >= 2, "units that exist");
    let page = folder.text("innhold.html");
    assert!(page.contains("<a href=\"../../v3/content/skjermet/01-1.pdf\" type=\"application/pdf\">Skjermet kopi 1</a>"), "{page}");
    let record = folder.record();
    let copy = &record.documents()[0].redacted[0];
    assert_eq!((copy.withheld.join(","), copy.basis.expose(), copy.folder_version), ("background,goals".to_owned(), BASIS, 3));
    assert_eq!((record.folder_version(), record.updated_at()), (3, at(5)));
}

#[test]
fn the_same_copy_is_made_once_and_another_is_counted() {
    let mut folder = Folder::of([ip_plan(1)]);
    added(&mut folder, 1, &["goals", "background"], 5);
    let again = add(&folder, 1, &["background", "goals"], 9, &ArchiveProfile::example()).unwrap();
    assert!(matches!(again, Packaging::AlreadyThere { folder_version: 2, ref pdf } if pdf.as_str() == "skjermet/01-1.pdf"), "{again:?}");
    let other = added(&mut folder, 1, &["goals"], 9);
    // What is screened of the document was said with the first.
    assert_eq!(paths(&other), ["skjermet/01-2.pdf", "metadata/01.xml", "innhold.html", "metadata/sak.json"]);
    assert_eq!(leaves(&folder.text("metadata/01.xml"), "versjonsnummer"), ["1", "1", "2"]);
    // What was made before the address was protected is not given out for what keeps to it.
    let record = folder.record();
    let entry = &record.documents()[0];
    assert!(entry.redacted_copy(&leaves_out(&["goals"])).is_some());
    assert!(entry.redacted_copy(&Withheld { screened_as: AddressProtection::Confidential, ..leaves_out(&["goals"]) }).is_none());
    // Documents come after it as before.
    folder.add(minutes(3));
    assert_eq!((folder.record().documents()[0].redacted.len(), folder.record().documents()[1].redacted.len()), (2, 0));
}

#[test]
fn redacted_copies_fit_the_schemas_in_both_styles() {
    let (Some(mut bench), Some(mut log)) = (Bench::new(), Bench::new()) else { return };
    let pronom = ArchiveProfile { format: FormatStyle::Pronom, ..ArchiveProfile::example() };
    for profile in [ArchiveProfile::example(), pronom] {
        let folder = Folder::of([ip_plan(1), minutes(2)]);
        for no in [1, 2] {
            let Packaging::New(made) = add(&folder, no, &["goals"], 5, &profile).unwrap() else { panic!("it is new") };
            let named = |name: &str| made.files.iter().find(|f| f.path.as_str() == name).unwrap().bytes.clone();
            bench.add("metadata/registration.xml", &named(&format!("metadata/{no:02}.xml")));
            log.add("metadata/endringslogg.xml", &named("metadata/endringslogg.xml"));
        }
    }
    bench.arkivstruktur(Schemas::Open).unwrap();
    log.endringslogg(Schemas::Strict).unwrap();
}

#[test]
fn what_must_not_get_a_copy_gets_none() {
    let mut folder = Folder::of([ip_plan(1)]);
    added(&mut folder, 1, &["goals"], 2);
    folder.add(with(closing_note(3, "goals_reached"), "/case/plan_type", serde_json::json!("ip")));
    let profile = ArchiveProfile::example();
    let closed = add(&folder, 1, &["background"], 4, &profile).unwrap_err();
    assert!(matches!(closed, PackageError::FolderClosed { .. }), "{closed}");
    // What was there before the closing is there.
    assert!(matches!(add(&folder, 1, &["goals"], 4, &profile).unwrap(), Packaging::AlreadyThere { .. }));

    let folder = Folder::of([ip_plan(1)]);
    let (record, bytes) = (folder.record(), folder.text("metadata/sak.json"));
    let head = Head { version: 1, case_record: bytes.as_bytes() };
    let copy = |document: DocumentKey, registration| RedactedCopy {
        document,
        withheld: leaves_out(&["goals"]),
        pdf: b"%PDF".to_vec().into(),
        pages: 1,
        made_at: at(2),
        registration,
    };
    let other = add_redacted(&copy(try_snapshot(minutes(8)).unwrap().key(), b""), head, &profile).unwrap_err();
    assert!(matches!(other, PackageError::OtherCase { .. }), "{other}");
    for foreign in [&b""[..], b"<registrering xsi:type=\"journalpost\">\n</dokumentbeskrivelse>", b"\xff<registrering >"] {
        let error = add_redacted(&copy(record.documents()[0].key(), foreign), head, &profile).unwrap_err();
        assert!(matches!(error, PackageError::RegistrationUnreadable { .. }), "{error}");
    }
}

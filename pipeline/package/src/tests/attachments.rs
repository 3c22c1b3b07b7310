//! Attachments: what the folder says of each, and which files come of them.

use pipeline_domain::{Attached, AttachmentState, Date, ErrorCode, FileFormat, FileOnDisk, Line, PageCopy, Sha256};
use serde_json::{Value, json};

use super::{
    support::{minutes, rendered, try_snapshot, with},
    xmllint::{Bench, Schemas},
};
use crate::{ArchiveProfile, CaseRecord, FormatStyle, Head, Packaging, package};
use pipeline_domain::{AttachmentItem, Packaged};

fn file(bytes: &[u8]) -> FileOnDisk {
    FileOnDisk { at: "/lager/fil".into(), sha256: Sha256::of(bytes), size_bytes: bytes.len() as u64 }
}

fn attached(name: &str, state: AttachmentState, code: Option<ErrorCode>) -> Attached {
    let format = |puid: &str, name: &str, extension: &str| FileFormat { puid: puid.into(), name: name.into(), extension: extension.into() };
    let converted = state == AttachmentState::Converted;
    Attached {
        item: AttachmentItem { name: Line::new(name), hash: Sha256::of(name.as_bytes()), date: "2026-11-02".parse::<Date>().unwrap() },
        state,
        code,
        format: Some(if converted { format("fmt/43", "JPEG (JFIF) 1.01", "jpg") } else { format("fmt/412", "Word (DOCX) 2007-", "docx") }),
        warnings: Vec::new(),
        original: state.keeps_original().then(|| file(name.as_bytes())),
        page: converted.then(|| PageCopy { pdf: file(format!("page of {name}").as_bytes()), tool: "arkivflyt 1".into() }),
    }
}

/// One in every state.
fn of_every_state() -> Vec<Attached> {
    vec![
        attached("Søknad <Blid>.docx", AttachmentState::Accepted, None),
        attached("bilde.jpg", AttachmentState::Converted, None),
        attached("gammelt.doc", AttachmentState::NeedsManualConversion, Some(ErrorCode::AttachmentNeedsConversion)),
        attached("makro.docm", AttachmentState::Refused, Some(ErrorCode::AttachmentMacros)),
        attached("bombe.zip", AttachmentState::SetAside, Some(ErrorCode::AttachmentExpands)),
        attached("kom-aldri.pdf", AttachmentState::Missing, Some(ErrorCode::AttachmentMissing)),
        attached("plan.pdf", AttachmentState::PdfaKept, None),
    ]
}

fn packaged(document: Value, n: u32, attached: Vec<Attached>, head: Option<&Packaged>, profile: &ArchiveProfile) -> Packaged {
    let record = head.map(|h| bytes(h, "metadata/sak.json"));
    let head = record.as_deref().map(|case_record| Head { version: n - 1, case_record });
    match package(&rendered(try_snapshot(document).unwrap(), n).with_attachments(attached), head, profile).unwrap() {
        Packaging::New(packaged) => packaged,
        Packaging::AlreadyThere { .. } => panic!("it is new"),
    }
}

fn bytes(packaged: &Packaged, path: &str) -> Vec<u8> {
    packaged.files.iter().find(|f| f.path.as_str() == path).unwrap_or_else(|| panic!("no {path}")).bytes.to_vec()
}

fn text(packaged: &Packaged, path: &str) -> String {
    String::from_utf8(bytes(packaged, path)).unwrap()
}

fn leaves<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    xml.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap()).collect()
}

#[test]
fn what_is_held_is_described_and_what_is_not_is_remarked() {
    let made = packaged(minutes(1), 1, of_every_state(), None, &ArchiveProfile::example());
    let xml = text(&made, "metadata/01.xml");
    assert_eq!(leaves(&xml, "antallVedlegg"), ["4"]);
    assert_eq!(leaves(&xml, "dokumentnummer"), ["1", "2", "3", "4", "5"]);
    assert_eq!(
        leaves(&xml, "variantformat"),
        ["Arkivformat", "Arkivformat", "Arkivformat", "Produksjonsformat", "Produksjonsformat", "Arkivformat"]
    );
    let files = [
        "dokumenter/01_motereferat.pdf",
        "vedlegg/01-1.docx",
        "vedlegg/01-2-arkiv.pdf",
        "vedlegg/01-2.jpg",
        "vedlegg/01-3.docx",
        "vedlegg/01-7.docx",
    ];
    assert_eq!(leaves(&xml, "referanseDokumentfil"), files);
    let copied: Vec<&str> = made.copies.iter().map(|c| c.path.as_str()).collect();
    assert_eq!(copied, [files[1], files[3], files[2], files[4], files[5]]);
    assert_eq!((leaves(&xml, "konvertertFraFormat"), leaves(&xml, "konvertertTilFormat")), (vec!["JPEG (JFIF) 1.01"], vec!["PDF/A-2a"]));
    let remarks = leaves(&xml, "merknadstekst");
    let told = ["attachment_needs_conversion", "attachment_macros", "attachment_expands", "attachment_missing"];
    assert!(remarks.iter().zip(told).all(|(r, code)| r.ends_with(&format!("({code})"))) && remarks.len() == 4, "{remarks:?}");
    assert!(remarks[1].starts_with("Vedlegg 4 er ikke arkivert."), "{remarks:?}");
    let page = text(&made, "innhold.html");
    assert!(page.contains("../../v1/content/vedlegg/01-2-arkiv.pdf") && page.contains("S\u{f8}knad &lt;Blid&gt;.docx"), "{page}");
    assert!(page.contains("<strong>mangler kopi i arkivformat</strong>") && page.contains("attachment_missing"), "{page}");
}

#[test]
fn attachments_fit_both_schemas_in_both_styles() {
    let Some(mut bench) = Bench::new() else { return };
    let pronom = ArchiveProfile { format: FormatStyle::Pronom, ..ArchiveProfile::example() };
    for profile in [ArchiveProfile::example(), pronom] {
        let unknown =
            Attached { format: None, ..attached("x", AttachmentState::NeedsManualConversion, Some(ErrorCode::AttachmentNeedsConversion)) };
        let all = of_every_state().into_iter().chain([unknown]).collect();
        let made = packaged(minutes(1), 1, all, None, &profile);
        bench.add("metadata/01.xml", &bytes(&made, "metadata/01.xml"));
        assert!(made.copies.iter().any(|c| c.path.as_str() == "vedlegg/01-8.bin"), "a format that we do not know");
    }
    bench.arkivstruktur(Schemas::Open).unwrap();
}

#[test]
fn the_same_bytes_are_named_again_where_they_lie() {
    let profile = ArchiveProfile::example();
    let image = || vec![attached("bilde.jpg", AttachmentState::Converted, None)];
    let first = packaged(minutes(1), 1, image(), None, &profile);
    let second = packaged(minutes(2), 2, image(), Some(&first), &profile);
    let record = CaseRecord::read(&bytes(&second, "metadata/sak.json")).unwrap();
    let files: Vec<(&str, &str)> =
        record.documents().iter().flat_map(|d| &d.attachments).flat_map(|a| a.files()).map(|f| (f.path.as_str(), f.at.as_str())).collect();
    let expected = [
        ("vedlegg/01-1.jpg", "v1/content/vedlegg/01-1.jpg"),
        ("vedlegg/01-1-arkiv.pdf", "v1/content/vedlegg/01-1-arkiv.pdf"),
        ("vedlegg/02-1.jpg", "v1/content/vedlegg/01-1.jpg"),
        ("vedlegg/02-1-arkiv.pdf", "v1/content/vedlegg/01-1-arkiv.pdf"),
    ];
    assert_eq!(files, expected);
    let ids: std::collections::BTreeSet<String> = [&first, &second]
        .iter()
        .zip(1..)
        .flat_map(|(p, n)| leaves(&text(p, &format!("metadata/{n:02}.xml")), "systemID").into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    // Six units above the registration are in both files; below it nothing is.
    let below = 2 * (1 + 2 + 2 * 2) - 2;
    assert!(ids.len() >= below, "{}", ids.len());
}

#[test]
fn address_protection_leaves_names_out() {
    let protected = with(minutes(1), "/case/address_protection", json!("strictly_confidential"));
    let made = packaged(protected, 1, of_every_state(), None, &ArchiveProfile::example());
    for path in ["metadata/01.xml", "metadata/sak.json", "innhold.html"] {
        assert!(!text(&made, path).contains("bilde.jpg"), "{path}");
    }
    assert!(leaves(&text(&made, "metadata/01.xml"), "tittel").contains(&"Vedlegg 2"));
}

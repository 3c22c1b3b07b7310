//! A claim of PDF/A holds, or is told with the rule that it breaks.

use std::path::{Path, PathBuf};

use pipeline_attach::{Finding, Limits, PdfaRule, State, examine};

use crate::corpus::pdfs::{Pdf, stream};

fn rules(pdf: &Pdf) -> Vec<PdfaRule> {
    let out = examine("a.pdf", &pdf.build(), &Limits::default());
    assert_eq!(out.state == State::PdfaKept, out.broken_rules.is_empty(), "{:?} {:?}", out.code, out.broken_rules);
    out.broken_rules
}

fn with_object(part: &'static str, level: &'static str, object: impl AsRef<[u8]>) -> Pdf {
    let mut pdf = Pdf::archive(part, level);
    pdf.more.push(object.as_ref().to_vec());
    pdf
}

#[test]
fn each_rule_is_told_by_its_name() {
    let two = || Pdf::archive("2", "B");
    let catalog = |text: &str| Pdf { catalog: text.into(), ..two() };
    let cases: Vec<(Pdf, &[PdfaRule])> = vec![
        (two(), &[]),
        (Pdf { binary_comment: false, ..two() }, &[PdfaRule::Header]),
        (Pdf { id: false, ..two() }, &[PdfaRule::FileId]),
        (Pdf { output_intent: false, ..two() }, &[PdfaRule::OutputIntent]),
        (Pdf { xref_stream: true, ..two() }, &[]),
        (Pdf { xref_stream: true, ..Pdf::archive("1", "B") }, &[PdfaRule::CompressedObjects]),
        (with_object("2", "B", stream("/Filter/LZWDecode", b"x")), &[PdfaRule::Filter]),
        (with_object("2", "B", stream("/Filter[/ASCII85Decode/LZWDecode]", b"x")), &[PdfaRule::Filter]),
        (with_object("2", "B", stream("/F(annen.bin)", b"")), &[PdfaRule::ExternalStream]),
        (with_object("2", "B", "<</Type/Filespec/EF<<>>>>"), &[PdfaRule::EmbeddedFile]),
        (Pdf { catalog: "/OCProperties<<>>".into(), ..Pdf::archive("1", "B") }, &[PdfaRule::OptionalContent]),
        (catalog("/OCProperties<<>>"), &[]),
        (with_object("2", "B", stream("/Type/XObject/Subtype/Image/Interpolate true", b"x")), &[PdfaRule::Image]),
        (with_object("2", "B", stream("/Type/XObject/Subtype/PS", b"x")), &[PdfaRule::PostScript]),
        (with_object("1", "B", "<</Type/ExtGState/ca 0.5>>"), &[PdfaRule::Transparency]),
        (with_object("2", "B", "<</Type/ExtGState/ca 0.5>>"), &[]),
        (with_object("1", "B", "<</Type/Group/S/Transparency/CS/DeviceRGB>>"), &[PdfaRule::Transparency]),
        (with_object("1", "B", stream("/Subtype/Image/SMask 5 0 R", b"x")), &[PdfaRule::Transparency]),
        (with_object("2", "B", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"), &[PdfaRule::FontEmbedded]),
        (with_object("2", "B", "<</Type/Font/Subtype/TrueType/FontDescriptor<</FontFile2 5 0 R>>>>"), &[]),
        (with_object("2", "U", "<</Type/Font/Subtype/Type0/DescendantFonts[null]>>"), &[PdfaRule::FontUnicode]),
        (with_object("2", "B", "<</Type/Font/Subtype/Type0/DescendantFonts[null]>>"), &[]),
        (with_object("2", "B", "<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/F 4>>"), &[]),
        (with_object("2", "B", "<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/F 6>>"), &[PdfaRule::Annotation]),
        (with_object("2", "B", "<</Type/Annot/Subtype/Text/Rect[0 0 1 1]/F 4>>"), &[PdfaRule::Annotation]),
        (with_object("2", "B", "<</Type/Annot/Subtype/Screen/Rect[0 0 1 1]/F 4/AP<<>>>>"), &[PdfaRule::Annotation]),
        (catalog("/OpenAction<</S/JavaScript/JS(x)>>"), &[PdfaRule::Action]),
        (catalog("/AA<</WC 5 0 R>>"), &[PdfaRule::Action]),
        (catalog("/AcroForm<</NeedAppearances true>>"), &[PdfaRule::Form]),
        (Pdf { catalog: String::new(), ..Pdf::archive("2", "A") }, &[PdfaRule::Tagged]),
        (Pdf::archive("2", "A"), &[]),
    ];
    for (i, (pdf, expected)) in cases.iter().enumerate() {
        assert_eq!(
            rules(pdf),
            *expected,
            "case {i}: {:?} {} {:?}",
            pdf.claim,
            pdf.catalog,
            pdf.more.first().map(|o| String::from_utf8_lossy(o))
        );
    }
}

#[test]
fn bytes_after_the_end_break_the_claim() {
    let mut bytes = Pdf::archive("2", "B").build();
    bytes.extend(b"mer");
    assert_eq!(examine("a.pdf", &bytes, &Limits::default()).broken_rules, [PdfaRule::TrailingBytes]);
}

/// A claim that only a comment makes is found by PRONOM's signature, and not by us.
#[test]
fn a_claim_outside_the_metadata_is_false() {
    let claim = b"%<x xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" pdfaid:part=\"2\" pdfaid:conformance=\"B\"/>\n<<>>";
    let pdf = with_object_in(Pdf { output_intent: true, ..Pdf::plain("1.7") }, claim);
    let out = examine("a.pdf", &pdf.build(), &Limits::default());
    assert_eq!(out.puid.unwrap().as_str(), "fmt/477");
    assert_eq!(out.broken_rules, [PdfaRule::Metadata, PdfaRule::Claim]);
}

fn with_object_in(mut pdf: Pdf, object: &[u8]) -> Pdf {
    pdf.more.push(object.to_vec());
    pdf
}

#[test]
fn active_content_of_any_pdf_is_listed() {
    let cases: &[(&str, &[Finding])] = &[
        ("", &[]),
        ("/OpenAction[10 0 R/Fit]", &[]),
        ("/OpenAction<</S/GoTo/D[10 0 R/Fit]>>", &[]),
        ("/OpenAction<</S/JavaScript/JS(x)>>", &[Finding::JavaScript, Finding::AutomaticAction]),
        ("/OpenAction<</S/Launch/F(x)>>", &[Finding::Launch, Finding::AutomaticAction]),
        ("/Names<</EmbeddedFiles<<>>>>", &[Finding::EmbeddedFiles]),
        ("/AcroForm<</XFA 5 0 R>>", &[Finding::Xfa]),
        ("/X<</S/SubmitForm>>", &[Finding::SubmitOrImport]),
        ("/X<</Type/Annot/Subtype/RichMedia>>", &[Finding::Media]),
        ("/X<</Type/Sig/ByteRange[0 1 2 3]>>", &[Finding::Signature]),
    ];
    for (catalog, expected) in cases {
        let pdf = Pdf { catalog: (*catalog).into(), ..Pdf::plain("1.7") };
        let out = examine("a.pdf", &pdf.build(), &Limits::default());
        assert_eq!(out.findings, *expected, "{catalog}");
        assert_eq!(out.state, State::NeedsManualConversion);
    }
}

/// Objects that all lie at one place, read again and again: the work is bounded by the size of the file.
#[test]
fn overlapping_objects_are_a_bomb() {
    let mut out = b"%PDF-1.7\n1 0 obj\n[".to_vec();
    out.extend(b"0 ".repeat(50_000));
    out.extend(b"]\nendobj\n");
    let start = out.len();
    out.extend(b"2 0 obj\n<</Type/XRef/Size 3/W[1 1 1]/Length 6/Root 1 0 R>>\nstream\n\x01\x09\0\x01\x09\0\nendstream\nendobj\n");
    out.extend(format!("startxref\n{start}\n%%EOF").bytes());
    let began = std::time::Instant::now();
    let verdict = examine("a.pdf", &out, &Limits::default());
    assert_eq!(verdict.state, State::SetAside);
    assert!(began.elapsed().as_secs() < 10);
}

/// Documents of PDF/A-1b that another program made.
#[test]
fn real_documents_keep_their_claim() {
    let shared =
        std::env::var_os("ARKIVFLYT_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let Ok(folder) = std::fs::read_dir(shared.join("noark-sample/content/dokumenter/2024/0017")) else {
        assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1 and missing: noark-sample");
        eprintln!("SKIPPED: the sample documents are not there (ARKIVFLYT_SHARED)");
        return;
    };
    let mut seen = 0;
    for path in folder.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "pdf")) {
        let out = examine("a.pdf", &std::fs::read(&path).unwrap(), &Limits::default());
        assert_eq!((out.state, out.broken_rules.as_slice()), (State::PdfaKept, [].as_slice()), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

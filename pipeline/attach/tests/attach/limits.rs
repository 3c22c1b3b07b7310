//! Every limit at one below, at the limit, and one above.

use image::ImageFormat;
use pipeline_attach::{CaseHoldings, Limits, OnApplication, State, examine, prepare_image, read_limited};
use pipeline_domain::ErrorCode;

use crate::corpus::pdfs::{Pdf, stream};
use crate::corpus::pictures::encode_sized;
use crate::corpus::zips::{part, zip};

/// The state and code of one file under limits that were changed in one place.
fn under(bytes: &[u8], name: &str, change: impl Fn(&mut Limits)) -> (State, Option<ErrorCode>) {
    let mut limits = Limits::default();
    change(&mut limits);
    let out = examine(name, bytes, &limits);
    (out.state, out.code)
}

/// `size` is what the file has of what `set` limits: fine at a limit of one more and of as much, caught at one less.
fn check(bytes: &[u8], name: &str, size: u64, caught: (State, ErrorCode), set: impl Fn(&mut Limits, u64)) {
    let state = |limit: u64| under(bytes, name, |l| set(l, limit));
    let fine = state(size + 1);
    assert_ne!(fine, (caught.0, Some(caught.1)), "{name}: one below the limit");
    assert_eq!(state(size), fine, "{name}: at the limit");
    assert_eq!(state(size - 1), (caught.0, Some(caught.1)), "{name}: one above the limit");
}

fn small(n: u64) -> u32 {
    u32::try_from(n).unwrap()
}

#[test]
fn bytes_of_a_file() {
    let text = "x".repeat(1000);
    check(text.as_bytes(), "a.txt", 1000, (State::Refused, ErrorCode::AttachmentTooLarge), |l, n| l.file_bytes = n);
    let read = |limit: u64| read_limited(text.as_bytes(), &Limits { file_bytes: limit, ..Limits::default() });
    assert_eq!(read(1001).unwrap().len(), 1000);
    assert_eq!(read(1000).unwrap().len(), 1000);
    assert_eq!(read(999).unwrap_err().code(), ErrorCode::AttachmentTooLarge);
    assert!(read_limited(std::io::repeat(0), &Limits::default()).is_err(), "an endless reader ends");
}

#[test]
fn the_default_is_25_mib() {
    let limits = Limits::default();
    let mut bytes = vec![b'x'; 25 * 1024 * 1024];
    assert_eq!(examine("a.txt", &bytes, &limits).state, State::Accepted);
    bytes.push(b'x');
    assert_eq!(examine("a.txt", &bytes, &limits).code, Some(ErrorCode::AttachmentTooLarge));
}

#[test]
fn files_and_bytes_of_a_case() {
    let limits = Limits { case_files: 3, case_bytes: 100, ..Limits::default() };
    let held = |files, bytes| CaseHoldings { files, bytes };
    assert_eq!(held(1, 0).with(1, &limits), Some(held(2, 1)));
    assert_eq!(held(2, 0).with(1, &limits), Some(held(3, 1)));
    assert_eq!(held(3, 0).with(1, &limits), None);
    assert_eq!(held(0, 90).with(9, &limits), Some(held(1, 99)));
    assert_eq!(held(0, 90).with(10, &limits), Some(held(1, 100)));
    assert_eq!(held(0, 90).with(11, &limits), None);
    assert_eq!(held(0, u64::MAX).with(1, &limits), None);
}

#[test]
fn pixels_and_sides_of_an_image() {
    let caught = (State::SetAside, ErrorCode::AttachmentTooLarge);
    for (format, name) in
        [(ImageFormat::Png, "a.png"), (ImageFormat::Jpeg, "a.jpg"), (ImageFormat::Gif, "a.gif"), (ImageFormat::WebP, "a.webp")]
    {
        let bytes = encode_sized(format, 30, 20);
        check(&bytes, name, 600, caught, |l, n| l.image_pixels = n);
        check(&bytes, name, 30, caught, |l, n| l.image_side = small(n));
        let prepared = |pixels: u64| prepare_image(&bytes, &Limits { image_pixels: pixels, ..Limits::default() }).map_err(|e| e.code());
        assert!(prepared(601).is_ok() && prepared(600).is_ok(), "{name}");
        assert_eq!(prepared(599).unwrap_err(), ErrorCode::AttachmentTooLarge, "{name}");
    }
}

#[test]
fn a_header_that_lies_about_its_size_is_caught_before_it_is_decoded() {
    let limits = Limits::default();
    for (width, height) in [(20_001, 1), (1, 20_001), (10_000, 5_001), (u32::MAX, u32::MAX)] {
        let out = examine("a.png", &crate::corpus::pictures::png_of(width, height), &limits);
        assert_eq!(out.code, Some(ErrorCode::AttachmentTooLarge), "{width}x{height}");
    }
    // Smaller than its pixels: the rest would be unpacked for nothing.
    let out = examine("a.png", &crate::corpus::pictures::png_of(2, 2), &limits);
    assert_eq!(out.code, Some(ErrorCode::AttachmentExpands));
}

#[test]
fn pages_and_objects_of_a_pdf() {
    let pdf = Pdf { pages: 7, ..Pdf::archive("2", "B") }.build();
    check(&pdf, "a.pdf", 7, (State::SetAside, ErrorCode::AttachmentTooLarge), |l, n| l.pdf_pages = small(n));
    // Catalogue, pages, metadata, profile, content, and a page each.
    check(&pdf, "a.pdf", 12, (State::SetAside, ErrorCode::AttachmentExpands), |l, n| l.pdf_objects = small(n));
}

#[test]
fn what_a_pdf_expands_to() {
    let mut pdf = Pdf { xref_stream: true, ..Pdf::plain("1.7") };
    pdf.more.push(stream("", b"x"));
    let bytes = pdf.build();
    // The cross-reference stream: six bytes for each of catalogue, pages, content, page and the further object.
    check(&bytes, "a.pdf", 30, (State::SetAside, ErrorCode::AttachmentExpands), |l, n| l.pdf_expanded_bytes = n);
}

#[test]
fn entries_bytes_ratio_and_depth_of_an_archive() {
    let caught = (State::SetAside, ErrorCode::AttachmentExpands);
    let three = zip(&[part("a.txt", vec![b'a'; 50]), part("b.txt", vec![b'b'; 60]), part("c.txt", vec![b'c'; 70])]);
    check(&three, "a.zip", 3, caught, |l, n| l.zip_entries = small(n));
    check(&three, "a.zip", 70, caught, |l, n| l.zip_entry_bytes = n);
    check(&three, "a.zip", 180, caught, |l, n| l.zip_total_bytes = n);
    let inner = zip(&[part("a.zip", zip(&[part("b.zip", zip(&[part("a.txt", "hei")]))]))]);
    check(&inner, "a.zip", 3, caught, |l, n| l.archive_depth = small(n));
}

#[test]
fn how_far_an_entry_may_expand() {
    let blanks = zip(&[part("a.txt", vec![b' '; 50_000]).deflated()]);
    let packed = u64::from(u32::from_le_bytes(blanks[18..22].try_into().unwrap()));
    let ratio = 50_000_u64.div_ceil(packed);
    let caught = (State::SetAside, ErrorCode::AttachmentExpands);
    check(&blanks, "a.zip", ratio, caught, |l, n| (l.zip_ratio, l.zip_ratio_from_bytes) = (n, 0));
    check(&blanks, "a.zip", 50_000, caught, |l, n| (l.zip_ratio, l.zip_ratio_from_bytes) = (1, n));
}

#[test]
fn what_is_taken_on_application_is_a_setting() {
    let pdf = Pdf::archive("3", "B").build();
    assert_eq!(under(&pdf, "a.pdf", |_| {}).0, State::NeedsManualConversion);
    assert_eq!(under(&pdf, "a.pdf", |l| l.on_application = OnApplication::Accept), (State::PdfaKept, None));
}

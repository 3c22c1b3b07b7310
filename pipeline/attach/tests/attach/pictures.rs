//! What is laid on a page: the same scans and pixels, and nothing that tells where, when or by whom.

use image::ImageFormat;
use memchr::memmem::find;
use pipeline_attach::{Limits, Orientation, PageImage, PageMedia, prepare_image};
use pipeline_domain::ErrorCode;

use crate::corpus::pictures::{
    CANARIES, GPS, LOSSY_WEBP, chunk, cmyk_jpeg, encode, jpeg_body, pixels, png_with, talkative_jpeg, talkative_png, turned_webp,
};
use crate::corpus::zips::{part, zip};

fn prepare(bytes: &[u8]) -> PageImage {
    prepare_image(bytes, &Limits::default()).unwrap()
}

fn assert_silent(out: &[u8]) {
    for canary in CANARIES.iter().chain([&GPS, &b"Exif".as_slice(), &b"8BIM".as_slice(), &b"adobe.com".as_slice(), &b"JFXX".as_slice()]) {
        assert_eq!(find(out, canary), None, "{} came through", String::from_utf8_lossy(canary));
    }
}

#[test]
fn nothing_but_the_picture_comes_through_and_the_scans_are_the_same_bytes() {
    for turn in 1..=8 {
        let source = talkative_jpeg(turn);
        for canary in CANARIES {
            assert!(find(&source, canary).is_some(), "the sample holds every canary");
        }
        assert!(find(&source, GPS).is_some());
        let page = prepare(&source);
        assert_silent(&page.bytes);
        assert_eq!((page.media, page.orientation.get()), (PageMedia::Jpeg, turn));
        assert_eq!((page.width, page.height), (24, 16));
        // From the first quantisation table to the end of the image, nothing has changed.
        assert!(page.bytes.ends_with(&jpeg_body()), "tables and scans are byte for byte those of the source");
        let (before, after) = (image::load_from_memory(&source).unwrap(), image::load_from_memory(&page.bytes).unwrap());
        assert_eq!(before.to_rgb8(), after.to_rgb8());
    }
}

/// What each number means, against a picture that is turned by hand.
#[test]
fn eight_orientations_are_a_mirroring_and_quarter_turns() {
    let picture = pixels(3, 2);
    for value in 1..=8 {
        let ours = Orientation::new(value).unwrap();
        let mut turned = if ours.is_mirrored() { picture.fliph() } else { picture.clone() };
        for _ in 0..ours.quarter_turns() {
            turned = turned.rotate90();
        }
        let mut theirs = picture.clone();
        theirs.apply_orientation(image::metadata::Orientation::from_exif(value).unwrap());
        assert_eq!(turned, theirs, "orientation {value}");
        assert_eq!(ours.swaps_sides(), theirs.width() == picture.height(), "orientation {value}");
    }
    assert_eq!((Orientation::new(0), Orientation::new(9)), (None, None));
    assert_eq!(Orientation::UPRIGHT.get(), 1);
}

#[test]
fn a_png_keeps_its_pixels_and_colours_and_loses_its_words() {
    let page = prepare(&talkative_png());
    assert_silent(&page.bytes);
    assert_eq!((page.media, page.orientation.get(), page.width, page.height), (PageMedia::Png, 8, 24, 16));
    assert_eq!(page.bytes, encode(ImageFormat::Png), "what is left is the image as it was before the texts were put in");
    let coloured = png_with(&[chunk(b"gAMA", &45455u32.to_be_bytes()), chunk(b"pHYs", &[0, 0, 11, 19, 0, 0, 11, 19, 1])]);
    assert_eq!(prepare(&coloured).bytes, coloured, "gamma and density stay");
    let frames = png_with(&[chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0])]);
    assert_eq!(prepare(&frames).bytes, encode(ImageFormat::Png));
}

#[test]
fn gif_and_webp_become_the_png_of_their_first_frame() {
    for format in [ImageFormat::Gif, ImageFormat::WebP] {
        let source = encode(format);
        let page = prepare(&source);
        assert_eq!(page.media, PageMedia::Png);
        let (before, after) = (image::load_from_memory(&source).unwrap(), image::load_from_memory(&page.bytes).unwrap());
        assert_eq!(before.to_rgba8(), after.to_rgba8());
        assert_eq!(prepare(&source), page, "the same bytes twice");
    }
}

#[test]
fn a_webp_hands_its_orientation_on_and_nothing_else() {
    let page = prepare(&turned_webp());
    assert_eq!((page.media, page.orientation.get(), page.width, page.height), (PageMedia::Png, 6, 24, 16));
    assert_silent(&page.bytes);
    assert_eq!(prepare(LOSSY_WEBP).width, 8);
}

#[test]
fn what_is_no_image_for_a_page_says_why() {
    let code = |bytes: &[u8]| prepare_image(bytes, &Limits::default()).unwrap_err().code();
    assert_eq!(code(&cmyk_jpeg()), ErrorCode::AttachmentNeedsConversion);
    assert_eq!(code(b"II*\0\x08\0\0\0\0\0"), ErrorCode::AttachmentNeedsConversion);
    assert_eq!(code(&zip(&[part("a", "b")])), ErrorCode::AttachmentTypeRefused);
    assert_eq!(code(b""), ErrorCode::AttachmentTypeRefused);
    let mut cut = encode(ImageFormat::Png);
    cut[45] ^= 0xff;
    assert_eq!(code(&cut), ErrorCode::AttachmentBroken);
}

/// A progressive JPEG has tables between its scans; a comment there goes, the scans stay.
#[test]
fn metadata_between_scans_goes_too() {
    let plain = encode(ImageFormat::Jpeg);
    let end = plain.len() - 2;
    let comment = [&[0xff, 0xfe][..], &22u16.to_be_bytes(), &CANARIES[4][..20]].concat();
    let source = [&plain[..end], &comment, &plain[end..]].concat();
    let page = prepare(&source);
    assert_eq!(find(&page.bytes, &CANARIES[4][..20]), None);
    assert!(page.bytes.ends_with(&jpeg_body()));
}

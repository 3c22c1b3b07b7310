//! Nothing that can be done to a file makes the room panic, run long or take much memory.

use std::time::{Duration, Instant};

use pipeline_attach::{Limits, State, examine, prepare_image};
use proptest::prelude::*;

use crate::corpus;

/// Debug builds on a busy machine are slow; a runaway is slower still.
const LONGEST: Duration = Duration::from_secs(20);

fn limits() -> Limits {
    Limits {
        zip_total_bytes: 4 << 20,
        zip_entry_bytes: 2 << 20,
        image_pixels: 1 << 20,
        image_memory: 16 << 20,
        pdf_expanded_bytes: 4 << 20,
        ..Limits::default()
    }
}

fn survives(bytes: &[u8]) {
    let began = Instant::now();
    let out = examine("vedlegg.pdf", bytes, &limits());
    assert_eq!(out.size_bytes, bytes.len() as u64);
    assert_eq!(out.code.is_none(), matches!(out.state, State::Accepted | State::PdfaKept | State::ConvertImage));
    if let Ok(page) = prepare_image(bytes, &limits()) {
        assert!(page.width > 0 && page.height > 0);
    }
    assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
}

#[test]
fn every_sample_cut_off_anywhere() {
    for sample in corpus::all().into_iter().filter(|s| s.bytes.len() < 200_000) {
        let step = (sample.bytes.len() / 40).max(1);
        for end in (0..sample.bytes.len()).step_by(step) {
            survives(&sample.bytes[..end]);
        }
    }
}

#[test]
fn heaps_of_one_byte_and_of_marks() {
    let marks: &[&[u8]] = &[
        b"\0",
        b"\xff",
        b"\xff\xd8\xff",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"%PDF-1.7\n",
        b"<<",
        b"[",
        b"(",
        b"<",
        b"1 0 obj ",
        b"stream\n",
        b"xref\n",
        b"<?xml version=\"1.0\"?>",
        b"<a>",
        b"{\"a\":",
        b"GIF89a",
        b"RIFF\xff\xff\xff\xffWEBPVP8X",
        b"II*\0",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"xmlns:pdfaid='",
        b"{\\rtf1\\ansi\\ansicpg",
        b"Exif\0\0",
        b"\xff\xfb\x90\x00",
        b"a,b\n",
        b"From: a\n",
    ];
    for mark in marks {
        survives(&mark.repeat(200_000 / mark.len()));
        for start in ["%PDF-1.7\n", "PK\u{3}\u{4}", "<?xml version=\"1.0\"?>"] {
            survives(&[start.as_bytes(), &mark.repeat(50_000 / mark.len()), b"startxref\n0\n%%EOF"].concat());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes of a sample changed, taken out, doubled, and put into one another.
    #[test]
    fn mutated_samples(which in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..6), 1..12)) {
        let all = SMALL.with(Clone::clone);
        let mut bytes = which.get(&all).clone();
        let donor = other.get(&all);
        for (place, value, kind) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = value,
                1 => bytes[at] ^= 1 << (value & 7),
                2 => bytes.truncate(at + 1),
                3 => { bytes.drain(at..(at + usize::from(value)).min(bytes.len())); }
                4 => { let end = (at + usize::from(value)).min(bytes.len()); let copy = bytes[at..end].to_vec(); bytes.splice(at..at, copy); }
                _ => { let from = at.min(donor.len()); let end = (from + usize::from(value)).min(donor.len()); bytes.splice(at..at, donor[from..end].to_vec()); }
            }
        }
        survives(&bytes);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600), start in 0usize..8) {
        let starts: [&[u8]; 8] = [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"];
        survives(&[starts[start], &bytes].concat());
    }
}

thread_local! {
    /// The samples without the large bombs.
    static SMALL: Vec<Vec<u8>> = corpus::all().into_iter().map(|s| s.bytes).filter(|b| b.len() < 40_000).collect();
}

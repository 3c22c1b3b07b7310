//! Every sample of the corpus gets the id, the state and the code that the list says.

use std::collections::BTreeSet;

use pipeline_attach::{Examined, Format, Limits, Method, State, Warning, examine, read_limited};
use pipeline_domain::ErrorCode;

use crate::corpus;

fn judge(name: &str, bytes: &[u8]) -> Examined {
    examine(name, bytes, &Limits::default())
}

#[test]
fn every_sample_is_judged_as_the_list_says() {
    let samples = corpus::all();
    assert!(samples.len() >= 120, "{}", samples.len());
    let mut wrong = Vec::new();
    for sample in &samples {
        let out = judge(&sample.name, &sample.bytes);
        let said = (out.puid.map(|p| p.as_str()), out.state, out.code.map(ErrorCode::id));
        if said != (sample.puid, sample.state, sample.code) {
            wrong.push(format!(
                "{}: {said:?}, not {:?} {:?} {:?}; {:?}",
                sample.name, sample.puid, sample.state, sample.code, out.broken_rules
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A format without a sample is a row nobody has tried.
#[test]
fn every_format_of_the_table_has_a_sample() {
    let tried: BTreeSet<&str> = corpus::all().iter().filter_map(|s| s.puid).collect();
    let untried: Vec<&str> = Format::all().iter().map(|f| f.puid.as_str()).filter(|p| !tried.contains(p)).collect();
    assert!(untried.is_empty(), "{untried:?}");
}

#[test]
fn the_answer_holds_the_digest_the_size_and_the_events_and_no_name() {
    let out = judge("Blid Fjellbekk.pdf", &corpus::pdfs::Pdf::archive("2", "B").build());
    assert_eq!(out.state, State::PdfaKept);
    assert_eq!(out.pages, Some(1));
    assert_eq!(out.method, Some(Method::Signature));
    let kinds: Vec<&str> = out.events.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["message digest calculation", "format identification", "validation"]);
    assert!(out.events[0].detail.contains(&out.digest.to_string()));
    let json = serde_json::to_string(&out).unwrap();
    assert!(!json.contains("Fjellbekk"));
    assert!(json.contains("\"pdfa_kept\"") && json.contains("fmt/477"));
}

#[test]
fn the_same_bytes_give_the_same_answer() {
    for sample in corpus::all() {
        assert_eq!(judge(&sample.name, &sample.bytes), judge(&sample.name, &sample.bytes), "{}", sample.name);
    }
}

/// The content decides: under any harmless name, the id is the same.
#[test]
fn the_name_never_changes_the_id() {
    for sample in corpus::all() {
        for name in ["uten", "x.pdf", "x.docx", "x.exe", "x.csv", ".", "", "a/b\\c.jpg", "æ.øå"] {
            assert_eq!(judge(name, &sample.bytes).puid.map(|p| p.as_str()), sample.puid, "{} as {name}", sample.name);
        }
    }
}

#[test]
fn warnings_say_what_does_not_decide() {
    let png = corpus::picture(image::ImageFormat::Png);
    assert_eq!(judge("bilde.jpg", &png).warnings, [Warning::ExtensionDisagrees]);
    assert_eq!(judge("bilde", &png).warnings, [Warning::ExtensionUnknown]);
    let docx = corpus::honest().into_iter().find(|s| s.name == "brev.docx").unwrap();
    assert_eq!(judge("brev.docx", &docx.bytes).warnings, [Warning::PdfaCopyWanted]);
    assert_eq!(judge("bilde.jpg", &corpus::pictures::talkative_jpeg(6)).warnings, [Warning::HoldsLocation]);
    let cmyk = judge("trykk.jpg", &corpus::pictures::cmyk_jpeg());
    assert_eq!((cmyk.state, cmyk.warnings.as_slice()), (State::NeedsManualConversion, [Warning::CmykImage].as_slice()));
    let rels = "<Relationships><Relationship Type=\"http://x/attachedTemplate\" Target=\"http://example.com/\" TargetMode=\"External\"/></Relationships>";
    let main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    let remote = corpus::zips::ooxml(main, &[corpus::zips::part("word/_rels/settings.xml.rels", rels)]);
    assert_eq!(judge("brev.docx", &remote).warnings, [Warning::PdfaCopyWanted, Warning::RemoteReference]);
}

#[test]
fn an_unknown_format_is_kept_for_a_person() {
    let out = judge("måling.dat", &[0x00, 0x01, 0x02, 0xfe, 0xff, 0x80]);
    assert_eq!((out.state, out.code), (State::NeedsManualConversion, Some(ErrorCode::AttachmentNeedsConversion)));
    assert_eq!((out.puid, out.method), (None, None));
}

#[test]
fn states_and_what_they_keep() {
    let ids: BTreeSet<&str> = State::ALL.iter().map(|s| s.id()).collect();
    assert_eq!(ids.len(), State::ALL.len());
    for state in State::ALL {
        assert_eq!(serde_json::to_value(state).unwrap(), state.id(), "the published name and the written one");
        assert_eq!(state.keeps_original(), !matches!(state, State::SetAside | State::Refused));
    }
}

#[test]
fn a_reader_that_fails_may_be_tried_again() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk"))
        }
    }
    let error = read_limited(Broken, &Limits::default()).unwrap_err();
    assert_eq!((error.code(), error.verdict()), (ErrorCode::AttachmentUnreadable, pipeline_domain::Verdict::Retry));
}

//! Laws: what is written can be read, whatever the names; what is read never makes a judge fall.

mod support;

use std::{collections::BTreeMap, io::Cursor};

use pipeline_bag::{BagPath, Code, Limits, inspect_zip, judge_folder, judge_zip};
use proptest::prelude::*;
use support::{Files, Way, bag};

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        // Names as people give them, and as an enemy does.
        "[a-zA-Z0-9æøåÆØÅ .,_()&'+=@!#$-]{1,12}(/[a-zæøå0-9 .]{1,8}){0,3}",
        "\\PC{1,20}",
        "[./\\\\~:a\u{0}\u{1b}\u{202e}]{1,10}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bag_with_any_names_that_are_let_through_is_valid(files in proptest::collection::btree_map(names(), proptest::collection::vec(any::<u8>(), 0..50), 1..12)) {
        let sound: BTreeMap<&str, &[u8]> = files.iter().filter(|(n, _)| n.parse::<BagPath>().is_ok()).map(|(n, b)| (n.as_str(), b.as_slice())).collect();
        let payload = Files::new(&sound.into_iter().collect::<Vec<_>>());
        for way in [Way::File, Way::Stream] {
            // Refused because names collide, or because nothing is left: then there is nothing to judge.
            let Ok((bytes, written)) = bag(&payload, way) else { continue };
            prop_assert_eq!(inspect_zip(Cursor::new(&bytes), None, &Limits::default()).unwrap(), vec![]);
            let judgement = judge_zip(Cursor::new(&bytes), None, &Limits::default()).unwrap();
            // A name that systems give by themselves (`._x`) is let through, and told of.
            let wrong: Vec<_> = judgement.findings.iter().filter(|finding| finding.code != Code::SystemFile).collect();
            prop_assert!(judgement.is_valid() && wrong.is_empty(), "{:?}", wrong);
            prop_assert_eq!(judgement.files as usize, written.files);
        }
    }

    #[test]
    fn a_path_that_is_let_through_stays_below(name in names()) {
        if let Ok(path) = name.parse::<BagPath>() {
            prop_assert_eq!(path.as_str(), name.as_str());
            let parts: Vec<_> = std::path::Path::new(path.as_str()).components().collect();
            let ordinary = parts.iter().all(|part| matches!(part, std::path::Component::Normal(_)));
            prop_assert!(ordinary && parts.len() == path.as_str().split('/').count());
        }
    }

    #[test]
    fn any_change_of_a_byte_is_found_or_harmless(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let payload = Files::new(&[("a.pdf", b"some bytes"), ("b.xml", b"<b/>")]);
        let (whole, _) = bag(&payload, Way::File).unwrap();
        let mut hurt = whole.clone();
        let at = at.index(hurt.len());
        hurt[at] = to;
        let judgement = judge_zip(Cursor::new(&hurt), None, &Limits::default()).unwrap();
        if judgement.is_valid() {
            // Not in what a bag promises: a time, a mode, a version number of the zip.
            prop_assert_eq!((judgement.files, judgement.bytes), (2, 14));
        }
    }

    #[test]
    fn any_text_as_a_tag_file_is_judged(name in "(bagit|bag-info|fetch|manifest-sha256|manifest-md5|tagmanifest-sha512)\\.txt", text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("bagit.txt"), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n").unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        judge_folder(folder.path(), &Limits::default()).unwrap();
    }

    #[test]
    fn any_bytes_as_a_zip_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!inspect_zip(Cursor::new(&bytes), None, &Limits::default()).unwrap().is_empty());
    }
}

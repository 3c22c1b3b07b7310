//! The official conformance suite: every bag is judged as its folder says.

mod support;

use std::path::{Path, PathBuf};

use pipeline_bag::{Code, Limits, judge_folder};
use support::{folders_in, suite};

/// Bags of every version under this heading.
fn bags(heading: &str) -> Vec<PathBuf> {
    let Some(suite) = suite() else { return Vec::new() };
    folders_in(&suite).iter().flat_map(|version| folders_in(&version.join(heading))).collect()
}

fn codes(bag: &Path) -> Vec<Code> {
    judge_folder(bag, &Limits::default()).unwrap().errors().map(|f| f.code).collect()
}

#[test]
fn every_valid_bag_is_accepted() {
    let bags = bags("valid");
    assert!(bags.len() >= 26 || suite().is_none(), "{}", bags.len());
    for bag in bags {
        let judgement = judge_folder(&bag, &Limits::default()).unwrap();
        assert!(judgement.is_valid() && judgement.is_complete(), "{}: {:#?}", bag.display(), judgement.findings);
        assert!(judgement.files > 0, "{}", bag.display());
    }
}

#[test]
fn every_invalid_bag_is_refused_for_its_own_reason() {
    let bags: Vec<PathBuf> = bags("invalid").into_iter().chain(bags("linux-only")).collect();
    assert!(bags.len() >= 16 || suite().is_none(), "{}", bags.len());
    for bag in bags {
        let found = codes(&bag);
        assert!(!found.is_empty(), "{} was accepted", bag.display());
        let name = bag.file_name().unwrap().to_string_lossy().into_owned();
        let expected = match name.as_str() {
            "baginfo-missing-encoding" => Code::DeclarationMalformed,
            "bom-in-bagit.txt" => Code::DeclarationBom,
            "corrupt-data-file" | "corrupt-tag-file" => Code::DigestMismatch,
            "extra-file-in-bag" => Code::PayloadUnlisted,
            "invalid-version-number" => Code::VersionMalformed,
            "missing-baginfo" => Code::TagMissing,
            "missing-bagit.txt" => Code::DeclarationMissing,
            "same-filename-listed-twice-with-different-hashes" => Code::PathTwice,
            _ if name.starts_with("out-of-scope") => Code::PathOutOfScope,
            _ => continue,
        };
        assert!(found.contains(&expected), "{}: {found:?}", bag.display());
    }
}

#[test]
fn what_the_suite_warns_of_is_told() {
    for bag in bags("warning") {
        let judgement = judge_folder(&bag, &Limits::default()).unwrap();
        assert!(!judgement.findings.is_empty(), "{}: nothing was told", bag.display());
    }
}

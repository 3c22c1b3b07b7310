//! Every sample: the whole ones are accepted, each broken one is refused for its rule and nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pipeline_domain::{DocumentKind, ProblemCode};
use pipeline_intake::{IntakeRules, Reader, Reading};

fn samples(kind: DocumentKind) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(kind.folder())
}

/// The `.json` files of a folder, by name.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test run, not the program, says whether a skip is a failure")]
fn is_strict() -> bool {
    std::env::var("ARKIVFLYT_STRICT").as_deref() == Ok("1")
}

/// What one file alone cannot show; each has a test of its own in `src/reader/tests.rs`.
const SHOWN_ELSEWHERE: [ProblemCode; 5] = [
    // Needs more than 8 MiB.
    ProblemCode::DocumentTooLarge,
    // Depend on the installation.
    ProblemCode::SyntheticRefused,
    ProblemCode::MunicipalityUnknown,
    // Never stands alone.
    ProblemCode::TooManyProblems,
    // A draft is read; it is not taken in.
    ProblemCode::NotApproved,
];

/// `national_id_not_synthetic` needs a number with the month of a real one. Theirs is of 1945 with the individual number 600,
/// which no one born then was given (500–899 were left out for 1940–1953).
#[test]
fn each_broken_sample_is_refused_for_its_rule_alone() {
    let reader = Reader::new(IntakeRules::default());
    let mut shown = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in DocumentKind::ALL.into_iter().flat_map(|kind| json_files(&samples(kind).join("broken"))) {
        let code = name(&path).split("__").next().unwrap();
        let expected = ProblemCode::from_id(code).unwrap_or_else(|| panic!("{code} is no code"));
        match reader.read(&std::fs::read(&path).unwrap()) {
            Reading::Refused(problems) if problems.iter().all(|p| p.code == expected) && !problems.is_empty() => {
                shown.insert(expected);
            }
            Reading::Refused(problems) => wrong.push(format!("{}: {problems:?}", name(&path))),
            Reading::Accepted(_) => wrong.push(format!("{}: accepted", name(&path))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all: BTreeSet<_> = ProblemCode::ALL.iter().copied().filter(|c| !SHOWN_ELSEWHERE.contains(c)).collect();
    assert_eq!(shown, all, "each rule has a broken sample");
}

#[test]
fn each_whole_sample_is_accepted() {
    let reader = Reader::new(IntakeRules::default());
    for kind in DocumentKind::ALL {
        let files = json_files(&samples(kind));
        if files.is_empty() {
            assert!(!is_strict(), "no samples of {}", kind.id());
            eprintln!("SKIPPED: no samples of {}", kind.id());
        }
        for path in files {
            match reader.read(&std::fs::read(&path).unwrap()) {
                Reading::Accepted(snapshot) => assert_eq!(snapshot.kind(), kind, "{}", name(&path)),
                Reading::Refused(problems) => panic!("{}: {problems:#?}", path.display()),
            }
        }
    }
}

//! Events: the whole ones are taken, each broken one is refused for its rule and nothing else.

use std::path::{Path, PathBuf};

use pipeline_domain::{EventName, MeetingReply, ProblemCode, SpecialCategories};
use pipeline_intake::{Incoming, IntakeRules, Reader};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|x| x == "json")).collect();
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

fn take(path: &Path) -> Incoming {
    Reader::new(IntakeRules::default()).take(&std::fs::read(path).unwrap())
}

#[test]
fn each_whole_event_is_taken() {
    let mut taken = 0;
    for path in files("event") {
        let Incoming::Event(event) = take(&path) else { panic!("{}: {:?}", path.display(), take(&path)) };
        assert_eq!(event.content.event.id().replace('.', "_"), name(&path));
        taken += 1;
        match event.content.event {
            EventName::MeetingAnswered => assert_eq!(event.content.reply, Some(MeetingReply::Accepted)),
            EventName::PrintRequested => assert_eq!(event.content.special_categories, SpecialCategories::Included),
            _ => assert_eq!((event.content.reply, event.content.special_categories), (None, SpecialCategories::LeftOut)),
        }
    }
    assert!(taken >= 10, "{taken}");
}

#[test]
fn each_broken_event_is_refused_for_its_rule_alone() {
    let mut wrong = Vec::new();
    let broken = files("event/broken");
    assert!(broken.len() >= 17, "{}", broken.len());
    for path in broken {
        let code = name(&path).split("__").next().unwrap();
        let expected = ProblemCode::from_id(code).unwrap_or_else(|| panic!("{code} is no code"));
        match take(&path) {
            Incoming::Refused(problems) if problems.iter().all(|p| p.code == expected) && problems.len() == 1 => {}
            Incoming::Refused(problems) => wrong.push(format!("{}: {problems:?}", name(&path))),
            _ => wrong.push(format!("{}: taken", name(&path))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! Killed, or out of disk, at every step: the next run ends with the same bytes, and nothing half looks whole.

use pipeline_domain::ErrorCode;

use super::*;
use crate::fault::{Fate, Step, arm, disarm};

/// What lies under the target's name is nothing, or the whole.
fn is_nothing_or_whole(shelf: &Shelf, whole: &BTreeMap<String, Sha256>) -> bool {
    !shelf.target().exists() || bytes_of(&shelf.target()) == *whole
}

fn every_step(wrapped: bool, fate: Fate) -> Vec<Step> {
    let ask = |shelf: &Shelf, day: &str| {
        let asked = order(vec![made_up_schemas(shelf.dir.path())]);
        let asked = Order { created_at: format!("2025-01-{day}T12:00:00+01:00").parse().unwrap(), ..asked };
        if wrapped { with_package(asked) } else { asked }
    };
    let undisturbed = Shelf::mixed();
    undisturbed.make(&ask(&undisturbed, "10")).unwrap();
    let whole = bytes_of(&undisturbed.target());
    let mut met = Vec::new();
    for step in Step::ALL {
        for after in [0, 2] {
            let shelf = Shelf::mixed();
            arm(step, after, fate);
            let done = shelf.make(&ask(&shelf, "10"));
            if disarm() {
                assert!(done.is_ok(), "the step did not come");
                continue;
            }
            met.push(step);
            let error = done.unwrap_err();
            match fate {
                Fate::DiskFull => assert_eq!(error.code(), ErrorCode::ExtractDiskFull, "{step:?}: {error}"),
                Fate::Killed => assert_eq!(error.code(), ErrorCode::ExtractFailed, "{step:?}: {error}"),
            }
            assert!(is_nothing_or_whole(&shelf, &whole), "{step:?}");
            // Days later, and with the time of the first run.
            let again = shelf.make(&ask(&shelf, "14")).unwrap();
            assert_eq!(bytes_of(&shelf.target()), whole, "{step:?}");
            assert_eq!(again.report().created_at, ask(&shelf, "10").created_at);
            let left: Vec<_> = fs::read_dir(shelf.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{step:?}: {left:?}");
        }
    }
    met.dedup();
    met
}

#[test]
fn killed_at_every_step_of_an_extract() {
    let met = every_step(false, Fate::Killed);
    let package = [Step::Wrapped, Step::TarEntry, Step::Tar, Step::Described];
    assert_eq!(met, Step::ALL.into_iter().filter(|step| !package.contains(step)).collect::<Vec<_>>());
}

#[test]
fn killed_at_every_step_of_a_package() {
    assert_eq!(every_step(true, Fate::Killed), Step::ALL);
}

#[test]
fn no_room_at_every_step_of_a_package() {
    assert_eq!(every_step(true, Fate::DiskFull), Step::ALL);
}

#[test]
fn files_that_an_interrupted_run_left_broken_are_copied_again() {
    let shelf = Shelf::mixed();
    let asked = order(vec![made_up_schemas(shelf.dir.path())]);
    arm(Step::Copied, 0, Fate::Killed);
    shelf.make(&asked).unwrap_err();
    let left = shelf.dir.path().join(".ut.part/out/content/DOKUMENT/2024/000002/01_plan.pdf");
    let size = fs::metadata(&left).unwrap().len();
    fs::write(&left, vec![0; usize::try_from(size).unwrap()]).unwrap();
    shelf.make(&asked).unwrap();
    let fresh = Shelf::mixed();
    fresh.make(&order(vec![made_up_schemas(fresh.dir.path())])).unwrap();
    assert_eq!(bytes_of(&shelf.target()), bytes_of(&fresh.target()));
}

#[test]
fn what_another_order_left_is_not_taken() {
    let shelf = Shelf::mixed();
    let asked = order(vec![made_up_schemas(shelf.dir.path())]);
    arm(Step::Journals, 0, Fate::Killed);
    shelf.make(&with_package(asked.clone())).unwrap_err();
    let shorter = Order { period: "2024-01-01..2024-10-31".parse().unwrap(), ..asked };
    shelf.make(&shorter).unwrap();
    let fresh = Shelf::mixed();
    fresh.make(&Order { schemas: vec![made_up_schemas(fresh.dir.path())], ..shorter }).unwrap();
    assert_eq!(bytes_of(&shelf.target()), bytes_of(&fresh.target()));
}

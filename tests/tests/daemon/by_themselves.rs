//! Documents in the drop folder, and nobody who presses a button.

use std::time::Duration;

use arkivflyt_tests::{House, On, lasting_samples, working_house};

use crate::whole::{Outcome, outcome};

const LIMIT: Duration = Duration::from_secs(90);

fn drop_all(house: &House) {
    for (i, sample) in lasting_samples().iter().enumerate() {
        house.drop_in(&format!("{i:03}.json"), &sample.bytes);
    }
}

/// What `run-once` makes of the same documents.
fn expected() -> Outcome {
    let house = House::new();
    drop_all(&house);
    house.run_now(["run-once"]).expect(0);
    let mut expected = outcome(&house);
    expected.notices.sort();
    expected
}

#[test]
fn serve_does_what_run_once_does() {
    let expected = expected();
    for on in On::BOTH {
        let Some(house) = working_house(on) else { continue };
        let daemon = house.serve();
        drop_all(&house);
        house.until_idle(LIMIT);
        assert!(daemon.stop(Duration::from_secs(10)).success(), "{on:?}");
        assert_eq!(outcome(&house), expected, "{on:?}");
        assert_eq!(std::fs::read_dir(house.at("work")).unwrap().count(), 0, "{on:?}: nothing is left between the stages");
    }
}

#[test]
fn workers_share_the_work_by_queues() {
    let expected = expected();
    for on in On::BOTH {
        let Some(house) = working_house(on) else { continue };
        let workers = [
            house.worker("inbox,runs"),
            house.worker("render"),
            house.worker("render,archive"),
            house.worker("mail"),
            house.worker("mail,archive"),
        ];
        drop_all(&house);
        house.until_idle(LIMIT);
        for worker in workers {
            assert!(worker.stop(Duration::from_secs(10)).success(), "{on:?}");
        }
        assert_eq!(outcome(&house), expected, "{on:?}");
    }
}

#[test]
fn what_was_handed_in_before_is_carried_on() {
    for on in On::BOTH {
        let Some(house) = working_house(on) else { continue };
        for sample in lasting_samples() {
            house.run_now(["submit".as_ref(), sample.path.as_os_str()]).expect(0);
        }
        // The foreground is quicker than any worker; its jobs end with it.
        house.run_now(["run-once"]).expect(0);
        let stats = house.run_now(["jobs", "stats", "--json"]).expect(0).json();
        for queue in stats["queues"].as_array().unwrap() {
            assert!(queue["queue"] != "render" && queue["queue"] != "archive", "{on:?}: {queue}");
        }
        let daemon = house.serve();
        house.until_idle(LIMIT);
        assert!(daemon.stop(Duration::from_secs(10)).success());
        assert_eq!(outcome(&house).documents.len(), lasting_samples().len());
    }
}

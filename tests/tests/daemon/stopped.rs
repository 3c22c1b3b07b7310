//! SIGTERM, and who may work beside whom.

use std::time::{Duration, Instant};

use arkivflyt_tests::{On, lasting_samples, working_house};
use rustix::process::Signal;

use crate::whole::outcome;

#[test]
fn an_idle_daemon_stops_at_once_and_well() {
    for on in On::BOTH {
        let Some(house) = working_house(on) else { continue };
        let daemon = house.serve();
        house.until(Duration::from_secs(20), |_| if daemon.log().contains("\"ready\"") { Ok(()) } else { Err(daemon.log()) });
        let start = Instant::now();
        assert!(daemon.stop(Duration::from_secs(5)).success());
        assert!(start.elapsed() < Duration::from_secs(3), "{on:?}: {:?}", start.elapsed());
    }
}

#[test]
fn a_stop_in_the_middle_loses_nothing() {
    for on in On::BOTH {
        let Some(house) = working_house(on) else { continue };
        for (i, sample) in lasting_samples().iter().enumerate() {
            house.drop_in(&format!("{i:03}.json"), &sample.bytes);
        }
        for n in 0..4_u64 {
            let daemon = house.serve();
            std::thread::sleep(Duration::from_millis(250 + 150 * n));
            if n == 3 {
                daemon.signal(Signal::TERM);
            }
            assert!(daemon.stop(Duration::from_secs(15)).success(), "{on:?}, stop {n}");
        }
        let daemon = house.serve();
        house.until_idle(Duration::from_secs(90));
        assert!(daemon.stop(Duration::from_secs(10)).success());
        assert_eq!(outcome(&house).documents.len(), lasting_samples().len(), "{on:?}");
        let failed = house.run_now(["jobs", "list", "--state", "dead", "--json"]).expect(0).json();
        assert_eq!(failed["jobs"].as_array().unwrap().len(), 0, "{failed}");
    }
}

#[test]
fn a_command_that_works_alone_waits_for_the_workers_to_go() {
    let house = working_house(On::Sqlite).unwrap();
    let daemon = house.serve();
    house.until(Duration::from_secs(20), |_| if daemon.log().contains("\"ready\"") { Ok(()) } else { Err(daemon.log()) });
    house.run_now(["run-once"]).expect(8);
    let beside = house.worker("render");
    std::thread::sleep(Duration::from_millis(500));
    assert!(beside.stop(Duration::from_secs(5)).success(), "workers sit beside each other");
    assert!(daemon.stop(Duration::from_secs(5)).success());
    house.run_now(["run-once"]).expect(0);
}

//! `kill -9` at random moments of `submit DIR && run-once`, then a restart.
//!
//! `ARKIVFLYT_KILLS=200` is the full measure; `ARKIVFLYT_SEED` repeats a run.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use arkivflyt_tests::{House, Rng, good_samples, lasting_samples, left_closed};
use rustix::process::{Pid, Signal};

use crate::whole::{Outcome, outcome};

/// Who dies: the program alone (the kernel then ends its children), or all of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victims {
    Parent,
    Everyone,
}

/// Runs the two commands one after the other until the moment comes. Says whether it came.
fn work_until(house: &House, folder: &Path, moment: Duration, victims: Victims) -> bool {
    let start = Instant::now();
    for args in [vec!["submit".as_ref(), folder.as_os_str()], vec!["run-once".as_ref()]] {
        let mut command = house.command(args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap();
        let pid = Pid::from_child(&child);
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() >= moment {
                match victims {
                    Victims::Parent => rustix::process::kill_process(pid, Signal::KILL).unwrap(),
                    Victims::Everyone => rustix::process::kill_process_group(pid, Signal::KILL).unwrap(),
                }
                child.wait().unwrap();
                all_gone(pid);
                return true;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
    }
    false
}

/// No child outlives its parent.
fn all_gone(group: Pid) {
    let members = || {
        let processes = fs::read_dir("/proc").unwrap().filter_map(|e| fs::read_to_string(e.ok()?.path().join("stat")).ok());
        let of_group = |stat: &String| {
            // After the name in brackets: state, parent, group. A zombie is gone.
            let rest = stat.rsplit(") ").next().unwrap_or_default();
            let mut fields = rest.split(' ');
            fields.next() != Some("Z") && fields.nth(1).and_then(|g| g.parse().ok()) == Some(group.as_raw_nonzero().get())
        };
        processes.filter(of_group).count()
    };
    let start = Instant::now();
    while members() > 0 {
        assert!(start.elapsed() < Duration::from_secs(5), "{} children outlive their parent", members());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn work(house: &House, folder: &Path) {
    house.run_now(["submit".as_ref(), folder.as_os_str()]).expect(0);
    run(house);
}

/// A run; documents whose child was shot down before its parent saw the end itself are tried again a minute later.
fn run(house: &House) {
    let first = house.run_now(["run-once", "--json"]);
    if first.code() == 0 {
        return;
    }
    let report = first.json();
    assert!(first.code() == 3 && report["failed"].as_array().unwrap().is_empty(), "{first}");
    house.run_now(["run-once", "--json", "--clock", "2099-01-01T00:00:00Z"]).expect(0);
}

#[test]
fn each_document_once_each_mail_once_whenever_it_is_killed() {
    let documents = tempfile::tempdir().unwrap();
    for (i, sample) in lasting_samples().iter().enumerate() {
        fs::write(documents.path().join(format!("{i:03}.json")), &sample.bytes).unwrap();
    }
    let undisturbed = House::new();
    let start = Instant::now();
    work(&undisturbed, documents.path());
    let whole = start.elapsed();
    let expected = outcome(&undisturbed);
    assert_eq!(expected.documents.len(), lasting_samples().len());
    assert!(expected.notices.len() > 10);

    let kills = std::env::var_os("ARKIVFLYT_KILLS").and_then(|n| n.to_str()?.parse().ok()).unwrap_or(40);
    let mut chance = Rng::seeded();
    let fresh = House::new();
    let mut hits = 0;
    for n in 0..kills {
        let house = fresh.copy();
        let moment = Duration::from_micros(chance.below(whole.as_micros() as u64));
        let victims = if n % 2 == 0 { Victims::Parent } else { Victims::Everyone };
        hits += u32::from(work_until(&house, documents.path(), moment, victims));
        // Sometimes it is killed again while it mends.
        if n % 5 == 4 {
            let again = Duration::from_micros(chance.below(whole.as_micros() as u64 / 2));
            work_until(&house, documents.path(), again, victims);
        }
        let settled = std::panic::catch_unwind(|| settle(&house, documents.path(), n));
        match settled {
            Ok(settled) => assert_eq!(settled, expected, "kill {n}, {victims:?}, after {moment:?}"),
            Err(why) => {
                eprintln!("kill {n}, {victims:?}, after {moment:?} of {whole:?}");
                std::panic::resume_unwind(why);
            }
        }
    }
    eprintln!("{kills} kills over {whole:?}, {hits} of them before the end");
    assert!(hits * 2 > kills, "most moments lie inside the work: {hits} of {kills}");
}

/// The restart: what was accepted is carried through by a run alone; then everything is handed in again.
fn settle(house: &House, documents: &Path, n: u32) -> Outcome {
    match n % 3 {
        0 => drop(house.run_now(["doctor", "--json"]).expect(0)),
        1 => run(house),
        _ => {}
    }
    work(house, documents);
    let doctor = house.run_now(["doctor", "--json"]).expect(0).json();
    assert_eq!(doctor["healthy"], true, "{doctor}");
    outcome(house)
}

#[test]
fn a_demo_that_is_killed_is_done_by_the_next() {
    let house = House::bare();
    let mut command = house.command(["demo"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    house.run_now(["demo"]).expect(0);
    house.run_now(["doctor"]).expect(0);
    assert_eq!(outcome(&house).documents.len(), good_samples().len());
}

#[test]
fn a_polite_stop_finishes_what_is_in_hand() {
    let house = House::new();
    for sample in lasting_samples() {
        house.run_now(["submit".as_ref(), sample.path.as_os_str()]).expect(0);
    }
    let child = house.command(["run-once", "--json"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    // It may be done already on a fast machine.
    let _ = rustix::process::kill_process(Pid::from_child(&child), Signal::TERM);
    let end = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&end.stdout).unwrap_or_else(|e| panic!("{e}: {end:?}"));
    assert!(report["failed"].as_array().unwrap().is_empty() && report["retried"].as_array().unwrap().is_empty(), "{report}");
    let done = report["archived"].as_u64().unwrap();
    let rest = house.run_now(["run-once", "--json"]).expect(0).json()["archived"].as_u64().unwrap();
    assert_eq!((done + rest) as usize, lasting_samples().len() + left_closed());
    outcome(&house);
}

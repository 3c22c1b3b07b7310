//! Workers with nothing to do: they wait to be woken and leave the processor alone.

use std::{fs, time::Duration};

use arkivflyt_tests::{Daemon, On, working_house};
use rustix::process::Pid;

use crate::{
    calm::{children_of, until_ready},
    peace::{talkative, turn},
};

const WATCHED: Duration = Duration::from_secs(20);
/// Of one core. On a quiet machine it is under 1 %.
const MOST: f64 = 0.03;

/// Processor time of a process and its children so far.
fn used(daemon: &Daemon) -> Duration {
    std::iter::once(daemon.pid()).chain(children_of(daemon.pid())).map(used_by).sum()
}

/// Of all threads: the first number in each one's `schedstat`, in nanoseconds.
fn used_by(pid: Pid) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).unwrap();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    stats.map(|stat| Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())).sum()
}

#[test]
fn an_idle_daemon_leaves_the_processor_alone() {
    let _turn = turn();
    let houses: Vec<_> = On::BOTH.into_iter().filter_map(|on| Some((on, talkative(working_house(on)?)))).collect();
    // Leases and beats as they are by default: a short lease means many beats.
    let houses: Vec<_> = houses.into_iter().map(|(on, house)| (on, house.with("WORK__LEASE_S", "60"))).collect();
    let daemons: Vec<Daemon> = houses.iter().map(|(_, house)| house.serve()).collect();
    houses.iter().zip(&daemons).for_each(|((_, house), daemon)| until_ready(house, daemon));
    std::thread::sleep(Duration::from_secs(3));
    let before: Vec<Duration> = daemons.iter().map(used).collect();
    std::thread::sleep(WATCHED);
    for (((on, _), daemon), before) in houses.iter().zip(daemons).zip(before) {
        let share = (used(&daemon) - before).as_secs_f64() / WATCHED.as_secs_f64();
        eprintln!("{on:?}: an idle daemon uses {:.2} % of a core", share * 100.0);
        assert!(share < MOST, "{on:?}: {share}");
        assert!(daemon.stop(Duration::from_secs(20)).success());
    }
}

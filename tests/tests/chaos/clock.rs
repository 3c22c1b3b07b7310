//! Clocks that are wrong, and clocks that are put right: schedules fire each due time at most once and go on, and nothing stays
//! where it is. The clock of the real program is moved by libfaketime while it runs; waits inside it are not (a clock that is set
//! does not move the monotonic one either).

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use arkivflyt_tests::{Daemon, House, On, Rng, many, skip};
use rustix::process::{Signal, kill_process};

use crate::{
    calm::{all_is_well, calm_down, children_of, feed, launch, now_ms, start, telling_house, until_ready},
    peace::turn,
};

const SCHEDULE: &str = "archive.sweep";
/// A schedule is brought back to the first time that is more than ten seconds ahead, at a look within two.
const BROUGHT_BACK: Duration = Duration::from_secs(30);

/// The clock of a program: so far from the true one, as libfaketime reads it from a file.
struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    fn of(house: &House, by: &str) -> Option<Self> {
        let found = fs::read_dir("/usr/lib").unwrap().map(|e| e.unwrap().path().join("faketime/libfaketime.so.1")).find(|p| p.is_file());
        let Some(library) = found else {
            skip("libfaketime (Debian: faketime)");
            return None;
        };
        let clock = Self { library, file: house.data().with_extension("clock") };
        clock.set(by);
        Some(clock)
    }

    /// Steps it, at once for every process that has it.
    fn set(&self, by: &str) {
        let next = self.file.with_extension("clock-next");
        fs::write(&next, format!("{by}\n")).unwrap();
        fs::rename(next, &self.file).unwrap();
    }

    fn serve(&self, house: &House) -> Daemon {
        let mut command = house.command(["serve"]);
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", &self.file).env("FAKETIME_NO_CACHE", "1");
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
        launch(command, house)
    }
}

/// A house whose sweep comes every two seconds.
fn swept_house(on: On, misfire: &str) -> Option<House> {
    let house = telling_house(on)?.with("RENDER__CHILDREN", "1");
    let settings = house.at("arkivflyt.toml");
    let mut text = fs::read_to_string(&settings).unwrap_or_default();
    text += &format!("\n[schedule.jobs]\n\"{SCHEDULE}\" = {{ at = \"*/2 * * * * *\", misfire = \"{misfire}\" }}\n");
    fs::write(settings, text).unwrap();
    Some(house)
}

/// Due times that made a job or joined one, in Unix seconds.
fn fired(house: &House) -> BTreeSet<i64> {
    let rows = house.sql(&format!("select fire_at from schedule_fires where name = '{SCHEDULE}'"));
    rows.lines().map(|row| row.parse().unwrap()).collect()
}

/// Waits until the schedule fires for a time that is `by_s` from now, or later.
#[track_caller]
fn until_it_fires_again(house: &House, by_s: i64, when: &str) {
    let begun = now_ms() / 1000 + by_s;
    let before = fired(house);
    house.until(BROUGHT_BACK, |house| {
        let new: Vec<i64> = fired(house).difference(&before).copied().collect();
        let here = new.iter().any(|due| (begun..begun + 60).contains(due));
        if here { Ok(()) } else { Err(format!("{when}: nothing of about {begun} has fired, only {new:?}")) }
    });
}

/// Each job of the schedule belongs to one firing, and to one only. Each start of a process may make one of its own.
#[track_caller]
fn each_due_time_once(house: &House, starts: usize) {
    let fired = "exists (select 1 from schedule_fires f where f.job = j.id)";
    let counts =
        house.sql(&format!("select count(*), count(distinct cast(args as text)) from jobs j where kind = '{SCHEDULE}' and {fired}"));
    let (jobs, due_times) = counts.split_once('|').unwrap();
    assert_eq!(jobs, due_times, "a due time made two jobs");
    let without = house.sql(&format!("select j.id from jobs j where j.kind = '{SCHEDULE}' and not {fired}"));
    assert!(without.lines().count() <= starts, "jobs without a firing: {without}");
}

#[test]
fn a_clock_that_is_stepped_by_hours_stops_nothing() {
    let _turn = turn();
    let house = swept_house(On::Sqlite, "once").unwrap();
    // The database has known this schedule for some time.
    let Some(clock) = Clock::of(&house, "-4h") else { return };
    let documents = many(&mut Rng::fixed(701), 24);
    let worker = clock.serve(&house);
    until_ready(&house, &worker);
    until_it_fires_again(&house, -4 * 3600, "at first");
    let steps = [("+0", 0), ("+3h", 3 * 3600), ("+0", 0), ("-3h", -3 * 3600)];
    for ((by, by_s), some) in steps.iter().zip(documents.chunks(6)) {
        // In the middle of work: one document is being set, others wait behind it.
        let typesetter = children_of(worker.pid())[0];
        kill_process(typesetter, Signal::STOP).unwrap();
        feed(&house, 0, some);
        house.until(Duration::from_secs(30), |house| {
            match house.sql("select count(*) from jobs where state = 'running' and kind = 'render'").as_str() {
                "0" => Err(format!("{by}: {}", house.sql("select id, kind, state, attempt, failures, last_code, (run_at - unixepoch() * 1000) / 1000 from jobs where state in ('ready', 'running', 'waiting')"))),
                _ => Ok(()),
            }
        });
        clock.set(by);
        std::thread::sleep(Duration::from_millis(2500));
        kill_process(typesetter, Signal::CONT).unwrap();
        until_it_fires_again(&house, *by_s, by);
    }
    let calm = calm_down(&house, vec![worker], documents.len());
    eprintln!("idle {calm:?} after the last step; {} jobs were charged", house.sql("select count(*) from jobs where failures > 0"));
    each_due_time_once(&house, 1);
    all_is_well(&house, &documents);
}

#[test]
fn a_worker_that_is_an_hour_ahead_does_no_harm() {
    let _turn = turn();
    let Some(house) = swept_house(On::Postgres, "once") else { return };
    let Some(clock) = Clock::of(&house, "+1h") else { return };
    let documents = many(&mut Rng::fixed(702), 24);
    let right = start(&house);
    until_ready(&house, &right);
    // What has never fired at the right time could not be told from what is new.
    until_it_fires_again(&house, 0, "at first");
    let ahead = clock.serve(&house);
    until_ready(&house, &ahead);
    let made = || house.sql(&format!("select count(*) from jobs where kind = '{SCHEDULE}'")).parse::<u32>().unwrap();
    for (n, some) in documents.chunks(8).enumerate() {
        let before = made();
        feed(&house, n, some);
        house.until(Duration::from_secs(40), |_| if made() > before + 2 { Ok(()) } else { Err(format!("{} sweeps", made())) });
    }
    house.until_idle(Duration::from_secs(120));
    assert_eq!(house.sql("select id, kind, failures from jobs where failures > 0"), "", "jobs were charged");
    assert!(ahead.stop(Duration::from_secs(15)).success());
    // Left alone, the one with the right clock finds back to the right times.
    until_it_fires_again(&house, 0, "alone");
    calm_down(&house, vec![right], documents.len());
    each_due_time_once(&house, 2);
    all_is_well(&house, &documents);
}

/// Four processes, one schedule: every due time while they ran, each once, each with a job of its own or one it joined.
fn four_fire_each_once(on: On) {
    let _turn = turn();
    let Some(house) = swept_house(on, "all") else { return };
    let crew: Vec<Daemon> = (0..4).map(|_| start(&house)).collect();
    crew.iter().for_each(|worker| until_ready(&house, worker));
    let from = now_ms() / 1000 + 2;
    let span_s = i64::try_from(crate::calm::count("ARKIVFLYT_CHAOS_FIRES", 10)).unwrap() * 2;
    let until = from + span_s;
    house.until(Duration::from_secs(60) + Duration::from_secs(span_s.unsigned_abs()), |house| {
        let last = fired(house).last().copied().unwrap_or_default();
        if last >= until { Ok(()) } else { Err(format!("{last} of {until}")) }
    });
    calm_down(&house, crew, 0);
    let expected: BTreeSet<i64> = (from..=until).filter(|s| s % 2 == 0).collect();
    let came: BTreeSet<i64> = fired(&house).into_iter().filter(|s| (from..=until).contains(s)).collect();
    assert_eq!(came, expected, "each due time once");
    each_due_time_once(&house, 4);
    eprintln!(
        "{on:?}: {} firings by four processes, {} jobs",
        came.len(),
        house.sql(&format!("select count(*) from jobs where kind = '{SCHEDULE}'"))
    );
}

#[test]
fn four_processes_fire_each_due_time_once_on_sqlite() {
    four_fire_each_once(On::Sqlite);
}

#[test]
fn four_processes_fire_each_due_time_once_on_postgresql() {
    four_fire_each_once(On::Postgres);
}

//! Workers in a crew, documents on their way to them, and what must be true when they have been left in peace.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::CommandExt as _,
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use arkivflyt_tests::{Daemon, House, Made, Needle, On, Rng, Shape, found_in, good_samples, many, needles, personal_values, working_house};
use rustix::process::{Pid, Signal};

use crate::whole::{Outcome, outcome};

/// The lease of a working house.
pub const LEASE: Duration = Duration::from_secs(4);
/// From SIGTERM to the end: the drain time of a working house, and what the last words and a busy machine take.
pub const STOP: Duration = Duration::from_secs(15);
/// Who died waits 15 s, then twice as long after each further death; a document whose typesetter died waits a minute.
pub const CALM: Duration = Duration::from_secs(240);

/// How many, by the environment or else a few.
pub fn count(name: &str, few: usize) -> usize {
    std::env::var_os(name).map_or(few, |n| n.to_str().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{name} is a number")))
}

/// A working house whose workers tell all that they do.
pub fn telling_house(on: On) -> Option<House> {
    Some(working_house(on)?.with("LOG__LEVEL", "debug"))
}

/// Milliseconds since 1970, as the rows of jobs have them.
#[expect(clippy::disallowed_methods, reason = "compared with what the database wrote by the clock of this machine")]
pub fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// `serve`, in a process group of its own.
pub fn start(house: &House) -> Daemon {
    launch(house.command(["serve"]), house)
}

/// The same, of a command that was given something more.
pub fn launch(mut command: Command, house: &House) -> Daemon {
    command.process_group(0);
    Daemon::start(command, house)
}

/// Waits until it takes work.
#[track_caller]
pub fn until_ready(house: &House, daemon: &Daemon) {
    house.until(Duration::from_secs(60), |_| if daemon.log().contains("\"ready\"") { Ok(()) } else { Err(daemon.log()) });
}

/// The processes that a process has started and that still live.
pub fn children_of(parent: Pid) -> Vec<Pid> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|e| Pid::from_raw(e.ok()?.file_name().to_str()?.parse().ok()?));
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// Who started a process that lives. A zombie does not.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // After the name in brackets: state, parent.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    if fields.next()? == "Z" { None } else { Pid::from_raw(fields.next()?.parse().ok()?) }
}

/// Hands documents in: now through the drop folder, now by `submit`.
pub fn feed(house: &House, turn: usize, documents: &[Made]) {
    if documents.is_empty() {
        return;
    }
    let name = |n: usize| format!("{turn:05}-{n:05}.json");
    if turn.is_multiple_of(2) {
        documents.iter().enumerate().for_each(|(n, document)| house.drop_in(&name(n), &document.bytes));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    documents.iter().enumerate().for_each(|(n, document)| fs::write(folder.path().join(name(n)), &document.bytes).unwrap());
    house.run_now(["submit".as_ref(), folder.path().as_os_str()]).expect(0);
}

/// Waits until nothing is left to do, and stops everyone in order.
#[track_caller]
pub fn calm_down(house: &House, crew: Vec<Daemon>, documents: usize) -> Duration {
    let begun = Instant::now();
    house.until_idle(CALM + Duration::from_millis(500) * u32::try_from(documents).unwrap());
    let took = begun.elapsed();
    for mut worker in crew {
        assert!(worker.ended().is_none(), "a worker ended by itself:\n{}", worker.log());
        let log = worker.log();
        let status = worker.stop(STOP);
        assert!(status.success(), "{status}: {log}");
    }
    took
}

/// What a run without trouble makes of these documents. Known by trying one of each shape.
pub fn expected(documents: &[Made]) -> Outcome {
    /// Notices, and lines of the paper list.
    type Told = (Vec<String>, Vec<String>);
    static MODEL: OnceLock<BTreeMap<Shape, Told>> = OnceLock::new();
    let model = MODEL.get_or_init(|| {
        let house = House::new();
        let some = many(&mut Rng::fixed(1), 24);
        feed(&house, 0, &some);
        house.run_now(["run-once"]).expect(0);
        let came = outcome(&house);
        let of =
            |lines: &[String], d: &Made| lines.iter().filter_map(|l| l.strip_prefix(&quoted(d)).map(str::to_owned)).collect::<Vec<_>>();
        let mut model = BTreeMap::new();
        for document in &some {
            let here = (of(&came.notices, document), of(&came.on_paper, document));
            assert_eq!(model.entry(document.shape).or_insert_with(|| here.clone()), &here, "{:?}", document.shape);
        }
        assert!(Shape::ALL.iter().all(|shape| model.contains_key(shape)));
        assert_eq!(model[&Shape::Mailed].0.len(), 2);
        assert_eq!(model[&Shape::Correction].0.len(), 2);
        model
    });
    let all = |which: fn(&Told) -> &Vec<String>| {
        let lines = documents.iter().flat_map(|d| which(&model[&d.shape]).iter().map(move |rest| format!("{}{rest}", quoted(d))));
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines
    };
    let mut keys: Vec<String> = documents.iter().map(Made::key).collect();
    keys.sort();
    Outcome { documents: keys, notices: all(|m| &m.0), on_paper: all(|m| &m.1) }
}

/// A document as the lines of an outcome begin.
fn quoted(document: &Made) -> String {
    format!("\"{}\" v{}", document.id, document.version)
}

/// Looks at everything, in a house where nobody works any more: each document once, each mail once, no job left, every attempt
/// kept, nothing lying about, nothing personal told.
#[track_caller]
pub fn all_is_well(house: &House, documents: &[Made]) {
    assert_eq!(house.sql("select id, kind, state, attempt, failures, last_code from jobs where state not in ('done', 'cancelled')"), "");
    attempts_are_complete(house);
    assert_eq!(fs::read_dir(house.at("work")).unwrap().count(), 0, "left between the stages");
    let (came, expected) = (outcome(house), expected(documents));
    assert_eq!(came, expected);
    nothing_personal_was_told(house);
}

/// Each job has one row for each of its attempts.
#[track_caller]
pub fn attempts_are_complete(house: &House) {
    let gaps = "select id, attempt from jobs j where attempt <> (select count(*) from job_attempts a where a.job = j.id and a.attempt between 1 and j.attempt)";
    assert_eq!(house.sql(gaps), "", "attempts without a row");
}

/// Neither logs nor rows say what a document says.
#[track_caller]
pub fn nothing_personal_was_told(house: &House) {
    static NEEDLES: OnceLock<Vec<Needle>> = OnceLock::new();
    let needles = NEEDLES.get_or_init(|| needles(&personal_values(&good_samples())));
    let beside = fs::read_dir(house.data().parent().unwrap()).unwrap().map(|e| e.unwrap().path());
    let logs: Vec<_> = beside.filter(|p| p.extension().is_some_and(|x| x.to_string_lossy().starts_with("log-"))).collect();
    assert!(!logs.is_empty(), "there are no logs");
    for log in logs {
        let text = fs::read_to_string(&log).unwrap();
        assert!(!text.contains("panicked"), "{text}");
        assert!(found_in(&text, needles).is_empty(), "{}: {:?}", log.display(), found_in(&text, needles));
    }
    let rows = house.sql("select args, progress, result, last_code, lane, unique_key from jobs")
        + &house.sql("select code, detail from job_attempts");
    assert!(found_in(&rows, needles).is_empty(), "{:?}", found_in(&rows, needles));
}

/// Kills a worker, alone or with its typesetters, in whatever order chance has it.
pub fn kill(worker: Daemon, with_children: bool, chance: &mut Rng) {
    let mut victims = vec![worker.pid()];
    if with_children {
        victims.extend(children_of(worker.pid()));
        let turn = usize::try_from(chance.below(victims.len() as u64)).unwrap();
        victims.rotate_left(turn);
    }
    let children = children_of(worker.pid());
    for victim in victims {
        let _ = rustix::process::kill_process(victim, Signal::KILL);
    }
    worker.kill();
    let begun = Instant::now();
    while children.iter().any(|child| parent_of(*child).is_some()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "a child outlives its parent");
        std::thread::sleep(Duration::from_millis(5));
    }
}

//! Documents to work on, and what must be true of them when the trouble was nobody's fault.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use arkivflyt_tests::{Daemon, House, Made, Rng, many};

use crate::calm::{all_is_well, calm_down, count};

/// One trouble at a time: each of these tests wants both cores, and measures.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `ARKIVFLYT_CHAOS_DOCUMENTS` documents, or a few.
pub fn papers(few: usize) -> Vec<Made> {
    many(&mut Rng::fixed(11), count("ARKIVFLYT_CHAOS_DOCUMENTS", few))
}

/// A house whose workers say more than what is wrong.
pub fn talkative(house: House) -> House {
    house.with("LOG__LEVEL", "info")
}

/// Puts documents into the drop folder.
pub fn drop_papers(house: &House, papers: &[Made]) {
    for paper in papers {
        house.drop_in(&format!("{}.{}.json", paper.id, paper.version), &paper.bytes);
    }
}

/// How many documents are archived, by the database.
pub fn archived(house: &House) -> usize {
    house.sql("select count(*) from documents where state in ('archived', 'notified')").parse().expect("a number")
}

/// Waits until so many are archived.
#[track_caller]
pub fn until_archived(house: &House, count: usize, limit: Duration) {
    house.until(limit, |house| {
        let now = archived(house);
        if now >= count { Ok(()) } else { Err(format!("{now} of {count} archived")) }
    });
}

/// How long until more attempts have ended well than before.
#[track_caller]
pub fn until_more_is_done(house: &House) -> Duration {
    let ended = || house.sql("select count(*) from job_attempts where outcome = 'done'").parse::<u64>().expect("a number");
    let begun = Instant::now();
    let before = ended();
    while ended() == before {
        assert!(begun.elapsed() < Duration::from_secs(60), "work does not go on");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

/// Waits until all is done, stops the workers, and looks at everything. The database alone was away, so nobody has failed.
#[track_caller]
pub fn ends_at_no_cost(house: &House, workers: Vec<Daemon>, papers: &[Made]) {
    calm_down(house, workers, papers.len());
    let jobs = house.sql("select * from job_attempts where job in (select id from jobs where failures > 0) order by job, attempt");
    assert_eq!(jobs, "", "jobs were charged: their attempts");
    let documents = house.sql("select id, attempts, last_code from documents where attempts > 0 order by id");
    assert_eq!(documents, "", "documents were charged");
    let mails = house.sql("select id, attempts, last_code from outbox where attempts > 0 order by id");
    assert_eq!(mails, "", "mails were charged");
    all_is_well(house, papers);
}

//! Schedules: each firing once.

use std::collections::BTreeSet;

use pipeline_domain::Timestamp;
use tokio::task::JoinSet;

use super::{
    Stand,
    jobs_sample::{job, later, now, number, put, take, with_key, worker},
    sample::at,
};
use crate::{Fired, JobFilter, JobId, Jobs, NewSchedule, ScheduleName, ScheduleRow, Schedules};

const SWEEP: ScheduleName = ScheduleName::of("archive.sweep");
const CHECK: ScheduleName = ScheduleName::of("fixity.check");

fn schedule(name: ScheduleName, rule: &str, next_fire_at: Timestamp) -> NewSchedule {
    NewSchedule { name, rule: rule.to_owned(), next_fire_at }
}

/// An unchanged rule keeps its next firing, also one that was missed; a changed one starts anew; one that is gone is gone.
pub async fn the_list_is_taken_over(stand: &impl Stand) {
    let store = stand.open().await;
    assert_eq!(store.schedules().await.unwrap(), []);
    store.put_schedules(&[schedule(SWEEP, "0 3 * * *", at(10)), schedule(CHECK, "0 4 * * *", at(20))]).await.unwrap();
    assert_eq!(store.fire(&SWEEP, at(10), at(100), Some(&job(1))).await.unwrap(), Fired::Now(Some(JobId(1))));
    drop(store);
    let store = stand.open().await;
    store.put_schedules(&[schedule(SWEEP, "0 3 * * *", at(5000)), schedule(CHECK, "0 5 * * *", at(6000))]).await.unwrap();
    let row = |name, rule: &str, next, last: Option<i64>| ScheduleRow {
        name,
        rule: rule.to_owned(),
        next_fire_at: at(next),
        last_fire_at: last.map(at),
        last_job: last.map(|_| JobId(1)),
    };
    assert_eq!(store.schedules().await.unwrap(), [row(SWEEP, "0 3 * * *", 100, Some(10)), row(CHECK, "0 5 * * *", 6000, None)]);
    store.put_schedules(&[schedule(CHECK, "0 5 * * *", at(7000))]).await.unwrap();
    assert_eq!(store.schedules().await.unwrap(), [row(CHECK, "0 5 * * *", 6000, None)]);
    assert_eq!(store.fire(&SWEEP, at(100), at(200), Some(&job(2))).await.unwrap(), Fired::ByAnother, "it is gone");
    assert_eq!(store.fires(&SWEEP, 10).await.unwrap(), [(at(10), JobId(1))], "its firings stay");
    store.put_schedules(&[]).await.unwrap();
    assert_eq!(store.schedules().await.unwrap(), []);
}

/// Only with the right due time; the job, the firing and the next time in one.
pub async fn a_firing_moves_the_schedule(stand: &impl Stand) {
    let store = stand.open().await;
    store.put_schedules(&[schedule(SWEEP, "r", at(10))]).await.unwrap();
    assert_eq!(store.fire(&SWEEP, at(9), at(100), Some(&job(1))).await.unwrap(), Fired::ByAnother);
    assert_eq!(store.fire(&CHECK, at(10), at(100), Some(&job(1))).await.unwrap(), Fired::ByAnother);
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap(), []);

    let Fired::Now(Some(first)) = store.fire(&SWEEP, at(10), at(100), Some(&with_key(1, "k"))).await.unwrap() else { panic!("not fired") };
    assert_eq!(store.fire(&SWEEP, at(10), at(100), Some(&with_key(1, "k"))).await.unwrap(), Fired::ByAnother);
    assert_eq!(
        store.fire(&SWEEP, at(100), at(200), Some(&with_key(2, "k"))).await.unwrap(),
        Fired::Now(None),
        "the first one is unfinished"
    );
    assert_eq!(store.fire(&SWEEP, at(200), at(300), None).await.unwrap(), Fired::Now(None), "left out by the misfire policy");
    assert_eq!(store.fires(&SWEEP, 10).await.unwrap(), [(at(10), first)], "firings that made a job");
    let row = &store.schedules().await.unwrap()[0];
    assert_eq!((row.next_fire_at, row.last_fire_at), (at(300), Some(at(200))));
    assert_eq!(take(&store, worker(1), 10).await.iter().map(number).collect::<Vec<_>>(), [1]);

    let Fired::Now(Some(second)) = store.fire(&SWEEP, at(300), at(400), Some(&job(3))).await.unwrap() else { panic!("not fired") };
    assert_eq!(store.fires(&SWEEP, 10).await.unwrap(), [(at(300), second), (at(10), first)]);
    assert_eq!(store.fires(&SWEEP, 1).await.unwrap(), [(at(300), second)]);
    assert_eq!(store.fires(&CHECK, 1).await.unwrap(), []);
    assert_eq!(store.schedules().await.unwrap()[0].last_job, Some(second));
}

/// A job that is refused fires nothing: the schedule is still due.
pub async fn a_refused_job_fires_nothing(stand: &impl Stand) {
    let store = stand.open().await;
    store.put_schedules(&[schedule(SWEEP, "r", at(10))]).await.unwrap();
    let bad = crate::NewJob { max_failures: 0, ..job(1) };
    assert!(store.fire(&SWEEP, at(10), at(100), Some(&bad)).await.is_err());
    assert_eq!((store.schedules().await.unwrap()[0].next_fire_at, store.schedules().await.unwrap()[0].last_fire_at), (at(10), None));
    assert!(matches!(store.fire(&SWEEP, at(10), at(100), Some(&job(1))).await.unwrap(), Fired::Now(Some(_))));
}

/// A rule that was changed and comes round to a time that has fired already does not fire it again, and does not stay there.
pub async fn no_time_fires_twice(stand: &impl Stand) {
    let store = stand.open().await;
    store.put_schedules(&[schedule(SWEEP, "r", at(10))]).await.unwrap();
    store.fire(&SWEEP, at(10), at(100), Some(&job(1))).await.unwrap();
    store.put_schedules(&[schedule(SWEEP, "changed", at(10))]).await.unwrap();
    assert_eq!(store.fire(&SWEEP, at(10), at(50), Some(&job(2))).await.unwrap(), Fired::ByAnother);
    assert_eq!(store.schedules().await.unwrap()[0].next_fire_at, at(50));
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap().len(), 1);
}

/// A schedule that a wrong clock sent ahead is brought back: a time that was passed without a job may fire with one, a time
/// that has made a job is passed as it stands.
pub async fn a_schedule_is_brought_back(stand: &impl Stand) {
    let store = stand.open().await;
    store.put_schedules(&[schedule(SWEEP, "r", at(10))]).await.unwrap();
    let Fired::Now(Some(first)) = store.fire(&SWEEP, at(10), at(20), Some(&job(1))).await.unwrap() else { panic!("not fired") };
    assert_eq!(store.fire(&SWEEP, at(20), at(9000), None).await.unwrap(), Fired::Now(None));
    assert_eq!(store.fire(&SWEEP, at(9000), at(10), None).await.unwrap(), Fired::Now(None));
    assert_eq!(store.fire(&SWEEP, at(10), at(20), None).await.unwrap(), Fired::Now(None));
    assert_eq!(store.fires(&SWEEP, 10).await.unwrap(), [(at(10), first)], "written down as it was");
    let Fired::Now(Some(second)) = store.fire(&SWEEP, at(20), at(30), Some(&job(2))).await.unwrap() else { panic!("not fired") };
    assert_eq!(store.fires(&SWEEP, 10).await.unwrap(), [(at(20), second), (at(10), first)]);
    assert_eq!(store.schedules().await.unwrap()[0].next_fire_at, at(30));
}

/// Firings go after 400 days: counted from the one that fires, and from the database's clock when that is behind it.
pub async fn old_firings_go(stand: &impl Stand) {
    let store = stand.open().await;
    let today = now(&store).await;
    let day = |n: i64| later(today, n * 24 * 3600);
    let days = async |name: &ScheduleName| {
        let fires = store.fires(name, 100).await.unwrap();
        fires.iter().map(|(at, _)| (at.unix_seconds() - today.unix_seconds()) / (24 * 3600)).collect::<Vec<_>>()
    };
    store.put_schedules(&[schedule(SWEEP, "r", day(-900)), schedule(CHECK, "r", day(-900))]).await.unwrap();
    store.fire(&CHECK, day(-900), day(400), Some(&job(1))).await.unwrap();
    let expected: [(i64, i64, &[i64]); 6] = [
        (-900, -801, &[-900]),
        (-801, -799, &[-801, -900]),
        (-799, -399, &[-799, -801, -900]),
        (-399, 300, &[-399, -799]),
        (300, 301, &[300, -399]),
        (301, 302, &[301, 300, -399]),
    ];
    for (due, next, kept) in expected {
        assert!(matches!(store.fire(&SWEEP, day(due), day(next), Some(&job(2))).await.unwrap(), Fired::Now(Some(_))));
        assert_eq!(days(&SWEEP).await, kept, "fired on day {due}");
    }
    assert_eq!(days(&CHECK).await, [-900], "the others' are their own");
}

/// Four handles fire 60 times as fast as they can: each time has one job.
pub async fn four_handles_fire_each_time_once(stand: &impl Stand) {
    const TIMES: i64 = 60;
    let store = stand.open().await;
    store.put_schedules(&[schedule(SWEEP, "r", at(0))]).await.unwrap();
    put(&store, &job(9999)).await;
    let mut tasks = JoinSet::new();
    for handle in [store.clone(), stand.open().await, stand.open().await, stand.open().await] {
        tasks.spawn(async move {
            let mut made = 0;
            for n in 0..TIMES {
                match handle.fire(&SWEEP, at(n), at(n + 1), Some(&job(u32::try_from(n).unwrap()))).await.unwrap() {
                    Fired::Now(Some(_)) => made += 1,
                    Fired::Now(None) => panic!("a firing without a job"),
                    Fired::ByAnother => {}
                }
                tokio::task::yield_now().await;
            }
            made
        });
    }
    // A handle that comes too early for a time does not fire it; then another one does, or the last round does.
    let mut made: i64 = tasks.join_all().await.iter().sum();
    let next = store.schedules().await.unwrap()[0].next_fire_at.unix_seconds() - at(0).unix_seconds();
    for n in next..TIMES {
        made += i64::from(store.fire(&SWEEP, at(n), at(n + 1), Some(&job(u32::try_from(n).unwrap()))).await.unwrap() != Fired::ByAnother);
    }
    assert_eq!(made, TIMES);
    let fires = store.fires(&SWEEP, 1000).await.unwrap();
    assert_eq!(fires.iter().map(|(t, _)| *t).collect::<Vec<_>>(), (0..TIMES).rev().map(at).collect::<Vec<_>>());
    assert_eq!(fires.iter().map(|(_, job)| *job).collect::<BTreeSet<_>>().len(), 60);
    let jobs = store.jobs(&JobFilter::default(), 1000).await.unwrap();
    let numbers: Vec<u64> = jobs.iter().skip(1).map(|j| j.args["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>());
}

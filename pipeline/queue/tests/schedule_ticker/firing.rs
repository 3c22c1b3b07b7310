//! What fires, once, while the clock goes as it should.

use std::sync::Arc;

use chrono::Datelike;
use pipeline_queue::{Misfire, Ticker};
use pipeline_store::NewJob;

use crate::world::{Memory, World, at, planned};

const SWEEP: &str = "archive.sweep";

/// What a sweep every ten minutes fires after a stop from 09:05 to `back`, as minutes after 09:00.
async fn after_a_stop(misfire: Misfire, back: &str) -> Vec<i64> {
    let world = World::new(&[(SWEEP, "*/10 * * * *", misfire)], 1, "2027-02-01T09:05:00+01:00").await;
    world.tick().await;
    world.set(back);
    world.tick().await;
    // A second look finds nothing more to do.
    world.tick().await;
    assert!(world.store.next(SWEEP) > world.now());
    world.check_no_double();
    let nine = at("2027-02-01T09:00:00+01:00").unix_seconds();
    world.store.made(SWEEP).iter().map(|t| (t.unix_seconds() - nine) / 60).collect()
}

#[tokio::test]
async fn three_hours_down_are_made_good_as_the_policy_says() {
    let late = "2027-02-01T12:05:00+01:00";
    assert_eq!(after_a_stop(Misfire::Skip, late).await, [0; 0]);
    assert_eq!(after_a_stop(Misfire::Once, late).await, [180]);
    assert_eq!(after_a_stop(Misfire::All { max: 3 }, late).await, [160, 170, 180]);
    assert_eq!(after_a_stop(Misfire::All { max: 100 }, late).await, (1..=18).map(|n| n * 10).collect::<Vec<_>>());
}

#[tokio::test]
async fn three_hours_down_until_a_firing_is_due() {
    let in_time = "2027-02-01T12:00:20+01:00";
    assert_eq!(after_a_stop(Misfire::Skip, in_time).await, [180]);
    assert_eq!(after_a_stop(Misfire::Once, in_time).await, [180]);
    assert_eq!(after_a_stop(Misfire::All { max: 2 }, in_time).await, [160, 170, 180]);
}

#[tokio::test]
async fn a_stop_over_the_only_firing_of_half_a_year_is_made_good_once() {
    let rules = [("archive.semiannual", "0 2 15 JAN,JUN *", Misfire::Once)];
    let world = World::new(&rules, 1, "2027-01-10T12:00:00+01:00").await;
    world.set("2027-01-18T08:00:00+01:00");
    // As at a start: registering again must not forget what was missed.
    world.tickers[0].register().await.unwrap();
    world.pass_until("2027-01-18T09:00:00+01:00").await;
    assert_eq!(world.store.made("archive.semiannual"), [at("2027-01-15T02:00:00+01:00")]);
    assert_eq!(world.store.next("archive.semiannual"), at("2027-06-15T02:00:00+02:00"));
}

#[tokio::test]
async fn a_store_that_goes_away_between_two_firings_loses_and_doubles_nothing() {
    for answers in 0..6 {
        let world = World::new(&[(SWEEP, "*/10 * * * *", Misfire::All { max: 4 })], 1, "2027-02-01T09:05:00+01:00").await;
        world.set("2027-02-01T12:05:00+01:00");
        world.store.fail_after(Some(answers));
        let cut_off = world.tickers[0].tick().await;
        world.store.fail_after(None);
        world.tick().await;
        let due: Vec<String> = world.store.made(SWEEP).iter().map(|t| t.to_string()[11..16].to_owned()).collect();
        assert_eq!(due, ["11:30", "11:40", "11:50", "12:00"], "cut off after {answers}");
        assert_eq!(cut_off.is_err(), answers < 5, "one step to the first that is kept, then four firings");
    }
}

#[tokio::test]
async fn one_broken_schedule_does_not_keep_the_others_from_firing() {
    let rules = [("a.broken", "0 * * * *", Misfire::Once), ("b.whole", "0 * * * *", Misfire::Once)];
    let world = World::new(&rules, 1, "2027-02-01T09:30:00+01:00").await;
    world.store.break_schedule(Some("a.broken"));
    world.set("2027-02-01T10:00:00+01:00");
    assert!(world.tickers[0].tick().await.is_err());
    assert_eq!(world.store.made("b.whole").len(), 1);
    world.store.break_schedule(None);
    world.tick().await;
    assert_eq!(world.store.made("a.broken").len(), 1);
}

#[tokio::test]
async fn nights_of_clock_changes_fire_exactly_what_the_schedules_say() {
    let rules = [
        ("daily.half-past-two", "30 2 * * *", Misfire::Once),
        ("daily.two", "0 2 * * *", Misfire::Once),
        ("daily.three", "0 3 * * *", Misfire::Once),
        ("twice.in-the-hour", "0,30 2 * * *", Misfire::Once),
        ("hourly", "0 * * * *", Misfire::Once),
        ("quarters", "*/15 * * * *", Misfire::Once),
    ];
    for year in 2026..=2036 {
        for month in [3, 10] {
            let mut days = chrono::NaiveDate::from_ymd_opt(year, month, 25).unwrap().iter_days();
            let day = days.find(|d| d.weekday() == chrono::Weekday::Sun).unwrap();
            let (from, to) = (format!("{}T22:30:00Z", day.pred_opt().unwrap()), format!("{day}T04:00:00Z"));
            let world = World::new(&rules, 4, &from).await;
            world.pass_until(&to).await;
            world.check_exact(&from, &to);
            for daily in ["daily.half-past-two", "daily.two", "daily.three"] {
                assert_eq!(world.store.made(daily).len(), 1, "{daily} on {day}");
            }
        }
    }
}

#[tokio::test]
async fn four_processes_fire_each_of_many_once() {
    let rules = [
        ("every.minute", "* * * * *", Misfire::Once),
        ("every.ten-seconds", "*/10 * * * * *", Misfire::Once),
        (SWEEP, "*/10 * * * *", Misfire::Skip),
        ("hourly", "0 * * * *", Misfire::All { max: 5 }),
    ];
    let (from, to) = ("2027-02-01T09:00:30+01:00", "2027-02-01T12:30:00+01:00");
    let world = World::new(&rules, 4, from).await;
    world.pass_until(to).await;
    world.check_exact(from, to);
    assert!(world.store.made("every.ten-seconds").len() > 1250);
}

#[tokio::test]
async fn four_processes_that_start_after_a_stop_make_it_good_once() {
    for misfire in [Misfire::Once, Misfire::All { max: 7 }] {
        let world = World::new(&[(SWEEP, "*/10 * * * *", misfire)], 4, "2027-02-01T09:05:00+01:00").await;
        world.set("2027-02-01T12:05:00+01:00");
        world.pass_until("2027-02-01T12:06:00+01:00").await;
        let expected = if misfire == Misfire::Once { 1 } else { 7 };
        assert_eq!(world.store.made(SWEEP).len(), expected);
        world.check_no_double();
    }
}

#[tokio::test]
async fn a_changed_rule_starts_anew_and_the_old_process_leaves_it_alone() {
    let mut world = World::new(&[("consent.scan", "0 6 * * *", Misfire::Once)], 1, "2027-02-01T05:00:00+01:00").await;
    world.join(&[("consent.scan", "0 7 * * *", Misfire::Once)]).await;
    assert_eq!(world.store.next("consent.scan"), at("2027-02-01T07:00:00+01:00"));
    world.pass_until("2027-02-01T06:30:00+01:00").await;
    assert_eq!(world.store.made("consent.scan"), [], "the old process did not fire at its own time");
    world.pass_until("2027-02-02T06:30:00+01:00").await;
    assert_eq!(world.store.made("consent.scan"), [at("2027-02-01T07:00:00+01:00")]);
    // The old process alone fires nothing by another's rule.
    world.set("2027-02-02T08:00:00+01:00");
    assert_eq!(world.tickers[0].tick().await.unwrap(), None);
    assert_eq!(world.store.made("consent.scan").len(), 1);
}

#[tokio::test]
async fn a_schedule_that_was_taken_away_fires_no_more() {
    let mut world = World::new(&[(SWEEP, "*/10 * * * *", Misfire::Once)], 1, "2027-02-01T09:05:00+01:00").await;
    world.join(&[("hourly", "0 * * * *", Misfire::Once)]).await;
    world.pass_until("2027-02-01T10:05:00+01:00").await;
    assert_eq!((world.store.made(SWEEP).len(), world.store.made("hourly").len()), (0, 1));
}

#[tokio::test]
async fn a_job_bears_its_due_time_unless_it_has_a_key_of_its_own() {
    let store = Arc::new(Memory::default());
    let ticker = |now| {
        let mut rules = planned(&[("a.plain", "0 * * * *", Misfire::Once), ("b.keyed", "0 * * * *", Misfire::Once)]);
        let plain = std::mem::replace(&mut rules[1].job, Box::new(|_, _| unreachable!("replaced below")));
        rules[1].job = Box::new(move |name, due| NewJob { unique_key: Some("only-one".to_owned()), ..plain(name, due) });
        Ticker::new(store.clone(), rules, Arc::new(at(now)))
    };
    ticker("2027-02-01T09:30:00+01:00").register().await.unwrap();
    ticker("2027-02-01T10:00:00+01:00").tick().await.unwrap();
    let jobs = store.jobs();
    assert_eq!(jobs.iter().map(|j| j.unique_key.as_deref().unwrap()).collect::<Vec<_>>(), ["a.plain@1801472400", "only-one"]);
    assert_eq!(jobs[0].args, serde_json::json!({ "schedule": "a.plain", "due": 1_801_472_400 }));
}

#[tokio::test]
async fn the_next_firings_are_told_by_name() {
    let store = Arc::new(Memory::default());
    let rules = [("report.archive", "0 7 * * MON", Misfire::Once), ("daily", "30 2 * * *", Misfire::Skip)];
    let ticker = Ticker::new(store, planned(&rules), Arc::new(at("2027-03-27T12:00:00+01:00")));
    let told: Vec<String> = ticker
        .describe_next(2)
        .iter()
        .map(|d| format!("{} [{}] {} {} {}", d.name, d.rule, d.next[0], d.next[1], d.in_changing_hour))
        .collect();
    assert_eq!(
        told,
        [
            "daily [30 2 * * * Europe/Oslo] 2027-03-28T03:00:00+02:00 2027-03-29T02:30:00+02:00 true",
            "report.archive [0 7 * * MON Europe/Oslo] 2027-03-29T07:00:00+02:00 2027-04-05T07:00:00+02:00 false",
        ]
    );
}

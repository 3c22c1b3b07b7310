//! Clocks that are wrong: no due time makes two jobs, and no schedule stands still for long.

use pipeline_queue::{Misfire, Schedule};

use crate::world::{Rule, World, at};

const SWEEP: &str = "archive.sweep";
const RULES: [Rule; 3] = [
    (SWEEP, "*/10 * * * *", Misfire::Once),
    ("consent.scan", "0 6 * * *", Misfire::Once),
    ("all.hourly", "0 * * * *", Misfire::All { max: 3 }),
];

/// Due times of the sweep that made jobs, as `10:40`.
fn sweeps(world: &World) -> Vec<String> {
    world.store.made(SWEEP).iter().map(|t| t.to_string()[11..16].to_owned()).collect()
}

#[tokio::test]
async fn a_clock_that_was_hours_ahead_and_is_put_right_does_not_hold_up_a_schedule() {
    let world = World::new(&[(SWEEP, "*/10 * * * *", Misfire::Once)], 1, "2027-02-01T08:55:00+01:00").await;
    world.pass_until("2027-02-01T09:05:00+01:00").await;
    world.set("2027-02-01T12:05:00+01:00");
    world.tick().await;
    assert_eq!(sweeps(&world), ["09:00", "12:00"]);
    // It was 09:06 all the time.
    world.set("2027-02-01T09:06:00+01:00");
    world.pass_until("2027-02-01T09:35:00+01:00").await;
    assert_eq!(sweeps(&world), ["09:00", "12:00", "09:10", "09:20", "09:30"]);
    // What was fired too early is not fired again when its time comes, and what follows is.
    world.pass_until("2027-02-01T12:25:00+01:00").await;
    world.check_no_double();
    assert_eq!(sweeps(&world).len(), 2 + 17 + 2);
    assert_eq!(sweeps(&world).last().unwrap(), "12:20");
}

#[tokio::test]
async fn a_clock_that_was_years_ahead_holds_up_nothing_either() {
    let world = World::new(&RULES, 2, "2027-02-01T05:05:00+01:00").await;
    world.set("2037-02-01T05:05:00+01:00");
    world.pass_until("2037-02-01T06:15:00+01:00").await;
    world.set("2027-02-01T05:06:00+01:00");
    world.pass_until("2027-02-01T07:05:00+01:00").await;
    let made: Vec<_> = world.store.made("consent.scan").into_iter().filter(|t| *t < at("2030-01-01T00:00:00+01:00")).collect();
    assert_eq!(made, [at("2027-02-01T06:00:00+01:00")]);
    assert_eq!(sweeps(&world).iter().rev().take(12).count(), 12);
    assert_eq!(sweeps(&world).last().unwrap(), "07:00");
    world.check_no_double();
}

#[tokio::test]
async fn a_clock_that_is_put_back_fires_nothing_twice() {
    let world = World::new(&RULES, 2, "2027-02-01T05:05:00+01:00").await;
    world.pass_until("2027-02-01T08:05:00+01:00").await;
    let before: Vec<_> = RULES.map(|(name, ..)| world.store.made(name)).into();
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [18, 1, 3]);
    for back in ["2027-02-01T07:59:30+01:00", "2027-02-01T05:05:00+01:00", "2027-01-30T05:05:00+01:00"] {
        world.set(back);
        world.tick().await;
        world.tick().await;
    }
    world.set("2027-02-01T05:05:00+01:00");
    world.pass_until("2027-02-01T08:05:00+01:00").await;
    world.check_no_double();
    world.pass_until("2027-02-01T09:05:00+01:00").await;
    assert_eq!(sweeps(&world).last().unwrap(), "09:00");
}

#[tokio::test]
async fn more_history_than_is_asked_for_counts_as_fired() {
    let world = World::new(&[("every.minute", "* * * * *", Misfire::Once)], 1, "2027-02-01T12:00:00+01:00").await;
    let schedule = Schedule::parse("* * * * *", chrono_tz::Europe::Oslo).unwrap();
    let fired = schedule.between(at("2027-01-20T12:00:00+01:00"), at("2027-02-01T12:00:00+01:00"), usize::MAX);
    assert!(fired.len() > 17_000);
    world.store.remember("every.minute", &fired);
    world.set("2027-01-22T12:00:00+01:00");
    world.tick().await;
    assert_eq!(world.store.next("every.minute"), at("2027-02-01T12:01:00+01:00"));
    world.pass_until("2027-01-22T12:05:00+01:00").await;
    assert_eq!(world.store.made("every.minute"), []);
}

#[tokio::test]
async fn a_schedule_that_was_new_under_a_wrong_clock_does_not_wait_for_years() {
    for misfire in [Misfire::Skip, Misfire::Once, Misfire::All { max: 2 }] {
        let world = World::new(&[(SWEEP, "*/10 * * * *", misfire)], 2, "2037-02-01T09:05:00+01:00").await;
        world.set("2027-02-01T09:05:00+01:00");
        world.pass_until("2027-02-01T09:35:00+01:00").await;
        assert_eq!(sweeps(&world), ["09:10", "09:20", "09:30"], "{misfire:?}");
    }
}

#[tokio::test]
async fn firings_that_were_skipped_under_a_wrong_clock_come_back() {
    let world = World::new(&[(SWEEP, "*/10 * * * *", Misfire::Skip)], 1, "2027-02-01T09:05:00+01:00").await;
    world.pass_until("2027-02-01T09:12:00+01:00").await;
    world.set("2030-02-01T09:15:00+01:00");
    world.tick().await;
    world.set("2027-02-01T09:13:00+01:00");
    world.pass_until("2027-02-01T09:35:00+01:00").await;
    assert_eq!(sweeps(&world), ["09:10", "09:20", "09:30"]);
}

#[tokio::test]
async fn clocks_a_few_seconds_apart_do_not_disturb_each_other() {
    let world = World::new(&RULES, 3, "2027-02-01T05:05:00+01:00").await;
    world.skew(1, 4);
    world.skew(2, -4);
    world.pass_until("2027-02-01T07:00:03+01:00").await;
    // The job of this firing is one that is still at work, so that the firing makes none of its own. It is over all the same.
    world.store.keep_busy(&format!("{SWEEP}@{}", at("2027-02-01T07:10:00+01:00").unix_seconds()));
    world.set("2027-02-01T07:09:57+01:00");
    world.tick().await;
    world.tick().await;
    assert_eq!(world.store.next(SWEEP), at("2027-02-01T07:20:00+01:00"));
    world.pass_until("2027-02-01T08:05:00+01:00").await;
    assert_eq!(sweeps(&world).len(), 17);
    world.check_no_double();
}

/// One of four has a clock that is wrong by hours, for half a day.
async fn one_is_wrong(skew_s: i64) -> World {
    let world = World::new(&RULES, 4, "2027-02-01T01:05:00+01:00").await;
    world.pass_until("2027-02-01T03:05:00+01:00").await;
    world.skew(2, skew_s);
    world.pass_until("2027-02-01T09:05:00+01:00").await;
    world.skew(2, 0);
    world.pass_until("2027-02-01T15:05:00+01:00").await;
    world.check_no_double();
    world
}

#[tokio::test]
async fn one_slow_process_of_four_changes_nothing() {
    for hours in [1, 3] {
        let world = one_is_wrong(-3600 * hours).await;
        world.check_exact("2027-02-01T01:05:00+01:00", "2027-02-01T15:05:00+01:00");
    }
}

#[tokio::test]
async fn one_hasty_process_of_four_fires_early_but_nothing_twice_and_leaves_no_hole() {
    for hours in [1, 3] {
        let world = one_is_wrong(3600 * hours).await;
        let scans = world.store.made("consent.scan");
        assert_eq!(scans, [at("2027-02-01T06:00:00+01:00")], "{hours} h");
        // Of those that are made good one by one, none is lost.
        let mut hourly = world.store.made("all.hourly");
        hourly.sort();
        let all = Schedule::parse("0 * * * *", chrono_tz::Europe::Oslo).unwrap();
        assert_eq!(hourly, all.between(at("2027-02-01T01:05:00+01:00"), at("2027-02-01T15:05:00+01:00"), usize::MAX), "{hours} h");
        // The sweep came at least every ten minutes of true time, under whichever due time. Only when the clock is put right is
        // there a pause: the due times of that time have made their jobs already.
        let mut pauses: Vec<i64> = world.store.made_at(SWEEP).windows(2).map(|w| w[1] - w[0]).collect();
        pauses.sort_unstable();
        assert_eq!(pauses.pop(), Some(hours * 3600 + 600));
        assert_eq!(pauses.pop(), Some(600));
    }
}

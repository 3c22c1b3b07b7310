//! 12, 15, 16 and 18: the day before, the day, leap days, and a birthday within a period.

use chrono::Days;
use pipeline_access::{Acting, Age, Matter, Party, Voice, acting_party, acting_through};
use pipeline_domain::{Case, Date, PlanType};
use proptest::prelude::*;
use serde_json::json;

use crate::made::day;

const BY_GUARDIANS: Acting = Acting { acts: Party::Guardians, voice: Voice::AsFarAsNatural, written_to: Party::Guardians };
const HEARD: Acting = Acting { acts: Party::Guardians, voice: Voice::Heard, written_to: Party::Guardians };
const DECIDES: Acting = Acting { acts: Party::Subject, voice: Voice::Decides, written_to: Party::Subject };

#[test]
fn who_acts_turns_on_the_birthday_itself() {
    use Matter::{HealthAndWelfare, Schooling};
    let check = |matter, born: &str, on: &str, expected: Acting| {
        assert_eq!(acting_party(matter, day(born), day(on)), expected, "{matter:?} born {born} on {on}");
    };
    for matter in Matter::ALL {
        check(matter, "2014-05-17", "2014-05-16", BY_GUARDIANS); // not born
        check(matter, "2014-05-17", "2014-05-17", BY_GUARDIANS);
        check(matter, "2014-05-17", "2026-05-16", BY_GUARDIANS);
        check(matter, "2014-05-17", "2026-05-17", HEARD);
        check(matter, "2014-05-17", "2029-05-16", HEARD);
        check(matter, "2014-05-17", "2030-05-17", DECIDES);
        check(matter, "2014-05-17", "2032-05-17", DECIDES);
        check(matter, "1961-08-24", "2026-11-23", DECIDES);
    }
    check(Schooling, "2014-05-17", "2029-05-17", DECIDES);
    check(HealthAndWelfare, "2014-05-17", "2029-05-17", HEARD);
    check(HealthAndWelfare, "2014-05-17", "2030-05-16", HEARD);
    // Born on a leap day: counts from 1 March, but on the day itself in a leap year.
    check(Schooling, "2012-02-29", "2024-02-28", BY_GUARDIANS);
    check(Schooling, "2012-02-29", "2024-02-29", HEARD);
    check(Schooling, "2012-02-29", "2027-02-28", HEARD);
    check(Schooling, "2012-02-29", "2027-03-01", DECIDES);
    check(HealthAndWelfare, "2012-02-29", "2028-02-28", HEARD);
    check(HealthAndWelfare, "2012-02-29", "2028-02-29", DECIDES);
    // Born on the last and on the first day of a year.
    check(Schooling, "2011-12-31", "2026-12-30", HEARD);
    check(Schooling, "2011-12-31", "2026-12-31", DECIDES);
    check(Schooling, "2012-01-01", "2026-12-31", HEARD);
    check(Schooling, "2012-01-01", "2027-01-01", DECIDES);
}

#[test]
fn the_bands_begin_on_birthdays() {
    let born = day("2010-03-01");
    let check = |on: &str, expected: Age| assert_eq!(Age::at(born, day(on)), expected, "{on}");
    check("2009-01-01", Age::Under12);
    check("2022-02-28", Age::Under12);
    check("2022-03-01", Age::From12);
    check("2025-02-28", Age::From12);
    check("2025-03-01", Age::From15);
    check("2026-02-28", Age::From15);
    check("2026-03-01", Age::From16);
    check("2028-02-29", Age::From16);
    check("2028-03-01", Age::From18);
    check("2090-03-01", Age::From18);
}

#[test]
fn a_child_that_turns_15_within_the_period_gives_two_stretches() {
    let school_year = |born: &str| acting_through(Matter::Schooling, day(born), day("2025-08-01"), day("2026-07-31"));
    assert_eq!(school_year("2011-02-10"), [(day("2025-08-01"), HEARD), (day("2026-02-10"), DECIDES)]);
    assert_eq!(school_year("2011-08-01"), [(day("2025-08-01"), HEARD)]);
    assert_eq!(school_year("2010-08-01"), [(day("2025-08-01"), DECIDES)], "15 on the first day: one stretch");
    assert_eq!(school_year("2011-07-31"), [(day("2025-08-01"), HEARD), (day("2026-07-31"), DECIDES)], "15 on the last day");
    assert_eq!(school_year("2020-06-01"), [(day("2025-08-01"), BY_GUARDIANS)]);
    let welfare = acting_through(Matter::HealthAndWelfare, day("2012-02-29"), day("2024-01-01"), day("2028-12-31"));
    assert_eq!(welfare, [(day("2024-01-01"), BY_GUARDIANS), (day("2024-02-29"), HEARD), (day("2028-02-29"), DECIDES)]);
    let school = acting_through(Matter::Schooling, day("2012-02-29"), day("2027-01-01"), day("2027-12-31"));
    assert_eq!(school, [(day("2027-01-01"), HEARD), (day("2027-03-01"), DECIDES)], "15 in a year without a leap day");
    assert_eq!(acting_through(Matter::Schooling, day("2012-01-01"), day("2026-01-02"), day("2026-01-01")), []);
}

#[test]
fn the_matter_of_a_plan() {
    let check = |plan, matter| assert_eq!(Matter::of(plan), matter, "{plan:?}");
    check(PlanType::Iop, Matter::Schooling);
    check(PlanType::Ip, Matter::HealthAndWelfare);
    check(PlanType::Es, Matter::HealthAndWelfare);
    check(PlanType::Sl, Matter::HealthAndWelfare);
}

fn case(plan_type: &str, born: Date) -> Case {
    serde_json::from_value(json!({
        "municipality_name": "Fjellvik kommune", "municipality_number": "9901", "unit_name": "Prøveteamet",
        "plan_id": "ed53c194-d665-5a81-b530-e28dc82fd7b6", "plan_type": plan_type, "plan_status": "active",
        "subject_name": "Blid Fjellbekk", "subject_birth_date": born, "lead_name": "Rask Myrull", "lead_unit": "Prøveteamet",
        "screening_mark": "Unntatt offentlighet", "screening_basis": "Offl. § 13 jf. fvl. § 13"
    }))
    .unwrap()
}

fn any_day(from: i32, to: i32) -> impl Strategy<Value = Date> {
    // Every other day is one that birthdays stumble on.
    let stumbling = (from..=to, prop::sample::select(vec![(2, 28), (2, 29), (3, 1), (12, 31), (1, 1)]));
    let odd = stumbling.prop_filter_map("no 29 February that year", |(y, (m, d))| chrono::NaiveDate::from_ymd_opt(y, m, d));
    let even = (from..=to, 1u32..=366).prop_filter_map("no day 366 that year", |(y, n)| chrono::NaiveDate::from_yo_opt(y, n));
    prop_oneof![odd, even].prop_map(Date::from_naive)
}

proptest! {
    /// What documents ask their case and what access asks here is one rule.
    #[test]
    fn the_case_says_the_same(born in any_day(1995, 2030), on in any_day(2020, 2045)) {
        for (id, plan) in [("ip", PlanType::Ip), ("es", PlanType::Es), ("sl", PlanType::Sl), ("iop", PlanType::Iop)] {
            let acting = acting_party(Matter::of(plan), born, on);
            prop_assert_eq!(acting.acts == Party::Subject, case(id, born).subject_decides(on));
            prop_assert_eq!(acting.acts, acting.written_to);
        }
    }

    /// Nobody grows younger, and each change falls on a day of its own.
    #[test]
    fn nobody_grows_younger(born in any_day(2005, 2028), on in any_day(2020, 2045)) {
        let next = Date::from_naive(on.naive() + Days::new(1));
        prop_assert!(Age::at(born, on) <= Age::at(born, next));
    }

    /// The stretches of a period, compared with every single day of it.
    #[test]
    fn stretches_agree_with_every_day(born in any_day(2005, 2028), from in any_day(2020, 2045), days in 0u64..3000) {
        let to = Date::from_naive(from.naive() + Days::new(days));
        for matter in Matter::ALL {
            let stretches = acting_through(matter, born, from, to);
            prop_assert!(stretches.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 != w[1].1));
            for n in 0..=days {
                let on = Date::from_naive(from.naive() + Days::new(n));
                let (_, held) = stretches.iter().rev().find(|(first, _)| *first <= on).unwrap();
                prop_assert_eq!(*held, acting_party(matter, born, on));
            }
        }
    }
}

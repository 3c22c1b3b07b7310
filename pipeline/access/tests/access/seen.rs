//! «Who could see this plan on that date», and who did.

use pipeline_access::{
    About, AccessRow, Action, Basis, Consent, DenyReason, Folder, Grant, Home, Naming, Part, Reach, Resource, Role, StatedReason, Support,
    evidence, who_could_see,
};
use pipeline_domain::{ActorId, AddressProtection, Date, Timestamp};
use proptest::prelude::*;

use crate::made::{at, day, folder, grant, home, id, plan};

fn could(on: &str, stood: &Resource, grants: &[Grant], homes: &[Home]) -> Vec<ActorId> {
    who_could_see(plan(), day(on), stood, grants, homes).into_iter().map(|sight| sight.actor).collect()
}

#[test]
fn an_interval_counts_from_its_first_to_its_last_instant() {
    let check = |on: &str, change: &dyn Fn(&mut Grant), expected: bool| {
        let mut one = grant(1, Role::Participant);
        one.granted = at("2026-03-10T12:00:00+01:00");
        change(&mut one);
        assert_eq!(!could(on, &Resource::PLAIN, &[one.clone()], &[home()]).is_empty(), expected, "{on} {one:?}");
    };
    check("2026-03-09", &|_| {}, false);
    check("2026-03-10", &|_| {}, true);
    check("2030-01-01", &|_| {}, true);
    let until = |g: &mut Grant| g.until = Some(day("2026-04-01"));
    check("2026-04-01", &until, true);
    check("2026-04-02", &until, false);
    let withdrawn = |g: &mut Grant| g.withdrawn = Some(at("2026-04-01T00:00:01+02:00"));
    check("2026-04-01", &withdrawn, true);
    check("2026-04-02", &withdrawn, false);
    // At midnight in Oslo, which is the day before in UTC: not one instant of the day was left.
    check("2026-04-01", &|g| g.withdrawn = Some(at("2026-03-31T22:00:00Z")), false);
    check("2026-03-31", &|g| g.withdrawn = Some(at("2026-03-31T22:00:00Z")), true);
    // Ended before it was given, and last day before the first.
    check("2026-03-10", &|g| g.withdrawn = Some(at("2026-03-10T11:59:59+01:00")), false);
    check("2026-03-10", &|g| g.until = Some(day("2026-03-09")), false);
}

#[test]
fn every_role_reaches_as_far_as_its_own_and_no_further() {
    let everybody: Vec<Grant> = (0..).zip(Role::ALL).map(|(n, role)| grant(n, *role)).collect();
    let seen: Vec<Role> =
        who_could_see(plan(), day("2026-06-01"), &Resource::PLAIN, &everybody, &[home()]).iter().map(|s| s.role).collect();
    // The plan is an adult's, so a parent sees nothing; the system itself is granted nothing.
    let missing = [Role::Guardian, Role::Pipeline];
    assert_eq!(seen, Role::ALL.iter().copied().filter(|r| !missing.contains(r)).collect::<Vec<_>>());
    // Another plan, another unit, another area, another municipality.
    let elsewhere = |role: Role| {
        let reach = match grant(0, role).reach {
            Reach::Plan(_) => Reach::Plan(id(2)),
            Reach::Unit(_) => Reach::Unit(id(11)),
            Reach::Area(_) => Reach::Area(id(21)),
            Reach::Municipality(_) => Reach::Municipality("9902".parse().unwrap()),
        };
        Grant { reach, ..grant(0, role) }
    };
    let others: Vec<Grant> = Role::ALL.iter().map(|role| elsewhere(*role)).collect();
    assert_eq!(could("2026-06-01", &Resource::PLAIN, &others, &[home()]), []);
    // A role over something it has no business with.
    let odd = Grant { reach: Reach::Municipality("9901".parse().unwrap()), ..grant(0, Role::Participant) };
    let odder = Grant { reach: Reach::Plan(plan()), ..grant(0, Role::LocalAdmin) };
    assert_eq!(could("2026-06-01", &Resource::PLAIN, &[odd, odder], &[home()]), []);
}

#[test]
fn a_plan_that_moved_was_seen_by_the_unit_it_belonged_to() {
    let moved = [Home { until: Some(day("2026-05-31")), ..home() }, Home { unit: id(11), area: id(21), from: day("2026-05-31"), ..home() }];
    let old = grant(1, Role::ProfessionalLead);
    let new = Grant { reach: Reach::Unit(id(11)), ..grant(2, Role::ProfessionalLead) };
    let both = [old.clone(), new.clone()];
    assert_eq!(could("2026-05-30", &Resource::PLAIN, &both, &moved), [old.actor]);
    assert_eq!(could("2026-05-31", &Resource::PLAIN, &both, &moved), [old.actor, new.actor], "the day of the move");
    assert_eq!(could("2026-06-01", &Resource::PLAIN, &both, &moved), [new.actor]);
    assert_eq!(could("2025-06-01", &Resource::PLAIN, &both, &moved), []);
}

#[test]
fn what_could_be_seen_follows_the_policy() {
    let grants = [grant(1, Role::Participant), grant(2, Role::PlanLead), grant(3, Role::Archivist)];
    let seen = |stood: &Resource| who_could_see(plan(), day("2026-06-01"), stood, &grants, &[home()]);
    let open = seen(&Resource::PLAIN);
    assert_eq!(open[0].could, [Action::ReadPlan, Action::ReadMinutes, Action::Print, Action::Export]);
    assert_eq!(open[0].parts, [Part::Plan, Part::Minutes]);
    assert!(open[1].could.contains(&Action::ReadContact) && open[1].parts.is_empty());
    assert_eq!(open[2].could, [Action::ReadPackages]);
    let ended = seen(&Resource { consent: Consent::Withdrawn, ..Resource::PLAIN });
    assert_eq!(ended.iter().map(|s| s.role).collect::<Vec<_>>(), [Role::PlanLead, Role::Archivist]);
    assert!(!ended[0].could.contains(&Action::Print));
    assert_eq!(seen(&Resource { folder: Folder::Closed, ..Resource::PLAIN }).len(), 2);
    let strict = Resource { protection: AddressProtection::StrictlyConfidential, ..Resource::PLAIN };
    assert_eq!(seen(&strict).iter().map(|s| s.role).collect::<Vec<_>>(), [Role::Participant, Role::PlanLead]);
    let named = Grant { naming: Naming::Named, ..grant(3, Role::Archivist) };
    assert_eq!(could("2026-06-01", &strict, std::slice::from_ref(&named), &[home()]), [named.actor]);
}

fn look(n: u32, role: Role, when: &str) -> AccessRow {
    AccessRow {
        at: at(when),
        actor: id(100 + n),
        role,
        action: Action::ReadPlan,
        about: About::Folder(folder()),
        document: None,
        reason: Some(StatedReason::FollowUp),
        basis: Basis::LeadDuty,
        denied: None,
    }
}

#[test]
fn who_did_is_held_against_who_could() {
    let lead = Grant { withdrawn: Some(at("2026-06-01T12:00:00+02:00")), ..grant(1, Role::PlanLead) };
    let log = [
        look(1, Role::PlanLead, "2026-05-31T23:59:59+02:00"),
        look(1, Role::PlanLead, "2026-06-01T11:59:59+02:00"),
        look(1, Role::PlanLead, "2026-06-01T12:00:00+02:00"),
        look(1, Role::Admin, "2026-06-01T10:00:00+02:00"),
        look(9, Role::PlanLead, "2026-06-01T10:00:00+02:00"),
        AccessRow { denied: Some(DenyReason::NoRelation), ..look(9, Role::PlanLead, "2026-06-01T10:00:01+02:00") },
        AccessRow { action: Action::WritePlan, ..look(1, Role::PlanLead, "2026-06-01T10:00:02+02:00") },
        AccessRow { about: About::Folder("9901/2026/000124".parse().unwrap()), ..look(1, Role::PlanLead, "2026-06-01T10:00:03+02:00") },
        look(1, Role::Pipeline, "2026-06-01T10:00:04+02:00"),
    ];
    let found = evidence((plan(), &folder()), day("2026-06-01"), &Resource::PLAIN, std::slice::from_ref(&lead), &[home()], &log);
    assert_eq!(found.could.iter().map(|s| s.actor).collect::<Vec<_>>(), [lead.actor]);
    assert_eq!(found.could[0].ended, lead.withdrawn);
    let did: Vec<(Timestamp, Role, Support)> = found.did.iter().map(|s| (s.row.at, s.row.role, s.support)).collect();
    assert_eq!(
        did,
        [
            (log[1].at, Role::PlanLead, Support::Granted),
            (log[2].at, Role::PlanLead, Support::Missing), // at the instant it ended
            (log[3].at, Role::Admin, Support::Missing),    // a role that was never given
            (log[4].at, Role::PlanLead, Support::Missing), // somebody else
            (log[8].at, Role::Pipeline, Support::Granted),
        ]
    );
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["could"][0]["reach"], format!("plan:{}", plan()));
    assert_eq!(json["did"][1]["support"], "missing");
}

fn hours_from(start: &str, hours: u32) -> Timestamp {
    Timestamp::from_unix_seconds(at(start).unix_seconds() + i64::from(hours) * 3600).unwrap()
}

proptest! {
    /// Against every hour of the days around a change of clocks: 29 March 2026 has 23 hours, 25 October 2026 has 25.
    #[test]
    fn a_day_is_its_instants(
        start in prop::sample::select(vec!["2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z", "2026-06-01T00:00:00Z"]),
        granted in 0u32..96,
        withdrawn in prop::option::of(0u32..120),
        until in prop::option::of(0u32..120),
    ) {
        let grant = Grant {
            granted: hours_from(start, granted),
            withdrawn: withdrawn.map(|h| hours_from(start, h)),
            until: until.map(|h| hours_from(start, h).oslo_date()),
            ..grant(1, Role::PlanLead)
        };
        for noon in (12..132).step_by(24) {
            let on: Date = hours_from(start, noon).oslo_date();
            // Whole hours are enough: everything here happens on one.
            let any_hour = (0..160).map(|h| hours_from(start, h)).any(|t| t.oslo_date() == on && grant.holds_at(t));
            prop_assert_eq!(grant.holds_on(on), any_hour, "{}", on);
        }
    }

    /// More grants never hide anybody, and the order they come in does not matter.
    #[test]
    fn grants_add_up(picks in prop::collection::vec((0usize..12, 0u32..4, any::<bool>()), 0..12), on in 1u32..28) {
        let grants: Vec<Grant> = picks
            .iter()
            .map(|(role, n, ended)| Grant { withdrawn: ended.then(|| at("2026-02-14T10:00:00+01:00")), ..grant(*n, Role::ALL[*role]) })
            .collect();
        let on = day(&format!("2026-02-{on:02}"));
        let all = who_could_see(plan(), on, &Resource::PLAIN, &grants, &[home()]);
        let mut back = grants.clone();
        back.reverse();
        let names = |sights: &[pipeline_access::Sight]| sights.iter().map(|s| (s.role, s.actor)).collect::<Vec<_>>();
        prop_assert_eq!(names(&who_could_see(plan(), on, &Resource::PLAIN, &back, &[home()])), names(&all));
        let alone: usize = grants.iter().map(|g| who_could_see(plan(), on, &Resource::PLAIN, std::slice::from_ref(g), &[home()]).len()).sum();
        prop_assert_eq!(alone, all.len());
    }
}

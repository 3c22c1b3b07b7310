//! The yearly role report.

use pipeline_access::{About, AccessRow, Action, Basis, DenyReason, Grant, Holder, Reach, Role, RoleLine, StatedReason, role_report};
use proptest::prelude::*;

use crate::made::{at, day, folder, grant, id};

fn row(n: u32, role: Role, action: Action, when: &str) -> AccessRow {
    AccessRow {
        at: at(when),
        actor: id(100 + n),
        role,
        action,
        about: About::Folder(folder()),
        document: None,
        reason: Some(StatedReason::Supervision),
        basis: Basis::Oversight,
        denied: None,
    }
}

fn line(role: Role, grants: &[Grant], log: &[AccessRow]) -> RoleLine {
    role_report(2026, grants, log).roles.into_iter().find(|line| line.role == role).unwrap()
}

#[test]
fn grants_are_counted_in_the_year_they_belong_to() {
    let lead = |n: u32, granted: &str, withdrawn: Option<&str>, until: Option<&str>| Grant {
        granted: at(granted),
        withdrawn: withdrawn.map(at),
        until: until.map(day),
        ..grant(n, Role::PlanLead)
    };
    let grants = [
        lead(1, "2025-03-01T09:00:00+01:00", None, None),                              // all year
        lead(1, "2026-03-01T09:00:00+01:00", None, None),                              // the same person, another plan
        lead(2, "2025-12-31T23:59:59+01:00", Some("2026-01-01T00:00:01+01:00"), None), // one second of the year
        lead(3, "2025-01-01T09:00:00+01:00", Some("2026-01-01T00:00:00+01:00"), None), // ended as the year began
        lead(4, "2026-12-31T23:30:00+01:00", None, Some("2027-06-30")),                // from the last half hour on
        lead(5, "2026-12-31T23:30:00Z", None, None),                                   // 2027 in Oslo
        lead(6, "2025-06-01T09:00:00+02:00", None, Some("2026-06-30")),                // ran out in the year
        lead(7, "2025-06-01T09:00:00+02:00", None, Some("2025-12-31")),                // ran out before it
        lead(8, "2025-06-01T09:00:00+02:00", Some("2026-07-01T09:00:00+02:00"), Some("2026-06-30")), // ran out, then ended by hand
        lead(9, "2025-06-01T09:00:00+02:00", Some("2026-05-01T09:00:00+02:00"), Some("2026-06-30")), // ended by hand first
    ];
    let found = line(Role::PlanLead, &grants, &[]);
    assert_eq!((found.holders, found.granted, found.withdrawn, found.run_out), (6, 2, 2, 2), "{found:?}");
    assert_eq!(role_report(2026, &grants, &[]).roles.len(), Role::ALL.len());
}

#[test]
fn rows_are_sorted_by_what_was_done() {
    let log = [
        row(1, Role::Admin, Action::ReadPlan, "2026-01-01T00:00:00+01:00"),
        row(1, Role::Admin, Action::ReadContact, "2026-12-31T23:59:59+01:00"),
        row(1, Role::Admin, Action::ReadPlan, "2025-12-31T23:59:59+01:00"),
        row(1, Role::Admin, Action::Print, "2026-05-01T09:00:00+02:00"),
        row(1, Role::Admin, Action::SeeStatus, "2026-05-01T09:00:00+02:00"),
        AccessRow {
            denied: Some(DenyReason::ReasonMissing),
            reason: None,
            ..row(1, Role::Admin, Action::Print, "2026-05-01T09:00:00+02:00")
        },
        AccessRow { reason: None, ..row(1, Role::Admin, Action::ReadMinutes, "2026-05-01T09:00:00+02:00") },
        AccessRow { reason: None, ..row(1, Role::Admin, Action::SeeStatus, "2026-05-01T09:00:00+02:00") },
        AccessRow { reason: None, ..row(1, Role::Admin, Action::ReopenPlan, "2026-05-01T09:00:00+02:00") },
        AccessRow { reason: None, ..row(1, Role::Guardian, Action::Export, "2026-05-01T09:00:00+02:00") },
        AccessRow { reason: None, ..row(1, Role::Guardian, Action::ReadPlan, "2026-05-01T09:00:00+02:00") },
    ];
    let admin = line(Role::Admin, &[], &log);
    assert_eq!((admin.looks, admin.taken_out, admin.other, admin.denied, admin.without_reason), (3, 1, 3, 1, 2), "{admin:?}");
    let guardian = line(Role::Guardian, &[], &log);
    assert_eq!((guardian.looks, guardian.taken_out, guardian.without_reason), (1, 1, 1), "{guardian:?}");
}

#[test]
fn oversight_that_nobody_used_is_named_once() {
    let (used, unused, ended) = (grant(1, Role::LocalAdmin), grant(2, Role::LocalAdmin), grant(3, Role::LocalAdmin));
    let ended = Grant { withdrawn: Some(at("2026-01-01T07:00:00+01:00")), ..ended };
    let grants = [unused.clone(), used.clone(), unused.clone(), ended, grant(4, Role::PlanLead)];
    let log = [
        row(1, Role::LocalAdmin, Action::SeeStatus, "2026-05-01T09:00:00+02:00"),
        row(2, Role::LocalAdmin, Action::SeeStatus, "2025-05-01T09:00:00+02:00"),
        row(2, Role::Admin, Action::SeeStatus, "2026-05-01T09:00:00+02:00"),
    ];
    let report = role_report(2026, &grants, &log);
    assert_eq!(report.unused, [Holder { role: Role::LocalAdmin, actor: unused.actor, reach: Reach::Area(id(20)) }]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((json["year"].as_u64(), json["unused"][0]["role"].as_str()), (Some(2026), Some("local_admin")));
}

proptest! {
    /// Every row of the year is counted once, under one role and one kind.
    #[test]
    fn nothing_is_counted_twice_or_lost(picks in prop::collection::vec((0usize..12, 0usize..26, any::<bool>(), any::<bool>()), 0..40)) {
        let log: Vec<AccessRow> = picks
            .iter()
            .map(|(role, action, denied, this_year)| AccessRow {
                denied: denied.then_some(DenyReason::NoRelation),
                ..row(1, Role::ALL[*role], Action::ALL[*action], if *this_year { "2026-02-01T09:00:00+01:00" } else { "2027-02-01T09:00:00+01:00" })
            })
            .collect();
        let report = role_report(2026, &[], &log);
        let counted: usize = report.roles.iter().map(|r| r.looks + r.taken_out + r.other + r.denied).sum();
        prop_assert_eq!(counted, picks.iter().filter(|p| p.3).count());
        prop_assert!(report.roles.iter().all(|r| r.without_reason == 0), "every row here states a reason");
    }
}

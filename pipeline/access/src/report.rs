//! The yearly role report: who held which role, what was done with it, and which access nobody uses.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use pipeline_domain::{ActorId, Date};
use serde::Serialize;

use crate::{
    AccessRow, Action, Actor, Decision, DenyReason, Grant, Naming, Reach, Reason, Release, Resource, Role, bars::OVERSIGHT, decide, table,
};

/// One role in one year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleLine {
    /// Which.
    pub role: Role,
    /// Different actors who held it at any time of the year.
    pub holders: usize,
    /// Times it was given in the year.
    pub granted: usize,
    /// Times it was ended by somebody in the year.
    pub withdrawn: usize,
    /// Times it ran out by itself in the year.
    pub run_out: usize,
    /// Looks into plans and packages.
    pub looks: usize,
    /// Prints and exports.
    pub taken_out: usize,
    /// Everything else that was allowed.
    pub other: usize,
    /// Attempts that were denied.
    pub denied: usize,
    /// Allowed rows that lack a reason which the policy asks for. Not zero means that somebody went past the policy.
    pub without_reason: usize,
}

/// An oversight role that somebody held and never used in the year: a candidate for removal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Holder {
    /// Which role.
    pub role: Role,
    /// Who.
    pub actor: ActorId,
    /// Over what.
    pub reach: Reach,
}

/// One calendar year, Europe/Oslo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleReport {
    /// The year.
    pub year: u16,
    /// Every role, also those nobody held.
    pub roles: Vec<RoleLine>,
    /// Oversight roles that were held and not used, in order.
    pub unused: Vec<Holder>,
}

/// What grants and log say about a year. Rows of other years are passed over.
pub fn role_report(year: u16, grants: &[Grant], log: &[AccessRow]) -> RoleReport {
    let rows: Vec<&AccessRow> = log.iter().filter(|row| row.at.oslo_year() == year).collect();
    let roles = Role::ALL.iter().map(|role| line(*role, year, grants, &rows)).collect();
    let used = |grant: &Grant| rows.iter().any(|row| row.actor == grant.actor && row.role == grant.role);
    let unused: BTreeSet<Holder> = grants
        .iter()
        .filter(|grant| OVERSIGHT.contains(&grant.role) && held_in(year, grant) && !used(grant))
        .map(|grant| Holder { role: grant.role, actor: grant.actor, reach: grant.reach.clone() })
        .collect();
    RoleReport { year, roles, unused: unused.into_iter().collect() }
}

fn line(role: Role, year: u16, grants: &[Grant], rows: &[&AccessRow]) -> RoleLine {
    let grants: Vec<&Grant> = grants.iter().filter(|grant| grant.role == role).collect();
    let held: Vec<&&Grant> = grants.iter().filter(|grant| held_in(year, grant)).collect();
    let rows: Vec<&&AccessRow> = rows.iter().filter(|row| row.role == role).collect();
    let allowed = |kind: Kind| rows.iter().filter(|row| row.denied.is_none() && Kind::of(row.action) == kind).count();
    RoleLine {
        role,
        holders: held.iter().map(|grant| grant.actor).collect::<BTreeSet<_>>().len(),
        granted: grants.iter().filter(|grant| grant.granted.oslo_year() == year).count(),
        withdrawn: held.iter().filter(|grant| ended_by_hand(grant).is_some_and(|w| w.oslo_year() == year)).count(),
        run_out: held.iter().filter(|grant| ran_out_in(year, grant)).count(),
        looks: allowed(Kind::Look),
        taken_out: allowed(Kind::TakeOut),
        other: allowed(Kind::Other),
        denied: rows.iter().filter(|row| row.denied.is_some()).count(),
        without_reason: rows.iter().filter(|row| lacks_reason(row)).count(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Look,
    TakeOut,
    Other,
}

impl Kind {
    fn of(action: Action) -> Self {
        match action {
            Action::ReadPlan | Action::ReadMinutes | Action::ReadContact | Action::ReadConsent | Action::ReadPackages => Self::Look,
            Action::Print | Action::Export => Self::TakeOut,
            _ => Self::Other,
        }
    }
}

/// Whether the row was allowed without a reason that the policy asks for, whatever else was so.
fn lacks_reason(row: &AccessRow) -> bool {
    let mut actor = Actor::new(row.role, table::row(row.role).reach);
    actor.naming = Naming::Named;
    let ask = |reason: Reason, resource: &Resource| decide(&Actor { reason, ..actor }, row.action, resource);
    let reason_decides = |resource: &Resource| {
        ask(Reason::Unstated, resource) == (Decision::Deny { reason: DenyReason::ReasonMissing })
            && ask(Reason::Stated, resource).is_allowed()
    };
    let open = Resource { release: Release::Released, ..Resource::PLAIN };
    let closed = Resource { folder: crate::Folder::Closed, ..open };
    let child = Resource { age: crate::Age::Under12, ..open };
    row.denied.is_none() && row.reason.is_none() && [open, closed, child].iter().any(reason_decides)
}

fn first_and_last(year: u16) -> Option<(Date, Date)> {
    let day = |month, day| NaiveDate::from_ymd_opt(i32::from(year), month, day).map(Date::from_naive);
    Some((day(1, 1)?, day(12, 31)?))
}

/// Whether the grant held at any instant of the year.
fn held_in(year: u16, grant: &Grant) -> bool {
    let Some((first, last)) = first_and_last(year) else { return false };
    // A grant holds without a break, so it held in the year when it held on the first day it could.
    let first = first.max(grant.granted.oslo_date());
    first <= last && grant.holds_on(first)
}

/// When somebody ended it, if that was before it ran out.
fn ended_by_hand(grant: &Grant) -> Option<pipeline_domain::Timestamp> {
    grant.withdrawn.filter(|w| grant.until.is_none_or(|last| w.oslo_date() <= last))
}

fn ran_out_in(year: u16, grant: &Grant) -> bool {
    let Some((first, last)) = first_and_last(year) else { return false };
    ended_by_hand(grant).is_none() && grant.until.is_some_and(|day| first <= day && day <= last)
}

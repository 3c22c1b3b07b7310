//! Who could see a plan on a day, and who did.

use pipeline_domain::{ActorId, CaseFolderId, Date, PlanId, Timestamp};
use serde::Serialize;

use crate::{About, AccessRow, Action, Actor, Grant, Home, Part, Reach, Reason, Relation, Resource, Role, decide};

/// Somebody who could see something of the plan on the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sight {
    /// Who.
    pub actor: ActorId,
    /// In which role.
    pub role: Role,
    /// By access to what.
    pub reach: Reach,
    /// What could be done, by the policy: reading, printing, exporting.
    pub could: Vec<Action>,
    /// For a participant: the parts that the consent gave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Since when.
    pub since: Timestamp,
    /// When it was ended, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Last day, if it was to end by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// Whether somebody who saw the plan had the right to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// A grant that held at that instant, in that role.
    Granted,
    /// None: look into it.
    Missing,
}

/// A row of the log about the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The row.
    #[serde(flatten)]
    pub row: AccessRow,
    /// Whether a grant supports it.
    pub support: Support,
}

/// The answer to «who could see this plan on that date», and who did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Whose grants held, in the order of the roles.
    pub could: Vec<Sight>,
    /// Who saw, printed or took something out, in the order of the log. Attempts that were denied are not among them.
    pub did: Vec<Seen>,
}

/// What shows something of a plan.
const LOOKS: [Action; 7] =
    [Action::ReadPlan, Action::ReadMinutes, Action::ReadContact, Action::ReadConsent, Action::Print, Action::Export, Action::ReadPackages];

/// Everybody who could see something of the plan at any instant of the day in Oslo, with a reason stated where one is asked for.
///
/// `stood` is the plan as it stood that day; where something changed during the day, as it stood when it was most open. The answer
/// rests on [`decide`], so evidence and policy cannot differ.
pub fn who_could_see(plan: PlanId, on: Date, stood: &Resource, grants: &[Grant], homes: &[Home]) -> Vec<Sight> {
    let homes: Vec<&Home> = homes.iter().filter(|home| home.covers(plan, on)).collect();
    let mut sights: Vec<Sight> =
        grants.iter().filter(|grant| grant.holds_on(on)).filter_map(|grant| sight(plan, stood, grant, &homes)).collect();
    sights.sort_by(|a, b| (a.role, a.actor, a.since, &a.reach).cmp(&(b.role, b.actor, b.since, &b.reach)));
    sights
}

/// Who could see the plan on the day, and who did by the rows of its case folder.
pub fn evidence(
    case: (PlanId, &CaseFolderId),
    on: Date,
    stood: &Resource,
    grants: &[Grant],
    homes: &[Home],
    log: &[AccessRow],
) -> Evidence {
    let (plan, folder) = case;
    let of_the_day: Vec<&Home> = homes.iter().filter(|home| home.covers(plan, on)).collect();
    let of_the_plan = |about: &About| about.folder() == Some(folder) || *about == About::Plan(plan);
    let looked =
        |row: &&AccessRow| of_the_plan(&row.about) && row.at.oslo_date() == on && row.denied.is_none() && LOOKS.contains(&row.action);
    let did = log.iter().filter(looked).map(|row| Seen { row: row.clone(), support: support(plan, row, grants, &of_the_day) }).collect();
    Evidence { could: who_could_see(plan, on, stood, grants, homes), did }
}

fn support(plan: PlanId, row: &AccessRow, grants: &[Grant], homes: &[&Home]) -> Support {
    let supports = |grant: &Grant| {
        grant.actor == row.actor && grant.role == row.role && grant.holds_at(row.at) && relation(plan, grant, homes).is_some()
    };
    // The system itself is granted nothing: its jobs say what they are about.
    if row.role == Role::Pipeline || grants.iter().any(supports) { Support::Granted } else { Support::Missing }
}

/// The relation by which the grant reaches the plan, if it does.
fn relation(plan: PlanId, grant: &Grant, homes: &[&Home]) -> Option<Relation> {
    let found = std::iter::once(None).chain(homes.iter().map(|home| Some(*home))).map(|home| grant.relation(plan, home));
    found.into_iter().find(|relation| *relation == crate::table::row(grant.role).reach)
}

fn sight(plan: PlanId, stood: &Resource, grant: &Grant, homes: &[&Home]) -> Option<Sight> {
    let actor = Actor { role: grant.role, relation: relation(plan, grant, homes)?, reason: Reason::Stated, naming: grant.naming };
    let could: Vec<Action> = LOOKS.into_iter().filter(|look| decide(&actor, *look, stood).is_allowed()).collect();
    (!could.is_empty()).then(|| Sight {
        actor: grant.actor,
        role: grant.role,
        reach: grant.reach.clone(),
        could,
        parts: grant.parts.clone(),
        since: grant.granted,
        ended: grant.withdrawn,
        until: grant.until,
    })
}

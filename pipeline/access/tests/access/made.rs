//! Every question there is, and made-up people, plans and days.

use pipeline_access::{
    Action, Actor, Age, Consent, Folder, Grant, Home, Matter, Naming, Part, Reach, Reason, Relation, Release, Resource, Role, Scope,
    Withholding, rights,
};
use pipeline_domain::{AddressProtection, CaseFolderId, Date, PlanId, Timestamp};

pub const CONSENTS: [Consent; 5] = [Consent::Valid, Consent::NotNeeded, Consent::NotGiven, Consent::Withdrawn, Consent::Expired];
pub const PROTECTIONS: [AddressProtection; 3] =
    [AddressProtection::None, AddressProtection::Confidential, AddressProtection::StrictlyConfidential];

/// Every state of a resource.
pub fn resources() -> Vec<Resource> {
    let mut all = vec![Resource::PLAIN];
    all = vary(&all, &Matter::ALL, |r, matter| Resource { matter, ..r });
    all = vary(&all, &Age::ALL, |r, age| Resource { age, ..r });
    all = vary(&all, &CONSENTS, |r, consent| Resource { consent, ..r });
    all = vary(&all, &PROTECTIONS, |r, protection| Resource { protection, ..r });
    all = vary(&all, &[Folder::Open, Folder::Closed], |r, folder| Resource { folder, ..r });
    all = vary(&all, &[Scope::Within, Scope::Outside], |r, scope| Resource { scope, ..r });
    all = vary(&all, &[Withholding::Shown, Withholding::Withheld], |r, withholding| Resource { withholding, ..r });
    vary(&all, &[Release::NotReleased, Release::Released], |r, release| Resource { release, ..r })
}

/// Every actor in a role.
pub fn actors(role: Role) -> Vec<Actor> {
    let mut all: Vec<Actor> = Relation::ALL.iter().map(|relation| Actor::new(role, *relation)).collect();
    all = vary(&all, &[Reason::Unstated, Reason::Stated], |a, reason| Actor { reason, ..a });
    vary(&all, &[Naming::Unnamed, Naming::Named], |a, naming| Actor { naming, ..a })
}

fn vary<T: Copy, V: Copy>(all: &[T], values: &[V], with: impl Fn(T, V) -> T) -> Vec<T> {
    all.iter().flat_map(|one| values.iter().map(|value| with(*one, *value))).collect()
}

/// Asks `ask` every question: each role, action, relation and state. How many there were.
pub fn every_question(ask: impl Fn(&Actor, Action, &Resource) + Sync) -> u64 {
    every_question_of(&|_| true, &ask)
}

/// Every question of those who stand to the plan as their role asks. For laws about what may follow then.
pub fn every_related_question(ask: impl Fn(&Actor, Action, &Resource) + Sync) -> u64 {
    let rights = rights();
    every_question_of(&|actor| rights.iter().any(|r| r.roles.contains(&actor.role) && r.relation == actor.relation), &ask)
}

/// Two threads share the roles.
fn every_question_of(whose: &(impl Fn(&Actor) -> bool + Sync), ask: &(impl Fn(&Actor, Action, &Resource) + Sync)) -> u64 {
    let resources = resources();
    let of_roles = |roles: &[Role]| {
        let mut asked = 0;
        for actor in roles.iter().flat_map(|role| actors(*role)).filter(whose) {
            for action in Action::ALL {
                resources.iter().for_each(|resource| ask(&actor, *action, resource));
                asked += resources.len() as u64;
            }
        }
        asked
    };
    let (one, other) = Role::ALL.split_at(Role::ALL.len() / 2);
    std::thread::scope(|scope| {
        let there = scope.spawn(|| of_roles(one));
        let here = of_roles(other);
        here + there.join().expect("the other half")
    })
}

/// An id of any kind, by number.
pub fn id<T: std::str::FromStr>(n: u32) -> T
where
    T::Err: std::fmt::Debug,
{
    uuid::Uuid::from_u128(u128::from(n) << 64 | 0x4000_8000_0000_0000_0000_0001).to_string().parse().unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn plan() -> PlanId {
    id(1)
}

pub fn folder() -> CaseFolderId {
    "9901/2026/000123".parse().unwrap()
}

/// The plan belonged to unit 10, area 20, municipality 9901 all through.
pub fn home() -> Home {
    Home { plan: plan(), unit: id(10), area: id(20), municipality: "9901".parse().unwrap(), from: day("2026-01-01"), until: None }
}

/// Access to the plan from 1 January 2026 on.
pub fn grant(n: u32, role: Role) -> Grant {
    let reach = match role {
        Role::ProfessionalLead => Reach::Unit(id(10)),
        Role::LocalAdmin => Reach::Area(id(20)),
        Role::Admin | Role::Archivist => Reach::Municipality("9901".parse().unwrap()),
        _ => Reach::Plan(plan()),
    };
    let parts = if role == Role::Participant { vec![Part::Plan, Part::Minutes] } else { vec![] };
    Grant {
        actor: id(100 + n),
        role,
        reach,
        parts,
        naming: Naming::Unnamed,
        granted: at("2026-01-01T08:00:00+01:00"),
        until: None,
        withdrawn: None,
    }
}

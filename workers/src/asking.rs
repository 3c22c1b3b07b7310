//! One question before anything is shown or taken out: may whoever asks do this? The answer is in the access log before it is acted on.
//!
//! A command flattens [`Asking`] into its arguments, says what is asked for ([`Thing`]) and calls [`ask`]. Only that makes a
//! [`Permit`], so what needs one cannot forget to ask. The policy itself is `pipeline_access`; `docs/access.md` explains it.

mod register;
mod round;
mod thing;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use pipeline_access::{
    AccessRow, Action, Actor, Age, Basis, Decision, DenyReason, Flag, Obligation, Obligations, Reason, Relation, Resource, Role,
    StatedReason, decide, rights,
};
use pipeline_domain::{ActorId, Date, ErrorCode, Lang, Timestamp};
use uuid::Uuid;

use crate::{access_log::AccessLog, cli::Global, config::RolesSetting, failure::Failure, shell::Shell, words::pick};

pub use register::{Event, Register};
pub use round::Round;
pub use thing::{Thing, unit_id};

/// Who asks. Content of plans and packages is shown to nobody without it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Asking {
    /// The role that you act in. Written to the access log.
    #[arg(id = "acting_role", long = "as", value_name = "ROLE", value_parser = one_of(Role::ALL, |r| r.id()))]
    pub role: Option<Role>,
    /// Who you are: a pseudonym that stays the same, never a name. Without it, one made from your account on this machine.
    #[arg(id = "acting_actor", long = "actor", value_name = "ID", env = "ARKIVFLYT_ACTOR")]
    pub actor: Option<ActorId>,
    /// Why. Written to the access log.
    #[arg(id = "stated_reason", long = "reason", value_name = "REASON", value_parser = one_of(StatedReason::ALL, |r| r.id()))]
    pub reason: Option<StatedReason>,
    /// Something that the folder does not know, such as the subject's age. Without it the strictest answer counts. May be given more
    /// than once.
    #[arg(id = "stated_fact", long = "fact", value_name = "FACT", value_parser = one_of(FACTS, |f| f.id()))]
    pub facts: Vec<Flag>,
}

/// What may be stated of a plan. What its folder or document knows itself is not asked of anybody.
const FACTS: &[Flag] = &[
    Flag::AgeUnder12,
    Flag::Age12,
    Flag::Age15,
    Flag::Age16,
    Flag::Age18,
    Flag::Released,
    Flag::Withheld,
    Flag::OutsideScope,
    Flag::ConsentWithdrawn,
    Flag::ConsentExpired,
];

/// A parser for one of a closed list, that shows the list in the help.
pub fn one_of<T: Copy + Send + Sync + 'static>(all: &'static [T], id: fn(T) -> &'static str) -> impl TypedValueParser<Value = T> {
    let find = move |name: String| all.iter().copied().find(|one| id(*one) == name).expect("the parser takes known names only");
    PossibleValuesParser::new(all.iter().map(|one| id(*one))).map(find)
}

impl Asking {
    /// What is stated of the plan beside what is known, and the ages that the subject may have.
    fn stated(&self, thing: &Thing, on: Date) -> (Resource, Vec<Age>) {
        let mut resource = thing.resource;
        let mut nobody = Actor::new(Role::Pipeline, Relation::Unrelated);
        self.facts.iter().for_each(|fact| fact.put(&mut nobody, &mut resource));
        let is_age = |fact: &Flag| matches!(fact, Flag::AgeUnder12 | Flag::Age12 | Flag::Age15 | Flag::Age16 | Flag::Age18);
        let ages = if thing.born.is_none() && self.facts.iter().any(is_age) { vec![resource.age] } else { thing.ages(on) };
        (resource, ages)
    }

    /// Who asks: as stated, or this machine's account.
    pub fn actor(&self) -> ActorId {
        self.actor.unwrap_or_else(account)
    }
}

/// The pseudonym of the account that runs the program.
fn account() -> ActorId {
    let account = format!("arkivflyt.account/{}", rustix::process::getuid().as_raw());
    ActorId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, account.as_bytes()))
}

/// A yes that stands in the access log. Made by [`ask`] alone.
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    actor: ActorId,
    role: Role,
    reason: Option<StatedReason>,
    obligations: Obligations,
}

impl Permit {
    /// To whom it was given.
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// In which role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What was stated.
    pub fn reason(&self) -> Option<StatedReason> {
        self.reason
    }

    /// Everything that must be done along with it.
    pub fn obligations(&self) -> Obligations {
        self.obligations
    }
}

/// Why there is no permit.
#[derive(Clone, Debug, thiserror::Error)]
pub enum No {
    /// Nobody in particular asked for this.
    #[error("no role is stated")]
    Role(Action),
    /// The policy says no, and the attempt stands in the access log.
    #[error("not allowed: {0}")]
    Denied(DenyReason),
    /// The question could not be asked, or the answer not be logged.
    #[error("{0}")]
    Trouble(#[from] Failure),
}

impl No {
    /// What a command ends with.
    pub fn in_words(self, lang: Lang) -> Failure {
        match self {
            Self::Role(action) => Failure::give_up(ErrorCode::NotAuthorised, no_role(action, lang)),
            Self::Denied(reason) => Failure::give_up(ErrorCode::NotAuthorised, format!("{reason}: {}", reason.text(lang))),
            Self::Trouble(failure) => failure,
        }
    }

    /// What a job ends with: a consent that does not hold has a code of its own.
    pub fn of_a_job(self) -> Failure {
        match self {
            Self::Role(_) => Failure::give_up(ErrorCode::NotAuthorised, self),
            Self::Denied(DenyReason::ConsentMissing | DenyReason::ConsentWithdrawn) => Failure::give_up(ErrorCode::ConsentMissing, self),
            Self::Denied(DenyReason::ConsentExpired) => Failure::give_up(ErrorCode::ConsentExpired, self),
            Self::Denied(_) => Failure::give_up(ErrorCode::NotAuthorised, self),
            Self::Trouble(failure) => failure,
        }
    }
}

/// Which answers are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    AllThatMustBe,
    /// Nothing is shown or taken out yet: a yes will be asked for again.
    NoAlone,
}

/// Asks whether `asking` may do `action` with `thing` now, writes the answer to the access log, and gives it.
///
/// # Errors
/// [`ErrorCode::NotAuthorised`] when no role is stated or the answer is no; the detail names the reason and what to do next.
/// [`ErrorCode::AccessLogUnwritable`] and [`ErrorCode::AccessLogDamaged`]: what cannot be logged is not done.
pub fn ask(shell: &Shell, global: &Global, asking: &Asking, action: Action, thing: &Thing) -> Result<Permit, Failure> {
    permit(shell, asking, action, thing).map_err(|no| no.in_words(global.lang()))
}

/// The same, for those who have no screen to answer on.
pub fn permit(shell: &Shell, asking: &Asking, action: Action, thing: &Thing) -> Result<Permit, No> {
    answer(shell, asking, action, thing, Written::AllThatMustBe)
}

/// Whether the answer would be yes. Only a no is written down.
pub fn would_permit(shell: &Shell, asking: &Asking, action: Action, thing: &Thing) -> Result<(), No> {
    answer(shell, asking, action, thing, Written::NoAlone).map(drop)
}

fn answer(shell: &Shell, asking: &Asking, action: Action, thing: &Thing, written: Written) -> Result<Permit, No> {
    let Some(role) = asking.role else { return Err(No::Role(action)) };
    let now = shell.clock.now();
    let register = Register::read(&shell.data, &thing.municipality)?;
    let asker = Asker { asking, role, roles: shell.config.access.roles, register: &register, now };
    let (decision, row) = asker.judge(action, thing);
    if must_be_logged(decision) && (written == Written::AllThatMustBe || !decision.is_allowed()) {
        AccessLog::of(&shell.data, &thing.municipality).append(&[row], now).map_err(Failure::from)?;
    }
    match decision {
        Decision::Allow { obligations } => Ok(Permit { actor: asking.actor(), role, reason: asking.reason, obligations }),
        Decision::Deny { reason } => Err(No::Denied(reason)),
    }
}

/// Somebody in a role, and what the register says of them.
struct Asker<'a> {
    asking: &'a Asking,
    role: Role,
    roles: RolesSetting,
    register: &'a Register,
    now: Timestamp,
}

impl Asker<'_> {
    /// The decision, and the row that tells of it.
    fn judge(&self, action: Action, thing: &Thing) -> (Decision, AccessRow) {
        let Self { asking, role, now, .. } = *self;
        let actor_id = asking.actor();
        let actor = Actor {
            role,
            relation: relation(self.roles, self.register, actor_id, role, thing, now),
            reason: if asking.reason.is_some() { Reason::Stated } else { Reason::Unstated },
            naming: self.register.naming(actor_id, role, thing, now),
        };
        let (resource, ages) = asking.stated(thing, now.oslo_date());
        let decision = decide_for(&actor, action, &resource, &ages);
        let row = AccessRow {
            at: now,
            actor: actor_id,
            role,
            action,
            about: thing.about.clone(),
            document: thing.document,
            reason: asking.reason,
            basis: Basis::of(role, resource.consent),
            denied: denied(decision),
        };
        (decision, row)
    }
}

fn denied(decision: Decision) -> Option<DenyReason> {
    match decision {
        Decision::Allow { .. } => None,
        Decision::Deny { reason } => Some(reason),
    }
}

/// Every attempt that was denied, and what the policy says of the others.
fn must_be_logged(decision: Decision) -> bool {
    match decision {
        Decision::Allow { obligations } => obligations.holds(Obligation::WriteAccessLog),
        Decision::Deny { .. } => true,
    }
}

/// How the actor stands to the thing: by the register, or by their word.
fn relation(setting: RolesSetting, register: &Register, actor: ActorId, role: Role, thing: &Thing, now: Timestamp) -> Relation {
    let own = rights().into_iter().find(|right| right.roles.contains(&role)).map_or(Relation::Unrelated, |right| right.relation);
    match setting {
        // Nobody is the system itself: its jobs do not ask on the command line.
        _ if role == Role::Pipeline => Relation::Unrelated,
        RolesSetting::Stated => own,
        RolesSetting::Granted if role == Role::Admin && register.has_no_admin() => own,
        RolesSetting::Granted if register.reaches(actor, role, thing, now) => own,
        RolesSetting::Granted => Relation::Unrelated,
    }
}

/// The answer for every age that the subject may have: where the birth date is not known, the strictest counts.
fn decide_for(actor: &Actor, action: Action, resource: &Resource, ages: &[Age]) -> Decision {
    let answers: Vec<Decision> = ages.iter().map(|age| decide(actor, action, &Resource { age: *age, ..*resource })).collect();
    if let Some(no) = answers.iter().find(|answer| !answer.is_allowed()) {
        return *no;
    }
    let owed = answers.iter().filter_map(|answer| match answer {
        Decision::Allow { obligations } => Some(obligations.iter()),
        Decision::Deny { .. } => None,
    });
    Decision::Allow { obligations: owed.flatten().collect() }
}

/// Who could do it, for somebody who stated nothing.
fn no_role(action: Action, lang: Lang) -> String {
    let roles: Vec<&str> = rights().into_iter().filter(|r| r.may.contains(&action)).flat_map(|r| r.roles).map(|r| r.id()).collect();
    let text = pick(lang, "ingen rolle er oppgitt; disse kan", "inga rolle er oppgitt; desse kan", "no role is stated; these may");
    format!("{text} {} ({action}): {}", action.text(lang), roles.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_age_gets_the_strictest_answer() {
        let subject = Actor::new(Role::Subject, Relation::OwnPlan);
        let check = |actor: &Actor, action, ages: &[Age], expected: Option<DenyReason>| {
            assert_eq!(denied(decide_for(actor, action, &Resource::PLAIN, ages)), expected, "{action} {ages:?}");
        };
        check(&subject, Action::ReadPlan, &Age::ALL, Some(DenyReason::SubjectUnder12));
        check(&subject, Action::ReadPlan, &[Age::From16], None);
        check(&Actor::new(Role::Guardian, Relation::OwnChild), Action::ReadPlan, &Age::ALL, Some(DenyReason::SubjectOfAge));
        let archivist = Actor::new(Role::Archivist, Relation::OwnMunicipality);
        check(&archivist, Action::ReadPackages, &Age::ALL, None);
        let Decision::Allow { obligations } = decide_for(&archivist, Action::ReadPackages, &Resource::PLAIN, &Age::ALL) else { panic!() };
        assert!(obligations.holds(Obligation::WriteAccessLog));
    }

    #[test]
    fn the_account_is_a_pseudonym_that_stays() {
        assert_eq!(Asking::default().actor(), account());
        let stated: ActorId = "018f2f4e-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(Asking { actor: Some(stated), ..Asking::default() }.actor(), stated);
        assert_ne!(stated, account());
    }

    #[test]
    fn without_a_role_it_is_said_who_may() {
        let text = no_role(Action::ReadPackages, Lang::Nb);
        assert!(text.contains("archivist") && text.contains("se arkivpakker"), "{text}");
        assert!(no_role(Action::ReadContact, Lang::Nn).contains("plan_lead"));
    }
}

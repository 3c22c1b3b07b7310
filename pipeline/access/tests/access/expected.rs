//! Reads `matrix.md` and answers from it, without a glance at the policy's own tables.

use std::collections::HashMap;

use pipeline_access::{
    Action, Actor, Age, Consent, DenyReason, Folder, Matter, Naming, Obligation, Obligations, Reason, Relation, Release, Resource, Role,
    Scope, Withholding,
};
use pipeline_domain::AddressProtection;

/// What `matrix.md` says of one role and action.
pub struct Line {
    must_state_reason: bool,
    consent: Vec<Consent>,
    folder: Vec<Folder>,
    part: Part,
    ages: HashMap<Matter, (u8, u8)>,
    protection: Protection,
    also: Vec<(Obligation, Condition)>,
}

#[derive(PartialEq)]
enum Part {
    Any,
    InScope,
    NotWithheld,
}

#[derive(PartialEq)]
enum Protection {
    Any,
    NotStrict,
    NamedIfStrict,
    ReleasedIfProtected,
}

enum Condition {
    Always,
    Protected,
    Strict,
    Heard,
}

/// What is expected of one question.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Exactly these obligations.
    Allow(Obligations),
    /// One of these reasons: everything that stands in the way.
    Deny(Vec<DenyReason>),
}

/// The whole of `matrix.md`.
pub struct Matrix {
    relations: HashMap<Role, Relation>,
    lines: HashMap<(Role, Action), Line>,
}

impl Matrix {
    pub fn read() -> Self {
        let (mut relations, mut lines) = (HashMap::new(), HashMap::new());
        let mut roles: Vec<Role> = Vec::new();
        for text in include_str!("matrix.md").lines() {
            if let Some(heading) = text.strip_prefix("## ") {
                let (names, relation) = heading.split_once(" · ").expect("a heading names roles and a relation");
                roles = names.split(", ").map(|name| Role::from_id(name).expect(name)).collect();
                let relation = Relation::from_id(relation).expect(relation);
                for role in &roles {
                    assert!(relations.insert(*role, relation).is_none(), "{role} stands twice");
                }
            } else if text.starts_with('|') && !text.starts_with("| action") && !text.starts_with("|---") {
                let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
                let action = Action::from_id(cells[0]).expect(cells[0]);
                for role in &roles {
                    assert!(lines.insert((*role, action), Line::read(&cells)).is_none(), "{role} {action} stands twice");
                }
            }
        }
        assert_eq!(relations.len(), Role::ALL.len(), "a role is missing in matrix.md");
        Self { relations, lines }
    }

    /// Roles and actions that are ever allowed.
    pub fn pairs(&self) -> impl Iterator<Item = (Role, Action)> {
        self.lines.keys().copied()
    }

    pub fn answer(&self, actor: &Actor, action: Action, resource: &Resource) -> Answer {
        let Some(line) = self.lines.get(&(actor.role, action)) else {
            return Answer::Deny(vec![DenyReason::NotInRole]);
        };
        if self.relations[&actor.role] != actor.relation {
            return Answer::Deny(vec![DenyReason::NoRelation]);
        }
        let against = line.against(actor, resource);
        if against.is_empty() { Answer::Allow(line.obligations(resource)) } else { Answer::Deny(against) }
    }
}

impl Line {
    fn read(cells: &[&str]) -> Self {
        use Consent::*;
        Self {
            must_state_reason: match cells[1] {
                "must" => true,
                "any" => false,
                other => panic!("reason: {other}"),
            },
            consent: match cells[2] {
                "any" => vec![Valid, NotNeeded, NotGiven, Withdrawn, Expired],
                "valid" => vec![Valid, NotNeeded],
                "not ended" => vec![Valid, NotNeeded, NotGiven],
                other => panic!("consent: {other}"),
            },
            folder: match cells[3] {
                "any" => vec![Folder::Open, Folder::Closed],
                "open" => vec![Folder::Open],
                "closed" => vec![Folder::Closed],
                other => panic!("folder: {other}"),
            },
            part: match cells[4] {
                "any" => Part::Any,
                "in scope" => Part::InScope,
                "not withheld" => Part::NotWithheld,
                other => panic!("part: {other}"),
            },
            ages: HashMap::from([(Matter::Schooling, years(cells[5])), (Matter::HealthAndWelfare, years(cells[6]))]),
            protection: match cells[7] {
                "any" => Protection::Any,
                "not strict" => Protection::NotStrict,
                "named if strict" => Protection::NamedIfStrict,
                "released if protected" => Protection::ReleasedIfProtected,
                other => panic!("protection: {other}"),
            },
            also: cells[8].split_whitespace().map(obligation).collect(),
        }
    }

    /// Everything that stands in the way, as reasons.
    fn against(&self, actor: &Actor, resource: &Resource) -> Vec<DenyReason> {
        let mut against = Vec::new();
        let mut unless = |holds: bool, reason: DenyReason| {
            if !holds {
                against.push(reason);
            }
        };
        unless(!self.must_state_reason || actor.reason == Reason::Stated, DenyReason::ReasonMissing);
        unless(
            self.consent.contains(&resource.consent),
            match resource.consent {
                Consent::Withdrawn => DenyReason::ConsentWithdrawn,
                Consent::Expired => DenyReason::ConsentExpired,
                _ => DenyReason::ConsentMissing,
            },
        );
        unless(
            self.folder.contains(&resource.folder),
            if resource.folder == Folder::Closed { DenyReason::FolderClosed } else { DenyReason::FolderOpen },
        );
        unless(self.part != Part::InScope || resource.scope == Scope::Within, DenyReason::OutsideScope);
        unless(self.part != Part::NotWithheld || resource.withholding == Withholding::Shown, DenyReason::Withheld);
        let ((from, to), years) = (self.ages[&resource.matter], years_of(resource.age));
        let too_young = if resource.age == Age::Under12 { DenyReason::SubjectUnder12 } else { DenyReason::GuardianActs };
        unless(years >= from, too_young);
        let too_old = if resource.age == Age::From18 { DenyReason::SubjectOfAge } else { DenyReason::SubjectActs };
        unless(years <= to, too_old);
        let strict = resource.protection == AddressProtection::StrictlyConfidential;
        let protected = resource.protection != AddressProtection::None;
        unless(self.protection != Protection::NotStrict || !strict, DenyReason::AddressProtected);
        unless(self.protection != Protection::NamedIfStrict || !strict || actor.naming == Naming::Named, DenyReason::NotNamed);
        let released = resource.release == Release::Released;
        unless(self.protection != Protection::ReleasedIfProtected || !protected || released, DenyReason::NotReleased);
        against
    }

    fn obligations(&self, resource: &Resource) -> Obligations {
        let decides = if resource.matter == Matter::Schooling { 15 } else { 16 };
        let asked = |condition: &Condition| match condition {
            Condition::Always => true,
            Condition::Protected => resource.protection != AddressProtection::None,
            Condition::Strict => resource.protection == AddressProtection::StrictlyConfidential,
            Condition::Heard => (12..decides).contains(&years_of(resource.age)),
        };
        self.also.iter().filter(|(_, condition)| asked(condition)).map(|(one, _)| *one).collect()
    }
}

/// Any age of the band will do: the bands were cut where something changes.
fn years_of(age: Age) -> u8 {
    match age {
        Age::Under12 => 11,
        Age::From12 => 14,
        Age::From15 => 15,
        Age::From16 => 17,
        Age::From18 => 18,
    }
}

fn years(cell: &str) -> (u8, u8) {
    match cell.split_once('-') {
        Some((from, "")) => (from.parse().expect(cell), u8::MAX),
        Some(("", to)) => (0, to.parse().expect(cell)),
        _ => {
            assert_eq!(cell, "any");
            (0, u8::MAX)
        }
    }
}

fn obligation(word: &str) -> (Obligation, Condition) {
    let (id, condition) = match word.split_once('(') {
        None => (word, Condition::Always),
        Some((id, "p)")) => (id, Condition::Protected),
        Some((id, "s)")) => (id, Condition::Strict),
        Some((id, "h)")) => (id, Condition::Heard),
        Some(_) => panic!("also: {word}"),
    };
    (Obligation::from_id(id).expect(word), condition)
}

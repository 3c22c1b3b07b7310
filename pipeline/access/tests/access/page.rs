//! The page itself: DOMAIN § 4 letter by letter against what the policy ever allows.

use std::{collections::BTreeSet, path::PathBuf};

use pipeline_access::{Action, Decision, Obligation, Relation, Role, decide, rights};

use crate::made::{actors, resources};

const PAGE: &str = include_str!("domain_page.md");

fn lines() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn roles(cell: &str) -> Vec<Role> {
    cell.split('`').filter_map(Role::from_id).collect()
}

/// What a word in a column of the page stands for. Words that only explain stand for nothing.
fn meaning(column: usize, word: &str) -> &'static [Action] {
    use Action::*;
    match (column, word) {
        (1, "R" | "content") => &[ReadPlan],
        (1, "W") => &[WritePlan],
        (1, "setup") => &[ChangeSetup],
        (2, "R" | "same") => &[ReadMinutes],
        (2, "W") => &[WriteMinutes],
        (3, "R") => &[ReadContact],
        (4, "R") => &[ReadConsent],
        (4, "approve") => &[ApproveConsent, ReadConsent],
        (4, "withdraw") => &[WithdrawConsent],
        (4, "write") => &[WriteConsent, ReadConsent],
        (4, "send") => &[RequestConsent],
        (5, "P") => &[Print, Export],
        (6, "A") => &[OrderArchiving],
        (6, "R") => &[ReadPackages],
        (6, "W") => &[WritePackages],
        (7, "ask") => &[AskToClose],
        (7, "create") => &[CreatePlan],
        (7, "transfer") => &[TransferPlan],
        (7, "passivise") => &[PassivisePlan],
        (7, "reopen") => &[ReopenPlan],
        _ => &[],
    }
}

/// Actions of SECURITY § 2 that the page does not have.
const BESIDE: [Action; 5] = [Action::SeeStatus, Action::ManageMail, Action::RetryFailed, Action::ReadAccessLog, Action::ManageAccess];

#[test]
fn the_page_and_the_policy_give_the_same_rights() {
    let resources = resources();
    let lines = lines();
    assert_eq!(lines.len(), 9);
    let mut seen = BTreeSet::new();
    for line in &lines {
        let words = line.iter().enumerate().flat_map(|(n, cell)| cell.split([' ', ',', ';']).map(move |word| (n, word)));
        let written: BTreeSet<Action> = words.flat_map(|(n, word)| meaning(n, word)).copied().collect();
        for role in roles(line[0]) {
            assert!(seen.insert(role), "{role}");
            let ever = |action: &Action| {
                actors(role).iter().any(|actor| resources.iter().any(|resource| decide(actor, *action, resource).is_allowed()))
            };
            let given: BTreeSet<Action> = Action::ALL.iter().copied().filter(|a| !BESIDE.contains(a)).filter(ever).collect();
            assert_eq!(given, written, "{role}");
        }
    }
    assert_eq!(seen.len(), Role::ALL.len());
}

#[test]
fn the_reach_in_the_page_is_the_reach_in_the_policy() {
    for line in lines() {
        let text = line.join(" ");
        let written = [("own unit", Relation::OwnUnit), ("own area", Relation::OwnArea), ("job in hand", Relation::JobInHand)];
        for (words, relation) in written.into_iter().filter(|(words, _)| text.contains(words)) {
            for role in roles(line[0]) {
                assert!(rights().iter().filter(|r| r.roles.contains(&role)).all(|r| r.relation == relation), "{role}: {words}");
            }
        }
    }
}

/// «e-mail only», «status», «within scope», «logged reason», «stated reason»: limits in the cells are obligations or bars.
#[test]
fn limits_in_the_cells_are_kept() {
    let check = |role: Role, action: Action, owed: Obligation| {
        for actor in actors(role) {
            for resource in resources() {
                if let Decision::Allow { obligations } = decide(&actor, action, &resource) {
                    assert!(obligations.holds(owed), "{role} {action} {owed}");
                }
            }
        }
    };
    check(Role::Pipeline, Action::ReadContact, Obligation::EmailOnly);
    check(Role::Pipeline, Action::ReadConsent, Obligation::StatusOnly);
    for action in [Action::ReadPlan, Action::WritePlan, Action::ReadMinutes, Action::Print, Action::Export] {
        check(Role::Participant, action, Obligation::CutToScope);
    }
    for action in [Action::ReadPlan, Action::ReadMinutes, Action::Print, Action::Export] {
        check(Role::Admin, action, Obligation::NoteReason);
    }
}

/// The copy is the page. Skipped where the design pages are not at hand.
#[test]
fn the_copy_is_word_for_word() {
    let root = std::env::var_os("ARKIVFLYT_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let Ok(domain) = std::fs::read_to_string(root.join("design/DOMAIN.md")) else {
        assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1 and missing: design/DOMAIN.md");
        eprintln!("SKIPPED: design/DOMAIN.md is missing (set ARKIVFLYT_SHARED)");
        return;
    };
    let table = PAGE.split_once("\n\n").expect("a heading and a table").1;
    assert!(domain.contains(table.trim_end()), "DOMAIN § 4 has changed: read it, then change domain_page.md, matrix.md and the policy");
}

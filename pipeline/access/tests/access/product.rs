//! The whole product of roles, actions, relations and flags against `matrix.md`.

use pipeline_access::{Action, Decision, Role, decide};

use crate::{
    expected::{Answer, Matrix},
    made::every_question,
};

#[test]
fn every_question_is_answered_as_written_down() {
    let matrix = Matrix::read();
    let asked = every_question(|actor, action, resource| {
        let (found, expected) = (decide(actor, action, resource), matrix.answer(actor, action, resource));
        let same = match (&found, &expected) {
            (Decision::Allow { obligations }, Answer::Allow(written)) => obligations == written,
            (Decision::Deny { reason }, Answer::Deny(written)) => written.contains(reason),
            _ => false,
        };
        assert!(same, "{actor:?}\n{action:?}\n{resource:?}\ndecided {}\nwritten {}", show(&found), shown(&expected));
    });
    assert_eq!(asked, 12 * 26 * 9 * 4 * 2 * 5 * 5 * 3 * 16, "roles × actions × relations × actor × resource");
}

fn show(decision: &Decision) -> String {
    match decision {
        Decision::Allow { obligations } => format!("allow {:?}", obligations.iter().collect::<Vec<_>>()),
        Decision::Deny { reason } => format!("deny {reason}"),
    }
}

fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Allow(obligations) => format!("allow {:?}", obligations.iter().collect::<Vec<_>>()),
        Answer::Deny(reasons) => format!("deny {reasons:?}"),
    }
}

#[test]
fn every_role_may_something_and_every_action_is_somebodys() {
    let matrix = Matrix::read();
    for role in Role::ALL {
        assert!(matrix.pairs().any(|(r, _)| r == *role), "{role}");
    }
    for action in Action::ALL {
        assert!(matrix.pairs().any(|(_, a)| a == *action), "{action}");
    }
}

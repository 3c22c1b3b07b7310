//! Laws that hold whatever the tables say.

use pipeline_access::{
    AccessError, Action, Actor, Consent, Decision, DenyReason, Flag, Folder, Obligation, Obligations, Reason, Relation, Release, Resource,
    Role, Scope, Withholding, circumstances, decide,
};
use pipeline_domain::{AddressProtection, Lang};

use crate::made::{CONSENTS, PROTECTIONS, every_question, every_related_question};

const CONTENT: [Action; 6] =
    [Action::ReadPlan, Action::WritePlan, Action::ReadMinutes, Action::WriteMinutes, Action::Print, Action::Export];
const OVERSIGHT: [Role; 3] = [Role::ProfessionalLead, Role::LocalAdmin, Role::Admin];

/// The narrower question allows no more, and asks for no less, than the wider one.
fn narrower(actor: &Actor, action: Action, narrow: &Resource, wide: &Resource) {
    if let Decision::Allow { obligations: owed } = decide(actor, action, narrow) {
        match decide(actor, action, wide) {
            Decision::Allow { obligations } => assert!(owed.holds_all(obligations), "{actor:?} {action} {narrow:?}"),
            Decision::Deny { reason } => panic!("{actor:?} {action} {narrow:?}: allowed, but {reason} for {wide:?}"),
        }
    }
}

#[test]
fn nobody_sees_more_when_the_consent_has_ended_or_is_not_given() {
    every_related_question(|actor, action, resource| {
        let valid = Resource { consent: Consent::Valid, ..*resource };
        narrower(actor, action, resource, &valid);
        if matches!(resource.consent, Consent::Withdrawn | Consent::Expired) {
            narrower(actor, action, resource, &Resource { consent: Consent::NotGiven, ..*resource });
        }
    });
}

#[test]
fn withdrawn_and_expired_are_alike_but_for_the_reason() {
    every_related_question(|actor, action, resource| {
        if resource.consent == Consent::Withdrawn {
            let other = decide(actor, action, &Resource { consent: Consent::Expired, ..*resource });
            match decide(actor, action, resource) {
                Decision::Deny { reason: DenyReason::ConsentWithdrawn } => {
                    assert_eq!(other, Decision::Deny { reason: DenyReason::ConsentExpired });
                }
                same => assert_eq!(other, same),
            }
        }
    });
}

#[test]
fn a_restriction_never_opens_anything() {
    every_related_question(|actor, action, resource| {
        let mut wider = vec![
            Resource { scope: Scope::Within, ..*resource },
            Resource { withholding: Withholding::Shown, ..*resource },
            Resource { release: Release::Released, ..*resource },
            Resource { protection: AddressProtection::None, ..*resource },
        ];
        if resource.protection == AddressProtection::StrictlyConfidential {
            wider.push(Resource { protection: AddressProtection::Confidential, ..*resource });
        }
        // A closed folder restricts everything but the one action that is about closed folders.
        if action != Action::ReopenPlan {
            wider.push(Resource { folder: Folder::Open, ..*resource });
        }
        for wide in &wider {
            narrower(actor, action, resource, wide);
        }
        if actor.reason == Reason::Unstated {
            let stated = decide(&Actor { reason: Reason::Stated, ..*actor }, action, resource);
            assert!(!decide(actor, action, resource).is_allowed() || stated == decide(actor, action, resource));
        }
    });
}

#[test]
fn an_archivist_never_sees_or_touches_content() {
    every_related_question(|actor, action, resource| {
        if actor.role == Role::Archivist && action != Action::ReadPackages {
            assert_eq!(decide(actor, action, resource), Decision::Deny { reason: DenyReason::NotInRole });
        }
    });
}

#[test]
fn contact_data_of_others_stays_from_the_subject_side_and_participants() {
    let kept_from = [Role::Subject, Role::PlanOwner, Role::Guardian, Role::LegalGuardian, Role::Participant];
    every_related_question(|actor, action, resource| {
        let decision = decide(actor, action, resource);
        if kept_from.contains(&actor.role) && action == Action::ReadContact {
            assert_eq!(decision, Decision::Deny { reason: DenyReason::NotInRole });
        }
        // Never printed, for anybody; and cut away from what those five read or work on.
        let shows = [Action::ReadPlan, Action::WritePlan, Action::ReadMinutes, Action::ReadConsent].contains(&action);
        if let Decision::Allow { obligations } = decision
            && (matches!(action, Action::Print | Action::Export) || kept_from.contains(&actor.role) && shows)
        {
            assert!(obligations.holds(Obligation::LeaveOutContacts), "{actor:?} {action}");
        }
    });
}

#[test]
fn every_oversight_read_print_and_export_is_logged_with_a_reason() {
    let looks = [Action::ReadPlan, Action::ReadMinutes, Action::ReadContact, Action::ReadConsent];
    every_related_question(|actor, action, resource| {
        let oversight = OVERSIGHT.contains(&actor.role);
        let out = matches!(action, Action::Print | Action::Export);
        if let Decision::Allow { obligations } = decide(actor, action, resource) {
            if oversight {
                assert!(obligations.holds(Obligation::WriteAccessLog), "{actor:?} {action}");
            }
            if out || oversight && looks.contains(&action) {
                assert_eq!(actor.reason, Reason::Stated, "{actor:?} {action}");
                assert!(obligations.holds(Obligation::WriteAccessLog) && obligations.holds(Obligation::NoteReason), "{actor:?} {action}");
            }
            if out {
                assert!(obligations.holds(Obligation::OwnView) && obligations.holds(Obligation::CheckAgain), "{actor:?} {action}");
            }
        }
    });
}

#[test]
fn without_a_relation_there_is_nothing() {
    every_question(|actor, action, resource| {
        if actor.relation == Relation::Unrelated {
            let decision = decide(actor, action, resource);
            assert!(
                matches!(decision, Decision::Deny { reason: DenyReason::NotInRole | DenyReason::NoRelation }),
                "{actor:?} {action}: {decision:?}"
            );
        }
    });
}

#[test]
fn under_strict_protection_no_address_and_no_place_leaves() {
    every_related_question(|actor, action, resource| {
        let shows = CONTENT[..1].contains(&action)
            || matches!(
                action,
                Action::ReadMinutes | Action::ReadContact | Action::ReadConsent | Action::Print | Action::Export | Action::ReadPackages
            )
            || action == Action::WritePackages;
        if let Decision::Allow { obligations } = decide(actor, action, resource)
            && shows
        {
            assert_eq!(obligations.holds(Obligation::LeaveOutAddress), resource.protection != AddressProtection::None);
            assert_eq!(obligations.holds(Obligation::LeaveOutPlaces), resource.protection.hides_places());
        }
    });
}

#[test]
fn a_closed_plan_is_edited_by_none_and_read_by_few() {
    let edits = [Action::WritePlan, Action::WriteMinutes, Action::WriteConsent, Action::ApproveConsent, Action::WritePackages];
    every_related_question(|actor, action, resource| {
        if resource.folder == Folder::Closed && (edits.contains(&action) || actor.role == Role::Participant) {
            assert!(!decide(actor, action, resource).is_allowed(), "{actor:?} {action}");
        }
    });
}

#[test]
fn a_consent_can_always_be_withdrawn_by_somebody() {
    for age in pipeline_access::Age::ALL {
        for (matter, consent, protection) in pipeline_access::Matter::ALL
            .into_iter()
            .flat_map(|m| CONSENTS.into_iter().flat_map(move |c| PROTECTIONS.into_iter().map(move |p| (m, c, p))))
        {
            for folder in [Folder::Open, Folder::Closed] {
                let resource = Resource { age, matter, consent, protection, folder, ..Resource::PLAIN };
                let may = |role, relation| decide(&Actor::new(role, relation), Action::WithdrawConsent, &resource).is_allowed();
                let (subject, guardian) = (may(Role::Subject, Relation::OwnPlan), may(Role::Guardian, Relation::OwnChild));
                assert!(subject != guardian, "one of them, never both: {resource:?}");
            }
        }
    }
}

#[test]
fn the_most_lasting_obstacle_is_named_first() {
    let check = |role: Role, action: Action, flags: &[Flag], expected: DenyReason| {
        let (actor, resource) = circumstances(role, None, flags).unwrap();
        assert_eq!(decide(&actor, action, &resource), Decision::Deny { reason: expected }, "{role} {action} {flags:?}");
    };
    check(Role::Participant, Action::Print, &[Flag::FolderClosed, Flag::ConsentWithdrawn], DenyReason::FolderClosed);
    check(Role::Participant, Action::Print, &[Flag::ConsentWithdrawn, Flag::OutsideScope], DenyReason::ConsentWithdrawn);
    check(Role::Participant, Action::Print, &[Flag::OutsideScope], DenyReason::OutsideScope);
    check(Role::Participant, Action::Print, &[], DenyReason::ReasonMissing);
    check(Role::Guardian, Action::Export, &[Flag::Age18, Flag::AddressConfidential], DenyReason::SubjectOfAge);
    check(Role::Guardian, Action::Export, &[Flag::Age16, Flag::AddressConfidential], DenyReason::SubjectActs);
    check(Role::Guardian, Action::Export, &[Flag::Age12, Flag::AddressConfidential], DenyReason::NotReleased);
    check(Role::Archivist, Action::ReadPlan, &[Flag::FolderClosed], DenyReason::NotInRole);
}

#[test]
fn flags_make_facts_and_contradictions_are_refused() {
    let (actor, resource) = circumstances(Role::Guardian, None, &[Flag::Schooling, Flag::Age15, Flag::ReasonStated]).unwrap();
    assert_eq!(actor, Actor { reason: Reason::Stated, ..Actor::new(Role::Guardian, Relation::OwnChild) });
    assert_eq!(resource.age, pipeline_access::Age::From15);
    assert_eq!(resource.matter, pipeline_access::Matter::Schooling);
    let twice = circumstances(Role::Guardian, None, &[Flag::Age15, Flag::Age15]).unwrap();
    assert_eq!(twice.1, Resource { age: pipeline_access::Age::From15, ..Resource::PLAIN });
    for (first, second) in [
        (Flag::ConsentValid, Flag::ConsentExpired),
        (Flag::Age12, Flag::Age18),
        (Flag::AddressConfidential, Flag::AddressStrictlyConfidential),
    ] {
        let refused = circumstances(Role::Guardian, None, &[first, Flag::Withheld, second]);
        assert_eq!(refused, Err(AccessError::FlagsContradict { first, second }));
    }
}

/// Each flag changes something, and together they reach every value of every fact.
#[test]
fn every_flag_is_a_fact_of_its_own() {
    let plain = circumstances(Role::Archivist, None, &[]).unwrap();
    for flag in Flag::ALL {
        let (mut actor, mut resource) = plain;
        // From a state that no flag stands for by itself, so that flags for the plain state show too.
        resource.consent = if *flag == Flag::ConsentValid { Consent::Expired } else { resource.consent };
        resource.age = if *flag == Flag::Age18 { pipeline_access::Age::Under12 } else { resource.age };
        let before = (actor, resource);
        flag.put(&mut actor, &mut resource);
        assert_ne!((actor, resource), before, "{flag}");
    }
}

#[test]
fn every_text_is_there_in_three_languages_and_ends_as_it_should() {
    for lang in [Lang::Nb, Lang::Nn, Lang::En] {
        for reason in DenyReason::ALL {
            assert!(reason.text(lang).ends_with('.') && reason.text(lang).len() > 20, "{reason}");
        }
        for one in Obligation::ALL {
            assert!(one.text(lang).ends_with('.'), "{one}");
        }
        let words = Role::ALL.iter().map(|r| r.text(lang)).chain(Action::ALL.iter().map(|a| a.text(lang)));
        let words = words.chain(Relation::ALL.iter().map(|r| r.text(lang))).chain(Flag::ALL.iter().map(|f| f.text(lang)));
        for word in words {
            assert!(!word.is_empty() && !word.ends_with('.') && word.trim() == word, "{word}");
        }
    }
}

#[test]
fn sets_of_obligations_hold_what_was_put_in() {
    let some: Obligations = [Obligation::Watermark, Obligation::WriteAccessLog].into_iter().collect();
    assert_eq!(some.iter().collect::<Vec<_>>(), [Obligation::WriteAccessLog, Obligation::Watermark]);
    assert!(some.holds_all(Obligations::NONE.with(Obligation::Watermark)) && !Obligations::NONE.holds_all(some));
    let all: Obligations = Obligation::ALL.iter().copied().collect();
    assert_eq!(all.iter().count(), Obligation::ALL.len());
}

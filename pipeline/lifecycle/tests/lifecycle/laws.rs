//! What holds for every set of facts.

use pipeline_domain::{
    About, AddressProtection, ConsentState, DocumentKind, EventName, Fact, FactKind, MeetingReply, MeetingState, NoticeKind, PlanStatus,
    RecipientRef, Timestamp, TransferDestination, UnitId,
};
use pipeline_lifecycle::{Life, duties, hindrances_to_closing, may_be_told, reminders};
use proptest::{collection::vec, option, prelude::*, sample::select};
use uuid::Uuid;

use crate::made::{actor, at, day, matter, year};

/// Some days around a school year's end, few enough that facts meet in one second.
fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..500, select(vec![0_i64, 1, 3600, 43_200])).prop_map(|(days, seconds)| {
        let from = at("2026-08-01T00:00:00+02:00").unix_seconds();
        Timestamp::from_unix_seconds(from + days * 86_400 + seconds).unwrap()
    })
}

fn kind() -> impl Strategy<Value = FactKind> {
    prop_oneof![
        select(EventName::ALL).prop_map(FactKind::Event),
        select(DocumentKind::ALL.to_vec()).prop_map(FactKind::Document),
        select(vec![
            FactKind::Event(EventName::ConsentRequested),
            FactKind::Event(EventName::ConsentWithdrawn),
            FactKind::Event(EventName::MeetingAnswered),
            FactKind::Document(DocumentKind::MeetingInvitation),
            FactKind::Document(DocumentKind::ConsentRecord),
            FactKind::Document(DocumentKind::ClosingNote),
            FactKind::Document(DocumentKind::ReopeningNote),
        ]),
    ]
}

fn about() -> impl Strategy<Value = About> {
    let ids = (option::of(0_u128..4), option::of(0_u128..3), option::of(0_u128..3), option::of(0_u128..2));
    let reply = select(vec![MeetingReply::None, MeetingReply::Accepted, MeetingReply::Tentative, MeetingReply::Declined]);
    let days = (option::of(0_u32..500), vec(0_u32..500, 0..3), option::of(instant()), option::of(reply));
    let states = (
        option::of(select(vec![ConsentState::Draft, ConsentState::Approved, ConsentState::Withdrawn, ConsentState::Expired])),
        option::of(select(vec![MeetingState::Planned, MeetingState::Cancelled])),
        option::of(select(vec!["2025/2026", "2026/2027"])),
        option::of(select(vec![TransferDestination::SameSchool, TransferDestination::OtherMunicipality])),
        option::of(select(vec![PlanStatus::Active, PlanStatus::Suspended, PlanStatus::Passive])),
        select(vec![AddressProtection::None, AddressProtection::StrictlyConfidential]),
    );
    (ids, days, states).prop_map(
        |((m, a, lead, unit), (due, revisions, begins, reply), (consent, meeting, in_year, to, status, protection))| {
            let on = |n: u32| pipeline_domain::Date::from_naive(day("2026-08-01").naive() + chrono::Days::new(n.into()));
            About {
                matter: m.map(matter),
                actor: a.map(actor),
                lead: lead.map(actor),
                unit: unit.map(|n| UnitId::from_uuid(Uuid::from_u128(n))),
                due: due.map(on),
                revisions: revisions.into_iter().map(on).collect(),
                begins,
                ends: begins,
                consent,
                meeting,
                reply,
                school_year: in_year.map(year),
                destination: to,
                closed: None,
                status,
                protection,
            }
        },
    )
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    vec((kind(), instant(), about()).prop_map(|(kind, at, about)| Fact { kind, at, about }), 0..40)
}

proptest! {
    #[test]
    fn order_and_repetition_make_no_difference(
        (facts, shuffled) in facts().prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        again in vec(any::<prop::sample::Index>(), 0..20),
        now in instant(),
    ) {
        let mut told = shuffled.clone();
        if !shuffled.is_empty() {
            told.extend(again.iter().map(|n| n.get(&shuffled).clone()));
        }
        let (life, other) = (Life::of(&facts), Life::of(&told));
        prop_assert_eq!(&life, &other);
        prop_assert_eq!(duties(&life, now), duties(&other, now));
        prop_assert_eq!(reminders(&life, now), reminders(&other, now));
    }

    #[test]
    fn a_closed_plan_owes_nothing_and_reminds_nobody(facts in facts(), now in instant()) {
        let mut facts = facts;
        facts.push(crate::made::closed("2029-01-01"));
        let life = Life::of(&facts);
        prop_assert!(life.is_closed());
        prop_assert_eq!(duties(&life, now), vec![]);
        prop_assert_eq!(reminders(&life, now), vec![]);
    }

    #[test]
    fn those_who_decide_and_those_who_lead_are_always_told(facts in facts(), now in instant()) {
        let life = Life::of(&facts);
        for kind in NoticeKind::ALL {
            for who in [RecipientRef::Subject, RecipientRef::Guardian(1), RecipientRef::Lead] {
                prop_assert_eq!(may_be_told(&life, kind, who, now), Ok(()));
            }
            let told = may_be_told(&life, NoticeKind::NewMessage, RecipientRef::Recipient(0), now);
            prop_assert_eq!(told.is_err(), life.is_suspended(now));
        }
    }

    #[test]
    fn keys_tell_reminders_apart(facts in facts(), now in instant()) {
        let reminders = reminders(&Life::of(&facts), now);
        let keys: std::collections::BTreeSet<_> =
            reminders.iter().map(|r| (r.dedupe_key(RecipientRef::Guardian(12)), r.whom)).collect();
        prop_assert_eq!(keys.len(), reminders.len());
        prop_assert!(keys.iter().all(|(key, _)| key.len() < 200 && key.is_ascii()));
    }

    #[test]
    fn minutes_and_consents_hinder_as_they_are_owed(facts in facts(), now in instant(), waiting in 0_u32..3) {
        let life = Life::of(&facts);
        let hindrances = hindrances_to_closing(&life, waiting);
        if !life.is_closed() {
            use pipeline_lifecycle::Duty::{UnansweredConsent, UnsentMinutes};
            let owed = duties(&life, now).into_iter().filter(|d| matches!(d, UnansweredConsent { .. } | UnsentMinutes { .. })).count();
            prop_assert_eq!(hindrances.len(), owed + usize::from(waiting > 0));
        }
    }
}

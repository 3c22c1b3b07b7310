//! Laws of a delivery: whatever the order, whatever is repeated.

use pipeline_arkivmelding::{
    Answer, Delivery, Dialect, Happening, MessageId, Next, Receipt, ReceiverIds, ReceiverUnit, Refusal, RefusalReason, Sending, Standing,
};
use pipeline_domain::{ErrorCode, Timestamp};
use proptest::prelude::*;

use crate::receipts::{message, subject};

const DIALECT: Dialect = Dialect::FiksArkivV1;
const HOURS: u32 = 72;

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-09-01T09:00:00+02:00".parse().unwrap();
    Timestamp::from_unix_seconds(start.unix_seconds() + minutes * 60).unwrap()
}

fn dropped(sending: u32, minutes: i64) -> Happening {
    Happening::Dropped { sending: Sending(sending), at: at(minutes) }
}

fn arrived(sending: u32, answer: Answer, minutes: i64) -> Happening {
    Happening::Arrived { receipt: Receipt { message: message(sending, DIALECT), answer }, at: at(minutes) }
}

fn refused(reason: RefusalReason) -> Answer {
    Answer::Refused(Refusal { reason, reference: None })
}

fn accepted(number: &str) -> Answer {
    let unit = ReceiverUnit { number: Some(number.to_owned()), ..ReceiverUnit::default() };
    Answer::Accepted(ReceiverIds { registration: Some(unit), ..ReceiverIds::default() })
}

fn after(happenings: &[Happening]) -> Delivery {
    let mut delivery = Delivery::new(subject(), DIALECT);
    for happening in happenings {
        delivery.record(happening.clone());
    }
    delivery
}

/// What is done at this minute.
fn check(happenings: &[Happening], minutes: i64, expected: Next) {
    assert_eq!(after(happenings).next(at(minutes), HOURS), expected, "{happenings:?} at {minutes}");
}

#[test]
fn one_way_through() {
    check(&[], 0, Next::Send(Sending(1)));
    let mut life = vec![dropped(1, 0)];
    check(&life, 1, Next::WaitUntil(at(72 * 60)));
    life.push(arrived(1, Answer::Received, 2));
    check(&life, 3, Next::WaitUntil(at(72 * 60)));
    assert!(matches!(after(&life).standing(at(3), HOURS), Standing::Received { .. }));
    check(&life, 72 * 60, Next::TellPerson(ErrorCode::DeliveryDoubtful));
    life.push(arrived(1, accepted("2026/1-1"), 99 * 60));
    check(&life, 100 * 60, Next::Done);
    assert_eq!(after(&life).accepted().unwrap().registration.as_ref().unwrap().number.as_deref(), Some("2026/1-1"));
}

#[test]
fn a_fault_of_the_receivers_own_is_tried_again_and_again_more_seldom() {
    let mut life = Vec::new();
    for (sending, pause) in (1..8).zip([15, 30, 60, 120, 240, 480, 960]) {
        life.extend([dropped(sending, 0), arrived(sending, refused(RefusalReason::ServerError), 1)]);
        check(&life, 2, Next::WaitUntil(at(pause)));
        check(&life, pause, Next::Send(Sending(sending + 1)));
    }
    life.extend([dropped(8, 0), arrived(8, refused(RefusalReason::ServerError), 1)]);
    check(&life, 9999, Next::TellPerson(ErrorCode::DeliveryRefused));
}

#[test]
fn a_person_may_ask_again_after_a_refusal_or_a_doubt() {
    let mut life = vec![dropped(1, 0), arrived(1, refused(RefusalReason::InvalidRequest), 1)];
    check(&life, 2, Next::TellPerson(ErrorCode::DeliveryRefused));
    life.push(Happening::AskedAgain { after: Sending(1) });
    check(&life, 2, Next::Send(Sending(2)));
    life.push(dropped(2, 3));
    check(&life, 4, Next::WaitUntil(at(72 * 60 + 3)));
    // Asking about the first once more is the same wish.
    life.push(Happening::AskedAgain { after: Sending(1) });
    check(&life, 4, Next::WaitUntil(at(72 * 60 + 3)));
    check(&[dropped(1, 0), Happening::AskedAgain { after: Sending(1) }], 80 * 60, Next::Send(Sending(2)));
    let last = Sending::LAST;
    let spent = [Happening::Dropped { sending: last, at: at(0) }, Happening::AskedAgain { after: last }];
    check(&spent, 80 * 60, Next::TellPerson(ErrorCode::DeliveryDoubtful));
}

#[test]
fn what_was_accepted_stays_accepted() {
    let twice = [dropped(1, 0), dropped(2, 5), arrived(2, refused(RefusalReason::Error), 6), arrived(1, accepted("1"), 9)];
    check(&twice, 10, Next::Done);
    assert!(!after(&twice).is_archived_twice());
    let both = [arrived(2, accepted("2"), 6), arrived(1, accepted("1"), 9)];
    check(&both, 10, Next::Done);
    assert!(after(&both).is_archived_twice(), "two registrations of one document: a person must tidy up");
    assert!(!after(&[arrived(2, accepted("1"), 6), arrived(1, accepted("1"), 9)]).is_archived_twice());
}

#[test]
fn receipts_to_others_change_nothing() {
    let mut delivery = after(&[dropped(1, 0)]);
    let before = delivery.clone();
    let other = MessageId::of(subject(), Dialect::Digdir, Sending(1));
    assert!(!delivery.record(Happening::Arrived { receipt: Receipt { message: other, answer: accepted("1") }, at: at(1) }));
    assert_eq!(delivery, before);
    assert_eq!((delivery.sending_of(message(3, DIALECT)), delivery.sending_of(other)), (Some(Sending(3)), None));
}

#[test]
fn an_answer_before_the_drop_was_written_down() {
    check(&[arrived(1, Answer::Received, 5)], 6, Next::WaitUntil(at(72 * 60 + 5)));
    check(&[arrived(1, Answer::Received, 5), dropped(1, 0)], 6, Next::WaitUntil(at(72 * 60)));
}

fn happening() -> impl Strategy<Value = Happening> {
    let sending = 1u32..5;
    let answer = prop_oneof![
        Just(Answer::Received),
        prop::sample::select(vec![RefusalReason::ServerError, RefusalReason::InvalidRequest, RefusalReason::Error]).prop_map(refused),
        prop::sample::select(vec!["1", "2"]).prop_map(accepted),
    ];
    prop_oneof![
        (sending.clone(), 0i64..9000).prop_map(|(s, m)| dropped(s, m)),
        (sending.clone(), answer, 0i64..9000).prop_map(|(s, a, m)| arrived(s, a, m)),
        sending.prop_map(|s| Happening::AskedAgain { after: Sending(s) }),
    ]
}

proptest! {
    /// The same happenings in any order, any number of times, are one life.
    #[test]
    fn order_and_repetition_do_not_matter(
        (life, other) in prop::collection::vec(happening(), 0..12)
            .prop_flat_map(|life| (Just(life.clone()), Just([life.clone(), life].concat()).prop_shuffle())),
        minutes in 0i64..20_000,
    ) {
        let (one, two) = (after(&life), after(&other));
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(one.next(at(minutes), HOURS), two.next(at(minutes), HOURS));
    }

    /// What happens once changes something at most once; accepted is for ever; what is stored reads as it was written.
    #[test]
    fn a_delivery_only_grows(life in prop::collection::vec(happening(), 0..12), more in happening(), minutes in 0i64..20_000) {
        let mut delivery = after(&life);
        let was_done = delivery.next(at(minutes), HOURS) == Next::Done;
        delivery.record(more.clone());
        prop_assert!(!delivery.record(more));
        prop_assert!(!was_done || delivery.next(at(minutes), HOURS) == Next::Done);
        let stored = serde_json::to_string(&delivery).unwrap();
        prop_assert_eq!(serde_json::from_str::<Delivery>(&stored).unwrap(), delivery);
    }

    /// Nothing is sent twice: a sending that was dropped is never the next one.
    #[test]
    fn no_sending_is_sent_again(life in prop::collection::vec(happening(), 0..12), minutes in 0i64..20_000) {
        if let Next::Send(sending) = after(&life).next(at(minutes), HOURS) {
            let sent = life.iter().any(|h| matches!(h, Happening::Dropped { sending: s, .. } if *s >= sending));
            prop_assert!(!sent);
        }
    }
}

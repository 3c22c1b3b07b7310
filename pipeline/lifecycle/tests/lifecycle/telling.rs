//! Who may be told while no consent holds.

use pipeline_domain::{
    About,
    ErrorCode::{self, ConsentExpired, ConsentMissing},
    EventName, Fact,
    NoticeKind::*,
    RecipientRef,
};
use pipeline_lifecycle::{Life, may_be_told};

use crate::made::{actor, approved, asked, at, event, matter, minutes, of};

fn told(facts: &[Fact], now: &str, who: RecipientRef) -> Result<(), ErrorCode> {
    may_be_told(&Life::of(facts), NewMessage, who, at(now))
}

#[test]
fn whose_access_rests_on_a_consent_is_told_while_it_holds() {
    use RecipientRef::*;
    let given = || approved(1, "2026-09-01", "2027-06-30");
    let withdrawn = || [given(), event(EventName::ConsentWithdrawn, "2026-10-01T10:00:00+02:00", of(1))];
    for who in [Participant(0), Invited(2), Recipient(1), Requester] {
        assert_eq!(told(&[], "2026-09-02", who), Ok(()));
        assert_eq!(told(&[minutes(3, "2026-09-01", "2026-09-01")], "2026-09-02", who), Ok(()), "an IOP has no consents");
        assert_eq!(told(&[asked(1, "2026-08-01")], "2026-08-02", who), Err(ConsentMissing));
        assert_eq!(told(&[given()], "2027-06-30T23:59:59+02:00", who), Ok(()));
        assert_eq!(told(&[given()], "2027-07-01T00:00:00+02:00", who), Err(ConsentExpired));
        assert_eq!(told(&withdrawn(), "2026-10-01T10:00:00+02:00", who), Err(ConsentMissing));
    }
    for who in [Subject, Guardian(0), Lead, FormerLead, NewLead, ProfessionalLead, LocalAdmin, Archivist] {
        assert_eq!(told(&withdrawn(), "2026-10-02", who), Ok(()), "{who}");
        assert_eq!(told(&[given()], "2027-07-02", who), Ok(()), "{who}");
    }
}

#[test]
fn that_something_ends_is_told_all_the_same() {
    let life = Life::of(&[asked(1, "2026-08-01")]);
    for kind in pipeline_domain::NoticeKind::ALL {
        let ends = matches!(kind, ParticipantRemoved | MeetingCancelled | PlanClosed | ResponsibilityTransferred);
        assert_eq!(may_be_told(&life, kind, RecipientRef::Recipient(0), at("2026-08-02")).is_ok(), ends, "{kind:?}");
    }
}

#[test]
fn a_second_notice_is_for_what_was_neither_opened_nor_answered() {
    let opened = event(EventName::ContentOpened, "2026-09-05", About { actor: Some(actor(7)), ..of(1) });
    let check = |facts: &[Fact], kind, by, expected: bool| {
        assert_eq!(Life::of(facts).is_dealt_with(kind, matter(1), by, at("2026-09-01")), expected, "{kind:?} {by:?} {facts:#?}");
    };
    for kind in [MinutesReady, ConsentRequest] {
        check(std::slice::from_ref(&opened), kind, Some(actor(7)), true);
        check(std::slice::from_ref(&opened), kind, Some(actor(8)), false);
        check(std::slice::from_ref(&opened), kind, None, false);
    }
    check(&[asked(1, "2026-09-01")], ConsentRequest, None, false);
    check(&[asked(1, "2026-09-01"), approved(1, "2026-09-02", "2027-09-01")], ConsentRequest, None, true);
    check(&[asked(1, "2026-09-01"), approved(1, "2026-09-02", "2027-09-01")], MinutesReady, None, false);
}

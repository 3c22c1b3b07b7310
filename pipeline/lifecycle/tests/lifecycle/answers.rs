//! What those who are called to a meeting have last said of coming.

use pipeline_domain::{
    About, EventName, Fact,
    MeetingReply::{self, Accepted, Declined, None, Tentative},
};
use pipeline_lifecycle::Life;

use crate::made::{actor, event, invited, matter, of};

const BEGINS: &str = "2026-11-30T09:00:00+01:00";

fn answered(who: u128, when: &str, reply: MeetingReply) -> Fact {
    event(EventName::MeetingAnswered, when, About { actor: Some(actor(who)), reply: Some(reply), ..of(1) })
}

fn check(facts: &[Fact], written: MeetingReply, expected: MeetingReply) {
    assert_eq!(Life::of(facts).meetings.reply_of(matter(1), actor(7), written), expected, "{facts:#?}");
}

#[test]
fn the_last_word_counts() {
    let called = || invited(1, "2026-11-01", BEGINS);
    check(&[called()], Tentative, Tentative);
    check(&[called(), answered(7, "2026-11-02", Declined)], None, Declined);
    check(&[called(), answered(7, "2026-11-02", Declined), answered(7, "2026-11-03", Accepted)], None, Accepted);
    check(&[called(), answered(7, "2026-11-03", Declined), answered(7, "2026-11-02", Accepted)], None, Declined);
    // Somebody else's, and of another meeting.
    check(&[called(), answered(8, "2026-11-02", Declined)], None, None);
    let other = event(EventName::MeetingAnswered, "2026-11-02", About { actor: Some(actor(7)), reply: Some(Declined), ..of(2) });
    check(&[called(), other], None, None);
    // It may come before the invitation does.
    check(&[answered(7, "2026-11-02", Declined)], None, Declined);
}

#[test]
fn a_newer_invitation_says_what_it_knows_and_takes_nothing_back() {
    let before = || [invited(1, "2026-11-01", BEGINS), answered(7, "2026-11-02", Declined)];
    let again = [&before()[..], &[invited(1, "2026-11-10", BEGINS)]].concat();
    check(&again, Accepted, Accepted);
    check(&again, None, Declined);
    check(&[&again[..], &[answered(7, "2026-11-11", Tentative)]].concat(), Accepted, Tentative);
}

#[test]
fn who_answered_for_another_time_has_not_answered() {
    let moved =
        [invited(1, "2026-11-01", BEGINS), answered(7, "2026-11-02", Declined), invited(1, "2026-11-10", "2026-12-01T09:00:00+01:00")];
    check(&moved, None, None);
    check(&[&moved[..], &[answered(7, "2026-11-11", Accepted)]].concat(), None, Accepted);
}

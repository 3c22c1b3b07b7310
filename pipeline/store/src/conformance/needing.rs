//! Which files are needed still.

use std::collections::BTreeSet;

use pipeline_domain::{About, DocumentKind, ErrorCode, Fact, FactKind, NextStep, RecipientRef, Sha256};

use super::{
    Stand,
    sample::{accepted, at, document, event, event_notice, plan, taken},
};
use crate::{Claim, Documents, FactSource, MailOutcome, NewDocument, NewEvent, Outbox, Plans, Store};

/// Of these, sorted: the store answers in no order.
async fn needed<S: Store>(store: &S, of: &[Sha256], now: i64) -> BTreeSet<Sha256> {
    let found = store.needed(of, at(now)).await.unwrap();
    let set: BTreeSet<Sha256> = found.iter().copied().collect();
    assert_eq!(set.len(), found.len(), "each once");
    set
}

fn set(of: &[Sha256]) -> BTreeSet<Sha256> {
    of.iter().copied().collect()
}

/// Event `n` of plan 1, which tells contacts, at an instant.
fn telling(n: u32, happened: i64) -> NewEvent {
    NewEvent { plan: plan(1), tells_contacts: true, fact: Fact { at: at(happened), ..event(n).fact }, ..event(n) }
}

/// Document `n` of plan 1, of a kind, at an instant.
fn of_kind(n: u32, kind: DocumentKind, happened: i64) -> NewDocument {
    let fact = Fact { kind: FactKind::Document(kind), at: at(happened), about: About::default() };
    NewDocument { kind, plan: document(1).plan, fact, ..document(n) }
}

/// A mail of its own that waits, failed or is in doubt keeps an event; one that was accepted or delivered does not. Those of other
/// events do nothing, also when they are about the same plan.
pub async fn mail_that_is_open_keeps_its_event(stand: &impl Stand) {
    let store = stand.open().await;
    let not_sent = |next| MailOutcome::NotSent { code: ErrorCode::MailRefused, detail: "smtp 550".to_owned(), next };
    let outcomes = [
        None,
        Some((MailOutcome::Accepted, false)),
        Some((MailOutcome::Delivered, false)),
        Some((MailOutcome::Doubtful { detail: "reply timeout".to_owned() }, true)),
        Some((not_sent(NextStep::Failed), true)),
        Some((not_sent(NextStep::RetryAt(at(900))), true)),
    ];
    let digests: Vec<Sha256> = (0..=6).map(|n| event(n).digest).collect();
    let mut expected = set(&[event(0).digest]);
    for (n, outcome) in (0..).zip(outcomes) {
        let mail = event_notice(n, RecipientRef::Lead);
        let new = NewEvent { plan: plan(1), ..event(n) };
        store.accept_event(&new, std::slice::from_ref(&mail), &[], &[]).await.unwrap();
        let Some((outcome, keeps)) = outcome else { continue };
        assert!(needed(&store, &digests, 500).await.contains(&new.digest), "it is queued");
        assert!(matches!(store.claim_mail(&mail.dedupe_key, "m@example.org", at(200)).await.unwrap(), Claim::Yours(_)));
        assert!(needed(&store, &digests, 500).await.contains(&new.digest), "it is under way");
        store.record_mail(&mail.dedupe_key, &outcome, at(201)).await.unwrap();
        if keeps {
            expected.insert(new.digest);
        }
    }
    taken(&store, &NewEvent { plan: plan(1), ..event(6) }).await;
    assert_eq!(needed(&store, &digests, 500).await, expected);
    assert_eq!(needed(&store, &digests[1..3], 500).await, set(&[]), "only those that were asked for");
    // One of two mails is enough.
    let more = [event_notice(1, RecipientRef::Subject)];
    assert_eq!(store.queue_notices(&more, &[], &[], at(300)).await.unwrap(), 1);
    assert_eq!(needed(&store, &digests[1..3], 500).await, set(&digests[1..2]));
}

/// The newest that happened, not the newest that came; of those at one instant the one that came last; each plan its own.
pub async fn the_newest_contacts_are_kept(stand: &impl Stand) {
    let store = stand.open().await;
    let all: Vec<Sha256> = (1..=6).map(|n| event(n).digest).collect();
    taken(&store, &telling(1, 10)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&all[..1]));
    taken(&store, &NewEvent { tells_contacts: false, ..telling(2, 90) }).await;
    taken(&store, &telling(3, 30)).await;
    taken(&store, &telling(4, 20)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&all[2..3]));
    taken(&store, &telling(5, 30)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&all[4..5]));
    taken(&store, &NewEvent { plan: plan(2), ..telling(6, 5) }).await;
    assert_eq!(needed(&store, &all, 0).await, set(&all[4..6]));
    assert_eq!(needed(&store, &all[..4], 0).await, set(&[]));
}

/// From the closing note on, until a reopening note: by when they happened, whatever order they come in.
pub async fn a_closed_plan_keeps_no_contacts(stand: &impl Stand) {
    let store = stand.open().await;
    let all = [event(1).digest];
    taken(&store, &telling(1, 10)).await;
    taken(&store, &NewEvent { plan: plan(2), tells_contacts: true, ..event(2) }).await;
    accepted(&store, &of_kind(1, DocumentKind::ClosingNote, 40)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&[]));
    accepted(&store, &of_kind(2, DocumentKind::ReopeningNote, 30)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&[]), "it was closed again");
    accepted(&store, &of_kind(3, DocumentKind::MessageLog, 60)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&[]), "no other document reopens");
    accepted(&store, &of_kind(4, DocumentKind::ReopeningNote, 50)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&all));
    accepted(&store, &of_kind(5, DocumentKind::ClosingNote, 50)).await;
    assert_eq!(needed(&store, &all, 0).await, set(&[]), "of one instant, what came last");
    assert_eq!(needed(&store, &[event(2).digest], 0).await, set(&[event(2).digest]), "the other plan is open");
    // What has still to be sent is sent.
    store.queue_notices(&[event_notice(1, RecipientRef::Lead)], &[], &[], at(70)).await.unwrap();
    assert_eq!(needed(&store, &all, 0).await, set(&all));
}

/// A document is needed until its meeting is over; others are not, nor what nobody knows.
pub async fn an_invitation_is_kept_for_its_meeting(stand: &impl Stand) {
    let store = stand.open().await;
    let mut invitation = of_kind(1, DocumentKind::MeetingInvitation, 0);
    invitation.fact.about = About { begins: Some(at(400)), ends: Some(at(500)), ..About::default() };
    accepted(&store, &invitation).await;
    accepted(&store, &of_kind(2, DocumentKind::MeetingMinutes, 0)).await;
    taken(&store, &telling(1, 10)).await;
    let mut asked: Vec<Sha256> = (1..=1000).map(|n| document(n).digest).collect();
    assert_eq!(needed(&store, &asked, 499).await, set(&[invitation.digest]));
    assert_eq!(needed(&store, &asked, 500).await, set(&[]));
    asked.push(event(1).digest);
    assert_eq!(needed(&store, &asked, 0).await, set(&[invitation.digest, event(1).digest]));
    assert_eq!(needed(&store, &[], 0).await, set(&[]));
    let facts = store.facts_of(&store.folder_of(&plan(1)).await.unwrap().unwrap().id).await.unwrap();
    assert_eq!(facts.iter().filter(|f| matches!(f.source, FactSource::Document(_))).count(), 2);
}

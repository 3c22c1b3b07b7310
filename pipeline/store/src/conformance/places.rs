//! The one place that a person has.

use pipeline_domain::{About, CaseFolderId, DocumentKind, Fact, FactKind, RecipientRef, Sha256};
use tokio::task::JoinSet;

use super::{
    Stand,
    jobs_sample::{Dice, with_key},
    sample::{accepted, at, document, event, event_id, event_notice, key, plan, slot, taken},
};
use crate::{
    Acceptance, DocumentFilter, Documents, EventAcceptance, JobFilter, Jobs, MailFilter, NewDocument, NewEvent, Outbox, Plans, Runs,
    SlotChange, Store, nothing_follows,
};

/// Content of its own, in a plan.
fn of_plan(n: u32, of: u32, slot: SlotChange) -> NewDocument {
    NewDocument { plan: document(of).plan, slot, ..document(n) }
}

fn event_of(n: u32, of: u32, slot: SlotChange) -> NewEvent {
    NewEvent { plan: plan(of), slot, ..event(n) }
}

async fn offer<S: Store>(store: &S, new: &NewDocument) -> Acceptance {
    store.accept(new, nothing_follows).await.unwrap()
}

async fn offer_event<S: Store>(store: &S, new: &NewEvent) -> EventAcceptance {
    store.accept_event(new, &[], &[], &[]).await.unwrap()
}

/// Another plan's document or event is turned away without a trace, and taken later, under the same id, when the place is free.
pub async fn a_place_that_is_taken(stand: &impl Stand) {
    let store = stand.open().await;
    let folder = accepted(&store, &of_plan(1, 1, SlotChange::Claim(slot(1)))).await.folder;
    let late = of_plan(2, 2, SlotChange::Claim(slot(1)));
    let late_event = event_of(3, 3, SlotChange::Claim(slot(1)));
    for _ in 0..2 {
        assert_eq!(offer(&store, &late).await, Acceptance::SlotTaken(folder.clone()));
        let brought = [event_notice(3, RecipientRef::Lead)];
        let answer = store.accept_event(&late_event, &brought, &[], &[with_key(1, "k")]).await.unwrap();
        assert_eq!(answer, EventAcceptance::SlotTaken(folder.clone()));
    }
    assert_eq!(store.document(key(2)).await.unwrap(), None);
    assert_eq!(store.event(event_id(3)).await.unwrap(), None);
    assert_eq!((store.folders().await.unwrap().len(), store.counts().await.unwrap().mails.queued), (1, 0));
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap().len(), 0);

    let mut closing = of_plan(4, 1, SlotChange::Release);
    closing.kind = DocumentKind::ClosingNote;
    closing.fact = Fact { kind: FactKind::Document(DocumentKind::ClosingNote), at: at(9), about: About::default() };
    accepted(&store, &closing).await;
    let reservation = accepted(&store, &late).await;
    assert_eq!((reservation.folder.sequence, reservation.journal.sequence), (2, 3), "a refusal takes no number");
    assert_eq!(offer_event(&store, &late_event).await, EventAcceptance::SlotTaken(reservation.folder));
    let other = event_of(5, 1, SlotChange::Claim(slot(1)));
    assert!(matches!(offer_event(&store, &other).await, EventAcceptance::SlotTaken(_)), "the closed plan has it no more");
}

/// What a plan has it may claim again; when it claims another place, the first is free. Who keeps or gives back what it has not
/// changes nothing.
pub async fn a_plan_has_one_place(stand: &impl Stand) {
    let store = stand.open().await;
    let first = taken(&store, &event_of(1, 1, SlotChange::Claim(slot(1)))).await;
    accepted(&store, &of_plan(1, 1, SlotChange::Claim(slot(1)))).await;
    accepted(&store, &of_plan(2, 1, SlotChange::Keep)).await;
    taken(&store, &event_of(2, 2, SlotChange::Release)).await;
    assert_eq!(offer(&store, &of_plan(3, 2, SlotChange::Claim(slot(1)))).await, Acceptance::SlotTaken(first.clone()));
    // A D-number was replaced: the same person, another place.
    taken(&store, &event_of(3, 1, SlotChange::Claim(slot(2)))).await;
    assert_eq!(offer(&store, &of_plan(4, 2, SlotChange::Claim(slot(2)))).await, Acceptance::SlotTaken(first.clone()));
    let second = accepted(&store, &of_plan(5, 2, SlotChange::Claim(slot(1)))).await.folder;
    // One that wants another's keeps what it has.
    assert_eq!(offer_event(&store, &event_of(6, 2, SlotChange::Claim(slot(2)))).await, EventAcceptance::SlotTaken(first));
    assert_eq!(offer_event(&store, &event_of(7, 1, SlotChange::Claim(slot(1)))).await, EventAcceptance::SlotTaken(second));
}

/// Neither a known document, nor a known event, nor a reused id gives or takes a place.
pub async fn what_is_known_moves_no_place(stand: &impl Stand) {
    let store = stand.open().await;
    let folder = accepted(&store, &of_plan(1, 1, SlotChange::Claim(slot(1)))).await.folder;
    taken(&store, &event_of(1, 1, SlotChange::Keep)).await;
    for change in [SlotChange::Release, SlotChange::Claim(slot(2))] {
        assert!(matches!(offer(&store, &of_plan(1, 1, change)).await, Acceptance::Known(_)));
        let reused = NewDocument { digest: Sha256::of(b"other"), ..of_plan(1, 1, change) };
        assert_eq!(offer(&store, &reused).await, Acceptance::IdReused);
        assert!(matches!(offer_event(&store, &event_of(1, 1, change)).await, EventAcceptance::Known(_)));
        let reused = NewEvent { digest: Sha256::of(b"another"), ..event_of(1, 1, change) };
        assert_eq!(offer_event(&store, &reused).await, EventAcceptance::IdReused);
    }
    assert_eq!(offer(&store, &of_plan(2, 2, SlotChange::Claim(slot(1)))).await, Acceptance::SlotTaken(folder));
    accepted(&store, &of_plan(3, 3, SlotChange::Claim(slot(2)))).await;
    // Known also for one that could not have the place any more.
    assert!(matches!(offer(&store, &of_plan(1, 1, SlotChange::Claim(slot(2)))).await, Acceptance::Known(_)));
}

/// Forty plans, by documents and by events, want one place: one gets it, and only it has a folder.
pub async fn many_claim_one_place(stand: &impl Stand) {
    let store = stand.open().await;
    let mut tasks: JoinSet<Result<CaseFolderId, CaseFolderId>> = JoinSet::new();
    for n in 1..=40 {
        let store = store.clone();
        let claim = SlotChange::Claim(slot(1));
        tasks.spawn(async move {
            match n % 2 {
                0 => match offer(&store, &of_plan(n, n, claim)).await {
                    Acceptance::New(reservation) => Ok(reservation.folder),
                    Acceptance::SlotTaken(folder) => Err(folder),
                    other => panic!("{other:?}"),
                },
                _ => match offer_event(&store, &event_of(n, n, claim)).await {
                    EventAcceptance::New(folder) => Ok(folder),
                    EventAcceptance::SlotTaken(folder) => Err(folder),
                    other => panic!("{other:?}"),
                },
            }
        });
    }
    let answers = tasks.join_all().await;
    let winners: Vec<_> = answers.iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert!(answers.iter().filter_map(|a| a.as_ref().err()).all(|holder| holder == winners[0]));
    let folders = store.folders().await.unwrap();
    assert_eq!((folders.len(), &folders[0].id), (1, winners[0]));
}

/// Random documents and events of six plans that want three places, held against a list of who has what.
pub async fn random_claims_follow_the_model(stand: &impl Stand) {
    let store = stand.open().await;
    let mut dice = Dice::new(7);
    let mut holders: Vec<(u32, u32)> = Vec::new();
    let mut events = Vec::new();
    for n in 1..=150 {
        let of = 1000 + u32::try_from(dice.roll(6)).unwrap();
        let wanted = u32::try_from(dice.roll(3)).unwrap();
        let change = dice.pick(&[SlotChange::Keep, SlotChange::Claim(slot(wanted)), SlotChange::Claim(slot(wanted)), SlotChange::Release]);
        let claims = matches!(change, SlotChange::Claim(_));
        let free = !claims || holders.iter().all(|(place, holder)| *place != wanted || *holder == of);
        let is_event = dice.roll(2) == 0;
        let is_new = match is_event {
            true => matches!(offer_event(&store, &event_of(n, of, change)).await, EventAcceptance::New(_)),
            false => matches!(offer(&store, &of_plan(n, of, change)).await, Acceptance::New(_)),
        };
        assert_eq!(is_new, free, "step {n}: {change:?} of plan {of}, {holders:?}");
        if is_new && change != SlotChange::Keep {
            holders.retain(|(_, holder)| *holder != of);
        }
        if is_new && claims {
            holders.push((wanted, of));
        }
        if is_new {
            events.push((of, is_event, n));
        }
    }
    for of in 1000..1006 {
        let Some(folder) = store.folder_of(&plan(of)).await.unwrap() else { continue };
        let facts = store.facts_of(&folder.id).await.unwrap();
        let expected: Vec<_> = events.iter().filter(|(plan, ..)| *plan == of).collect();
        assert_eq!(facts.len(), expected.len());
        for (_, is_event, n) in expected {
            let digest = if *is_event { event(*n).digest } else { document(*n).digest };
            assert!(facts.iter().any(|f| f.digest == digest && f.source.event().is_some() == *is_event));
        }
    }
    assert_eq!(store.documents(&DocumentFilter::default(), 1000).await.unwrap().len(), events.iter().filter(|e| !e.1).count());
    assert_eq!(store.mails(&MailFilter::default(), 10).await.unwrap(), []);
}

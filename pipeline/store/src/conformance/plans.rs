//! Taking events in, and what is remembered of them and of documents.

use pipeline_domain::{
    About, ActorId, AddressProtection, CaseFolderId, Date, DocumentId, DocumentKind, EventId, EventName, Fact, FactKind, MeetingReply,
    NoticeKind, PlanStatus, RecipientRef, Sha256, UnitId,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    Stand,
    jobs_sample::{put, with_key},
    sample::{accepted, archived, at, document, event, event_id, event_notice, key, notice, plan, slot, taken},
};
use crate::{
    Documents, EventAcceptance, FactRow, FactSource, JobFilter, Jobs, MailFilter, MailState, NewEvent, NewJob, Outbox, PaperItem, Plans,
    Runs, SlotChange, Store, StoreError, nothing_follows,
};

async fn folders<S: Store>(store: &S) -> usize {
    store.folders().await.unwrap().len()
}

async fn jobs<S: Store>(store: &S) -> usize {
    store.jobs(&JobFilter::default(), 1000).await.unwrap().len()
}

async fn mails<S: Store>(store: &S) -> usize {
    store.mails(&MailFilter::default(), 1000).await.unwrap().len()
}

/// The folder is the plan's for ever, whether an event or a document opens it; events take no number in the journal.
pub async fn an_event_reserves_the_folder(stand: &impl Stand) {
    let store = stand.open().await;
    let folder = taken(&store, &event(1)).await;
    assert_eq!(folder.to_string(), "9901/2026/000001");
    let of_plan = store.folder_of(&plan(1)).await.unwrap().unwrap();
    assert_eq!((&of_plan.id, of_plan.opened_at, of_plan.documents, of_plan.folder_version), (&folder, at(100), 0, None));
    let reservation = accepted(&store, &document(1)).await;
    assert_eq!((&reservation.folder, reservation.folder_opened_at), (&folder, at(100)));
    assert_eq!(reservation.journal.sequence, 1, "events stand in no journal");
    assert_eq!(taken(&store, &NewEvent { plan: plan(1), ..event(2) }).await, folder);
    let of_document = accepted(&store, &document(3)).await.folder;
    assert_eq!(taken(&store, &event(3)).await, of_document);
    let mut new_year = event(4);
    new_year.at = "2026-12-31T23:00:00Z".parse().unwrap();
    assert_eq!(taken(&store, &new_year).await.to_string(), "9901/2027/000001", "the year is that of Oslo");
}

/// The same event, under its own id and under another: nothing is done, also of what only the second brings.
pub async fn the_same_event_is_known(stand: &impl Stand) {
    let store = stand.open().await;
    let folder = taken(&store, &event(1)).await;
    let again = NewEvent { at: at(500), tells_contacts: true, slot: SlotChange::Claim(slot(1)), ..event(1) };
    let renamed = NewEvent { id: event_id(2), plan: plan(2), ..again.clone() };
    for sent in [again, renamed] {
        let answer = store.accept_event(&sent, &[event_notice(1, RecipientRef::Lead)], &[RecipientRef::Subject], &[with_key(1, "k")]).await;
        assert_eq!(answer.unwrap(), EventAcceptance::Known(folder.clone()));
    }
    assert_eq!((folders(&store).await, jobs(&store).await, mails(&store).await), (1, 0, 0));
    assert_eq!(store.paper_list().await.unwrap(), []);
    assert_eq!(store.event(event_id(2)).await.unwrap(), None);
    let facts = store.facts_of(&folder).await.unwrap();
    assert_eq!(facts.iter().map(|f| (f.recorded_at, f.tells_contacts)).collect::<Vec<_>>(), [(at(100), false)]);
    taken(&store, &NewEvent { slot: SlotChange::Claim(slot(1)), ..event(3) }).await;
}

/// An id stands for one event.
pub async fn an_event_id_is_not_used_twice(stand: &impl Stand) {
    let store = stand.open().await;
    taken(&store, &event(1)).await;
    let other = NewEvent { id: event_id(1), ..event(2) };
    let answer = store.accept_event(&other, &[event_notice(1, RecipientRef::Lead)], &[], &[with_key(1, "k")]).await.unwrap();
    assert_eq!(answer, EventAcceptance::IdReused);
    assert_eq!((folders(&store).await, jobs(&store).await, mails(&store).await), (1, 0, 0));
    assert_eq!(store.event(event_id(1)).await.unwrap().unwrap().digest, event(1).digest);
    assert_eq!(store.events_among(&[other.digest]).await.unwrap(), []);
}

/// Mail in the plan's folder, whatever folder it named; entries on paper; jobs, whose keys are respected.
pub async fn what_an_event_brings_comes_with_it(stand: &impl Stand) {
    let store = stand.open().await;
    let elsewhere = accepted(&store, &document(9)).await.folder;
    let there = put(&store, &with_key(1, "only one")).await;
    let mut wakeups = store.wakeups();
    wakeups.borrow_and_update();
    let mut named = event_notice(1, RecipientRef::Recipient(0));
    named.folder = Some(elsewhere);
    let notices = [event_notice(1, RecipientRef::Lead), named, event_notice(1, RecipientRef::Lead)];
    let on_paper = [RecipientRef::Guardian(1), RecipientRef::Guardian(1)];
    let brought = [with_key(2, "only one"), with_key(3, "another")];
    let EventAcceptance::New(folder) = store.accept_event(&event(1), &notices, &on_paper, &brought).await.unwrap() else {
        panic!("not new")
    };
    let mails = store.mails(&MailFilter::default(), 10).await.unwrap();
    assert_eq!(mails.len(), 2, "a key is queued once");
    for mail in &mails {
        assert_eq!((mail.event, mail.document, mail.folder.as_ref()), (Some(event_id(1)), None, Some(&folder)));
        assert_eq!((mail.kind, mail.state, mail.queued_at), (NoticeKind::NewMessage, MailState::Queued, at(100)));
    }
    let listed = PaperItem { about: FactSource::Event(event_id(1)), folder, recipient: RecipientRef::Guardian(1), at: at(100) };
    assert_eq!(store.paper_list().await.unwrap(), [listed]);
    assert_eq!(store.counts().await.unwrap().on_paper, 1);
    let jobs = store.jobs(&JobFilter::default(), 10).await.unwrap();
    assert_eq!(jobs.iter().map(|j| j.unique_key.as_deref().unwrap()).collect::<Vec<_>>(), ["only one", "another"]);
    assert_eq!(jobs[0].id, there);
    assert!(wakeups.has_changed().unwrap(), "who waits for jobs is woken");
}

/// All of it or nothing; afterwards it is taken as if nothing had been.
pub async fn what_is_refused_leaves_nothing_of_the_event(stand: &impl Stand) {
    let store = stand.open().await;
    let of_unknown_document = notice(7, RecipientRef::Lead, &accepted(&store, &document(9)).await);
    let other_event = event_notice(8, RecipientRef::Lead);
    let too_much = NewJob { args: serde_json::json!({ "much": "x".repeat(9000) }), ..with_key(1, "k") };
    let claims = NewEvent { slot: SlotChange::Claim(slot(1)), ..event(1) };
    let good = event_notice(1, RecipientRef::Lead);
    for (notices, jobs) in [
        (vec![good.clone(), of_unknown_document], vec![]),
        (vec![good.clone(), other_event], vec![]),
        (vec![good.clone()], vec![with_key(2, "l"), too_much]),
    ] {
        let refused = store.accept_event(&claims, &notices, &[RecipientRef::Subject], &jobs).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused { .. }), "{refused}");
    }
    assert_eq!((folders(&store).await, jobs(&store).await, mails(&store).await), (1, 0, 0));
    assert_eq!(store.paper_list().await.unwrap(), []);
    assert_eq!(store.event(event_id(1)).await.unwrap(), None);
    taken(&store, &NewEvent { slot: SlotChange::Claim(slot(1)), ..event(2) }).await;
    let taken = store.accept_event(&event(1), &[good], &[RecipientRef::Subject], &[with_key(2, "l")]).await.unwrap();
    assert!(matches!(taken, EventAcceptance::New(_)));
}

/// As much as there can be in a fact.
fn full() -> About {
    let uuid = |n: u128| Uuid::from_u128(0x5000_0000 + n);
    let day: Date = "2027-06-30".parse().unwrap();
    About {
        matter: Some(DocumentId::from_uuid(uuid(1))),
        actor: Some(ActorId::from_uuid(uuid(2))),
        lead: Some(ActorId::from_uuid(uuid(3))),
        unit: Some(UnitId::from_uuid(uuid(4))),
        due: Some(day),
        revisions: vec![day; 50],
        begins: Some(at(5000)),
        ends: Some(at(9000)),
        reply: Some(MeetingReply::Tentative),
        status: Some(PlanStatus::AwaitingConsent),
        protection: AddressProtection::StrictlyConfidential,
        ..About::default()
    }
}

/// Word for word; those of documents too; by when they happened, then by when they came; those of other plans are others'.
pub async fn facts_come_back_in_order(stand: &impl Stand) {
    let store = stand.open().await;
    let of_plan_1 = |new: NewEvent| NewEvent { plan: plan(1), ..new };
    let kind = FactKind::Event(EventName::ConsentRequested);
    let late = of_plan_1(NewEvent { tells_contacts: true, fact: Fact { kind, at: at(30), about: full() }, ..event(1) });
    let first = of_plan_1(NewEvent { fact: Fact { at: at(10), ..event(2).fact }, at: at(200), ..event(2) });
    let tied = of_plan_1(NewEvent { fact: Fact { at: at(10), ..event(3).fact }, at: at(50), ..event(3) });
    let folder = taken(&store, &late).await;
    taken(&store, &first).await;
    taken(&store, &tied).await;
    let mut new = document(1);
    new.fact = Fact { kind: FactKind::Document(DocumentKind::MeetingMinutes), at: at(20), about: full() };
    accepted(&store, &new).await;
    taken(&store, &event(4)).await;
    let row = |source, digest, tells_contacts, fact: &Fact, recorded_at| FactRow {
        folder: folder.clone(),
        source,
        digest,
        tells_contacts,
        fact: fact.clone(),
        recorded_at,
    };
    let of_event = |e: &NewEvent| row(FactSource::Event(e.id), e.digest, e.tells_contacts, &e.fact, e.at);
    let of_document = row(FactSource::Document(key(1)), new.digest, false, &new.fact, new.at);
    assert_eq!(store.facts_of(&folder).await.unwrap(), [of_event(&first), of_event(&tied), of_document, of_event(&late)]);
    assert_eq!(store.event(late.id).await.unwrap(), Some(of_event(&late)));
    assert_eq!(store.event(EventId::from_uuid(key(1).id.uuid())).await.unwrap(), None, "a document is none");
    let nobody: CaseFolderId = CaseFolderId { sequence: 99, ..folder };
    assert_eq!(store.facts_of(&nobody).await.unwrap(), []);
}

/// Known content brings no second fact, and every kind there is comes back.
pub async fn a_document_has_one_fact(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let mut again = document(1);
    again.fact.at = at(77);
    again.fact.about = full();
    store.accept(&again, nothing_follows).await.unwrap();
    store.record_archived(&archived(1, &reservation), &[], &[], at(1)).await.unwrap();
    store.accept(&again, nothing_follows).await.unwrap();
    let facts = store.facts_of(&reservation.folder).await.unwrap();
    assert_eq!(facts.iter().map(|f| f.fact.clone()).collect::<Vec<_>>(), [document(1).fact]);
    let names = EventName::ALL.iter().map(|name| FactKind::Event(*name));
    for (n, kind) in (100..).zip(names) {
        let fact = Fact { kind, ..event(n).fact };
        taken(&store, &NewEvent { fact: fact.clone(), ..event(n) }).await;
        assert_eq!(store.event(event_id(n)).await.unwrap().unwrap().fact, fact);
    }
}

/// Events are told from documents, and from what nobody knows, however many are asked for.
pub async fn events_are_found_by_content(stand: &impl Stand) {
    let store = stand.open().await;
    assert_eq!(store.events_among(&[]).await.unwrap(), []);
    accepted(&store, &document(1)).await;
    taken(&store, &event(1)).await;
    taken(&store, &event(2)).await;
    let mut asked: Vec<Sha256> = (1..=1000).map(|n| event(n).digest).collect();
    asked.push(document(1).digest);
    let mut found = store.events_among(&asked).await.unwrap();
    found.sort();
    let mut expected = vec![event(1).digest, event(2).digest];
    expected.sort();
    assert_eq!(found, expected);
}

/// Twenty tasks with one event: one is new, its mail is queued once; the others know it.
pub async fn the_same_event_many_times_at_once_is_taken_once(stand: &impl Stand) {
    let store = stand.open().await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let store = store.clone();
        let notices = [event_notice(7, RecipientRef::Lead)];
        tasks.spawn(async move { store.accept_event(&event(7), &notices, &[RecipientRef::Subject], &[with_key(n, "k")]).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|a| matches!(a, EventAcceptance::New(_))).count(), 1);
    assert_eq!(answers.iter().filter(|a| matches!(a, EventAcceptance::Known(_))).count(), 19);
    assert_eq!((folders(&store).await, jobs(&store).await, mails(&store).await), (1, 1, 1));
    assert_eq!(store.paper_list().await.unwrap().len(), 1);
}

/// Tasks are cut off in the middle and the store is dropped without a goodbye: every event that is there has all that it brought,
/// and every acknowledged one is there.
pub async fn events_survive_a_crash_whole(stand: &impl Stand) {
    let store = stand.open().await;
    let mut tasks = JoinSet::new();
    for n in 1..=200 {
        let store = store.clone();
        tasks.spawn(async move {
            let notices = [event_notice(n, RecipientRef::Lead), event_notice(n, RecipientRef::Subject)];
            store.accept_event(&event(n), &notices, &[RecipientRef::Guardian(0)], &[with_key(n, &format!("event:{n}"))]).await.unwrap();
            n
        });
    }
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 40 {
        acknowledged.push(tasks.join_next().await.unwrap().unwrap());
    }
    tasks.abort_all();
    while let Some(ended) = tasks.join_next().await {
        acknowledged.extend(ended.ok());
    }
    drop(store);
    let store = stand.open().await;
    // What was still ordered by the dropped store may land a moment later; it cannot land after this one.
    taken(&store, &event(1000)).await;
    let folders = store.folders().await.unwrap();
    let there = store.paper_list().await.unwrap();
    for item in &there {
        let of_event = MailFilter { event: item.about.event(), ..MailFilter::default() };
        assert_eq!(store.mails(&of_event, 10).await.unwrap().len(), 2, "{item:?}");
    }
    assert_eq!((folders.len(), jobs(&store).await), (there.len() + 1, there.len()));
    for n in acknowledged {
        assert!(there.iter().any(|item| item.about == FactSource::Event(event_id(n))), "event {n} is lost");
    }
}

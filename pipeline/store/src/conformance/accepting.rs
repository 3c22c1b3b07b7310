//! Taking documents in.

use std::collections::BTreeSet;

use pipeline_domain::{DocumentVersion, ErrorCode, NextStep, Sha256};
use tokio::task::JoinSet;

use super::{
    Stand,
    sample::{accepted, archived, at, document, key},
};
use crate::{Acceptance, DocumentFilter, DocumentState, Documents, NewDocument, Plan, Stage, nothing_follows};

/// The same content is answered with the row it has, under its own id and under another.
pub async fn same_content_is_known(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let mut again = document(1);
    again.at = at(100);
    let mut renamed = document(2);
    renamed.digest = document(1).digest;
    for sent in [again, renamed] {
        let Acceptance::Known(row) = store.accept(&sent, nothing_follows).await.unwrap() else { panic!("not recognised") };
        assert_eq!((row.key, row.state, &row.reservation), (key(1), DocumentState::Accepted, &reservation));
    }
    assert_eq!(store.document(key(2)).await.unwrap(), None);
    assert_eq!(store.documents(&DocumentFilter::default(), 10).await.unwrap().len(), 1);
    // Also under an id that stands for something else.
    for n in [3, 4] {
        let used = document(n);
        accepted(&store, &used).await;
        let sent = NewDocument { digest: document(1).digest, ..used };
        let Acceptance::Known(row) = store.accept(&sent, nothing_follows).await.unwrap() else { panic!("not recognised") };
        assert_eq!(row.key, key(1));
        let sent = NewDocument { digest: document(n).digest, ..document(1) };
        let Acceptance::Known(row) = store.accept(&sent, nothing_follows).await.unwrap() else { panic!("not recognised") };
        assert_eq!(row.key, key(n));
    }
}

/// An id and version stand for one content; the next version is free.
pub async fn same_id_with_other_content_is_refused(stand: &impl Stand) {
    let store = stand.open().await;
    let first = accepted(&store, &document(1)).await;
    let mut other = document(1);
    other.digest = Sha256::of(b"other");
    assert_eq!(store.accept(&other, nothing_follows).await.unwrap(), Acceptance::IdReused);
    other.key.version = DocumentVersion(2);
    let second = accepted(&store, &other).await;
    assert_eq!(second.folder, first.folder);
    assert_eq!(second.journal.sequence, first.journal.sequence + 1, "a refusal takes no number");
    let versions: Vec<u32> = store.versions(key(1).id).await.unwrap().iter().map(|d| d.key.version.0).collect();
    assert_eq!(versions, [1, 2]);
}

/// One plan, one folder; another plan, source system or municipality, another folder.
pub async fn a_plan_has_one_folder(stand: &impl Stand) {
    let store = stand.open().await;
    let first = accepted(&store, &document(1)).await;
    let of_plan_1 = |n| {
        let mut d = document(n);
        (d.plan, d.at) = (document(1).plan, at(50));
        d
    };
    let same = accepted(&store, &of_plan_1(2)).await;
    assert_eq!((&same.folder, same.folder_opened_at), (&first.folder, first.folder_opened_at));
    assert_eq!((same.journal.sequence, same.accepted_at), (2, at(50)));

    let other_plan = accepted(&store, &document(3)).await;
    let mut elsewhere = of_plan_1(4);
    elsewhere.source_system = "vismaflyt".parse().unwrap();
    let other_system = accepted(&store, &elsewhere).await;
    let mut moved = of_plan_1(5);
    moved.municipality = "9902".parse().unwrap();
    let other_municipality = accepted(&store, &moved).await;
    assert_eq!(first.folder.to_string(), "9901/2026/000001");
    assert_eq!(other_plan.folder.to_string(), "9901/2026/000002");
    assert_eq!(other_system.folder.to_string(), "9901/2026/000003");
    assert_eq!(other_municipality.folder.to_string(), "9902/2026/000001");
    assert_eq!(other_municipality.journal.sequence, 1, "each municipality has its own journal");
}

/// Folder and journal years turn at midnight in Oslo, and numbers begin again; a plan keeps its old folder.
pub async fn years_are_those_of_oslo(stand: &impl Stand) {
    let store = stand.open().await;
    let mut before = document(1);
    before.at = "2026-12-31T23:59:59+01:00".parse().unwrap();
    let mut after = document(2);
    after.at = "2026-12-31T23:00:00Z".parse().unwrap();
    let mut kept = document(3);
    (kept.plan, kept.at) = (before.plan, after.at);
    let (before, after, kept) = (accepted(&store, &before).await, accepted(&store, &after).await, accepted(&store, &kept).await);
    assert_eq!((before.folder.mappe_id(), before.journal.year, before.journal.sequence), ("2026/1".to_owned(), 2026, 1));
    assert_eq!((after.folder.mappe_id(), after.journal.year, after.journal.sequence), ("2027/1".to_owned(), 2027, 1));
    assert_eq!((kept.folder.mappe_id(), kept.journal.year, kept.journal.sequence), ("2026/1".to_owned(), 2027, 2));
}

/// 200 at once, with known and refused ones among them: numbers 1 to 200, each once.
pub async fn numbers_are_dense_when_many_come_at_once(stand: &impl Stand) {
    let store = stand.open().await;
    accepted(&store, &document(1)).await;
    let mut tasks = JoinSet::new();
    for n in 1..=200 {
        let (one, other) = (store.clone(), store.clone());
        tasks.spawn(async move { one.accept(&document(n), nothing_follows).await.unwrap() });
        let mut reused = document(1);
        reused.digest = Sha256::of(&n.to_le_bytes().repeat(3));
        tasks.spawn(async move { other.accept(&reused, nothing_follows).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|a| matches!(a, Acceptance::New(_))).count(), 199);
    assert_eq!(answers.iter().filter(|a| matches!(a, Acceptance::IdReused)).count(), 200);
    let rows = store.documents(&DocumentFilter::default(), 1000).await.unwrap();
    let journal: BTreeSet<u32> = rows.iter().map(|d| d.reservation.journal.sequence).collect();
    let folders: BTreeSet<u32> = rows.iter().map(|d| d.reservation.folder.sequence).collect();
    assert_eq!(journal, (1..=200).collect());
    assert_eq!(folders, (1..=200).collect());
}

/// Twenty tasks with one content: one is new, the others know it.
pub async fn the_same_content_many_times_at_once_is_taken_once(stand: &impl Stand) {
    let store = stand.open().await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        tasks.spawn(async move { store.accept(&document(7), nothing_follows).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|a| matches!(a, Acceptance::New(_))).count(), 1);
    assert_eq!(answers.iter().filter(|a| matches!(a, Acceptance::Known(_))).count(), 19);
}

/// The queue reads in order, page by page, and without those that are archived.
pub async fn pending_comes_oldest_first_and_in_pages(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=5 {
        let reservation = accepted(&store, &document(n)).await;
        if n == 3 {
            store.record_archived(&archived(n, &reservation), &[], &[], at(1)).await.unwrap();
        }
    }
    let first = store.pending(at(0), None, 2).await.unwrap();
    let rest = store.pending(at(0), Some(first[1].place), 10).await.unwrap();
    let keys: Vec<_> = first.iter().chain(&rest).map(|d| d.key).collect();
    assert_eq!(keys, [key(1), key(2), key(4), key(5)]);
    assert_eq!(first[0].digest, document(1).digest);
    assert_eq!(first[0].attempts, 0);
    assert_eq!(store.pending(at(-1), None, 10).await.unwrap(), [], "not before it was accepted");
    assert_eq!(store.next_due().await.unwrap(), Some(at(0)));
}

/// Tasks are cut off in the middle and the store is dropped without a goodbye: every acknowledged document is there with the
/// numbers it was given, and numbers are dense whatever became of the others.
pub async fn what_was_acknowledged_survives_a_crash(stand: &impl Stand) {
    let store = stand.open().await;
    let mut tasks = JoinSet::new();
    for n in 1..=300 {
        let store = store.clone();
        tasks.spawn(async move { (n, accepted(&store, &document(n)).await) });
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
    for (n, reservation) in &acknowledged {
        let Acceptance::Known(row) = store.accept(&document(*n), nothing_follows).await.unwrap() else { panic!("document {n} is lost") };
        assert_eq!(&row.reservation, reservation);
    }
    // What was still ordered by the dropped store may land a moment later; it cannot land between these two.
    for n in 301..=302 {
        accepted(&store, &document(n)).await;
    }
    let rows = store.documents(&DocumentFilter::default(), 1000).await.unwrap();
    let journal: BTreeSet<u32> = rows.iter().map(|d| d.reservation.journal.sequence).collect();
    assert_eq!(journal, (1..=u32::try_from(rows.len()).unwrap()).collect());
}

/// Asked by content: each document with its state, unknown contents left out, however many are asked for.
pub async fn states_are_found_by_content(stand: &impl Stand) {
    let store = stand.open().await;
    assert_eq!(store.states_of(&[]).await.unwrap(), []);
    accepted(&store, &document(1)).await;
    accepted(&store, &document(2)).await;
    store.record_attempt_failed(key(2), Stage::Render, ErrorCode::PdfaInvalid, "", at(1), NextStep::Failed).await.unwrap();
    let reservation = accepted(&store, &document(3)).await;
    store.record_archived(&archived(3, &reservation), &[], &[], at(1)).await.unwrap();
    let digest = |n: u32| document(n).digest;
    let asked: Vec<Sha256> = (1..=1000).map(digest).collect();
    let found: std::collections::BTreeMap<_, _> = store.states_of(&asked).await.unwrap().into_iter().collect();
    let expected = [(digest(1), DocumentState::Accepted), (digest(2), DocumentState::Failed), (digest(3), DocumentState::Notified)];
    assert_eq!(found, expected.into());
    assert_eq!(store.states_of(&asked[500..]).await.unwrap(), []);
}

/// Folders know their plan, their documents and their newest version.
pub async fn folders_list_what_is_in_them(stand: &impl Stand) {
    let store = stand.open().await;
    let first = accepted(&store, &document(1)).await;
    let mut second = document(2);
    second.plan = document(1).plan;
    accepted(&store, &second).await;
    accepted(&store, &document(3)).await;
    store.record_archived(&archived(1, &first), &[], &[], at(1)).await.unwrap();

    let plan = Plan { source_system: document(1).source_system, plan: document(1).plan, municipality: document(1).municipality };
    let folder = store.folder_of(&plan).await.unwrap().unwrap();
    assert_eq!((&folder.id, &folder.plan, folder.documents, folder.folder_version), (&first.folder, &plan, 2, Some(1)));
    assert_eq!(store.folder(&first.folder).await.unwrap(), Some(folder.clone()));
    let all = store.folders().await.unwrap();
    assert_eq!((all.len(), &all[0]), (2, &folder));
    assert_eq!((all[1].documents, all[1].folder_version), (1, None));

    let of_folder = |state| DocumentFilter { state, folder: Some(first.folder.clone()) };
    let keys = |rows: Vec<crate::DocumentRow>| rows.into_iter().map(|d| d.key).collect::<Vec<_>>();
    assert_eq!(keys(store.documents(&of_folder(None), 10).await.unwrap()), [key(1), key(2)]);
    assert_eq!(keys(store.documents(&of_folder(None), 1).await.unwrap()), [key(2)], "the newest when there are more");
    assert_eq!(keys(store.documents(&of_folder(Some(DocumentState::Accepted)), 10).await.unwrap()), [key(2)]);
    let accepted_anywhere = DocumentFilter { state: Some(DocumentState::Accepted), folder: None };
    assert_eq!(keys(store.documents(&accepted_anywhere, 10).await.unwrap()), [key(2), key(3)]);
    let mut missing = plan.clone();
    missing.plan = document(9).plan;
    assert_eq!(store.folder_of(&missing).await.unwrap(), None);
}

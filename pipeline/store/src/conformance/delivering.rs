//! Deliveries to a case archive, and the ids of their messages.

use pipeline_domain::ErrorCode;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    Stand,
    sample::{accepted, at, document, key},
};
use crate::{
    Deliveries, DeliveryChange, DeliveryFilter, DeliveryId, DeliveryPart, DeliveryRow, DeliveryState, Recorded, Store, StoreError,
};

const LIFE: &str = r#"{"sent":{}}"#;

async fn opened<S: Store>(store: &S, n: u32, part: DeliveryPart) -> DeliveryRow {
    assert_eq!(store.open_delivery(key(n), part, LIFE, at(i64::from(n))).await.unwrap(), Recorded::Now);
    store.delivery(key(n), part).await.unwrap().expect("it was opened")
}

fn numbers(rows: &[DeliveryRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id.0).collect()
}

/// Opening is answered as done the second time, whatever life it brings; a document that nobody knows has none.
pub async fn a_delivery_is_opened_once(stand: &impl Stand) {
    let store = stand.open().await;
    let folder = accepted(&store, &document(1)).await.folder;
    let row = opened(&store, 1, DeliveryPart::Document).await;
    assert_eq!((&row.folder, row.document, row.part), (&folder, key(1), DeliveryPart::Document));
    assert_eq!((row.state, row.code, row.life.as_str()), (DeliveryState::Waiting, None, LIFE));
    assert_eq!((row.is_kept, row.revision, row.opened_at, row.next_at), (true, 0, at(1), Some(at(1))));
    assert_eq!(store.open_delivery(key(1), DeliveryPart::Document, "{}", at(9)).await.unwrap(), Recorded::Before);
    assert_eq!(store.delivery(key(1), DeliveryPart::Document).await.unwrap(), Some(row.clone()));
    assert_eq!(store.delivery_by_id(row.id).await.unwrap(), Some(row));
    assert_eq!(store.delivery_by_id(DeliveryId(99)).await.unwrap(), None);
    assert_eq!(store.delivery(key(1), DeliveryPart::Closing).await.unwrap(), None);
    let other = opened(&store, 1, DeliveryPart::Closing).await;
    assert_eq!(other.part, DeliveryPart::Closing, "each part of a document is one");
    let refused = store.open_delivery(key(2), DeliveryPart::Document, LIFE, at(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::UnknownDocument { document } if document == key(2)));
    assert!(store.open_delivery(key(1), DeliveryPart::Reopening, "no object", at(1)).await.is_err());
}

/// Who has not seen the newest changes nothing.
pub async fn a_delivery_is_changed_as_it_was_seen(stand: &impl Stand) {
    let store = stand.open().await;
    accepted(&store, &document(1)).await;
    let row = opened(&store, 1, DeliveryPart::Document).await;
    let change = DeliveryChange {
        state: DeliveryState::Refused,
        code: Some(ErrorCode::DeliveryRefused),
        life: r#"{"sent":{"1":7}}"#.to_owned(),
        is_kept: false,
        next_at: None,
        at: at(20),
    };
    assert_eq!(store.change_delivery(row.id, 0, &change).await.unwrap(), Recorded::Now);
    let changed = store.delivery(key(1), DeliveryPart::Document).await.unwrap().unwrap();
    assert_eq!((changed.state, changed.code, &changed.life), (change.state, change.code, &change.life));
    assert_eq!((changed.is_kept, changed.revision, changed.next_at, changed.changed_at), (false, 1, None, at(20)));
    assert_eq!(DeliveryChange::nothing(&changed, at(20)), change);
    let late = DeliveryChange { state: DeliveryState::Sent, ..change };
    assert_eq!(store.change_delivery(row.id, 0, &late).await.unwrap(), Recorded::Before);
    assert_eq!(store.change_delivery(DeliveryId(99), 0, &late).await.unwrap(), Recorded::Before);
    assert_eq!(store.delivery(key(1), DeliveryPart::Document).await.unwrap().unwrap(), changed);
}

/// Of many who saw the same, one changes it.
pub async fn many_change_one_delivery(stand: &impl Stand) {
    let store = stand.open().await;
    accepted(&store, &document(1)).await;
    let row = opened(&store, 1, DeliveryPart::Document).await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let (store, row) = (store.clone(), row.clone());
        tasks.spawn(async move {
            let change = DeliveryChange { next_at: Some(at(n)), ..DeliveryChange::nothing(&row, at(30)) };
            store.change_delivery(row.id, row.revision, &change).await.unwrap()
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|a| **a == Recorded::Now).count(), 1);
    assert_eq!(store.delivery(key(1), DeliveryPart::Document).await.unwrap().unwrap().revision, 1);
}

/// A message is its delivery's for ever, also after a crash.
pub async fn a_delivery_is_found_by_its_messages(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=2 {
        accepted(&store, &document(n)).await;
    }
    let (one, two) = (opened(&store, 1, DeliveryPart::Document).await, opened(&store, 2, DeliveryPart::Document).await);
    let message = |n: u128| Uuid::from_u128(0x7000 + n);
    for (id, n) in [(one.id, 1), (one.id, 2), (one.id, 1), (two.id, 3), (two.id, 1)] {
        store.name_message(id, message(n)).await.unwrap();
    }
    assert!(store.name_message(DeliveryId(99), message(9)).await.is_err());
    let store = stand.open().await;
    let found = async |n| store.delivery_of_message(message(n)).await.unwrap().map(|row| row.id);
    assert_eq!((found(1).await, found(2).await, found(3).await, found(4).await), (Some(one.id), Some(one.id), Some(two.id), None));
}

/// By state, by folder, by time, and what is not kept; each in order and in pages.
pub async fn deliveries_are_listed(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=5 {
        accepted(&store, &document(n)).await;
        opened(&store, n, DeliveryPart::Document).await;
    }
    let all = store.deliveries(&DeliveryFilter::default(), 10).await.unwrap();
    let ids = numbers(&all);
    assert!(ids.is_sorted() && ids.len() == 5);
    let sent =
        DeliveryChange { state: DeliveryState::Sent, next_at: Some(at(100)), is_kept: false, ..DeliveryChange::nothing(&all[1], at(6)) };
    for row in [&all[1], &all[3]] {
        store.change_delivery(row.id, 0, &sent).await.unwrap();
    }
    store.change_delivery(all[4].id, 0, &DeliveryChange { next_at: None, ..DeliveryChange::nothing(&all[4], at(6)) }).await.unwrap();
    let list = async |state, folder, limit| numbers(&store.deliveries(&DeliveryFilter { state, folder }, limit).await.unwrap());
    assert_eq!(list(Some(DeliveryState::Sent), None, 10).await, [ids[1], ids[3]]);
    assert_eq!(list(None, None, 2).await, ids[3..], "the newest when there are more");
    assert_eq!(list(None, Some(all[2].folder.clone()), 10).await, [ids[2]]);
    assert_eq!(list(Some(DeliveryState::Sent), Some(all[2].folder.clone()), 10).await, [0; 0]);
    let due = async |now, after| numbers(&store.deliveries_due(at(now), after, 2).await.unwrap());
    assert_eq!(due(2, None).await, [ids[0]]);
    assert_eq!(due(50, None).await, [ids[0], ids[2]]);
    assert_eq!(due(100, None).await, ids[..2]);
    assert_eq!(due(100, Some(DeliveryId(ids[1]))).await, ids[2..4]);
    assert_eq!(numbers(&store.deliveries_to_keep(None, 10).await.unwrap()), [ids[1], ids[3]]);
    assert_eq!(numbers(&store.deliveries_to_keep(Some(DeliveryId(ids[1])), 10).await.unwrap()), [ids[3]]);
    assert_eq!(store.delivery_counts().await.unwrap(), [(DeliveryState::Sent, 2), (DeliveryState::Waiting, 3)]);
}

//! Unique keys: one unfinished job of a kind and key.

use pipeline_domain::NextStep;
use tokio::task::JoinSet;

use super::{
    Stand,
    jobs_sample::{failed, finish, in_lane, job, kill, put, row, settle, state, take_one, with_key, worker},
};
use crate::{Enqueued, JobFilter, JobState, Jobs, NewJob, Outcome};

/// The unfinished one is answered; kind and key together make it unique, and no key means no rule.
pub async fn the_unfinished_one_is_answered(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &with_key(1, "k")).await;
    let other_kind = NewJob { kind: "package".parse().unwrap(), ..with_key(2, "k") };
    let answers = store.enqueue(&[with_key(3, "k"), with_key(4, "l"), with_key(5, "l"), other_kind, job(6), job(6)]).await.unwrap();
    let [Enqueued::Existing(known), Enqueued::New(l), Enqueued::Existing(same), Enqueued::New(_), Enqueued::New(a), Enqueued::New(b)] =
        answers[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!((known, same), (id, l));
    assert!(l < a && a < b, "numbers rise in the order of enqueueing");
    assert_eq!(row(&store, id).await.args, with_key(1, "k").args, "the first one stands");
}

/// Unfinished means ready, waiting or running; done, dead or called off, the key is free.
pub async fn a_key_is_free_again_at_the_end(stand: &impl Stand) {
    let store = stand.open().await;
    let again = async || store.enqueue(&[with_key(1, "k")]).await.unwrap()[0];
    let id = put(&store, &with_key(1, "k")).await;
    for ending in [Outcome::done(), failed(NextStep::Failed), Outcome::Cancelled] {
        let Enqueued::Existing(id) = again().await else { panic!("ready is unfinished") };
        let lease = take_one(&store, worker(1)).await.lease;
        assert_eq!(again().await, Enqueued::Existing(id), "running is unfinished");
        settle(&store, lease, Outcome::Returned).await.unwrap();
        assert_eq!(again().await, Enqueued::Existing(id), "handed back is unfinished");
        settle(&store, take_one(&store, worker(1)).await.lease, ending).await.unwrap();
        assert!(matches!(again().await, Enqueued::New(new) if new > id));
    }
    let Enqueued::Existing(last) = again().await else { panic!("the last one is ready") };
    assert!(last > id);
    store.cancel_job(last).await.unwrap();
    put(&store, &in_lane(2, "case:1")).await;
    let waiting = NewJob { lane: Some("case:1".parse().unwrap()), ..with_key(1, "k") };
    let id = put(&store, &waiting).await;
    assert_eq!((state(&store, id).await, again().await), (JobState::Waiting, Enqueued::Existing(id)));
}

/// A dead job does not come back beside another of its kind and key, alone or in a group.
pub async fn a_retry_respects_the_key(stand: &impl Stand) {
    let store = stand.open().await;
    let mut dead = Vec::new();
    for n in 1..=2 {
        dead.push(put(&store, &with_key(n, "k")).await);
        kill(&store, take_one(&store, worker(1)).await.lease).await;
    }
    let living = put(&store, &with_key(3, "k")).await;
    assert!(!store.retry_job(dead[0]).await.unwrap());
    assert_eq!(store.retry_jobs(&JobFilter::default()).await.unwrap(), 0);
    assert_eq!((state(&store, dead[0]).await, state(&store, dead[1]).await), (JobState::Dead, JobState::Dead));
    let lease = take_one(&store, worker(1)).await.lease;
    assert_eq!(lease.job, living);
    finish(&store, lease).await;
    assert_eq!(store.retry_jobs(&JobFilter::default()).await.unwrap(), 1, "one of the two");
    let states = [state(&store, dead[0]).await, state(&store, dead[1]).await];
    assert!(states.contains(&JobState::Ready) && states.contains(&JobState::Dead), "{states:?}");
}

/// Sixteen tasks on four handles enqueue the same: one job, and nobody gets an error.
pub async fn many_enqueuers_make_one_job(stand: &impl Stand) {
    let store = stand.open().await;
    let handles = [store.clone(), stand.open().await, stand.open().await, stand.open().await];
    for round in 0..5 {
        let key = format!("k{round}");
        let mut tasks = JoinSet::new();
        for n in 0..16 {
            let (handle, key) = (handles[n % 4].clone(), key.clone());
            tasks.spawn(async move { handle.enqueue(&[job(1), with_key(2, &key)]).await.unwrap() });
        }
        let answers = tasks.join_all().await;
        let new: Vec<_> = answers.iter().filter(|a| matches!(a[1], Enqueued::New(_))).collect();
        assert_eq!(new.len(), 1);
        let Enqueued::New(id) = new[0][1] else { unreachable!() };
        assert!(answers.iter().all(|a| matches!(a[1], Enqueued::New(i) | Enqueued::Existing(i) if i == id)));
        assert!(answers.iter().all(|a| matches!(a[0], Enqueued::New(_))), "what was enqueued with it is there");
    }
    assert_eq!(store.queue_stats().await.unwrap()[0].ready, 5 * 17);
}

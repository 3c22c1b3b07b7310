//! A beat waits for nobody: while the end of one job is being written, the leases of all others are extended.

use std::time::{Duration, Instant};

use pipeline_store::{ClaimRequest, Jobs, NewJob, QueueName, WorkerId};
use pipeline_store_postgres::{PostgresStore, testing::shared};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

const QUEUE: QueueName = QueueName::of("work");
const WORKER: WorkerId = WorkerId(Uuid::from_u128(1));

#[tokio::test]
async fn a_row_that_is_being_settled_holds_no_beat_up_and_is_not_lost() {
    let Some(server) = shared() else { return };
    let url = server.fresh_database().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    let job = |n: u32| NewJob::new("k".parse().unwrap(), QUEUE, json!({ "n": n }));
    store.enqueue(&(0..10).map(job).collect::<Vec<_>>()).await.unwrap();
    let request = ClaimRequest { worker: WORKER, queues: vec![(QUEUE, 10)], lease: Duration::from_secs(1) };
    let leases: Vec<_> = store.claim(&request).await.unwrap().iter().map(|job| job.lease).collect();
    assert_eq!(leases.len(), 10);

    let mut settling = PgConnection::connect(&url).await.unwrap();
    let mut open = settling.begin().await.unwrap();
    sqlx::query("update arkivflyt.jobs set attempt = attempt where id = $1").bind(leases[0].job.0).execute(&mut *open).await.unwrap();
    let began = Instant::now();
    let beat = store.heartbeat(WORKER, &leases, Duration::from_secs(600), &[]).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "the beat waited {:?}", began.elapsed());
    assert_eq!((beat.lost, beat.cancelled), (vec![], vec![]));
    open.rollback().await.unwrap();

    let until = "select id from arkivflyt.jobs where lease_until > (extract(epoch from now()) + 300) * 1000 order by id";
    let extended: Vec<i64> = sqlx::query_scalar(until).fetch_all(&mut settling).await.unwrap();
    let others: Vec<i64> = leases[1..].iter().map(|lease| lease.job.0).collect();
    assert_eq!(extended, others);
    let strangers = WorkerId(Uuid::from_u128(2));
    let theirs: Vec<_> = leases.iter().map(|lease| pipeline_store::Lease { worker: strangers, ..*lease }).collect();
    assert_eq!(store.heartbeat(strangers, &theirs, Duration::from_secs(600), &[]).await.unwrap().lost.len(), 10);
}

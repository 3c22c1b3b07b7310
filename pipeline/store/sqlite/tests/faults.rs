//! What goes wrong around the file: a full disk, another process that holds the lock, a reader that does not let go.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use pipeline_store::{ClaimRequest, JobFilter, JobState, Jobs, NewJob, Outcome, QueueName, Settlement, StoreError, WorkerId};
use pipeline_store_sqlite::SqliteStore;
use serde_json::json;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;

const WORK: QueueName = QueueName::of("work");

fn jobs(how_many: u32) -> Vec<NewJob> {
    let args = json!({ "digest": "0".repeat(64) });
    (0..how_many).map(|_| NewJob::new("render".parse().unwrap(), WORK, args.clone())).collect()
}

fn request(most: u32) -> ClaimRequest {
    ClaimRequest { worker: WorkerId(Uuid::from_u128(1)), queues: vec![(WORK, most)], lease: Duration::from_secs(60) }
}

async fn bare(path: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap()
}

/// A small file system in memory, unmounted at the end. `None` where we may not mount.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder.path()).output();
        let mounted = mounted.is_ok_and(|out| out.status.success());
        if !mounted {
            assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none(), "a tmpfs cannot be mounted here");
            println!("skipped: a tmpfs cannot be mounted here");
        }
        mounted.then(|| Self(folder))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("arkivflyt.db")
    }

    /// Takes all that is left, and gives it back when the file goes.
    fn fill(&self) -> PathBuf {
        let filler = self.0.path().join("filler");
        let mut size = 6 << 20;
        while size > 2048 {
            let mut all = std::fs::read(&filler).unwrap_or_default();
            all.resize(all.len() + size, 1);
            if std::fs::write(&filler, &all).is_err() {
                size /= 2;
            }
        }
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.path()).output().ok();
    }
}

/// Full in the middle of the work, then freed: nothing is lost or charged, and work goes on without a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_goes_on_when_a_full_disk_is_freed() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = SqliteStore::open(&disk.path()).await.unwrap();
    store.enqueue(&jobs(200)).await.unwrap();
    let taken = store.claim(&request(100)).await.unwrap();
    for round in 0..3 {
        let filler = disk.fill();
        let mut refusals = 0;
        while refusals < 5 {
            match store.enqueue(&jobs(200)).await {
                Ok(_) => {}
                Err(StoreError::Unavailable { .. }) => refusals += 1,
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
        assert!(store.job(taken[0].lease.job).await.unwrap().is_some(), "readers go on");
        std::fs::remove_file(filler).unwrap();
        store.enqueue(&jobs(1)).await.unwrap_or_else(|e| panic!("round {round}: no progress after the disk was freed: {e:?}"));
    }
    let ends = taken.iter().map(|j| Settlement { lease: j.lease, outcome: Outcome::done(), effect: None }).collect();
    assert!(store.settle(ends).await.unwrap().iter().all(Result::is_ok));
    let rows = store.jobs(&JobFilter::default(), u32::MAX).await.unwrap();
    assert_eq!(rows.iter().filter(|j| j.state == JobState::Done).count(), 100);
    assert!(rows.iter().all(|j| j.failures == 0));
    let mut c = bare(&disk.path()).await;
    let sound: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut c).await.unwrap();
    assert_eq!(sound, "ok");
    c.close().await.unwrap();
    store.close().await;
}

/// Another process holds the lock for longer than we wait: a clear answer, and then work goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_held_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arkivflyt.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let ids = store.enqueue(&jobs(1)).await.unwrap();
    let mut other = bare(&path).await;
    sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
    let refused = store.enqueue(&jobs(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap().len(), ids.len(), "readers do not wait");
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    store.enqueue(&jobs(1)).await.unwrap();
    let taken = store.claim(&request(10)).await.unwrap();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|j| j.failures == 0 && j.lease.attempt == 1));
}

/// A reader holds an old state of the database, so the log cannot be used again: work goes on, and the log stops growing as
/// soon as the reader lets go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_does_not_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arkivflyt.db");
    let log = folder.path().join("arkivflyt.db-wal");
    let size = || std::fs::metadata(&log).unwrap().len();
    let store = SqliteStore::open(&path).await.unwrap();
    store.enqueue(&jobs(1)).await.unwrap();
    let mut reader = bare(&path).await;
    sqlx::raw_sql("begin; select count(*) from jobs").execute(&mut reader).await.unwrap();
    for _ in 0..60 {
        store.enqueue(&jobs(1000)).await.unwrap();
    }
    let held = size();
    assert!(held > 5 << 20, "the reader held nothing: {held}");
    sqlx::raw_sql("rollback").execute(&mut reader).await.unwrap();
    for _ in 0..60 {
        store.enqueue(&jobs(1000)).await.unwrap();
    }
    // One round may still go to the end of the log before the checkpoint comes round.
    assert!(size() <= held + (6 << 20), "{} after {held}", size());
    assert_eq!(store.queue_stats().await.unwrap()[0].ready, 120_001);
}

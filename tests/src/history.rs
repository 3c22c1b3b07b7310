//! The database as it stands: every job with its attempts, every firing of a schedule.

use std::collections::BTreeMap;

use pipeline_store::{JobAttempt, JobFilter, JobRow, JobState, Jobs, ScheduleName, Schedules, StoreError};
use pipeline_store_postgres::PostgresStore;
use pipeline_store_sqlite::SqliteStore;

use crate::House;

/// What the database tells.
#[derive(Debug)]
pub struct History {
    /// Every job that was not pruned, by number, with the attempts that have ended.
    pub jobs: Vec<(JobRow, Vec<JobAttempt>)>,
    /// Due times that made a job, in Unix seconds, earliest first, with the job's number; by schedule.
    pub fires: BTreeMap<String, Vec<(i64, i64)>>,
}

impl House {
    /// Reads the database. Beside workers, only a moment of theirs is seen.
    pub fn history(&self) -> History {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            match self.database_url() {
                None => {
                    let store = SqliteStore::open(&self.at("arkivflyt.db")).await.expect("the database opens");
                    let history = read(&store).await.expect("the database can be read");
                    store.close().await;
                    history
                }
                Some(url) => {
                    let store = PostgresStore::connect(&url).await.expect("the database opens");
                    let history = read(&store).await.expect("the database can be read");
                    store.close().await;
                    history
                }
            }
        })
    }
}

async fn read<S: Jobs + Schedules>(store: &S) -> Result<History, StoreError> {
    let mut jobs = Vec::new();
    for job in store.jobs(&JobFilter::default(), u32::MAX).await? {
        let attempts = store.attempts_of(job.id).await?;
        jobs.push((job, attempts));
    }
    let mut fires = BTreeMap::new();
    for schedule in store.schedules().await? {
        let name: ScheduleName = schedule.name;
        let mut fired: Vec<(i64, i64)> = store.fires(&name, u32::MAX >> 1).await?.iter().map(|(due, job)| (due.unix_seconds(), job.0)).collect();
        fired.sort_unstable();
        fires.insert(name.to_string(), fired);
    }
    Ok(History { jobs, fires })
}

impl History {
    /// Fails unless every job has ended, none is dead, and each has one row for each of its attempts.
    #[track_caller]
    pub fn all_ended_well(&self) {
        for (job, attempts) in &self.jobs {
            let ended = matches!(job.state, JobState::Done | JobState::Cancelled);
            assert!(ended, "job {} ({}) is {:?}: {attempts:?}", job.id, job.kind, job.state);
        }
        self.attempts_are_complete();
    }

    /// Fails unless each job has one row for each of its attempts. To be asked when nothing runs.
    #[track_caller]
    pub fn attempts_are_complete(&self) {
        for (job, attempts) in &self.jobs {
            let numbers: Vec<u32> = attempts.iter().map(|a| a.attempt).collect();
            let expected: Vec<u32> = (1..=job.attempt).collect();
            assert_eq!(numbers, expected, "job {} ({}) has another history than it has had attempts", job.id, job.kind);
        }
    }

    /// Everything that the rows of jobs and attempts say, as text.
    pub fn text(&self) -> String {
        self.jobs.iter().map(|(job, attempts)| format!("{} {:?} {:?} {job:?} {attempts:?}\n", job.args, job.progress, job.result)).collect()
    }
}

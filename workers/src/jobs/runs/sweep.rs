//! `archive.sweep`: whatever waits gets its job, and what a crash or a dead job left is put right. Cheap when nothing waits.

use std::{fs, io, sync::Arc, time::Duration};

use pipeline_domain::{DocumentKey, DocumentVersion, ErrorCode, MunicipalityNumber, NextStep, Timestamp};
use pipeline_queue::Conclusion;
use pipeline_store::{DocumentState, Documents, Enqueued, JobFilter, JobRow, JobState, Jobs, Stage};
use serde_json::json;

use crate::{
    failure::Failure,
    jobs::{
        document_jobs,
        stages::{document_of, intake_job, is_beyond_any_wait, kind},
        tidy, witness,
    },
    shell::Shell,
};

const PAGE: u32 = 256;
/// Dead jobs that are looked at.
const MOST_DEAD: u32 = 1000;
/// Jobs due later that are looked at.
const MOST_LATER: u32 = 10_000;
/// After so many failures a job waits for about an hour; after more of them, for hours.
const MOST_FAILURES_BEFORE_HOURS: u32 = 8;
/// A work folder is left alone for so long: its document may be on its way.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// Looks into the drop folder, takes in files without a row, and gives every waiting document its job.
pub async fn sweep(shell: &Arc<Shell>) -> Result<Conclusion, Failure> {
    let adopted = tidy::adopt_orphans(shell).await?;
    let put_right = put_right(shell).await?;
    let (made, failed) = give_jobs(shell, shell.clock.now(), None).await?;
    let put_away = tidy::remove_notified(shell).await?;
    let cleared = clear_work(shell).await?;
    witness::tend(shell).await;
    witness::seal_and_stamp(shell).await;
    let result =
        json!({ "adopted": adopted, "jobs": made, "failed": failed, "put_right": put_right, "put_away": put_away, "cleared": cleared });
    Ok(Conclusion::done_with(vec![intake_job()], result))
}

/// Every accepted document that is due by `due` gets its jobs; one that has them keeps them; one whose job is dead fails. How many
/// jobs were new, and how many documents failed.
pub async fn give_jobs(shell: &Shell, due: Timestamp, only: Option<&MunicipalityNumber>) -> Result<(usize, usize), Failure> {
    // First: a document that has failed must not get a second job beside its dead one.
    let failed = fail_what_died(shell).await?;
    let (mut made, mut after) = (0, None);
    loop {
        let page = shell.store.pending(due, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok((made, failed)) };
        after = Some(last.place);
        let here = page.iter().filter(|d| only.is_none_or(|number| d.reservation.folder.municipality == *number));
        let jobs: Vec<_> = here.flat_map(|d| document_jobs(d.key, &d.reservation)).collect();
        let answers = shell.store.enqueue(&jobs).await?;
        made += answers.iter().filter(|a| matches!(a, Enqueued::New(_))).count();
    }
}

/// Jobs that a wrong clock has put off for hours are due now.
async fn put_right(shell: &Shell) -> Result<usize, Failure> {
    let ready = JobFilter { state: Some(JobState::Ready), ..JobFilter::default() };
    let now = shell.clock.now();
    let mut put_right = 0;
    for job in shell.store.jobs(&ready, MOST_LATER).await? {
        // Who has failed more often may well wait for so long.
        let waits_for_hours = job.failures > MOST_FAILURES_BEFORE_HOURS;
        if !waits_for_hours && job.not_before.is_some_and(|at| is_beyond_any_wait(at, now)) && shell.store.retry_job(job.id).await? {
            tracing::warn!(job.id = %job.id, "a wrong clock had put the job off; it is due now");
            put_right += 1;
        }
    }
    Ok(put_right)
}

/// A job that killed its workers is dead, and its document still says that it waits. Now it says that it failed, so that a
/// person sees it and `retry` brings it back.
async fn fail_what_died(shell: &Shell) -> Result<usize, Failure> {
    let mut failed = 0;
    let dead = JobFilter { state: Some(JobState::Dead), ..JobFilter::default() };
    for job in shell.store.jobs(&dead, MOST_DEAD).await? {
        failed += usize::from(fail_document_of(shell, &job, job.last_code.unwrap_or(ErrorCode::JobLeaseLost)).await?);
    }
    Ok(failed)
}

async fn fail_document_of(shell: &Shell, job: &JobRow, code: ErrorCode) -> Result<bool, Failure> {
    let Some(key) = document_of(job) else { return Ok(false) };
    let waits = shell.store.document(key).await?.is_some_and(|row| row.state == DocumentState::Accepted);
    if waits {
        let detail = format!("job {} is dead after {} failures", job.id, job.failures);
        tracing::error!(document.id = %key.id, job.id = %job.id, %code, "failed: {detail}");
        shell.store.record_attempt_failed(key, stage_of(job), code, &detail, shell.clock.now(), NextStep::Failed).await?;
    }
    Ok(waits)
}

fn stage_of(job: &JobRow) -> Stage {
    if job.kind == kind::PACKAGE {
        Stage::Package
    } else if job.kind == kind::ARCHIVE {
        Stage::Archive
    } else {
        Stage::Render
    }
}

/// Takes away what stages left for each other of documents that are through, or that nobody knows.
async fn clear_work(shell: &Shell) -> Result<usize, Failure> {
    let failed = |e: io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot tidy the work folder: {e}"));
    let mut cleared = 0;
    for entry in fs::read_dir(shell.data.work()).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !is_old(shell, &entry) {
            continue;
        }
        let row = match key_of(&entry.file_name().to_string_lossy()) {
            Some(key) => shell.store.document(key).await?,
            None => None,
        };
        if row.is_some_and(|row| row.state == DocumentState::Accepted) {
            continue;
        }
        match fs::remove_dir_all(entry.path()) {
            Ok(()) => cleared += 1,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            // Not a folder of ours: left for a person.
            Err(e) => tracing::warn!(code = %ErrorCode::ArchiveWrite, "cannot clear a work folder: {e}"),
        }
    }
    Ok(cleared)
}

/// Names are those that [`Handover`](crate::handover::Handover) gives: document, dash, version.
fn key_of(name: &str) -> Option<DocumentKey> {
    let (id, version) = name.rsplit_once('-')?;
    Some(DocumentKey { id: id.parse().ok()?, version: DocumentVersion(version.parse().ok()?) })
}

fn is_old(shell: &Shell, entry: &fs::DirEntry) -> bool {
    let touched = entry.metadata().and_then(|m| m.modified()).ok();
    let touched_s = touched.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).and_then(|d| i64::try_from(d.as_secs()).ok());
    touched_s.is_some_and(|s| shell.clock.now().unix_seconds() - s >= OLD.as_secs().cast_signed())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use pipeline_store::{Acceptance, ClaimRequest, Enqueued, NewDocument, RescuePolicy, Reservation, WorkerId, nothing_follows};
    use uuid::Uuid;

    use super::*;
    use crate::{cli::Arguments, config::Config, data::DataFolder, jobs::stages::queue};

    #[test]
    fn work_folders_are_known_by_their_names() {
        let id = "018f2f4e-0000-7000-8000-000000000001";
        let key = key_of(&format!("{id}-12")).unwrap();
        assert_eq!((key.id.to_string(), key.version.0), (id.to_owned(), 12));
        assert_eq!(key_of(id), None);
        assert_eq!(key_of("lost+found"), None);
    }

    async fn shell(root: &std::path::Path) -> Arc<Shell> {
        let arguments = ["arkivflyt".into(), "--data".into(), root.as_os_str().to_owned(), "run-once".into()];
        let global = Arguments::parse_from(arguments).global;
        let config = Config::load(None, root, std::iter::empty()).unwrap();
        Arc::new(Shell::over(DataFolder::create(root).unwrap(), &global, config).await.unwrap())
    }

    async fn accepted(shell: &Shell) -> (DocumentKey, Reservation) {
        let id = "018f2f4e-0000-7000-8000-000000000001".parse().unwrap();
        let new = NewDocument {
            key: DocumentKey { id, version: DocumentVersion(1) },
            kind: pipeline_domain::DocumentKind::MeetingMinutes,
            digest: pipeline_domain::Sha256::of(b"content"),
            municipality: "9901".parse().unwrap(),
            plan: "9c691b30-4b10-541f-b81c-97f0b00cf693".parse().unwrap(),
            source_system: "samspill".parse().unwrap(),
            fact: pipeline_domain::Fact::of_kind(pipeline_domain::DocumentKind::MeetingMinutes, shell.clock.now()),
            slot: pipeline_store::SlotChange::Keep,
            at: shell.clock.now(),
        };
        let Acceptance::New(reservation) = shell.store.accept(&new, nothing_follows).await.unwrap() else { panic!("it is new") };
        (new.key, reservation)
    }

    /// Enqueues the document's job and lets its one worker die over it.
    async fn killed(shell: &Shell, key: DocumentKey, reservation: &Reservation) {
        let mut job = document_jobs(key, reservation).remove(0);
        job.max_failures = 1;
        assert!(matches!(shell.store.enqueue(&[job]).await.unwrap()[..], [Enqueued::New(_)]));
        let lease = Duration::from_secs(10);
        let request = ClaimRequest { worker: WorkerId(Uuid::from_u128(1)), queues: vec![(queue::RENDER, 1)], lease };
        assert_eq!(shell.store.claim(&request).await.unwrap().len(), 1);
        shell.store.shift_clock(60_000);
        let policy = RescuePolicy { first_wait: Duration::from_secs(1), longest_lease: lease, limit: 10 };
        let rescued = shell.store.rescue(&policy).await.unwrap();
        assert_eq!(rescued.iter().map(|r| r.state).collect::<Vec<_>>(), [JobState::Dead]);
    }

    async fn unfinished(shell: &Shell) -> usize {
        let jobs = shell.store.jobs(&JobFilter { kind: Some(kind::RENDER), ..JobFilter::default() }, 10).await.unwrap();
        jobs.iter().filter(|j| j.state == JobState::Ready).count()
    }

    #[tokio::test]
    async fn a_document_whose_job_killed_its_worker_is_shown_as_failed_until_a_person_retries() {
        let dir = tempfile::tempdir().unwrap();
        let shell = shell(dir.path()).await;
        let (key, reservation) = accepted(&shell).await;
        killed(&shell, key, &reservation).await;
        for _ in 0..2 {
            sweep(&shell).await.unwrap();
            let row = shell.store.document(key).await.unwrap().unwrap();
            assert_eq!((row.state, row.last_code), (DocumentState::Failed, Some(ErrorCode::JobLeaseLost)));
            assert_eq!((shell.store.attempts(key).await.unwrap().len(), unfinished(&shell).await), (1, 0));
        }
        shell.store.retry_document(key, shell.clock.now(), document_jobs).await.unwrap();
        sweep(&shell).await.unwrap();
        let row = shell.store.document(key).await.unwrap().unwrap();
        assert_eq!((row.state, unfinished(&shell).await), (DocumentState::Accepted, 1));
    }

    #[tokio::test]
    async fn a_document_without_a_job_gets_one() {
        let dir = tempfile::tempdir().unwrap();
        let shell = shell(dir.path()).await;
        accepted(&shell).await;
        assert_eq!(unfinished(&shell).await, 0);
        for _ in 0..2 {
            sweep(&shell).await.unwrap();
            assert_eq!(unfinished(&shell).await, 1);
        }
    }
}

//! One run: mend what a crash left, empty the drop folder, carry every waiting document through, tell the people.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use pipeline_domain::{CaseFolderId, DocumentKey, DocumentKind, ErrorCode, MunicipalityNumber, NextStep, Timestamp};
use pipeline_store::{Documents, Jobs, PendingDocument, RunCounts, RunId, Runs, Stage};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use crate::{
    data::{self, Seat},
    exit::Exit,
    failure::Failure,
    jobs::{
        accept::{Answer, Refusal},
        bounces,
        carry::{self, Stopped},
        deliveries, events, inbox, overview, tell, tidy, witness,
    },
    shell::Shell,
};

/// Rows read at a time.
const PAGE: u32 = 256;

/// What a run did. Counts, and the documents that a person should hear about.
#[derive(Debug, Default)]
pub struct RunReport {
    pub accepted: u32,
    pub known: u32,
    /// Events that were new.
    pub events: u32,
    pub waiting: usize,
    /// Files in the drop folder that cannot be read or moved.
    pub unreadable: usize,
    pub refused: Vec<Refusal>,
    pub archived: u32,
    pub retried: Vec<(DocumentKey, Stage, ErrorCode)>,
    pub failed: Vec<(DocumentKey, Stage, ErrorCode)>,
    pub mails: tell::MailSummary,
    /// What went to case archives and came back.
    pub deliveries: deliveries::Summary,
    /// What came back; none where no mailbox for it is set up, or another process is looking.
    pub bounces: Option<bounces::BounceSummary>,
    /// Why no mail was tried at all, or what came back was not read; what was archived is archived all the same.
    pub mail_trouble: Option<Failure>,
    pub interrupted: Option<Exit>,
    by_municipality: BTreeMap<MunicipalityNumber, Share>,
}

/// One municipality's part of a run.
#[derive(Debug, Default)]
struct Share {
    counts: RunCounts,
    /// The lowest of the documents that ended here. Names the run, so that a run can be repeated to the byte.
    lowest: Option<DocumentKey>,
}

/// What happened to one document, for those who watch.
#[derive(Debug)]
pub enum Event {
    /// The number of documents that wait.
    Waiting(u64),
    /// One is archived.
    Archived,
    /// One stopped.
    Stopped,
}

/// Told of every event, from one thread.
pub type Watcher<'a> = &'a mut (dyn FnMut(Event) + Send);

/// Asks a run to stop after what is in hand.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicU8>);

impl StopFlag {
    /// Raises it for a signal; says whether it was up already.
    pub fn raise(&self, exit: Exit) -> bool {
        self.0.swap(exit as u8, Ordering::Relaxed) != 0
    }

    /// Whether to stop.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// How to end because of it.
    pub fn exit(&self) -> Option<Exit> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            code if code == Exit::Terminated as u8 => Some(Exit::Terminated),
            _ => Some(Exit::Interrupted),
        }
    }
}

/// What one document's task answers.
struct Outcome {
    document: PendingDocument,
    result: Result<(), (Stopped, NextStep)>,
}

/// A whole run. The seat makes sure that nobody else carries documents on at the same time.
pub async fn run(shell: &Arc<Shell>, seat: &Seat, stop: &StopFlag, watch: Watcher<'_>) -> Result<RunReport, Failure> {
    let started_at = shell.clock.now();
    let mut report = RunReport::default();
    mend(shell, seat).await?;
    let taken = inbox::take(shell).await?;
    report.waiting = taken.waiting;
    report.unreadable = taken.unreadable;
    for answer in taken.answers {
        report.count(answer);
    }
    // Before documents are carried: a closing may wait for a receipt that lies there.
    report.deliveries = deliveries::carry_all(shell).await?;
    carry_all(shell, stop, &mut report, watch).await?;
    overview::make_all(shell, stop, &mut report, watch).await?;
    events::carry_all(shell).await?;
    report.deliveries = report.deliveries.and(deliveries::carry_all(shell).await?);
    finish(shell, started_at, &mut report).await?;
    witness::tend(shell).await;
    // Before mail is sent: nothing more goes to an address that takes none.
    match bounces::look(shell).await {
        Ok(bounces::Look::Done(summary)) => report.bounces = Some(summary),
        Ok(bounces::Look::NotSetUp | bounces::Look::Busy) => {}
        Err(trouble) => {
            tracing::error!(code = %trouble.code, "mail that came back was left for later: {}", trouble.detail);
            report.mail_trouble = Some(trouble);
        }
    }
    match tell::send_due(shell, stop).await {
        Ok(mails) => report.mails = mails,
        Err(trouble) => {
            tracing::error!(code = %trouble.code, "mail was left for later: {}", trouble.detail);
            report.mail_trouble = Some(trouble);
        }
    }
    tidy::remove_notified(shell).await?;
    report.interrupted = stop.exit();
    Ok(report)
}

/// What a crash may have left: hidden parts, files without a row, half-written folders.
async fn mend(shell: &Shell, seat: &Seat) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot tidy the data folder: {e}"));
    for folder in shell.data.with_parts() {
        let swept = data::sweep_parts(&folder, seat).map_err(failed)?;
        if swept > 0 {
            tracing::warn!(files = swept, "took away half-written files of an earlier stop");
        }
    }
    let adopted = tidy::adopt_orphans(shell).await?;
    if adopted > 0 {
        tracing::warn!(documents = adopted, "took in documents that a stop had left without a row");
    }
    tidy::remove_notified(shell).await?;
    for number in shell.municipalities.keys() {
        if shell.archive_root().join(number.as_str()).is_dir()
            && let Err(e) = shell.archive(number)
        {
            tracing::error!(municipality = %number, code = %e.code, "the archive store cannot be opened: {}", e.detail);
        }
    }
    Ok(())
}

impl RunReport {
    /// Counts an answer of intake.
    pub fn count(&mut self, answer: Answer) {
        match answer {
            Answer::New { reservation, .. } => {
                self.accepted += 1;
                self.by_municipality.entry(reservation.folder.municipality).or_default().counts.accepted += 1;
            }
            Answer::Known(row) => {
                self.known += 1;
                self.by_municipality.entry(row.reservation.folder.municipality).or_default().counts.known += 1;
            }
            Answer::Event { is_new, .. } => self.events += u32::from(is_new),
            Answer::Refused(refusal) => self.refused.push(refusal),
        }
    }
}

/// Carries every due document through. Documents of one folder are placed in the order they came; setting them goes on
/// beside it.
pub async fn carry_all(shell: &Arc<Shell>, stop: &StopFlag, report: &mut RunReport, watch: Watcher<'_>) -> Result<(), Failure> {
    watch(Event::Waiting(u64::from(shell.store.counts().await?.documents.accepted)));
    // Enough that the children never wait for a disk, few enough that memory stays flat.
    let permits = Arc::new(Semaphore::new(shell.config.render_children() * 4 + 4));
    let mut before: HashMap<CaseFolderId, oneshot::Receiver<()>> = HashMap::new();
    let mut tasks = tokio::task::JoinSet::new();
    let mut after = None;
    'pages: loop {
        let page = shell.store.pending(shell.clock.now(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        for document in page {
            let permit = permits.clone().acquire_owned().await.expect("the semaphore is never closed");
            while let Some(done) = tasks.try_join_next() {
                note(done, report, watch)?;
            }
            if stop.is_raised() {
                break 'pages;
            }
            let (done, next) = oneshot::channel();
            let folder = document.reservation.folder.clone();
            let previous = before.insert(folder, next);
            let shell = shell.clone();
            tasks.spawn(async move {
                let outcome = carry_one(&shell, document, previous).await;
                drop(done);
                drop(permit);
                outcome
            });
        }
        before.retain(|_, receiver| matches!(receiver.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
    }
    while let Some(done) = tasks.join_next().await {
        note(done, report, watch)?;
    }
    Ok(())
}

async fn carry_one(shell: &Shell, document: PendingDocument, previous: Option<oneshot::Receiver<()>>) -> Result<Outcome, Failure> {
    let result = async {
        let mut previous = previous;
        // The page of a plan tells what changed since the one before: that one must be in its place.
        if document.kind == DocumentKind::PlanSnapshot
            && let Some(previous) = previous.take()
        {
            let _ = previous.await;
        }
        let rendered = carry::print(shell, &document).await;
        if let Some(previous) = previous {
            // An error only says that the one before us is done.
            let _ = previous.await;
        }
        let rendered = rendered?;
        let snapshot = rendered.snapshot().clone();
        let archived = carry::place(shell, rendered).await?;
        carry::attest(shell, &snapshot, &archived, None).await?;
        if let Some(job) = overview::follow_up(&snapshot, &archived.folder) {
            // Before the recording: a crash in between leaves a job too many, which looks and finds nothing.
            shell.store.enqueue(&[job]).await.map_err(|e| carry::at(Stage::Archive)(e.into()))?;
        }
        // Likewise: one that is opened for a document that is not recorded waits for it.
        deliveries::open(shell, snapshot.key(), snapshot.kind(), &archived.folder).await.map_err(carry::at(Stage::Archive))?;
        carry::record(shell, &snapshot, &archived).await?;
        Ok(())
    }
    .await;
    let result = match result {
        Ok(()) => Ok(()),
        Err(stopped) => {
            let next = carry::record_stop(shell, &document, &stopped).await?;
            Err((stopped, next))
        }
    };
    Ok(Outcome { document, result })
}

fn note(done: Result<Result<Outcome, Failure>, tokio::task::JoinError>, report: &mut RunReport, watch: Watcher<'_>) -> Result<(), Failure> {
    let outcome = done.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "a document's task ended in an internal error"))??;
    let key = outcome.document.key;
    let share = report.by_municipality.entry(outcome.document.reservation.folder.municipality.clone()).or_default();
    if !matches!(outcome.result, Err((_, NextStep::RetryAt(_)))) {
        share.lowest = share.lowest.map_or(Some(key), |lowest| Some(lowest.min(key)));
    }
    match outcome.result {
        Ok(()) => {
            report.archived += 1;
            share.counts.archived += 1;
            watch(Event::Archived);
        }
        Err((stopped, NextStep::Failed)) => {
            share.counts.failed += 1;
            report.failed.push((key, stopped.stage, stopped.failure.code));
            watch(Event::Stopped);
        }
        Err((stopped, NextStep::RetryAt(_))) => {
            report.retried.push((key, stopped.stage, stopped.failure.code));
            watch(Event::Stopped);
        }
    }
    Ok(())
}

/// Writes the run down, one for each municipality that it did something for, and queues the archivist's report.
async fn finish(shell: &Shell, started_at: Timestamp, report: &mut RunReport) -> Result<(), Failure> {
    for (number, Share { counts, lowest }) in &mut report.by_municipality {
        counts.refused = u32::try_from(report.refused.len()).unwrap_or(u32::MAX);
        // Without settings there is nobody to report to; the documents' own failures tell of it.
        let (Some(lowest), Some(municipality)) = (lowest, shell.municipalities.get(number)) else { continue };
        let run = run_id(number, started_at, *lowest);
        let reports = tell::run_reports(municipality, run);
        shell.store.start_run(run, started_at).await?;
        shell.store.finish_run(run, counts, &reports, shell.clock.now()).await?;
    }
    Ok(())
}

/// From what makes a run one of its kind, not from chance: a document ends in one run only, or fails at another time.
fn run_id(municipality: &MunicipalityNumber, started_at: Timestamp, lowest: DocumentKey) -> RunId {
    RunId(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("arkivflyt run {municipality} {started_at} {lowest}").as_bytes()))
}

//! `fixity.check`: every byte of every case folder is read and compared with its checksums, folder by folder, one municipality at
//! a time. A crash goes on after the last folder that was written down. After each folder it rests for as long as that took: it
//! must not starve the rendering.
//!
//! The store is not opened: whoever opens it mends it, and damage must be told before it is mended. Each check is written down beside those of
//! `verify --all` (`crate::fixity`), so that one can tell when a folder was last read.

mod summary;
mod verdict;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use pipeline_archive::{CaseArchive, Depth, RootSurvey, survey_root};
use pipeline_domain::CaseFolderId;
use pipeline_queue::{Conclusion, JobContext};
use pipeline_render::{Cell, Label, ReportKind, ReportTable};
use pipeline_store::RunCounts;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use summary::last_verification;

use self::verdict::{Fault, Verdict};
use super::{local::LocalRun, survey};
use crate::{
    failure::Failure,
    fixity::{Check, Journal, Pen},
};

/// Damaged folders that are told one by one. When there are more, the disk is what must be looked at.
const MOST_NAMED: usize = 1000;
/// Faults of one folder that are told.
const MOST_FAULTS: usize = 20;
/// How far it has come is written down so often; in between a heartbeat may take it along.
const BETWEEN_SAVES: Duration = Duration::from_secs(1);
/// However large a folder is.
const LONGEST_REST: Duration = Duration::from_secs(2);

/// How far it has come. Ids and numbers only.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// The last folder that was read.
    after: Option<String>,
    checked: u64,
    files: u64,
    bytes: u64,
    damaged: u64,
    /// The damaged ones, up to a number.
    named: Vec<String>,
}

/// The folders to read: their places from the storage root, and which case they are.
struct Places {
    survey: RootSurvey,
    all: BTreeMap<String, Option<CaseFolderId>>,
}

pub async fn check(run: &LocalRun) -> Result<Conclusion, Failure> {
    let places = places(run).await?;
    let mut progress: Progress = run.progress();
    let resumed_after = progress.checked;
    match read_all(run, &places, &mut progress).await? {
        Reading::Through => {}
        Reading::Ended(conclusion) => return Ok(*conclusion),
    }
    let Some((table, damaged)) = damage(run, &places, &progress).await? else { return Ok(Conclusion::stopped()) };
    let mut report = run.new_report(ReportKind::Fixity, None);
    report.to_follow_up = damaged;
    report.figures = vec![
        (Label::Checked, progress.checked),
        (Label::Files, progress.files),
        (Label::Mebibytes, progress.bytes >> 20),
        (Label::Damaged, damaged),
    ];
    report.tables = vec![table];
    let codes: BTreeSet<String> = report.tables.iter().flat_map(|t| &t.rows).flatten().filter_map(code_of).collect();
    let result = json!({
        "checked": progress.checked, "files": progress.files, "bytes": progress.bytes, "damaged": damaged, "codes": codes,
        "in_this_attempt": progress.checked - resumed_after,
    });
    run.finish(&report, RunCounts::default(), result).await
}

fn code_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Code(code) => Some(code.clone()),
        _ => None,
    }
}

/// What lies on disk, and what the database says must lie there.
async fn places(run: &LocalRun) -> Result<Places, Failure> {
    let root = CaseArchive::storage_root(&run.shell.archive_root(), &run.municipality);
    let looked_at = root.clone();
    let survey = if root.is_dir() { run.ctx.blocking(move |_| survey_root(&looked_at)).await } else { RootSurvey::default() };
    let mut all: BTreeMap<String, Option<CaseFolderId>> = survey.objects.iter().map(|at| (at.clone(), None)).collect();
    for folder in survey::folders_of(run).await? {
        let place = CaseArchive::case_folder(&run.shell.archive_root(), &folder.id);
        let Ok(at) = place.strip_prefix(&root) else { continue };
        let at = at.display().to_string();
        // Reserved only: nothing has been archived in it yet.
        if folder.folder_version.is_some() || all.contains_key(&at) {
            all.insert(at, Some(folder.id));
        }
    }
    Ok(Places { survey, all })
}

enum Reading {
    Through,
    Ended(Box<Conclusion>),
}

async fn read_all(run: &LocalRun, places: &Places, progress: &mut Progress) -> Result<Reading, Failure> {
    let after = progress.after.clone();
    let mut saved = None;
    let mut log = Log::of(run);
    for (at, folder) in places.all.iter().filter(|(at, _)| after.as_ref().is_none_or(|after| *at > after)) {
        if run.ctx.stop.is_cancelled() {
            return Ok(Reading::Ended(Box::new(Conclusion::stopped())));
        }
        let began = Instant::now();
        let verdict = verdict::of(run, at, folder.as_ref()).await?;
        progress.add(at, &verdict);
        log.add(run, folder.as_ref(), &verdict);
        if saved.is_none_or(|at: Instant| at.elapsed() >= BETWEEN_SAVES) {
            saved = Some(Instant::now());
            if let Err(e) = run.ctx.save_progress_now(json!(progress)).await {
                return Ok(Reading::Ended(Box::new(Conclusion::store_error(&e))));
            }
        } else {
            run.ctx.save_progress(json!(progress));
        }
        rest(&run.ctx, began.elapsed().min(LONGEST_REST)).await;
    }
    Ok(Reading::Through)
}

/// The dates of the checks. That one could not be written down stops no check: it is told, and the folder counts as not checked.
struct Log(Option<Pen>);

impl Log {
    fn of(run: &LocalRun) -> Self {
        let journal = Journal::of(&run.shell.data, &run.municipality);
        if let Err(e) = journal.tidy() {
            tracing::warn!(municipality = %run.municipality, "cannot tidy the journal of checks: {e}");
        }
        Self::or_say(journal.pen(), run)
    }

    fn or_say(pen: std::io::Result<Pen>, run: &LocalRun) -> Self {
        Self(pen.inspect_err(|e| tracing::warn!(municipality = %run.municipality, "cannot write to the journal of checks: {e}")).ok())
    }

    fn add(&mut self, run: &LocalRun, folder: Option<&CaseFolderId>, verdict: &Verdict) {
        let (Some(pen), Some(folder)) = (&mut self.0, folder) else { return };
        let check = Check::of(folder, &verdict.judgement, Depth::Data, &run.id.to_string(), run.shell.clock.now());
        if let Err(e) = pen.write(&check) {
            *self = Self::or_say(Err(e), run);
        }
    }
}

/// Half of one core is enough for a check that has a month.
async fn rest(ctx: &JobContext, time: Duration) {
    tokio::select! {
        () = ctx.stop.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

impl Progress {
    fn add(&mut self, at: &str, verdict: &Verdict) {
        self.after = Some(at.to_owned());
        self.checked += 1;
        self.files += verdict.judgement.verification.files;
        self.bytes += verdict.judgement.verification.bytes;
        if !verdict.faults.is_empty() {
            self.damaged += 1;
            if self.named.len() < MOST_NAMED {
                self.named.push(at.to_owned());
            }
        }
    }
}

/// Every damaged folder with its faults, read once more so that job rows need not hold them, and the number of folders: the
/// storage root itself counts as one. `None` when asked to stop.
async fn damage(run: &LocalRun, places: &Places, progress: &Progress) -> Result<Option<(ReportTable, u64)>, Failure> {
    let mut table = ReportTable::new(Label::Damaged, Label::DamagedMeaning, [Label::CaseFolder, Label::Finding, Label::Place, Label::Code]);
    let of_root: Vec<Fault> = places.survey.findings.iter().filter_map(Fault::of).collect();
    let mut damaged = progress.damaged + u64::from(!of_root.is_empty());
    table.rows.extend(of_root.iter().take(MOST_FAULTS).map(|f| f.row(Cell::Word(Label::WholeArchive))));
    for at in &progress.named {
        if run.ctx.stop.is_cancelled() {
            return Ok(None);
        }
        let folder = places.all.get(at).cloned().flatten();
        let verdict = verdict::of(run, at, folder.as_ref()).await?;
        // Mended meanwhile, or a writer was at work.
        damaged -= u64::from(verdict.faults.is_empty());
        let name = folder.map_or(Cell::Word(Label::WholeArchive), Cell::Folder);
        table.rows.extend(verdict.faults.iter().take(MOST_FAULTS).map(|f| f.row(name.clone())));
    }
    Ok(Some((table, damaged)))
}

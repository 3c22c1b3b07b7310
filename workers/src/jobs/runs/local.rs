//! One run in one municipality: who it is, when it began, and how it ends.

use std::{collections::BTreeSet, sync::Arc};

use pipeline_domain::{MunicipalityNumber, PlanId, Timestamp, WrittenForm};
use pipeline_queue::{Conclusion, JobContext};
use pipeline_render::{Letterhead, ReportKind, RunReport};
use pipeline_store::{Documents, Effect, JobFilter, JobState, Jobs, Lane, NewJob, RunCounts, RunId, Runs, ScheduleName, Schedules};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{FIXITY_CHECK, paper};
use crate::{
    failure::Failure,
    jobs::{stages::queue, tell},
    shell::Shell,
};

/// Finished runs of one kind that are looked through for the one before.
const LOOK_BACK: u32 = 500;

/// What a run's job is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunArgs {
    /// When it was due: seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<i64>,
    /// Names the run; made of kind and due time when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Uuid>,
    /// Missing in the job that hands out the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    municipality: Option<MunicipalityNumber>,
    /// `archive.premeeting`: these plans, whatever is known of their meetings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<PlanId>,
}

/// A run in one municipality, begun.
pub struct LocalRun {
    pub shell: Arc<Shell>,
    pub ctx: JobContext,
    pub args: RunArgs,
    pub id: RunId,
    pub municipality: MunicipalityNumber,
    pub due: Timestamp,
    /// When its first attempt began.
    pub started_at: Timestamp,
}

/// Whether there is something to do here.
pub enum Begun {
    Here(LocalRun),
    /// The municipalities have got their jobs, or the run is over already.
    Over(Conclusion),
}

impl LocalRun {
    /// Takes the run up; a job without a municipality hands out one job for each.
    pub async fn begin(shell: Arc<Shell>, ctx: JobContext, args: RunArgs) -> Result<Begun, Failure> {
        let due = args.due.and_then(Timestamp::from_unix_seconds).unwrap_or_else(|| ctx.now());
        let Some(municipality) = args.municipality.clone() else {
            return Ok(Begun::Over(hand_out(&shell, &ctx, due, &args).await?));
        };
        let id = match args.run {
            Some(run) => RunId(Uuid::new_v5(&run, municipality.as_str().as_bytes())),
            None => run_id(ctx.job.kind.as_str(), due, &municipality),
        };
        shell.store.start_run(id, shell.clock.now()).await?;
        let begun = shell.store.run(id).await?;
        if begun.as_ref().is_some_and(|run| run.finished_at.is_some()) {
            return Ok(Begun::Over(Conclusion::done_with(
                Vec::new(),
                json!({ "run": id, "municipality": municipality, "done_before": true }),
            )));
        }
        let started_at = begun.map_or_else(|| shell.clock.now(), |run| run.started_at);
        Ok(Begun::Here(Self { shell, ctx, args, id, municipality, due, started_at }))
    }

    /// When this kind of run was last due here before now: the report before told of everything until then.
    pub async fn previous_due(&self) -> Result<Option<Timestamp>, Failure> {
        let kind = &self.ctx.job.kind;
        let done = JobFilter { state: Some(JobState::Done), kind: Some(kind.clone()), ..JobFilter::default() };
        let dues = self.shell.store.jobs(&done, LOOK_BACK).await?.into_iter().filter_map(|job| {
            let args: RunArgs = serde_json::from_value(job.args).ok()?;
            (args.municipality.as_ref() == Some(&self.municipality)).then_some(args.due).flatten()
        });
        let due = self.due.unix_seconds();
        if let Some(before) = dues.filter(|d| *d < due).max() {
            return Ok(Timestamp::from_unix_seconds(before));
        }
        // Finished jobs are kept for some weeks only.
        let Ok(name) = kind.as_str().parse::<ScheduleName>() else { return Ok(None) };
        let fired = self.shell.store.fires(&name, 20).await?;
        Ok(fired.into_iter().map(|(at, _)| at).filter(|at| *at < self.due).max())
    }

    /// What the run last saved, or the beginning.
    pub fn progress<T: Default + serde::de::DeserializeOwned>(&self) -> T {
        self.ctx.job.progress.clone().and_then(|saved| serde_json::from_value(saved).ok()).unwrap_or_default()
    }

    /// A report with everything that all reports have.
    pub fn new_report(&self, kind: ReportKind, since: Option<Timestamp>) -> RunReport {
        let settings = self.shell.municipalities.get(&self.municipality);
        RunReport {
            kind,
            run: self.id.to_string(),
            municipality: self.municipality.clone(),
            municipality_name: settings.map_or_else(|| self.municipality.to_string(), |m| m.name.clone()),
            written_form: settings.map_or(WrittenForm::Nb, |m| m.written_form),
            due_at: self.due,
            made_at: self.shell.clock.now(),
            since,
            to_follow_up: 0,
            figures: Vec::new(),
            remarks: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// The end of a run: its report is written first, so that nobody is told of one that is not there.
    pub async fn finish(&self, report: &RunReport, counts: RunCounts, mut result: Value) -> Result<Conclusion, Failure> {
        let letterhead = match self.shell.municipalities.get(&self.municipality) {
            Some(settings) => settings.letterhead()?,
            None => Letterhead::default(),
        };
        result["report"] = json!(paper::write(self, report, &letterhead).await?);
        result["to_follow_up"] = json!(report.to_follow_up);
        let failed = u32::try_from(report.to_follow_up).unwrap_or(u32::MAX);
        let word = self.shell.municipalities.get(&self.municipality).map(|m| tell::scheduled_reports(m, self.id));
        Ok(self.end(RunCounts { failed, ..counts }, word.unwrap_or_default(), result))
    }

    /// The end of a run that has nothing to report.
    pub fn finish_quietly(&self, counts: RunCounts, result: Value) -> Conclusion {
        self.end(counts, Vec::new(), result)
    }

    fn end(&self, counts: RunCounts, reports: Vec<pipeline_store::Notice>, mut result: Value) -> Conclusion {
        result["run"] = json!(self.id);
        result["municipality"] = json!(self.municipality);
        let at = self.shell.clock.now();
        Conclusion::done_with(Vec::new(), result).with_effect(Effect::RunFinished { run: self.id, counts, reports, at })
    }
}

/// From what makes a run one of its kind, not from chance: the same run twice is one run.
pub fn run_id(kind: &str, due: Timestamp, municipality: &MunicipalityNumber) -> RunId {
    let name = format!("arkivflyt scheduled run {kind} {} {municipality}", due.unix_seconds());
    RunId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// One job for each municipality that has anything. One that still runs since last time is left to it.
async fn hand_out(shell: &Shell, ctx: &JobContext, due: Timestamp, args: &RunArgs) -> Result<Conclusion, Failure> {
    let kind = &ctx.job.kind;
    let jobs: Vec<NewJob> = municipalities(shell)
        .await?
        .into_iter()
        .map(|number| {
            let unique_key = format!("{kind}:{number}");
            let args = RunArgs { due: Some(due.unix_seconds()), municipality: Some(number), ..args.clone() };
            let mut job = NewJob::new(kind.clone(), queue::RUNS, serde_json::to_value(args).expect("ids and numbers are writable"));
            job.unique_key = Some(unique_key);
            job.priority = ctx.job.priority;
            // Reading every byte of the archive takes hours: one municipality at a time, so that other runs find a place.
            job.lane = (kind.as_str() == FIXITY_CHECK).then_some(Lane::of("run:fixity.check"));
            job
        })
        .collect();
    let result = json!({ "due": due.unix_seconds(), "municipalities": jobs.len() });
    Ok(Conclusion::done_with(jobs, result))
}

/// Those with case folders in the store or on disk, also without settings.
async fn municipalities(shell: &Shell) -> Result<BTreeSet<MunicipalityNumber>, Failure> {
    let mut numbers = on_disk(shell);
    numbers.extend(shell.store.folders().await?.into_iter().map(|f| f.id.municipality));
    Ok(numbers)
}

/// Those with a store of case folders.
pub fn on_disk(shell: &Shell) -> BTreeSet<MunicipalityNumber> {
    let entries = std::fs::read_dir(shell.archive_root()).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default();
    entries.iter().filter_map(|e| e.file_name().to_string_lossy().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_what_it_is() {
        let (one, two): (MunicipalityNumber, MunicipalityNumber) = ("9901".parse().unwrap(), "9902".parse().unwrap());
        let at = |s| Timestamp::from_unix_seconds(s).unwrap();
        let id = run_id("fixity.check", at(100), &one);
        assert_eq!(id, run_id("fixity.check", at(100), &one));
        for other in [run_id("fixity.check", at(101), &one), run_id("fixity.check", at(100), &two), run_id("report.archive", at(100), &one)]
        {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn what_a_schedule_tells_is_understood_and_what_is_missing_stays_out() {
        let args: RunArgs = serde_json::from_value(json!({ "due": 1_795_422_600 })).unwrap();
        assert_eq!(serde_json::to_value(&args).unwrap(), json!({ "due": 1_795_422_600 }));
        assert!(serde_json::from_value::<RunArgs>(json!({ "municipality": "99" })).is_err());
    }
}

//! `simulate`: a school year of events for made-up plans, in stepped time, through everything that the daemon does.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Instant,
};

use chrono::NaiveDate;
use pipeline_domain::{Clock, ErrorCode, NoticeKind, Timestamp};
use pipeline_store::{DocumentFilter, DocumentState, Documents, JobFilter, JobState, Jobs, MailFilter, Outbox};
use serde_json::{Value, json};

use crate::{
    cli::{Global, init, run_once},
    config::Config,
    daemon,
    exit::Exit,
    failure::Failure,
    output::{Output, progress},
    shell::Shell,
    simulate::{Fault, Play, Played, Player, Setting, SteppedClock, Told},
    words::pick,
};

/// Play a school year of events for made-up plans.
///
/// Needs a data folder of its own, which is set up with the three made-up municipalities. The same seed gives the same archive and the
/// same mails. What was handed in is written down in `simulation/told.jsonl`. `--clock` has no meaning here.
///
/// Ends with 3 when documents or jobs were left for a person, with 5 when the data folder holds documents already, or when something that
/// the play handed in was refused.
#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// How many plans.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub plans: u32,
    /// What chance begins from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// First day of the year.
    #[arg(long, default_value = "2026-08-01", value_name = "DAY")]
    pub from: NaiveDate,
    /// How many days.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// Hours from one step to the next. What happens in between is handed in at the step.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=24))]
    pub step_hours: u32,
}

pub async fn run(simulate: Simulate, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let Simulate { plans, seed, from, days, step_hours } = simulate;
    let setting = Setting { plans, seed, from, days };
    let (began, clock) = (Instant::now(), Arc::new(SteppedClock::at(setting.begins())));
    let Some(shell) = set_up(global, config, clock.clone(), &setting).await? else {
        output.error("data_folder_in_use", in_use(global));
        return Ok(Exit::InvalidInput);
    };
    let Some(_seat) = run_once::seat(&shell)? else { return Ok(run_once::locked(output, global)) };
    let told = Told::begin(shell.data.root(), &setting, step_hours)
        .map_err(|e| Failure::give_up(ErrorCode::ArchiveWrite, format!("cannot begin the simulation's book: {e}")))?;
    let play = Play::new(&setting, shell.reader.clone());
    let shutdown = daemon::shutdown_on_signals();
    let mut player = Player::new(shell, clock.clone(), play, told, shutdown.clone()).await?;
    let bar = progress(output, u64::from(days), pick(global.lang(), "Spiller året, dager", "Spelar året, dagar", "Playing the year, days"));
    let mut faults = Vec::new();
    while clock.now() < setting.ends() && faults.is_empty() && !shutdown.is_requested() {
        let to = later(clock.now(), step_hours).min(setting.ends());
        faults = player.step(to).await?;
        bar.set_position(days_between(setting.begins(), to));
    }
    bar.finish_and_clear();
    let played = player.played();
    let shell = player.finish()?;
    let end = End::of(&shell).await?;
    let summary = summary(&setting, &played, &end, &faults, began.elapsed().as_secs_f64(), &shell).await?;
    run_once::close(shell).await;
    if !output.answer("simulate", &summary) {
        show(&summary, output);
    }
    Ok(match () {
        () if shutdown.is_requested() => Exit::Interrupted,
        () if !faults.is_empty() => Exit::InvalidInput,
        () if !end.left.is_empty() => Exit::Partial,
        () => Exit::Ok,
    })
}

/// A data folder without documents, and a shell over it whose clock is this one. Runs take their turns: what one finds must not depend
/// on how far another has come. `None` when the folder is in use.
async fn set_up(global: &Global, mut config: Config, clock: Arc<SteppedClock>, setting: &Setting) -> Result<Option<Arc<Shell>>, Failure> {
    config.work.queues.runs = 1;
    let global = Global { clock: Some(setting.begins()), ..global.clone() };
    let mut shell = init::set_up(&global, config, true).await?;
    if !shell.store.folders().await?.is_empty() || holds_files(&shell) {
        shell.close().await;
        return Ok(None);
    }
    shell.clock = clock;
    Ok(Some(Arc::new(shell)))
}

fn holds_files(shell: &Shell) -> bool {
    let is_there = |path: &Path| path.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    [shell.data.inbox(), shell.data.accepted(), shell.data.root().join("simulation")].iter().any(|path| is_there(path))
}

fn in_use(global: &Global) -> &'static str {
    pick(
        global.lang(),
        "Datamappen har dokumenter fra før. Velg en ny mappe med --data.",
        "Datamappa har dokument frå før. Vel ei ny mappe med --data.",
        "The data folder holds documents already. Name a new one with --data.",
    )
}

fn later(at: Timestamp, hours: u32) -> Timestamp {
    Timestamp::from_unix_seconds(at.unix_seconds() + 3600 * i64::from(hours)).expect("within the calendar")
}

fn days_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from((to.unix_seconds() - from.unix_seconds()) / 86_400).unwrap_or_default()
}

/// How everything stands in the end.
#[derive(Default)]
struct End {
    /// Documents in the archive, by kind.
    archived: BTreeMap<&'static str, u64>,
    folders: usize,
    /// By kind, then by state; of those that were not sent, the code.
    mails: BTreeMap<&'static str, BTreeMap<String, u64>>,
    on_paper: usize,
    /// What waits for a person: documents by id and code, jobs by kind and code.
    left: BTreeSet<String>,
}

impl End {
    async fn of(shell: &Shell) -> Result<Self, Failure> {
        let mut end = Self::default();
        let folders = shell.store.folders().await?;
        end.folders = folders.len();
        for folder in folders {
            let rows = shell.store.documents(&DocumentFilter { folder: Some(folder.id), ..DocumentFilter::default() }, u32::MAX).await?;
            for row in rows {
                match row.state {
                    DocumentState::Archived | DocumentState::Notified => *end.archived.entry(row.kind.id()).or_default() += 1,
                    DocumentState::Accepted | DocumentState::Failed => {
                        let code = row.last_code.map_or("waits", ErrorCode::id);
                        end.left.insert(format!("{} {} {code}", row.kind.id(), row.key));
                    }
                }
            }
        }
        for kind in NoticeKind::ALL {
            for mail in shell.store.mails(&MailFilter { kinds: vec![kind], ..MailFilter::default() }, u32::MAX).await? {
                let code = mail.last_code.map_or_else(String::new, |code| format!(" {}", code.id()));
                *end.mails.entry(kind.id()).or_default().entry(format!("{}{code}", mail.state.id())).or_default() += 1;
            }
        }
        end.on_paper = shell.store.paper_list().await?.len();
        for job in shell.store.jobs(&JobFilter { state: Some(JobState::Dead), ..JobFilter::default() }, u32::MAX).await? {
            end.left.insert(format!("job {} {}", job.kind, job.last_code.map_or("", ErrorCode::id)));
        }
        Ok(end)
    }
}

async fn summary(setting: &Setting, played: &Played, end: &End, faults: &[Fault], seconds: f64, shell: &Shell) -> Result<Value, Failure> {
    let children: Vec<u64> = shell.press().await?.children_memory().iter().map(|child| child.peak_bytes >> 20).collect();
    let faults: Vec<Value> = faults.iter().map(|f| json!({ "code": f.code, "id": f.id, "kind": f.kind, "at": f.at })).collect();
    Ok(json!({
        "data": shell.data.root().display().to_string(),
        "plans": setting.plans, "seed": setting.seed, "from": setting.from, "days": setting.days,
        "steps": played.steps,
        "handed_in": { "documents": played.documents, "events": played.events, "files": played.files },
        "requests": played.requests,
        "folders": end.folders,
        "archived": end.archived,
        "documents": end.archived.values().sum::<u64>(),
        "mails": end.mails,
        "on_paper": end.on_paper,
        "left": end.left,
        "refused": faults,
        "seconds": (seconds * 10.0).round() / 10.0,
        "peak_mib": peak_mib(),
        "peak_children_mib": children,
    }))
}

/// Resident at most, since this process started. 0 where `/proc` does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}

fn show(summary: &Value, output: &Output) {
    for (key, value) in summary.as_object().into_iter().flatten() {
        match value {
            Value::Object(parts) => {
                output.line(&format!("{key}:"));
                for (part, value) in parts {
                    output.line(&format!("  {part:<32} {value}"));
                }
            }
            other => output.line(&format!("{key:<20} {other}")),
        }
    }
}

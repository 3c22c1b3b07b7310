//! `bench`: measures on this machine. Ratios in one run, the two sides taking turns.

mod daemon;

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::Arc,
    time::Instant,
};

use pipeline_domain::ErrorCode;
use pipeline_intake::{IntakeRules, Reader, Reading};
use pipeline_render::{Letterhead, RenderJob, Typesetter, render_job, typesetting_thread};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    cli::{Global, check, init},
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{accept, run},
    output::Output,
    shell::Shell,
};

/// Measure on this machine.
#[derive(Debug, clap::Subcommand)]
pub enum Bench {
    /// The whole pipeline (JSON in, sealed folder and queued mail out, durable) against bare typesetting of the same
    /// documents in the same number of processes.
    #[command(after_help = crate::exit::TABLE)]
    Pipeline(PipelineBench),
    /// Resident memory of parent and children while many small documents pass.
    #[command(after_help = crate::exit::TABLE)]
    Memory(MemoryBench),
    /// The background workers: documents a second on SQLite (one process) and on PostgreSQL (two), how much an idle one uses, and how
    /// soon it wakes.
    #[command(after_help = crate::exit::TABLE)]
    Daemon(daemon::DaemonBench),
    /// Bare typesetting in one process, for `pipeline`: turns on standard input.
    #[command(hide = true)]
    Bare(BareBench),
}

/// One bare process.
#[derive(Debug, clap::Args)]
pub struct BareBench {
    /// File with every job.
    pub jobs: PathBuf,
}

/// Pipeline against bare typesetting.
#[derive(Debug, clap::Args)]
pub struct PipelineBench {
    /// Documents a round.
    #[arg(long, default_value_t = 240)]
    pub documents: usize,
    /// Rounds of each side.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Only samples whose name holds this, such as `meeting-minutes/full`.
    #[arg(long, default_value = "full")]
    pub samples: String,
    /// Where the data folders of the rounds are made and removed; the disk is part of what is measured.
    #[arg(long, default_value = ".bench")]
    pub scratch: PathBuf,
}

/// Memory over many documents.
#[derive(Debug, clap::Args)]
pub struct MemoryBench {
    /// Documents in all.
    #[arg(long, default_value_t = 20_000)]
    pub documents: usize,
    /// Only samples whose name holds this.
    #[arg(long, default_value = "meeting-minutes/minimal")]
    pub samples: String,
    /// Where the data folder is made and removed.
    #[arg(long, default_value = ".bench")]
    pub scratch: PathBuf,
}

pub async fn run(bench: Bench, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    match bench {
        Bench::Pipeline(b) => pipeline(b, global, config, output).await,
        Bench::Memory(b) => memory(b, global, config, output).await,
        Bench::Daemon(b) => daemon::daemon(b, global, config, output).await,
        Bench::Bare(b) => {
            typesetting_thread(|| bare_child(&b.jobs));
            Ok(Exit::Ok)
        }
    }
}

fn failed(what: &str) -> impl Fn(std::io::Error) -> Failure {
    let what = what.to_owned();
    move |e| Failure::give_up(ErrorCode::ArchiveWrite, format!("{what}: {e}"))
}

/// `count` documents made from the samples, each its own plan and its own text: nothing is set twice.
fn documents(samples: &str, first: usize, count: usize) -> Vec<Vec<u8>> {
    let samples: Vec<Value> = check::good_samples()
        .into_iter()
        .filter(|s| s.name.contains(samples))
        .map(|s| serde_json::from_slice(&s.bytes).expect("samples are JSON"))
        .collect();
    assert!(!samples.is_empty(), "no sample of that name");
    (first..first + count).map(|i| one_of(&samples, i)).collect()
}

fn one_of(samples: &[Value], i: usize) -> Vec<u8> {
    let mut document = samples[i % samples.len()].clone();
    let id = |what: &str| json!(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{what}/{i}").as_bytes()));
    document["id"] = id("document");
    document["case"]["plan_id"] = id("plan");
    retext(&mut document["content"], i);
    serde_json::to_vec(&document).expect("a value is writable as JSON")
}

/// Adds the number to every longer text, so that no paragraph is like that of another document.
fn retext(value: &mut Value, i: usize) {
    match value {
        Value::String(s) if s.len() > 40 && s.contains(' ') => *s = format!("{i} {s}"),
        Value::Array(items) => items.iter_mut().for_each(|v| retext(v, i)),
        Value::Object(map) => map.values_mut().for_each(|v| retext(v, i)),
        _ => {}
    }
}

async fn pipeline(bench: PipelineBench, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let children = config.render_children();
    std::fs::create_dir_all(&bench.scratch).map_err(failed("cannot make the scratch folder"))?;
    let mut ratios = Vec::new();
    let mut rounds = Vec::new();
    for round in 0..bench.rounds {
        let documents = documents(&bench.samples, round * bench.documents, bench.documents);
        let bare = bare_rate(&documents, children, &bench.scratch.join("jobs.json"))?;
        let whole = whole_rate(documents, &round_folder(&bench.scratch, round), global, config.clone()).await?;
        output.talk(&format!("round {round}: bare {bare:.1} documents/s, pipeline {whole:.1} documents/s, ratio {:.2}", whole / bare));
        ratios.push(whole / bare);
        rounds.push(json!({ "bare_per_s": bare, "pipeline_per_s": whole, "ratio": whole / bare }));
    }
    // Not between the rounds: a file system may be slow for a while where much was deleted a moment ago.
    for round in 0..bench.rounds {
        std::fs::remove_dir_all(round_folder(&bench.scratch, round)).map_err(failed("cannot remove a round's folder"))?;
    }
    let _ = std::fs::remove_dir(&bench.scratch);
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    if !output.answer("bench_pipeline", json!({ "children": children, "rounds": rounds, "median_ratio": median })) {
        output.line(&format!(
            "{children} render processes, {} documents a round: pipeline / bare = {median:.2} (median of {}, {:.2}–{:.2})",
            bench.documents,
            ratios.len(),
            ratios[0],
            ratios[ratios.len() - 1]
        ));
    }
    Ok(Exit::Ok)
}

fn round_folder(scratch: &Path, round: usize) -> PathBuf {
    scratch.join(format!("arkivflyt-round-{round}"))
}

/// Documents a second by `children` processes that do nothing but set. They take the next document from one line, as the
/// children of the press do: dealt out beforehand, the slower half would hold up the rest.
fn bare_rate(documents: &[Vec<u8>], children: usize, jobs_file: &Path) -> Result<f64, Failure> {
    let jobs = serde_json::to_vec(&jobs_of(documents)).map_err(|e| failed("cannot write jobs")(e.into()))?;
    std::fs::write(jobs_file, jobs).map_err(failed("cannot write jobs"))?;
    let program = std::env::current_exe().map_err(failed("cannot find the program"))?;
    let (line, mut turns) = std::io::pipe().map_err(failed("cannot make a pipe"))?;
    let mut processes: Vec<Child> = Vec::new();
    for _ in 0..children {
        let line = line.try_clone().map_err(failed("cannot share a pipe"))?;
        let process = Process::new(&program).args(["bench", "bare"]).arg(jobs_file).stdin(line).stdout(Stdio::piped()).spawn();
        processes.push(process.map_err(failed("cannot start a process"))?);
    }
    drop(line);
    let mut outputs: Vec<_> = processes.iter_mut().map(|p| BufReader::new(p.stdout.take().expect("standard output is a pipe"))).collect();
    let mut wait = |word: &str| -> Result<(), Failure> {
        for out in &mut outputs {
            let mut line = String::new();
            out.read_line(&mut line).map_err(failed("a bare process stopped"))?;
            if line.trim() != word {
                return Err(Failure::give_up(ErrorCode::RenderCrashed, "a bare process stopped"));
            }
        }
        Ok(())
    };
    wait("ready")?;
    let start = Instant::now();
    for turn in 0..documents.len() {
        let turn = u32::try_from(turn).expect("fewer documents than that");
        turns.write_all(&turn.to_le_bytes()).map_err(failed("a bare process stopped"))?;
    }
    drop(turns);
    wait("done")?;
    let seconds = start.elapsed().as_secs_f64();
    for mut process in processes {
        let _ = process.wait();
    }
    std::fs::remove_file(jobs_file).map_err(failed("cannot remove the jobs"))?;
    Ok(documents.len() as f64 / seconds)
}

fn jobs_of(documents: &[Vec<u8>]) -> Vec<RenderJob> {
    let reader = Reader::new(IntakeRules::default());
    let job = |bytes: &Vec<u8>| match reader.read(bytes) {
        Reading::Accepted(snapshot) => render_job(&snapshot, None, &Letterhead::default()),
        Reading::Refused(problems) => panic!("a sample is refused: {}", problems[0]),
    };
    documents.iter().map(job).collect()
}

fn bare_child(jobs_file: &Path) {
    let jobs = std::fs::read(jobs_file).expect("the jobs lie where we were told");
    let jobs: Vec<RenderJob> = serde_json::from_slice(&jobs).expect("jobs are JSON");
    let typesetter = Typesetter::new();
    let set = |job: &RenderJob| typesetter.set(job).unwrap_or_else(|e| panic!("a sample cannot be set: {e}"));
    if let Some(job) = jobs.first() {
        set(job);
    }
    println!("ready");
    // Unbuffered: what is read is ours, the rest is for the others.
    let mut line = std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned().expect("standard input is open"));
    let mut turn = [0; 4];
    while line.read_exact(&mut turn).is_ok() {
        std::hint::black_box(set(&jobs[u32::from_le_bytes(turn) as usize]));
    }
    println!("done");
}

async fn scratch_shell(folder: &PathBuf, global: &Global, config: Config) -> Result<Arc<Shell>, Failure> {
    let _ = std::fs::remove_dir_all(folder);
    let global = Global { data: folder.clone(), config: None, ..global.clone() };
    Ok(Arc::new(init::set_up(&global, config, true).await?))
}

/// Documents a second through everything, from JSON in memory to a sealed folder and mail in the outbox.
async fn whole_rate(documents: Vec<Vec<u8>>, folder: &PathBuf, global: &Global, config: Config) -> Result<f64, Failure> {
    let shell = scratch_shell(folder, global, config).await?;
    // Children that have set one document are warm, as the bare ones are.
    for _ in 0..shell.config.render_children() {
        if let Some(job) = jobs_of(&documents[..1]).into_iter().next() {
            shell.press().await?.print(job).await?;
        }
    }
    let count = documents.len();
    let start = Instant::now();
    let mut report = run::RunReport::default();
    for batch in documents.chunks(64) {
        for answer in accept::accept_all(&shell, batch.to_vec()).await? {
            report.count(answer);
        }
    }
    run::carry_all(&shell, &run::StopFlag::default(), &mut report, &mut |_| {}).await?;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(report.archived as usize, count, "every document is archived");
    super::run_once::close(shell).await;
    Ok(count as f64 / seconds)
}

async fn memory(bench: MemoryBench, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    const STEP: usize = 500;
    let folder = bench.scratch.join("memory");
    let shell = scratch_shell(&folder, global, config).await?;
    let mut rows = Vec::new();
    let mut done = 0;
    while done < bench.documents {
        let step = STEP.min(bench.documents - done);
        let mut report = run::RunReport::default();
        for batch in documents(&bench.samples, done, step).chunks(64) {
            for answer in accept::accept_all(&shell, batch.to_vec()).await? {
                report.count(answer);
            }
        }
        run::carry_all(&shell, &run::StopFlag::default(), &mut report, &mut |_| {}).await?;
        done += step;
        let parent = resident_mib("self");
        let children: Vec<u64> = shell.press().await?.children_memory().iter().map(|c| c.resident_bytes >> 20).collect();
        output.talk(&format!("{done} documents: parent {parent} MiB, children {children:?} MiB"));
        rows.push(json!({ "documents": done, "parent_mib": parent, "children_mib": children }));
    }
    super::run_once::close(shell).await;
    std::fs::remove_dir_all(&folder).map_err(failed("cannot remove the scratch folder"))?;
    let _ = std::fs::remove_dir(&bench.scratch);
    if !output.answer("bench_memory", json!({ "rows": rows })) {
        let last = rows.last().map_or(Value::Null, Clone::clone);
        output.line(&last.to_string());
    }
    Ok(Exit::Ok)
}

fn resident_mib(pid: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}

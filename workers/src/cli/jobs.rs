//! `jobs`: looks at background work, and decides on what was left for a person.

use pipeline_domain::{ErrorCode, Lang};
use pipeline_store::{Cancelling, DocumentState, Documents, JobAttempt, JobFilter, JobId, JobKind, JobRow, JobState, Jobs as _, QueueName};
use serde_json::{Value, json};

use crate::{
    cli::Global,
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{document_jobs, stages},
    output::Output,
    shell::Shell,
    words::pick,
};

/// Look at background work.
#[derive(Debug, clap::Subcommand)]
pub enum Jobs {
    /// Jobs and where they are; the newest, unless filtered.
    #[command(after_help = crate::exit::TABLE)]
    List {
        #[command(flatten)]
        filter: Filter,
        /// At most so many, the newest.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One job with every attempt and its reason.
    #[command(after_help = crate::exit::TABLE)]
    Show {
        /// Its number.
        job: i64,
    },
    /// Try dead jobs again: one, or every one that matches. A failed document is tried again with its job.
    #[command(after_help = crate::exit::TABLE)]
    Retry {
        /// Its number.
        #[arg(required_unless_present_any = ["code", "kind", "queue", "all"], conflicts_with_all = ["code", "kind", "queue", "all"])]
        job: Option<i64>,
        /// Every dead job that failed last with this code.
        #[arg(long)]
        code: Option<String>,
        /// Every dead job of this kind.
        #[arg(long)]
        kind: Option<JobKind>,
        /// Every dead job of this queue.
        #[arg(long)]
        queue: Option<QueueName>,
        /// Every dead job.
        #[arg(long)]
        all: bool,
    },
    /// Call a job off. One that runs is asked to stop.
    #[command(after_help = crate::exit::TABLE)]
    Cancel {
        /// Its number.
        job: i64,
    },
    /// Give a dead job up: it is listed as cancelled from then on.
    #[command(after_help = crate::exit::TABLE)]
    Discard {
        /// Its number.
        job: i64,
    },
    /// Queues in numbers, and the workers that live.
    #[command(after_help = crate::exit::TABLE)]
    Stats,
    /// Let no worker take anything from a queue.
    #[command(after_help = crate::exit::TABLE)]
    Pause {
        /// Its name.
        queue: QueueName,
    },
    /// Let workers take from a paused queue again.
    #[command(after_help = crate::exit::TABLE)]
    Resume {
        /// Its name.
        queue: QueueName,
    },
    /// Pause a queue and wait until nothing of it is in hand.
    #[command(after_help = crate::exit::TABLE)]
    Drain {
        /// Its name.
        queue: QueueName,
        /// Wait at most so long, in seconds.
        #[arg(long, default_value_t = 300)]
        wait: u64,
    },
    /// Limit how many jobs of a queue run at once, in all processes together.
    #[command(after_help = crate::exit::TABLE)]
    Limit {
        /// Its name.
        queue: QueueName,
        /// How many; leave it out to lift the limit.
        most: Option<u32>,
    },
}

/// Which jobs.
#[derive(Debug, clap::Args)]
pub struct Filter {
    /// Only in this state: ready, waiting, running, done, dead or cancelled.
    #[arg(long)]
    state: Option<JobState>,
    /// Only of this kind.
    #[arg(long)]
    kind: Option<JobKind>,
    /// Only in this queue.
    #[arg(long)]
    queue: Option<QueueName>,
    /// Only those that failed last with this code.
    #[arg(long)]
    code: Option<String>,
}

pub async fn run(jobs: Jobs, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Shell::open(global, config).await?;
    let told = Told { shell: &shell, lang: global.lang(), output };
    let exit = match jobs {
        Jobs::List { filter, limit } => told.list(filter, limit).await,
        Jobs::Show { job } => told.show(JobId(job)).await,
        Jobs::Retry { job: Some(job), .. } => told.retry(JobId(job)).await,
        Jobs::Retry { job: None, code, kind, queue, .. } => told.retry_all(Filter { state: None, kind, queue, code }).await,
        Jobs::Cancel { job } => told.cancel(JobId(job)).await,
        Jobs::Discard { job } => told.discard(JobId(job)).await,
        Jobs::Stats => told.stats().await,
        Jobs::Pause { queue } => told.pause(&queue, true).await,
        Jobs::Resume { queue } => told.pause(&queue, false).await,
        Jobs::Drain { queue, wait } => told.drain(&queue, wait).await,
        Jobs::Limit { queue, most } => told.limit(&queue, most).await,
    };
    shell.close().await;
    exit
}

/// Where the answer goes.
struct Told<'a> {
    shell: &'a Shell,
    lang: Lang,
    output: &'a Output,
}

fn row(job: &JobRow) -> Value {
    json!({
        "job": job.id, "kind": job.kind, "queue": job.queue, "state": job.state, "priority": job.priority, "lane": job.lane,
        "args": job.args, "attempt": job.attempt, "failures": job.failures, "max_failures": job.max_failures, "last_code": job.last_code,
        "not_before": job.not_before, "created_at": job.created_at, "finished_at": job.finished_at, "lease_until": job.lease_until,
        "worker": job.worker, "cancel_requested": job.cancel_requested, "progress": job.progress, "result": job.result,
    })
}

fn attempt_row(attempt: &JobAttempt) -> Value {
    json!({
        "attempt": attempt.attempt, "worker": attempt.worker, "started_at": attempt.started_at, "ended_at": attempt.ended_at,
        "end": attempt.end, "code": attempt.code, "detail": attempt.detail,
    })
}

impl Told<'_> {
    fn filter(&self, filter: Filter) -> Result<JobFilter, Failure> {
        let unknown = |code: &str| Failure::give_up(ErrorCode::JobUnknown, format!("there is no code {code}"));
        let code = filter.code.map(|code| ErrorCode::from_id(&code).ok_or_else(|| unknown(&code))).transpose()?;
        Ok(JobFilter { state: filter.state, kind: filter.kind, queue: filter.queue, code })
    }

    async fn list(&self, filter: Filter, limit: u32) -> Result<Exit, Failure> {
        let jobs = self.shell.store.jobs(&self.filter(filter)?, limit).await?;
        if self.output.answer("jobs", json!({ "jobs": jobs.iter().map(row).collect::<Vec<_>>() })) {
            return Ok(Exit::Ok);
        }
        let head = [
            "#",
            pick(self.lang, "Jobb", "Jobb", "Job"),
            pick(self.lang, "Kø", "Kø", "Queue"),
            pick(self.lang, "Status", "Status", "State"),
            pick(self.lang, "Forsøk", "Forsøk", "Attempts"),
            pick(self.lang, "Feil", "Feil", "Failures"),
            pick(self.lang, "Sist feilet med", "Sist feila med", "Last failed with"),
            pick(self.lang, "Opprettet", "Oppretta", "Created"),
        ];
        let rows = jobs.iter().map(|j| {
            let code = j.last_code.map_or_else(String::new, |c| c.to_string());
            let counts = [j.attempt.to_string(), j.failures.to_string()];
            let [attempts, failures] = counts;
            vec![
                j.id.to_string(),
                j.kind.to_string(),
                j.queue.to_string(),
                self.state(j.state).to_owned(),
                attempts,
                failures,
                code,
                j.created_at.to_string(),
            ]
        });
        self.output.table(&head, rows.collect());
        Ok(Exit::Ok)
    }

    fn state(&self, state: JobState) -> &'static str {
        match state {
            JobState::Ready => pick(self.lang, "klar", "klar", "ready"),
            JobState::Waiting => pick(self.lang, "venter på tur", "ventar på tur", "waiting"),
            JobState::Running => pick(self.lang, "pågår", "går", "running"),
            JobState::Done => pick(self.lang, "ferdig", "ferdig", "done"),
            JobState::Dead => pick(self.lang, "oppgitt", "oppgitt", "dead"),
            JobState::Cancelled => pick(self.lang, "avbrutt", "avbroten", "cancelled"),
        }
    }

    fn not_found(&self) -> Exit {
        self.output.error(ErrorCode::JobUnknown.id(), ErrorCode::JobUnknown.text(self.lang));
        Exit::NotFound
    }

    async fn show(&self, id: JobId) -> Result<Exit, Failure> {
        let Some(job) = self.shell.store.job(id).await? else { return Ok(self.not_found()) };
        let attempts = self.shell.store.attempts_of(id).await?;
        let mut body = row(&job);
        body["attempts"] = attempts.iter().map(attempt_row).collect();
        if self.output.answer("job", &body) {
            return Ok(Exit::Ok);
        }
        self.output.line(&format!("{} {} · {} · {}", pick(self.lang, "Jobb", "Jobb", "Job"), job.id, job.kind, self.state(job.state)));
        self.output.line(&job.args.to_string());
        for a in &attempts {
            let code = a.code.map_or_else(String::new, |c| format!(" · {c}: {}", c.text(self.lang)));
            let detail = if a.detail.is_empty() { String::new() } else { format!(" ({})", a.detail) };
            self.output.line(&format!("{}. {} – {} · {}{code}{detail}", a.attempt, a.started_at, a.ended_at, a.end));
        }
        Ok(Exit::Ok)
    }

    /// A document's job goes with its document: reviving one of them alone would end at once.
    async fn revive(&self, job: &JobRow) -> Result<bool, Failure> {
        if let Some(key) = stages::document_of(job)
            && let Some(document) = self.shell.store.document(key).await?
            && document.state == DocumentState::Failed
        {
            self.shell.store.retry_document(key, self.shell.clock.now(), document_jobs).await?;
            return Ok(true);
        }
        Ok(self.shell.store.retry_job(job.id).await?)
    }

    async fn retry(&self, id: JobId) -> Result<Exit, Failure> {
        let Some(job) = self.shell.store.job(id).await? else { return Ok(self.not_found()) };
        let retried = self.revive(&job).await?;
        self.say("jobs_retry", json!({ "retried": u32::from(retried) }), u64::from(retried));
        Ok(Exit::Ok)
    }

    async fn retry_all(&self, filter: Filter) -> Result<Exit, Failure> {
        let mut filter = self.filter(filter)?;
        filter.state = Some(JobState::Dead);
        let mut retried = 0;
        for job in self.shell.store.jobs(&filter, u32::MAX).await? {
            retried += u64::from(self.revive(&job).await?);
        }
        self.say("jobs_retry", json!({ "retried": retried }), retried);
        Ok(Exit::Ok)
    }

    fn say(&self, shape: &str, body: Value, n: u64) {
        if !self.output.answer(shape, body) {
            self.output.line(&format!("{}: {n}", pick(self.lang, "Prøves igjen", "Blir prøvde på nytt", "Tried again")));
        }
    }

    async fn cancel(&self, id: JobId) -> Result<Exit, Failure> {
        let Some(answer) = self.shell.store.cancel_job(id).await? else { return Ok(self.not_found()) };
        let (word, text) = match answer {
            Cancelling::Cancelled => ("cancelled", pick(self.lang, "Avbrutt.", "Avbroten.", "Cancelled.")),
            Cancelling::Asked => (
                "asked",
                pick(
                    self.lang,
                    "Jobben pågår og er bedt om å stoppe.",
                    "Jobben går og er beden om å stoppe.",
                    "It runs and is asked to stop.",
                ),
            ),
            Cancelling::Ended(state) => {
                (state.id(), pick(self.lang, "Jobben er allerede avsluttet.", "Jobben er alt avslutta.", "It has ended already."))
            }
        };
        if !self.output.answer("jobs_cancel", json!({ "answer": word })) {
            self.output.line(text);
        }
        Ok(Exit::Ok)
    }

    async fn discard(&self, id: JobId) -> Result<Exit, Failure> {
        if self.shell.store.job(id).await?.is_none() {
            return Ok(self.not_found());
        }
        let discarded = self.shell.store.discard_job(id).await?;
        if !self.output.answer("jobs_discard", json!({ "discarded": discarded })) {
            self.output.line(if discarded {
                pick(self.lang, "Forkastet.", "Forkasta.", "Discarded.")
            } else {
                pick(
                    self.lang,
                    "Bare oppgitte jobber kan forkastes.",
                    "Berre oppgitte jobbar kan forkastast.",
                    "Only dead jobs can be discarded.",
                )
            });
        }
        Ok(if discarded { Exit::Ok } else { Exit::InvalidInput })
    }

    async fn stats(&self) -> Result<Exit, Failure> {
        let queues = self.shell.store.queue_stats().await?;
        let workers = self.shell.store.workers().await?;
        if self.output.answer("jobs_stats", json!({ "queues": queues, "workers": workers })) {
            return Ok(Exit::Ok);
        }
        let head = [
            pick(self.lang, "Kø", "Kø", "Queue"),
            pick(self.lang, "Klare", "Klare", "Ready"),
            pick(self.lang, "Senere", "Seinare", "Later"),
            pick(self.lang, "Venter på tur", "Ventar på tur", "Waiting"),
            pick(self.lang, "Pågår", "Går", "Running"),
            pick(self.lang, "Oppgitt", "Oppgitt", "Dead"),
            pick(self.lang, "Eldste klare", "Eldste klare", "Oldest ready"),
            "",
        ];
        let rows = queues.iter().map(|q| {
            let age = q.oldest_ready_s.map_or_else(String::new, |s| format!("{s:.0} s"));
            let note = if q.paused { pick(self.lang, "på pause", "på pause", "paused") } else { "" };
            vec![
                q.queue.to_string(),
                q.ready.to_string(),
                q.scheduled.to_string(),
                q.waiting.to_string(),
                q.running.to_string(),
                q.dead.to_string(),
                age,
                note.to_owned(),
            ]
        });
        self.output.table(&head, rows.collect());
        for worker in &workers {
            self.output.line(&format!("{} · {} · {}", worker.place, worker.version, worker.seen_at));
        }
        Ok(Exit::Ok)
    }

    async fn pause(&self, queue: &QueueName, paused: bool) -> Result<Exit, Failure> {
        self.shell.store.set_paused(queue, paused).await?;
        if !self.output.answer("jobs_queue", json!({ "queue": queue, "paused": paused })) {
            let word =
                if paused { pick(self.lang, "på pause", "på pause", "paused") } else { pick(self.lang, "i gang", "i gang", "resumed") };
            self.output.line(&format!("{queue}: {word}"));
        }
        Ok(Exit::Ok)
    }

    async fn drain(&self, queue: &QueueName, wait: u64) -> Result<Exit, Failure> {
        self.shell.store.set_paused(queue, true).await?;
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(wait);
        let running = loop {
            let stats = self.shell.store.queue_stats().await?;
            let running = stats.iter().find(|q| q.queue == *queue).map_or(0, |q| q.running);
            if running == 0 || tokio::time::Instant::now() >= until {
                break running;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        };
        if !self.output.answer("jobs_drain", json!({ "queue": queue, "paused": true, "running": running })) {
            self.output.line(&format!(
                "{queue}: {} {running}",
                pick(self.lang, "på pause; pågår ennå:", "på pause; går enno:", "paused; still running:")
            ));
        }
        Ok(if running == 0 { Exit::Ok } else { Exit::TryAgain })
    }

    async fn limit(&self, queue: &QueueName, most: Option<u32>) -> Result<Exit, Failure> {
        self.shell.store.set_max_running(queue, most).await?;
        if !self.output.answer("jobs_queue", json!({ "queue": queue, "max_running": most })) {
            let most = most.map_or_else(|| pick(self.lang, "ingen grense", "inga grense", "no limit").to_owned(), |n| n.to_string());
            self.output.line(&format!("{queue}: {most}"));
        }
        Ok(Exit::Ok)
    }
}

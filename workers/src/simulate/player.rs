//! The player: takes the real thing through the year, step by step.
//!
//! At each step the clock is set, what is due is handed in, and the daemon's runners work until nothing is left to do; then the schedules
//! that are due fire, and they work again. First the runner of all queues but mail, then that of mail, never both at once: what a run
//! finds does not depend on which of them was quicker. The clock stands still meanwhile, also the database's, so that a slow machine
//! plays the same year; what is put off to a time between two steps is taken up at the next.

use std::{
    collections::BTreeSet,
    fs, io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use pipeline_domain::{Date, ErrorCode, Sha256, Timestamp};
use pipeline_intake::Incoming;
use pipeline_queue::{Shutdown, Ticker};
use pipeline_store::Jobs;
use serde_json::Value;

use super::{SteppedClock, acts::Sent, play::Play, told::Told};
use crate::{
    any_store::AnyStore,
    daemon,
    failure::Failure,
    jobs::{
        accept::{self, Answer, BatchSize},
        schedules,
    },
    shell::Shell,
};

/// Something that the archive refused: the play is at fault.
#[derive(Clone, Debug)]
pub struct Fault {
    pub code: &'static str,
    pub id: String,
    pub kind: String,
    pub at: String,
}

/// What was played so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Played {
    pub steps: u32,
    pub documents: u64,
    pub events: u64,
    pub files: u64,
    /// Requests of the archive that the play was shown.
    pub requests: u64,
}

/// Takes the year step by step.
pub struct Player {
    shell: Arc<Shell>,
    clock: Arc<SteppedClock>,
    ticker: Ticker<AnyStore>,
    shutdown: Shutdown,
    play: Play,
    told: Told,
    /// Requests that were answered.
    requests: BTreeSet<String>,
    /// Prints and packages whose files bear the time of the play.
    dated: BTreeSet<PathBuf>,
    pruned_on: Date,
    played: Played,
}

impl Player {
    /// Over a data folder that has just been set up, at the instant that the clock stands at.
    pub async fn new(shell: Arc<Shell>, clock: Arc<SteppedClock>, play: Play, told: Told, shutdown: Shutdown) -> Result<Self, Failure> {
        stop_database_at(&shell, shell.clock.now())?;
        let planned = schedules::planned(&shell.config.schedule).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
        let ticker = Ticker::new(Arc::new(shell.store.clone()), planned, shell.clock.clone());
        ticker.register().await?;
        fs::create_dir_all(shell.archive_root()).map_err(|e| cannot("make the archive folder", &e))?;
        let pruned_on = shell.clock.now().oslo_date();
        let (requests, played) = (BTreeSet::new(), Played::default());
        Ok(Self { shell, clock, ticker, shutdown, play, told, requests, dated: BTreeSet::new(), pruned_on, played })
    }

    pub fn played(&self) -> Played {
        self.played
    }

    /// Plays what happens until this instant. Whatever is refused ends the play.
    pub async fn step(&mut self, to: Timestamp) -> Result<Vec<Fault>, Failure> {
        self.clock.set(to);
        stop_database_at(&self.shell, to)?;
        let faults = self.hand_in(to).await?;
        if !faults.is_empty() {
            return Ok(faults);
        }
        self.ticker.tick().await?;
        self.work().await?;
        self.look_for_requests(to)?;
        self.prune(to).await?;
        self.played.steps += 1;
        Ok(faults)
    }

    /// Writes down the rest, and gives everything back.
    pub fn finish(mut self) -> Result<Arc<Shell>, Failure> {
        self.told.finish().map_err(|e| cannot("write down what was handed in", &e))?;
        Ok(self.shell)
    }

    /// All that happened until now, in order; then the archive works until nothing of it is left to do.
    async fn hand_in(&mut self, now: Timestamp) -> Result<Vec<Fault>, Failure> {
        let mut faults = Vec::new();
        let mut any = false;
        let (mut batch, mut size) = (Vec::new(), BatchSize::default());
        while let Some(sent) = self.play.next_by(now) {
            any = true;
            for sent in sent {
                let bytes = sent.envelope.to_string().into_bytes();
                size.add(bytes.len());
                batch.push((sent, bytes));
                if size.is_full() {
                    size = BatchSize::default();
                    faults.extend(self.offer(now, std::mem::take(&mut batch)).await?);
                }
            }
        }
        faults.extend(self.offer(now, batch).await?);
        if any && faults.is_empty() {
            self.work().await?;
        }
        Ok(faults)
    }

    async fn offer(&mut self, now: Timestamp, batch: Vec<(Sent, Vec<u8>)>) -> Result<Vec<Fault>, Failure> {
        let (sent, bytes): (Vec<Sent>, Vec<Vec<u8>>) = batch.into_iter().unzip();
        let digests: Vec<Option<Sha256>> = bytes.iter().map(|b| self.digest_of(b)).collect();
        for sent in &sent {
            self.told.add(now, &sent.envelope).map_err(|e| cannot("write down what was handed in", &e))?;
            let count = if sent.envelope["content"]["event"].is_string() { &mut self.played.events } else { &mut self.played.documents };
            *count += 1;
            for file in &sent.files {
                self.put_file(file).map_err(|e| cannot("hand in an attachment", &e))?;
                self.played.files += 1;
            }
        }
        let answers = accept::accept_all(&self.shell, bytes).await?;
        let files = sent.iter().flat_map(|s| &s.files).map(|file| self.in_pool(Sha256::of(file)));
        let accepted = digests.into_iter().flatten().map(|digest| self.shell.data.accepted_file(digest));
        for file in accepted.chain(files) {
            date(&file, now).map_err(|e| cannot("date an accepted file", &e))?;
        }
        Ok(sent.iter().zip(&answers).filter_map(|(sent, answer)| fault(sent, answer)).collect())
    }

    fn digest_of(&self, bytes: &[u8]) -> Option<Sha256> {
        match self.shell.reader.take(bytes) {
            Incoming::Document(snapshot) => Some(snapshot.digest),
            Incoming::Event(event) => Some(event.digest),
            Incoming::Refused(_) => None,
        }
    }

    /// Where the source system puts files, before the document that names them.
    fn put_file(&self, bytes: &[u8]) -> io::Result<()> {
        let folder = self.shell.data.inbox().join("attachments");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(Sha256::of(bytes).to_string()), bytes)
    }

    /// Where they lie when they are taken.
    fn in_pool(&self, digest: Sha256) -> PathBuf {
        self.shell.data.accepted().join("attachments").join(digest.to_string())
    }

    /// Until nothing is left to do at this instant.
    async fn work(&mut self) -> Result<(), Failure> {
        let (worker, mail) = daemon::all_runners(&self.shell)?;
        worker.run_until_idle(self.shutdown.clone()).await;
        mail.run_until_idle(self.shutdown.clone()).await;
        self.date_what_is_fetched().map_err(|e| cannot("date what was asked for", &e))
    }

    /// Prints and packages that were put where the source system fetches them.
    fn date_what_is_fetched(&mut self) -> io::Result<()> {
        for folder in [self.shell.data.prints(), self.shell.data.exports()] {
            let entries = match fs::read_dir(&folder) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let path = entry?.path();
                if self.dated.insert(path.clone()) {
                    date(&path, self.shell.clock.now())?;
                }
            }
        }
        Ok(())
    }

    /// Shows the play what the archive has asked for since the last look.
    fn look_for_requests(&mut self, now: Timestamp) -> Result<(), Failure> {
        let folder = self.shell.data.requests();
        let read = || -> io::Result<Vec<(String, PathBuf)>> {
            let mut found = Vec::new();
            if !folder.is_dir() {
                return Ok(found);
            }
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.ends_with(".json") && !self.requests.contains(&name) {
                    found.push((name, entry.path()));
                }
            }
            found.sort();
            Ok(found)
        };
        for (name, path) in read().map_err(|e| cannot("read what the archive asks for", &e))? {
            let bytes = fs::read(&path).map_err(|e| cannot("read what the archive asks for", &e))?;
            let request: Value = serde_json::from_slice(&bytes).map_err(|e| Failure::give_up(ErrorCode::MetadataInvalid, e))?;
            self.play.asked(now, &request);
            self.requests.insert(name);
            self.played.requests += 1;
        }
        Ok(())
    }

    /// Once a day, as a process that lives for longer does by itself.
    async fn prune(&mut self, now: Timestamp) -> Result<(), Failure> {
        let today = now.oslo_date();
        if today != self.pruned_on {
            self.pruned_on = today;
            let policy = daemon::prune_policy(&self.shell);
            while self.shell.store.prune_jobs(&policy).await? >= u64::from(policy.limit) {}
        }
        Ok(())
    }
}

/// Leases and due times are told by the database's own clock.
fn stop_database_at(shell: &Shell, now: Timestamp) -> Result<(), Failure> {
    match &shell.store {
        AnyStore::Sqlite(store) => {
            store.stop_clock_at(now);
            Ok(())
        }
        AnyStore::Postgres(_) => {
            Err(Failure::give_up(ErrorCode::ConfigInvalid, "a simulation needs store.database = { kind = \"sqlite\" }"))
        }
    }
}

/// How long a file has lain here is told by its own time. One that is gone again has no need of it.
fn date(path: &std::path::Path, at: Timestamp) -> io::Result<()> {
    let seconds = u64::try_from(at.unix_seconds()).unwrap_or_default();
    match fs::File::options().write(true).open(path) {
        Ok(file) => file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

fn fault(sent: &Sent, answer: &Answer) -> Option<Fault> {
    let Answer::Refused(refusal) = answer else { return None };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let envelope = &sent.envelope;
    let kind = envelope["content"]["event"].as_str().map_or_else(|| text(&envelope["schema"]), str::to_owned);
    let first = refusal.problems.first();
    Some(Fault { code: first.map_or("", |p| p.code), id: text(&envelope["id"]), kind, at: first.map(|p| p.at.clone()).unwrap_or_default() })
}

fn cannot(what: &str, e: &io::Error) -> Failure {
    Failure::retry(ErrorCode::ArchiveWrite, format!("cannot {what}: {e}"))
}

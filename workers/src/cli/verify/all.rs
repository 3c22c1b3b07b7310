//! `verify --all`: a round through the case folders of every municipality, several at a time. What was checked is written down at once, so
//! that a round that is interrupted goes on with the rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use pipeline_archive::{CaseArchive, Depth, Manner, Sums, survey_root};
use pipeline_domain::{CaseFolderId, ErrorCode, MunicipalityNumber, Timestamp};
use pipeline_store::{DocumentFilter, Documents};
use serde_json::json;

use super::{Tally, Verify, stores};
use crate::{
    cli::Global,
    exit::Exit,
    failure::Failure,
    fixity::{Begun, Check, Journal, Judgement, Known, Pace, Pen, Receipt, Round, Wish, judge},
    output::{Output, progress},
    shell::Shell,
    words::pick,
};

/// Judgements that wait to be written down.
const WAITING: usize = 64;

pub async fn run(verify: &Verify, shell: &Shell, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let receipts = receipts(shell).await?;
    let (mut tally, mut rounds) = (Tally::default(), Vec::new());
    let of_receipts: BTreeSet<MunicipalityNumber> = receipts.keys().map(|folder| folder.municipality.clone()).collect();
    for number in stores(&shell.archive_root()).into_iter().chain(of_receipts).collect::<BTreeSet<_>>() {
        let here = Here { verify, shell, number: &number, receipts: &receipts };
        let Some(round) = here.go_round(&mut tally, global, output)? else {
            let text = pick(global.lang(), "en annen kontroll er i gang", "ein annan kontroll er i gang", "another check is under way");
            output.error("locked", &format!("{text}: {number}"));
            return Ok(Exit::Locked);
        };
        rounds.push(round);
    }
    // Only now: interrupted in the last municipality, the first ones are not gone through again.
    rounds.into_iter().try_for_each(Round::finish).map_err(unwritable)?;
    Ok(tally.tell(global, output))
}

/// Versions that documents were archived in, by folder.
async fn receipts(shell: &Shell) -> Result<BTreeMap<CaseFolderId, Vec<Receipt>>, Failure> {
    let mut receipts: BTreeMap<CaseFolderId, Vec<Receipt>> = BTreeMap::new();
    for row in shell.store.documents(&DocumentFilter::default(), u32::MAX).await? {
        if let Some(archived) = row.archived {
            receipts.entry(row.reservation.folder).or_default().push((archived.folder_version, archived.inventory));
        }
    }
    Ok(receipts)
}

/// One municipality.
struct Here<'a> {
    verify: &'a Verify,
    shell: &'a Shell,
    number: &'a MunicipalityNumber,
    receipts: &'a BTreeMap<CaseFolderId, Vec<Receipt>>,
}

/// One folder to judge.
struct Task<'a> {
    place: PathBuf,
    name: String,
    /// Without it, something that no case folder is called like: it is judged and not remembered.
    folder: Option<CaseFolderId>,
    receipts: &'a [Receipt],
}

impl Here<'_> {
    /// Goes through all that is left. `None` when another process is on a round here.
    fn go_round(&self, tally: &mut Tally, global: &Global, output: &Output) -> Result<Option<Round>, Failure> {
        let depth = if self.verify.read_data { Depth::Data } else { Depth::Names };
        let journal = Journal::of(&self.shell.data, self.number);
        journal.tidy().map_err(unwritable)?;
        let known = journal.read().map_err(unwritable)?;
        let tasks = self.tasks(tally);
        let folders: Vec<CaseFolderId> = tasks.iter().filter_map(|task| task.folder.clone()).collect();
        let (wish, now) = (Wish { depth, sample: self.verify.sample }, self.shell.clock.now());
        let Begun::Here(round) = Round::begin(&journal, &known, wish, &folders, now, self.verify.anew).map_err(unwritable)? else {
            return Ok(None);
        };
        let (of, tasks) = self.left(tasks, &round, &known);
        let before = of - tasks.len();
        let bar = progress(output, of as u64, &format!("{} {}", pick(global.lang(), "Mapper", "Mapper", "Folders"), self.number));
        bar.set_position(before as u64);
        let mut pen = journal.pen().map_err(unwritable)?;
        let mut first = None;
        self.judge_all(&tasks, depth, &mut |task, judgement| {
            tally.add_judged(&task.name, judgement);
            bar.inc(1);
            if let Err(e) = note(&mut pen, task, judgement, depth, &round, self.shell.clock.now()) {
                first.get_or_insert(e);
            }
        });
        bar.finish_and_clear();
        pen.sync().map_err(unwritable)?;
        tally.rounds.push(json!({
            "municipality": self.number, "run": round.run(), "started_at": round.started_at(), "resumed": round.resumed,
            "sample": self.verify.sample.map(|part| part.to_string()), "folders": of, "before": before, "now": tasks.len(),
        }));
        match first {
            Some(e) => Err(unwritable(e)),
            None => Ok(Some(round)),
        }
    }

    /// What lies on disk, and what the database says must lie there. The root itself is judged on the way.
    fn tasks(&self, tally: &mut Tally) -> Vec<Task<'_>> {
        let root = CaseArchive::storage_root(&self.shell.archive_root(), self.number);
        let survey = if root.is_dir() { survey_root(&root) } else { Default::default() };
        tally.findings(self.number.as_str(), &survey.findings);
        let mut folders: BTreeMap<PathBuf, Option<CaseFolderId>> =
            survey.objects.iter().map(|at| (root.join(at), case_of(self.number, &root, Path::new(at)))).collect();
        for folder in self.receipts.keys().filter(|folder| folder.municipality == *self.number) {
            folders.insert(CaseArchive::case_folder(&self.shell.archive_root(), folder), Some(folder.clone()));
        }
        let task = |(place, folder): (PathBuf, Option<CaseFolderId>)| {
            let at = place.strip_prefix(&root).unwrap_or(&place).display();
            let name = folder.as_ref().map_or_else(|| format!("{}/{at}", self.number), ToString::to_string);
            let receipts = folder.as_ref().and_then(|folder| self.receipts.get(folder)).map_or(&[][..], Vec::as_slice);
            Task { place, name, folder, receipts }
        };
        folders.into_iter().map(task).collect()
    }

    /// How many folders belong to the round, and those of them that are left.
    fn left<'t>(&self, tasks: Vec<Task<'t>>, round: &Round, known: &Known) -> (usize, Vec<Task<'t>>) {
        // What nothing is known of has its turn in a round through all.
        let belongs = |task: &Task<'_>| task.folder.as_ref().map_or(self.verify.sample.is_none(), |folder| round.holds(folder));
        let mut tasks: Vec<Task<'_>> = tasks.into_iter().filter(belongs).collect();
        let of = tasks.len();
        tasks.retain(|task| task.folder.as_ref().is_none_or(|folder| !round.is_done(folder, known)));
        (of, tasks)
    }

    /// Judges folders side by side, and tells each when it is through.
    fn judge_all(&self, tasks: &[Task<'_>], depth: Depth, tell: &mut dyn FnMut(&Task<'_>, &Judgement)) {
        let pace = Pace::of(self.verify.max_mib_per_s);
        let usual = thread::available_parallelism().map_or(2, usize::from).min(4);
        let threads = self.verify.threads.map_or(usual, usize::from).min(tasks.len());
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel(WAITING);
            for _ in 0..threads {
                let (send, next, pace) = (send.clone(), &next, &pace);
                scope.spawn(move || {
                    let read = |bytes| pace.read(bytes);
                    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if send.send((task, judge(&task.place, task.receipts, Manner { depth, sums: Sums::Sha256, read: &read }))).is_err()
                        {
                            break;
                        }
                    }
                });
            }
            drop(send);
            receive.iter().for_each(|(task, judgement)| tell(task, &judgement));
        });
    }
}

fn note(pen: &mut Pen, task: &Task<'_>, judgement: &Judgement, depth: Depth, round: &Round, at: Timestamp) -> std::io::Result<()> {
    match &task.folder {
        Some(folder) => pen.write(&Check::of(folder, judgement, depth, round.run(), at)),
        None => Ok(()),
    }
}

/// The case folder that lies here, if it is called as one is.
pub(super) fn case_of(number: &MunicipalityNumber, root: &Path, at: &Path) -> Option<CaseFolderId> {
    let (year, sequence) = at.file_name()?.to_str()?.split_once('-')?;
    let folder: CaseFolderId = format!("{number}/{year}/{sequence}").parse().ok()?;
    let archive_root = root.parent()?.parent()?;
    (CaseArchive::case_folder(archive_root, &folder) == root.join(at)).then_some(folder)
}

fn unwritable(e: std::io::Error) -> Failure {
    Failure::retry(ErrorCode::ArchiveWrite, format!("cannot keep the journal of checks: {e}"))
}

//! The door: plan, make, check, wrap, seal.

use std::{fs, io, path::Path};

use crate::{
    DIGESTS, DepositError, INDEX, LETTER, Order, Plan, REPORT, Report, Store,
    content::{Content, Source, content},
    fault::{Step, pass},
    output::{HashedFile, Made},
    plan::{Selection, select},
    receiver::{self, Wrapping},
    report::id_of,
    schemas::Schemas,
    sip,
    staging::{Note, Staging},
};

/// The check before sealing: judges a content folder and says how many errors it found.
pub trait Gate {
    /// Judges the content folder.
    ///
    /// # Errors
    /// When it could not be judged.
    fn judge(&self, content: &Path) -> io::Result<u64>;
}

/// How far an extract has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Folders of the store that were looked at.
    Looked {
        /// So many.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// Folders that were written.
    Folders {
        /// So many.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// The journals are written.
    Journals,
    /// The extract is checked.
    Checking,
    /// The package is made.
    Wrapping,
    /// Everything is brought to the disk.
    Sealing,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Made(Report),
    /// It had been made before, and lies there whole.
    AlreadyThere(Report),
}

impl Outcome {
    /// What the extract holds.
    pub fn report(&self) -> &Report {
        match self {
            Self::Made(report) | Self::AlreadyThere(report) => report,
        }
    }
}

/// The folders of an extract, chosen and not yet delivered.
pub struct Choice {
    selection: Selection,
    schemas: Schemas,
}

impl Choice {
    /// What the extract would hold.
    pub fn plan(&self) -> &Plan {
        &self.selection.plan
    }
}

/// Chooses what an extract would hold. Writes nothing.
///
/// # Errors
/// [`DepositError`], as [`make`] but for what concerns the target and those who ask.
pub fn choose(order: &Order, store: &dyn Store, progress: &mut dyn FnMut(Progress)) -> Result<Choice, DepositError> {
    let schemas = Schemas::find(&order.schemas, order.package.is_some())?;
    let of = store.count() as u64;
    let selection = select(order, store, &schemas, &mut |done| progress(Progress::Looked { done, of }))?;
    Ok(Choice { selection, schemas })
}

/// Chooses and makes an extract in one go: see [`make`].
///
/// # Errors
/// [`DepositError`]. The target is as it was.
pub fn extract(
    order: &Order,
    store: &dyn Store,
    gate: &dyn Gate,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, DepositError> {
    let choice = choose(order, store, progress)?;
    make(order, store, &choice, gate, target, progress)
}

/// Makes the extract at `target`, a folder that is not there yet or is empty: `content/` with its digests, or with a package `<uuid>.tar`
/// and `<uuid>.xml`; and beside them [`REPORT`], [`INDEX`] and a letter that tells the receiver how to check it.
///
/// Until it is whole and on the disk it lies in `.<name>.part` beside the target. A later call for the same order, store and schemas goes on
/// with what is there; one for another order begins anew.
///
/// # Errors
/// [`DepositError`]. The target is as it was.
pub fn make(
    order: &Order,
    store: &dyn Store,
    choice: &Choice,
    gate: &dyn Gate,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, DepositError> {
    let Choice { selection, schemas } = choice;
    let Plan { key, withheld, .. } = selection.plan;
    if withheld > 0 {
        return Err(DepositError::Withheld { folders: withheld });
    }
    if let Some(report) = there(target, key)? {
        Staging::forget(target)?;
        return Ok(Outcome::AlreadyThere(report));
    }
    let staging = Staging::open(target, Note { key, created_at: order.created_at, checkpoint: order.checkpoint.clone() })?;
    let (out, work) = (staging.out(), staging.work());
    let at = if order.package.is_some() { work.join("content") } else { out.join("content") };
    let source = Source { order, store, selection, schemas, staging: &staging };
    let content = content(&source, &at, &out.join(INDEX), progress)?;
    progress(Progress::Checking);
    let errors = gate.judge(&at).map_err(DepositError::writing("check the extract"))?;
    if errors > 0 {
        return Err(DepositError::Refused { errors });
    }
    let (created_at, checkpoint) = (staging.note.created_at, staging.note.checkpoint.as_deref());
    let failed = DepositError::writing("write the report");
    let digests = match &order.package {
        Some(delivery) => {
            progress(Progress::Wrapping);
            let (id, made, files) = (id_of(key, created_at), &content.made, content.numbers.files);
            sip::Package { id, created_at, order, delivery, content: &at, made, files, schemas, checkpoint }.write(&work, &out)?
        }
        None => for_receiver(&content, &out, checkpoint).map_err(failed)?,
    };
    let report = Report::of(order, key, created_at, &selection.plan.parts, &content, digests);
    HashedFile::write_whole(&out.join(REPORT), &report.to_bytes()).map_err(failed)?;
    pass(Step::Report).map_err(failed)?;
    progress(Progress::Sealing);
    staging.commit()?;
    Ok(Outcome::Made(report))
}

/// The letter beside a content folder, and what its commands need. The answer is the list of digests.
fn for_receiver(content: &Content, out: &Path, checkpoint: Option<&str>) -> io::Result<Made> {
    let write = |name: &str, bytes: &[u8]| Ok::<_, io::Error>((name.to_owned(), HashedFile::write_whole(&out.join(name), bytes)?));
    let files = content.made.len() as u64 + content.numbers.files;
    let letter = receiver::letter(Wrapping::Bare, files, checkpoint);
    let beside = [write(LETTER, &letter)?, write(receiver::SCHEMA, &receiver::schema("content"))?];
    receiver::write_digests(&out.join(DIGESTS), &beside, &content.made, &out.join(INDEX))
}

/// The report of an extract of this key that lies there whole. Anything else there refuses.
fn there(target: &Path, key: pipeline_domain::Sha256) -> Result<Option<Report>, DepositError> {
    let failed = DepositError::writing("look at the target");
    let mut entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => return Err(DepositError::TargetTaken),
        Err(e) => return Err(failed(e)),
    };
    if entries.next().is_none() {
        return Ok(None);
    }
    let report = fs::read(target.join(REPORT)).ok().and_then(|bytes| Report::read(&bytes));
    report.filter(|report| report.key == key).map(Some).ok_or(DepositError::TargetTaken)
}

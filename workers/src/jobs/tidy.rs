//! Sorts out `accepted/`: a file without a row is taken in, and one whose document has come all the way is removed.

use std::{fs, io, path::Path, sync::Arc};

use pipeline_domain::{ErrorCode, Sha256};
use pipeline_store::{DocumentState, Documents, Plans};

use crate::{
    data::Hold,
    failure::Failure,
    jobs::{
        accept::{self, Answer, BatchSize},
        attach, events, refusal,
    },
    shell::Shell,
};

/// File names that the store is asked about at a time.
const PAGE: usize = 256;

fn failed(e: &io::Error) -> Failure {
    Failure::retry(ErrorCode::ArchiveWrite, format!("cannot tidy the accepted documents: {e}"))
}

/// Files in `accepted/` without a row: a crash came between the two. They are taken in now. How many there were.
pub async fn adopt_orphans(shell: &Shell) -> Result<usize, Failure> {
    let mut adopted = 0;
    for page in digests(shell)?.chunks(PAGE) {
        let mut orphans = without_row(shell, page).await?.into_iter().peekable();
        while orphans.peek().is_some() {
            let (mut here, mut documents, mut size) = (Vec::new(), Vec::new(), BatchSize::default());
            while !size.is_full()
                && let Some(digest) = orphans.next()
            {
                match fs::read(shell.data.accepted_file(digest)) {
                    Ok(bytes) => {
                        size.add(bytes.len());
                        here.push(digest);
                        documents.push(Arc::from(bytes));
                    }
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => {
                        tracing::error!(code = %ErrorCode::InboxUnreadable, file = %digest, "an accepted file cannot be read: {e}");
                    }
                }
            }
            adopt(shell, &here, &documents).await?;
            adopted += here.len();
        }
    }
    Ok(adopted)
}

/// A rule may have changed since they came: what is refused now is kept as such.
async fn adopt(shell: &Shell, digests: &[Sha256], documents: &[Arc<[u8]>]) -> Result<(), Failure> {
    let offered = accept::offer(shell, documents).await?;
    for (document, answer) in documents.iter().zip(&offered.answers) {
        if let Answer::Refused(refusal) = answer {
            refusal::refuse(shell, document, refusal)?;
        }
    }
    accept::forget(shell, digests).await
}

/// Removes the files of notified documents, and of events that have been carried out, when they have been kept as long as the configuration says and nobody
/// needs them any more. The content of documents lies in the archive; the addresses in them shall not stay for ever. How many there
/// were.
pub async fn remove_notified(shell: &Shell) -> Result<usize, Failure> {
    let mut removed = 0;
    let mut old = digests(shell)?;
    old.retain(|digest| is_old(shell, &shell.data.accepted_file(*digest)));
    let awaited = if old.is_empty() { Vec::new() } else { events::awaited(shell).await? };
    for page in old.chunks(PAGE) {
        let notified = shell.store.states_of(page).await?.into_iter().filter(|(_, state)| *state == DocumentState::Notified);
        let mut done: Vec<Sha256> = notified.map(|(digest, _)| digest).collect();
        done.extend(shell.store.events_among(page).await?);
        let mut needed = shell.store.needed(&done, shell.clock.now()).await?;
        needed.extend(&awaited);
        for digest in done {
            if !needed.contains(&digest) {
                match fs::remove_file(shell.data.accepted_file(digest)) {
                    Ok(()) => removed += 1,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => return Err(failed(&e)),
                }
            }
        }
    }
    attach::sweep(shell).await?;
    events::remove_old(shell)?;
    Ok(removed)
}

/// Whether a file has lain here for the days that it is kept.
pub(super) fn is_old(shell: &Shell, file: &Path) -> bool {
    is_older(shell, file, shell.config.intake.keep_accepted_days)
}

/// Whether a file has lain where it is for so many days.
pub(super) fn is_older(shell: &Shell, file: &Path, days: u32) -> bool {
    let kept_s = i64::from(days) * 24 * 60 * 60;
    let came = fs::metadata(file).and_then(|m| m.modified()).ok();
    let came_s = came.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).and_then(|d| i64::try_from(d.as_secs()).ok());
    kept_s == 0 || came_s.is_some_and(|came_s| shell.clock.now().unix_seconds() - came_s >= kept_s)
}

/// Asked while nobody is between file and row. When somebody does not let go, none is told: the next run sees them.
async fn without_row(shell: &Shell, page: &[Sha256]) -> Result<Vec<Sha256>, Failure> {
    let known = accept::known_among(shell, page).await?;
    let maybe: Vec<Sha256> = page.iter().copied().filter(|d| !known.contains(d)).collect();
    if maybe.is_empty() {
        return Ok(maybe);
    }
    let Some(_hold) = shell.data.hold_accepted(Hold::ToSort).await.map_err(|e| failed(&e))? else { return Ok(Vec::new()) };
    let known = accept::known_among(shell, &maybe).await?;
    Ok(maybe.into_iter().filter(|d| !known.contains(d)).collect())
}

/// What the names in `accepted/` say.
pub(super) fn digests(shell: &Shell) -> Result<Vec<Sha256>, Failure> {
    let mut digests = Vec::new();
    for entry in fs::read_dir(shell.data.accepted()).map_err(|e| failed(&e))? {
        let name = entry.map_err(|e| failed(&e))?.file_name();
        digests.extend(name.to_str().and_then(|n| n.strip_suffix(".json")).and_then(|stem| stem.parse::<Sha256>().ok()));
    }
    Ok(digests)
}

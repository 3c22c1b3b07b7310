//! What case folders say of themselves (`metadata/sak.json`).

use pipeline_archive::{CaseArchive, CaseHead};
use pipeline_domain::CaseFolderId;
use pipeline_package::CaseRecord;
use pipeline_store::Folder;

use super::local::LocalRun;
use crate::{failure::Failure, shell::Shell};

/// Folders that are read on one turn of a blocking thread.
const AT_A_TIME: usize = 64;

/// One folder, looked into.
pub enum Looked<T> {
    /// What was found there.
    Found(T),
    /// Nothing lies there yet.
    Empty,
    /// It cannot be read: `fixity.check` says why.
    Unreadable,
}

/// Looks into each folder of a run's municipality, in order, off the async threads. `None` when the run is asked to stop.
pub async fn look<T: Send + 'static>(
    run: &LocalRun,
    folders: &[Folder],
    see: fn(&Shell, &Folder, &CaseHead, &CaseRecord) -> Result<T, Failure>,
) -> Option<Vec<(Folder, Looked<T>)>> {
    let mut seen = Vec::with_capacity(folders.len());
    for some in folders.chunks(AT_A_TIME) {
        if run.ctx.stop.is_cancelled() {
            return None;
        }
        let (shell, some) = (run.shell.clone(), some.to_vec());
        let looked = run.ctx.blocking(move |_| some.into_iter().map(|f| look_into(&shell, f, see)).collect::<Vec<_>>()).await;
        seen.extend(looked);
    }
    Some(seen)
}

fn look_into<T>(
    shell: &Shell,
    folder: Folder,
    see: fn(&Shell, &Folder, &CaseHead, &CaseRecord) -> Result<T, Failure>,
) -> (Folder, Looked<T>) {
    let looked = match head(shell, &folder.id) {
        Ok(None) => Looked::Empty,
        Ok(Some((head, record))) => see(shell, &folder, &head, &record).map_or(Looked::Unreadable, Looked::Found),
        Err(failure) => {
            tracing::warn!(folder.id = %folder.id, code = %failure.code, "a run cannot read a case folder: {}", failure.detail);
            Looked::Unreadable
        }
    };
    (folder, looked)
}

fn head(shell: &Shell, folder: &CaseFolderId) -> Result<Option<(CaseHead, CaseRecord)>, Failure> {
    // Looking must not found a store.
    if !CaseArchive::storage_root(&shell.archive_root(), &folder.municipality).is_dir() {
        return Ok(None);
    }
    let Some(head) = shell.archive(&folder.municipality)?.read_head(folder)? else { return Ok(None) };
    let record = CaseRecord::read(&head.case_record)?;
    Ok(Some((head, record)))
}

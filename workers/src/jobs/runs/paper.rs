//! A run's report on disk: `reports/<municipality>/<day>-<run>-<short id>.pdf`, and the same as `.json` beside it.

use std::{fs, io, os::unix::fs::DirBuilderExt, path::Path};

use pipeline_domain::ErrorCode;
use pipeline_render::{Letterhead, RunReport, report_job, report_json};

use super::local::LocalRun;
use crate::{data::DurableBatch, failure::Failure};

/// Writes both files; the same run writes the same names. The PDF's place, from the data folder.
pub async fn write(run: &LocalRun, report: &RunReport, letterhead: &Letterhead) -> Result<String, Failure> {
    let printed = run.shell.press().await?.print(report_job(report, letterhead)).await?;
    let id = run.id.to_string();
    let stem = format!("{}-{}-{}", run.due.oslo_date(), report.kind.id(), &id[..8]);
    let folder = run.shell.data.reports().join(run.municipality.as_str());
    let files = vec![(format!("{stem}.json"), report_json(report)), (format!("{stem}.pdf"), printed.bytes)];
    run.ctx.blocking(move |_| put(&folder, &files)).await.map_err(|e| cannot_write(&e))?;
    Ok(format!("reports/{}/{stem}.pdf", run.municipality))
}

/// Whole or not at all, for this user alone.
pub fn put(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut batch = DurableBatch::new(folder.to_owned());
    for (name, bytes) in files {
        batch.replace(name, bytes)?;
    }
    batch.finish().map(drop)
}

/// The disk under the data folder is in trouble.
pub fn cannot_write(e: &io::Error) -> Failure {
    let code = if e.kind() == io::ErrorKind::StorageFull { ErrorCode::ArchiveDiskFull } else { ErrorCode::ArchiveWrite };
    Failure::retry(code, format!("cannot write what a run leaves: {e}"))
}

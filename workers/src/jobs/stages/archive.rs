//! `archive`: the package → its place in the case folder, recorded with the notices that follow.

use std::sync::Arc;

use pipeline_domain::{Archived, ErrorCode, Packaged, Snapshot};
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{Effect, Stage};

use super::{Hand, cannot_leave, notify_job};
use crate::{
    jobs::{
        carry::{self, Stopped, at},
        deliveries, overview,
    },
    shell::Shell,
};

/// Places the package. A folder that has moved on since it was made is packaged against anew.
pub async fn archive(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    match Hand::take(shell, ctx).await {
        Ok(hand) => place(&hand).await.unwrap_or_else(|stopped| hand.stopped(&stopped)),
        Err(end) => end,
    }
}

async fn place(hand: &Hand) -> Result<Conclusion, Stopped> {
    let Some(packaged) = packaged(hand).await? else { return Ok(hand.back_to_the_start()) };
    if !hand.is_screened_so(&*hand.snapshot().await?) {
        return Ok(hand.back_to_the_start());
    }
    let archive = hand.shell.archive(&packaged.folder.municipality).map_err(at(Stage::Archive))?;
    match hand.ctx.blocking(move |_| archive.place(&packaged)).await {
        Err(e) if e.code() == ErrorCode::ArchiveConflict => Ok(hand.back_to_the_start()),
        Err(e) => Err(at(Stage::Archive)(e.into())),
        Ok(archived) => recorded(hand, &*hand.snapshot().await?, archived).await,
    }
}

async fn packaged(hand: &Hand) -> Result<Option<Packaged>, Stopped> {
    let Some(digest) = hand.args.sha256 else { return Ok(None) };
    let handover = hand.handover.clone();
    let packaged = hand.ctx.blocking(move |_| handover.package(digest)).await.map_err(|e| at(Stage::Archive)(cannot_leave(&e)))?;
    Ok(packaged.filter(|p| p.folder == hand.row.reservation.folder))
}

/// The end of the way into the archive: a leaf in its log, and then the document's place, the notices and the job that sends them, in one
/// transaction.
pub(super) async fn recorded(hand: &Hand, snapshot: &Snapshot, archived: Archived) -> Result<Conclusion, Stopped> {
    carry::attest(&hand.shell, snapshot, &archived, Some(hand.ctx.job.lease.job.0)).await?;
    // Should the recording fail, the document is set again and found in its folder.
    if let Err(e) = hand.handover.clear() {
        tracing::warn!(document.id = %hand.row.key.id, "cannot clear the work folder: {e}");
    }
    let telling = pipeline_notify::notices(snapshot, &archived.folder);
    let notify = (!telling.by_mail.is_empty()).then(|| notify_job(hand.row.key));
    let deliver = deliveries::open(&hand.shell, snapshot.key(), snapshot.kind(), &archived.folder).await.map_err(at(Stage::Archive))?;
    let next = notify.into_iter().chain(overview::follow_up(snapshot, &archived.folder)).chain(deliver).collect();
    let effect = Effect::Archived { archived, notices: telling.by_mail, on_paper: telling.on_paper, at: hand.shell.clock.now() };
    Ok(Conclusion::done_then(next).with_effect(effect))
}

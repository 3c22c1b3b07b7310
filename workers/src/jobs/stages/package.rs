//! `package`: PDF + what the case folder holds → the files of its next version.

use std::sync::Arc;

use pipeline_domain::{Archived, Packaged, Placement, Rendered, Sha256};
use pipeline_package::{Head, Packaging};
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::Stage;

use super::{Hand, archive::recorded, cannot_leave, kind, queue};
use crate::{
    handover::Handover,
    jobs::{
        attach,
        carry::{self, Stopped, at},
    },
    shell::Shell,
};

/// Makes the package against what the folder holds now, and leaves it for `archive`.
pub async fn package(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    match Hand::take(shell, ctx).await {
        Ok(hand) => make(&hand).await.unwrap_or_else(|stopped| hand.stopped(&stopped)),
        Err(end) => end,
    }
}

async fn make(hand: &Hand) -> Result<Conclusion, Stopped> {
    let Some(rendered) = rendered(hand).await? else { return Ok(hand.back_to_the_start()) };
    let snapshot = rendered.snapshot().clone();
    match against_the_folder(hand, rendered).await? {
        Made::Left(digest) => Ok(hand.then(kind::ARCHIVE, queue::ARCHIVE, digest, None, snapshot.screened_as)),
        Made::AlreadyThere(archived) => recorded(hand, &snapshot, archived).await,
    }
}

/// The PDF that `render` left; `None` when it is not there any more.
async fn rendered(hand: &Hand) -> Result<Option<Rendered>, Stopped> {
    let (Some(digest), Some(pages)) = (hand.args.sha256, hand.args.pages) else { return Ok(None) };
    let snapshot = hand.snapshot().await?;
    if !hand.is_screened_so(&snapshot) {
        return Ok(None);
    }
    let handover = hand.handover.clone();
    let pdf = hand.ctx.blocking(move |_| handover.pdf(digest)).await.map_err(|e| at(Stage::Package)(cannot_leave(&e)))?;
    let Some(pdf) = pdf else { return Ok(None) };
    let rendered = Rendered::new(snapshot, hand.row.reservation.clone(), pdf, pages);
    attach::attach(&hand.shell, rendered).await.map(Some).map_err(at(Stage::Package))
}

enum Made {
    Left(Sha256),
    /// A crash came between placing and recording.
    AlreadyThere(Archived),
}

async fn against_the_folder(hand: &Hand, rendered: Rendered) -> Result<Made, Stopped> {
    let folder = hand.row.reservation.folder.clone();
    let archive = hand.shell.archive(&folder.municipality).map_err(at(Stage::Archive))?;
    let profile = hand.shell.municipality(&folder.municipality).map_err(at(Stage::Package))?.profile();
    let handover = hand.handover.clone();
    let work = move |_: &_| {
        let head = archive.read_head(&folder).map_err(|e| at(Stage::Archive)(e.into()))?;
        let now = head.as_ref().map(|h| Head { version: h.version, case_record: &h.case_record });
        match pipeline_package::package(&rendered, now, &profile).map_err(|e| at(Stage::Package)(e.into()))? {
            Packaging::AlreadyThere { folder_version, pdf } => {
                let inventory = carry::receipt(&archive, &folder, folder_version).map_err(at(Stage::Archive))?;
                let document = rendered.snapshot().key();
                Ok(Made::AlreadyThere(Archived { document, folder, folder_version, pdf, inventory, placement: Placement::AlreadyThere }))
            }
            Packaging::New(packaged) => leave(&handover, &packaged).map(Made::Left),
        }
    };
    hand.ctx.blocking(work).await
}

fn leave(handover: &Handover, packaged: &Packaged) -> Result<Sha256, Stopped> {
    handover.leave_package(packaged).map_err(|e| at(Stage::Package)(cannot_leave(&e)))
}

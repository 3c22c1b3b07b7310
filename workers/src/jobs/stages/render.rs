//! `render`: snapshot → PDF.

use std::sync::Arc;

use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::Stage;

use super::{Hand, cannot_leave, kind, queue};
use crate::{
    jobs::carry::{self, Stopped, at},
    shell::Shell,
};

/// Sets the document and leaves the PDF for `package`.
pub async fn render(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    match Hand::take(shell, ctx).await {
        Ok(hand) => set(&hand).await.unwrap_or_else(|stopped| hand.stopped(&stopped)),
        Err(end) => end,
    }
}

async fn set(hand: &Hand) -> Result<Conclusion, Stopped> {
    let rendered = carry::print(&hand.shell, &hand.pending()).await?;
    let (digest, pages, screened_as) = (rendered.sha256(), rendered.pages(), rendered.snapshot().screened_as);
    let handover = hand.handover.clone();
    let left = hand.ctx.blocking(move |_| handover.leave_pdf(digest, rendered.pdf())).await;
    left.map_err(|e| at(Stage::Render)(cannot_leave(&e)))?;
    Ok(hand.then(kind::PACKAGE, queue::ARCHIVE, digest, Some(pages), screened_as))
}

//! An address that takes no mail: nothing more is sent there, and the lead of the plan is told (DOMAIN § 8).

use pipeline_domain::{CaseFolderId, ErrorCode, NoticeKind, RecipientRef, Timestamp};
use pipeline_store::{Mail, Plans};

use crate::{
    failure::Failure,
    jobs::{
        runs::plans::{About, Findings, PlanNow},
        tell,
    },
    shell::Shell,
};

/// Blocks the address that this mail went to, and tells the lead of its plan. Done twice, it is done once: the first block stands,
/// and names the notice. An address that its owner has confirmed since then is left as it is, and nobody is told.
///
/// Errors: one that gives up for the archivist's address, which stands in the configuration, and where the mail's document or event is
/// no longer there to look the address up in.
pub async fn block(shell: &Shell, mail: &Mail, happened_at: Timestamp) -> Result<(), Failure> {
    if mail.recipient == RecipientRef::Archivist {
        return Err(Failure::give_up(ErrorCode::MailConfig, "the archivist's address in the municipality's file takes no mail"));
    }
    let to = tell::address(shell, mail).await?;
    let key = shell.pseudonyms()?.address(&to);
    // A clock elsewhere may be ahead of ours.
    let at = happened_at.min(shell.clock.now());
    shell.store.block_address(key, ErrorCode::AddressBounced, at).await?;
    match (shell.store.address(key).await?.blocked_at, &mail.folder) {
        (Some(since), Some(folder)) => tell_lead(shell, mail, folder, since).await,
        (Some(_), None) | (None, _) => Ok(()),
    }
}

/// One notice for a plan and a block, however many mails came back.
async fn tell_lead(shell: &Shell, mail: &Mail, folder: &CaseFolderId, since: Timestamp) -> Result<(), Failure> {
    let kind = NoticeKind::AddressBounced;
    let dedupe_key = format!("{}:{folder}.{}:{}", kind.id(), since.unix_seconds(), RecipientRef::Lead);
    let mut findings = Findings::default();
    let plan = PlanNow::of(shell, folder).await?;
    if let Some(event) = plan.contacts(shell).await? {
        findings.tell(shell, &About { kind, event: &event, folder }, RecipientRef::Lead, dedupe_key).await?;
    } else {
        // A source system that sends no events names no lead to write to: `mail bounces` has it.
        tracing::error!(folder.id = %folder, mail.id = %mail.id, "an address takes no mail, and the lead of its plan is not known");
    }
    findings.queue(shell).await.map(drop)
}

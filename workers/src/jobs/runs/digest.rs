//! `lead.digest`: one mail a week to each lead, over all plans that they lead in the municipality. Who owes nothing gets none.

use std::collections::BTreeMap;

use pipeline_domain::{ActorId, CaseFolderId, Event, MunicipalityNumber, NoticeKind, RecipientRef, Timestamp};
use pipeline_lifecycle::{Duty, Life, duties};
use pipeline_notify::DigestCounts;
use pipeline_queue::Conclusion;
use pipeline_store::{Documents, FactRow, Plans, RunCounts};
use serde_json::json;

use super::{
    local::LocalRun,
    plans::{About, Findings, week},
};
use crate::{failure::Failure, jobs::events, shell::Shell};

/// What one lead owes, and the newest event that tells how they are reached.
struct Owed {
    counts: DigestCounts,
    contacts: Option<FactRow>,
}

pub async fn send(run: &LocalRun) -> Result<Conclusion, Failure> {
    let shell = &run.shell;
    let owed = owed(shell, &run.municipality, shell.clock.now()).await?;
    let (mut findings, mut without_contacts) = (Findings::default(), 0_u32);
    for (lead, Owed { counts, contacts }) in owed {
        if run.ctx.stop.is_cancelled() {
            return Ok(Conclusion::stopped());
        }
        if counts == DigestCounts::default() {
            continue;
        }
        let Some((event, folder)) = read(shell, contacts).await? else {
            without_contacts += 1;
            continue;
        };
        let about = About { kind: NoticeKind::LeadDigest, event: &event, folder: &folder };
        let key = format!("{}:{}:{lead}:{}", about.kind.id(), run.municipality, week(shell.clock.now().oslo_date()));
        findings.tell(shell, &about, RecipientRef::Lead, key).await?;
    }
    // In one go: all of them are counted at the same instant when they are sent.
    let told = findings.queue(shell).await?;
    Ok(run.finish_quietly(RunCounts::default(), json!({ "told": told, "without_contacts": without_contacts })))
}

async fn read(shell: &Shell, contacts: Option<FactRow>) -> Result<Option<(Box<Event>, CaseFolderId)>, Failure> {
    let Some(row) = contacts else { return Ok(None) };
    match events::read_back(shell, &row).await {
        Ok(event) => Ok(Some((event, row.folder))),
        Err(failure) if failure.code == pipeline_domain::ErrorCode::DocumentMissing => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What was counted last. All mails of one run ask for the same instant: plans are looked through once for them.
#[derive(Default)]
pub struct LastDigests(tokio::sync::Mutex<Option<Counted>>);

/// Of every lead in a municipality at an instant.
struct Counted {
    municipality: MunicipalityNumber,
    at: Timestamp,
    counts: BTreeMap<ActorId, DigestCounts>,
}

/// What waits for a lead in a municipality, of what was known at an instant: the same for the same instant, so that a mail that is
/// sent again has the same bytes.
pub async fn digest_counts(
    shell: &Shell,
    municipality: &MunicipalityNumber,
    lead: ActorId,
    at: Timestamp,
) -> Result<DigestCounts, Failure> {
    let mut last = shell.last_digests.0.lock().await;
    if last.as_ref().is_none_or(|last| (&last.municipality, last.at) != (municipality, at)) {
        let owed = owed(shell, municipality, at).await?;
        let counts = owed.into_iter().map(|(lead, owed)| (lead, owed.counts)).collect();
        *last = Some(Counted { municipality: municipality.clone(), at, counts });
    }
    Ok(last.as_ref().and_then(|last| last.counts.get(&lead).copied()).unwrap_or_default())
}

/// Of every lead in the municipality, also those who owe nothing.
async fn owed(shell: &Shell, municipality: &MunicipalityNumber, at: Timestamp) -> Result<BTreeMap<ActorId, Owed>, Failure> {
    let mut owed: BTreeMap<ActorId, Owed> = BTreeMap::new();
    for folder in shell.store.folders().await?.into_iter().filter(|f| f.id.municipality == *municipality) {
        let rows: Vec<FactRow> = shell.store.facts_of(&folder.id).await?.into_iter().filter(|row| row.recorded_at <= at).collect();
        let life = Life::of(rows.iter().map(|row| &row.fact));
        let Some(lead) = life.lead else { continue };
        let theirs = owed.entry(lead).or_insert_with(|| Owed { counts: DigestCounts::default(), contacts: None });
        for duty in duties(&life, at) {
            count(&mut theirs.counts, &duty);
        }
        let contacts = rows.into_iter().rev().find(|row| row.tells_contacts && row.fact.about.lead == Some(lead));
        let is_newer = |row: &FactRow| theirs.contacts.as_ref().is_none_or(|known| known.fact.at < row.fact.at);
        if let Some(newer) = contacts.filter(|row| !life.is_closed() && is_newer(row)) {
            theirs.contacts = Some(newer);
        }
    }
    Ok(owed)
}

fn count(counts: &mut DigestCounts, duty: &Duty) {
    match duty {
        Duty::UnansweredConsent { .. } => counts.unanswered_consents += 1,
        Duty::UnsentMinutes { .. } => counts.unsent_minutes += 1,
        Duty::OverdueEvaluation { .. } => counts.overdue_evaluations += 1,
        Duty::OverdueArchiving { .. } => counts.overdue_archiving += 1,
        // `annual_report.remind` tells of it every week.
        Duty::AnnualReport { .. } => {}
    }
}

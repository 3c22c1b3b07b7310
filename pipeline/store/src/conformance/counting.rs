//! Runs and counts.

use pipeline_domain::{ErrorCode, NextStep, Notice, NoticeKind, RecipientRef, WrittenForm};
use uuid::Uuid;

use super::{
    Stand,
    sample::{accepted, archived, at, document, key, with_mail},
};
use crate::{
    Claim, Counts, DocumentCounts, Documents, MailCounts, MailFilter, MailOutcome, Outbox, Recorded, RunCounts, RunId, Runs, Stage,
};

fn report(run: RunId) -> Notice {
    Notice {
        kind: NoticeKind::ArchiveReport,
        document: None,
        event: None,
        folder: None,
        recipient: RecipientRef::Archivist,
        written_form: WrittenForm::Nb,
        dedupe_key: format!("archive_report:{run}:archivist"),
    }
}

/// The end of a run and its report are one; a second end changes nothing.
pub async fn a_run_reports_once(stand: &impl Stand) {
    let store = stand.open().await;
    let run = RunId(Uuid::from_u128(1));
    store.start_run(run, at(0)).await.unwrap();
    store.start_run(run, at(3)).await.unwrap();
    let counts = RunCounts { accepted: 1, known: 2, refused: 3, archived: 4, failed: 5, mailed: 6 };
    assert_eq!(store.finish_run(run, &counts, &[report(run)], at(10)).await.unwrap(), Recorded::Now);
    assert_eq!(store.finish_run(run, &RunCounts::default(), &[report(run)], at(20)).await.unwrap(), Recorded::Before);
    let runs = store.runs(10).await.unwrap();
    assert_eq!((runs.len(), runs[0].started_at, runs[0].finished_at, runs[0].counts), (1, at(0), Some(at(10)), counts));
    assert_eq!(store.run(run).await.unwrap(), Some(runs[0]));
    assert_eq!(store.run(RunId(Uuid::from_u128(2))).await.unwrap(), None);
    let mails = store.mails(&MailFilter::default(), 10).await.unwrap();
    assert_eq!((mails.len(), mails[0].document, mails[0].recipient), (1, None, RecipientRef::Archivist));
    // A report is sent like any mail, and settles no document.
    store.claim_mail(&mails[0].dedupe_key, "m@example.org", at(11)).await.unwrap();
    store.record_mail(&mails[0].dedupe_key, &MailOutcome::Delivered, at(12)).await.unwrap();
}

/// Every state is counted in its place.
pub async fn counts_add_up(stand: &impl Stand) {
    let store = stand.open().await;
    assert_eq!(store.counts().await.unwrap(), Counts::default());
    accepted(&store, &document(1)).await;
    accepted(&store, &document(2)).await;
    store.record_attempt_failed(key(2), Stage::Render, ErrorCode::RenderCrashed, "", at(1), NextStep::Failed).await.unwrap();
    with_mail(&store, 3).await;
    let sent = with_mail(&store, 4).await;
    assert!(matches!(store.claim_mail(&sent, "m@example.org", at(5)).await.unwrap(), Claim::Yours(_)));
    assert_eq!(store.counts().await.unwrap().mails.under_way, 1);
    store.record_mail(&sent, &MailOutcome::Delivered, at(6)).await.unwrap();
    let reservation = accepted(&store, &document(5)).await;
    store.record_archived(&archived(5, &reservation), &[], &[RecipientRef::Subject], at(1)).await.unwrap();
    let expected = Counts {
        documents: DocumentCounts { accepted: 1, archived: 1, notified: 2, failed: 1 },
        mails: MailCounts { queued: 1, under_way: 0, settled: 1, failed: 0, doubtful: 0 },
        folders: 5,
        on_paper: 1,
    };
    assert_eq!(store.counts().await.unwrap(), expected);
}

/// A run that was killed shows as begun and not ended; the newest run comes first.
pub async fn a_killed_run_stays_open(stand: &impl Stand) {
    let store = stand.open().await;
    store.start_run(RunId(Uuid::from_u128(1)), at(0)).await.unwrap();
    drop(store);
    let store = stand.open().await;
    store.start_run(RunId(Uuid::from_u128(2)), at(5)).await.unwrap();
    let runs = store.runs(10).await.unwrap();
    assert_eq!(runs.iter().map(|r| (r.started_at, r.finished_at)).collect::<Vec<_>>(), [(at(5), None), (at(0), None)]);
}

//! `Runs`.

use pipeline_domain::{Notice, Timestamp};
use pipeline_store::{Counts, Recorded, Run, RunCounts, RunId, Runs, StoreError};
use sqlx::SqliteConnection;

use crate::{
    SqliteStore,
    archive::changed,
    fault::Doing,
    mail,
    rows::{RawRun, all},
};

impl Runs for SqliteStore {
    async fn start_run(&self, run: RunId, at: Timestamp) -> Result<(), StoreError> {
        self.writer.write("start a run", move |c| Box::pin(start(c, run, at))).await
    }

    async fn finish_run(&self, run: RunId, counts: &RunCounts, reports: &[Notice], at: Timestamp) -> Result<Recorded, StoreError> {
        let (counts, reports) = (*counts, reports.to_vec());
        self.writer.write("finish a run", move |c| Box::pin(async move { end(c, run, &counts, &reports, at).await })).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        let rows = sqlx::query_as!(
            RawRun,
            r#"select id as "id!", started_at, finished_at, accepted, known, refused, archived, failed, mailed
             from runs order by started_at desc, id desc limit ?"#,
            limit,
        );
        all(rows.fetch_all(&self.readers).await.doing("list runs")?)
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, StoreError> {
        let id = run.to_string();
        let row = sqlx::query_as!(
            RawRun,
            r#"select id as "id!", started_at, finished_at, accepted, known, refused, archived, failed, mailed
             from runs where id = ?"#,
            id,
        );
        row.fetch_optional(&self.readers).await.doing("find a run")?.map(Run::try_from).transpose()
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        // One statement: numbers of one instant.
        let rows = sqlx::query!(
            r#"select 'documents' as "of!: String", state as "state!: String", count(*) as "n!: i64" from documents group by state
             union all select 'mails', state, count(*) from outbox group by state
             union all select 'folders', '', count(*) from case_folders
             union all select 'paper', '', count(*) from paper_list"#,
        );
        let mut counts = Counts::default();
        for row in rows.fetch_all(&self.readers).await.doing("count")? {
            let n = u32::try_from(row.n).unwrap_or(u32::MAX);
            match (row.of.as_str(), row.state.as_str()) {
                ("documents", "accepted") => counts.documents.accepted += n,
                ("documents", "archived") => counts.documents.archived += n,
                ("documents", "notified") => counts.documents.notified += n,
                ("documents", "failed") => counts.documents.failed += n,
                ("mails", "queued") => counts.mails.queued += n,
                ("mails", "sending" | "body_sent") => counts.mails.under_way += n,
                ("mails", "accepted" | "delivered") => counts.mails.settled += n,
                ("mails", "failed") => counts.mails.failed += n,
                ("mails", "doubtful") => counts.mails.doubtful += n,
                ("folders", _) => counts.folders += n,
                ("paper", _) => counts.on_paper += n,
                ("mails", state) => return Err(StoreError::Inconsistent { table: "outbox", column: "state", id: state.to_owned() }),
                (_, state) => return Err(StoreError::Inconsistent { table: "documents", column: "state", id: state.to_owned() }),
            }
        }
        Ok(counts)
    }
}

pub(crate) async fn end(
    c: &mut SqliteConnection,
    run: RunId,
    counts: &RunCounts,
    reports: &[Notice],
    at: Timestamp,
) -> Result<Recorded, StoreError> {
    start(c, run, at).await?;
    let recorded = finish(c, run, counts, at).await?;
    for report in reports {
        mail::queue(c, report, at).await?;
    }
    Ok(recorded)
}

async fn start(c: &mut SqliteConnection, run: RunId, at: Timestamp) -> Result<(), StoreError> {
    let (id, at) = (run.to_string(), at.unix_seconds());
    let insert = sqlx::query!("insert into runs (id, started_at) values (?, ?) on conflict (id) do nothing", id, at);
    insert.execute(c).await.doing("start a run")?;
    Ok(())
}

async fn finish(c: &mut SqliteConnection, run: RunId, counts: &RunCounts, at: Timestamp) -> Result<Recorded, StoreError> {
    let (id, at) = (run.to_string(), at.unix_seconds());
    let update = sqlx::query!(
        "update runs set finished_at = ?, accepted = ?, known = ?, refused = ?, archived = ?, failed = ?, mailed = ?
         where id = ? and finished_at is null",
        at,
        counts.accepted,
        counts.known,
        counts.refused,
        counts.archived,
        counts.failed,
        counts.mailed,
        id,
    );
    Ok(changed(update.execute(c).await.doing("finish a run")?))
}

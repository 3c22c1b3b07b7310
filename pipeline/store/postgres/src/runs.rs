//! `Runs`.

use pipeline_domain::{Notice, Timestamp};
use pipeline_store::{Counts, Recorded, Run, RunCounts, RunId, Runs, StoreError};
use sqlx::PgConnection;

use crate::{
    PostgresStore,
    archive::changed,
    fault::Doing,
    mail,
    rows::{RawRun, all},
};

impl Runs for PostgresStore {
    async fn start_run(&self, run: RunId, at: Timestamp) -> Result<(), StoreError> {
        self.writer.write("start a run", (run, at), |c, (run, at)| Box::pin(start(c, *run, *at))).await
    }

    async fn finish_run(&self, run: RunId, counts: &RunCounts, reports: &[Notice], at: Timestamp) -> Result<Recorded, StoreError> {
        let input = (run, *counts, reports.to_vec(), at);
        self.writer.write("finish a run", input, |c, (run, counts, reports, at)| Box::pin(finish(c, *run, counts, reports, *at))).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        let rows = sqlx::query_as!(
            RawRun,
            r#"select id, started_at, finished_at, accepted, known, refused, archived, failed, mailed
             from runs order by started_at desc, id collate "C" desc limit $1"#,
            i64::from(limit),
        );
        all(self.read("list runs", rows.fetch_all(&self.pool)).await?)
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, StoreError> {
        let row = sqlx::query_as!(
            RawRun,
            "select id, started_at, finished_at, accepted, known, refused, archived, failed, mailed from runs where id = $1",
            run.to_string(),
        );
        self.read("read a run", row.fetch_optional(&self.pool)).await?.map(Run::try_from).transpose()
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        // One statement: numbers of one instant.
        let rows = sqlx::query!(
            r#"select 'documents' as "of!", state as "state!", count(*) as "n!" from documents group by state
             union all select 'mails', state, count(*) from outbox group by state
             union all select 'folders', '', count(*) from case_folders
             union all select 'paper', '', count(*) from paper_list"#,
        );
        let mut counts = Counts::default();
        for row in self.read("count", rows.fetch_all(&self.pool)).await? {
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

async fn start(c: &mut PgConnection, run: RunId, at: Timestamp) -> Result<(), StoreError> {
    let id = run.to_string();
    let insert = sqlx::query!("insert into runs (id, started_at) values ($1, $2) on conflict (id) do nothing", id, at.unix_seconds());
    insert.execute(c).await.doing("start a run")?;
    Ok(())
}

/// As [`Runs::finish_run`], inside an open transaction.
pub(crate) async fn finish(
    c: &mut PgConnection,
    run: RunId,
    counts: &RunCounts,
    reports: &[Notice],
    at: Timestamp,
) -> Result<Recorded, StoreError> {
    start(c, run, at).await?;
    let recorded = set_finished(c, run, counts, at).await?;
    for report in reports {
        mail::queue(c, report, at).await?;
    }
    Ok(recorded)
}

async fn set_finished(c: &mut PgConnection, run: RunId, counts: &RunCounts, at: Timestamp) -> Result<Recorded, StoreError> {
    let update = sqlx::query!(
        "update runs set finished_at = $1, accepted = $2, known = $3, refused = $4, archived = $5, failed = $6, mailed = $7
         where id = $8 and finished_at is null",
        at.unix_seconds(),
        i64::from(counts.accepted),
        i64::from(counts.known),
        i64::from(counts.refused),
        i64::from(counts.archived),
        i64::from(counts.failed),
        i64::from(counts.mailed),
        run.to_string(),
    );
    Ok(changed(&update.execute(c).await.doing("finish a run")?))
}

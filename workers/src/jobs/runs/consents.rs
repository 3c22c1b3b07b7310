//! `consent.scan`: consents that end soon, or have ended. The lead is told 30, 14 and 1 days before and when it has ended; those who
//! decide 14 days before (DOMAIN § 8).

use pipeline_lifecycle::{Whom, reminders};
use pipeline_queue::Conclusion;
use pipeline_store::RunCounts;
use serde_json::json;

use super::{
    local::LocalRun,
    plans::{About, Findings, PlanNow, people},
    survey,
};
use crate::failure::Failure;

pub async fn scan(run: &LocalRun) -> Result<Conclusion, Failure> {
    let now = run.shell.clock.now();
    let (mut told, mut without_contacts) = (0, 0_u32);
    for folder in survey::folders_of(run).await? {
        if run.ctx.stop.is_cancelled() {
            return Ok(Conclusion::stopped());
        }
        let plan = PlanNow::of(&run.shell, &folder.id).await?;
        let due: Vec<_> = reminders(&plan.life, now).into_iter().filter(|r| r.whom != Whom::Called).collect();
        if due.is_empty() {
            continue;
        }
        let Some(event) = plan.contacts(&run.shell).await? else {
            without_contacts += 1;
            continue;
        };
        let mut findings = Findings::default();
        for reminder in due {
            let about = About { kind: reminder.kind, event: &event, folder: &folder.id };
            for who in people(reminder.whom, &event, now.oslo_date()) {
                findings.tell(&run.shell, &about, who, reminder.dedupe_key(who)).await?;
            }
        }
        told += findings.queue(&run.shell).await?;
    }
    Ok(run.finish_quietly(RunCounts::default(), json!({ "told": told, "without_contacts": without_contacts })))
}

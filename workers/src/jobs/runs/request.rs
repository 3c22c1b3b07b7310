//! What the source system is asked for: `requests/<municipality>-<run>.json`. Arkivflyt cannot fetch a living plan; the export of
//! the source system picks this file up and sends each plan that has changed since `changed_since`.

use pipeline_domain::{Date, PlanId, Timestamp};
use pipeline_store::Folder;
use serde::Serialize;

use super::{
    local::LocalRun,
    paper::{cannot_write, put},
};
use crate::failure::Failure;

/// Shape of the file.
const SCHEMA: &str = "arkivflyt/archive_request/1";

/// One file.
#[derive(Serialize)]
struct Request<'a> {
    schema: &'static str,
    run: String,
    reason: &'a str,
    municipality: &'a str,
    requested_at: Timestamp,
    plans: &'a [RequestedPlan],
}

/// One plan. Ids only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestedPlan {
    pub plan_id: PlanId,
    pub source_system: String,
    pub case_folder: String,
    /// The day of its last archived snapshot: send it if it has changed on that day or later. `None`: send it.
    pub changed_since: Option<Date>,
    /// Send it before this meeting, changed or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_at: Option<Timestamp>,
}

impl RequestedPlan {
    pub fn of(folder: &Folder, changed_since: Option<Date>) -> Self {
        Self {
            plan_id: folder.plan.plan,
            source_system: folder.plan.source_system.as_str().to_owned(),
            case_folder: folder.id.to_string(),
            changed_since,
            meeting_at: None,
        }
    }
}

/// Writes the file; the same run writes the same file. None for no plans.
pub async fn write(run: &LocalRun, plans: &[RequestedPlan]) -> Result<(), Failure> {
    if plans.is_empty() {
        return Ok(());
    }
    let request = Request {
        schema: SCHEMA,
        run: run.id.to_string(),
        reason: run.ctx.job.kind.as_str(),
        municipality: run.municipality.as_str(),
        requested_at: run.started_at,
        plans,
    };
    let mut bytes = serde_json::to_vec_pretty(&request).expect("a request is writable");
    bytes.push(b'\n');
    let (folder, name) = (run.shell.data.root().join("requests"), format!("{}-{}.json", run.municipality, run.id));
    run.ctx.blocking(move |_| put(&folder, &[(name, bytes)])).await.map_err(|e| cannot_write(&e))
}

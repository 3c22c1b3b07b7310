//! What the source system is asked for: `requests/<municipality>-<run>.json`. Arkivflyt cannot fetch a living plan; the export of
//! the source system picks this file up and sends each plan that has changed since `changed_since`.

use pipeline_domain::{CaseFolderId, Date, Event, PlanId, Timestamp};
use pipeline_store::Folder;
use serde::Serialize;

use super::{
    local::LocalRun,
    paper::{cannot_write, put},
};
use crate::{failure::Failure, shell::Shell};

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

/// One plan that an event asks for.
pub struct OnePlan<'a> {
    pub event: &'a Event,
    pub folder: &'a CaseFolderId,
}

/// Asks for one plan, as it is now. The same event writes the same file.
pub async fn ask_for(shell: &Shell, plan: &OnePlan<'_>) -> Result<(), Failure> {
    let OnePlan { event, folder } = plan;
    let municipality = &event.case.municipality_number;
    let wanted = RequestedPlan {
        plan_id: event.case.plan_id,
        source_system: event.system.clone(),
        case_folder: folder.to_string(),
        changed_since: None,
        meeting_at: event.content.begins,
    };
    let request = Request {
        schema: SCHEMA,
        run: event.id.to_string(),
        reason: event.content.event.id(),
        municipality: municipality.as_str(),
        requested_at: event.occurred_at,
        plans: &[wanted],
    };
    let (folder, name) = (shell.data.requests(), format!("{municipality}-{}.json", event.id));
    let bytes = request.bytes();
    let written = tokio::task::spawn_blocking(move || put(&folder, &[(name, bytes)])).await.expect("writing does not panic");
    written.map_err(|e| cannot_write(&e))
}

impl Request<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a request is writable");
        bytes.push(b'\n');
        bytes
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
    let bytes = request.bytes();
    let (folder, name) = (run.shell.data.requests(), format!("{}-{}.json", run.municipality, run.id));
    run.ctx.blocking(move |_| put(&folder, &[(name, bytes)])).await.map_err(|e| cannot_write(&e))
}

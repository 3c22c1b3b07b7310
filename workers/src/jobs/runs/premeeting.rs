//! `archive.premeeting`: asks the source system for the plans that a meeting within 24 hours may change. Off unless switched on.
//!
//! The source system knows its meetings; here only those are known that archived documents tell of: the next meeting in minutes
//! and in an SL, the meetings in an ES. Plans named in the job's arguments are asked for in any case.

use std::collections::BTreeSet;

use pipeline_archive::CaseHead;
use pipeline_domain::{Date, DocumentKind, Timestamp};
use pipeline_package::CaseRecord;
use pipeline_queue::Conclusion;
use pipeline_store::{Folder, RunCounts};
use serde_json::{Value, json};

use super::{
    local::LocalRun,
    records::{self, Looked},
    request::{self, RequestedPlan},
    survey,
};
use crate::{failure::Failure, shell::Shell};

const DAY_S: i64 = 24 * 3600;

/// What the newest documents of an open folder tell.
struct Told {
    last_snapshot: Option<Date>,
    meetings: BTreeSet<Timestamp>,
}

pub async fn ask(run: &LocalRun) -> Result<Conclusion, Failure> {
    let folders = survey::folders_of(run).await?;
    let named: BTreeSet<_> = run.args.plans.iter().copied().collect();
    let Some(looked) = records::look(run, &folders, see).await else { return Ok(Conclusion::stopped()) };
    let window = window(run.due, run.previous_due().await?);
    let (mut plans, mut unread) = (Vec::new(), 0_u32);
    for (folder, looked) in looked {
        let is_named = named.contains(&folder.plan.plan);
        let told = match looked {
            Looked::Found(told) => told,
            Looked::Empty => None,
            Looked::Unreadable => {
                unread += 1;
                None
            }
        };
        let meeting = told.as_ref().and_then(|t| t.meetings.iter().find(|at| window.0 < **at && **at <= window.1).copied());
        if is_named || meeting.is_some() {
            let last = told.and_then(|t| t.last_snapshot);
            plans.push(RequestedPlan { meeting_at: meeting, ..RequestedPlan::of(&folder, last) });
        }
    }
    request::write(run, &plans).await?;
    Ok(run.finish_quietly(RunCounts::default(), json!({ "requested": plans.len(), "unread": unread })))
}

/// Meetings after the first instant, up to the second: each is met by one run, however often it runs.
fn window(due: Timestamp, previous: Option<Timestamp>) -> (Timestamp, Timestamp) {
    let later = |at: Timestamp| Timestamp::from_unix_seconds(at.unix_seconds() + DAY_S).unwrap_or(at);
    (previous.map_or(due, later).max(due), later(due))
}

/// Nothing of a closed folder.
fn see(shell: &Shell, folder: &Folder, head: &CaseHead, record: &CaseRecord) -> Result<Option<Told>, Failure> {
    if record.closed_at().is_some() {
        return Ok(None);
    }
    let newest = |kind| record.documents().iter().filter(move |d| d.kind == kind).max_by_key(|d| d.no);
    let snapshot = newest(DocumentKind::PlanSnapshot);
    let mut meetings = BTreeSet::new();
    for document in [snapshot, newest(DocumentKind::MeetingMinutes)].into_iter().flatten() {
        let name = format!("kilde/{:02}.json", document.no);
        let Some(path) = head.state.keys().find(|path| path.as_str() == name) else { continue };
        let source = shell.archive(&folder.id.municipality)?.read_file(&folder.id, path)?;
        meetings.extend(meetings_in(&serde_json::from_slice(&source).unwrap_or_default()));
    }
    Ok(Some(Told { last_snapshot: snapshot.map(|d| d.date), meetings }))
}

/// The instants of meetings that a document as it came tells of.
fn meetings_in(document: &Value) -> Vec<Timestamp> {
    let content = &document["content"];
    let listed = content["meeting_list"].as_array().into_iter().flatten().map(|m| &m["at"]);
    listed.chain([&content["next_meeting_at"]]).filter_map(|at| at.as_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_meeting_is_met_once() {
        let due = at("2026-11-23T08:05:00+01:00");
        assert_eq!(window(due, None), (due, at("2026-11-24T08:05:00+01:00")));
        assert_eq!(window(due, Some(at("2026-11-23T07:05:00+01:00"))), (at("2026-11-24T07:05:00+01:00"), at("2026-11-24T08:05:00+01:00")));
        // After a week without a run: meetings that are over are of no use.
        assert_eq!(window(due, Some(at("2026-11-16T08:05:00+01:00"))).0, due);
    }

    #[test]
    fn minutes_and_lists_tell_of_meetings() {
        let minutes = json!({ "content": { "next_meeting_at": "2026-11-24T09:00:00+01:00" } });
        assert_eq!(meetings_in(&minutes), [at("2026-11-24T09:00:00+01:00")]);
        let list = json!({ "content": { "meeting_list": [{ "at": "2026-11-24T09:00:00+01:00", "title": "x" }, { "title": "y" }] } });
        assert_eq!(meetings_in(&list).len(), 1);
        assert!(meetings_in(&Value::Null).is_empty());
    }
}

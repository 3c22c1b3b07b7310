//! What else must be left behind: a row in the access log for each look at what is archived, and a question to the source system wherever an
//! archive copy is due that only it can make (docs/operations.md, «Events of the source system» and «What the runs leave»).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use chrono::Datelike;
use serde_json::Value;

use super::{
    Finding, Told, Year,
    life::{Holds, Life, Lives},
    times::{self, Instant},
};
use crate::files_below;

/// Events after which the source system is asked for the plan as it is.
const ASKS: [&str; 4] = ["archive.requested", "meeting.starts_soon", "consent.withdrawn", "consent.expired"];
/// Asks for every open plan on 15 January and 15 June.
const HALF_YEARLY: &str = "archive.semiannual";

/// Holds log and questions against what was told. Answers how many looks were written down.
pub fn judge(data: &Path, year: &Year, lives: &Lives, found: &mut Vec<Finding>) -> usize {
    questions(data, year, lives, found);
    looks(data, year, lives, found)
}

/// Events that were told, each once: the same event is taken once.
fn events<'y>(year: &'y Year, names: &'y [&str]) -> impl Iterator<Item = &'y Told> {
    let mut known = BTreeSet::new();
    year.told.iter().filter(move |t| t.event().is_some_and(|e| names.contains(&e)) && known.insert(t.id()))
}

/// Each look at a document that lies in the archive is a row, and no other row tells of a look.
fn looks(data: &Path, year: &Year, lives: &Lives, found: &mut Vec<Finding>) -> usize {
    let mut rows: BTreeMap<(String, String, Option<Instant>), usize> = BTreeMap::new();
    let mut written = 0;
    let folder = data.join("access");
    let files = if folder.is_dir() { files_below(&folder) } else { Vec::new() };
    let is_log = |name: &str| name.starts_with("20") && name.ends_with(".jsonl");
    for file in files.iter().filter(|f| f.file_name().is_some_and(|n| is_log(&n.to_string_lossy()))) {
        for line in fs::read_to_string(file).unwrap_or_default().lines() {
            let row: Value = serde_json::from_str(line).unwrap_or_default();
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            if text(&row["action"]).starts_with("read_") {
                written += 1;
                let key = (text(&row["actor"]), text(&row["document"]["id"]), times::instant(&text(&row["at"])));
                *rows.entry(key).or_default() += 1;
            }
        }
    }
    for told in events(year, &["content.opened"]) {
        let at = || format!("line {}", told.line);
        let key = (told.text("/content/actor").to_owned(), told.matter().unwrap_or_default().to_owned(), told.instant("/occurred_at"));
        let seen = rows.remove(&key).unwrap_or_default();
        let lies = lives.plans.get(told.plan()).map_or(Lies::Nowhere, |life| lies(year, life, told));
        match (lies, seen) {
            (Lies::InTheArchive, 0) => found.push(Finding::new("look_not_written_down", at())),
            (Lies::Nowhere, 1..) => found.push(Finding::new("look_at_nothing", at())),
            (_, 2..) => found.push(Finding::new("look_written_down_twice", at())),
            _ => {}
        }
    }
    found.extend(rows.keys().map(|(_, document, at)| Finding::new("look_of_nobody", format!("{document} {at:?}"))));
    written
}

/// Where what was looked at was at the time.
enum Lies {
    InTheArchive,
    Nowhere,
    /// On its way.
    Perhaps,
}

fn lies(year: &Year, life: &Life, look: &Told) -> Lies {
    let versions = life.told.iter().filter(|t| t.event().is_none() && Some(t.id()) == look.matter());
    let first = versions.filter_map(|t| life.archived(t)).min();
    match first {
        Some(at) if at < look.at => Lies::InTheArchive,
        Some(at) if at <= look.at + year.slack() => Lies::Perhaps,
        _ => Lies::Nowhere,
    }
}

/// A question in `requests/`.
struct Question {
    plan: String,
    reason: String,
    at: Instant,
}

/// Each event that asks is one question about its plan; every half year each open plan is asked for.
fn questions(data: &Path, year: &Year, lives: &Lives, found: &mut Vec<Finding>) {
    let mut asked = read(data, found);
    for told in events(year, &ASKS) {
        let reason = told.event().unwrap_or_default();
        // The question bears the instant of the event that it follows.
        let (from, until) = (told.instant("/occurred_at").unwrap_or(told.at), told.at + year.slack());
        let is_it = |q: &Question| q.plan == told.plan() && q.reason == reason && from <= q.at && q.at <= until;
        match asked.iter().position(is_it) {
            Some(n) => drop(asked.remove(n)),
            // A plan that is closed has had its last snapshot.
            None if lives.plans.get(told.plan()).is_some_and(|life| life.is_closed(until)) => {}
            None => found.push(Finding::new("not_asked_for", format!("{reason}, line {}", told.line))),
        }
    }
    let halves = times::days(year.from, times::days_before(year.until, 2)).filter(|d| d.day() == 15 && [1, 6].contains(&d.month()));
    for due in halves.map(|day| times::in_oslo(day, 2, 0)) {
        let until = due + year.slack();
        for (plan, life) in &lives.plans {
            let is_it = |q: &Question| q.plan == **plan && q.reason == HALF_YEARLY && due <= q.at && q.at <= until;
            let begun = life.told.first().is_some_and(|t| t.at < due);
            // A plan that is reopened while the run goes on may be asked for or not.
            let is_open = begun && Holds::between(due, until, |at| !life.is_closed(at)) == Holds::Yes;
            match asked.iter().position(is_it) {
                Some(n) => drop(asked.remove(n)),
                None if is_open => found.push(Finding::new("not_asked_for", format!("{HALF_YEARLY} {due} {plan}"))),
                None => {}
            }
        }
    }
    found.extend(asked.iter().map(|q| Finding::new("asked_for_nothing", format!("{} {} {}", q.reason, q.at, q.plan))));
}

fn read(data: &Path, found: &mut Vec<Finding>) -> Vec<Question> {
    let folder = data.join("requests");
    let files = if folder.is_dir() { files_below(&folder) } else { Vec::new() };
    let mut all = Vec::new();
    for file in files {
        let json: Value = fs::read(&file).ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default();
        let at = json["requested_at"].as_str().and_then(times::instant);
        let (Some(at), "arkivflyt/archive_request/1") = (at, json["schema"].as_str().unwrap_or_default()) else {
            found.push(Finding::new("request_broken", file.file_name().unwrap_or_default().to_string_lossy()));
            continue;
        };
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let plans = json["plans"].as_array().into_iter().flatten();
        all.extend(plans.map(|plan| Question { plan: text(&plan["plan_id"]), reason: text(&json["reason"]), at }));
    }
    all
}

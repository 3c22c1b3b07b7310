//! `contact.stale`: contact data that nobody has confirmed for 18 months. The lead is told, once a quarter at most and of all their
//! plans in one mail: which data it is, one sees after login.

use std::collections::BTreeSet;

use chrono::Datelike;
use pipeline_domain::{Contact, Date, Event, NoticeKind, RecipientRef};
use pipeline_queue::Conclusion;
use pipeline_store::{Plans, RunCounts};
use serde_json::json;

use super::{
    local::LocalRun,
    plans::{About, Findings, PlanNow, is_stale},
    survey,
};
use crate::{failure::Failure, shell::Shell};

pub async fn check(run: &LocalRun) -> Result<Conclusion, Failure> {
    let today = run.shell.clock.now().oslo_date();
    let (mut told, mut stale, mut leads) = (0, 0, BTreeSet::new());
    for folder in survey::folders_of(run).await? {
        if run.ctx.stop.is_cancelled() {
            return Ok(Conclusion::stopped());
        }
        let plan = PlanNow::of(&run.shell, &folder.id).await?;
        if plan.life.is_closed() {
            continue;
        }
        let Some(event) = plan.contacts(&run.shell).await? else { continue };
        let of_plan = stale_among(&run.shell, &event, today).await?;
        stale += of_plan;
        // Without a pseudonym nobody knows that two plans have one lead.
        let lead = plan.life.lead.map_or_else(|| folder.id.to_string(), |lead| lead.to_string());
        if of_plan == 0 || !leads.insert(lead.clone()) {
            continue;
        }
        let mut findings = Findings::default();
        let about = About { kind: NoticeKind::ContactStale, event: &event, folder: &folder.id };
        let key = format!("{}:{}:{lead}:{}", about.kind.id(), run.municipality, quarter(today));
        findings.tell(&run.shell, &about, RecipientRef::Lead, key).await?;
        told += findings.queue(&run.shell).await?;
    }
    Ok(run.finish_quietly(RunCounts::default(), json!({ "told": told, "stale": stale })))
}

/// How many of the people that the event knows have stale addresses.
async fn stale_among(shell: &Shell, event: &Event, today: Date) -> Result<u32, Failure> {
    let guardians = event.case.guardians.iter().filter_map(|g| g.contact.as_ref());
    let people = event.content.people.iter().filter_map(|p| p.contact.as_ref());
    let all: Vec<&Contact> = event.case.subject_contact.iter().chain(guardians).chain(people).collect();
    let mut stale = 0;
    for contact in all {
        let Some(address) = &contact.email else { continue };
        let known = shell.store.address(shell.pseudonyms()?.address(address)).await?;
        stale += u32::from(is_stale(contact, &known, today));
    }
    Ok(stale)
}

/// `2026-q4`.
fn quarter(day: Date) -> String {
    let day = day.naive();
    format!("{}-q{}", day.year(), day.month0() / 3 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_four_quarters() {
        for (day, expected) in [
            ("2026-01-01", "2026-q1"),
            ("2026-03-31", "2026-q1"),
            ("2026-04-01", "2026-q2"),
            ("2026-09-30", "2026-q3"),
            ("2026-12-31", "2026-q4"),
        ] {
            assert_eq!(quarter(day.parse().unwrap()), expected);
        }
    }
}

//! Mail beside the list of `annual_report.remind`: those who lead an IOP without an annual report, and the professional leads of their
//! units, once a week each, however many plans it is about.

use std::collections::BTreeSet;

use pipeline_domain::{CaseFolderId, Event, NoticeKind, RecipientRef, Timestamp};
use pipeline_lifecycle::{Duty, Life, duties};

use super::{
    local::LocalRun,
    plans::{About, Findings, PlanNow, week},
};
use crate::failure::Failure;

/// Reminds of the plans in these folders. How many were told anew; `None` when asked to stop.
pub async fn remind(run: &LocalRun, folders: &[&CaseFolderId], year: &str) -> Result<Option<u32>, Failure> {
    let (mut told, mut reminded) = (0, BTreeSet::new());
    for folder in folders {
        if run.ctx.stop.is_cancelled() {
            return Ok(None);
        }
        let plan = PlanNow::of(&run.shell, folder).await?;
        if !is_due(&plan.life, year, run.shell.clock.now()) {
            continue;
        }
        let Some(event) = plan.contacts(&run.shell).await? else { continue };
        let about = About { kind: NoticeKind::AnnualReportDue, event: &event, folder };
        let mut findings = Findings::default();
        for (recipient, person) in responsible(&event, &plan) {
            if reminded.insert(person.clone()) {
                let key = format!("{}:{}:{person}:{}", about.kind.id(), run.municipality, week(run.shell.clock.now().oslo_date()));
                findings.tell(&run.shell, &about, recipient, key).await?;
            }
        }
        told += findings.queue(&run.shell).await?;
    }
    Ok(Some(told))
}

/// What was accepted and is on its way into the archive is finalised, and nobody is reminded of a closed plan.
fn is_due(life: &Life, year: &str, now: Timestamp) -> bool {
    duties(life, now).iter().any(|duty| matches!(duty, Duty::AnnualReport { year: of } if of.as_str() == year))
}

/// Each with what they are known by from plan to plan: the pseudonym, or else the plan.
fn responsible(event: &Event, plan: &PlanNow) -> Vec<(RecipientRef, String)> {
    let known_by = |who: RecipientRef| {
        let lead = plan.life.lead.filter(|_| who == RecipientRef::Lead);
        let person = event.contact(who).and_then(|contact| contact.person).or(lead);
        person.map_or_else(|| format!("{}-{}", plan.folder, who.to_string().replace(':', "-")), |person| person.to_string())
    };
    // Not every unit names a professional lead.
    let professional = event.contact(RecipientRef::ProfessionalLead).map(|_| RecipientRef::ProfessionalLead);
    [RecipientRef::Lead].into_iter().chain(professional).map(|who| (who, known_by(who))).collect()
}

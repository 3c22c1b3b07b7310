//! What somebody's being told rests on, and whether it still holds: asked when something is found to tell, and again when it is sent.

use pipeline_domain::{Case, Contact, ErrorCode, Event, NoticeKind, RecipientRef};

use crate::{
    failure::Failure,
    jobs::{events, runs::plans::PlanNow},
    shell::Shell,
};

/// What somebody's being told rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footing {
    /// As their place in the notice says ([`pipeline_lifecycle::may_be_told`]).
    ByPlace,
    /// They are one of those who give the consent, or run the plan, whatever their place in the notice.
    OwnSide,
}

impl Footing {
    /// Of somebody whom a document names. Subject and guardians hear of minutes and meetings also when they are told as one of many.
    pub fn in_case(case: &Case, contact: Option<&Contact>) -> Self {
        if contact.is_some_and(|contact| case.is_of_those_who_consent(contact)) { Self::OwnSide } else { Self::ByPlace }
    }

    /// Of somebody whom an event names: also who leads the plan, and who asked for a print as one of those who consent.
    pub fn in_event(event: &Event, kind: NoticeKind, contact: Option<&Contact>) -> Self {
        let asked_as_own = kind == NoticeKind::PrintReady && events::is_own_side(event);
        if asked_as_own || leads(event, contact) { Self::OwnSide } else { Self::in_case(&event.case, contact) }
    }
}

/// Somebody who is to be told of something.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub kind: NoticeKind,
    pub recipient: RecipientRef,
    pub contact: Option<&'a Contact>,
    pub footing: Footing,
}

/// Whether this person may be told now; else the code that says why not: `consent_missing`, `consent_expired`.
pub async fn may_be_told(shell: &Shell, plan: &PlanNow, told: &Told<'_>) -> Result<Result<(), ErrorCode>, Failure> {
    // Documents alone tell of the consents that were archived, not of those that hold: only a source system that sends events does.
    let is_kept_up = plan.rows.iter().any(|row| row.source.event().is_some());
    if !is_kept_up || told.footing == Footing::OwnSide {
        return Ok(Ok(()));
    }
    let answer = pipeline_lifecycle::may_be_told(&plan.life, told.kind, told.recipient, shell.clock.now());
    if answer.is_err() && plan.contacts(shell).await?.is_some_and(|newest| leads(&newest, told.contact)) {
        // Minutes and messages go to the lead as one of many, and no document says who that is.
        return Ok(Ok(()));
    }
    Ok(answer)
}

fn leads(event: &Event, contact: Option<&Contact>) -> bool {
    contact.zip(event.content.standing.lead_contact.as_ref()).is_some_and(|(told, lead)| told.is_same_as(lead))
}

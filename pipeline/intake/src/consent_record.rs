//! Rules between the fields of a consent (samtykke).

use pipeline_domain::{ConsentRecord, ConsentState, ProblemCode};

use crate::period;
use crate::problems::Problems;

const APPROVED: &str = "/content/approved_at";
const WITHDRAWN: &str = "/content/withdrawn_at";
const VALID_UNTIL: &str = "/content/valid_until";

pub(crate) fn check(consent: &ConsentRecord, problems: &mut Problems) {
    times_fit_the_state(consent, problems);
    if let Some(approved) = consent.approved_at {
        period::in_order((APPROVED, approved.oslo_date()), (VALID_UNTIL, consent.valid_until), problems);
        if let Some(withdrawn) = consent.withdrawn_at {
            period::in_order((APPROVED, approved), (WITHDRAWN, withdrawn), problems);
        }
    }
    for (i, shared) in consent.shared_with.iter().enumerate() {
        let (from, until) = (format!("/content/shared_with/{i}/from"), format!("/content/shared_with/{i}/until"));
        period::in_order((&from, shared.from), (&until, shared.until), problems);
        if shared.until > consent.valid_until {
            problems.add(ProblemCode::ConsentScope, until, format!("not_after={VALID_UNTIL}"));
        }
    }
}

/// What is approved says when, what is withdrawn too; a draft says neither.
fn times_fit_the_state(consent: &ConsentRecord, problems: &mut Problems) {
    let mut times = |at: &str, is_there: bool, is_wanted: bool| match (is_there, is_wanted) {
        (false, true) => problems.add(ProblemCode::ConsentState, at, "required_by=/content/state"),
        (true, false) => problems.add(ProblemCode::ConsentState, at, "not_with=/content/state"),
        (true, true) | (false, false) => {}
    };
    times(APPROVED, consent.approved_at.is_some(), consent.state != ConsentState::Draft);
    times(WITHDRAWN, consent.withdrawn_at.is_some(), consent.state == ConsentState::Withdrawn);
}

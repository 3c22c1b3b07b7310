//! Who may be told at the moment of sending.

use pipeline_domain::{ErrorCode, NoticeKind, RecipientRef, Timestamp};

use crate::{Life, Sharing};

/// Whether this person may be told of this now. Without a consent that holds, those whose access rests on it are told nothing more
/// (DOMAIN § 4): participants, those called to meetings, recipients of minutes and messages, whoever asked for a print. Subject or
/// guardians who asked for one are for the caller to know: their access does not rest on a consent of their own.
///
/// Errors: [`ErrorCode::ConsentMissing`] when none was given or the last was taken back, [`ErrorCode::ConsentExpired`] when it
/// has run out.
pub fn may_be_told(life: &Life, kind: NoticeKind, who: RecipientRef, now: Timestamp) -> Result<(), ErrorCode> {
    if !rests_on_consent(who) || tells_that_something_ends(kind) {
        return Ok(());
    }
    match life.sharing(now) {
        Sharing::Unasked | Sharing::Allowed => Ok(()),
        Sharing::Missing => Err(ErrorCode::ConsentMissing),
        Sharing::Expired => Err(ErrorCode::ConsentExpired),
    }
}

/// Subject and guardians are those who consent; the others see plans by their office.
fn rests_on_consent(who: RecipientRef) -> bool {
    match who {
        RecipientRef::Participant(_) | RecipientRef::Invited(_) | RecipientRef::Recipient(_) | RecipientRef::Requester => true,
        RecipientRef::Subject
        | RecipientRef::Guardian(_)
        | RecipientRef::Lead
        | RecipientRef::FormerLead
        | RecipientRef::NewLead
        | RecipientRef::ProfessionalLead
        | RecipientRef::LocalAdmin
        | RecipientRef::Archivist => false,
    }
}

/// Whoever lost access must hear that, and nobody shall turn up in vain; the recipients of a transfer are the two leads.
fn tells_that_something_ends(kind: NoticeKind) -> bool {
    use NoticeKind::*;
    matches!(kind, ParticipantRemoved | MeetingCancelled | PlanClosed | ResponsibilityTransferred)
}

//! Rules between the fields of a meeting invitation (innkalling).

use pipeline_domain::{MeetingInvitation, ProblemCode};

use crate::period;
use crate::problems::Problems;

pub(crate) fn check(invitation: &MeetingInvitation, problems: &mut Problems) {
    period::in_order(("/content/starts_at", invitation.starts_at), ("/content/ends_at", invitation.ends_at), problems);
    if let Some(reply_by) = invitation.reply_by
        && reply_by > invitation.starts_at.oslo_date()
    {
        problems.add(ProblemCode::PeriodReversed, "/content/reply_by", "not_after=/content/starts_at");
    }
    if invitation.place.is_none() && invitation.digital_link.is_none() {
        problems.add(ProblemCode::MeetingPlace, "/content/place", "place_or=/content/digital_link");
    }
}

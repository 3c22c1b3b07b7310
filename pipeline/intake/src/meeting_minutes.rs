//! Rules between the fields of meeting minutes (møtereferat).

use pipeline_domain::MeetingMinutes;

use crate::period;
use crate::problems::Problems;

pub(crate) fn check(minutes: &MeetingMinutes, problems: &mut Problems) {
    let held = ("/content/held_at", minutes.held_at);
    period::in_order(held, ("/content/sent_at", minutes.sent_at), problems);
    if let Some(next) = minutes.next_meeting_at {
        period::in_order(held, ("/content/next_meeting_at", next), problems);
    }
}

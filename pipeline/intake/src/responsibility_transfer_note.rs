//! Rules between the fields of a transfer of responsibility (overføring av planansvar).

use pipeline_domain::ResponsibilityTransferNote;

use crate::period;
use crate::problems::Problems;

pub(crate) fn check(note: &ResponsibilityTransferNote, problems: &mut Problems) {
    period::in_order(("/content/transferred_at", note.transferred_at), ("/content/accepted_at", note.accepted_at), problems);
}

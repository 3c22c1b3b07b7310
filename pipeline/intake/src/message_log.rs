//! Rules between the fields of a message log (internmeldinger).

use pipeline_domain::MessageLog;

use crate::period;
use crate::problems::Problems;

/// The log reads as the messages came.
pub(crate) fn check(log: &MessageLog, problems: &mut Problems) {
    for (i, pair) in log.messages.windows(2).enumerate() {
        let at = |n: usize| format!("/content/messages/{n}/at");
        period::in_order((&at(i), pair[0].at), (&at(i + 1), pair[1].at), problems);
    }
}

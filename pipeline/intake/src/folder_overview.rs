//! Rules between the fields of a folder overview (innholdsliste).

use pipeline_domain::{FolderOverview, OWN_SYSTEM, ProblemCode, Source};

use crate::problems::Problems;

/// Arkivflyt makes it itself, and numbers each document once.
pub(crate) fn check(overview: &FolderOverview, source: &Source, problems: &mut Problems) {
    if source.system != OWN_SYSTEM {
        problems.add(ProblemCode::ValueNotAllowed, "/source/system", OWN_SYSTEM);
    }
    for (i, pair) in overview.items.windows(2).enumerate() {
        if pair[1].no <= pair[0].no {
            problems.add(ProblemCode::NumberOutOfRange, format!("/content/items/{}/no", i + 1), format!("after=/content/items/{i}/no"));
        }
    }
}

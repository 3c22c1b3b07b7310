//! Rules about time that more than one document type has.

use pipeline_domain::{DecisionRef, ProblemCode, SchoolYear};

use crate::problems::Problems;

/// A field and what it says.
pub(crate) type At<'a, T> = (&'a str, T);

/// The second may not come before the first. Told at the second.
pub(crate) fn in_order<T: PartialOrd>((first, from): At<T>, (second, to): At<T>, problems: &mut Problems) {
    if to < from {
        problems.add(ProblemCode::PeriodReversed, second, format!("not_before={first}"));
    }
}

/// A decision's period of validity.
pub(crate) fn decision(decision: &DecisionRef, problems: &mut Problems) {
    if let (Some(from), Some(to)) = (decision.valid_from, decision.valid_to) {
        in_order(("/content/decision_ref/valid_from", from), ("/content/decision_ref/valid_to", to), problems);
    }
}

/// Two years on end.
pub(crate) fn school_year(year: &SchoolYear, problems: &mut Problems) {
    if !year.is_consecutive() {
        problems.add(ProblemCode::SchoolYearInvalid, "/content/school_year", "consecutive_years");
    }
}

//! Rules between the fields of a transfer to a new school year (overføring til nytt skoleår).

use pipeline_domain::{ProblemCode, SchoolYearTransferNote};

use crate::problems::Problems;

pub(crate) fn check(note: &SchoolYearTransferNote, problems: &mut Problems) {
    for (at, year) in [("/content/from_year", &note.from_year), ("/content/to_year", &note.to_year)] {
        if !year.is_consecutive() {
            problems.add(ProblemCode::SchoolYearInvalid, at, "consecutive_years");
        }
    }
    if note.to_year.as_str() <= note.from_year.as_str() {
        problems.add(ProblemCode::PeriodReversed, "/content/to_year", "after=/content/from_year");
    }
}

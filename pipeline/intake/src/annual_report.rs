//! Rules between the fields of an annual report (årsrapport for IOP).

use pipeline_domain::AnnualReport;

use crate::period;
use crate::problems::Problems;

pub(crate) fn check(report: &AnnualReport, problems: &mut Problems) {
    period::in_order(("/content/period_from", report.period_from), ("/content/period_to", report.period_to), problems);
    period::school_year(&report.school_year, problems);
    period::decision(&report.decision_ref, problems);
}

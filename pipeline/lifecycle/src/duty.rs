//! What somebody owes a plan.

use pipeline_domain::{Date, DocumentId, SchoolYear, Timestamp};

use crate::{Life, school_year::report_due_from};

/// One thing that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duty {
    /// A consent that was asked for has no answer.
    UnansweredConsent {
        /// The consent.
        matter: DocumentId,
        /// The day to answer by.
        answer_by: Option<Date>,
    },
    /// A meeting was held, and its minutes have not come.
    UnsentMinutes {
        /// The meeting.
        matter: DocumentId,
    },
    /// A day for evaluating the plan went by without it.
    OverdueEvaluation {
        /// The day.
        planned: Date,
    },
    /// The plan was never archived, or changed and not archived, for more than 190 days.
    OverdueArchiving {
        /// Since when.
        since: Timestamp,
    },
    /// The annual report of a school year is not finalised.
    AnnualReport {
        /// The year.
        year: SchoolYear,
    },
}

/// What is owed now, in the order of [`Duty`]. Nothing of a closed plan.
pub fn duties(life: &Life, now: Timestamp) -> Vec<Duty> {
    if life.is_closed() {
        return Vec::new();
    }
    let today = now.oslo_date();
    let began = life.periods.began_at;
    let consents = life.unanswered_consents().map(|(matter, c)| Duty::UnansweredConsent { matter, answer_by: c.answer_by });
    let minutes = life.meetings_without_minutes().into_iter().map(|matter| Duty::UnsentMinutes { matter });
    let is_of_period = |day: &Date| began.is_none_or(|began| began.oslo_date() <= *day);
    let evaluations = life.evaluations.overdue(today).filter(is_of_period).map(|planned| Duty::OverdueEvaluation { planned });
    let archiving = life.archiving.overdue_since(began, now).map(|since| Duty::OverdueArchiving { since });
    consents.chain(minutes).chain(evaluations).chain(archiving).chain(annual_reports(life, today)).collect()
}

fn annual_reports(life: &Life, today: Date) -> impl Iterator<Item = Duty> {
    let owed = life.school_years.iter().filter(move |(year, iop)| {
        let is_due = report_due_from(year).is_some_and(|from| from <= today);
        is_due && iop.is_active() && iop.reported_at.is_none()
    });
    owed.map(|(year, _)| Duty::AnnualReport { year: year.clone() })
}

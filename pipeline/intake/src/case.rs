//! Rules about the case and its people, the same for every document type.

use pipeline_domain::{Case, Date, Envelope, NationalId, NationalIdKind, ProblemCode};

use crate::problems::Problems;
use crate::{IntakeRules, SyntheticPolicy};

const SUBJECT: &str = "/case/subject_national_id";

pub(crate) fn check<C>(envelope: &Envelope<C>, rules: &IntakeRules, problems: &mut Problems) {
    synthetic_is_wanted(envelope.synthetic, rules.synthetic, problems);
    municipality_is_known(&envelope.case, rules, problems);
    ids_are_of_the_right_kind(envelope, problems);
    birth_date_is_that_of_the_id(&envelope.case, problems);
}

fn synthetic_is_wanted(synthetic: bool, policy: SyntheticPolicy, problems: &mut Problems) {
    if synthetic && policy == SyntheticPolicy::Refuse {
        problems.add(ProblemCode::SyntheticRefused, "/synthetic", "synthetic=refuse");
    }
}

fn municipality_is_known(case: &Case, rules: &IntakeRules, problems: &mut Problems) {
    if rules.municipalities.as_ref().is_some_and(|known| !known.contains(&case.municipality_number)) {
        problems.add(ProblemCode::MunicipalityUnknown, "/case/municipality_number", "municipality_of_the_installation");
    }
}

/// Made-up documents hold made-up people, real documents real ones (DOMAIN § 11).
fn ids_are_of_the_right_kind<C>(envelope: &Envelope<C>, problems: &mut Problems) {
    for (at, id) in national_ids(&envelope.case) {
        match (envelope.synthetic, id.kind()) {
            (true, NationalIdKind::Real) => problems.add(ProblemCode::NationalIdNotSynthetic, at, "synthetic=true"),
            (false, NationalIdKind::Synthetic) => problems.add(ProblemCode::NationalIdSynthetic, at, "synthetic=false"),
            (true, NationalIdKind::Synthetic) | (false, NationalIdKind::Real) => {}
        }
    }
}

/// Every national id of a case and where it stands.
fn national_ids(case: &Case) -> impl Iterator<Item = (String, &NationalId)> {
    let subject = case.subject_national_id.iter().map(|id| (SUBJECT.to_owned(), id));
    let guardian = |(i, id): (usize, _)| (format!("/case/guardians/{i}/national_id"), id);
    let guardians = case.guardians.iter().enumerate().filter_map(|(i, g)| Some((i, g.national_id.as_ref()?))).map(guardian);
    subject.chain(guardians)
}

fn birth_date_is_that_of_the_id(case: &Case, problems: &mut Problems) {
    if case.subject_national_id.as_ref().is_some_and(|id| !is_of_day(id, case.subject_birth_date)) {
        problems.add(ProblemCode::BirthDateMismatch, "/case/subject_birth_date", format!("same_day_as={SUBJECT}"));
    }
}

/// Day, month and the last two digits of the year: the century is not in every number (from 2032). A D-number has 40 added
/// to the day, a made-up number 80 or 40 to the month.
fn is_of_day(id: &NationalId, day: Date) -> bool {
    let born = day.naive().format("%d%m%y").to_string();
    let pairs = |digits: &str| [&digits[0..2], &digits[2..4], &digits[4..6]].map(|pair| pair.parse::<u32>().expect("two digits"));
    let [id_day, id_month, id_year] = pairs(id.expose_for_archive_metadata());
    [id_day % 40, id_month % 40, id_year] == pairs(&born)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_domain_page_are_of_their_day() {
        let check = |id: &str, day: &str, expected: bool| {
            assert_eq!(is_of_day(&id.parse().unwrap(), day.parse().unwrap()), expected, "{day}");
        };
        check("17851490027", "2014-05-17", true);
        check("17851490035", "2014-05-17", true);
        check("02910980052", "2009-11-02", true);
        check("09838310009", "1983-03-09", true);
        check("24886120180", "1961-08-24", true);
        check("55819030048", "1990-01-15", true);
        check("28421670090", "2016-02-28", true);
        check("17851490027", "1914-05-17", true);
        check("17851490027", "2014-05-18", false);
        check("17851490027", "2014-06-17", false);
        check("17851490027", "2015-05-17", false);
        check("55819030048", "1990-01-16", false);
    }
}

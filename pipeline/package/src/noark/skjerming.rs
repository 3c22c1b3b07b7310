//! Screening (skjerming) and retention (kassasjon).

use chrono::Months;
use pipeline_domain::{Date, Line};

use super::{
    codes::{HELE_DOKUMENTET, Kassasjonsvedtak, SkjermingMetadata, UNNTATT},
    xml::Xml,
};
use crate::Retention;

/// What is screened on one unit.
pub(super) struct Screening<'a> {
    pub basis: &'a Line,
    pub metadata: &'a [SkjermingMetadata],
    pub years: u32,
    pub whole_document: bool,
    /// Day that the years count from; `None` leaves the end open.
    pub from: Option<Date>,
}

/// Writes `skjerming`. On folder, registration and document alike: receivers do not always inherit it (DOMAIN § 7).
///
/// Source: arkivstruktur.xsd v5.0; M500–M505.
pub(super) fn skjerming(xml: &mut Xml, screening: &Screening<'_>) {
    xml.parent("skjerming", |xml| {
        xml.leaf("tilgangsrestriksjon", UNNTATT);
        xml.leaf("skjermingshjemmel", screening.basis);
        for word in screening.metadata {
            xml.leaf("skjermingMetadata", word.noark());
        }
        xml.optional("skjermingDokument", screening.whole_document.then_some(HELE_DOKUMENTET));
        xml.leaf("skjermingsvarighet", screening.years);
        xml.optional("skjermingOpphoererDato", screening.from.map(|day| years_after(day, screening.years)));
    });
}

/// Years and date that stand for «for ever»: the schema demands both, and the standard has no word for it.
const FOR_EVER: (u32, &str) = (9999, "9999-12-31");

/// Writes `kassasjon` of a document from this day.
///
/// `bevaringstid` and `kassasjonsdato` are mandatory in the schema whatever is decided. For «Bevares» they are 9999 years and
/// 9999-12-31; for «Vurderes senere» they say when the assessment is due, for «Kasseres» when disposal may happen.
///
/// Source: arkivstruktur.xsd v5.0; M450–M453.
pub(super) fn kassasjon(xml: &mut Xml, retention: &Retention, from: Date) {
    let (decision, basis, years, date) = match retention {
        Retention::Preserve => (Kassasjonsvedtak::Bevares, None, FOR_EVER.0, FOR_EVER.1.to_owned()),
        Retention::AssessLater { after_years } => {
            (Kassasjonsvedtak::VurderesSenere, None, *after_years, years_after(from, *after_years).to_string())
        }
        Retention::Dispose { after_years, legal_basis } => {
            (Kassasjonsvedtak::Kasseres, Some(legal_basis), *after_years, years_after(from, *after_years).to_string())
        }
    };
    xml.parent("kassasjon", |xml| {
        xml.leaf("kassasjonsvedtak", decision.noark());
        xml.optional("kassasjonshjemmel", basis);
        xml.leaf("bevaringstid", years);
        xml.leaf("kassasjonsdato", date);
    });
}

/// The same day so many years later; 28 February when there is no 29th. A number of years beyond the calendar stays put.
fn years_after(day: Date, years: u32) -> Date {
    let months = Months::new(years.saturating_mul(12).min(12 * 5000));
    Date::from_naive(day.naive().checked_add_months(months).expect("five thousand years from now is in the calendar"))
}

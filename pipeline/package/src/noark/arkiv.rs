//! Everything above the folder: arkiv, arkivskaper, arkivdel, klassifikasjonssystem, klasse.

use pipeline_domain::{PlanType, WrittenForm};

use super::{
    Structure,
    codes::{Arkivdelstatus, Arkivstatus, ELEKTRONISK, FUNKSJONSBASERT},
    mappe::mappe,
    vsm,
    xml::{EmptyElement, Xml},
};
use crate::{record::Closing, titles};

/// Namespace of arkivstruktur.xsd v5.0.
const NAMESPACE: &str = "http://www.arkivverket.no/standarder/noark5/arkivstruktur";

/// The root element. Default namespace without prefix, and the prefix `xsi` literally: Arkade compares names as text.
pub(super) fn arkivstruktur(s: &Structure<'_>) -> Result<Vec<u8>, EmptyElement> {
    const LOCATION: &str = "http://www.arkivverket.no/standarder/noark5/arkivstruktur arkivstruktur.xsd \
                            urn:arkivflyt:noark5:vsm:1 arkivflyt-vsm.xsd";
    let attributes = [
        ("xmlns", NAMESPACE),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xmlns:vsm", vsm::NAMESPACE),
        ("xsi:schemaLocation", LOCATION),
    ];
    Xml::document("arkiv", &attributes, |xml| arkiv(xml, s))
}

/// Writes the children of the archive (`arkiv`).
///
/// Source: arkivstruktur.xsd v5.0, complexType arkiv.
fn arkiv(xml: &mut Xml, s: &Structure<'_>) {
    let status = if s.closed.is_some() { Arkivstatus::Avsluttet } else { Arkivstatus::Opprettet };
    xml.leaf("systemID", s.ids().arkiv());
    xml.leaf("tittel", &s.profile.archive_title);
    xml.leaf("arkivstatus", status.noark());
    xml.leaf("dokumentmedium", ELEKTRONISK);
    xml.leaf("opprettetDato", s.profile.opened_at);
    xml.leaf("opprettetAv", &s.profile.archive_creator_name);
    avsluttet(xml, s.closed);
    arkivskaper(xml, s);
    arkivdel(xml, s);
}

/// Writes `avsluttetDato` (M602) and `avsluttetAv` (M603) of a closed unit.
pub(super) fn avsluttet(xml: &mut Xml, closed: Option<&Closing>) {
    if let Some(closing) = closed {
        xml.leaf("avsluttetDato", closing.at);
        xml.leaf("avsluttetAv", &closing.by);
    }
}

/// Writes the archive's creator (`arkivskaper`).
fn arkivskaper(xml: &mut Xml, s: &Structure<'_>) {
    xml.parent("arkivskaper", |xml| {
        xml.leaf("arkivskaperID", &s.profile.archive_creator_id);
        xml.leaf("arkivskaperNavn", &s.profile.archive_creator_name);
    });
}

/// Writes the part of the archive (`arkivdel`).
fn arkivdel(xml: &mut Xml, s: &Structure<'_>) {
    let status = if s.closed.is_some() { Arkivdelstatus::AvsluttetPeriode } else { Arkivdelstatus::AktivPeriode };
    xml.parent("arkivdel", |xml| {
        xml.leaf("systemID", s.ids().arkivdel(&s.profile.archive_part_title));
        xml.leaf("tittel", &s.profile.archive_part_title);
        xml.leaf("arkivdelstatus", status.noark());
        xml.leaf("dokumentmedium", ELEKTRONISK);
        xml.leaf("opprettetDato", s.profile.opened_at);
        xml.leaf("opprettetAv", &s.profile.archive_creator_name);
        avsluttet(xml, s.closed);
        klassifikasjonssystem(xml, s);
    });
}

/// Writes the classification by plan type (`klassifikasjonssystem`), only with the class in use.
fn klassifikasjonssystem(xml: &mut Xml, s: &Structure<'_>) {
    xml.parent("klassifikasjonssystem", |xml| {
        xml.leaf("systemID", s.ids().klassifikasjonssystem());
        xml.leaf("klassifikasjonstype", FUNKSJONSBASERT);
        xml.leaf("tittel", "Plantyper");
        xml.leaf("opprettetDato", s.profile.opened_at);
        xml.leaf("opprettetAv", &s.profile.archive_creator_name);
        klasse(xml, s);
    });
}

/// Writes the class of the plan type (`klasse`): one level, so that folders hang on leaves (Arkade N5.12).
fn klasse(xml: &mut Xml, s: &Structure<'_>) {
    xml.parent("klasse", |xml| {
        xml.leaf("systemID", s.ids().klasse(s.case.plan_type));
        xml.leaf("klasseID", klasse_id(s.case.plan_type));
        xml.leaf("tittel", titles::plan_type(s.case.plan_type, WrittenForm::Nb));
        xml.leaf("opprettetDato", s.profile.opened_at);
        xml.leaf("opprettetAv", &s.profile.archive_creator_name);
        mappe(xml, s);
    });
}

fn klasse_id(plan: PlanType) -> &'static str {
    match plan {
        PlanType::Ip => "IP",
        PlanType::Es => "ES",
        PlanType::Sl => "SL",
        PlanType::Iop => "IOP",
    }
}

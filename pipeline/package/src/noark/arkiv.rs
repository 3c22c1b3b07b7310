//! Everything above the folder: arkiv, arkivskaper, arkivdel, klassifikasjonssystem, klasse.

use pipeline_domain::{PlanType, WrittenForm};

use super::{
    Structure, SystemIds,
    codes::{Arkivdelstatus, Arkivstatus, ELEKTRONISK, FUNKSJONSBASERT},
    mappe::mappe,
    vsm,
    xml::{EmptyElement, Xml},
};
use crate::{ArchiveProfile, record::Closing, titles};

/// Namespace of arkivstruktur.xsd v5.0.
const NAMESPACE: &str = "http://www.arkivverket.no/standarder/noark5/arkivstruktur";

/// The root element. Default namespace without prefix, and the prefix `xsi` literally: Arkade compares names as text.
pub(super) fn arkivstruktur(s: &Structure<'_>) -> Result<Vec<u8>, EmptyElement> {
    Xml::document("arkiv", &ATTRIBUTES, |xml| {
        arkiv(xml, s.profile, s.closed);
        xml.parent("arkivdel", |xml| {
            arkivdel(xml, s.profile, s.closed);
            xml.parent("klassifikasjonssystem", |xml| {
                klassifikasjonssystem(xml, s.profile);
                // One level, so that folders hang on leaves (Arkade N5.12), and only the class in use.
                xml.parent("klasse", |xml| {
                    klasse(xml, s.profile, s.case.plan_type);
                    mappe(xml, s);
                });
            });
        });
    })
}

/// The archive without folders, as it is called today: its part, and every class of the classification (6.4.13).
pub(crate) fn skeleton(profile: &ArchiveProfile) -> Result<Vec<u8>, EmptyElement> {
    Xml::document("arkiv", &ATTRIBUTES, |xml| {
        arkiv(xml, profile, None);
        xml.parent("arkivdel", |xml| {
            arkivdel(xml, profile, None);
            xml.parent("klassifikasjonssystem", |xml| {
                klassifikasjonssystem(xml, profile);
                for plan in [PlanType::Ip, PlanType::Es, PlanType::Sl, PlanType::Iop] {
                    xml.parent("klasse", |xml| klasse(xml, profile, plan));
                }
            });
        });
    })
}

const ATTRIBUTES: [(&str, &str); 4] = [
    ("xmlns", NAMESPACE),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("xmlns:vsm", vsm::NAMESPACE),
    (
        "xsi:schemaLocation",
        "http://www.arkivverket.no/standarder/noark5/arkivstruktur arkivstruktur.xsd urn:arkivflyt:noark5:vsm:1 arkivflyt-vsm.xsd",
    ),
];

/// Writes what stands in the archive (`arkiv`) before its part.
///
/// Source: arkivstruktur.xsd v5.0, complexType arkiv.
fn arkiv(xml: &mut Xml, profile: &ArchiveProfile, closed: Option<&Closing>) {
    let status = if closed.is_some() { Arkivstatus::Avsluttet } else { Arkivstatus::Opprettet };
    xml.leaf("systemID", SystemIds::of(&profile.municipality).arkiv());
    xml.leaf("tittel", &profile.archive_title);
    xml.leaf("arkivstatus", status.noark());
    xml.leaf("dokumentmedium", ELEKTRONISK);
    xml.leaf("opprettetDato", profile.opened_at);
    xml.leaf("opprettetAv", &profile.archive_creator_name);
    avsluttet(xml, closed);
    arkivskaper(xml, profile);
}

/// Writes `avsluttetDato` (M602) and `avsluttetAv` (M603) of a closed unit.
pub(super) fn avsluttet(xml: &mut Xml, closed: Option<&Closing>) {
    if let Some(closing) = closed {
        xml.leaf("avsluttetDato", closing.at);
        xml.leaf("avsluttetAv", &closing.by);
    }
}

/// Writes the archive's creator (`arkivskaper`).
fn arkivskaper(xml: &mut Xml, profile: &ArchiveProfile) {
    xml.parent("arkivskaper", |xml| {
        xml.leaf("arkivskaperID", &profile.archive_creator_id);
        xml.leaf("arkivskaperNavn", &profile.archive_creator_name);
    });
}

/// Writes what stands in the part of the archive (`arkivdel`) before its classification.
fn arkivdel(xml: &mut Xml, profile: &ArchiveProfile, closed: Option<&Closing>) {
    let status = if closed.is_some() { Arkivdelstatus::AvsluttetPeriode } else { Arkivdelstatus::AktivPeriode };
    xml.leaf("systemID", SystemIds::of(&profile.municipality).arkivdel(&profile.archive_part_title));
    xml.leaf("tittel", &profile.archive_part_title);
    xml.leaf("arkivdelstatus", status.noark());
    xml.leaf("dokumentmedium", ELEKTRONISK);
    xml.leaf("opprettetDato", profile.opened_at);
    xml.leaf("opprettetAv", &profile.archive_creator_name);
    avsluttet(xml, closed);
}

/// Writes what stands in the classification by plan type (`klassifikasjonssystem`) before its classes.
fn klassifikasjonssystem(xml: &mut Xml, profile: &ArchiveProfile) {
    xml.leaf("systemID", SystemIds::of(&profile.municipality).klassifikasjonssystem());
    xml.leaf("klassifikasjonstype", FUNKSJONSBASERT);
    xml.leaf("tittel", "Plantyper");
    xml.leaf("opprettetDato", profile.opened_at);
    xml.leaf("opprettetAv", &profile.archive_creator_name);
}

/// Writes what stands in the class of a plan type (`klasse`) before its folders.
fn klasse(xml: &mut Xml, profile: &ArchiveProfile, plan: PlanType) {
    xml.leaf("systemID", SystemIds::of(&profile.municipality).klasse(plan));
    xml.leaf("klasseID", klasse_id(plan));
    xml.leaf("tittel", titles::plan_type(plan, WrittenForm::Nb));
    xml.leaf("opprettetDato", profile.opened_at);
    xml.leaf("opprettetAv", &profile.archive_creator_name);
}

fn klasse_id(plan: PlanType) -> &'static str {
    match plan {
        PlanType::Ip => "IP",
        PlanType::Es => "ES",
        PlanType::Sl => "SL",
        PlanType::Iop => "IOP",
    }
}

//! The folder: mappe as saksmappe, and part.

use pipeline_domain::{GuardianRelation, Name, NationalId};

use super::{
    Structure,
    arkiv::avsluttet,
    codes::{ELEKTRONISK, PartRolle, Saksstatus, SkjermingMetadata},
    registrering::registrering,
    skjerming::{Screening, skjerming},
    vsm,
    xml::Xml,
};
use crate::{record::Facts, titles};

/// Who made units that no person made.
pub(super) const SYSTEM: &str = "Arkivflyt";

/// The same, where a name is asked for.
pub(crate) fn system() -> Name {
    Name::new(SYSTEM)
}

/// Writes the folder (`mappe`, `xsi:type="saksmappe"`). The registration stands before the fields of saksmappe: in an
/// extension type the whole sequence of the parent comes first.
///
/// Source: arkivstruktur.xsd v5.0, complexTypes mappe and saksmappe.
pub(super) fn mappe(xml: &mut Xml, s: &Structure<'_>) {
    let case = s.case;
    let title = titles::folder(case.plan_type, case.opened_at, s.profile.folder_language);
    xml.parent_with("mappe", &[("xsi:type", "saksmappe")], |xml| {
        xml.leaf("systemID", s.ids().mappe(case.plan_id));
        xml.leaf("mappeID", case.folder.mappe_id());
        xml.leaf("tittel", title.with_name(&case.facts.subject_name));
        xml.leaf("offentligTittel", title.public());
        xml.leaf("dokumentmedium", ELEKTRONISK);
        xml.leaf("opprettetDato", case.opened_at);
        xml.leaf("opprettetAv", SYSTEM);
        avsluttet(xml, case.closed.as_ref());
        xml.leaf("referanseArkivdel", s.ids().arkivdel(&s.profile.archive_part_title));
        vsm::plan(xml, case);
        for party in parts(&case.facts) {
            part(xml, &party);
        }
        skjerming(
            xml,
            &Screening {
                basis: &case.facts.screening_basis,
                metadata: &[SkjermingMetadata::TittelMappe, SkjermingMetadata::NavnPart],
                years: s.profile.screening_years,
                whole_document: false,
                // While documents may still come, nobody knows when the last one is released.
                from: case.closed.as_ref().map(|c| c.at.oslo_date()),
            },
        );
        if let Some(registration) = s.registration {
            registrering(xml, s, registration);
        }
        saksmappe(xml, s);
    });
}

/// Writes what a `saksmappe` has beyond a `mappe`.
fn saksmappe(xml: &mut Xml, s: &Structure<'_>) {
    let case = s.case;
    xml.leaf("saksaar", case.folder.year);
    xml.leaf("sakssekvensnummer", case.folder.sequence);
    xml.leaf("saksdato", case.opened_at.oslo_date());
    xml.leaf("administrativEnhet", &case.facts.administrative_unit);
    xml.leaf("saksansvarlig", &case.facts.lead_name);
    xml.leaf("saksstatus", Saksstatus::of(case).noark());
}

/// A party to the case.
pub(crate) struct Part<'a> {
    pub id: Option<&'a NationalId>,
    pub name: &'a Name,
    pub role: PartRolle,
}

/// The parties of a case: the subject, guardians, the lead.
pub(crate) fn parts(facts: &Facts) -> Vec<Part<'_>> {
    let mut parts = vec![Part { id: facts.subject_national_id.as_ref(), name: &facts.subject_name, role: PartRolle::Hovedperson }];
    parts.extend(facts.guardians.iter().map(|g| Part {
        id: g.national_id.as_ref(),
        name: &g.name,
        role: match g.relation {
            GuardianRelation::Guardian => PartRolle::Foresatt,
            GuardianRelation::LegalGuardian => PartRolle::Verge,
        },
    }));
    parts.push(Part { id: None, name: &facts.lead_name, role: PartRolle::Planansvarlig });
    parts
}

/// Writes a party (`part`). The national id stands in `partID` (M010), whose description allows it: v5.0 has no personID.
fn part(xml: &mut Xml, party: &Part<'_>) {
    xml.parent("part", |xml| {
        xml.optional("partID", party.id.map(NationalId::expose_for_archive_metadata));
        xml.leaf("partNavn", party.name);
        xml.leaf("partRolle", party.role.noark());
    });
}

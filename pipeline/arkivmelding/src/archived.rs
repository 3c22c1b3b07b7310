//! From a case folder's own metadata files to the model.
//!
//! Read back from the files and not handed in as facts: they are what the archive holds, judged by the official schema; they are
//! there for every document that was ever archived, also when a target is set up years later; and a second mapping beside
//! `package`'s could only come to differ from it.

use chrono::NaiveDateTime;
use pipeline_domain::{AddressProtection, Date, DocumentId, DocumentKey, DocumentVersion, Line, Name, NationalId, PlanType, Text};
use uuid::Uuid;

use crate::{
    ArkivmeldingError,
    codes::{Dokumentstatus, Journalposttype, Korrespondanseparttype, Saksstatus, SkjermingDokument, TilknyttetSom, Variantformat},
    model::{CaseFolder, Class, Closed, Correspondent, Document, Object, Party, Reference, Registration, Remark, Screening},
    tree::{Element, Limits},
};

/// Stands where a unit would, when address protection forbids units, schools and places (as in the folder itself).
pub(crate) const HIDDEN_UNIT: &str = "Skjermet enhet";

/// Namespace of arkivstruktur.xsd v5.0.
const NAMESPACE: &str = "http://www.arkivverket.no/standarder/noark5/arkivstruktur";
/// From the root to the class that the folder lies in.
const CLASS: [&str; 3] = ["arkivdel", "klassifikasjonssystem", "klasse"];

type Read<T> = Result<T, ArkivmeldingError>;

/// The case folder as `metadata/mappe.xml` tells it, under the address protection that holds *now*.
///
/// # Errors
/// [`ArkivmeldingError`] when the file is not what `package` writes.
pub fn read_folder(mappe_xml: &[u8], protection: AddressProtection) -> Read<CaseFolder> {
    let root = root(mappe_xml)?;
    let system = root.path(&CLASS[..2]).ok_or(missing("klassifikasjonssystem"))?;
    let class = system.child("klasse").ok_or(missing("klasse"))?;
    let mappe = class.child("mappe").ok_or(missing("mappe"))?;
    let own = mappe.child("virksomhetsspesifikkeMetadata").ok_or(missing("virksomhetsspesifikkeMetadata"))?;
    let unit = needed(mappe, "administrativEnhet")?;
    Ok(CaseFolder {
        system_id: uuid(mappe, "systemID")?,
        plan: pipeline_domain::PlanId::from_uuid(uuid(own, "planID")?),
        plan_type: plan_type(needed(own, "plantype")?)?,
        source_system: needed(own, "kildesystem")?.to_owned(),
        mappe_id: needed(mappe, "mappeID")?.to_owned(),
        title: Text::new(needed(mappe, "tittel")?),
        public_title: Line::new(needed(mappe, "offentligTittel")?),
        created_at: time(mappe, "opprettetDato")?,
        created_by: name(mappe, "opprettetAv")?,
        closed: match mappe.leaf("avsluttetDato") {
            Some(_) => Some(Closed { at: time(mappe, "avsluttetDato")?, by: name(mappe, "avsluttetAv")? }),
            None => None,
        },
        parties: mappe.all("part").map(part).collect::<Read<_>>()?,
        screening: screening(mappe)?.ok_or(missing("skjerming"))?,
        class: Class {
            system: uuid(system, "systemID")?,
            id: needed(class, "klasseID")?.to_owned(),
            title: needed(class, "tittel")?.to_owned(),
        },
        opened_on: date(mappe, "saksdato")?,
        unit: Line::new(if protection.hides_places() { HIDDEN_UNIT } else { unit }),
        officer: name(mappe, "saksansvarlig")?,
        status: word(mappe, Saksstatus::ELEMENT, Saksstatus::from_word)?,
        protection,
    })
}

/// One registration as its file `metadata/NN.xml` tells it. `others` are the files of the registrations that it may refer to: all of
/// the folder, or none when it refers to none ([`refers_to_others`] says).
///
/// Under strict address protection units are left out also where the file, made before the protection came, still names them.
///
/// # Errors
/// [`ArkivmeldingError`] when a file is not what `package` writes, or a registration that is referred to is not among `others`.
pub fn read_registration<'a>(
    registration_xml: &[u8],
    others: impl IntoIterator<Item = &'a [u8]>,
    protection: AddressProtection,
) -> Read<Registration> {
    let root = root(registration_xml)?;
    let mappe = root.path(&CLASS).and_then(|c| c.child("mappe")).ok_or(missing("mappe"))?;
    let journalpost = mappe.child("registrering").ok_or(missing("registrering"))?;
    let wanted = wanted_references(journalpost)?;
    let mut known = Vec::new();
    if !wanted.is_empty() {
        for other in others {
            known.push(identity(other)?);
        }
    }
    let find = |id: &Uuid| known.iter().find(|(known, _)| known == id).map(|(id, key)| Reference { system_id: *id, key: *key });
    let references = wanted.iter().map(find).collect::<Option<Vec<_>>>().ok_or(missing("referanseTilRegistrering"))?;
    let mut read = registrering(journalpost, references)?;
    if protection.hides_places() {
        hide_places(&mut read, mappe.leaf("administrativEnhet"));
    }
    Ok(read)
}

/// Whether a registration refers to others (a correction, a report on a plan).
///
/// # Errors
/// As [`read_registration`].
pub fn refers_to_others(registration_xml: &[u8]) -> Read<bool> {
    let root = root(registration_xml)?;
    let journalpost = root.path(&CLASS).and_then(|c| c.path(&["mappe", "registrering"])).ok_or(missing("registrering"))?;
    Ok(!wanted_references(journalpost)?.is_empty())
}

fn root(bytes: &[u8]) -> Read<Element> {
    let root = Element::read(bytes, Limits::OWN).map_err(|fault| ArkivmeldingError::Unreadable { fault })?;
    if root.name == "arkiv" && root.namespace == NAMESPACE { Ok(root) } else { Err(missing("arkiv")) }
}

/// `systemID` and document of a registration.
fn identity(registration_xml: &[u8]) -> Read<(Uuid, DocumentKey)> {
    let root = root(registration_xml)?;
    let journalpost = root.path(&CLASS).and_then(|c| c.path(&["mappe", "registrering"])).ok_or(missing("registrering"))?;
    Ok((uuid(journalpost, "systemID")?, key(journalpost)?))
}

/// Without one to itself, which a source can make and a receiver cannot find.
fn wanted_references(journalpost: &Element) -> Read<Vec<Uuid>> {
    let own = uuid(journalpost, "systemID")?;
    let all = journalpost.all("kryssreferanse").map(|k| uuid(k, "referanseTilRegistrering"));
    all.filter(|id| !matches!(id, Ok(id) if *id == own)).collect()
}

fn key(journalpost: &Element) -> Read<DocumentKey> {
    let own = journalpost.child("virksomhetsspesifikkeMetadata").ok_or(missing("virksomhetsspesifikkeMetadata"))?;
    Ok(DocumentKey { id: DocumentId::from_uuid(uuid(own, "dokumentID")?), version: DocumentVersion(number(own, "dokumentversjon")?) })
}

fn registrering(journalpost: &Element, references: Vec<Reference>) -> Read<Registration> {
    Ok(Registration {
        system_id: uuid(journalpost, "systemID")?,
        key: key(journalpost)?,
        created_at: time(journalpost, "opprettetDato")?,
        created_by: name(journalpost, "opprettetAv")?,
        archived_at: time(journalpost, "arkivertDato")?,
        archived_by: name(journalpost, "arkivertAv")?,
        screening: screening(journalpost)?.ok_or(missing("skjerming"))?,
        documents: journalpost.all("dokumentbeskrivelse").map(dokumentbeskrivelse).collect::<Read<_>>()?,
        registration_id: needed(journalpost, "registreringsID")?.to_owned(),
        title: Text::new(needed(journalpost, "tittel")?),
        public_title: Line::new(needed(journalpost, "offentligTittel")?),
        description: journalpost.line("beskrivelse"),
        authors: journalpost.all("forfatter").map(|f| Name::new(f.text.trim())).collect(),
        remarks: journalpost.all("merknad").map(merknad).collect::<Read<_>>()?,
        references,
        correspondents: journalpost.all("korrespondansepart").map(korrespondansepart).collect::<Read<_>>()?,
        kind: word(journalpost, Journalposttype::ELEMENT, Journalposttype::from_word)?,
        journal_date: date(journalpost, "journaldato")?,
        document_date: maybe(journalpost, "dokumentetsDato", date)?,
        received_at: maybe(journalpost, "mottattDato", time)?,
        sent_at: maybe(journalpost, "sendtDato", time)?,
        attachments: number(journalpost, "antallVedlegg")?,
    })
}

/// A receiver may be one of the case's units instead of a person: its name goes too. So do the sender's own names of attachments.
fn hide_places(registration: &mut Registration, folder_unit: Option<&str>) {
    let mut units: Vec<String> = folder_unit.map(str::to_owned).into_iter().collect();
    units.extend(registration.correspondents.iter().filter_map(|c| c.unit.as_ref()).map(|u| u.expose().to_owned()));
    for correspondent in &mut registration.correspondents {
        correspondent.unit = None;
        if units.iter().any(|unit| unit.trim().eq_ignore_ascii_case(correspondent.name.expose().trim())) {
            correspondent.name = Name::new(HIDDEN_UNIT);
        }
    }
    for attachment in registration.documents.iter_mut().filter(|d| d.role == TilknyttetSom::Vedlegg) {
        attachment.title = Text::new(format!("Vedlegg {}", attachment.number.saturating_sub(1)));
    }
}

fn part(part: &Element) -> Read<Party> {
    let national_id = part.leaf("partID").map(str::parse::<NationalId>).transpose().map_err(|_| missing("partID"))?;
    Ok(Party { national_id, name: name(part, "partNavn")?, role: needed(part, "partRolle")?.to_owned() })
}

fn korrespondansepart(part: &Element) -> Read<Correspondent> {
    Ok(Correspondent {
        kind: word(part, Korrespondanseparttype::ELEMENT, Korrespondanseparttype::from_word)?,
        name: name(part, "korrespondansepartNavn")?,
        unit: part.line("administrativEnhet"),
        officer: part.leaf("saksbehandler").map(Name::new),
    })
}

fn dokumentbeskrivelse(document: &Element) -> Read<Document> {
    Ok(Document {
        system_id: uuid(document, "systemID")?,
        kind: needed(document, "dokumenttype")?.to_owned(),
        status: word(document, Dokumentstatus::ELEMENT, Dokumentstatus::from_word)?,
        title: Text::new(needed(document, "tittel")?),
        authors: document.all("forfatter").map(|f| Name::new(f.text.trim())).collect(),
        created_at: time(document, "opprettetDato")?,
        created_by: name(document, "opprettetAv")?,
        role: word(document, TilknyttetSom::ELEMENT, TilknyttetSom::from_word)?,
        number: number(document, "dokumentnummer")?,
        attached_at: time(document, "tilknyttetDato")?,
        attached_by: name(document, "tilknyttetAv")?,
        remarks: document.all("merknad").map(merknad).collect::<Read<_>>()?,
        screening: screening(document)?,
        objects: document.all("dokumentobjekt").map(dokumentobjekt).collect::<Read<_>>()?,
    })
}

fn dokumentobjekt(object: &Element) -> Read<Object> {
    // The PRONOM id stands in one of two places, by the municipality's setting.
    let puid = [object.leaf("formatDetaljer"), object.leaf("format")].into_iter().flatten().find(|f| f.contains("fmt/"));
    Ok(Object {
        version: number(object, "versjonsnummer")?,
        variant: word(object, Variantformat::ELEMENT, Variantformat::from_word)?,
        puid: puid.map(str::to_owned),
        created_at: time(object, "opprettetDato")?,
        created_by: name(object, "opprettetAv")?,
        path: needed(object, "referanseDokumentfil")?.parse().map_err(|_| missing("referanseDokumentfil"))?,
        sha256: needed(object, "sjekksum")?.parse().map_err(|_| missing("sjekksum"))?,
        size_bytes: needed(object, "filstoerrelse")?.parse().map_err(|_| missing("filstoerrelse"))?,
    })
}

fn merknad(remark: &Element) -> Read<Remark> {
    Ok(Remark {
        text: remark.running_text("merknadstekst").ok_or(missing("merknadstekst"))?,
        kind: remark.leaf("merknadstype").map(str::to_owned),
        at: time(remark, "merknadsdato")?,
        by: name(remark, "merknadRegistrertAv")?,
    })
}

fn screening(unit: &Element) -> Read<Option<Screening>> {
    let Some(skjerming) = unit.child("skjerming") else { return Ok(None) };
    Ok(Some(Screening {
        basis: Line::new(needed(skjerming, "skjermingshjemmel")?),
        metadata: skjerming.all("skjermingMetadata").map(|m| m.text.trim().to_owned()).collect(),
        document: maybe(skjerming, SkjermingDokument::ELEMENT, |s, e| word(s, e, SkjermingDokument::from_word))?,
        years: maybe(skjerming, "skjermingsvarighet", number)?,
        until: maybe(skjerming, "skjermingOpphoererDato", date)?,
    }))
}

fn plan_type(id: &str) -> Read<PlanType> {
    let all = [PlanType::Ip, PlanType::Es, PlanType::Sl, PlanType::Iop];
    all.into_iter().find(|plan| plan.id() == id).ok_or(missing("plantype"))
}

fn missing(element: &'static str) -> ArkivmeldingError {
    ArkivmeldingError::Element { element }
}

fn needed<'e>(unit: &'e Element, element: &'static str) -> Read<&'e str> {
    unit.leaf(element).ok_or(missing(element))
}

fn maybe<T>(unit: &Element, element: &'static str, read: impl Fn(&Element, &'static str) -> Read<T>) -> Read<Option<T>> {
    unit.leaf(element).map(|_| read(unit, element)).transpose()
}

fn word<T>(unit: &Element, element: &'static str, from: impl Fn(&str) -> Option<T>) -> Read<T> {
    from(needed(unit, element)?).ok_or(missing(element))
}

fn uuid(unit: &Element, element: &'static str) -> Read<Uuid> {
    Uuid::parse_str(needed(unit, element)?).map_err(|_| missing(element))
}

fn name(unit: &Element, element: &'static str) -> Read<Name> {
    needed(unit, element).map(Name::new)
}

fn number(unit: &Element, element: &'static str) -> Read<u32> {
    needed(unit, element)?.parse().map_err(|_| missing(element))
}

fn date(unit: &Element, element: &'static str) -> Read<Date> {
    needed(unit, element)?.parse().map_err(|_| missing(element))
}

fn time(unit: &Element, element: &'static str) -> Read<NaiveDateTime> {
    NaiveDateTime::parse_from_str(needed(unit, element)?, "%Y-%m-%dT%H:%M:%S").map_err(|_| missing(element))
}

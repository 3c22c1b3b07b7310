//! Code lists of the standard (NOARK.md § 4). The schemas of 5.0 have no enumerations.

/// The five of M082.
pub const JOURNAL_ENTRY_TYPES: [&str; 5] = [
    "Inngående dokument",
    "Utgående dokument",
    "Organinternt dokument for oppfølging",
    "Organinternt dokument uten oppfølging",
    "Saksframlegg",
];

/// Saksstatus (M052) at delivery.
pub const CASE_STATUSES: [&str; 2] = ["Avsluttet", VOIDED];
/// Journalstatus (M053) at delivery.
pub const JOURNAL_STATUSES: [&str; 2] = ["Arkivert", VOIDED];
/// Dokumentstatus (M054) at delivery.
pub const DOCUMENT_STATUS: &str = "Dokumentet er ferdigstilt";
/// Made by mistake: the metadata stay.
pub const VOIDED: &str = "Utgår";
/// Arkivdelstatus (M051) at delivery.
pub const SERIES_STATUS: &str = "Avsluttet periode";

/// The obligatory values of other elements: breaking them is no error of the national tool.
pub fn obligatory(element: &str) -> Option<&'static [&'static str]> {
    Some(match element {
        "arkivstatus" => &["Opprettet", "Avsluttet"],
        "presedensStatus" => &["Gjeldende", "Foreldet"],
        "korrespondanseparttype" => &["Avsender", "Mottaker", "Kopimottaker", "Gruppemottaker", "Intern avsender", "Intern mottaker"],
        "slettingstype" => {
            &["Sletting av produksjonsformat", "Sletting av tidligere versjon", "Sletting av variant med sladdet informasjon"]
        }
        "tilknyttetRegistreringSom" => &["Hoveddokument", "Vedlegg"],
        "dokumentmedium" => &["Fysisk arkiv", "Elektronisk arkiv", "Blandet fysisk og elektronisk arkiv"],
        "kassasjonsvedtak" => &["Bevares", "Kasseres", "Vurderes senere"],
        "skjermingMetadata" => &[
            "Skjerming klasseID",
            "Skjerming tittel klasse",
            "Skjerming tittel mappe - unntatt første linje",
            "Skjerming tittel mappe - utvalgte ord",
            "Skjerming navn part i sak",
            "Skjerming tittel registrering - unntatt første linje",
            "Skjerming tittel registrering - utvalgte ord",
            "Skjerming navn avsender",
            "Skjerming navn mottaker",
            "Skjerming tittel dokumentbeskrivelse",
            "Skjerming merknadstekst",
            "Midlertidig skjerming",
        ],
        "skjermingDokument" => &["Skjerming av hele dokumentet", "Skjerming av deler av dokumentet"],
        "elektroniskSignaturVerifisert" => &["Signatur påført, ikke verifisert", "Signatur påført og verifisert"],
        "avskrivningsmaate" => {
            &["Besvart med brev", "Besvart med e-post", "Besvart på telefon", "Tatt til etterretning", "Tatt til orientering"]
        }
        // The production format is not part of an extract.
        "variantformat" => &["Arkivformat", "Dokument hvor deler av innholdet er skjermet"],
        _ => return None,
    })
}

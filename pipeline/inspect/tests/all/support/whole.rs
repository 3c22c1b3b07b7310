//! The XML files and documents of the whole extract: two folders, three journal entries, one arkivnotat, three files.

use std::collections::BTreeMap;

use super::{hex, id};

const DAY: &str = "2024-03-01T10:00:00";

/// A document of the extract.
pub fn document(n: u64) -> Vec<u8> {
    format!("%PDF-1.7 synthetic document {n}\n").into_bytes()
}

/// Its path.
pub fn path(n: u64) -> String {
    format!("DOKUMENT/{n:04}.pdf")
}

/// Everything but the description and the schemas.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = (1..=3).map(|n| (path(n), document(n))).collect();
    files.insert("arkivstruktur.xml".to_owned(), structure().into_bytes());
    files.insert("endringslogg.xml".to_owned(), change_log().into_bytes());
    files.insert("loependeJournal.xml".to_owned(), journal("loependeJournal").into_bytes());
    files.insert("offentligJournal.xml".to_owned(), journal("offentligJournal").into_bytes());
    files
}

pub fn created() -> String {
    format!("<opprettetDato>{DAY}</opprettetDato><opprettetAv>System</opprettetAv>")
}

pub fn closed() -> String {
    format!("<avsluttetDato>{DAY}</avsluttetDato><avsluttetAv>System</avsluttetAv>")
}

fn structure() -> String {
    let (created, closed) = (created(), closed());
    let folder_1 = folder(10, 1, &(journal_entry(20, 1, "2024-02-01") + &journal_entry(30, 2, "2024-02-02") + &note(40)));
    let folder_2 = folder(50, 2, &journal_entry(60, 3, "2024-02-03"));
    let class = |n: u64, key: &str, inner: &str| {
        format!("<klasse>\n<systemID>{}</systemID><klasseID>{key}</klasseID><tittel>Klasse</tittel>{created}\n{inner}</klasse>\n", id(n))
    };
    let leaf = class(5, "1.1", &(folder_1 + &folder_2));
    let classes = class(4, "1", &leaf) + &class(6, "2", "");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<arkiv xmlns=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n<systemID>{}</systemID><tittel>Arkiv</tittel><beskrivelse>Syntetisk</beskrivelse>\
         <arkivstatus>Avsluttet</arkivstatus><dokumentmedium>Elektronisk arkiv</dokumentmedium>{created}{closed}\n\
         <arkivskaper><arkivskaperID>999999999</arkivskaperID><arkivskaperNavn>Eksempel kommune</arkivskaperNavn></arkivskaper>\n\
         <arkivdel>\n<systemID>{}</systemID><tittel>Periode</tittel><arkivdelstatus>Avsluttet periode</arkivdelstatus>{created}{closed}\n\
         <klassifikasjonssystem>\n<systemID>{}</systemID><tittel>Nøkkel</tittel>{created}\n{classes}</klassifikasjonssystem>\n</arkivdel>\n</arkiv>\n",
        id(1),
        id(2),
        id(3)
    )
}

/// A saksmappe with its registrations.
pub fn folder(n: u64, number: u64, records: &str) -> String {
    let (created, closed, series, second) = (created(), closed(), id(2), id(6));
    format!(
        "<mappe xsi:type=\"saksmappe\">\n<systemID>{}</systemID><mappeID>2024/{number}</mappeID><tittel>Plan</tittel>{created}{closed}\
         <referanseArkivdel>{series}</referanseArkivdel>\n\
         <skjerming><tilgangsrestriksjon>Unntatt offentlighet</tilgangsrestriksjon><skjermingshjemmel>Offl. § 13</skjermingshjemmel>\
         <skjermingMetadata>Skjerming navn part i sak</skjermingMetadata></skjerming>\n{records}\
         <saksaar>2024</saksaar><sakssekvensnummer>{number}</sakssekvensnummer><saksdato>2024-01-02</saksdato>\
         <administrativEnhet>Enhet</administrativEnhet><saksansvarlig>Leder</saksansvarlig><saksstatus>Avsluttet</saksstatus>\
         <referanseSekundaerKlassifikasjon>{second}</referanseSekundaerKlassifikasjon>\n</mappe>\n",
        id(n)
    )
}

/// What every registration begins with.
pub fn record_start(n: u64) -> String {
    format!("<systemID>{}</systemID>{}<arkivertDato>{DAY}</arkivertDato><arkivertAv>System</arkivertAv>\n", id(n), created())
}

fn journal_entry(n: u64, number: u64, day: &str) -> String {
    let created = created();
    let (content, path) = (document(number), path(number));
    format!(
        "<registrering xsi:type=\"journalpost\">\n{}\
         <dokumentbeskrivelse>\n<systemID>{}</systemID><dokumenttype>Plan</dokumenttype><dokumentstatus>Dokumentet er ferdigstilt</dokumentstatus>\
         <tittel>Dokument</tittel>{created}<tilknyttetRegistreringSom>Hoveddokument</tilknyttetRegistreringSom>\
         <dokumentnummer>1</dokumentnummer><tilknyttetDato>{DAY}</tilknyttetDato><tilknyttetAv>System</tilknyttetAv>\n\
         <dokumentobjekt>\n<systemID>{}</systemID><versjonsnummer>1</versjonsnummer><variantformat>Arkivformat</variantformat>\
         <format>pdf</format><formatDetaljer>fmt/476</formatDetaljer>{created}<referanseDokumentfil>{path}</referanseDokumentfil>\
         <sjekksum>{}</sjekksum><sjekksumAlgoritme>SHA256</sjekksumAlgoritme><filstoerrelse>{}</filstoerrelse>\n</dokumentobjekt>\n\
         </dokumentbeskrivelse>\n<tittel>Registrering</tittel>\
         <korrespondansepart><korrespondanseparttype>Intern avsender</korrespondanseparttype><korrespondansepartNavn>Enhet</korrespondansepartNavn></korrespondansepart>\n\
         <journalaar>2024</journalaar><journalsekvensnummer>{number}</journalsekvensnummer><journalpostnummer>{number}</journalpostnummer>\
         <journalposttype>Utgående dokument</journalposttype><journalstatus>Arkivert</journalstatus><journaldato>{day}</journaldato>\n</registrering>\n",
        record_start(n),
        id(n + 1),
        id(n + 2),
        hex(&content),
        content.len()
    )
}

/// An arkivnotat without documents.
pub fn note(n: u64) -> String {
    format!("<registrering xsi:type=\"arkivnotat\">\n{}<tittel>Notat</tittel>\n</registrering>\n", record_start(n))
}

fn change_log() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<endringslogg xmlns=\"http://www.arkivverket.no/standarder/noark5/endringslogg\">\n\
         <endring><referanseArkivenhet>{}</referanseArkivenhet><referanseMetadata>saksstatus</referanseMetadata><endretDato>{DAY}</endretDato>\
         <endretAv>System</endretAv><tidligereVerdi>Under behandling</tidligereVerdi><nyVerdi>Avsluttet</nyVerdi></endring>\n</endringslogg>\n",
        id(10)
    )
}

fn journal(name: &str) -> String {
    let title = if name == "loependeJournal" { "<tittel>Plan</tittel>" } else { "" };
    let entry = |number: u64, n: u64| {
        format!(
            "<journalregistrering><saksmappe><saksaar>2024</saksaar><sakssekvensnummer>1</sakssekvensnummer>{title}</saksmappe>\n\
             <journalpost><systemID>{}</systemID><journalaar>2024</journalaar><journalsekvensnummer>{number}</journalsekvensnummer>\
             <journalpostnummer>{number}</journalpostnummer>{title}<journaldato>2024-02-0{number}</journaldato>\
             <korrespondansepart><korrespondanseparttype>Intern avsender</korrespondanseparttype>\
             <korrespondansepartNavn>Enhet</korrespondansepartNavn></korrespondansepart></journalpost></journalregistrering>\n",
            id(n)
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"http://www.arkivverket.no/standarder/noark5/{name}\">\n\
         <journalhode><journalStartDato>2024-02-01</journalStartDato><journalSluttDato>2024-02-03</journalSluttDato>\
         <antallJournalposter>3</antallJournalposter>\
         <arkivskaper><arkivskaperID>999999999</arkivskaperID><arkivskaperNavn>Eksempel kommune</arkivskaperNavn></arkivskaper></journalhode>\n\
         {}</{name}>\n",
        entry(1, 20) + &entry(2, 30) + &entry(3, 60)
    )
}

//! An extract of any number of registrations, written as a stream: each with one stub document and one entry in both journals.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

const DAY: &str = "2024-03-01T10:00:00";
const NS: &str = "http://www.arkivverket.no/standarder/noark5";
/// Registrations in one folder.
const IN_FOLDER: u64 = 20;

fn id(kind: u64, n: u64) -> String {
    format!("{kind:08x}-0000-4000-8000-{n:012x}")
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// Hashes what it writes.
struct Hashed {
    file: BufWriter<File>,
    hasher: Sha256,
}

impl Hashed {
    fn new(path: &Path) -> Self {
        Self { file: BufWriter::with_capacity(1 << 20, File::create(path).unwrap()), hasher: Sha256::new() }
    }

    fn finish(mut self) -> String {
        self.file.flush().unwrap();
        hex(&self.hasher.finalize())
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes the content folder, `records` a multiple of 20, without schemas. `describe` makes `arkivuttrekk.xml` from the digests
/// of the four files.
pub fn write(folder: &Path, records: u64, describe: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> String) {
    fs::create_dir_all(folder).unwrap();
    let digests = [
        ("arkivstruktur.xml", structure(folder, records)),
        ("endringslogg.xml", change_log(folder, records / IN_FOLDER)),
        ("loependeJournal.xml", journal(folder, "loependeJournal", records)),
        ("offentligJournal.xml", journal(folder, "offentligJournal", records)),
    ];
    let text = describe(&|name| digests.iter().find(|(n, _)| *n == name).map(|(_, digest)| digest.clone()));
    fs::write(folder.join("arkivuttrekk.xml"), text).unwrap();
}

fn structure(folder: &Path, records: u64) -> String {
    let mut out = Hashed::new(&folder.join("arkivstruktur.xml"));
    let made = format!("<opprettetDato>{DAY}</opprettetDato><opprettetAv>System</opprettetAv>");
    let closed = format!("<avsluttetDato>{DAY}</avsluttetDato><avsluttetAv>System</avsluttetAv>");
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<arkiv xmlns=\"{NS}/arkivstruktur\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n\
         <systemID>{}</systemID>\n<tittel>Arkiv</tittel>\n{made}\n{closed}\n<arkivskaper><arkivskaperID>999999999</arkivskaperID>\
         <arkivskaperNavn>Eksempel kommune</arkivskaperNavn></arkivskaper>\n<arkivdel>\n<systemID>{}</systemID>\n<tittel>Periode</tittel>\n\
         <arkivdelstatus>Avsluttet periode</arkivdelstatus>\n{made}\n{closed}\n<klassifikasjonssystem>\n<systemID>{}</systemID>\n\
         <tittel>Nøkkel</tittel>\n{made}\n<klasse>\n<systemID>{}</systemID>\n<klasseID>1</klasseID>\n<tittel>Klasse</tittel>\n{made}\n",
        id(1, 1),
        id(1, 2),
        id(1, 3),
        id(1, 4)
    )
    .unwrap();
    for case in 0..records / IN_FOLDER {
        write!(
            out,
            "<mappe xsi:type=\"saksmappe\">\n<systemID>{}</systemID>\n<mappeID>2024/{case}</mappeID>\n<tittel>Individuell plan</tittel>\n{made}\n{closed}\n\
             <referanseArkivdel>{}</referanseArkivdel>\n<skjerming>\n<tilgangsrestriksjon>Unntatt offentlighet</tilgangsrestriksjon>\n\
             <skjermingshjemmel>Offl. § 13</skjermingshjemmel>\n<skjermingMetadata>Skjerming navn part i sak</skjermingMetadata>\n</skjerming>\n",
            id(2, case),
            id(1, 2)
        )
        .unwrap();
        for n in case * IN_FOLDER..(case + 1) * IN_FOLDER {
            record(&mut out, folder, n, &made);
        }
        write!(
            out,
            "<saksaar>2024</saksaar>\n<sakssekvensnummer>{case}</sakssekvensnummer>\n<saksdato>2024-01-02</saksdato>\n\
             <administrativEnhet>Enhet</administrativEnhet>\n<saksansvarlig>Leder</saksansvarlig>\n<saksstatus>Avsluttet</saksstatus>\n\
             <referanseSekundaerKlassifikasjon>{}</referanseSekundaerKlassifikasjon>\n</mappe>\n",
            id(1, 4)
        )
        .unwrap();
    }
    write!(out, "</klasse>\n</klassifikasjonssystem>\n</arkivdel>\n</arkiv>\n").unwrap();
    out.finish()
}

fn record(out: &mut Hashed, folder: &Path, n: u64, made: &str) {
    let content = format!("%PDF-1.7 stub {n}\n");
    let path = format!("DOKUMENT/{:04}/{n:08}.pdf", n / 1000);
    if n.is_multiple_of(1000) {
        fs::create_dir_all(folder.join(&path).parent().unwrap()).unwrap();
    }
    fs::write(folder.join(&path), &content).unwrap();
    write!(
        out,
        "<registrering xsi:type=\"journalpost\">\n<systemID>{}</systemID>\n{made}\n<arkivertDato>{DAY}</arkivertDato>\n<arkivertAv>System</arkivertAv>\n\
         <skjerming>\n<tilgangsrestriksjon>Unntatt offentlighet</tilgangsrestriksjon>\n<skjermingshjemmel>Offl. § 13</skjermingshjemmel>\n\
         <skjermingMetadata>Skjerming navn mottaker</skjermingMetadata>\n<skjermingDokument>Skjerming av hele dokumentet</skjermingDokument>\n</skjerming>\n\
         <dokumentbeskrivelse>\n<systemID>{}</systemID>\n<dokumenttype>Individuell plan</dokumenttype>\n<dokumentstatus>Dokumentet er ferdigstilt</dokumentstatus>\n\
         <tittel>Individuell plan, øyeblikksbilde</tittel>\n{made}\n<tilknyttetRegistreringSom>Hoveddokument</tilknyttetRegistreringSom>\n\
         <dokumentnummer>1</dokumentnummer>\n<tilknyttetDato>{DAY}</tilknyttetDato>\n<tilknyttetAv>System</tilknyttetAv>\n<dokumentobjekt>\n\
         <systemID>{}</systemID>\n<versjonsnummer>1</versjonsnummer>\n<variantformat>Arkivformat</variantformat>\n<format>pdf</format>\n\
         <formatDetaljer>fmt/476</formatDetaljer>\n{made}\n<referanseDokumentfil>{path}</referanseDokumentfil>\n<sjekksum>{}</sjekksum>\n\
         <sjekksumAlgoritme>SHA256</sjekksumAlgoritme>\n<filstoerrelse>{}</filstoerrelse>\n</dokumentobjekt>\n</dokumentbeskrivelse>\n\
         <tittel>Individuell plan</tittel>\n<offentligTittel>Individuell plan - ******</offentligTittel>\n\
         <dokumentmedium>Elektronisk arkiv</dokumentmedium>\n<korrespondansepart>\n<korrespondanseparttype>Mottaker</korrespondanseparttype>\n\
         <korrespondansepartNavn>Syntetisk Mottaker</korrespondansepartNavn>\n</korrespondansepart>\n<korrespondansepart>\n\
         <korrespondanseparttype>Intern avsender</korrespondanseparttype>\n<korrespondansepartNavn>Enhet</korrespondansepartNavn>\n</korrespondansepart>\n\
         <journalaar>2024</journalaar>\n<journalsekvensnummer>{n}</journalsekvensnummer>\n<journalpostnummer>{n}</journalpostnummer>\n\
         <journalposttype>Utgående dokument</journalposttype>\n<journalstatus>Arkivert</journalstatus>\n<journaldato>2024-03-01</journaldato>\n</registrering>\n",
        id(3, n),
        id(4, n),
        id(5, n),
        hex(&Sha256::digest(content.as_bytes())),
        content.len()
    )
    .unwrap();
}

fn change_log(folder: &Path, cases: u64) -> String {
    let mut out = Hashed::new(&folder.join("endringslogg.xml"));
    write!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<endringslogg xmlns=\"{NS}/endringslogg\">\n").unwrap();
    for case in 0..cases {
        writeln!(
            out,
            "<endring><referanseArkivenhet>{}</referanseArkivenhet><referanseMetadata>saksstatus</referanseMetadata><endretDato>{DAY}</endretDato>\
             <endretAv>System</endretAv><tidligereVerdi>Under behandling</tidligereVerdi><nyVerdi>Avsluttet</nyVerdi></endring>",
            id(2, case)
        )
        .unwrap();
    }
    writeln!(out, "</endringslogg>").unwrap();
    out.finish()
}

fn journal(folder: &Path, name: &str, records: u64) -> String {
    let mut out = Hashed::new(&folder.join(format!("{name}.xml")));
    let title = if name == "loependeJournal" { "<tittel>Individuell plan</tittel>" } else { "" };
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{NS}/{name}\">\n<journalhode><journalStartDato>2024-03-01</journalStartDato>\
         <journalSluttDato>2024-03-01</journalSluttDato><antallJournalposter>{records}</antallJournalposter><arkivskaper>\
         <arkivskaperID>999999999</arkivskaperID><arkivskaperNavn>Eksempel kommune</arkivskaperNavn></arkivskaper></journalhode>\n"
    )
    .unwrap();
    for n in 0..records {
        writeln!(
            out,
            "<journalregistrering><saksmappe><saksaar>2024</saksaar><sakssekvensnummer>{}</sakssekvensnummer>{title}</saksmappe><journalpost>\
             <systemID>{}</systemID><journalaar>2024</journalaar><journalsekvensnummer>{n}</journalsekvensnummer><journalpostnummer>{n}</journalpostnummer>\
             {title}<journaldato>2024-03-01</journaldato><korrespondansepart><korrespondanseparttype>Mottaker</korrespondanseparttype>\
             <korrespondansepartNavn>*****</korrespondansepartNavn></korrespondansepart></journalpost></journalregistrering>",
            n / IN_FOLDER,
            id(3, n)
        )
        .unwrap();
    }
    writeln!(out, "</{name}>").unwrap();
    out.finish()
}

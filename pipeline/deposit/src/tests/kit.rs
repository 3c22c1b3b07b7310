//! A small store of case folders, written by hand as this program writes them. Everybody in it is made up.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use pipeline_domain::{Sha256, Sha512};

/// `systemID`s of the archive. Hand-written: nothing is computed twice in the same way.
pub const ARKIV: &str = "aaaaaaaa-0000-5000-8000-000000000001";
pub const PART: &str = "aaaaaaaa-0000-5000-8000-000000000002";
pub const OLD_PART: &str = "aaaaaaaa-0000-5000-8000-000000000003";
const SYSTEM: &str = "aaaaaaaa-0000-5000-8000-000000000004";

/// One folder of the kit.
#[derive(Clone, Debug)]
pub struct Folder {
    pub year: u16,
    pub sequence: u32,
    /// `IP`, `ES`, `SL` or `IOP`.
    pub class: &'static str,
    pub part: &'static str,
    /// Local time of the closing, Europe/Oslo in winter; open without.
    pub closed: Option<&'static str>,
    pub lapsed: bool,
    /// What stands in `offentligTittel` of the first registration, before the asterisks.
    pub public: &'static str,
    pub registrations: Vec<Registration>,
}

/// One registration of the kit.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Place in the journal.
    pub journal: (u16, u32),
    pub day: &'static str,
    pub kind: &'static str,
    pub decision: &'static str,
    pub bytes: usize,
    pub attachment: Option<Attachment>,
    pub redacted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// A page in archive format beside the file as it came.
    Converted,
    /// Only the file as it came, in no archive format.
    AsItCame,
}

/// A folder on disk.
#[derive(Clone, Debug)]
pub struct OnDisk {
    pub year: u16,
    pub sequence: u32,
    pub files: BTreeMap<String, (PathBuf, Sha512)>,
}

impl Registration {
    pub fn plain(sequence: u32, day: &'static str) -> Self {
        let kind = "Organinternt dokument uten oppfølging";
        Self { journal: (2024, sequence), day, kind, decision: "Bevares", bytes: 300, attachment: None, redacted: false }
    }
}

impl Folder {
    pub fn closed(sequence: u32, closed: &'static str, registrations: Vec<Registration>) -> Self {
        Self {
            year: 2024,
            sequence,
            class: "IP",
            part: PART,
            closed: Some(closed),
            lapsed: false,
            public: "Individuell plan 2024",
            registrations,
        }
    }

    fn id(&self, unit: &str) -> String {
        // Readable, unique and of the form of a UUID.
        let digest = Sha256::of(format!("{}/{}/{unit}", self.year, self.sequence).as_bytes()).to_string();
        format!("{}-{}-5{}-8{}-{}", &digest[..8], &digest[8..12], &digest[12..15], &digest[15..18], &digest[18..30])
    }

    /// Writes the folder's newest version below `root`.
    pub fn write(&self, root: &Path) -> OnDisk {
        let base = root.join(format!("{}-{:06}", self.year, self.sequence));
        let mut files = Files { base, files: BTreeMap::new() };
        let mut documents = Vec::new();
        for (registration, no) in self.registrations.iter().zip(1..) {
            let pdf = made_up_bytes(registration.bytes, u64::from(self.sequence) * 1000 + u64::from(no));
            let (sha256, size) = (Sha256::of(&pdf), pdf.len());
            files.add(&format!("dokumenter/{no:02}_plan.pdf"), &pdf);
            documents.push(format!("{{\"no\":{no},\"size_bytes\":{size}}}"));
            let extra = self.extra_files(registration, no, &mut files);
            files.add(
                &format!("metadata/{no:02}.xml"),
                self.document(Some(&self.registration(registration, no, sha256, size, &extra))).as_bytes(),
            );
        }
        let closed = self.closed.map(|at| format!("\"closed\":{{\"at\":\"{at}+01:00\",\"by\":\"Munter Elvestein\"}},")).unwrap_or_default();
        let record = format!("{{\"schema\":\"arkivflyt/case_record/1\",{closed}\"documents\":[{}]}}", documents.join(","));
        files.add("metadata/sak.json", record.as_bytes());
        files.add("metadata/mappe.xml", self.document(None).as_bytes());
        files.add("metadata/endringslogg.xml", self.change_log().as_bytes());
        files.add("metadata/arkivflyt-vsm.xsd", include_bytes!("../../../package/src/noark/arkivflyt-vsm.xsd"));
        OnDisk { year: self.year, sequence: self.sequence, files: files.files }
    }

    fn document(&self, registration: Option<&str>) -> String {
        let part = part(self.part, "Aktiv periode", &class(self.class, &self.mappe(registration.unwrap_or_default())));
        arkiv(&part)
    }

    fn mappe(&self, registration: &str) -> String {
        let status = match (self.closed, self.lapsed) {
            (None, _) => "Under behandling",
            (Some(_), false) => "Avsluttet",
            (Some(_), true) => "Utgår",
        };
        let closed = self.closed.map(|at| format!("<avsluttetDato>{at}</avsluttetDato><avsluttetAv>Munter Elvestein</avsluttetAv>"));
        format!(
            "<mappe xsi:type=\"saksmappe\"><systemID>{id}</systemID><mappeID>{year}/{sequence}</mappeID>\
             <tittel>Individuell plan {year}\nBlid Fjellbekk &amp; co</tittel><offentligTittel>Individuell plan {year} ******</offentligTittel>\
             <dokumentmedium>Elektronisk arkiv</dokumentmedium><opprettetDato>{year}-01-10T09:00:00</opprettetDato>\
             <opprettetAv>Arkivflyt</opprettetAv>{closed}<referanseArkivdel>{part}</referanseArkivdel>\
             <virksomhetsspesifikkeMetadata xsi:type=\"vsm:planMetadata\"><vsm:kildesystem>samspill</vsm:kildesystem>\
             <vsm:planID>{plan}</vsm:planID><vsm:plantype>ip</vsm:plantype></virksomhetsspesifikkeMetadata>\
             <part><partID>03929947214</partID><partNavn>Blid Fjellbekk</partNavn><partRolle>Hovedperson</partRolle></part>\
             <part><partNavn>Munter Elvestein</partNavn><partRolle>Planansvarlig</partRolle></part>\
             {screening}{registration}<saksaar>{year}</saksaar><sakssekvensnummer>{sequence}</sakssekvensnummer>\
             <saksdato>{year}-01-10</saksdato><administrativEnhet>Prøveteamet</administrativEnhet>\
             <saksansvarlig>Munter Elvestein</saksansvarlig><saksstatus>{status}</saksstatus></mappe>",
            id = self.id("mappe"),
            year = self.year,
            sequence = self.sequence,
            closed = closed.unwrap_or_default(),
            part = self.part,
            plan = self.id("plan"),
            screening = screening(&["Skjerming tittel mappe - unntatt første linje", "Skjerming navn part i sak"], None),
        )
    }

    fn registration(&self, r: &Registration, no: u32, sha256: Sha256, size: usize, extra: &Extra) -> String {
        let title = if no == 1 { self.public } else { "Møtereferat 2024" };
        let screened = if r.redacted { "Skjerming av deler av dokumentet" } else { "Skjerming av hele dokumentet" };
        let sender = ["Skjerming tittel registrering - unntatt første linje", "Skjerming navn avsender"];
        format!(
            "<registrering xsi:type=\"journalpost\"><systemID>{id}</systemID><opprettetDato>{day}T10:00:00</opprettetDato>\
             <opprettetAv>Arkivflyt</opprettetAv><arkivertDato>{day}T10:00:00</arkivertDato><arkivertAv>Arkivflyt</arkivertAv>\
             <referanseArkivdel>{part}</referanseArkivdel><kassasjon><kassasjonsvedtak>{decision}</kassasjonsvedtak>\
             <bevaringstid>60</bevaringstid><kassasjonsdato>2084-01-01</kassasjonsdato></kassasjon>{screening}\
             <dokumentbeskrivelse><systemID>{document}</systemID><dokumenttype>Plan</dokumenttype>\
             <dokumentstatus>Dokumentet er ferdigstilt</dokumentstatus><tittel>{title}</tittel><forfatter>Munter Elvestein</forfatter>\
             <opprettetDato>{day}T10:00:00</opprettetDato><opprettetAv>Arkivflyt</opprettetAv>\
             <dokumentmedium>Elektronisk arkiv</dokumentmedium><tilknyttetRegistreringSom>Hoveddokument</tilknyttetRegistreringSom>\
             <dokumentnummer>1</dokumentnummer><tilknyttetDato>{day}T10:00:00</tilknyttetDato><tilknyttetAv>Arkivflyt</tilknyttetAv>\
             {document_screening}{object}{variant}</dokumentbeskrivelse>{attachment}\
             <registreringsID>{year}/{sequence}-{no}</registreringsID><tittel>{title}\nBlid Fjellbekk</tittel>\
             <offentligTittel>{title} ******</offentligTittel><forfatter>Munter Elvestein</forfatter>\
             <dokumentmedium>Elektronisk arkiv</dokumentmedium>\
             <korrespondansepart><korrespondanseparttype>Intern avsender</korrespondanseparttype>\
             <korrespondansepartNavn>Munter Elvestein</korrespondansepartNavn></korrespondansepart>\
             <korrespondansepart><korrespondanseparttype>Mottaker</korrespondanseparttype>\
             <korrespondansepartNavn>Helseforetaket</korrespondansepartNavn></korrespondansepart>\
             <journalaar>{jy}</journalaar><journalsekvensnummer>{js}</journalsekvensnummer><journalpostnummer>{no}</journalpostnummer>\
             <journalposttype>{kind}</journalposttype><journalstatus>Arkivert</journalstatus><journaldato>{day}</journaldato>\
             <dokumentetsDato>{day}</dokumentetsDato><antallVedlegg>0</antallVedlegg></registrering>",
            id = self.id(&format!("registrering/{no}")),
            day = r.day,
            part = self.part,
            decision = r.decision,
            screening = screening(&sender, Some("Skjerming av hele dokumentet")),
            document = self.id(&format!("dokument/{no}")),
            document_screening = screening(&["Skjerming tittel dokumentbeskrivelse"], Some(screened)),
            object = self.object(&format!("objekt/{no}"), "Arkivformat", "pdf", &format!("dokumenter/{no:02}_plan.pdf"), sha256, size),
            variant = extra.variant,
            attachment = extra.attachment,
            year = self.year,
            sequence = self.sequence,
            jy = r.journal.0,
            js = r.journal.1,
            kind = r.kind,
        )
    }

    fn object(&self, unit: &str, variant: &str, format: &str, path: &str, sha256: Sha256, size: usize) -> String {
        format!(
            "<dokumentobjekt><systemID>{}</systemID><versjonsnummer>1</versjonsnummer><variantformat>{variant}</variantformat>\
             <format>{format}</format><opprettetDato>2024-02-01T10:00:00</opprettetDato><opprettetAv>Arkivflyt</opprettetAv>\
             <referanseDokumentfil>{path}</referanseDokumentfil><sjekksum>{sha256}</sjekksum>\
             <sjekksumAlgoritme>SHA256</sjekksumAlgoritme><filstoerrelse>{size}</filstoerrelse></dokumentobjekt>",
            self.id(unit)
        )
    }

    fn extra_files(&self, r: &Registration, no: u32, files: &mut Files) -> Extra {
        let mut extra = Extra::default();
        if r.redacted {
            let bytes = made_up_bytes(200, u64::from(self.sequence) * 1000 + 500 + u64::from(no));
            let path = format!("skjermet/{no:02}-1.pdf");
            let variant = "Dokument hvor deler av innholdet er skjermet";
            extra.variant = self.object(&format!("skjermet/{no}"), variant, "pdf", &path, Sha256::of(&bytes), bytes.len());
            files.add(&path, &bytes);
        }
        if let Some(attachment) = r.attachment {
            let mut objects = String::new();
            if attachment == Attachment::Converted {
                let (path, page) = (format!("vedlegg/{no:02}-1-arkiv.pdf"), made_up_bytes(120, 7));
                objects += &self.object(&format!("side/{no}"), "Arkivformat", "pdf", &path, Sha256::of(&page), page.len());
                files.add(&path, &page);
            }
            let (path, original) = (format!("vedlegg/{no:02}-1.docx"), made_up_bytes(90, 8));
            objects += &self.object(&format!("fil/{no}"), "Produksjonsformat", "docx", &path, Sha256::of(&original), original.len());
            files.add(&path, &original);
            extra.attachment = format!(
                "<dokumentbeskrivelse><systemID>{}</systemID><dokumenttype>Vedlegg</dokumenttype>\
                 <dokumentstatus>Dokumentet er ferdigstilt</dokumentstatus><tittel>Epikrise fra hjerteklinikken</tittel>\
                 <opprettetDato>{day}T10:00:00</opprettetDato><opprettetAv>Arkivflyt</opprettetAv>\
                 <tilknyttetRegistreringSom>Vedlegg</tilknyttetRegistreringSom><dokumentnummer>2</dokumentnummer>\
                 <tilknyttetDato>{day}T10:00:00</tilknyttetDato><tilknyttetAv>Arkivflyt</tilknyttetAv>{}{objects}</dokumentbeskrivelse>",
                self.id(&format!("vedlegg/{no}")),
                screening(&["Skjerming tittel dokumentbeskrivelse"], Some("Skjerming av hele dokumentet")),
                day = r.day,
            );
        }
        extra
    }

    fn change_log(&self) -> String {
        let entry = |unit: &str, old: &str, new: &str| {
            format!(
                "<endring><referanseArkivenhet>{unit}</referanseArkivenhet><referanseMetadata>saksstatus</referanseMetadata>\
                 <endretDato>2024-02-01T10:00:00</endretDato><endretAv>Munter Elvestein</endretAv>\
                 <tidligereVerdi>{old}</tidligereVerdi><nyVerdi>{new}</nyVerdi></endring>"
            )
        };
        let own = entry(&self.id("mappe"), "(ingen)", "Under behandling");
        let stray = entry("bbbbbbbb-0000-5000-8000-000000000009", "Under behandling", "Avsluttet");
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><endringslogg>{own}{stray}</endringslogg>")
    }
}

#[derive(Default)]
struct Extra {
    variant: String,
    attachment: String,
}

struct Files {
    base: PathBuf,
    files: BTreeMap<String, (PathBuf, Sha512)>,
}

impl Files {
    fn add(&mut self, path: &str, bytes: &[u8]) {
        let on_disk = self.base.join(path);
        fs::create_dir_all(on_disk.parent().unwrap()).unwrap();
        fs::write(&on_disk, bytes).unwrap();
        self.files.insert(path.to_owned(), (on_disk, Sha512::of(bytes)));
    }
}

/// The archive as it is called today, with all four classes.
pub fn skeleton() -> Vec<u8> {
    let classes: String = ["IP", "ES", "SL", "IOP"].map(|id| class(id, "")).concat();
    arkiv(&part(PART, "Aktiv periode", &classes)).into_bytes()
}

fn arkiv(inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<arkiv xmlns=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:vsm=\"urn:arkivflyt:noark5:vsm:1\">\
         <systemID>{ARKIV}</systemID><tittel>Fjellvik kommune – samspillsarkiv</tittel><arkivstatus>Opprettet</arkivstatus>\
         <opprettetDato>2024-01-01T00:00:00</opprettetDato><opprettetAv>Fjellvik kommune</opprettetAv>\
         <arkivskaper><arkivskaperID>310000019</arkivskaperID><arkivskaperNavn>Fjellvik kommune</arkivskaperNavn></arkivskaper>{inner}</arkiv>\n"
    )
}

fn part(id: &str, status: &str, inner: &str) -> String {
    let title = if id == PART { "Planer fra 2024" } else { "Planer til 2023" };
    format!(
        "<arkivdel><systemID>{id}</systemID><tittel>{title}</tittel><arkivdelstatus>{status}</arkivdelstatus>\
         <opprettetDato>2024-01-01T00:00:00</opprettetDato><opprettetAv>Fjellvik kommune</opprettetAv>\
         <klassifikasjonssystem><systemID>{SYSTEM}</systemID><klassifikasjonstype>Funksjonsbasert, hierarkisk</klassifikasjonstype>\
         <tittel>Plantyper</tittel><opprettetDato>2024-01-01T00:00:00</opprettetDato><opprettetAv>Fjellvik kommune</opprettetAv>\
         {inner}</klassifikasjonssystem></arkivdel>"
    )
}

fn class(id: &str, inner: &str) -> String {
    let (number, title) = match id {
        "IP" => (1, "Individuell plan"),
        "ES" => (2, "Enkelt samspill"),
        "SL" => (3, "Stafettlogg"),
        _ => (4, "Individuell opplæringsplan"),
    };
    format!(
        "<klasse><systemID>cccccccc-0000-5000-8000-00000000000{number}</systemID><klasseID>{id}</klasseID><tittel>{title}</tittel>\
         <opprettetDato>2024-01-01T00:00:00</opprettetDato><opprettetAv>Fjellvik kommune</opprettetAv>{inner}</klasse>"
    )
}

fn screening(words: &[&str], document: Option<&str>) -> String {
    let words: String = words.iter().map(|word| format!("<skjermingMetadata>{word}</skjermingMetadata>")).collect();
    let document = document.map(|word| format!("<skjermingDokument>{word}</skjermingDokument>")).unwrap_or_default();
    format!(
        "<skjerming><tilgangsrestriksjon>Unntatt offentlighet</tilgangsrestriksjon>\
         <skjermingshjemmel>Offl. § 13 jf. fvl. § 13</skjermingshjemmel>{words}{document}\
         <skjermingsvarighet>60</skjermingsvarighet></skjerming>"
    )
}

/// Bytes that do not compress, the same for the same seed.
pub fn made_up_bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = b"%PDF-1.7\n".to_vec();
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length.max(9));
    bytes
}

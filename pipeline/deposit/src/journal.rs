//! Both journals (loependeJournal.xml, offentligJournal.xml). Entries are kept in one file beside the extract while folders are
//! written; in memory stays where each entry lies, and its place in the order of the journal.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
    path::Path,
};

use pipeline_domain::Date;

use crate::{
    fragment::{Element, escaped},
    output::{HashedFile, Made},
    screening::{is_screened, screens},
};

/// What stands instead of a name that is screened (M025).
pub(crate) const HIDDEN: &str = "******";

/// One entry in both journals.
#[derive(Debug)]
pub(crate) struct Entry {
    pub year: u16,
    pub sequence: u32,
    pub date: Date,
    running: String,
    public: String,
    /// Names of senders and receivers that the public may read.
    pub shown: Vec<String>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Running,
    Public,
}

impl Which {
    /// Of its root element and of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "loependeJournal",
            Self::Public => "offentligJournal",
        }
    }
}

impl Entry {
    /// The entry of a journalpost; `None` when it lacks what both schemas ask for.
    pub fn of(klasse: &[Element<'_>], mappe: &Element<'_>, post: &Element<'_>, own_parties_hidden: bool) -> Option<Self> {
        let shown: Vec<(&Element<'_>, bool)> = post
            .all("korrespondansepart")
            .map(|party| (party, is_screened_here(post, party) || (own_parties_hidden && is_party(mappe, party))))
            .collect();
        if shown.is_empty() {
            return None;
        }
        Some(Self {
            year: post.text("journalaar")?.parse().ok()?,
            sequence: post.text("journalsekvensnummer")?.parse().ok()?,
            date: post.text("journaldato")?.parse().ok()?,
            running: running(klasse, mappe, post)?,
            public: public(mappe, post, &shown)?,
            shown: shown
                .iter()
                .filter(|(_, hidden)| !hidden)
                .filter_map(|(party, _)| party.text("korrespondansepartNavn").map(std::borrow::Cow::into_owned))
                .collect(),
        })
    }
}

/// Whether the name is screened, for this or for another part that the same person has in the entry: who called a meeting also came to it,
/// and whose name is hidden as a receiver's is not shown as the sender's.
fn is_screened_here(post: &Element<'_>, party: &Element<'_>) -> bool {
    let name = party.text("korrespondansepartNavn");
    post.all("korrespondansepart").any(|other| is_screened(post, other) && other.text("korrespondansepartNavn") == name)
}

/// Whether the sender or receiver is a party of the case, whose name is screened with the folder.
fn is_party(mappe: &Element<'_>, party: &Element<'_>) -> bool {
    let name = party.text("korrespondansepartNavn");
    mappe.all("part").any(|part| part.text("partNavn") == name)
}

/// Lines of an entry in the making, at their depth.
struct Lines(String);

impl Lines {
    fn open(&mut self, depth: usize, name: &str) {
        self.0 += &format!("{:1$}<{name}>\n", "", 2 * depth);
    }

    fn close(&mut self, depth: usize, name: &str) {
        self.0 += &format!("{:1$}</{name}>\n", "", 2 * depth);
    }

    fn leaf(&mut self, depth: usize, name: &str, raw: &str) {
        self.0 += &format!("{:1$}<{name}>{raw}</{name}>\n", "", 2 * depth);
    }

    /// Copies an element with text, when it is there.
    fn copy(&mut self, depth: usize, from: &Element<'_>, name: &'static str) -> Option<()> {
        let raw = from.raw(name)?;
        self.leaf(depth, name, raw);
        Some(())
    }
}

/// Source: loependeJournal.xsd v5.0, complexType journalregistrering. Only elements that the schema of 2019 has too.
fn running(klasse: &[Element<'_>], mappe: &Element<'_>, post: &Element<'_>) -> Option<String> {
    let mut lines = Lines(String::with_capacity(2048));
    lines.open(1, "journalregistrering");
    lines.open(2, "klasse");
    for name in ["klasseID", "tittel"] {
        lines.leaf(3, name, klasse.iter().find(|child| child.name == name)?.own_raw()?);
    }
    lines.close(2, "klasse");
    lines.open(2, "saksmappe");
    for name in ["saksaar", "sakssekvensnummer", "tittel"] {
        lines.copy(3, mappe, name)?;
    }
    lines.copy(3, mappe, "offentligTittel");
    if let Some(word) = title_screening(mappe) {
        lines.leaf(3, "skjermingMetadata", &word);
    }
    lines.close(2, "saksmappe");
    lines.open(2, "journalpost");
    for name in ["systemID", "journalaar", "journalsekvensnummer", "journalpostnummer", "tittel"] {
        lines.copy(3, post, name)?;
    }
    lines.copy(3, post, "offentligTittel");
    if let Some(word) = title_screening(post) {
        lines.leaf(3, "skjermingMetadata", &word);
    }
    tail(&mut lines, post)?;
    for party in post.all("korrespondansepart") {
        lines.open(3, "korrespondansepart");
        lines.copy(4, party, "korrespondanseparttype")?;
        lines.copy(4, party, "korrespondansepartNavn")?;
        let word = if is_sender(party) { "Skjerming navn avsender" } else { "Skjerming navn mottaker" };
        if screens(post, word) {
            lines.leaf(4, "skjermingMetadata", word);
        }
        lines.close(3, "korrespondansepart");
    }
    lines.close(2, "journalpost");
    lines.close(1, "journalregistrering");
    Some(lines.0)
}

/// Source: offentligJournal.xsd v5.0, complexType journalregistrering. Without the class, whose title tells what kind of help somebody
/// has; only elements that the schema of 2019 has too.
fn public(mappe: &Element<'_>, post: &Element<'_>, parties: &[(&Element<'_>, bool)]) -> Option<String> {
    let mut lines = Lines(String::with_capacity(1024));
    lines.open(1, "journalregistrering");
    lines.open(2, "saksmappe");
    for name in ["saksaar", "sakssekvensnummer"] {
        lines.copy(3, mappe, name)?;
    }
    lines.copy(3, mappe, "offentligTittel");
    lines.close(2, "saksmappe");
    lines.open(2, "journalpost");
    for name in ["systemID", "journalaar", "journalsekvensnummer", "journalpostnummer"] {
        lines.copy(3, post, name)?;
    }
    lines.copy(3, post, "offentligTittel");
    if let Some(word) = title_screening(post) {
        lines.leaf(3, "skjermingMetadata", &word);
    }
    tail(&mut lines, post)?;
    for (party, hidden) in parties {
        lines.open(3, "korrespondansepart");
        lines.copy(4, party, "korrespondanseparttype")?;
        let name = party.raw("korrespondansepartNavn")?;
        lines.leaf(4, "korrespondansepartNavn", if *hidden { HIDDEN } else { name });
        lines.close(3, "korrespondansepart");
    }
    lines.close(2, "journalpost");
    lines.close(1, "journalregistrering");
    Some(lines.0)
}

/// What both entries say between their titles and their parties.
fn tail(lines: &mut Lines, post: &Element<'_>) -> Option<()> {
    lines.copy(3, post, "journaldato")?;
    lines.copy(3, post, "dokumentetsDato");
    if let Some(written_off) = post.child("avskrivning") {
        lines.copy(3, written_off, "avskrivningsdato");
        lines.copy(3, written_off, "avskrivningsmaate");
    }
    if let Some(screening) = post.child("skjerming") {
        lines.copy(3, screening, "tilgangsrestriksjon");
        lines.copy(3, screening, "skjermingshjemmel");
    }
    Some(())
}

fn is_sender(party: &Element<'_>) -> bool {
    party.text("korrespondanseparttype").is_some_and(|kind| kind.to_lowercase().contains("avsender"))
}

/// The word for the title: the journals take one only.
fn title_screening(unit: &Element<'_>) -> Option<String> {
    let mut words = unit.all("skjerming").flat_map(|s| s.all("skjermingMetadata")).filter_map(Element::own_raw);
    words.find(|word| word.starts_with("Skjerming tittel")).map(str::to_owned)
}

/// Where an entry lies, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    year: u16,
    sequence: u32,
    at: u64,
    running: u32,
    public: u32,
}

/// Entries on their way.
pub(crate) struct Spool {
    file: BufWriter<File>,
    keys: Vec<Key>,
    end: u64,
    /// Smallest and largest `journaldato`.
    pub dates: Option<(Date, Date)>,
}

impl Spool {
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Self { file: BufWriter::with_capacity(256 * 1024, file), keys: Vec::new(), end: 0, dates: None })
    }

    pub fn add(&mut self, entry: &Entry) -> io::Result<()> {
        self.file.write_all(entry.running.as_bytes())?;
        self.file.write_all(entry.public.as_bytes())?;
        let length = |text: &str| u32::try_from(text.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge));
        let (running, public) = (length(&entry.running)?, length(&entry.public)?);
        self.keys.push(Key { year: entry.year, sequence: entry.sequence, at: self.end, running, public });
        self.end += u64::from(running) + u64::from(public);
        let (first, last) = self.dates.unwrap_or((entry.date, entry.date));
        self.dates = Some((first.min(entry.date), last.max(entry.date)));
        Ok(())
    }

    /// No more entries come.
    pub fn sorted(self) -> io::Result<Sorted> {
        let Self { file, mut keys, dates, .. } = self;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        keys.sort_unstable();
        Ok(Sorted { file, keys, dates })
    }
}

/// Entries in the order of the journal.
pub(crate) struct Sorted {
    file: File,
    keys: Vec<Key>,
    dates: Option<(Date, Date)>,
}

impl Sorted {
    /// How many.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// Writes one of the journals.
    ///
    /// Source: loependeJournal.xsd and offentligJournal.xsd v5.0, complexType journalhode; 6.4.29–6.4.30.
    pub fn write(&self, which: Which, path: &Path, creators: &[Element<'_>]) -> io::Result<Made> {
        let name = which.name();
        let mut out = HashedFile::create(path)?;
        let space = format!("http://www.arkivverket.no/standarder/noark5/{name}");
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            out,
            "<{name} xmlns=\"{space}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"{space} {name}.xsd\">"
        )?;
        writeln!(out, "  <journalhode>")?;
        if let Some((first, last)) = self.dates {
            writeln!(out, "    <journalStartDato>{first}</journalStartDato>")?;
            writeln!(out, "    <journalSluttDato>{last}</journalSluttDato>")?;
            let words = format!("Journalposter i saksmapper som er avsluttet i perioden, journaldato fra og med {first} til og med {last}");
            writeln!(out, "    <seleksjon>{}</seleksjon>", escaped(&words))?;
        }
        writeln!(out, "    <antallJournalposter>{}</antallJournalposter>", self.keys.len())?;
        creators.iter().try_for_each(|creator| creator.write(&mut out, 2))?;
        writeln!(out, "  </journalhode>")?;
        let mut entry = Vec::new();
        for key in &self.keys {
            let (at, length) = match which {
                Which::Running => (key.at, key.running),
                Which::Public => (key.at + u64::from(key.running), key.public),
            };
            entry.resize(length as usize, 0);
            self.file.read_exact_at(&mut entry, at)?;
            out.write_all(&entry)?;
        }
        writeln!(out, "</{name}>")?;
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "<registrering><systemID>a</systemID><skjerming><skjermingMetadata>Skjerming navn mottaker</skjermingMetadata></skjerming>\
        <offentligTittel>Møtereferat 2024 ******</offentligTittel>\
        <korrespondansepart><korrespondanseparttype>Mottaker</korrespondanseparttype>\
        <korrespondansepartNavn>Frisk Kornband</korrespondansepartNavn></korrespondansepart>\
        <korrespondansepart><korrespondanseparttype>Intern mottaker</korrespondanseparttype>\
        <korrespondansepartNavn>Fri Høstløv</korrespondansepartNavn></korrespondansepart>\
        <korrespondansepart><korrespondanseparttype>Intern avsender</korrespondanseparttype>\
        <korrespondansepartNavn>Fri Høstløv</korrespondansepartNavn></korrespondansepart>\
        <korrespondansepart><korrespondanseparttype>Intern avsender</korrespondanseparttype>\
        <korrespondansepartNavn>Fri Kveldsro</korrespondansepartNavn></korrespondansepart>\
        <journalaar>2024</journalaar><journalsekvensnummer>1</journalsekvensnummer><journalpostnummer>1</journalpostnummer>\
        <tittel>Møtereferat 2024</tittel><journalposttype>Organinternt dokument uten oppfølging</journalposttype>\
        <journalstatus>Arkivert</journalstatus><journaldato>2024-02-01</journaldato><dokumentetsDato>2024-02-01</dokumentetsDato></registrering>";

    /// Who called the meeting came to it too: the name is hidden wherever it stands.
    #[test]
    fn a_name_that_is_screened_in_one_part_is_shown_in_none() {
        let mappe = Element::parse(
            "<mappe><saksaar>2024</saksaar><sakssekvensnummer>1</sakssekvensnummer><tittel>Plan</tittel>\
             <offentligTittel>Plan ******</offentligTittel></mappe>",
        )
        .unwrap();
        let class = Element::parse("<klasse><klasseID>IP</klasseID><tittel>Individuell plan</tittel></klasse>").unwrap();
        let entry = Entry::of(class.children(), &mappe, &Element::parse(POST).unwrap(), false).unwrap();
        assert_eq!(entry.shown, ["Fri Kveldsro"]);
        assert!(!entry.public.contains("Kornband") && !entry.public.contains("Høstløv"), "{}", entry.public);
        assert_eq!(entry.public.matches(HIDDEN).count(), 3 + 2, "{}", entry.public);
        assert_eq!(entry.running.matches("Fri Høstløv").count(), 2);
    }
}

//! The content folder: one pass over the folders that were chosen, then the journals, then arkivuttrekk.xml.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use pipeline_domain::{Date, Sha256};
use uuid::Uuid;

use crate::{
    DepositError, Leak, Order, Progress, Store,
    addml::Addml,
    copy::{Copier, copying},
    fault::{Step, pass},
    folder::Folder,
    fragment::{ARKIVSTRUKTUR, Class, Element, OWN, Part, escaped, indent, names},
    journal::{Spool, Which},
    output::{HashedFile, Made},
    plan::{Row, Selection, state_of},
    registration::set,
    schemas::{CONTENT, Schemas},
    screening::PublicWords,
    staging::Staging,
};

/// Name of the document folder (6.4.15).
pub(crate) const DOKUMENT: &str = "DOKUMENT";
const OWN_SCHEMA: &str = "arkivflyt-vsm.xsd";
/// More than a person reads at once.
const MOST_LEAKS: usize = 100;
const MOST_UNITS: usize = 1000;

/// What the folders came to.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub folders: u64,
    pub registrations: u64,
    pub posts: u64,
    pub files: u64,
    pub bytes: u64,
    pub changes: u64,
    pub changes_left_out: u64,
    pub screened: bool,
    pub to_dispose: bool,
    pub disposed: bool,
    pub own_metadata: bool,
    pub oldest: Option<Date>,
    pub without_copy: u64,
    /// `systemID`s of the first of them.
    pub without_copy_units: Vec<String>,
}

impl Numbers {
    pub fn lacks_copy(&mut self, units: Vec<String>) {
        self.without_copy += units.len() as u64;
        let room = MOST_UNITS.saturating_sub(self.without_copy_units.len());
        self.without_copy_units.extend(units.into_iter().take(room));
    }
}

/// A content folder that is whole.
pub(crate) struct Content {
    pub numbers: Numbers,
    /// Digests of every XML and XSD file by name. The documents stand in the index.
    pub made: BTreeMap<String, Made>,
}

/// Files that are open while folders are written.
pub(crate) struct Pens {
    pub structure: HashedFile,
    pub log: HashedFile,
    pub index: HashedFile,
    pub spool: Spool,
    pub numbers: Numbers,
    pub leaks: BTreeSet<Leak>,
}

/// What a content folder is made of.
pub(crate) struct Source<'a> {
    pub order: &'a Order,
    pub store: &'a dyn Store,
    pub selection: &'a Selection,
    pub schemas: &'a Schemas,
    pub staging: &'a Staging,
}

/// Makes the content folder at `at`, and `index` beside it: path, digest, size and unit of every document file.
pub(crate) fn content(source: &Source<'_>, at: &Path, index: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Content, DepositError> {
    let Source { order, store, selection, schemas, staging } = *source;
    let failed = DepositError::writing("write the content folder");
    fs::create_dir_all(at.join(DOKUMENT)).map_err(failed)?;
    let mut made = BTreeMap::new();
    for name in CONTENT {
        made.insert(name.to_owned(), schemas.write(name, at).map_err(failed)?);
    }
    let pens = Pens {
        structure: HashedFile::create(&at.join("arkivstruktur.xml")).map_err(failed)?,
        log: HashedFile::create(&at.join("endringslogg.xml")).map_err(failed)?,
        index: HashedFile::create(index).map_err(failed)?,
        spool: Spool::create(&staging.work().join("journal.spool")).map_err(failed)?,
        numbers: Numbers::default(),
        leaks: BTreeSet::new(),
    };
    let closing = Closing { at: staging.note.created_at.oslo_local().format("%Y-%m-%dT%H:%M:%S").to_string(), by: order.made_by.clone() };
    let public: Vec<String> = selection.classes.iter().flat_map(|class| titles(&class.head)).collect();
    let public = PublicWords::of(public.iter().map(String::as_str));
    let (own, newest, done) = (None, (0, 0), 0);
    let mut making = Making { order, store, selection, closing, public, at: at.to_owned(), pens, own, newest, progress, done };
    copying(order.threads, staging.ground, |copier| making.folders(copier))?;
    pass(Step::Copied).map_err(failed)?;
    making.finish(made)
}

/// When and by whom the archive and its parts are closed, in the extract.
pub(crate) struct Closing {
    at: String,
    by: String,
}

fn titles(head: &[Element<'_>]) -> Vec<String> {
    head.iter().filter(|child| child.name == "tittel").filter_map(|child| child.own_text().map(std::borrow::Cow::into_owned)).collect()
}

struct Making<'a> {
    order: &'a Order,
    store: &'a dyn Store,
    selection: &'a Selection,
    closing: Closing,
    public: PublicWords,
    at: PathBuf,
    pens: Pens,
    /// Schema of our own metadata, as the newest folder has it.
    own: Option<Vec<u8>>,
    /// Year and sequence of that folder.
    newest: (u16, u32),
    progress: &'a mut dyn FnMut(Progress),
    done: u64,
}

impl Making<'_> {
    fn folders(&mut self, copier: &Copier<'_>) -> Result<(), DepositError> {
        let failed = DepositError::writing("write the archive structure");
        let selection = self.selection;
        self.open().map_err(failed)?;
        for (number, part) in selection.parts.iter().enumerate() {
            self.part(number, part, copier)?;
        }
        let out = &mut self.pens.structure;
        writeln!(out, "</arkiv>").map_err(failed)?;
        self.archive_changes().map_err(failed)?;
        pass(Step::Folders).map_err(failed)
    }

    fn open(&mut self) -> std::io::Result<()> {
        const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
        const XSI: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
        const LOG: &str = "http://www.arkivverket.no/standarder/noark5/endringslogg";
        let Pens { structure, log, index, .. } = &mut self.pens;
        writeln!(index, "fil\tsha256\tbyte\tdokumentobjekt")?;
        writeln!(log, "{DECLARATION}\n<endringslogg xmlns=\"{LOG}\" {XSI} xsi:schemaLocation=\"{LOG} endringslogg.xsd\">")?;
        writeln!(
            structure,
            "{DECLARATION}\n<arkiv xmlns=\"{ARKIVSTRUKTUR}\" {XSI} xmlns:vsm=\"{OWN}\" \
             xsi:schemaLocation=\"{ARKIVSTRUKTUR} arkivstruktur.xsd {OWN} {OWN_SCHEMA}\">"
        )?;
        let head = closed(&self.selection.skeleton.arkiv, "arkivstatus", "Avsluttet", &self.closing, None);
        head.iter().try_for_each(|child| child.write(structure, 1))
    }

    fn part(&mut self, number: usize, part: &Part, copier: &Copier<'_>) -> Result<(), DepositError> {
        let failed = DepositError::writing("write the archive structure");
        let selection = self.selection;
        let period = self.order.period;
        let head = closed(&part.head, "arkivdelstatus", "Avsluttet periode", &self.closing, Some((period.from(), period.to())));
        let ids = Ids { part, home: part.system_id == selection.skeleton.part.system_id };
        self.line(1, "<arkivdel>")?;
        head.iter().try_for_each(|child| child.write(&mut self.pens.structure, 2)).map_err(failed)?;
        self.line(2, "<klassifikasjonssystem>")?;
        ids.own(&part.system).iter().try_for_each(|child| child.write(&mut self.pens.structure, 3)).map_err(failed)?;
        for (place, class) in selection.classes.iter().enumerate() {
            self.class(number, place, class, &ids, copier)?;
        }
        self.line(2, "</klassifikasjonssystem>")?;
        self.line(1, "</arkivdel>")
    }

    /// Every class, also one without folders (6.4.13).
    fn class(&mut self, part: usize, place: usize, class: &Class, ids: &Ids<'_>, copier: &Copier<'_>) -> Result<(), DepositError> {
        let failed = DepositError::writing("write the archive structure");
        let head = ids.own(&class.head);
        self.line(3, "<klasse>")?;
        head.iter().try_for_each(|child| child.write(&mut self.pens.structure, 4)).map_err(failed)?;
        let rows = &self.selection.rows;
        let key = |row: &Row| (usize::from(row.part), usize::from(row.class));
        let from = rows.partition_point(|row| key(row) < (part, place));
        let to = rows.partition_point(|row| key(row) <= (part, place));
        for row in &rows[from..to] {
            self.folder(row, &head, &ids.part.system_id, copier)?;
        }
        self.line(3, "</klasse>")
    }

    fn folder(&mut self, row: &Row, klasse: &[Element<'_>], part: &str, copier: &Copier<'_>) -> Result<(), DepositError> {
        let folder = self.store.open(row.at as usize).map_err(|source| DepositError::Store { source })?;
        if state_of(&folder) != row.state {
            return Err(DepositError::Moved { folder: folder.id });
        }
        if (row.year, row.sequence) >= self.newest {
            self.newest = (row.year, row.sequence);
            self.own = Some(folder.bytes(names::OWN_SCHEMA)?);
        }
        Folder { folder: &folder, klasse, part, public: &self.public, content: &self.at }.write(&mut self.pens, copier)?;
        if self.pens.leaks.len() > MOST_LEAKS {
            return Err(self.leaks());
        }
        pass(Step::Folder).map_err(DepositError::writing("write the archive structure"))?;
        self.done += 1;
        (self.progress)(Progress::Folders { done: self.done, of: self.selection.rows.len() as u64 });
        Ok(())
    }

    fn leaks(&mut self) -> DepositError {
        DepositError::Leaks { leaks: std::mem::take(&mut self.pens.leaks).into_iter().take(MOST_LEAKS).collect() }
    }

    /// The living archive is open: that it says otherwise here is a change (vedlegg 3).
    fn archive_changes(&mut self) -> std::io::Result<()> {
        let arkiv = self.selection.skeleton.arkiv.iter();
        let arkiv = arkiv.filter(|child| child.name == "systemID").filter_map(Element::own_raw).map(str::to_owned).next();
        let parts =
            self.selection.parts.iter().map(|part| (part.system_id.clone(), "arkivdelstatus", "Aktiv periode", "Avsluttet periode"));
        let all = arkiv.map(|id| (id, "arkivstatus", "Opprettet", "Avsluttet")).into_iter().chain(parts);
        for (unit, field, old, new) in all.collect::<Vec<_>>() {
            let by = escaped(&self.closing.by);
            change(&mut self.pens.log, &[&unit, field, &self.closing.at, &by, old, new])?;
            self.pens.numbers.changes += 1;
        }
        writeln!(self.pens.log, "</endringslogg>")
    }

    fn finish(mut self, mut made: BTreeMap<String, Made>) -> Result<Content, DepositError> {
        if !self.pens.leaks.is_empty() {
            return Err(self.leaks());
        }
        let failed = DepositError::writing("write the content folder");
        if self.pens.numbers.files == 0 {
            return Err(DepositError::Nothing);
        }
        let Pens { structure, log, index, spool, numbers, .. } = self.pens;
        made.insert("arkivstruktur.xml".to_owned(), structure.finish().map_err(failed)?);
        made.insert("endringslogg.xml".to_owned(), log.finish().map_err(failed)?);
        index.finish().map_err(failed)?;
        let own = self.own.as_deref().expect("every folder gave its schema, and there is one");
        made.insert(OWN_SCHEMA.to_owned(), HashedFile::write_whole(&self.at.join(OWN_SCHEMA), own).map_err(failed)?);

        (self.progress)(Progress::Journals);
        let creators: Vec<Element<'_>> =
            self.selection.skeleton.arkiv.iter().filter(|child| child.name == "arkivskaper").cloned().collect();
        let journal = spool.sorted().map_err(failed)?;
        for which in [Which::Running, Which::Public] {
            let name = format!("{}.xml", which.name());
            let journal = journal.write(which, &self.at.join(&name), &creators).map_err(failed)?;
            made.insert(name, journal);
        }
        pass(Step::Journals).map_err(failed)?;
        let addml = addml(self.order, self.selection, &numbers, journal.count() as u64, &creators, &made);
        made.insert("arkivuttrekk.xml".to_owned(), HashedFile::write_whole(&self.at.join("arkivuttrekk.xml"), &addml).map_err(failed)?);
        pass(Step::Content).map_err(failed)?;
        Ok(Content { numbers, made })
    }

    fn line(&mut self, depth: usize, text: &str) -> Result<(), DepositError> {
        let out = &mut self.pens.structure;
        indent(out, depth).and_then(|()| writeln!(out, "{text}")).map_err(DepositError::writing("write the archive structure"))
    }
}

fn addml(
    order: &Order,
    selection: &Selection,
    numbers: &Numbers,
    posts: u64,
    creators: &[Element<'_>],
    made: &BTreeMap<String, Made>,
) -> Vec<u8> {
    let nothing = Made { sha256: Sha256::of(b""), size_bytes: 0 };
    let archive = titles(&selection.skeleton.arkiv).pop().unwrap_or_default();
    Addml {
        creators: creators.iter().filter_map(|c| c.text("arkivskaperNavn").map(std::borrow::Cow::into_owned)).collect(),
        system_name: &order.system_name,
        archive: &archive,
        period: order.period,
        oldest: numbers.oldest,
        screened: numbers.screened,
        disposed: numbers.disposed,
        to_dispose: numbers.to_dispose,
        own_metadata: numbers.own_metadata,
        files: numbers.files,
        folders: numbers.folders,
        registrations: numbers.registrations,
        changes: numbers.changes,
        posts,
        made: &|name| *made.get(name).unwrap_or(&nothing),
        own_schema: Some(OWN_SCHEMA),
    }
    .to_xml()
}

/// One `endring`, whose six values are escaped.
///
/// Source: endringslogg.xsd v5.0; M680–M685.
pub(crate) fn change(out: &mut HashedFile, values: &[&str; 6]) -> std::io::Result<()> {
    const NAMES: [&str; 6] = ["referanseArkivenhet", "referanseMetadata", "endretDato", "endretAv", "tidligereVerdi", "nyVerdi"];
    writeln!(out, "  <endring>")?;
    NAMES.iter().zip(values).try_for_each(|(name, value)| writeln!(out, "    <{name}>{value}</{name}>"))?;
    writeln!(out, "  </endring>")
}

/// The head of a unit that the extract closes: its status, `avsluttetDato` and `avsluttetAv` after `opprettetAv`, and of a part its period.
fn closed(head: &[Element<'static>], status: &str, word: &str, closing: &Closing, days: Option<(Date, Date)>) -> Vec<Element<'static>> {
    const OURS: [&str; 4] = ["avsluttetDato", "avsluttetAv", "arkivperiodeStartDato", "arkivperiodeSluttDato"];
    let mut unit = Element { name: "unit".into(), attributes: "".into(), content: crate::fragment::Content::Children(head.to_vec()) };
    set(&mut unit, status, word);
    let children = unit.children_mut().expect("it was made with children");
    children.retain(|child| !OURS.contains(&child.name.as_ref()));
    let after = children.iter().position(|child| child.name == "opprettetAv").map_or(children.len(), |at| at + 1);
    let by = escaped(&closing.by).into_owned();
    let mut news = vec![Element::leaf("avsluttetDato", closing.at.clone()), Element::leaf("avsluttetAv", by)];
    if let Some((from, to)) = days {
        news.push(Element::leaf("arkivperiodeStartDato", from.to_string()));
        news.push(Element::leaf("arkivperiodeSluttDato", to.to_string()));
    }
    children.splice(after..after, news);
    std::mem::take(children)
}

/// `systemID`s of a part's classification. Only today's part keeps the archive's own: a second with the same would not be unique
/// (Arkade N5.47).
struct Ids<'a> {
    part: &'a Part,
    home: bool,
}

impl Ids<'_> {
    fn own(&self, head: &[Element<'static>]) -> Vec<Element<'static>> {
        let mut head = head.to_vec();
        for id in head.iter_mut().filter(|child| !self.home && child.name == "systemID") {
            let name = format!("{}/{}", self.part.system_id, id.own_raw().unwrap_or_default());
            let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:arkivflyt:noark5:systemid:1");
            *id = Element::leaf("systemID", Uuid::new_v5(&space, name.as_bytes()).hyphenated().to_string());
        }
        head
    }
}

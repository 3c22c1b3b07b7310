//! The light pass: which folders are delivered, where they stand, and the key that tells one extract from another.

use std::fmt::Write as _;

use pipeline_domain::Sha256;
use sha2::Digest;

use crate::{
    CaseFolder, DepositError, Order, Release, Store,
    fragment::{Class, Element, Part, Record, Skeleton, names, place_of},
    schemas::Schemas,
};

/// What an extract would hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Titles of the parts.
    pub parts: Vec<String>,
    /// Closed folders of the period.
    pub folders: u64,
    /// Their registrations.
    pub registrations: u64,
    /// Bytes of their main documents. Attachments come on top.
    pub document_bytes: u64,
    /// Folders that are still open.
    pub open: u64,
    /// Folders that were closed on other days, or belong to other parts.
    pub elsewhere: u64,
    /// Folders of the extract that whoever asks may not have: while there is any, none is made.
    pub withheld: u64,
    /// The same for the same folders, order and schemas, whenever it is made.
    pub key: Sha256,
}

/// One folder of the extract. Small, because there are many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub part: u16,
    pub class: u16,
    pub year: u16,
    pub sequence: u32,
    /// Its number in the store.
    pub at: u32,
    /// Of everything that it holds: nothing may change between the passes.
    pub state: [u8; 16],
}

/// The folders in the order in which they are written, and what stands above them.
pub(crate) struct Selection {
    pub skeleton: Skeleton,
    pub parts: Vec<Part>,
    pub classes: Vec<Class>,
    pub rows: Vec<Row>,
    pub plan: Plan,
}

/// Looks at every folder of the store, and at the metadata of those that are delivered.
pub(crate) fn select(order: &Order, store: &dyn Store, schemas: &Schemas, tell: &mut dyn FnMut(u64)) -> Result<Selection, DepositError> {
    let text = std::str::from_utf8(&order.skeleton).ok();
    let skeleton =
        text.and_then(|text| Skeleton::parse(text).ok()).ok_or(DepositError::Description { rule: "the skeleton is unreadable" })?;
    let classes = skeleton.classes.clone();
    let plan = Plan {
        parts: Vec::new(),
        folders: 0,
        registrations: 0,
        document_bytes: 0,
        open: 0,
        elsewhere: 0,
        withheld: 0,
        key: Sha256::of(b""),
    };
    let mut selecting = Selecting { order, selection: Selection { skeleton, parts: Vec::new(), classes, rows: Vec::new(), plan } };
    for at in 0..store.count() {
        let folder = store.open(at).map_err(|source| DepositError::Store { source })?;
        selecting.take(at, &folder, store)?;
        tell(at as u64 + 1);
    }
    selecting.finish(schemas)
}

/// Digest of what a folder holds.
pub(crate) fn state_of(folder: &CaseFolder) -> [u8; 16] {
    let mut digest = sha2::Sha256::new();
    digest.update(folder.id.to_string());
    digest.update(folder.version.to_be_bytes());
    for (path, file) in &folder.files {
        digest.update(path);
        digest.update([0]);
        digest.update(file.sha512.as_bytes());
    }
    let whole: [u8; 32] = digest.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

struct Selecting<'a> {
    order: &'a Order,
    selection: Selection,
}

impl Selecting<'_> {
    fn take(&mut self, at: usize, folder: &CaseFolder, store: &dyn Store) -> Result<(), DepositError> {
        let record = Record::read(&folder.bytes(names::CASE_RECORD)?).ok_or_else(|| folder.unfit("the case record is unreadable"))?;
        let plan = &mut self.selection.plan;
        match record.closed_on() {
            None => plan.open += 1,
            Some(day) if !self.order.period.holds(day) => plan.elsewhere += 1,
            Some(_) => self.take_closed(at, folder, &record, store)?,
        }
        Ok(())
    }

    fn take_closed(&mut self, at: usize, folder: &CaseFolder, record: &Record, store: &dyn Store) -> Result<(), DepositError> {
        let xml = folder.text(names::FOLDER_XML)?;
        let unreadable = |_| folder.unfit("the folder's metadata is unreadable");
        let (part, class) = place_of(&Element::parse(&xml).map_err(unreadable)?).map_err(unreadable)?;
        if !self.order.parts.is_empty() && !self.order.parts.iter().any(|name| part.is_called(name)) {
            self.selection.plan.elsewhere += 1;
            return Ok(());
        }
        let too_many = || folder.unfit("there are too many folders, parts or classes");
        let row = Row {
            part: u16::try_from(self.part(part)).map_err(|_| too_many())?,
            class: u16::try_from(self.class(class)).map_err(|_| too_many())?,
            year: folder.id.year,
            sequence: folder.id.sequence,
            at: u32::try_from(at).map_err(|_| too_many())?,
            state: state_of(folder),
        };
        self.selection.rows.push(row);
        let release = store.release(folder).map_err(|source| DepositError::Store { source })?;
        let plan = &mut self.selection.plan;
        plan.withheld += u64::from(release == Release::Withheld);
        plan.folders += 1;
        plan.registrations += record.documents.len() as u64;
        plan.document_bytes += record.documents.iter().map(|d| d.size_bytes).sum::<u64>();
        Ok(())
    }

    /// Number of the part. Today's is called as it is today, an older one as its folders call it.
    fn part(&mut self, part: Part) -> usize {
        let Selection { skeleton, parts, .. } = &mut self.selection;
        parts.iter().position(|known| known.system_id == part.system_id).unwrap_or_else(|| {
            let today = skeleton.part.system_id == part.system_id;
            parts.push(if today { skeleton.part.clone() } else { part });
            parts.len() - 1
        })
    }

    fn class(&mut self, class: Class) -> usize {
        let classes = &mut self.selection.classes;
        classes.iter().position(|known| known.id == class.id).unwrap_or_else(|| {
            classes.push(class);
            classes.len() - 1
        })
    }

    fn finish(mut self, schemas: &Schemas) -> Result<Selection, DepositError> {
        if self.selection.rows.is_empty() {
            return Err(DepositError::Nothing);
        }
        self.selection.rows.sort_unstable_by_key(|row| (row.part, row.class, row.year, row.sequence));
        self.selection.plan.parts = self.selection.parts.iter().map(|part| part.title.clone()).collect();
        self.selection.plan.key = self.key(schemas);
        Ok(self.selection)
    }

    /// Everything that the bytes of the extract depend on, but the time.
    fn key(&self, schemas: &Schemas) -> Sha256 {
        let order = self.order;
        let mut text = String::from("arkivflyt/extract/1\n");
        let told = [&order.made_by, &order.system_name, &order.program.0, &order.program.1];
        let _ = writeln!(text, "{} {} {:?} {:?} {:?}", order.municipality, order.period, order.parts, told, order.package);
        let _ = writeln!(text, "{} {}", Sha256::of(&order.skeleton), schemas.digest());
        let mut digest = sha2::Sha256::new();
        digest.update(text);
        self.selection.rows.iter().for_each(|row| digest.update(row.state));
        Sha256::from_bytes(digest.finalize().into())
    }
}

//! One case folder: its metadata and its registrations are read, spliced and written, its files handed to the copiers.

use std::{collections::BTreeSet, fs, io::Write as _, path::Path};

use crate::{
    CaseFolder, DepositError, Leak,
    content::{DOKUMENT, Pens, change},
    copy::{Copier, Job},
    fault::{Step, pass},
    fragment::{Element, Record, Unreadable, indent, mappe_of, names},
    journal::Entry,
    registration::{Delivered, FileRef, Into, Standing, adapt, deliver},
    screening::{Hidden, PARTIES, PublicWords, screens},
};

/// Depth of `mappe` below arkiv, arkivdel, klassifikasjonssystem and klasse.
const DEPTH: usize = 4;

pub(crate) struct Folder<'a> {
    pub folder: &'a CaseFolder,
    /// Head of its class.
    pub klasse: &'a [Element<'a>],
    /// `systemID` of its part.
    pub part: &'a str,
    pub public: &'a PublicWords,
    /// The content folder.
    pub content: &'a Path,
}

/// What is known of the folder while its registrations are written.
struct Held<'m, 'x> {
    mappe: &'m Element<'x>,
    standing: Standing,
    hidden: Hidden,
    /// The folder's own `systemID`s, for the change log.
    units: BTreeSet<String>,
    names: BTreeSet<String>,
    directory: String,
}

impl Folder<'_> {
    pub fn write(&self, pens: &mut Pens, copier: &Copier<'_>) -> Result<(), DepositError> {
        let failed = DepositError::writing("write the archive structure");
        let record = Record::read(&self.folder.bytes(names::CASE_RECORD)?).ok_or_else(|| self.unfit("the case record is unreadable"))?;
        let xml = self.folder.text(names::FOLDER_XML)?;
        let mut mappe = Element::parse(&xml).and_then(mappe_of).map_err(|_| self.unfit("the folder's metadata is unreadable"))?;
        adapt(&mut mappe, self.part);
        let mappe = mappe;
        let mut held = self.held(&mappe)?;
        self.note(&mappe, pens);
        self.check_public(&mappe, &held.hidden, &[], pens);

        let split = mappe.children().iter().position(|child| child.name == "saksaar").ok_or_else(|| self.unfit("it is no saksmappe"))?;
        let (before, after) = mappe.children().split_at(split);
        let out = &mut pens.structure;
        indent(out, DEPTH).and_then(|()| mappe.open_tag(out)).and_then(|()| writeln!(out)).map_err(failed)?;
        before.iter().try_for_each(|child| child.write(out, DEPTH + 1)).map_err(failed)?;
        for document in &record.documents {
            self.registration(document.no, &mut held, pens, copier)?;
        }
        let out = &mut pens.structure;
        after.iter().try_for_each(|child| child.write(out, DEPTH + 1)).map_err(failed)?;
        indent(out, DEPTH).and_then(|()| mappe.close_tag(out)).map_err(failed)?;
        pens.numbers.folders += 1;
        self.changes(&held, pens)
    }

    fn held<'m, 'x>(&self, mappe: &'m Element<'x>) -> Result<Held<'m, 'x>, DepositError> {
        let standing = match mappe.text("saksstatus").as_deref() {
            Some("Avsluttet") => Standing::Closed,
            Some("Utgår") => Standing::Lapsed,
            _ => return Err(self.unfit("the folder is closed, but its metadata says otherwise")),
        };
        if mappe.child("avsluttetDato").is_none() || !mappe.attributes.contains("xsi:type=\"saksmappe\"") {
            return Err(self.unfit("it is no closed saksmappe"));
        }
        let id = mappe.text("systemID").ok_or_else(|| self.unfit("the folder has no systemID"))?;
        Ok(Held {
            mappe,
            standing,
            hidden: Hidden::of_folder(mappe, self.public),
            units: BTreeSet::from([id.into_owned()]),
            names: BTreeSet::new(),
            directory: format!("{DOKUMENT}/{}/{:06}", self.folder.id.year, self.folder.id.sequence),
        })
    }

    fn registration(&self, no: u32, held: &mut Held<'_, '_>, pens: &mut Pens, copier: &Copier<'_>) -> Result<(), DepositError> {
        let failed = DepositError::writing("write the archive structure");
        let unreadable = |_| self.unfit("the metadata of a registration is unreadable");
        let xml = self.folder.text(&names::registration(no))?;
        let mappe = Element::parse(&xml).and_then(mappe_of).map_err(unreadable)?;
        let mut registrering = only_registration(mappe).map_err(unreadable)?;
        let mut into = Into { part: self.part, folder: &held.directory, standing: held.standing, names: &mut held.names };
        let Delivered { files, without_copy } = deliver(&mut registrering, &mut into).map_err(unreadable)?;
        let registrering = registrering;
        registrering.write(&mut pens.structure, DEPTH + 1).map_err(failed)?;
        pens.numbers.registrations += 1;
        pens.numbers.lacks_copy(without_copy);
        self.note(&registrering, pens);
        collect_units(&registrering, &mut held.units);

        let hidden = held.hidden.with_registration(&registrering, self.public);
        if registrering.attributes.contains("xsi:type=\"journalpost\"") {
            let parties_hidden = screens(held.mappe, PARTIES);
            let entry = Entry::of(self.klasse, held.mappe, &registrering, parties_hidden)
                .ok_or_else(|| self.unfit("a journalpost lacks what the journals need"))?;
            self.check_public(&registrering, &hidden, &entry.shown, pens);
            pens.spool.add(&entry).map_err(failed)?;
            pens.numbers.posts += 1;
        } else {
            self.check_public(&registrering, &hidden, &[], pens);
        }
        if held.standing == Standing::Lapsed {
            lapse(&registrering, held.mappe, pens).map_err(failed)?;
        }
        self.files(&held.directory, files, pens, copier)
    }

    fn files(&self, directory: &str, files: Vec<FileRef>, pens: &mut Pens, copier: &Copier<'_>) -> Result<(), DepositError> {
        let failed = DepositError::writing("write the content folder");
        if !files.is_empty() {
            fs::create_dir_all(self.content.join(directory)).map_err(failed)?;
        }
        for file in files {
            let source = self.folder.files.get(&file.from).ok_or_else(|| self.unfit("a file that the metadata names is missing"))?;
            writeln!(pens.index, "content/{}\t{}\t{}\t{}", file.to, file.sha256, file.size_bytes, file.unit).map_err(failed)?;
            pens.numbers.files += 1;
            pens.numbers.bytes += file.size_bytes;
            copier.copy(Job {
                folder: self.folder.id.clone(),
                unit: file.unit,
                from: source.path.clone(),
                to: self.content.join(&file.to),
                sha256: file.sha256,
                size_bytes: file.size_bytes,
            })?;
            pass(Step::FileQueued).map_err(failed)?;
        }
        Ok(())
    }

    /// What arkivuttrekk.xml must say of the whole.
    fn note(&self, unit: &Element<'_>, pens: &mut Pens) {
        let numbers = &mut pens.numbers;
        numbers.screened |= unit.holds("skjerming");
        numbers.to_dispose |= unit.holds("kassasjon");
        numbers.disposed |= unit.holds("utfoertKassasjon");
        numbers.own_metadata |= unit.holds("virksomhetsspesifikkeMetadata");
        let day = unit.text("opprettetDato").and_then(|at| at.get(..10)?.parse().ok());
        numbers.oldest = numbers.oldest.into_iter().chain(day).min();
    }

    /// The public title, and the names of senders and receivers that the public journal shows.
    fn check_public(&self, unit: &Element<'_>, hidden: &Hidden, names: &[String], pens: &mut Pens) {
        let title = unit.text("offentligTittel").map(|title| hidden.found_in(&title)).unwrap_or_default();
        let id = unit.text("systemID").unwrap_or_default();
        let rules = title.into_iter().chain(names.iter().flat_map(|name| hidden.found_in_name(name)));
        pens.leaks.extend(rules.map(|rule| Leak { unit: id.to_string(), rule }));
    }

    /// The folder's change log, without what is about units that are not here (Arkade N5.62).
    fn changes(&self, held: &Held<'_, '_>, pens: &mut Pens) -> Result<(), DepositError> {
        let xml = self.folder.text(names::CHANGE_LOG)?;
        let log = Element::parse(&xml).map_err(|_| self.unfit("the change log is unreadable"))?;
        for endring in log.all("endring") {
            if endring.text("referanseArkivenhet").is_some_and(|unit| held.units.contains(unit.as_ref())) {
                endring.write(&mut pens.log, 1).map_err(DepositError::writing("write the change log"))?;
                pens.numbers.changes += 1;
            } else {
                pens.numbers.changes_left_out += 1;
            }
        }
        Ok(())
    }

    fn unfit(&self, fault: &'static str) -> DepositError {
        self.folder.unfit(fault)
    }
}

fn only_registration<'x>(mut mappe: Element<'x>) -> Result<Element<'x>, Unreadable> {
    let children = mappe.children_mut().ok_or(Unreadable)?;
    let mut found = std::mem::take(children).into_iter().filter(|child| child.name == "registrering");
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Unreadable),
    }
}

fn collect_units(unit: &Element<'_>, units: &mut BTreeSet<String>) {
    units.extend(unit.text("systemID").map(std::borrow::Cow::into_owned));
    unit.children().iter().for_each(|child| collect_units(child, units));
}

/// A registration of a folder that was made by mistake lapses with it; the living folder says «Arkivert».
fn lapse(registrering: &Element<'_>, mappe: &Element<'_>, pens: &mut Pens) -> std::io::Result<()> {
    if registrering.child("journalstatus").is_none() {
        return Ok(());
    }
    let told = |unit: &Element<'_>, name| unit.raw(name).unwrap_or_default().to_owned();
    let (unit, at, by) = (told(registrering, "systemID"), told(mappe, "avsluttetDato"), told(mappe, "avsluttetAv"));
    pens.numbers.changes += 1;
    change(&mut pens.log, &[&unit, "journalstatus", &at, &by, "Arkivert", "Utgår"])
}

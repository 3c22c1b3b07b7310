//! The whole story of one check.

use std::{io::Read, path::Path, sync::Arc, thread};

use crate::{
    Facts, Finding, InspectError, Limits, Note, Report, Rule, Schemas,
    addml::{Addml, OBJECTS, Version},
    change_log::{self, ChangeLog},
    files::{Files, Sums, readers},
    finding::Findings,
    journals::{self, Both, Journal},
    listed::{Known, Listing},
    place::{Layout, Place},
    schema::Model,
    structure::{self, Structure, Summary},
    watch::{Reading, SchemaOnly, tell},
    xml::{self, Stop},
};

/// How to check.
#[derive(Clone, Copy)]
pub struct Inspection<'a> {
    /// The official schemas; without them N5.03 is not checked.
    pub schemas: &'a Schemas,
    /// How much is looked at.
    pub limits: &'a Limits,
    /// Asked often, by several threads: `true` ends the check, and the report says what was not looked at. This is where a time
    /// limit comes in; there is no clock here.
    pub stop: Stop<'a>,
}

/// Judges an extract: its content folder, the root of a DIAS package, or the tar of one. Reads, and changes nothing.
///
/// Never panics and never follows a link, whatever lies there. Fails only when there is nothing that can be opened.
pub fn inspect(path: &Path, inspection: &Inspection<'_>) -> Result<Report, InspectError> {
    let limits = inspection.limits;
    let mut findings = Findings::new(limits.findings_per_rule);
    let place = Place::open(path, limits, inspection.stop, &mut findings)?;
    if !place.is_listed {
        // What was not listed would look missing, in rule after rule.
        unjudged(Note::NeedsPlace, &mut findings);
        return Ok(findings.into_report(Facts::default()));
    }
    let tar_name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let layout = Layout::find(&place, place.is_tar().then_some(tar_name.as_str()), &mut findings);
    layout.judge(&place, &mut findings);
    if !place.is_whole {
        for rule in [Rule::FilesPresent, Rule::FileCount, Rule::ReferredFileMissing, Rule::StrayFile] {
            findings.not_checked(rule, None, Note::NeedsPlace);
        }
    }
    let sums = Sums::new(layout.documents(&place));
    let mut check = Check { inspection, place: &place, layout: &layout, sums: &sums, known: Known::new() };
    let facts = check.run(&mut findings);
    Ok(findings.into_report(facts))
}

/// None of the national rules was judged.
fn unjudged(why: Note, findings: &mut Findings) {
    Rule::ALL.iter().filter(|rule| rule.is_national()).for_each(|rule| findings.not_checked(*rule, None, why));
}

struct Check<'a> {
    inspection: &'a Inspection<'a>,
    place: &'a Place,
    layout: &'a Layout,
    sums: &'a Sums,
    known: Known,
}

impl Check<'_> {
    fn run(&mut self, findings: &mut Findings) -> Facts {
        let (addml_name, addml) = self.addml(findings);
        if addml_name.is_none() && self.layout.find_file(self.place, structure::FILE).is_none() {
            // Not an extract: that nothing of one is there need not be said thirty times.
            unjudged(Note::NeedsFile, findings);
            return Facts::default();
        }
        let model = (!self.inspection.schemas.is_empty()).then(|| self.model(&addml, findings));
        let model = model.as_deref().ok_or(Note::NoSchemas);
        let (sums, place, stop) = (self.sums, self.place, self.inspection.stop);
        // The files are read while the XML is: the one waits for the disk, the other for the processor.
        let (structure, is_whole) = thread::scope(|scope| {
            for _ in 0..readers(self.inspection.limits) {
                // Without a thread, what is left is done below.
                let _ = thread::Builder::new().spawn_scoped(scope, || sums.work(place, stop));
            }
            if let Some(name) = addml_name {
                self.description(name, model, findings);
            }
            // The official schemas are those of 5.0; that of the description is the same for all.
            let is_older = addml.version == Some(Version::Older);
            let read = self.xml(&addml, if is_older { Err(Note::OtherVersion) } else { model }, findings);
            sums.work(place, stop);
            read
        });
        let mut facts = structure.facts.clone();
        let mut structure = is_whole.then_some(structure);
        let files = Files { place, layout: self.layout, sums, stop, findings };
        files.judge(&addml, structure.as_mut());
        let known = std::mem::take(&mut self.known);
        Listing { place, layout: self.layout, stop, known, findings }.judge(&addml, self.inspection.schemas);
        let documents = self.layout.documents(place);
        facts.documents = u64::from(documents.end - documents.start);
        facts.document_bytes = documents.map(|no| place.index.size(no)).fold(0, u64::saturating_add);
        facts
    }

    /// What the extract says of itself. Without it the rest is judged all the same, but for what compares with it.
    fn addml(&mut self, findings: &mut Findings) -> (Option<&'static str>, Addml) {
        let name = ["addml.xml", "arkivuttrekk.xml"].into_iter().find(|name| self.layout.find_file(self.place, name).is_some());
        let Some(name) = name else {
            findings.add(Finding::new(Rule::AddmlReadable).file("arkivuttrekk.xml").note(Note::FileMissing));
            return (None, self.undescribed(findings));
        };
        let read = self.small(name).map(|bytes| xml::read_tree(bytes.as_slice(), self.inspection.limits, self.inspection.stop));
        let fault = match read {
            Some((Some(root), outcome)) if outcome.fault.is_none() => return (Some(name), Addml::read(&root, name, findings)),
            Some((_, outcome)) => outcome.fault.map(|fault| (fault, outcome.line)),
            None => None,
        };
        if let Some((fault, line)) = fault {
            tell(fault, name, line, findings);
        }
        findings.add(Finding::new(Rule::AddmlReadable).file(name));
        (None, self.undescribed(findings))
    }

    fn undescribed(&self, findings: &mut Findings) -> Addml {
        findings.not_checked(Rule::ListedChecksums, None, Note::NeedsFile);
        findings.not_checked(Rule::Schema, Some("arkivuttrekk.xml"), Note::NeedsFile);
        Addml::default()
    }

    /// The bytes of a file that should be small.
    fn small(&self, name: &str) -> Option<Vec<u8>> {
        let no = self.layout.find_file(self.place, name)?;
        let size = self.place.index.size(no);
        let mut bytes = Vec::new();
        let is_small = size <= self.inspection.limits.small_file_bytes;
        let read = is_small.then(|| self.place.read(no).ok()?.read_to_end(&mut bytes).ok()).flatten();
        read.filter(|count| *count as u64 == size).map(|_| bytes)
    }

    /// The operator's schemas, with those of the extract that are for metadata of its own.
    fn model(&self, addml: &Addml, findings: &mut Findings) -> Arc<Model> {
        let official = self.inspection.schemas;
        let is_other = |name: &str| name != "metadatakatalog.xsd" && !OBJECTS.iter().any(|o| name.strip_suffix(".xsd") == Some(*o));
        let schemas = addml.object("arkivstruktur").into_iter().flat_map(|o| &o.schemas);
        let own = schemas.filter(|s| is_other(&s.name) && official.files().all(|(name, _)| name != s.name));
        let own: Vec<Vec<u8>> = own.filter_map(|s| self.small(&s.name)).collect();
        if own.is_empty() {
            return official.model();
        }
        official.with_own(&own, self.inspection.limits).map(Arc::new).unwrap_or_else(|_| {
            findings.not_checked(Rule::Schema, Some(structure::FILE), Note::SchemaFeature);
            official.model()
        })
    }

    fn reading<'b>(&'b self, model: Result<&'b Model, Note>) -> Reading<'b> {
        Reading { place: self.place, limits: self.inspection.limits, stop: self.inspection.stop, model }
    }

    /// The description against the schema of ADDML, which is the same for all versions of Noark 5.
    fn description(&mut self, name: &str, model: Result<&Model, Note>, findings: &mut Findings) {
        let Some(no) = self.layout.find_file(self.place, name) else { return };
        let mut known = std::mem::take(&mut self.known);
        self.reading(model).read(no, name, &mut known, &mut SchemaOnly(findings));
        self.known = known;
    }

    /// The four XML files; tells whether the structure was read to its end.
    fn xml(&mut self, addml: &Addml, model: Result<&Model, Note>, findings: &mut Findings) -> (Summary, bool) {
        let mut known = std::mem::take(&mut self.known);
        let reading = self.reading(model);
        let find = |name: &str| self.layout.find_file(self.place, name);

        let mut structure = Structure::new(self.place, self.layout, self.inspection.limits, findings);
        let is_whole = find(structure::FILE).is_some_and(|no| reading.read(no, structure::FILE, &mut known, &mut structure));
        let summary = if is_whole { structure.finish(addml) } else { structure.give_up() };

        match find(change_log::FILE) {
            None => {
                findings.add(Finding::new(Rule::ChangeLogPresent).file(change_log::FILE));
                findings.not_checked(Rule::ChangeLogReference, Some(change_log::FILE), Note::NeedsFile);
            }
            Some(no) => {
                let mut log = ChangeLog::new(is_whole.then_some(&summary.system_ids), findings);
                if !reading.read(no, change_log::FILE, &mut known, &mut log) {
                    findings.not_checked(Rule::ChangeLogReference, Some(change_log::FILE), Note::NeedsFile);
                }
            }
        }
        let mut both = Both { said: [None, None], is_there: [false, false] };
        for (at, file) in journals::FILES.into_iter().enumerate() {
            let Some(no) = find(file) else { continue };
            both.is_there[at] = true;
            let mut journal = Journal::new(file, findings);
            both.said[at] = reading.read(no, file, &mut known, &mut journal).then(|| journal.finish());
        }
        both.judge(addml, is_whole.then_some(&summary), findings);
        self.known = known;
        (summary, is_whole)
    }
}

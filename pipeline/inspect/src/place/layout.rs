//! Which folder is the content, and the traps of names (NOARK.md §§ 1.2–1.4).

use super::{FileNo, Place};
use crate::{Finding, Note, Rule, finding::Findings};

/// The document folder is one of these; the first that is there counts.
const DOCUMENT_FOLDERS: [&str; 4] = ["dokumenter", "DOKUMENTER", "dokument", "DOKUMENT"];
/// What shows that a folder is the content.
const SIGNS: [&str; 3] = ["arkivuttrekk.xml", "addml.xml", "arkivstruktur.xml"];
/// What a DIAS package holds beside the content (`arkade validate -f DIAS-SIP-Noark5`).
const PACKAGE_FILES: [&str; 4] =
    ["dias-mets.xml", "dias-mets.xsd", "administrative_metadata/dias-premis.xml", "administrative_metadata/dias-premis.xsd"];

/// What we were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The content folder itself.
    Content,
    /// The root of a package, with `content` in it.
    Package,
    /// A tar.
    Tar,
}

/// Where things lie.
#[derive(Debug)]
pub struct Layout {
    pub form: Form,
    /// Path of the content, with a slash at its end, or empty.
    base: String,
    /// Path of the document folder, with a slash at its end.
    documents: Option<String>,
}

impl Layout {
    /// Finds the content. `tar_name` is the tar's name without `.tar`.
    pub fn find(place: &Place, tar_name: Option<&str>, findings: &mut Findings) -> Self {
        let roots = match tar_name {
            Some(name) => tar_roots(place, name, findings),
            None => vec![String::new()],
        };
        let mut candidates = roots.iter().flat_map(|root| [format!("{root}content/"), root.clone()]);
        let is_content = |base: &String| SIGNS.iter().any(|sign| place.index.find(&format!("{base}{sign}")).is_some());
        let base = candidates.find(is_content).unwrap_or_default();
        let form = match (place.is_tar(), base.is_empty()) {
            (true, _) => Form::Tar,
            (false, true) => Form::Content,
            (false, false) => Form::Package,
        };
        let mut documents = DOCUMENT_FOLDERS.iter().map(|name| format!("{base}{name}")).filter(|path| place.index.has_folder(path));
        let found = documents.next();
        documents.for_each(|other| findings.add(Finding::new(Rule::DocumentFolders).file(&other)));
        Self { form, documents: found.map(|path| path + "/"), base }
    }

    /// A file of the content.
    pub fn find_file(&self, place: &Place, name: &str) -> Option<FileNo> {
        match self.base.is_empty() {
            true => place.index.find(name),
            false => place.index.find(&format!("{}{name}", self.base)),
        }
    }

    /// How a file is called in findings: seen from the content, when it lies there.
    pub fn name<'a>(&self, place: &'a Place, no: FileNo) -> &'a str {
        let path = place.index.path(no);
        path.strip_prefix(self.base.as_str()).unwrap_or(path)
    }

    /// Whether there is a document folder.
    pub fn has_documents(&self) -> bool {
        self.documents.is_some()
    }

    /// The document files.
    pub fn documents(&self, place: &Place) -> std::ops::Range<FileNo> {
        self.documents.as_ref().map_or(0..0, |path| place.index.below(path))
    }

    /// Names that a tool cuts or counts wrongly, and parts that a package lacks.
    pub fn judge(&self, place: &Place, findings: &mut Findings) {
        let as_tar = |finding: Finding| if self.form == Form::Tar { finding } else { finding.advice() };
        let documents = self.documents(place);
        for no in place.index.below(&self.base) {
            let name = self.name(place, no);
            let begins = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("dokument"));
            if begins && !documents.contains(&no) {
                findings.add(as_tar(Finding::new(Rule::ContentName).file(name)));
            }
        }
        for no in documents {
            let name = self.name(place, no);
            let below = name.split_once('/').map_or("", |(_, below)| below);
            if self.is_cut_wrongly(name, below) {
                findings.add(as_tar(Finding::new(Rule::DocumentName).file(name)));
            }
        }
        if self.form != Form::Content {
            self.judge_package(place, findings);
        }
        for no in place.index.case_collisions(1000) {
            findings.add(Finding::new(Rule::CaseCollision).file(self.name(place, no)));
        }
    }

    /// The tool looks for the first "dokumenter" in the whole path, else for the first "dokument", whatever their letter case.
    fn is_cut_wrongly(&self, name: &str, below: &str) -> bool {
        let is_long = name.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("dokumenter"));
        !is_long && below.to_lowercase().contains("dokumenter")
    }

    fn judge_package(&self, place: &Place, findings: &mut Findings) {
        let root = self.base.strip_suffix("content/").unwrap_or(&self.base);
        for name in PACKAGE_FILES.iter().filter(|name| place.index.find(&format!("{root}{name}")).is_none()) {
            findings.add(Finding::new(Rule::PackageParts).file(name).note(Note::FileMissing));
        }
        if !place.index.has_folder(&format!("{root}descriptive_metadata")) {
            findings.add(Finding::new(Rule::PackageParts).file("descriptive_metadata").note(Note::FolderMissing));
        }
        if !self.base.ends_with("content/") {
            findings.add(Finding::new(Rule::PackageParts).file("content").note(Note::FolderMissing));
        }
    }
}

/// The folders at the root of a tar: there should be one, named as the tar.
fn tar_roots(place: &Place, tar_name: &str, findings: &mut Findings) -> Vec<String> {
    let mut roots: Vec<String> = Vec::new();
    let mut from = 0;
    // One step for each root, not for each file.
    while (from as usize) < place.index.len() && roots.len() < 100 {
        let path = place.index.path(from);
        let root = path.split_once('/').map_or(String::new(), |(root, _)| format!("{root}/"));
        from = if root.is_empty() { from + 1 } else { place.index.below(&root).end.max(from + 1) };
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    let expected = format!("{tar_name}/");
    if roots != [expected.as_str()] {
        findings.add(Finding::new(Rule::TarRoot));
    }
    roots.sort_by_key(|root| *root != expected);
    roots
}

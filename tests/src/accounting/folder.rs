//! A case folder as it lies on disk: an OCFL 1.1 object whose newest version says what holds now.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Finding,
    times::{self, Instant},
    xml::Element,
};
use crate::files_below;

/// One case folder.
#[derive(Debug)]
pub struct Folder {
    /// `9901/2026/2026-000013`: municipality, year and name.
    pub place: String,
    /// Where it lies.
    pub root: PathBuf,
    /// Number of the municipality it lies under.
    pub municipality: String,
    /// `inventory.json`.
    pub inventory: Value,
    /// Files that hold now: what they are called in the folder, and where they lie (`v2/content/…`).
    pub current: BTreeMap<String, String>,
    /// `metadata/sak.json` as it stands now.
    pub record: Value,
    /// `mappe` of the newest `metadata/mappe.xml`.
    pub case: Element,
    /// `klasse` that it hangs on.
    pub class: Element,
    /// Its documents, by number.
    pub registrations: Vec<Registration>,
}

/// One document in a folder.
#[derive(Debug)]
pub struct Registration {
    /// Its number in the folder.
    pub no: u64,
    /// `registrering`.
    pub element: Element,
    /// The JSON that it was made of.
    pub source: Value,
    /// When it was put there: the instant of the folder's version that brought it.
    pub archived: Option<Instant>,
}

impl Registration {
    /// A value of our own metadata on it: `dokumentID`, `dokumentversjon`.
    pub fn own(&self, name: &str) -> &str {
        self.element.child("virksomhetsspesifikkeMetadata").map_or("", |own| own.value(name))
    }

    /// `meeting_minutes`.
    pub fn kind(&self) -> &str {
        self.source["schema"].as_str().and_then(|s| s.split('/').nth(1)).unwrap_or_default()
    }

    /// Version of the document.
    pub fn version(&self) -> u64 {
        self.own("dokumentversjon").parse().unwrap_or_default()
    }

    /// Every `dokumentobjekt` with the `dokumentbeskrivelse` that it belongs to.
    pub fn objects(&self) -> impl Iterator<Item = (&Element, &Element)> {
        self.element.all("dokumentbeskrivelse").flat_map(|d| d.all("dokumentobjekt").map(move |o| (d, o)))
    }

    /// What the program makes by itself when a folder is closed.
    pub fn is_overview(&self) -> bool {
        self.kind() == "folder_overview"
    }
}

impl Folder {
    /// Every case folder of the archive. What cannot be read is a finding.
    pub fn all(data: &Path, found: &mut Vec<Finding>) -> Vec<Self> {
        let archive = data.join("arkivlager");
        let mut folders = Vec::new();
        for municipality in sorted_dirs(&archive) {
            for year in sorted_dirs(&municipality.join("ocfl")).iter().filter(|y| name(y) != "extensions") {
                for root in sorted_dirs(year) {
                    let place = format!("{}/{}/{}", name(&municipality), name(year), name(&root));
                    match Self::read(&place, &root) {
                        Ok(folder) => folders.push(folder),
                        Err(what) => found.push(Finding::new("folder_unreadable", format!("{place}: {what}"))),
                    }
                }
            }
            let staged = files_below(&municipality.join("staging")).into_iter().filter(|f| !name(f).starts_with('.'));
            found.extend(staged.map(|_| Finding::new("left_in_staging", name(&municipality))));
        }
        folders
    }

    fn read(place: &str, root: &Path) -> Result<Self, String> {
        let inventory: Value = json(&root.join("inventory.json"))?;
        let head = inventory["head"].as_str().ok_or("no head")?.to_owned();
        let mut current = BTreeMap::new();
        for (digest, names) in inventory["versions"][head.as_str()]["state"].as_object().ok_or("no state")? {
            let lies = inventory["manifest"][digest][0].as_str().ok_or("a digest that the manifest does not have")?;
            current.extend(names.as_array().into_iter().flatten().filter_map(|n| Some((n.as_str()?.to_owned(), lies.to_owned()))));
        }
        let at = |logical: &str| current.get(logical).map(|lies| root.join(lies)).ok_or(format!("no {logical}"));
        let record = json(&at("metadata/sak.json")?)?;
        let tree = xml(&at("metadata/mappe.xml")?)?;
        let class = tree.find("klasse").ok_or("no klasse")?.clone();
        let case = class.child("mappe").ok_or("no mappe")?.clone();
        let mut registrations = Vec::new();
        for logical in current.keys() {
            let Some(no) = logical.strip_prefix("metadata/").and_then(|n| n.strip_suffix(".xml")).filter(|n| digits(n)) else { continue };
            let element = xml(&at(logical)?)?.find("registrering").ok_or(format!("no registrering in {logical}"))?.clone();
            let source = json(&at(&format!("kilde/{no}.json"))?)?;
            let version = current[logical].split('/').next().unwrap_or_default();
            let archived = inventory["versions"][version]["created"].as_str().and_then(times::instant);
            registrations.push(Registration { no: no.parse().map_err(|_| "a number")?, element, source, archived });
        }
        registrations.sort_by_key(|r| r.no);
        let municipality = place.split('/').next().unwrap_or_default().to_owned();
        Ok(Self { place: place.to_owned(), root: root.to_owned(), municipality, inventory, current, record, case, class, registrations })
    }

    /// The plan that it is the folder of.
    pub fn plan(&self) -> &str {
        self.case.child("virksomhetsspesifikkeMetadata").map_or("", |own| own.value("planID"))
    }

    /// Whether it is sealed: «Avsluttet», or «Utgår» for what was made by mistake.
    pub fn is_closed(&self) -> bool {
        ["Avsluttet", "Utgår"].contains(&self.case.value("saksstatus"))
    }

    /// Every file below it, from its root.
    pub fn files(&self) -> Vec<(String, PathBuf)> {
        let below = |file: PathBuf| (file.strip_prefix(&self.root).expect("it lies below").display().to_string(), file);
        files_below(&self.root).into_iter().map(below).collect()
    }

    /// The bytes of a file that holds now.
    pub fn bytes(&self, logical: &str) -> Option<Vec<u8>> {
        fs::read(self.root.join(self.current.get(logical)?)).ok()
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn sorted_dirs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    dirs.sort();
    dirs
}

fn json(file: &Path) -> Result<Value, String> {
    let bytes = fs::read(file).map_err(|_| format!("{} is missing", name(file)))?;
    serde_json::from_slice(&bytes).map_err(|_| format!("{} is no JSON", name(file)))
}

fn xml(file: &Path) -> Result<Element, String> {
    let bytes = fs::read(file).map_err(|_| format!("{} is missing", name(file)))?;
    Element::read(&bytes).map_err(|what| format!("{}: {what}", name(file)))
}

//! The form of ADDML, property by property, as the national tool expects it.

use super::{Addml, Checksum, DataObject, Listed, OBJECTS, Version, digest, finding, is_sha256, properties, property, value};
use crate::{Note, Rule, finding::Findings, xml::Node};

/// Reads everything, and tells what is not as it must be.
pub(super) fn judge(root: &Node, file: &str, findings: &mut Findings) -> Addml {
    let extract = root.first("dataset").and_then(|d| d.first("dataObjects")).and_then(|d| d.first("dataObject"));
    let Some(extract) = extract.filter(|_| root.name == "addml") else {
        findings.add(finding(Rule::AddmlInfo, file, root));
        return Addml { is_there: true, ..Addml::default() };
    };
    let mut judge = Judge { file, findings, addml: Addml { is_there: true, ..Addml::default() } };
    judge.info(extract);
    judge.objects(extract);
    judge.addml
}

struct Judge<'a> {
    file: &'a str,
    findings: &'a mut Findings,
    addml: Addml,
}

impl Judge<'_> {
    fn tell(&mut self, rule: Rule, node: &Node) {
        self.findings.add(finding(rule, self.file, node));
    }

    /// `info` stands first; in it `type`, then `additionalInfo`.
    fn info(&mut self, extract: &Node) {
        let is_at = |node: &Node, at: usize, name: &str| properties(node).nth(at).is_some_and(|p| p.attribute("name") == Some(name));
        let info = property(extract, "info");
        let is_right = is_at(extract, 0, "info") && info.is_some_and(|i| is_at(i, 0, "type") && is_at(i, 1, "additionalInfo"));
        if !is_right {
            self.tell(Rule::AddmlInfo, extract);
        }
        if let Some(kind) = info.and_then(|i| property(i, "type")) {
            self.version(kind);
        }
        if let Some(more) = info.and_then(|i| property(i, "additionalInfo")) {
            self.period(more);
            self.addml.has_screening = self.truth(more, "inneholderSkjermetInformasjon");
            self.addml.has_disposed = self.truth(more, "omfatterDokumenterSomErKassert");
            self.addml.has_disposals = self.truth(more, "inneholderDokumenterSomSkalKasseres");
            self.addml.has_own_metadata = self.truth(more, "inneholderVirksomhetsspesifikkeMetadata");
            self.addml.documents = self.value(more, "antallDokumentfiler", |text| text.parse().ok());
        }
    }

    fn version(&mut self, kind: &Node) {
        self.addml.version = match (value(kind), property(kind, "version").and_then(value)) {
            (Some("Noark 5"), Some("5.0")) => Some(Version::V5),
            (Some("Noark 5"), Some("3.1" | "4.0")) => Some(Version::Older),
            _ => None,
        };
        if self.addml.version.is_none() {
            self.tell(Rule::AddmlVersion, kind);
        }
    }

    fn period(&mut self, more: &Node) {
        let period = properties(more).next().filter(|p| p.attribute("name") == Some("periode"));
        let end = |at: usize, name: &str| {
            let end = period.and_then(|p| properties(p).nth(at)).filter(|e| e.attribute("name") == Some(name));
            // Exactly so: the value is not trimmed.
            end.and_then(|e| e.first("value")).and_then(|v| match v.text.as_str() {
                "skarpt" => Some(true),
                "mykt" => Some(false),
                _ => None,
            })
        };
        self.addml.is_sharp = end(0, "inngaaendeSkille").zip(end(1, "utgaaendeSkille")).map(|(from, to)| from && to);
        if self.addml.is_sharp.is_none() {
            self.tell(Rule::AddmlPeriod, period.unwrap_or(more));
        }
    }

    fn truth(&mut self, more: &Node, name: &str) -> Option<bool> {
        self.value(more, name, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    fn value<T>(&mut self, more: &Node, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let property = property(more, name);
        let read = property.and_then(value).and_then(read);
        if read.is_none() {
            self.tell(Rule::AddmlValues, property.unwrap_or(more));
        }
        read
    }

    fn objects(&mut self, extract: &Node) {
        let nodes: Vec<&Node> = extract.first("dataObjects").into_iter().flat_map(|d| d.all("dataObject")).collect();
        let structure = nodes.iter().find(|n| n.attribute("name") == Some("arkivstruktur"));
        if nodes.first().is_none_or(|first| first.attribute("name") != Some("arkivstruktur")) {
            self.tell(Rule::AddmlFirst, extract);
        }
        for node in &nodes {
            let object = data_object(node);
            if !OBJECTS.contains(&object.name.as_str()) || object.files.is_empty() {
                self.tell(Rule::AddmlNames, node);
            }
            // A name that is there twice is read once by the tool.
            if self.addml.object(&object.name).is_none() {
                self.schemas(&object);
                self.addml.objects.push(object);
            }
        }
        let counted = |name: &str| structure.and_then(|s| occurrences(s, name));
        self.addml.folders = Some(counted("mappe").unwrap_or_default()).filter(|_| structure.is_some());
        self.addml.records = counted("registrering");
        if let Some(structure) = structure.filter(|_| self.addml.records.is_none()) {
            self.tell(Rule::AddmlCounts, structure);
        }
    }

    /// Each file has its own schema and the catalogue; without them the tool takes its built-in ones, and says that it is an error.
    fn schemas(&mut self, object: &DataObject) {
        let own = format!("{}.xsd", object.name);
        let is_listed = |name: &str| object.schemas.iter().any(|s| s.name == name);
        if OBJECTS.contains(&object.name.as_str()) && !(is_listed(&own) && is_listed("metadatakatalog.xsd")) {
            let unit = crate::Unit { line: object.line, ..crate::Unit::default() };
            self.findings.add(crate::Finding::new(Rule::Schema).file(self.file).unit(unit).note(Note::SchemaNotListed));
        }
    }
}

fn data_object(node: &Node) -> DataObject {
    let mut object = DataObject { name: node.attribute("name").unwrap_or_default().to_owned(), line: node.line, ..DataObject::default() };
    for property in properties(node) {
        match property.attribute("name") {
            Some("file") => object.files.extend(listed(property)),
            Some("schema") => {
                object.schemas.extend(properties(property).filter(|p| p.attribute("name") == Some("file")).filter_map(listed))
            }
            _ => {}
        }
    }
    object
}

fn listed(file: &Node) -> Option<Listed> {
    let name = property(file, "name").and_then(value)?.to_owned();
    let checksum = property(file, "checksum");
    let part = |name: &str| checksum.and_then(|c| property(c, name)).and_then(value).filter(|text| !text.is_empty());
    let checksum = match (part("algorithm"), part("value")) {
        (Some(algorithm), Some(_)) if !is_sha256(algorithm) => Checksum::Other,
        (Some(_), Some(value)) => digest(value).map_or(Checksum::Missing, Checksum::Sha256),
        _ => Checksum::Missing,
    };
    Some(Listed { name, checksum, line: file.line })
}

/// The number that the property `info` of the structure gives for an element.
fn occurrences(structure: &Node, element: &str) -> Option<u64> {
    let info = property(structure, "info")?;
    let mut all = properties(info).filter(|p| p.attribute("name") == Some("numberOfOccurrences"));
    let found = all.find(|p| value(p) == Some(element))?;
    property(found, "value").and_then(value)?.parse().ok()
}

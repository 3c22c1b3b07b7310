//! `arkivuttrekk.xml` (ADDML): what the extract says of itself. The national tool reads by position (NOARK.md § 1.5).

mod rules;

use crate::{
    Rule,
    finding::{Finding, Findings, Unit},
    xml::{Node, trimmed},
};

/// The names that data objects may have.
pub const OBJECTS: [&str; 4] = ["arkivstruktur", "endringslogg", "loependeJournal", "offentligJournal"];

/// What the extract says of itself. What is missing is `None`, and has been told.
#[derive(Debug, Default)]
pub struct Addml {
    /// Whether there is a description that could be read.
    pub is_there: bool,
    /// `3.1`, `4.0` or `5.0`.
    pub version: Option<Version>,
    /// Whether both ends of the period are sharp.
    pub is_sharp: Option<bool>,
    /// inneholderSkjermetInformasjon.
    pub has_screening: Option<bool>,
    /// omfatterDokumenterSomErKassert.
    pub has_disposed: Option<bool>,
    /// inneholderDokumenterSomSkalKasseres.
    pub has_disposals: Option<bool>,
    /// inneholderVirksomhetsspesifikkeMetadata.
    pub has_own_metadata: Option<bool>,
    /// antallDokumentfiler.
    pub documents: Option<u64>,
    /// numberOfOccurrences of `mappe`; 0 when it is missing, as the national tool takes it.
    pub folders: Option<u64>,
    /// numberOfOccurrences of `registrering`.
    pub records: Option<u64>,
    pub objects: Vec<DataObject>,
}

/// Of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Older,
    V5,
}

/// One of the XML files with its schemas.
#[derive(Debug, Default)]
pub struct DataObject {
    pub name: String,
    pub files: Vec<Listed>,
    pub schemas: Vec<Listed>,
    pub line: u64,
}

/// A file that is listed.
#[derive(Debug)]
pub struct Listed {
    pub name: String,
    pub checksum: Checksum,
    pub line: u64,
}

/// The checksum of a listed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    Sha256([u8; 32]),
    /// The property, its algorithm or its value is missing, or the value is no SHA-256 digest.
    Missing,
    /// Another algorithm.
    Other,
}

impl Addml {
    /// Reads the tree, and tells what breaks the rules of its form.
    pub fn read(root: &Node, file: &str, findings: &mut Findings) -> Self {
        rules::judge(root, file, findings)
    }

    /// One of the four.
    pub fn object(&self, name: &str) -> Option<&DataObject> {
        self.objects.iter().find(|o| o.name == name)
    }

    /// Every listed file, in order.
    pub fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.objects.iter().flat_map(|o| o.files.iter().chain(&o.schemas))
    }
}

/// 64 hexadecimal digits of any case.
pub fn digest(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    let mut digest = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        let digit = |b: u8| char::from(b).to_digit(16);
        *byte = (digit(text[2 * at])? * 16 + digit(text[2 * at + 1])?) as u8;
    }
    Some(digest)
}

/// Whether an algorithm's name is one of those of SHA-256.
pub fn is_sha256(name: &str) -> bool {
    name.eq_ignore_ascii_case("SHA256") || name.eq_ignore_ascii_case("SHA-256")
}

/// The properties right in a node.
fn properties(node: &Node) -> impl Iterator<Item = &Node> {
    node.first("properties").into_iter().flat_map(|p| p.all("property"))
}

/// The first property of this name.
fn property<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    properties(node).find(|p| p.attribute("name") == Some(name))
}

/// A node's value.
fn value(node: &Node) -> Option<&str> {
    node.first("value").map(|v| trimmed(&v.text))
}

fn finding(rule: Rule, file: &str, node: &Node) -> Finding {
    Finding::new(rule).file(file).unit(Unit { line: node.line, ..Unit::default() })
}

//! arkivuttrekk.xml: ADDML, in the order that the national test tool reads by index.
//!
//! Source: Noark 5 v5.0, 6.4.20–6.4.24 and vedlegg 5; ADDML 8.2 and 8.3.

use std::{borrow::Cow, io::Write as _};

use pipeline_domain::Date;

use crate::{
    Period,
    fragment::{Element, escaped},
    output::Made,
};

/// What arkivuttrekk.xml says.
pub(crate) struct Addml<'a> {
    pub creators: Vec<String>,
    pub system_name: &'a str,
    pub archive: &'a str,
    pub period: Period,
    /// When the oldest folder was opened: older than the period, its first border is soft.
    pub oldest: Option<Date>,
    pub screened: bool,
    pub disposed: bool,
    pub to_dispose: bool,
    pub own_metadata: bool,
    pub files: u64,
    pub folders: u64,
    pub registrations: u64,
    pub changes: u64,
    pub posts: u64,
    /// Digests of the listed files, by name.
    pub made: &'a dyn Fn(&str) -> Made,
    /// Name of the schema of our own metadata.
    pub own_schema: Option<&'a str>,
}

type Xml = Element<'static>;

fn parent(name: &'static str, attributes: String, children: Vec<Xml>) -> Xml {
    Element { name: name.into(), attributes: attributes.into(), content: crate::fragment::Content::Children(children) }
}

fn value(text: &str) -> Xml {
    Element::leaf("value", Cow::Owned(escaped(text).into_owned()))
}

/// A property with a value, further properties, or both.
fn property(name: &str, text: Option<&str>, properties: Vec<Xml>) -> Xml {
    let inner = if properties.is_empty() { None } else { Some(parent("properties", String::new(), properties)) };
    parent("property", format!("name=\"{name}\""), text.map(value).into_iter().chain(inner).collect())
}

fn typed(kind: &str, name: &str, text: &str) -> Xml {
    parent("property", format!("dataType=\"{kind}\" name=\"{name}\""), vec![value(text)])
}

fn additional(name: &str, children: Vec<Xml>) -> Xml {
    parent("additionalElement", format!("name=\"{name}\""), children)
}

fn elements(children: Vec<Xml>) -> Xml {
    parent("additionalElements", String::new(), children)
}

impl Addml<'_> {
    /// The document, UTF-8.
    pub fn to_xml(&self) -> Vec<u8> {
        let root = parent(
            "addml",
            "xmlns=\"http://www.arkivverket.no/standarder/addml\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.arkivverket.no/standarder/addml addml.xsd\" name=\"Noark 5-arkivuttrekk\""
                .to_owned(),
            vec![self.dataset()],
        );
        let mut out = Vec::new();
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("memory takes every write");
        root.write(&mut out, 0).expect("memory takes every write");
        out
    }

    fn dataset(&self) -> Xml {
        let extract = parent(
            "dataObject",
            "name=\"Noark 5-arkivuttrekk\"".to_owned(),
            vec![parent("properties", String::new(), vec![self.info()]), parent("dataObjects", String::new(), self.files())],
        );
        let description = Element::leaf("description", "Noark 5-arkivuttrekk");
        let data_objects = parent("dataObjects", String::new(), vec![extract]);
        parent("dataset", String::new(), vec![description, self.reference(), data_objects])
    }

    fn reference(&self) -> Xml {
        let creators = self.creators.iter().map(|creator| additional("recordCreator", vec![value(creator)])).collect();
        let context = elements(vec![
            additional("recordCreators", vec![elements(creators)]),
            additional("systemType", vec![value("Sakarkiv (Noark-5)")]),
            additional("systemName", vec![value(self.system_name)]),
            additional("archive", vec![value(self.archive)]),
        ]);
        let (start, end) = (self.period.from().to_string(), self.period.to().to_string());
        let days = vec![property("startDate", Some(&start), Vec::new()), property("endDate", Some(&end), Vec::new())];
        let content = elements(vec![additional("archivalPeriod", vec![parent("properties", String::new(), days)])]);
        let inner = vec![parent("context", String::new(), vec![context]), parent("content", String::new(), vec![content])];
        parent("reference", String::new(), inner)
    }

    fn info(&self) -> Xml {
        let first = if self.oldest.is_some_and(|day| day < self.period.from()) { "mykt" } else { "skarpt" };
        let borders = vec![
            property("inngaaendeSkille", Some(first), Vec::new()),
            // Nothing in a folder is younger than its closing, which lies in the period.
            property("utgaaendeSkille", Some("skarpt"), Vec::new()),
        ];
        let boolean = |name, is: bool| typed("boolean", name, if is { "true" } else { "false" });
        let more = vec![
            property("periode", None, borders),
            boolean("inneholderSkjermetInformasjon", self.screened),
            boolean("omfatterDokumenterSomErKassert", self.disposed),
            boolean("inneholderDokumenterSomSkalKasseres", self.to_dispose),
            boolean("inneholderVirksomhetsspesifikkeMetadata", self.own_metadata),
            typed("integer", "antallDokumentfiler", &self.files.to_string()),
        ];
        let kind = property("type", Some("Noark 5"), vec![property("version", Some("5.0"), Vec::new())]);
        property("info", None, vec![kind, property("additionalInfo", None, more)])
    }

    fn files(&self) -> Vec<Xml> {
        vec![
            self.file("arkivstruktur", &[("mappe", self.folders), ("registrering", self.registrations)]),
            self.file("endringslogg", &[("endring", self.changes)]),
            self.file("loependeJournal", &[("journalregistrering", self.posts)]),
            self.file("offentligJournal", &[("journalregistrering", self.posts)]),
        ]
    }

    fn file(&self, name: &str, counts: &[(&str, u64)]) -> Xml {
        let counts = counts.iter().map(|(element, count)| {
            let inner =
                vec![property("elementPath", Some(&format!("//{element}")), Vec::new()), typed("integer", "value", &count.to_string())];
            property("numberOfOccurrences", Some(element), inner)
        });
        let info = property("info", None, counts.collect());
        let mut properties = vec![
            property("file", None, self.described(&format!("{name}.xml"), "XML")),
            self.schema(Some("main"), &format!("{name}.xsd")),
            self.schema(None, "metadatakatalog.xsd"),
        ];
        if let Some(own) = self.own_schema.filter(|_| name == "arkivstruktur") {
            properties.push(self.schema(None, own));
        }
        properties.push(info);
        parent("dataObject", format!("name=\"{name}\""), vec![parent("properties", String::new(), properties)])
    }

    fn schema(&self, main: Option<&str>, name: &str) -> Xml {
        let kind = property("type", Some("XML Schema"), vec![property("version", Some("1.0"), Vec::new())]);
        property("schema", main, vec![property("file", None, self.described(name, "XML")), kind])
    }

    fn described(&self, name: &str, format: &str) -> Vec<Xml> {
        let digest = (self.made)(name).sha256.to_string();
        vec![
            property("name", Some(name), Vec::new()),
            property("format", Some(format), vec![property("version", Some("1.0"), Vec::new())]),
            property(
                "checksum",
                None,
                vec![property("algorithm", Some("SHA-256"), Vec::new()), property("value", Some(&digest), Vec::new())],
            ),
        ]
    }
}

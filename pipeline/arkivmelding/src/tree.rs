//! XML as a small tree, for documents whose size is bounded: our own metadata files and the receipts of others.
//!
//! Nothing here trusts the bytes: no document type declaration (so no entities and no files), no nesting without end, no memory
//! that does not follow the length of the input.

use pipeline_domain::{Line, Text};
use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesStart, Event},
    name::{QName, ResolveResult},
};

/// Most that is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub bytes: usize,
    pub elements: usize,
    pub depth: usize,
}

impl Limits {
    /// A metadata file of a case folder.
    pub const OWN: Self = Self { bytes: 16 << 20, elements: 200_000, depth: 24 };
    /// What somebody else sent.
    pub const FOREIGN: Self = Self { bytes: 1 << 20, elements: 20_000, depth: 16 };
}

/// Why bytes are not a tree. Nothing of them is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlFault {
    /// Not XML 1.0 in UTF-8, or with a document type declaration.
    #[error("not well-formed XML")]
    NotWellFormed,
    /// Larger, deeper or with more elements than any honest one.
    #[error("more XML than any honest message has")]
    TooMuch,
}

/// One element. Its text is what stands directly in it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub namespace: String,
    pub name: String,
    /// Local name in `xsi:type`.
    pub xsi_type: Option<String>,
    pub text: String,
    pub children: Vec<Element>,
}

/// Most of the text is about people.
impl std::fmt::Debug for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>[{}]", self.name, self.children.len())
    }
}

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

impl Element {
    /// The root element of a document.
    pub fn read(bytes: &[u8], limits: Limits) -> Result<Self, XmlFault> {
        if bytes.len() > limits.bytes {
            return Err(XmlFault::TooMuch);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| XmlFault::NotWellFormed)?;
        Reading { reader: NsReader::from_str(text.trim_start_matches('\u{FEFF}')), limits, open: Vec::new(), root: None, seen: 0 }.run()
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Down through first children.
    pub fn path(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |at, name| at.child(name))
    }

    /// Text of the first child of this name, without white space around; `None` when there is none.
    pub fn leaf(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.trim()).filter(|t| !t.is_empty())
    }

    /// The same, as text from people.
    pub fn line(&self, name: &str) -> Option<Line> {
        self.leaf(name).map(Line::new)
    }

    /// The same, on more than one line.
    pub fn running_text(&self, name: &str) -> Option<Text> {
        self.leaf(name).map(Text::new)
    }
}

struct Reading<'a> {
    reader: NsReader<&'a [u8]>,
    limits: Limits,
    open: Vec<Element>,
    root: Option<Element>,
    seen: usize,
}

impl Reading<'_> {
    fn run(mut self) -> Result<Element, XmlFault> {
        loop {
            match self.reader.read_event().map_err(|_| XmlFault::NotWellFormed)? {
                Event::Start(tag) => self.start(&tag)?,
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let mut one = [0; 4];
                    let text = match reference.resolve_char_ref() {
                        Ok(Some(c)) => &*c.encode_utf8(&mut one),
                        Ok(None) => quick_xml::escape::resolve_xml_entity(&reference).ok_or(XmlFault::NotWellFormed)?,
                        Err(_) => return Err(XmlFault::NotWellFormed),
                    };
                    self.text(text)?;
                }
                Event::DocType(_) => return Err(XmlFault::NotWellFormed),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return self.root.filter(|_| self.open.is_empty()).ok_or(XmlFault::NotWellFormed),
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlFault> {
        self.seen += 1;
        if self.seen > self.limits.elements || self.open.len() >= self.limits.depth {
            return Err(XmlFault::TooMuch);
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(XmlFault::NotWellFormed);
        }
        let resolver = self.reader.resolver();
        let namespace = match resolver.resolve_element(tag.name()).0 {
            ResolveResult::Bound(namespace) => namespace.0.to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(_) => return Err(XmlFault::NotWellFormed),
        };
        let mut xsi_type = None;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| XmlFault::NotWellFormed)?;
            let is_xsi = matches!(resolver.resolve_attribute(attribute.key).0, ResolveResult::Bound(n) if n.0 == XSI);
            if is_xsi && local(attribute.key) == "type" {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| XmlFault::NotWellFormed)?;
                xsi_type = Some(local(QName(value.trim())).to_owned());
            }
        }
        let name = local(tag.name()).to_owned();
        self.open.push(Element { namespace, name, xsi_type, ..Element::default() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), XmlFault> {
        let done = self.open.pop().ok_or(XmlFault::NotWellFormed)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlFault> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlFault::NotWellFormed),
        }
        Ok(())
    }
}

/// The name without its prefix.
fn local(name: QName<'_>) -> &str {
    name.0.split_once(':').map_or(name.0, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Result<Element, XmlFault> {
        Element::read(xml.as_bytes(), Limits { bytes: 4096, elements: 20, depth: 4 })
    }

    #[test]
    fn a_tree_with_namespaces_types_and_references() {
        let tree = read(
            "\u{FEFF}<?xml version=\"1.0\"?><a xmlns='u:1' xmlns:s='http://www.w3.org/2001/XMLSchema-instance'>\
             <b s:type='p:t'> x &amp; &#248;<![CDATA[<]]> </b><c/></a>",
        )
        .unwrap();
        assert_eq!((tree.namespace.as_str(), tree.name.as_str()), ("u:1", "a"));
        assert_eq!(tree.leaf("b"), Some("x & ø<"));
        assert_eq!(tree.child("b").unwrap().xsi_type.as_deref(), Some("t"));
        assert_eq!(tree.leaf("c"), None);
        assert_eq!(format!("{tree:?}"), "<a>[2]");
    }

    #[test]
    fn what_is_no_tree() {
        let faults = ["", "x", "<a>", "<a/><b/>", "<a></b>", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "<a>&e;</a>", "<p:a/>", "<a/>x"];
        for xml in faults {
            assert_eq!(read(xml), Err(XmlFault::NotWellFormed), "{xml}");
        }
        for xml in [&"<a>".repeat(5), &format!("<a>{}</a>", "<b/>".repeat(20)), &format!("<a>{}</a>", "x".repeat(4096))] {
            assert_eq!(read(xml), Err(XmlFault::TooMuch));
        }
    }
}

//! XML as a stream of elements, bounded and well-formed: what quick-xml leaves unchecked is checked here.

mod chars;
mod guard;
mod tree;

use std::{borrow::Cow, io::Read, rc::Rc};

use guard::{Guard, Meter};
pub use guard::{Hashing, STOPPED};
use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesStart, Event},
    name::{QName, ResolveResult},
};
pub use tree::{Node, read_tree};

use crate::{Limits, Rule};

/// The namespace of `xsi:type`.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Longest name, prefix included.
const NAME_BYTES: usize = 1024;
/// Longest value of an attribute: a list of schema locations is the longest that is known.
const ATTRIBUTE_BYTES: usize = 64 << 10;
/// Events between two questions whether to stop.
const EVENTS_BETWEEN: u32 = 4096;

/// An attribute; namespace declarations are not among them.
#[derive(Debug)]
pub struct Attribute<'a> {
    /// Empty without a prefix.
    pub namespace: &'a str,
    pub prefix: &'a str,
    pub name: &'a str,
    pub value: Cow<'a, str>,
}

/// The value of `xsi:type`.
#[derive(Clone, Copy, Debug)]
pub struct TypeName<'a> {
    /// `None` when its prefix is not declared.
    pub namespace: Option<&'a str>,
    pub name: &'a str,
}

/// An element begins.
#[derive(Debug)]
pub struct Element<'a> {
    pub namespace: &'a str,
    pub name: &'a str,
    pub attributes: &'a [Attribute<'a>],
    /// Prefix (empty for the default) and namespace of what is declared here.
    pub declared: &'a [(&'a str, Cow<'a, str>)],
    pub type_name: Option<TypeName<'a>>,
    pub line: u64,
}

impl Element<'_> {
    /// The value of an attribute without a namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.namespace.is_empty() && a.name == name).map(|a| a.value.as_ref())
    }
}

/// An element ends.
#[derive(Debug)]
pub struct Ending<'a> {
    /// Its text, when it has no children; references resolved.
    pub text: &'a str,
    pub has_children: bool,
    /// Text other than white space outside CDATA.
    pub has_plain_text: bool,
    /// Any text other than white space.
    pub has_text: bool,
    pub line: u64,
}

/// Sees every element of a file, in order.
pub trait Visit {
    fn start(&mut self, element: &Element<'_>);
    fn end(&mut self, ending: &Ending<'_>);
    /// `false` stops the reading as [`Fault::TooMuch`].
    fn goes_on(&self) -> bool {
        true
    }
}

/// Why a file was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NotWellFormed,
    Doctype,
    TooMuch,
    Unreadable,
    Stopped,
}

impl Fault {
    /// The rule that it breaks; none when we were told to stop.
    pub fn rule(self) -> Option<Rule> {
        match self {
            Self::NotWellFormed => Some(Rule::NotWellFormed),
            Self::Doctype => Some(Rule::Doctype),
            Self::TooMuch => Some(Rule::XmlLimit),
            Self::Unreadable => Some(Rule::Unreadable),
            Self::Stopped => None,
        }
    }
}

/// How far the reading came.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    pub fault: Option<Fault>,
    pub line: u64,
}

/// Whether somebody wants us to stop.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Reads a file to its end or to its first fault.
pub fn read(source: impl Read, limits: &Limits, stop: Stop<'_>, visit: &mut dyn Visit) -> Outcome {
    let meter = Rc::new(Meter::default());
    let guard = Guard::new(source, Rc::clone(&meter), limits.markup_bytes);
    let mut reader = Reading { xml: NsReader::from_reader(guard), limits, open: Vec::new(), text: String::new(), has_root: false, meter };
    reader.xml.config_mut().check_comments = true;
    let fault = reader.run(stop, visit).err();
    Outcome { fault, line: reader.meter.lines.get() + 1 }
}

#[derive(Default)]
struct Open {
    has_children: bool,
    has_plain_text: bool,
    has_text: bool,
}

struct Reading<'a, R> {
    xml: NsReader<Guard<R>>,
    limits: &'a Limits,
    open: Vec<Open>,
    text: String,
    has_root: bool,
    meter: Rc<Meter>,
}

impl<R: Read> Reading<'_, R> {
    fn run(&mut self, stop: Stop<'_>, visit: &mut dyn Visit) -> Result<(), Fault> {
        let (mut buf, mut events) = (Vec::new(), 0u32);
        loop {
            buf.clear();
            self.meter.since.set(0);
            let line = self.meter.lines.get() + 1;
            let event = self.xml.read_event_into(&mut buf).map_err(|error| self.fault_of(&error))?;
            match event {
                Event::Start(tag) => self.start(&tag, line, visit)?,
                Event::End(_) => self.end(visit)?,
                Event::Empty(tag) => {
                    self.start(&tag, line, visit)?;
                    // quick-xml closes the scope of an empty element at its next event.
                    self.end(visit)?;
                }
                Event::Text(text) => {
                    if !chars::are_valid(&text) || text.contains("]]>") {
                        return Err(Fault::NotWellFormed);
                    }
                    self.add_text(&text.xml10_content(), true)?;
                }
                Event::CData(text) => {
                    if self.open.is_empty() || !chars::are_valid(&text) {
                        return Err(Fault::NotWellFormed);
                    }
                    self.add_text(&text.xml10_content(), false)?;
                }
                Event::GeneralRef(reference) => {
                    let mut one = [0; 4];
                    let text = match reference.resolve_char_ref() {
                        Ok(Some(c)) if chars::is_valid(c) => &*c.encode_utf8(&mut one),
                        Ok(None) => quick_xml::escape::resolve_xml_entity(&reference).ok_or(Fault::NotWellFormed)?,
                        _ => return Err(Fault::NotWellFormed),
                    };
                    self.refuse_outside()?;
                    self.add_text(text, true)?;
                }
                Event::Comment(text) => chars::are_valid(&text).then_some(()).ok_or(Fault::NotWellFormed)?,
                Event::PI(pi) => {
                    let is_reserved = pi.target().eq_ignore_ascii_case("xml");
                    (chars::are_valid(&pi) && chars::is_name(pi.target()) && !is_reserved).then_some(()).ok_or(Fault::NotWellFormed)?;
                }
                Event::Decl(declaration) => {
                    let is_first = !self.has_root && events == 0;
                    let is_one = declaration.version().is_ok_and(|v| v == "1.0");
                    let is_utf8 = declaration.encoding().is_none_or(|e| e.is_ok_and(|e| e.eq_ignore_ascii_case("utf-8")));
                    (is_first && is_one && is_utf8).then_some(()).ok_or(Fault::NotWellFormed)?;
                }
                Event::DocType(_) => return Err(Fault::Doctype),
                Event::Eof => return if self.open.is_empty() && self.has_root { Ok(()) } else { Err(Fault::NotWellFormed) },
            }
            events = events.wrapping_add(1);
            if events.is_multiple_of(EVENTS_BETWEEN) && stop() {
                return Err(Fault::Stopped);
            }
            if !visit.goes_on() {
                return Err(Fault::TooMuch);
            }
        }
    }

    fn fault_of(&self, error: &quick_xml::Error) -> Fault {
        match error {
            _ if self.meter.is_exceeded.get() => Fault::TooMuch,
            quick_xml::Error::Io(_) => Fault::Unreadable,
            _ => Fault::NotWellFormed,
        }
    }

    fn refuse_outside(&self) -> Result<(), Fault> {
        if self.open.is_empty() { Err(Fault::NotWellFormed) } else { Ok(()) }
    }

    fn add_text(&mut self, text: &str, is_plain: bool) -> Result<(), Fault> {
        let has_text = text.bytes().any(|b| !is_blank(b));
        match self.open.last_mut() {
            Some(open) => {
                open.has_text |= has_text;
                open.has_plain_text |= has_text && is_plain;
            }
            None if has_text => return Err(Fault::NotWellFormed),
            None => return Ok(()),
        }
        if self.text.len() + text.len() > self.limits.markup_bytes as usize {
            return Err(Fault::TooMuch);
        }
        self.text.push_str(text);
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>, line: u64, visit: &mut dyn Visit) -> Result<(), Fault> {
        match self.open.last_mut() {
            Some(open) => open.has_children = true,
            None if self.has_root => return Err(Fault::NotWellFormed),
            None => self.has_root = true,
        }
        if self.open.len() >= self.limits.xml_depth || tag.name().as_ref().len() > NAME_BYTES {
            return Err(Fault::TooMuch);
        }
        if !chars::is_qname(tag.name().as_ref()) {
            return Err(Fault::NotWellFormed);
        }
        self.open.push(Open::default());
        self.text.clear();
        let resolver = self.xml.resolver();
        let mut attributes = Vec::new();
        let mut declared = Vec::new();
        for (at, attribute) in tag.attributes().enumerate() {
            let attribute = attribute.map_err(|_| Fault::NotWellFormed)?;
            if at >= self.limits.attributes || attribute.key.as_ref().len() > NAME_BYTES || attribute.value.len() > ATTRIBUTE_BYTES {
                return Err(Fault::TooMuch);
            }
            let is_valid = chars::is_qname(attribute.key.as_ref()) && chars::are_valid(&attribute.value) && !attribute.value.contains('<');
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok().filter(|v| is_valid && chars::are_valid(v));
            let value = value.ok_or(Fault::NotWellFormed)?;
            // The value may borrow from the attribute, which ends here.
            let value = Cow::Owned(value.into_owned());
            let (name, prefix) = parts(attribute.key);
            match (prefix, name) {
                ("xmlns", prefix) => declared.push((prefix, value)),
                ("", "xmlns") => declared.push(("", value)),
                _ => {
                    let namespace = bound(resolver.resolve_attribute(attribute.key).0)?;
                    attributes.push(Attribute { namespace, prefix, name, value });
                }
            }
        }
        if (1..attributes.len())
            .any(|i| attributes[..i].iter().any(|a| a.name == attributes[i].name && a.namespace == attributes[i].namespace))
        {
            return Err(Fault::NotWellFormed);
        }
        let namespace = bound(resolver.resolve_element(tag.name()).0)?;
        let type_value = attributes.iter().find(|a| a.namespace == XSI && a.name == "type").map(|a| a.value.trim());
        let type_name = type_value.map(|value| {
            let (name, _) = parts(QName(value));
            TypeName { namespace: bound(resolver.resolve(QName(value), true).0).ok(), name }
        });
        let (name, _) = parts(tag.name());
        visit.start(&Element { namespace, name, attributes: &attributes, declared: &declared, type_name, line });
        Ok(())
    }

    fn end(&mut self, visit: &mut dyn Visit) -> Result<(), Fault> {
        let Open { has_children, has_plain_text, has_text } = self.open.pop().ok_or(Fault::NotWellFormed)?;
        let text = if has_children { "" } else { self.text.as_str() };
        visit.end(&Ending { text, has_children, has_plain_text, has_text, line: self.meter.lines.get() + 1 });
        self.text.clear();
        Ok(())
    }
}

/// Local name and prefix, empty when there is none.
fn parts(name: QName<'_>) -> (&str, &str) {
    match name.0.split_once(':') {
        Some((prefix, local)) => (local, prefix),
        None => (name.0, ""),
    }
}

fn bound(resolved: ResolveResult<'_>) -> Result<&str, Fault> {
    match resolved {
        ResolveResult::Bound(namespace) => Ok(namespace.0),
        ResolveResult::Unbound => Ok(""),
        ResolveResult::Unknown(_) => Err(Fault::NotWellFormed),
    }
}

/// White space of XML.
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Without the white space of XML around it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

//! The XML writer: elements with children, elements with text, nothing empty.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use pipeline_domain::{Date, Line, Name, Sha256, Text};
use quick_xml::{
    Writer,
    escape::partial_escape,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use uuid::Uuid;

/// A mandatory element that would hold nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EmptyElement(pub &'static str);

/// What may stand in an element, in the spelling of XML Schema.
pub(crate) trait Value {
    /// The text, not escaped.
    fn text(&self) -> Cow<'_, str>;
}

macro_rules! value {
    ($($type:ty: |$v:ident| $text:expr;)+) => {
        $(impl Value for $type {
            fn text(&self) -> Cow<'_, str> {
                let $v = self;
                $text.into()
            }
        })+
    };
}

value! {
    &str: |v| *v;
    String: |v| v.as_str();
    Name: |v| v.expose();
    Line: |v| v.expose();
    Text: |v| v.expose();
    u16: |v| v.to_string();
    u32: |v| v.to_string();
    u64: |v| v.to_string();
    usize: |v| v.to_string();
    Uuid: |v| v.hyphenated().to_string();
    Sha256: |v| v.to_string();
    // `xs:date`.
    Date: |v| v.to_string();
    // `xs:dateTime`, wall clock in Oslo without offset: as the case folder's own metadata says it.
    NaiveDateTime: |v| v.format("%Y-%m-%dT%H:%M:%S").to_string();
}

impl<V: Value> Value for &V {
    fn text(&self) -> Cow<'_, str> {
        (*self).text()
    }
}

/// Characters that XML 1.0 cannot carry become U+FFFD (§ 2.2, production 2). Our own metadata has none; a target's own words may.
fn xml_text(text: &str) -> String {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}');
    text.chars().map(|c| if allowed(c) { c } else { '\u{FFFD}' }).collect()
}

/// One XML document in the making. Two spaces of indentation, LF, UTF-8.
pub(crate) struct Xml {
    writer: Writer<Vec<u8>>,
    fault: Option<EmptyElement>,
}

impl Xml {
    /// A document with this root element.
    pub fn document(
        root: &'static str,
        attributes: &[(&'static str, &'static str)],
        body: impl FnOnce(&mut Self),
    ) -> Result<Vec<u8>, EmptyElement> {
        let mut xml = Self { writer: Writer::new_with_indent(Vec::new(), b' ', 2), fault: None };
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml.parent_with(root, attributes, body);
        if let Some(fault) = xml.fault {
            return Err(fault);
        }
        let mut bytes = xml.writer.into_inner();
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn event(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("memory takes every write");
    }

    /// An element with children.
    pub fn parent(&mut self, name: &'static str, body: impl FnOnce(&mut Self)) {
        self.parent_with(name, &[], body);
    }

    /// An element with attributes and children. Attribute values are ours, never from people.
    pub fn parent_with(&mut self, name: &'static str, attributes: &[(&'static str, &'static str)], body: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name).with_attributes(attributes.iter().copied())));
        body(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// A mandatory element with text. An empty one fails the document.
    pub fn leaf(&mut self, name: &'static str, value: impl Value) {
        let text = xml_text(&value.text());
        if text.trim().is_empty() {
            self.fault.get_or_insert(EmptyElement(name));
        }
        self.event(Event::Start(BytesStart::new(name)));
        self.event(Event::Text(BytesText::from_escaped(partial_escape(text.as_str()))));
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An optional element: left out without a value (Noark 5 req. 6.4.5).
    pub fn optional(&mut self, name: &'static str, value: Option<impl Value>) {
        if let Some(value) = value.filter(|v| !v.text().trim().is_empty()) {
            self.leaf(name, value);
        }
    }
}

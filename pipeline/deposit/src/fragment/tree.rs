//! One of our own small metadata files as a tree. Text stays as it was written, escaped: what is not changed comes out letter by letter.

use std::{borrow::Cow, io};

use quick_xml::{Reader, escape, events::Event};

/// Deeper than any Noark file.
const DEEPEST: usize = 40;

/// An element with text or with children.
#[derive(Clone, Debug)]
pub(crate) struct Element<'a> {
    pub name: Cow<'a, str>,
    /// As written, without the blank before the first.
    pub attributes: Cow<'a, str>,
    pub content: Content<'a>,
}

#[derive(Clone, Debug)]
pub(crate) enum Content<'a> {
    /// Escaped.
    Text(Cow<'a, str>),
    Children(Vec<Element<'a>>),
}

/// Not a file of ours: no XML, or of a shape that this program never wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl<'a> Element<'a> {
    /// The root element of a document. Comments are dropped; anything else that is no element or text is refused.
    pub fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let mut parser = Parser { text, open: Vec::new() };
        let mut reader = Reader::from_str(text);
        loop {
            let from = position(&reader);
            let event = reader.read_event().map_err(|_| Unreadable)?;
            let to = position(&reader);
            if let Some(root) = parser.take(&event, from, to)? {
                return Ok(root);
            }
        }
    }

    /// An element with escaped text.
    pub fn leaf(name: &'static str, text: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), attributes: "".into(), content: Content::Text(text.into()) }
    }

    pub fn children(&self) -> &[Element<'a>] {
        match &self.content {
            Content::Children(children) => children,
            Content::Text(_) => &[],
        }
    }

    /// Children that may be changed; none of an element with text.
    pub fn children_mut(&mut self) -> Option<&mut Vec<Element<'a>>> {
        match &mut self.content {
            Content::Children(children) => Some(children),
            Content::Text(_) => None,
        }
    }

    /// Every child of this name.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &Element<'a>> {
        self.children().iter().filter(move |child| child.name == name)
    }

    /// The first child of this name.
    pub fn child(&self, name: &'static str) -> Option<&Element<'a>> {
        self.all(name).next()
    }

    /// Escaped text of the first child of this name.
    pub fn raw(&self, name: &'static str) -> Option<&str> {
        self.child(name).and_then(Element::own_raw)
    }

    /// Own escaped text.
    pub fn own_raw(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Children(_) => None,
        }
    }

    /// Text of the first child of this name, as it is meant.
    pub fn text(&self, name: &'static str) -> Option<Cow<'_, str>> {
        self.child(name).and_then(Element::own_text)
    }

    /// Own text, as it is meant.
    pub fn own_text(&self) -> Option<Cow<'_, str>> {
        escape::unescape(self.own_raw()?).ok()
    }

    /// A copy that owns its text.
    pub fn to_owned(&self) -> Element<'static> {
        let content = match &self.content {
            Content::Text(text) => Content::Text(Cow::Owned(text.to_string())),
            Content::Children(children) => Content::Children(children.iter().map(Self::to_owned).collect()),
        };
        Element { name: Cow::Owned(self.name.to_string()), attributes: Cow::Owned(self.attributes.to_string()), content }
    }

    /// Whether an element of this name is here or below.
    pub fn holds(&self, name: &str) -> bool {
        self.name == name || self.children().iter().any(|child| child.holds(name))
    }

    /// Writes the element at this depth: two spaces of indentation, LF.
    pub fn write(&self, out: &mut dyn io::Write, depth: usize) -> io::Result<()> {
        indent(out, depth)?;
        match &self.content {
            Content::Text(text) => {
                self.open_tag(out)?;
                out.write_all(text.as_bytes())?;
            }
            Content::Children(children) => {
                self.open_tag(out)?;
                out.write_all(b"\n")?;
                children.iter().try_for_each(|child| child.write(out, depth + 1))?;
                indent(out, depth)?;
            }
        }
        self.close_tag(out)
    }

    /// The opening tag alone.
    pub fn open_tag(&self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(b"<")?;
        out.write_all(self.name.as_bytes())?;
        if !self.attributes.is_empty() {
            out.write_all(b" ")?;
            out.write_all(self.attributes.as_bytes())?;
        }
        out.write_all(b">")
    }

    /// The closing tag alone, and the end of its line.
    pub fn close_tag(&self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(b"</")?;
        out.write_all(self.name.as_bytes())?;
        out.write_all(b">\n")
    }
}

pub(crate) fn indent(out: &mut dyn io::Write, depth: usize) -> io::Result<()> {
    const BLANKS: &[u8; 64] = &[b' '; 64];
    out.write_all(&BLANKS[..(2 * depth).min(BLANKS.len())])
}

/// Text for an element.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    escape::partial_escape(text)
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).expect("a text in memory is addressable")
}

/// An element whose end has not come.
struct Open<'a> {
    element: Element<'a>,
    begins: usize,
}

struct Parser<'a> {
    text: &'a str,
    open: Vec<Open<'a>>,
}

impl<'a> Parser<'a> {
    /// The root, when this event ends it.
    fn take(&mut self, event: &Event<'_>, from: usize, to: usize) -> Result<Option<Element<'a>>, Unreadable> {
        match event {
            Event::Start(_) => self.start(from, to)?,
            Event::End(_) => return self.end(from),
            Event::Text(text) => {
                let blank = text.trim().is_empty();
                let within = self.open.last().is_some_and(|open| matches!(open.element.content, Content::Text(_)));
                // Text beside elements: no Noark file has it.
                if !blank && !within {
                    return Err(Unreadable);
                }
            }
            Event::GeneralRef(_) | Event::Decl(_) | Event::Comment(_) => {}
            _ => return Err(Unreadable),
        }
        Ok(None)
    }

    fn start(&mut self, from: usize, to: usize) -> Result<(), Unreadable> {
        if self.open.len() >= DEEPEST {
            return Err(Unreadable);
        }
        if let Some(parent) = self.open.last_mut() {
            let between = &self.text[parent.begins..from];
            match &mut parent.element.content {
                // Until its first child came, it might have been an element with text.
                Content::Text(_) if between.trim().is_empty() => parent.element.content = Content::Children(Vec::new()),
                Content::Text(_) => return Err(Unreadable),
                Content::Children(_) => {}
            }
        }
        let tag = self.text.get(from + 1..to - 1).ok_or(Unreadable)?;
        let cut = tag.find(|c: char| c.is_ascii_whitespace()).unwrap_or(tag.len());
        let element = Element { name: tag[..cut].into(), attributes: tag[cut..].trim().into(), content: Content::Text("".into()) };
        self.open.push(Open { element, begins: to });
        Ok(())
    }

    fn end(&mut self, at: usize) -> Result<Option<Element<'a>>, Unreadable> {
        let Open { mut element, begins } = self.open.pop().ok_or(Unreadable)?;
        if let Content::Text(text) = &mut element.content {
            *text = self.text[begins..at].into();
        }
        match self.open.last_mut() {
            None => Ok(Some(element)),
            Some(parent) => {
                parent.element.children_mut().ok_or(Unreadable)?.push(element);
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_comes_out_letter_by_letter() {
        let text = "<a x=\"1\" y=\"2\">\n  <b>R&amp;D &lt; &#248;\nto</b>\n  <c>\n    <d> blank </d>\n  </c>\n</a>\n";
        let root = Element::parse(text).unwrap();
        let mut out = Vec::new();
        root.write(&mut out, 0).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), text);
        assert_eq!(root.text("b").unwrap(), "R&D < ø\nto");
    }

    #[test]
    fn what_we_never_write_is_refused() {
        for text in ["", "<a>", "<a>x<b>y</b></a>", "<a><b>y</b>x</a>", "<!DOCTYPE a><a></a>", "<a><b/></a>", "<a><![CDATA[x]]></a>", "x"] {
            assert!(Element::parse(text).is_err(), "{text}");
        }
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        assert!(Element::parse(&deep).is_err());
    }
}

//! A small tree of an XML file: names without prefix, text, children, and `xsi:type`.

use quick_xml::{Reader, events::Event};

/// An element.
#[derive(Clone, Debug, Default)]
pub struct Element {
    /// Its name, without prefix.
    pub name: String,
    /// Value of its `xsi:type`.
    pub kind: String,
    /// Its own text.
    pub text: String,
    /// What is in it.
    pub children: Vec<Self>,
}

impl Element {
    /// Reads a whole file. The message has no content.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader::from_str(std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().map_err(|_| "not well-formed".to_owned())? {
                Event::Start(tag) => open.push(Self::begun(&tag)),
                Event::Empty(tag) => add(&mut open, Self::begun(&tag))?,
                Event::End(_) => {
                    let done = open.pop().ok_or("an end without a start")?;
                    add(&mut open, done)?;
                }
                Event::Text(text) => last(&mut open)?.text.push_str(&text.xml10_content()),
                Event::CData(_) => return Err("CDATA".to_owned()),
                Event::GeneralRef(entity) => last(&mut open)?.text.push(resolved(&entity)?),
                Event::Eof => break,
                _ => {}
            }
        }
        let root = open.pop().filter(|_| open.is_empty()).ok_or("not closed")?;
        root.children.into_iter().next().ok_or_else(|| "empty".to_owned())
    }

    fn begun(tag: &quick_xml::events::BytesStart) -> Self {
        let kind = tag.attributes().flatten().find(|a| a.key.as_ref() == "xsi:type");
        Self { name: tag.local_name().as_ref().to_owned(), kind: kind.map(|a| a.value.into_owned()).unwrap_or_default(), ..Self::default() }
    }

    /// The first child of a name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    /// All children of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + Clone {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Text of the first child of a name, as it is written; empty when there is none.
    pub fn value(&self, name: &str) -> &str {
        self.child(name).map_or("", |c| c.text.as_str())
    }

    /// The first element of a name, however deep.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|c| c.find(name))
    }
}

fn last(open: &mut [Element]) -> Result<&mut Element, String> {
    open.last_mut().ok_or_else(|| "text outside".to_owned())
}

fn add(open: &mut [Element], done: Element) -> Result<(), String> {
    last(open)?.children.push(done);
    Ok(())
}

fn resolved(entity: &quick_xml::events::BytesRef) -> Result<char, String> {
    if let Ok(Some(letter)) = entity.resolve_char_ref() {
        return Ok(letter);
    }
    match &*entity.xml10_content() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err("an entity of nobody's".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_types_and_texts() {
        let xml = b"<a xmlns:xsi=\"x\"><b xsi:type=\"c\"><v:d>1 &amp; 2&#10;3</v:d></b><b/></a>";
        let root = Element::read(xml).unwrap();
        assert_eq!((root.name.as_str(), root.all("b").count()), ("a", 2));
        let first = root.child("b").unwrap();
        assert_eq!((first.kind.as_str(), first.value("d")), ("c", "1 & 2\n3"));
        assert!(root.find("d").is_some() && root.find("e").is_none());
        assert!(Element::read(b"<a><b></a>").is_err() && Element::read(b"<a>").is_err() && Element::read(b"").is_err());
    }
}

//! XML Schema documents → [`Model`]: the features that the official Noark 5 and ADDML schemas use. What else a schema uses makes
//! the type it stands in unread, and that is told wherever the type is met.

use std::collections::HashMap;

use super::{
    content::{Automaton, Occurs, Particle},
    model::{AttributeDecl, Complex, Content, Decl, Kind, Model, Name},
    simple::{Builtin, Facet, Simple, WhiteSpace, pattern},
};
use crate::xml::Node;

/// The namespace of schemas.
pub const XS: &str = "http://www.w3.org/2001/XMLSchema";
/// Types that stand in or on each other, without names or by name.
const DEEPEST: usize = 32;
/// Declarations of one set: far more than any honest set has.
const MOST_DECLS: usize = 50_000;

/// One document.
pub struct Document {
    pub root: Node,
}

impl Document {
    fn target(&self) -> &str {
        self.root.attribute("targetNamespace").unwrap_or_default()
    }
}

/// Reads documents as one set. Fails when two declare the same name, or when one is no schema.
pub fn read(documents: &[Document]) -> Result<Model, &'static str> {
    let mut reader = Reader { model: Model::default(), types: HashMap::new(), depth: 0 };
    for document in documents {
        reader.register(document)?;
    }
    for document in documents {
        reader.fill(document);
    }
    Ok(reader.model)
}

struct Reader<'a> {
    model: Model,
    /// Where each named type is written, for what extends or restricts it.
    types: HashMap<Name, (&'a Node, &'a Document)>,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Gives every global name its number, so that all may refer to all.
    fn register(&mut self, document: &'a Document) -> Result<(), &'static str> {
        if document.root.namespace != XS || document.root.name != "schema" {
            return Err("it is not an XML Schema");
        }
        self.model.namespaces.push(document.target().to_owned());
        for node in &document.root.children {
            let Some(name) = node.attribute("name").map(|n| self.model.names.add(document.target(), n)) else { continue };
            let is_known = match node.name.as_str() {
                "element" => {
                    let decl = self.declare(name, Kind::Unread);
                    self.model.elements.insert(name, decl).is_some()
                }
                "complexType" => {
                    let kind = self.reserve();
                    self.types.insert(name, (node, document));
                    self.model.types.insert(name, kind).is_some()
                }
                "simpleType" => {
                    self.model.simples.push(Simple::of(Builtin::String));
                    self.types.insert(name, (node, document));
                    self.model.types.insert(name, Kind::Simple(self.model.simples.len() - 1)).is_some()
                }
                _ => false,
            };
            if is_known {
                return Err("it declares what another schema declares");
            }
        }
        Ok(())
    }

    fn reserve(&mut self) -> Kind {
        let empty = Complex { base: None, content: Content::Unread, attributes: Vec::new(), is_abstract: false, is_mixed: false };
        self.model.complexes.push(empty);
        Kind::Complex(self.model.complexes.len() - 1)
    }

    fn declare(&mut self, name: Name, kind: Kind) -> usize {
        self.model.decls.push(Decl { name, kind, is_partly_read: false });
        self.model.decls.len() - 1
    }

    fn fill(&mut self, document: &'a Document) {
        for node in &document.root.children {
            let Some(name) = node.attribute("name").map(|n| self.model.names.add(document.target(), n)) else { continue };
            match (node.name.as_str(), self.model.types.get(&name).copied()) {
                ("element", _) => {
                    let decl = self.model.elements[&name];
                    self.element_into(decl, node, document);
                }
                ("complexType", Some(Kind::Complex(no))) => self.complex_into(no, node, document),
                ("simpleType", Some(Kind::Simple(no))) => {
                    let simple = self.simple(node);
                    self.model.simples[no] = simple.unwrap_or_else(|| Simple { is_partly_read: true, ..Simple::of(Builtin::String) });
                }
                _ => {}
            }
        }
    }

    fn element_into(&mut self, decl: usize, node: &'a Node, document: &'a Document) {
        let kind = match node.attribute("type") {
            Some(name) => self.kind_named(node, name),
            None => match node.children.iter().find(|c| matches!(c.name.as_str(), "complexType" | "simpleType")) {
                Some(inline) => self.inline(inline, document),
                None => Kind::Any,
            },
        };
        let is_plain =
            ["default", "fixed", "substitutionGroup", "abstract", "nillable", "block", "final"].iter().all(|a| node.attribute(a).is_none());
        let is_free = node.children.iter().all(|c| matches!(c.name.as_str(), "annotation" | "complexType" | "simpleType"));
        let decl = &mut self.model.decls[decl];
        (decl.kind, decl.is_partly_read) = (kind, !is_plain || !is_free);
    }

    fn inline(&mut self, node: &'a Node, document: &'a Document) -> Kind {
        if self.depth >= DEEPEST || self.model.decls.len() > MOST_DECLS {
            return Kind::Unread;
        }
        self.depth += 1;
        let kind = if node.name == "simpleType" {
            match self.simple(node) {
                Some(simple) => {
                    self.model.simples.push(simple);
                    Kind::Simple(self.model.simples.len() - 1)
                }
                None => Kind::Unread,
            }
        } else {
            let kind = self.reserve();
            if let Kind::Complex(no) = kind {
                self.complex_into(no, node, document);
            }
            kind
        };
        self.depth -= 1;
        kind
    }

    /// A type by the qualified name in an attribute.
    fn kind_named(&mut self, node: &Node, text: &str) -> Kind {
        match resolve(node, text) {
            Some((XS, "anyType")) => Kind::Any,
            Some((XS, local)) => match Builtin::named(local) {
                Some(builtin) => {
                    let same = self.model.simples.iter().position(|s| s.base == builtin && s.facets.is_empty() && !s.is_partly_read);
                    // A named type that is not filled yet looks like a plain string.
                    match same.filter(|_| builtin != Builtin::String) {
                        Some(no) => Kind::Simple(no),
                        None => {
                            self.model.simples.push(Simple::of(builtin));
                            Kind::Simple(self.model.simples.len() - 1)
                        }
                    }
                }
                None => Kind::Unread,
            },
            Some((namespace, local)) => self.find_type(namespace, local).unwrap_or(Kind::Unread),
            None => Kind::Unread,
        }
    }

    fn find_type(&self, namespace: &str, local: &str) -> Option<Kind> {
        self.model.types.get(&self.model.names.find(namespace, local)?).copied()
    }

    fn complex_into(&mut self, no: usize, node: &'a Node, document: &'a Document) {
        let is_true = |name: &str| matches!(node.attribute(name), Some("true" | "1"));
        let parts = self.parts(node, document, 0);
        let content = match parts.content {
            None => Content::Unread,
            Some(Inside::Value(kind)) => Content::Value(kind),
            Some(Inside::Children(particles)) if particles.is_empty() => Content::Empty,
            Some(Inside::Children(particles)) => {
                let whole = Occurs { min: 1, max: Some(1), particle: Particle::Sequence(particles) };
                Automaton::build(&whole).map_or(Content::Unread, Content::Children)
            }
        };
        let (is_abstract, is_mixed) = (is_true("abstract"), is_true("mixed"));
        self.model.complexes[no] = Complex { base: parts.base, content, attributes: parts.attributes, is_abstract, is_mixed };
    }

    /// What a complex type is made of, with what it extends before it.
    fn parts(&mut self, node: &'a Node, document: &'a Document, depth: usize) -> Parts {
        let mut parts = Parts::default();
        if depth >= DEEPEST || self.model.decls.len() > MOST_DECLS {
            return Parts { content: None, ..parts };
        }
        let derived = node.children.iter().find(|c| matches!(c.name.as_str(), "complexContent" | "simpleContent"));
        let Some(derived) = derived else {
            self.add_own(node, document, &mut parts);
            return parts;
        };
        let extension = derived.first("extension").filter(|_| derived.first("restriction").is_none());
        let Some((extension, base)) = extension.and_then(|e| e.attribute("base").map(|b| (e, b))) else {
            return Parts { content: None, ..parts };
        };
        let kind = self.kind_named(extension, base);
        if derived.name == "simpleContent" && matches!(kind, Kind::Simple(_)) {
            parts.content = Some(Inside::Value(kind));
        } else {
            let written = resolve(extension, base).and_then(|(ns, local)| self.types.get(&self.model.names.find(ns, local)?).copied());
            parts = match written {
                Some((node, document)) if node.name == "complexType" => self.parts(node, document, depth + 1),
                _ => Parts { content: None, ..parts },
            };
        }
        parts.base = Some(kind);
        self.add_own(extension, document, &mut parts);
        parts
    }

    fn add_own(&mut self, node: &'a Node, document: &'a Document, parts: &mut Parts) {
        for child in &node.children {
            match child.name.as_str() {
                "annotation" => {}
                "sequence" | "choice" => match (self.particle(child, document, 0), &mut parts.content) {
                    (Some(own), Some(Inside::Children(particles))) => particles.push(own),
                    _ => parts.content = None,
                },
                "attribute" => match self.attribute(child, document) {
                    Some(attribute) => parts.attributes.push(attribute),
                    None => parts.content = None,
                },
                _ => parts.content = None,
            }
        }
    }

    fn particle(&mut self, node: &'a Node, document: &'a Document, depth: usize) -> Option<Occurs> {
        let min = node.attribute("minOccurs").map_or(Some(1), |text| text.parse().ok())?;
        let max = match node.attribute("maxOccurs") {
            Some("unbounded") => None,
            Some(text) => Some(text.parse().ok()?),
            None => Some(1),
        };
        if depth >= DEEPEST || self.model.decls.len() > MOST_DECLS || max.is_some_and(|max: u32| max < min) {
            return None;
        }
        let inner = |reader: &mut Self| -> Option<Vec<Occurs>> {
            node.children.iter().filter(|c| c.name != "annotation").map(|c| reader.particle(c, document, depth + 1)).collect()
        };
        let particle = match node.name.as_str() {
            "sequence" => Particle::Sequence(inner(self)?),
            "choice" => Particle::Choice(inner(self)?),
            "element" => {
                let decl = self.local_element(node, document)?;
                Particle::Element(self.model.decls[decl].name, decl)
            }
            _ => return None,
        };
        Some(Occurs { min, max, particle })
    }

    fn local_element(&mut self, node: &'a Node, document: &'a Document) -> Option<usize> {
        if let Some(text) = node.attribute("ref") {
            let (namespace, local) = resolve(node, text)?;
            return self.model.elements.get(&self.model.names.find(namespace, local)?).copied();
        }
        let form = node.attribute("form").or_else(|| document.root.attribute("elementFormDefault"));
        let namespace = if form == Some("qualified") { document.target() } else { "" };
        let name = self.model.names.add(namespace, node.attribute("name")?);
        let decl = self.declare(name, Kind::Unread);
        self.element_into(decl, node, document);
        Some(decl)
    }

    fn attribute(&mut self, node: &'a Node, document: &'a Document) -> Option<AttributeDecl> {
        let is_plain =
            ["ref", "default", "fixed", "form"].iter().all(|a| node.attribute(a).is_none()) && node.attribute("use") != Some("prohibited");
        let name = node.attribute("name").filter(|_| is_plain && document.root.attribute("attributeFormDefault") != Some("qualified"))?;
        let kind = match (node.attribute("type"), node.first("simpleType")) {
            (Some(text), _) => self.kind_named(node, text),
            (None, Some(inline)) => self.inline(inline, document),
            (None, None) => Kind::Any,
        };
        Some(AttributeDecl { name: name.to_owned(), kind, is_required: node.attribute("use") == Some("required") })
    }

    /// A restriction of another simple type; `None` for lists, unions and built-in types that are not read.
    fn simple(&mut self, node: &'a Node) -> Option<Simple> {
        let restriction = node.first("restriction")?;
        let mut simple = match (restriction.attribute("base"), restriction.first("simpleType")) {
            (Some(base), _) => match resolve(restriction, base)? {
                (XS, local) => Simple::of(Builtin::named(local)?),
                (namespace, local) => {
                    let (node, _) = *self.types.get(&self.model.names.find(namespace, local)?)?;
                    self.deeper(|reader| reader.simple(node))?
                }
            },
            (None, Some(inline)) => self.deeper(|reader| reader.simple(inline))?,
            (None, None) => return None,
        };
        restrict(&mut simple, restriction);
        Some(simple)
    }

    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        let result = if self.depth < DEEPEST { work(self) } else { None };
        self.depth -= 1;
        result
    }
}

struct Parts {
    /// `None` when something in it is not read.
    content: Option<Inside>,
    attributes: Vec<AttributeDecl>,
    base: Option<Kind>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { content: Some(Inside::Children(Vec::new())), attributes: Vec::new(), base: None }
    }
}

enum Inside {
    Children(Vec<Occurs>),
    Value(Kind),
}

/// Adds the facets of one restriction.
fn restrict(simple: &mut Simple, restriction: &Node) {
    let (mut patterns, mut values) = (Vec::new(), Vec::new());
    for facet in &restriction.children {
        let value = facet.attribute("value").unwrap_or_default();
        let number = || value.parse().ok().filter(|_| simple.base.is_text());
        let bound = || Some(value.to_owned()).filter(|_| simple.base.is_whole_number());
        let added = match facet.name.as_str() {
            "annotation" | "simpleType" => continue,
            "minLength" => number().map(|n| vec![Facet::MinLength(n)]),
            "maxLength" => number().map(|n| vec![Facet::MaxLength(n)]),
            "length" => number().map(|n| vec![Facet::MinLength(n), Facet::MaxLength(n)]),
            "minInclusive" => bound().map(|b| vec![Facet::AtLeast(b)]),
            "maxInclusive" => bound().map(|b| vec![Facet::AtMost(b)]),
            "pattern" => pattern(value).map(|p| patterns.push(p)).map(|()| Vec::new()),
            "enumeration" if simple.base.is_text() => {
                values.push(value.to_owned());
                Some(Vec::new())
            }
            "whiteSpace" => {
                simple.white_space = match value {
                    "collapse" => WhiteSpace::Collapse,
                    "replace" => WhiteSpace::Replace,
                    _ => simple.white_space,
                };
                Some(Vec::new())
            }
            _ => None,
        };
        match added {
            Some(added) => simple.facets.extend(added),
            None => simple.is_partly_read = true,
        }
    }
    // Patterns of one restriction are alternatives; with one that is not read, nothing can be said.
    if !patterns.is_empty() && !simple.is_partly_read {
        simple.facets.push(Facet::Pattern(patterns));
    }
    if !values.is_empty() {
        simple.facets.push(Facet::Enumeration(values));
    }
}

/// Namespace and local name of a qualified name in a schema.
fn resolve<'n>(node: &'n Node, text: &'n str) -> Option<(&'n str, &'n str)> {
    match text.split_once(':') {
        Some((prefix, local)) => Some((node.prefixes.get(prefix)?, local)),
        None => Some((node.prefixes.get("").map_or("", String::as_str), text)),
    }
}

//! Judges a stream of elements by a model. What is wrong is said once, with the schema's own name of the element.

use super::{
    content::State,
    model::{Complex, Content, Kind, Model, Name},
};
use crate::{
    Note,
    xml::{Element, Ending, XSI},
};

/// One breach.
#[derive(Debug)]
pub struct Breach<'m> {
    pub note: Note,
    /// The element, or the one it stands in when no schema has its name.
    pub element: Option<&'m str>,
    pub line: u64,
}

struct Frame {
    kind: Kind,
    name: Option<Name>,
    state: State,
}

/// Follows one file.
pub struct Validator<'m> {
    model: &'m Model,
    open: Vec<Frame>,
    /// Breaches since they were last taken.
    pub breaches: Vec<Breach<'m>>,
    /// Whether anything was met that the schema restricts in a way that is not read here.
    pub has_unread: bool,
}

impl<'m> Validator<'m> {
    pub fn new(model: &'m Model) -> Self {
        Self { model, open: Vec::new(), breaches: Vec::new(), has_unread: false }
    }

    fn breach(&mut self, note: Note, name: Option<Name>, line: u64) {
        let name = name.or_else(|| self.open.last().and_then(|f| f.name));
        self.breaches.push(Breach { note, element: name.map(|n| self.model.names.local(n)), line });
    }

    pub fn start(&mut self, element: &Element<'_>) {
        let name = self.model.names.find(element.namespace, element.name);
        let (mut kind, name) = match self.expected(element, name) {
            Some(decl) => {
                let decl = &self.model.decls[decl];
                self.has_unread |= decl.is_partly_read || decl.kind == Kind::Unread;
                (decl.kind, Some(decl.name))
            }
            None => (self.undeclared(), name),
        };
        if let Some(named) = &element.type_name
            && kind != Kind::Unread
        {
            let found =
                named.namespace.and_then(|ns| self.model.names.find(ns, named.name)).and_then(|n| self.model.types.get(&n).copied());
            match found {
                Some(found) if self.model.is_derived(found, kind) => kind = found,
                _ => self.breach(Note::TypeUnknown, name, element.line),
            }
        }
        self.attributes(element, kind, name);
        self.open.push(Frame { kind, name, state: None });
    }

    /// What an element is judged by that no declaration is for: in `xs:anyType` by what it holds, elsewhere not at all.
    fn undeclared(&self) -> Kind {
        match self.open.last() {
            Some(Frame { kind: Kind::Any, .. }) => Kind::Any,
            _ => Kind::Unread,
        }
    }

    /// The declaration that holds for a child, if there is one; says so when there should be.
    fn expected(&mut self, element: &Element<'_>, name: Option<Name>) -> Option<usize> {
        let global = || name.and_then(|n| self.model.elements.get(&n).copied());
        let Some(frame) = self.open.last_mut() else {
            let decl = global();
            if decl.is_none() {
                self.breach(Note::RootUnknown, name, element.line);
            }
            return decl;
        };
        let complex = match frame.kind {
            Kind::Unread => return None,
            Kind::Any => return global(),
            Kind::Simple(_) => None,
            Kind::Complex(no) => Some(&self.model.complexes[no].content),
        };
        let automaton = match complex {
            Some(Content::Unread) => return None,
            Some(Content::Children(automaton)) => Some(automaton),
            _ => None,
        };
        let right = automaton.zip(name).and_then(|(a, name)| a.step(frame.state, name));
        let found = right.or_else(|| automaton.zip(name).and_then(|(a, name)| a.anywhere(name)));
        if let Some((at, _)) = found {
            frame.state = Some(at);
        }
        if right.is_none() {
            self.breach(Note::ElementUnexpected, found.and(name), element.line);
        }
        found.map(|(_, decl)| decl)
    }

    fn attributes(&mut self, element: &Element<'_>, kind: Kind, name: Option<Name>) {
        let complex: Option<&'m Complex> = match kind {
            Kind::Complex(no) => Some(&self.model.complexes[no]),
            Kind::Simple(_) => None,
            Kind::Any | Kind::Unread => return,
        };
        if complex.is_some_and(|c| c.is_abstract) {
            self.breach(Note::TypeUnknown, name, element.line);
        }
        if complex.is_some_and(|c| matches!(c.content, Content::Unread)) {
            self.has_unread = true;
            return;
        }
        let declared = complex.map_or(&[][..], |c| &c.attributes);
        for attribute in element.attributes {
            // No schema that is read here allows nil.
            if attribute.namespace == XSI && matches!(attribute.name, "type" | "schemaLocation" | "noNamespaceSchemaLocation") {
                continue;
            }
            match declared.iter().find(|d| attribute.namespace.is_empty() && d.name == attribute.name) {
                None => self.breach(Note::AttributeUnexpected, name, element.line),
                Some(declaration) => self.value(declaration.kind, &attribute.value, name, element.line),
            }
        }
        for _ in declared.iter().filter(|d| d.is_required && element.attribute(&d.name).is_none()) {
            self.breach(Note::AttributeMissing, name, element.line);
        }
    }

    fn value(&mut self, kind: Kind, text: &str, name: Option<Name>, line: u64) {
        match kind {
            Kind::Simple(no) => {
                let simple = &self.model.simples[no];
                self.has_unread |= simple.is_partly_read;
                if let Some(note) = simple.judge(text) {
                    self.breach(note, name, line);
                }
            }
            Kind::Unread => self.has_unread = true,
            Kind::Any | Kind::Complex(_) => {}
        }
    }

    pub fn end(&mut self, ending: &Ending<'_>) {
        let Some(Frame { kind, name, state }) = self.open.pop() else { return };
        match kind {
            Kind::Any | Kind::Unread => {}
            // A child has been told of already.
            Kind::Simple(_) if ending.has_children => {}
            Kind::Simple(_) => self.value(kind, ending.text, name, ending.line),
            Kind::Complex(no) => {
                let complex = &self.model.complexes[no];
                if let Content::Value(kind) = complex.content
                    && !ending.has_children
                {
                    self.value(kind, ending.text, name, ending.line);
                }
                let has_elements_only = matches!(complex.content, Content::Empty | Content::Children(_)) && !complex.is_mixed;
                if has_elements_only && ending.has_text {
                    self.breach(Note::TextUnexpected, name, ending.line);
                }
                if let Content::Children(automaton) = &complex.content
                    && !automaton.may_end(state)
                {
                    self.breach(Note::ElementsMissing, name, ending.line);
                }
            }
        }
    }
}

//! What the schemas say, ready to judge with.

use std::collections::HashMap;

use super::{
    content::{Automaton, DeclNo},
    simple::Simple,
};

/// Number of an expanded name (namespace and local name).
pub type Name = u32;

/// Names, each with its number.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<Box<str>, HashMap<Box<str>, Name>>,
    locals: Vec<Box<str>>,
}

impl Names {
    /// The number of a name, a new one if need be.
    pub fn add(&mut self, namespace: &str, local: &str) -> Name {
        if let Some(name) = self.find(namespace, local) {
            return name;
        }
        let name = self.locals.len() as Name;
        self.locals.push(local.into());
        self.numbers.entry(namespace.into()).or_default().insert(local.into(), name);
        name
    }

    /// The number of a name that a schema has.
    pub fn find(&self, namespace: &str, local: &str) -> Option<Name> {
        self.numbers.get(namespace)?.get(local).copied()
    }

    /// Its local part.
    pub fn local(&self, name: Name) -> &str {
        &self.locals[name as usize]
    }
}

/// A type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `xs:anyType`: anything, and what is declared in it is judged.
    Any,
    Simple(usize),
    Complex(usize),
    /// Uses something that is not read here: nothing below is judged.
    Unread,
}

/// An element that is declared.
#[derive(Clone, Debug)]
pub struct Decl {
    pub name: Name,
    pub kind: Kind,
    /// A constraint stands on it that is not read here.
    pub is_partly_read: bool,
}

/// An attribute that is declared.
#[derive(Clone, Debug)]
pub struct AttributeDecl {
    pub name: String,
    pub kind: Kind,
    pub is_required: bool,
}

/// What stands between the tags.
#[derive(Debug)]
pub enum Content {
    Empty,
    Value(Kind),
    Children(Automaton),
    Unread,
}

/// A complex type.
#[derive(Debug)]
pub struct Complex {
    /// The type that it extends.
    pub base: Option<Kind>,
    pub content: Content,
    pub attributes: Vec<AttributeDecl>,
    pub is_abstract: bool,
    pub is_mixed: bool,
}

/// All schemas together.
#[derive(Debug, Default)]
pub struct Model {
    pub names: Names,
    pub namespaces: Vec<String>,
    pub decls: Vec<Decl>,
    pub elements: HashMap<Name, DeclNo>,
    pub types: HashMap<Name, Kind>,
    pub simples: Vec<Simple>,
    pub complexes: Vec<Complex>,
}

impl Model {
    /// Whether any schema is of this namespace.
    pub fn knows(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|n| n == namespace)
    }

    /// Whether a type is another or extends it.
    pub fn is_derived(&self, kind: Kind, from: Kind) -> bool {
        let mut at = Some(kind);
        // A chain of extensions longer than this is a circle.
        for _ in 0..64 {
            match at {
                Some(kind) if kind == from || from == Kind::Any => return true,
                Some(Kind::Complex(no)) => at = self.complexes[no].base,
                _ => return false,
            }
        }
        false
    }
}

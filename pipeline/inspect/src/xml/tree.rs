//! A small file as a tree: `arkivuttrekk.xml` and schemas.

use std::{collections::HashMap, io::Read, rc::Rc};

use super::{Element, Ending, Outcome, Stop, Visit, read};
use crate::Limits;

/// Elements of one tree. The largest official schema has some 3,000.
const MOST_NODES: usize = 200_000;

/// An element with what is in it.
#[derive(Debug, Default)]
pub struct Node {
    pub namespace: String,
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
    pub text: String,
    pub line: u64,
    /// Prefixes in scope, the empty one for the default. Shared with the parent when nothing is declared.
    pub prefixes: Rc<HashMap<String, String>>,
}

impl Node {
    /// The value of an attribute without a namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Children of this local name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The first child of this local name.
    pub fn first(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|c| c.name == name)
    }
}

/// Reads a tree, or as much of it as there is, and says how far it came.
pub fn read_tree(source: impl Read, limits: &Limits, stop: Stop<'_>) -> (Option<Node>, Outcome) {
    let mut builder = Builder::default();
    let outcome = read(source, limits, stop, &mut builder);
    (builder.root, outcome)
}

#[derive(Default)]
struct Builder {
    open: Vec<Node>,
    root: Option<Node>,
    nodes: usize,
}

impl Visit for Builder {
    fn start(&mut self, element: &Element<'_>) {
        self.nodes += 1;
        let mut prefixes = self.open.last().map(|above| Rc::clone(&above.prefixes)).unwrap_or_default();
        if !element.declared.is_empty() {
            let scope = Rc::make_mut(&mut prefixes);
            scope.extend(element.declared.iter().map(|(prefix, uri)| ((*prefix).to_owned(), uri.to_string())));
        }
        let attributes = element.attributes.iter().filter(|a| a.namespace.is_empty());
        self.open.push(Node {
            namespace: element.namespace.to_owned(),
            name: element.name.to_owned(),
            attributes: attributes.map(|a| (a.name.to_owned(), a.value.to_string())).collect(),
            line: element.line,
            prefixes,
            ..Node::default()
        });
    }

    fn end(&mut self, ending: &Ending<'_>) {
        let Some(mut node) = self.open.pop() else { return };
        node.text = ending.text.to_owned();
        match self.open.last_mut() {
            Some(above) => above.children.push(node),
            None => self.root = Some(node),
        }
    }

    fn goes_on(&self) -> bool {
        self.nodes <= MOST_NODES
    }
}

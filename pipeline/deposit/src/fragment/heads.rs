//! What stands above the folders: arkiv, arkivdel, klassifikasjonssystem, klasse.

use super::{
    ARKIVSTRUKTUR, OWN,
    tree::{Element, Unreadable},
};

/// The archive as it is called today, from an arkivstruktur document without folders.
#[derive(Debug)]
pub(crate) struct Skeleton {
    /// Everything of `arkiv` that stands before its parts.
    pub arkiv: Vec<Element<'static>>,
    /// The part that new folders go to today.
    pub part: Part,
    /// Every class.
    pub classes: Vec<Class>,
}

/// A part (arkivdel) without its folders.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub system_id: String,
    pub title: String,
    /// Everything that stands before the classification.
    pub head: Vec<Element<'static>>,
    /// Everything of the classification that stands before its classes.
    pub system: Vec<Element<'static>>,
}

/// A class without its folders.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    /// `klasseID`.
    pub id: String,
    /// Everything that stands before its folders.
    pub head: Vec<Element<'static>>,
}

impl Skeleton {
    /// Takes it from the document.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let root = Element::parse(text)?;
        check_root(&root)?;
        let arkivdel = root.child("arkivdel").ok_or(Unreadable)?;
        let system = arkivdel.child("klassifikasjonssystem").ok_or(Unreadable)?;
        let classes: Result<Vec<Class>, Unreadable> = system.all("klasse").map(Class::of).collect();
        Ok(Self { arkiv: before(&root, "arkivdel"), part: Part::of(arkivdel)?, classes: classes? })
    }
}

impl Part {
    fn of(arkivdel: &Element<'_>) -> Result<Self, Unreadable> {
        let system = arkivdel.child("klassifikasjonssystem").ok_or(Unreadable)?;
        Ok(Self {
            system_id: arkivdel.text("systemID").ok_or(Unreadable)?.into_owned(),
            title: arkivdel.text("tittel").ok_or(Unreadable)?.into_owned(),
            head: before(arkivdel, "klassifikasjonssystem"),
            system: before(system, "klasse"),
        })
    }

    /// Whether this is what the operator means: by title or `systemID`.
    pub fn is_called(&self, name: &str) -> bool {
        self.title == name || self.system_id == name
    }
}

impl Class {
    fn of(klasse: &Element<'_>) -> Result<Self, Unreadable> {
        Ok(Self { id: klasse.text("klasseID").ok_or(Unreadable)?.into_owned(), head: before(klasse, "mappe") })
    }
}

/// The part and the class that a folder's own document puts it in.
pub(crate) fn place_of(root: &Element<'_>) -> Result<(Part, Class), Unreadable> {
    check_root(root)?;
    let arkivdel = only(root, "arkivdel")?;
    let klasse = only(only(arkivdel, "klassifikasjonssystem")?, "klasse")?;
    Ok((Part::of(arkivdel)?, Class::of(klasse)?))
}

/// The folder of a document that has one.
pub(crate) fn mappe_of<'a>(mut root: Element<'a>) -> Result<Element<'a>, Unreadable> {
    check_root(&root)?;
    for name in ["arkivdel", "klassifikasjonssystem", "klasse", "mappe"] {
        let children = root.children_mut().ok_or(Unreadable)?;
        let at = children.iter().position(|child| child.name == name).ok_or(Unreadable)?;
        root = children.swap_remove(at);
    }
    Ok(root)
}

/// Elements are moved into a document with these name spaces: another prefix would change what they mean.
fn check_root(root: &Element<'_>) -> Result<(), Unreadable> {
    let has = |name: &str, value: &str| root.attributes.contains(&format!("{name}=\"{value}\""));
    let fits = root.name == "arkiv"
        && has("xmlns", ARKIVSTRUKTUR)
        && has("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
        && has("xmlns:vsm", OWN);
    if fits { Ok(()) } else { Err(Unreadable) }
}

fn only<'e, 'a>(parent: &'e Element<'a>, name: &'static str) -> Result<&'e Element<'a>, Unreadable> {
    let mut all = parent.all(name);
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Unreadable),
    }
}

fn before(parent: &Element<'_>, name: &str) -> Vec<Element<'static>> {
    parent.children().iter().take_while(|child| child.name != name).map(Element::to_owned).collect()
}

//! What an extract says otherwise than a living folder: no word on preservation where everything is kept, only files in archive format,
//! under the paths of the extract.

use std::{borrow::Cow, collections::BTreeSet};

use pipeline_domain::Sha256;

use crate::fragment::{Content, Element, Unreadable, escaped};

/// variantformat (M700) of what is delivered.
const DELIVERED: [&str; 2] = ["Arkivformat", "Dokument hvor deler av innholdet er skjermet"];
/// kassasjonsvedtak (M450): Arkade N5.44 takes any `kassasjon` of an extract for something to dispose of.
const KEPT: &str = "Bevares";

/// State of a closed folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// «Avsluttet».
    Closed,
    /// «Utgår»: its metadata is delivered, its files are not.
    Lapsed,
}

/// A file that a registration refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileRef {
    /// `systemID` of the document object.
    pub unit: String,
    /// In the case folder.
    pub from: String,
    /// In the content folder.
    pub to: String,
    pub sha256: Sha256,
    pub size_bytes: u64,
}

/// What came of a registration.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    pub files: Vec<FileRef>,
    /// `systemID` of documents that have a file, but none in archive format.
    pub without_copy: Vec<String>,
}

/// Where the registration goes.
pub(crate) struct Into<'a> {
    /// `systemID` of the part.
    pub part: &'a str,
    /// `DOKUMENT/2026/000018`.
    pub folder: &'a str,
    pub standing: Standing,
    /// File names that the folder has used.
    pub names: &'a mut BTreeSet<String>,
}

/// Changes the registration to what the extract says.
pub(crate) fn deliver(registrering: &mut Element<'_>, into: &mut Into<'_>) -> Result<Delivered, Unreadable> {
    adapt(registrering, into.part);
    if into.standing == Standing::Lapsed {
        set(registrering, "journalstatus", "Utgår");
    }
    let mut delivered = Delivered::default();
    for document in registrering.children_mut().ok_or(Unreadable)?.iter_mut().filter(|c| c.name == "dokumentbeskrivelse") {
        adapt(document, into.part);
        let objects = document.all("dokumentobjekt").count();
        let lapsed = into.standing == Standing::Lapsed;
        let children = document.children_mut().ok_or(Unreadable)?;
        children.retain(|child| child.name != "dokumentobjekt" || (!lapsed && is_delivered(child)));
        for object in children.iter_mut().filter(|c| c.name == "dokumentobjekt") {
            delivered.files.push(file(object, into)?);
        }
        if objects > 0 && !lapsed && document.child("dokumentobjekt").is_none() {
            delivered.without_copy.push(document.text("systemID").ok_or(Unreadable)?.into_owned());
        }
    }
    Ok(delivered)
}

/// Changes that folders, registrations and documents have in common.
pub(crate) fn adapt(unit: &mut Element<'_>, part: &str) {
    let Some(children) = unit.children_mut() else { return };
    children.retain(|child| child.name != "kassasjon" || child.text("kassasjonsvedtak").as_deref() != Some(KEPT));
    // Written under an older part: the folder stands where it stands (Arkade N5.48).
    set(unit, "referanseArkivdel", part);
}

/// Gives every child of this name this text. None is added.
pub(crate) fn set(unit: &mut Element<'_>, name: &str, text: &str) {
    for child in unit.children_mut().into_iter().flatten().filter(|child| child.name == name) {
        child.content = Content::Text(Cow::Owned(escaped(text).into_owned()));
    }
}

fn is_delivered(object: &Element<'_>) -> bool {
    object.text("variantformat").is_some_and(|variant| DELIVERED.contains(&variant.as_ref()))
}

fn file(object: &mut Element<'_>, into: &mut Into<'_>) -> Result<FileRef, Unreadable> {
    let told = |name| object.text(name).ok_or(Unreadable);
    let from = told("referanseDokumentfil")?.into_owned();
    let name = name_of(&from).ok_or(Unreadable)?;
    if !into.names.insert(name.to_lowercase()) {
        return Err(Unreadable);
    }
    let to = format!("{}/{name}", into.folder);
    let file = FileRef {
        unit: told("systemID")?.into_owned(),
        sha256: told("sjekksum")?.to_lowercase().parse().map_err(|_| Unreadable)?,
        size_bytes: told("filstoerrelse")?.parse().map_err(|_| Unreadable)?,
        to: to.clone(),
        from,
    };
    set(object, "referanseDokumentfil", &to);
    Ok(file)
}

/// Name in the extract: as in the case folder, with its kind for what does not lie among the documents. Never the word «dokument»:
/// Arkade cuts paths at it.
fn name_of(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/')?;
    let (stem, extension) = name.rsplit_once('.')?;
    let stem = if folder == "skjermet" { format!("{stem}-skjermet") } else { stem.to_owned() };
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if !plain(&stem) || !plain(extension) {
        return None;
    }
    let name = format!("{stem}.{extension}");
    if !name.to_lowercase().contains("dokument") {
        return Some(name);
    }
    // The running number tells them apart.
    let number: String = stem.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then(|| format!("{number}_fil.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_extract() {
        let check = |path, expected: Option<&str>| assert_eq!(name_of(path).as_deref(), expected, "{path}");
        check("dokumenter/02_motereferat.pdf", Some("02_motereferat.pdf"));
        check("vedlegg/03-1.jpg", Some("03-1.jpg"));
        check("vedlegg/03-1-arkiv.pdf", Some("03-1-arkiv.pdf"));
        check("skjermet/03-1.pdf", Some("03-1-skjermet.pdf"));
        check("dokumenter/04_Dokumentliste.pdf", Some("04_fil.pdf"));
        check("dokumenter/dokument.pdf", None);
        check("02.pdf", None);
        check("dokumenter/a b.pdf", None);
        check("dokumenter/a", None);
    }
}

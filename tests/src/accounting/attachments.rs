//! Files that came with documents: there, byte for byte, under names of ours.

use super::{Finding, Year, documents::Archived, folder::Folder};
use crate::digest;

/// Holds what was told to come against the files. Answers how many lie there as they came.
pub fn judge(year: &Year, folders: &[Folder], archived: &Archived, found: &mut Vec<Finding>) -> usize {
    let mut held = 0;
    for told in year.documents() {
        let Some(place) = archived.get(&told.line) else { continue };
        let named = told.list("/content/attachment_list").iter().filter_map(|a| a["hash"].as_str());
        let own = (told.kind() == "attachment").then(|| told.text("/content/sha256"));
        for hash in named.chain(own) {
            let object = place.registration.objects().find(|(_, o)| o.value("sjekksum") == hash);
            let bytes = object.and_then(|(_, o)| place.folder.bytes(o.value("referanseDokumentfil")));
            match bytes {
                Some(bytes) if digest(&bytes) == hash => held += 1,
                Some(_) => found.push(Finding::new("attachment_differs", format!("line {}: {hash}", told.line))),
                None => found.push(Finding::new("attachment_missing", format!("line {}: {hash}", told.line))),
            }
        }
    }
    for folder in folders {
        for registration in &folder.registrations {
            let at = |what: &str| format!("{} no {} {what}", folder.place, registration.no);
            let parts = registration.element.all("dokumentbeskrivelse").filter(|d| d.value("tilknyttetRegistreringSom") == "Vedlegg");
            if registration.element.value("antallVedlegg") != parts.clone().count().to_string() {
                found.push(Finding::new("attachments_miscounted", at("")));
            }
            for object in parts.flat_map(|d| d.all("dokumentobjekt")) {
                let file = object.value("referanseDokumentfil");
                let same = folder
                    .bytes(file)
                    .is_some_and(|b| object.value("sjekksum") == digest(&b) && object.value("filstoerrelse") == b.len().to_string());
                if !same {
                    found.push(Finding::new("attachment_differs", at(file)));
                }
                if !is_ours(file) {
                    found.push(Finding::new("attachment_name_is_not_ours", at("")));
                }
            }
        }
    }
    held
}

/// `vedlegg/03-1.jpg`, `vedlegg/03-1-arkiv.pdf`: digits and an extension.
fn is_ours(file: &str) -> bool {
    let Some((stem, extension)) = file.strip_prefix("vedlegg/").and_then(|f| f.split_once('.')) else { return false };
    let numbers = stem.strip_suffix("-arkiv").unwrap_or(stem);
    !numbers.is_empty() && numbers.chars().all(|c| c.is_ascii_digit() || c == '-') && extension.len() <= 5
}

//! Address protection: on «strengt fortrolig» no address, school, unit or place is printed or put in metadata (DOMAIN § 7).
//!
//! `kilde/` is left out: it is what the source system told, kept as it came, and it is not what the paper prints or the metadata say. What was archived before the protection
//! stays as it was: an archived document is never changed. «Fortrolig» leaves out addresses, and no document type has a field for one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Finding, Told, Year, folder::Folder, times::Instant};
use crate::{Tool, essence};

/// Fields that say where somebody is.
const PLACES: [&str; 10] =
    ["unit_name", "lead_unit", "from_unit", "to_unit", "school", "from_school", "to_school", "place", "service", "digital_link"];
/// Shorter words say nothing by themselves.
const SHORTEST: usize = 6;

/// Looks through every folder of somebody whose address is strictly protected. Answers how many there are.
pub fn judge(year: &Year, folders: &[Folder], found: &mut Vec<Finding>) -> usize {
    let mut protected = 0;
    for folder in folders {
        let told: Vec<&Told> = year.told.iter().filter(|t| t.plan() == folder.plan()).collect();
        let is_strict = |t: &&&Told| t.text("/case/address_protection") == "strictly_confidential";
        let Some(since) = told.iter().find(is_strict).map(|t| t.at) else { continue };
        protected += 1;
        let mut words = BTreeSet::new();
        told.iter().for_each(|t| places(&t.envelope, &mut words));
        // The municipality's own name stands on everything.
        words.retain(|word| {
            word.chars().count() >= SHORTEST && told.iter().all(|t| !t.text("/case/municipality_name").to_lowercase().contains(word))
        });
        look(folder, since, &words, found);
    }
    protected
}

fn places(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let is_place = PLACES.contains(&key.as_str());
                words.extend(inner.as_str().filter(|_| is_place).map(str::to_lowercase));
                places(inner, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| places(item, words)),
        _ => {}
    }
}

/// Everything that was written since the protection holds, and is not the source itself.
fn look(folder: &Folder, since: Instant, words: &BTreeSet<String>, found: &mut Vec<Finding>) {
    let since_then: BTreeSet<String> = folder.inventory["versions"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, version)| version["created"].as_str().and_then(super::times::instant).is_some_and(|at| at > since))
        .map(|(name, _)| name.clone())
        .collect();
    let pdftotext = Tool::find("pdftotext");
    for (name, file) in folder.files() {
        let version = name.split('/').next().unwrap_or_default();
        if !since_then.contains(version) || name.contains("/kilde/") {
            continue;
        }
        let text = match (name.rsplit('.').next(), &pdftotext) {
            (Some("pdf"), Some(tool)) => essence(&tool.pass([file.as_os_str(), "-".as_ref()])),
            (Some("pdf"), None) => continue,
            _ => essence(&String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default())),
        };
        if words.iter().any(|word| text.contains(&essence(word))) {
            found.push(Finding::new("protected_place_told", format!("{} {name}", folder.place)));
        }
    }
}

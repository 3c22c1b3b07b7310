//! Screening on folder, registration and document, each by itself: receiving systems do not always inherit it (DOMAIN § 7).

use std::{collections::BTreeSet, fs};

use super::{Finding, Told, Year, folder::Folder, xml::Element};

/// Looks at every metadata file of every version. Answers how many units were looked at.
pub fn judge(folder: &Folder, year: &Year, found: &mut Vec<Finding>) -> usize {
    let told: Vec<&Told> = year.told.iter().filter(|t| t.plan() == folder.plan()).collect();
    let bases: BTreeSet<&str> = told.iter().map(|t| t.text("/case/screening_basis")).collect();
    let names: BTreeSet<String> = told.iter().flat_map(|t| names(t)).collect();
    let mut looked = 0;
    for (name, file) in folder.files().into_iter().filter(|(name, _)| is_structure(name)) {
        let mut say = |code, what: &str| found.push(Finding::new(code, format!("{} {name}: {what}", folder.place)));
        let Some(root) = fs::read(&file).ok().and_then(|bytes| Element::read(&bytes).ok()) else {
            say("metadata_unreadable", "");
            continue;
        };
        let mut units = Vec::new();
        collect(&root, &mut units);
        looked += units.len();
        if units.iter().all(|u| u.name != "mappe") {
            say("folder_not_in_metadata", "");
        }
        for unit in units {
            if !is_screened(unit, &bases) {
                say("screening_missing", &unit.name);
            }
            let public = unit.value("offentligTittel");
            if public.split([' ', '-']).any(|word| names.contains(&word.to_lowercase())) {
                say("name_in_public_title", &unit.name);
            }
            let first_line = unit.value("tittel").split('\n').next().unwrap_or_default();
            if unit.name != "dokumentbeskrivelse" && public != format!("{first_line} ******") {
                say("public_title_wrong", &unit.name);
            }
        }
    }
    looked
}

/// `v3/content/metadata/03.xml`, `v1/content/metadata/mappe.xml`.
fn is_structure(name: &str) -> bool {
    let file = name.split_once("/content/metadata/").and_then(|(_, f)| f.strip_suffix(".xml"));
    file.is_some_and(|stem| stem == "mappe" || stem.bytes().all(|b| b.is_ascii_digit()))
}

fn collect<'e>(element: &'e Element, units: &mut Vec<&'e Element>) {
    if ["mappe", "registrering", "dokumentbeskrivelse"].contains(&element.name.as_str()) {
        units.push(element);
    }
    element.children.iter().for_each(|child| collect(child, units));
}

fn is_screened(unit: &Element, bases: &BTreeSet<&str>) -> bool {
    let Some(screening) = unit.child("skjerming") else { return false };
    let metadata: Vec<&str> = screening.all("skjermingMetadata").map(|m| m.text.as_str()).collect();
    let hides = match unit.name.as_str() {
        "mappe" => vec!["Skjerming tittel mappe - unntatt første linje", "Skjerming navn part i sak"],
        "registrering" => vec!["Skjerming tittel registrering - unntatt første linje"],
        _ => Vec::new(),
    };
    let whole = unit.name == "mappe" || screening.value("skjermingDokument") == "Skjerming av hele dokumentet";
    screening.value("tilgangsrestriksjon") == "Unntatt offentlighet"
        && screening.value("skjermingshjemmel").starts_with("Offl. § 13")
        && bases.contains(screening.value("skjermingshjemmel"))
        && screening.value("skjermingsvarighet") == "60"
        && hides.iter().all(|what| metadata.contains(what))
        && whole
}

/// Names of the people of a case, and the parts of them, in small letters.
fn names(told: &Told) -> Vec<String> {
    let guardians = told.list("/case/guardians").iter().filter_map(|g| g["name"].as_str());
    let all = guardians.chain([told.text("/case/subject_name"), told.text("/case/lead_name")]);
    all.flat_map(|name| name.split([' ', '-'])).map(str::to_lowercase).filter(|part| part.chars().count() > 2).collect()
}

//! Numbers of the journal: each once, none left out.
//!
//! As DOMAIN § 7 (arkivforskrifta § 15: a readable identifier) and the map's «a document's place is decided once» are read here: in each
//! municipality and year journal entries count 1, 2, 3 … over all folders, in each folder their own numbers do, and case folders count
//! over the municipality's year. Everything that was taken is archived, so nothing is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Year, folder::Folder};

/// Holds the numbers of all folders against each other.
pub fn judge(year: &Year, folders: &[Folder], found: &mut Vec<Finding>) {
    let mut entries: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    let mut cases: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for folder in folders {
        let number = |name: &str| folder.case.value(name).parse().unwrap_or_default();
        cases.entry((&folder.municipality, folder.case.value("saksaar"))).or_default().push(number("sakssekvensnummer"));
        let inside: Vec<u64> =
            folder.registrations.iter().map(|r| r.element.value("journalpostnummer").parse().unwrap_or_default()).collect();
        if inside != (1..=folder.registrations.len() as u64).collect::<Vec<_>>() {
            found.push(Finding::new("number_in_folder_wrong", &folder.place));
        }
        let own_numbers = folder.registrations.iter().all(|r| r.no.to_string() == r.element.value("journalpostnummer"));
        if !own_numbers {
            found.push(Finding::new("number_differs_from_file", &folder.place));
        }
        for registration in &folder.registrations {
            let key = (folder.municipality.as_str(), registration.element.value("journalaar"));
            entries.entry(key).or_default().push(registration.element.value("journalsekvensnummer").parse().unwrap_or_default());
        }
    }
    let mut judge = |what: &'static str, numbers: BTreeMap<(&str, &str), Vec<u64>>, reserved: &dyn Fn(&str) -> usize| {
        for ((municipality, of), mut all) in numbers {
            all.sort_unstable();
            let different: BTreeSet<u64> = all.iter().copied().collect();
            let last = all.last().copied().unwrap_or_default();
            if different.len() < all.len() {
                found.push(Finding::new("number_twice", format!("{what} {municipality}/{of}")));
            }
            // A folder can be reserved by a plan that has no document yet.
            let without = reserved(municipality) as u64;
            if all.first() == Some(&0) || last > different.len() as u64 + without {
                found.push(Finding::new("number_left_out", format!("{what} {municipality}/{of}: {} of {last}", different.len())));
            }
        }
    };
    judge("journal", entries, &|_| 0);
    let with_folder: BTreeSet<&str> = folders.iter().map(Folder::plan).collect();
    judge("case", cases, &|municipality| {
        let created = year.told.iter().filter(|t| t.event() == Some("plan.created") && t.municipality() == municipality);
        created.map(super::Told::plan).filter(|plan| !with_folder.contains(plan)).collect::<BTreeSet<_>>().len()
    });
}

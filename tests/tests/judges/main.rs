//! Programs that we did not write look at everything that the samples become.

mod folders;
mod mails;
mod papers;
mod reading;
mod secrecy;
mod xml;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use arkivflyt_tests::{House, Sample, files_below, good_samples, house_in, left_closed};

/// One house with every sample archived; all judges look at it. It stays for those who want to look too.
fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let house = house_in(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("judged"));
        house.ask(0, ["demo"]);
        house
    })
}

/// One archived document: the sample, its paper, its source and its registration.
struct Archived {
    sample: Sample,
    pdf: PathBuf,
    source: PathBuf,
    registration: PathBuf,
}

/// A list that Arkivflyt made itself of what a closed folder holds: judged by its source, like every other.
fn made_here(json: &serde_json::Value, source: &Path) -> Sample {
    assert_eq!(json["source"]["system"], "arkivflyt", "{} is no sample", json["id"]);
    assert_eq!(json["schema"], "arkivflyt/folder_overview/1", "{json}");
    let name = format!("folder-overview/made-{}.json", json["case"]["plan_id"].as_str().unwrap());
    Sample { name, path: source.to_owned(), bytes: serde_json::to_vec(json).unwrap() }
}

/// Every archived document, found from the disk alone.
fn documents() -> Vec<Archived> {
    let samples = good_samples();
    let mut found = Vec::new();
    for case in house().case_folders() {
        let files = files_below(&case);
        for source in files.iter().filter(|f| f.parent().is_some_and(|p| p.ends_with("kilde"))) {
            let json: serde_json::Value = serde_json::from_slice(&std::fs::read(source).unwrap()).unwrap();
            let key = format!("{} v{}", json["id"].as_str().unwrap(), json["content"]["version"]);
            let sample = samples.iter().find(|s| s.key() == key).cloned().unwrap_or_else(|| made_here(&json, source));
            let no = source.file_stem().unwrap().to_str().unwrap();
            let content = source.parent().unwrap().parent().unwrap();
            let starts = |f: &&PathBuf, folder: &str| {
                f.parent() == Some(&content.join(folder)) && f.file_name().unwrap().to_str().unwrap().starts_with(no)
            };
            let one =
                |folder: &str| files.iter().find(|f| starts(f, folder)).unwrap_or_else(|| panic!("{key}: nothing in {folder}")).clone();
            found.push(Archived { pdf: one("dokumenter"), registration: one("metadata"), source: source.clone(), sample });
        }
    }
    found.sort_by(|a, b| a.sample.name.cmp(&b.sample.name));
    let handed_in = |d: &&Archived| samples.iter().any(|s| s.name == d.sample.name);
    assert_eq!(
        found.iter().filter(handed_in).map(|d| &d.sample.name).collect::<Vec<_>>(),
        samples.iter().map(|s| &s.name).collect::<Vec<_>>(),
        "each sample once"
    );
    assert_eq!(found.len(), samples.len() + left_closed(), "and a list in each folder that is closed");
    found
}

//! A house whose access log several stories read, and what they read of it.

use std::{collections::BTreeSet, fs, path::Path};

use arkivflyt_tests::{House, Sample, files_below, good_samples, personal_values, samples_folder};
use serde_json::Value;

pub const FOLDER: &str = "9901/2026/000001";
pub const PLAN: &str = "ed53c194-d665-5a81-b530-e28dc82fd7b6";
pub const LEAD: &str = "00000000-0000-4000-8000-00000000000a";
pub const LOCAL: &str = "00000000-0000-4000-8000-00000000000b";
const SAMPLES: [&str; 2] = ["plan-snapshot/full-ip.json", "meeting-minutes/nynorsk.json"];

/// A plan in bokmål and one in nynorsk, in two municipalities.
pub fn house() -> House {
    archived(House::new())
}

pub fn archived(house: House) -> House {
    for name in SAMPLES {
        house.ask(0, ["submit".as_ref(), samples_folder().join(name).as_os_str(), "--wait".as_ref()]);
    }
    house
}

/// The lines of a municipality's log.
pub fn rows(house: &House, municipality: &str) -> Vec<Value> {
    let folder = house.at("access").join(municipality);
    if !folder.is_dir() {
        return Vec::new();
    }
    let is_log = |p: &Path| p.extension().is_some_and(|e| e == "jsonl") && p.file_stem().is_some_and(|s| s.len() == 7);
    let logs = files_below(&folder).into_iter().filter(|p| is_log(p));
    logs.flat_map(|log| fs::read_to_string(log).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<Value>>())
        .collect()
}

pub fn export(house: &House, code: i32, out: &Path, more: &[&str]) -> Value {
    house.ask(code, [&["case", "export", FOLDER, "-o", out.to_str().unwrap(), "--note", "kontroll 2026"], more].concat())
}

/// Nothing below `access/` names anybody, whatever was done.
#[track_caller]
pub fn names_nobody(house: &House) {
    let samples: Vec<Sample> = good_samples().into_iter().filter(|s| SAMPLES.contains(&s.name.as_str())).collect();
    let personal: BTreeSet<String> = personal_values(&samples).into_keys().filter(|v| v.len() > 4).collect();
    for file in files_below(&house.at("access")) {
        let text = fs::read_to_string(&file).unwrap();
        let found: Vec<&String> = personal.iter().filter(|value| text.contains(*value)).collect();
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

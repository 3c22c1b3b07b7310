//! No mail, name of a file, report, request or row of the access log holds a name, a national id, or any text of what was told (DOMAIN §§ 8, 10); no mail tells a kind of plan; and
//! no folder holds anybody's address.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{Finding, Year, folder::Folder, letter::Mail, texts::Texts};
use crate::{Needle, Sample, files_below, found_in, needles, personal_values};

/// What a plan is called, in both written forms.
const PLAN_WORDS: [&str; 7] = ["individuell", "enkelt samsp", "stafett", "opplæring", "iop", "hovedperson", "hovudperson"];

/// Words of ours that somebody may write too, and that name nobody: kinds of documents in the names of files (README: they do tell those), and
/// columns of reports.
const WORDS_OF_OURS: [&str; 12] = [
    "status",
    "samtykke",
    "vedlegg",
    "referat",
    "motereferat",
    "innkalling",
    "evaluering",
    "avslutning",
    "overforing",
    "internmeldinger",
    "arsrapport",
    "dokumenter",
];

/// Searches everything but the papers. Answers how many different values were looked for.
pub fn judge(data: &Path, year: &Year, mails: &[Mail], texts: &Texts, found: &mut Vec<Finding>) -> usize {
    let needles = values(year, texts);
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in mails {
        for line in &mail.lines {
            said.entry(line.to_lowercase()).or_default().push(format!("mail {}", mail.file));
        }
    }
    for line in said.keys().filter(|line| PLAN_WORDS.iter().any(|word| line.contains(word))) {
        found.extend(said[line].iter().take(1).map(|place| Finding::new("leak_of_plan_type", place)));
    }
    for file in files_below(data) {
        let name = file.strip_prefix(data).expect("it lies below").display().to_string();
        for part in name.split('/') {
            said.entry(part.to_lowercase()).or_default().push("the name of a file or folder".to_owned());
        }
        if ["reports/", "requests/", "access/", "bounces/"].iter().any(|f| name.starts_with(f)) && !name.ends_with(".pdf") {
            let text = fs::read(&file).map(|b| String::from_utf8_lossy(&b).to_lowercase()).unwrap_or_default();
            said.entry(text).or_default().push(name);
        }
    }
    // All at once, since there are many values and few different lines.
    let everything: String = said.keys().flat_map(|line| [line.as_str(), "\n"]).collect();
    for needle in found_in(&everything, &needles) {
        let lines = said.iter().filter(|(line, _)| line.contains(&needle.text));
        let places: BTreeSet<&String> = lines.flat_map(|(_, places)| places.iter().take(3)).collect();
        found.extend(places.into_iter().take(5).map(|place| Finding::new("leak", format!("{place}: {}", needle.origin))));
    }
    needles.len()
}

/// Every value of what was told that says something about somebody.
fn values(year: &Year, texts: &Texts) -> Vec<Needle> {
    let sample = |told: &super::Told| Sample {
        name: format!("line {}", told.line),
        path: PathBuf::new(),
        bytes: told.envelope.to_string().into_bytes(),
    };
    let samples: Vec<Sample> = year.told.iter().map(sample).collect();
    let mut all = needles(&personal_values(&samples));
    all.retain(|n| !texts.fixed.contains(&n.text) && !WORDS_OF_OURS.contains(&n.text.as_str()));
    all
}

/// No address of anybody is kept in a folder, in data or metadata.
pub fn addresses(year: &Year, folders: &[Folder], found: &mut Vec<Finding>) {
    for folder in folders {
        let mut addresses = BTreeSet::new();
        year.told.iter().filter(|t| t.plan() == folder.plan()).for_each(|t| collect(&t.envelope, &mut addresses));
        for (name, file) in folder.files().into_iter().filter(|(name, _)| ["json", "xml", "html"].iter().any(|x| name.ends_with(x))) {
            let text = fs::read_to_string(&file).unwrap_or_default().to_lowercase();
            if text.contains('@') && addresses.iter().any(|address| text.contains(address.as_str())) {
                found.push(Finding::new("address_archived", format!("{} {name}", folder.place)));
            }
        }
    }
}

fn collect(value: &serde_json::Value, addresses: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            addresses.extend(map.get("email").and_then(|e| e.as_str()).map(str::to_lowercase));
            map.values().for_each(|v| collect(v, addresses));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|v| collect(v, addresses)),
        _ => {}
    }
}

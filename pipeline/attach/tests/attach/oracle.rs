//! Identification against siegfried (PyPI `pygfried`), which reads PRONOM's own signature files: no unexplained difference.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::corpus;

/// Reads every file of a folder and prints `name<TAB>id id`, in siegfried's words.
const SCRIPT: &str = r#"
import os, sys
import pygfried
folder = sys.argv[1]
for name in sorted(os.listdir(folder)):
    found = pygfried.identify(os.path.join(folder, name), detailed=True)["files"][0]["matches"]
    # A guess by extension alone is no identification.
    ids = [m["id"] for m in found if m["id"] != "UNKNOWN" and (m["warning"] != "match on extension only" or m["id"] in ("x-fmt/18", "fmt/817"))]
    print(name + "\t" + " ".join(ids))
"#;

/// Ids by file; `None` when Python or pygfried is not here.
fn siegfried(folder: &Path) -> Option<BTreeMap<String, String>> {
    let run = Command::new("python3").args(["-c", SCRIPT]).arg(folder).output();
    let Some(out) = run.ok().filter(|o| o.status.success()) else {
        assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1 and missing: Python 3 with pygfried");
        eprintln!("SKIPPED: siegfried was not asked: Python 3 with pygfried is not installed");
        return None;
    };
    let text = String::from_utf8(out.stdout).unwrap();
    Some(text.lines().filter_map(|l| l.split_once('\t')).map(|(n, ids)| (n.to_owned(), ids.to_owned())).collect())
}

#[test]
fn siegfried_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let samples = corpus::all();
    // Numbered, since two samples may bear one name.
    let file_name = |i: usize, name: &str| format!("{i:03}-{name}");
    for (i, sample) in samples.iter().enumerate() {
        std::fs::write(folder.path().join(file_name(i, &sample.name)), &sample.bytes).unwrap();
    }
    let Some(theirs) = siegfried(folder.path()) else { return };
    assert_eq!(theirs.len(), samples.len());
    let mut unexplained = Vec::new();
    let mut explained = 0;
    for (i, sample) in samples.iter().enumerate() {
        let said = &theirs[&file_name(i, &sample.name)];
        let same = said == sample.puid.unwrap_or_default();
        match sample.differs {
            None if !same => unexplained.push(format!("{}: we say {:?}, siegfried {said:?}", sample.name, sample.puid)),
            Some(why) if same => unexplained.push(format!("{}: no difference any more ({why})", sample.name)),
            Some(_) => explained += 1,
            None => {}
        }
    }
    println!("{} files, {explained} explained differences", samples.len());
    assert!(unexplained.is_empty(), "\n{}", unexplained.join("\n"));
}

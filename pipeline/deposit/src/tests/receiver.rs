//! The letter's commands, run as they stand there.

use std::process::Command;

use super::{xmllint::Official, *};

/// The commands of the letter, in one language: what is indented. `None` for a language that it lacks.
fn commands(letter: &str, language: usize) -> Vec<String> {
    let part = letter.split("\n-----").nth(language).expect("a letter has two languages");
    part.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

/// Runs them in a shell that stops at the first that fails.
fn hold(commands: &[String], at: &Path) -> Result<(), String> {
    let out = Command::new("sh").args(["-e", "-c", &commands.join("\n")]).current_dir(at).output().unwrap();
    if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()) }
}

fn made(official: &Official, wrap: fn(Order) -> Order) -> (Shelf, crate::Report, Vec<String>) {
    let shelf = Shelf::mixed();
    let report = shelf.make(&wrap(order(official.folders()))).unwrap().report().clone();
    let letter = fs::read_to_string(shelf.target().join(crate::LETTER)).unwrap();
    let commands = [commands(&letter, 0), commands(&letter, 1)];
    assert_eq!(commands[0], commands[1], "both languages say the same");
    assert!(commands[0].len() >= 7 && letter.contains("UTTREKK AV ARKIV") && letter.contains("EXTRACT OF AN ARCHIVE"), "{letter}");
    assert!(letter.ends_with("\n\nsjekkpunkt.1.7.AAAA\nBBBB;\n"), "the checkpoint ends it");
    let [commands, _] = commands;
    (shelf, report, commands)
}

#[test]
fn the_letter_of_an_extract_tells_how_to_check_it() {
    let Some(official) = Official::find() else { return };
    let (shelf, report, commands) = made(&official, |order| order);
    let at = shelf.target();
    hold(&commands, &at).unwrap();
    assert_eq!(report.digests, Some(Sha256::of(&fs::read(at.join(crate::DIGESTS)).unwrap())));

    let extra = at.join("content/DOKUMENT/2024/000002/x.pdf");
    fs::write(&extra, "x").unwrap();
    hold(&commands, &at).expect_err("a file was added");
    fs::remove_file(extra).unwrap();
    let document = at.join("content/DOKUMENT/2024/000002/01_plan.pdf");
    let whole = fs::read(&document).unwrap();
    fs::write(&document, [&whole[..20], b"x", &whole[21..]].concat()).unwrap();
    assert!(hold(&commands, &at).expect_err("a byte was changed").contains("01_plan.pdf"));
    fs::write(&document, whole).unwrap();
    hold(&commands, &at).unwrap();
}

#[test]
fn the_letter_of_a_package_tells_how_to_check_it() {
    let Some(official) = Official::find() else { return };
    let (shelf, report, commands) = made(&official, with_package);
    let at = shelf.target();
    hold(&commands, &at).unwrap();
    let root = at.join(report.id.to_string());
    let inside = |name: &str| fs::read(root.join("administrative_metadata").join(name)).unwrap();
    assert_eq!(inside(crate::LETTER), fs::read(at.join(crate::LETTER)).unwrap(), "it lies in the package too");
    assert_eq!(report.digests, Some(Sha256::of(&inside(crate::DIGESTS))));

    // Every file but the list itself and dias-mets.xml stands in the list.
    let list = String::from_utf8(inside(crate::DIGESTS)).unwrap();
    let listed: std::collections::BTreeSet<&str> = list.lines().map(|line| &line[66..]).collect();
    let mut found = bytes_of(&root);
    assert!(found.remove("dias-mets.xml").is_some() && found.remove("administrative_metadata/sha256.txt").is_some());
    assert_eq!(listed, found.keys().map(String::as_str).collect());

    fs::remove_dir_all(&root).unwrap();
    let tar = at.join(format!("{}.tar", report.id));
    let mut bytes = fs::read(&tar).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&tar, bytes).unwrap();
    hold(&commands, &at).expect_err("the package was changed");
}

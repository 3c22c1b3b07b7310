//! The drop folder takes what is whole and ordinary, refuses what is not, leaves what is still being written, and loses nothing.

use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

use arkivflyt_tests::{House, broken_samples, digest, good_samples, set_age};

fn good(name: &str) -> Vec<u8> {
    good_samples().into_iter().find(|s| s.name == name).unwrap().bytes
}

fn pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[test]
fn everything_that_can_lie_there() {
    let house = House::new();
    let inbox = house.at("inbox");
    let outside = tempfile::tempdir().unwrap();
    let (one, two, four) =
        (good("plan-snapshot/minimal-ip.json"), good("plan-snapshot/minimal-es.json"), good("plan-snapshot/minimal-iop.json"));

    fs::write(inbox.join("ordinary.json"), &one).unwrap();
    fs::write(outside.path().join("linked.json"), &two).unwrap();
    symlink(outside.path().join("linked.json"), inbox.join("link.json")).unwrap();
    symlink("/nowhere/at/all", inbox.join("dangling.json")).unwrap();
    pipe(&inbox.join("pipe.json"));
    fs::create_dir(inbox.join("folder.json")).unwrap();
    fs::write(inbox.join("folder.json/inside.json"), &four).unwrap();
    fs::write(inbox.join(".hidden.json"), &four).unwrap();
    fs::write(inbox.join("coming.json.part"), &four).unwrap();
    fs::write(inbox.join("fresh.json"), &four[..four.len() / 2]).unwrap();
    let old = &four[..four.len() / 3];
    fs::write(inbox.join("stopped.json"), old).unwrap();
    set_age(&inbox.join("stopped.json"), Duration::from_secs(3600));
    fs::write(inbox.join("empty.json"), b"").unwrap();
    set_age(&inbox.join("empty.json"), Duration::from_secs(3600));
    let broken = broken_samples().into_iter().find(|s| s.name == "plan-snapshot/broken/date_impossible.json").unwrap();
    fs::write(inbox.join("broken.json"), &broken.bytes).unwrap();

    let run = house.ask(3, ["run-once"]);
    assert_eq!(
        (run["accepted"].as_u64(), run["archived"].as_u64(), run["still_being_written"].as_u64()),
        (Some(1), Some(1), Some(1)),
        "{run}"
    );
    assert_eq!(run["refused"].as_array().unwrap().len(), 6, "two links, a pipe, and three broken ones: {run}");

    // What is left, and what it holds.
    let mut left: Vec<String> = fs::read_dir(&inbox).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, [".hidden.json", "coming.json.part", "folder.json", "fresh.json"]);
    assert_eq!(fs::read(inbox.join("folder.json/inside.json")).unwrap(), four);
    // What lies outside was neither read nor changed.
    assert_eq!(fs::read(outside.path().join("linked.json")).unwrap(), two);

    for bytes in [old, b"".as_slice(), &broken.bytes] {
        let stem = digest(bytes);
        assert_eq!(fs::read(house.at(&format!("refused/{stem}.json"))).unwrap(), bytes);
        assert!(house.at(&format!("refused/{stem}.problems.json")).is_file());
    }
    let unread: Vec<String> = fs::read_dir(house.at("refused"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.starts_with("unread-") && !n.ends_with(".problems.json"))
        .collect();
    assert_eq!(unread.len(), 3, "each is kept, unread: {unread:?}");
    for name in &unread {
        let problems = fs::read_to_string(house.at(&format!("refused/{name}.problems.json"))).unwrap();
        assert!(problems.contains("inbox_not_regular"), "{problems}");
    }

    // The one that was still being written is taken when it is whole; the one under a hidden name when it gets its own.
    fs::write(inbox.join("fresh.json"), &four).unwrap();
    fs::rename(inbox.join("coming.json.part"), inbox.join("came.json")).unwrap();
    let run = house.ask(0, ["run-once"]);
    assert_eq!((run["archived"].as_u64(), run["known"].as_u64()), (Some(1), Some(1)), "the same twice: {run}");
    assert!(!inbox.join("fresh.json").exists() && !inbox.join("came.json").exists());
}

#[test]
fn a_second_name_of_a_file_elsewhere_waits_and_is_then_refused_unread() {
    let house = House::new();
    let outside = tempfile::tempdir_in(house.data()).unwrap();
    let (file, bytes) = (outside.path().join("elsewhere.json"), good("plan-snapshot/minimal-sl.json"));
    fs::write(&file, &bytes).unwrap();
    fs::hard_link(&file, house.at("inbox/hard.json")).unwrap();
    // Somebody may be giving a finished file its name by link and unlink.
    assert_eq!(house.ask(0, ["run-once"])["still_being_written"], 1);
    std::thread::sleep(Duration::from_secs(11));
    let run = house.ask(3, ["run-once"]);
    assert_eq!(run["refused"][0]["problems"][0]["code"], "inbox_not_regular", "{run}");
    assert_eq!(fs::read(&file).unwrap(), bytes);
    assert!(!house.at("inbox/hard.json").exists());
}

#[test]
fn too_large_is_refused_by_size_and_kept() {
    let house = House::new().with("INTAKE__MAX_BYTES", "20000");
    let bytes = good("plan-snapshot/many-goals.json");
    assert!(bytes.len() > 20_000);
    fs::write(house.at("inbox/large.json"), &bytes).unwrap();
    let run = house.ask(3, ["run-once"]);
    assert_eq!(run["refused"][0]["problems"][0]["code"], "document_too_large", "{run}");
    let whole = |p: &Path| fs::read(p).is_ok_and(|b| b == bytes);
    let kept = arkivflyt_tests::files_below(house.data()).iter().any(|p| whole(p));
    assert!(kept, "a document that is too large is kept whole");
}

#[test]
fn an_unreadable_file_stops_nobody_else() {
    let house = House::new();
    fs::write(house.at("inbox/a.json"), good("plan-snapshot/minimal-ip.json")).unwrap();
    fs::write(house.at("inbox/b.json"), good("plan-snapshot/minimal-es.json")).unwrap();
    let mode = |m: u32| <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(m);
    fs::set_permissions(house.at("inbox/a.json"), mode(0)).unwrap();
    if fs::read(house.at("inbox/a.json")).is_ok() {
        eprintln!("SKIPPED: root reads what nobody may");
        return;
    }
    let run = house.run(["run-once", "--json"]);
    assert_eq!(run.json()["archived"], 1, "{run}");
    assert!(house.at("inbox/a.json").exists(), "left for the one who may read it");
}

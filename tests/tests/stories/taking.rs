//! What is taken is what was read: private names, refused names, links, other disks, and what stays in `accepted/`.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, symlink},
    path::Path,
    process::Command,
    time::Duration,
};

use arkivflyt_tests::{House, broken_samples, digest, files_below, good_samples, samples_folder, set_age};
use serde_json::Value;

fn good(name: &str) -> Vec<u8> {
    good_samples().into_iter().find(|s| s.name == name).unwrap().bytes
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_a_stop_left_half_taken_is_taken_next_time() {
    for (command, archived) in [("run-once", 1), ("doctor", 0)] {
        let house = House::new();
        fs::write(house.at("inbox/.taken-00000003-4711"), good("plan-snapshot/minimal-ip.json")).unwrap();
        house.ask(0, [command]);
        assert!(names(&house.at("inbox")).is_empty(), "{command}");
        assert_eq!(house.case_folders().len(), archived, "{command}");
        house.ask(0, ["run-once"]);
        assert_eq!(house.case_folders().len(), 1, "{command}");
    }
}

#[test]
fn a_second_name_is_waited_for() {
    let house = House::new();
    let [coming, name] = ["inbox/.coming", "inbox/document.json"].map(|n| house.at(n));
    fs::write(&coming, good("plan-snapshot/minimal-ip.json")).unwrap();
    fs::hard_link(&coming, &name).unwrap();
    let run = house.ask(0, ["run-once"]);
    assert_eq!((run["still_being_written"].as_u64(), run["refused"].as_array().unwrap().len()), (Some(1), 0), "{run}");
    fs::remove_file(&coming).unwrap();
    assert_eq!(house.ask(0, ["run-once"])["archived"], 1);
}

#[test]
fn a_slow_writer_keeps_its_file() {
    let house = House::new();
    let bytes = good("plan-snapshot/minimal-ip.json");
    let path = house.at("inbox/slow.json");
    let mut writer = fs::File::create(&path).unwrap();
    writer.write_all(&bytes[..100]).unwrap();
    set_age(&path, Duration::from_secs(3600));
    let inode = writer.metadata().unwrap().ino();
    house.ask(3, ["run-once"]);
    writer.write_all(&bytes[100..]).unwrap();
    let refused = house.at(&format!("refused/{}.json", digest(&bytes[..100])));
    assert_eq!((fs::metadata(&refused).unwrap().ino(), fs::read(&refused).unwrap()), (inode, bytes), "not a byte is lost");
}

#[test]
fn room_that_is_not_filled_yet_is_waited_for() {
    let house = House::new();
    let bytes = good("plan-snapshot/minimal-ip.json");
    let mut half = bytes[..500].to_vec();
    half.resize(bytes.len(), 0);
    fs::write(house.at("inbox/copied.json"), half).unwrap();
    assert_eq!(house.ask(0, ["run-once"])["still_being_written"], 1);
    fs::write(house.at("inbox/copied.json"), bytes).unwrap();
    assert_eq!(house.ask(0, ["run-once"])["archived"], 1);
}

#[test]
fn nothing_refused_is_overwritten() {
    let house = House::new();
    symlink("/nowhere/at/all", house.at("inbox/link.json")).unwrap();
    let inode = fs::symlink_metadata(house.at("inbox/link.json")).unwrap().ino();
    let [first, second] = ["", "-2"].map(|n| house.at(&format!("refused/unread-{inode}{n}")));
    fs::write(&first, b"of an earlier file with this inode").unwrap();
    house.ask(3, ["run-once"]);
    assert_eq!(fs::read(&first).unwrap(), b"of an earlier file with this inode");
    assert_eq!(fs::read_link(&second).unwrap(), Path::new("/nowhere/at/all"));
    assert!(house.at(&format!("refused/unread-{inode}-2.problems.json")).is_file());
}

#[test]
fn the_newest_reason_stands() {
    let house = House::new();
    let file = samples_folder().join("plan-snapshot/minimal-ip.json");
    let codes = || {
        let stem = digest(&fs::read(&file).unwrap());
        let problems: Value = serde_json::from_slice(&fs::read(house.at(&format!("refused/{stem}.problems.json"))).unwrap()).unwrap();
        problems["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let municipalities = house.at("municipalities");
    fs::rename(&municipalities, house.at("away")).unwrap();
    fs::create_dir(&municipalities).unwrap();
    house.ask(5, ["submit".as_ref(), file.as_os_str()]);
    let first = codes();
    fs::remove_dir(&municipalities).unwrap();
    fs::rename(house.at("away"), &municipalities).unwrap();
    let mut strict = house.frozen(["submit".as_ref(), file.as_os_str()]);
    assert_eq!(strict.env("ARKIVFLYT__INTAKE__SYNTHETIC", "refuse").output().unwrap().status.code(), Some(5));
    assert_eq!((first.len(), codes().len()), (1, 1));
    assert_ne!(codes(), first);
    assert_eq!(names(&house.at("refused")).len(), 2);
}

/// A small file system of its own, gone with the test.
struct OtherDisk(std::path::PathBuf);

impl OtherDisk {
    fn mount(at: std::path::PathBuf) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"]).arg(&at).output();
        let mounted = mounted.is_ok_and(|m| m.status.success());
        if !mounted {
            arkivflyt_tests::skip("the right to mount a file system");
        }
        mounted.then_some(Self(at))
    }
}

impl Drop for OtherDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_file_that_cannot_be_moved_stops_nobody_else() {
    let house = House::new();
    let Some(_disk) = OtherDisk::mount(house.at("refused")) else { return };
    fs::write(house.at("inbox/b.json"), good("plan-snapshot/minimal-ip.json")).unwrap();
    symlink("/nowhere/at/all", house.at("inbox/a.json")).unwrap();
    let broken = broken_samples().into_iter().find(|s| s.name == "plan-snapshot/broken/date_impossible.json").unwrap();
    fs::write(house.at("inbox/c.json"), &broken.bytes).unwrap();
    let run = house.ask(3, ["run-once"]);
    assert_eq!((run["unreadable"].as_u64(), run["archived"].as_u64()), (Some(1), Some(1)), "{run}");
    assert_eq!(names(&house.at("inbox")), ["a.json"], "the link stays; what was read is copied over");
    let stem = digest(&broken.bytes);
    assert_eq!(names(&house.at("refused")), [format!("{stem}.json"), format!("{stem}.problems.json")]);
}

#[test]
fn what_the_user_names_is_read() {
    let house = House::new();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.json"), good("plan-snapshot/minimal-ip.json")).unwrap();
    fs::hard_link(at("a.json"), at("second-name.json")).unwrap();
    symlink(at("a.json"), at("link.json")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe.json")).status().unwrap().success());
    symlink(at("ring.json"), at("ring.json")).unwrap();
    let answers = |args: &[&str], code: i32| {
        let paths = args.iter().map(|a| at(a).into_os_string());
        let answer = house.ask(code, ["submit".into()].into_iter().chain(paths));
        let word = |l: &Value| l["problems"][0]["code"].as_str().or(l["answer"].as_str()).unwrap().to_owned();
        answer["documents"].as_array().unwrap().iter().map(word).collect::<Vec<_>>()
    };
    assert_eq!(answers(&["second-name.json", "pipe.json", "link.json"], 3), ["accepted", "inbox_not_regular", "known"]);
    // In a folder, a link is not what the user named.
    let expected = ["known", "inbox_not_regular", "inbox_not_regular", "inbox_not_regular", "known"];
    assert_eq!(answers(&["."], 3), expected);
    fs::create_dir(at("empty")).unwrap();
    let run = house.run(["submit".as_ref(), at("empty").as_os_str()]).expect(0);
    assert!(run.stderr.contains("ingen dokumenter"), "{run}");
}

#[test]
fn a_refused_id_takes_nobody_elses_file_away() {
    let house = House::new();
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    let first = json(&good("plan-snapshot/minimal-es.json"));
    let mut other = first.clone();
    other["content"]["purpose"] = "Noe annet enn før.".into();
    let mut renamed = other.clone();
    renamed["id"] = "00000000-0000-4000-8000-000000000002".into();
    for (name, document) in [("a", &first), ("b", &other), ("c", &renamed), ("d", &other)] {
        fs::write(house.at(&format!("inbox/{name}.json")), document.to_string()).unwrap();
    }
    let run = house.ask(3, ["run-once"]);
    assert_eq!((run["accepted"].as_u64(), run["archived"].as_u64(), run["known"].as_u64()), (Some(2), Some(2), Some(1)), "{run}");
    assert_eq!(run["refused"][0]["problems"][0]["code"], "document_id_reused", "{run}");
    assert!(names(&house.at("inbox")).is_empty());
}

#[test]
fn a_corrected_address_counts_and_does_not_stay() {
    let house = House::new().with("INTAKE__KEEP_ACCEPTED_DAYS", "0");
    let bytes = good("meeting-minutes/full.json");
    house.feed(["submit", "-"], &bytes).expect(0);
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains("@example.org"), "the sample has an address");
    let corrected = text.replace("@example.org", "@corrected.example.org");
    let answer = house.feed(["submit", "-", "--json"], corrected.as_bytes()).expect(0).json();
    assert_eq!(answer["documents"][0]["answer"], "known", "{answer}");
    house.ask(0, ["run-once"]);
    let mails = files_below(&house.at("mail"));
    let to = |path: &std::path::PathBuf| {
        let mail = fs::read_to_string(path).unwrap();
        mail.lines().find(|l| l.starts_with("To: ")).unwrap().to_owned()
    };
    assert!(mails.iter().any(|m| to(m).contains("@corrected.example.org")), "{:?}", mails.iter().map(to).collect::<Vec<_>>());
    assert!(names(&house.at("accepted")).is_empty(), "the archive has the content, and no addresses stay");
    house.feed(["submit", "-"], &bytes).expect(0);
    assert!(names(&house.at("accepted")).is_empty(), "nor do they come back");
}

#[test]
fn a_taken_file_stays_for_some_days() {
    let house = House::new();
    let bytes = good("meeting-minutes/full.json");
    house.feed(["submit", "-"], &bytes).expect(0);
    house.ask(0, ["run-once"]);
    let [kept] = &files_below(&house.at("accepted"))[..] else { panic!("one file") };
    assert_eq!(fs::read(kept).unwrap(), bytes, "as it came");
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    fs::File::options().write(true).open(kept).unwrap().set_modified(long_ago).unwrap();
    house.ask(0, ["run-once"]);
    assert!(names(&house.at("accepted")).is_empty(), "its days are over");
}

#[test]
fn what_failed_can_be_tried_again() {
    let house = House::new();
    let file = samples_folder().join("plan-snapshot/minimal-es.json");
    let id = "ebdd0294-797e-57fe-9bcc-55918ee8b824";
    let accepted = house.ask(0, ["submit".as_ref(), file.as_os_str()]);
    assert_eq!(accepted["documents"][0]["document_id"], id, "{accepted}");
    let [held] = &files_below(&house.at("accepted"))[..] else { panic!("one file") };
    let set_aside = house.data().with_file_name("aside.json");
    fs::rename(held, &set_aside).unwrap();
    let run = house.ask(3, ["run-once"]);
    assert_eq!(run["failed"][0]["code"], "document_missing", "{run}");

    // Once more in vain, then with its file.
    let retried = house.ask(0, ["retry", "--failed"]);
    assert_eq!((retried["documents"][0]["retried"].as_bool(), retried["documents"][0]["state"].as_str()), (Some(true), Some("accepted")));
    house.ask(3, ["run-once"]);
    fs::rename(&set_aside, held).unwrap();
    house.ask(0, ["retry", "--document", id, "--version", "1"]);
    assert_eq!(house.ask(0, ["run-once"])["archived"], 1);
    let done = house.ask(0, ["retry", "--document", id]);
    assert_eq!(done["documents"][0]["retried"], false, "{done}");
    assert_eq!(house.ask(0, ["retry", "--failed"])["documents"].as_array().unwrap().len(), 0);
    for missing in [["--document", "00000000-0000-4000-8000-000000000009"], ["--mail", "42"]] {
        house.run(["retry"].into_iter().chain(missing)).expect(4);
    }
    house.run(["retry"]).expect(2);
    house.run(["retry", "--failed", "--mail", "1"]).expect(2);
}

#[test]
fn sending_again_what_failed_mends_it() {
    let house = House::new();
    let file = samples_folder().join("plan-snapshot/minimal-es.json");
    house.ask(0, ["submit".as_ref(), file.as_os_str()]);
    let [held] = &files_below(&house.at("accepted"))[..] else { panic!("one file") };
    fs::write(held, b"{}").unwrap();
    house.ask(3, ["run-once"]);
    let again = house.ask(0, ["submit".as_ref(), file.as_os_str(), "--wait".as_ref()]);
    let line = &again["documents"][0];
    assert_eq!(line["answer"], "accepted", "{line}");
    assert!(["archived", "notified"].contains(&line["state"].as_str().unwrap()), "{line}");
    assert_eq!(house.case_folders().len(), 1);
}

//! Several writers at one store, and writers that are killed or refused by the disk. The other processes are this test binary
//! itself, told by the environment to run [`child_places_versions`].

mod support;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use pipeline_archive::{ArchiveError, CaseArchive};
use pipeline_domain::Archived;
use support::{assert_sound, folder, municipality, open, package};

const CHILD: &str = "ARKIV_TEST_CHILD";

/// Places a file of this name, packaging again as often as somebody else was first.
fn place_until_in(archive: &CaseArchive, sequence: u32, name: &str) -> Result<Archived, ArchiveError> {
    loop {
        let head = archive.read_head(&folder(sequence))?.map(|h| h.version);
        match archive.place(&package(&folder(sequence), head, &[(name, name.as_bytes())])) {
            Err(ArchiveError::Conflict { .. }) => {}
            other => return other,
        }
    }
}

/// Not a test of its own: what the child processes do. `<store> <case> <count> <tag>`
#[test]
fn child_places_versions() {
    let Some(arguments) = std::env::var_os(CHILD).and_then(|a| a.into_string().ok()) else { return };
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let [store, case, count, tag] = arguments[..] else { panic!("four arguments") };
    let archive = open(Path::new(store));
    for n in 0..count.parse::<u32>().unwrap() {
        let answer = match place_until_in(&archive, case.parse().unwrap(), &format!("{tag}{n}.pdf")) {
            Ok(archived) => format!("acked {}", archived.folder_version),
            Err(error) => format!("failed {}", error.code().id()),
        };
        let mut out = std::io::stderr().lock();
        writeln!(out, "{answer}").unwrap();
    }
}

fn child(program: Option<&[&str]>, store: &Path, case: u32, count: u32, tag: &str) -> Command {
    let me = std::env::current_exe().unwrap();
    let mut command = match program {
        None => Command::new(me),
        Some([first, rest @ ..]) => {
            let mut command = Command::new(first);
            command.args(rest).arg(me);
            command
        }
        Some([]) => unreachable!(),
    };
    command.args(["--exact", "child_places_versions", "--nocapture", "--test-threads=1"]);
    command.env(CHILD, format!("{} {case} {count} {tag}", store.display()));
    command
}

fn assert_whole(archive: &CaseArchive, case: u32, versions: u32, names: &[String]) {
    assert_eq!(archive.read_head(&folder(case)).unwrap().unwrap().version, versions);
    for name in names {
        assert_eq!(archive.read_file(&folder(case), &name.parse().unwrap()).unwrap(), name.as_bytes());
    }
    assert_sound(&archive.folder_path(&folder(case)));
}

#[test]
fn threads_at_one_case_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let archive = open(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let archive = &archive;
            scope.spawn(move || (0..6).for_each(|n| drop(place_until_in(archive, 1, &format!("t{thread}-{n}.pdf")).unwrap())));
        }
    });
    let names: Vec<String> = (0..4).flat_map(|t| (0..6).map(move |n| format!("t{t}-{n}.pdf"))).collect();
    assert_whole(&archive, 1, 24, &names);
}

#[test]
fn threads_at_many_cases_share_a_new_year() {
    let dir = tempfile::tempdir().unwrap();
    let archive = open(dir.path());
    std::thread::scope(|scope| {
        for case in 1..=8 {
            let archive = &archive;
            scope.spawn(move || archive.place(&package(&folder(case), None, &[("a.pdf", b"a")])).unwrap());
        }
    });
    assert_eq!(archive.folders().unwrap().len(), 8);
    for case in 1..=8 {
        assert_sound(&archive.folder_path(&folder(case)));
    }
}

#[test]
fn processes_at_one_case_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let children: Vec<_> =
        ["p", "q", "r"].map(|tag| child(None, dir.path(), 1, 10, tag).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()).into();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(text.matches("acked").count(), 10, "{text}");
    }
    let names: Vec<String> = ["p", "q", "r"].iter().flat_map(|t| (0..10).map(move |n| format!("{t}{n}.pdf"))).collect();
    let (archive, recovery) = CaseArchive::open_or_create(dir.path(), &municipality()).unwrap();
    assert!(recovery.is_clean(), "{recovery:?}");
    assert_whole(&archive, 1, 30, &names);
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..20_u64 {
        let tag = format!("k{round}-");
        let mut killed = child(None, dir.path(), 1, 1000, &tag).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(killed.stderr.take().unwrap()).lines().map(Result::unwrap).filter(|l| l.starts_with("acked"));
        let mut acked = vec![lines.next().unwrap()];
        std::thread::sleep(Duration::from_micros(round * 997 % 9000));
        killed.kill().unwrap();
        killed.wait().unwrap();
        acked.extend(lines);
        let (archive, _) = CaseArchive::open_or_create(dir.path(), &municipality()).unwrap();
        let head = archive.read_head(&folder(1)).unwrap().unwrap().version;
        let last: u32 = acked.last().unwrap().strip_prefix("acked ").unwrap().parse().unwrap();
        assert!(head == last || head == last + 1, "round {round}: acked {last}, head {head}");
        for n in 0..acked.len() {
            let name = format!("{tag}{n}.pdf");
            assert_eq!(archive.read_file(&folder(1), &name.parse().unwrap()).unwrap(), name.as_bytes());
        }
        if round % 5 == 4 {
            assert_sound(&archive.folder_path(&folder(1)));
        }
    }
    let left = std::fs::read_dir(dir.path().join("9901/staging")).unwrap().count();
    assert_eq!(left, 1, "only the door");
}

/// The disk refuses one call of a kind: that placing fails with its code, all others stand.
#[test]
fn a_disk_that_refuses_once_costs_one_placing() {
    let Some(strace) = support::tool("strace") else { return };
    let cases = [
        ("syncfs", "EIO", 4, "archive_write"),
        ("fsync", "EIO", 6, "archive_write"),
        ("renameat2", "EIO", 4, "archive_write"),
        ("mkdir", "ENOSPC", 22, "archive_disk_full"),
        ("syncfs", "ENOSPC", 3, "archive_disk_full"),
        ("syncfs", "EDQUOT", 3, "archive_disk_full"),
    ];
    for (call, error, when, code) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (log, inject) = (dir.path().join("strace"), format!("inject={call}:error={error}:when={when}"));
        let program = [strace.as_str(), "-f", "-qq", "-o", log.to_str().unwrap(), "-e", &format!("trace={call}"), "-e", &inject];
        let store = dir.path().join("lager");
        let (_, text) = support::run(&mut child(Some(&program), &store, 1, 6, "s"));
        if text.contains("ptrace") && text.contains("not permitted") {
            return support::skip("strace may not trace here");
        }
        assert_eq!(text.matches(&format!("failed {code}")).count(), 1, "{call} {error}: {text}");
        assert_eq!(text.matches("acked").count(), 5, "{call} {error}: {text}");
        let (archive, recovery) = CaseArchive::open_or_create(&store, &municipality()).unwrap();
        assert_eq!(recovery.swept, 0, "{call} {error}: what was staged is gone");
        let head = archive.read_head(&folder(1)).unwrap().unwrap().version;
        // A version whose folder could not be synced has its name already; only its receipt was withheld.
        assert_eq!(head, if call == "fsync" { 6 } else { 5 }, "{call} {error}");
        assert_sound(&archive.folder_path(&folder(1)));
    }
}

//! A disk that fills up under the workers, and has room again later: work goes on without a restart, nothing is lost.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use arkivflyt_tests::{Daemon, House, Made, On, skip, working_house, working_house_at};
use pipeline_store_postgres::testing::{Mode, Server};

use crate::{
    calm::{all_is_well, calm_down, until_ready},
    peace::{archived, drop_papers, ends_at_no_cost, papers, talkative, turn, until_archived},
};

const LIMIT: Duration = Duration::from_secs(150);
/// A document that met a full disk is tried again after a minute, and a bit.
const NEXT_TRY: Duration = Duration::from_secs(100);

/// Everything below a folder, as it is.
fn copy_all(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap().success());
}

/// A small file system of its own.
struct SmallDisk {
    at: PathBuf,
    folder: Option<tempfile::TempDir>,
}

impl SmallDisk {
    /// Over a folder, with what lies there. `None` (said aloud) where nothing can be mounted.
    fn over(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let aside = tempfile::tempdir().unwrap();
        copy_all(&at, aside.path());
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs"]).arg(&at).output();
        if mounted.is_ok_and(|m| m.status.success()) {
            copy_all(aside.path(), &at);
            return Some(Self { at, folder: None });
        }
        skip("the right to mount a small file system");
        None
    }

    /// In a place of its own.
    fn apart(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        // Whoever runs the database must get here.
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut disk = Self::over(folder.path().join("disk"), size)?;
        disk.folder = Some(folder);
        Some(disk)
    }

    /// Leaves no room.
    fn fill(&self) {
        let ballast = fs::File::create(self.at.join("ballast")).unwrap();
        let chunk = vec![0_u8; 1 << 20];
        let mut size = chunk.len();
        while size > 0 {
            if std::io::Write::write_all(&mut &ballast, &chunk[..size]).is_err() {
                size /= 2;
            }
        }
    }

    fn free(&self) {
        fs::remove_file(self.at.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
        drop(self.folder.take());
    }
}

/// Waits until somebody says that the disk is full.
#[track_caller]
fn until_said(house: &House, worker: &Daemon, words: &[&str]) {
    house.until(Duration::from_secs(60), |_| {
        let log = worker.log();
        if words.iter().any(|w| log.contains(w)) { Ok(()) } else { Err(log) }
    });
}

/// The disk of one folder is full, while the database is not: who met it is tried again.
fn a_full_folder(on: On, folder: &str, few: usize) {
    let _turn = turn();
    let Some(house) = working_house(on) else { return };
    let house = talkative(house);
    let Some(disk) = SmallDisk::over(house.at(folder), "64m") else { return };
    let worker = house.serve();
    until_ready(&house, &worker);
    let papers = papers(few);
    let (first, rest) = papers.split_at(papers.len() / 2);
    drop_papers(&house, first);
    until_archived(&house, first.len(), LIMIT);
    house.until_idle(LIMIT);
    disk.fill();
    drop_papers(&house, rest);
    until_said(&house, &worker, &["archive_disk_full", "No space left", "inbox_", "archive_write"]);
    std::thread::sleep(Duration::from_secs(3));
    let (now, codes) = (archived(&house), house.sql("select distinct last_code from documents where attempts > 0"));
    eprintln!("{on:?}, {folder} full: {now} of {} archived; codes: {codes}", papers.len());
    assert!(now < papers.len(), "the disk was not full");
    assert!(codes.is_empty() || codes == "archive_disk_full", "{codes}");
    assert_eq!(house.sql("select count(*) from documents where state = 'failed'"), "0", "a full disk is no reason to give up");
    disk.free();
    let begun = std::time::Instant::now();
    until_archived(&house, papers.len(), NEXT_TRY);
    eprintln!("{on:?}, {folder}: all archived {:?} after there was room", begun.elapsed());
    calm_down(&house, vec![worker], papers.len());
    all_is_well(&house, &papers);
}

#[test]
fn a_full_archive_is_waited_for_on_sqlite() {
    a_full_folder(On::Sqlite, "arkivlager", 24);
}

#[test]
fn a_full_archive_is_waited_for_on_postgresql() {
    a_full_folder(On::Postgres, "arkivlager", 24);
}

#[test]
fn a_full_work_folder_is_waited_for() {
    a_full_folder(On::Sqlite, "work", 24);
}

#[test]
fn a_full_folder_of_accepted_documents_is_waited_for() {
    a_full_folder(On::Sqlite, "accepted", 24);
}

/// Fills the disk of the database in the middle of the work, and frees it. What was under way is done afterwards, by the same
/// processes. Most of the work comes when the disk is full already: a database has some room inside its files.
#[track_caller]
fn full_in_the_middle(house: &House, worker: Daemon, papers: &[Made], disk: &SmallDisk, back: impl FnOnce()) {
    let (first, rest) = papers.split_at(papers.len() / 5);
    drop_papers(house, first);
    until_archived(house, first.len() / 2, LIMIT);
    disk.fill();
    drop_papers(house, rest);
    std::thread::sleep(Duration::from_secs(10));
    disk.free();
    back();
    let left = papers.len() - archived(house);
    let begun = std::time::Instant::now();
    assert!(left > 0, "the work was over before the trouble; more documents are needed");
    until_archived(house, papers.len(), LIMIT);
    eprintln!("the database's disk was full for 10 s: {left} documents left then, all archived {:?} after", begun.elapsed());
    ends_at_no_cost(house, vec![worker], papers);
}

/// The data folder is a small disk, with everything but the database somewhere else.
#[test]
fn a_full_disk_of_the_sqlite_file_is_waited_for() {
    let _turn = turn();
    let house = talkative(House::bare().with("HTTP__LISTEN", "").with("WORK__LEASE_S", "4").with("WORK__DRAIN_S", "5"));
    let Some(disk) = SmallDisk::over(house.data().to_owned(), "6m") else { return };
    let mut beside = Vec::new();
    for folder in ["inbox", "accepted", "refused", "work", "reports", "arkivlager", "mail"] {
        let Some(roomy) = SmallDisk::over(house.at(folder), "200m") else { return };
        beside.push(roomy);
    }
    house.run_now(["init", "--demo"]).expect(0);
    let worker = house.serve();
    until_ready(&house, &worker);
    full_in_the_middle(&house, worker, &papers(60), &disk, || {});
    drop(beside);
}

/// PostgreSQL cannot write its log: it panics, and may not come up again by itself while there is no room.
#[test]
fn a_full_disk_of_the_postgresql_server_is_waited_for() {
    let _turn = turn();
    let Some(server) = Server::start() else { return };
    let Some(disk) = SmallDisk::apart("160m") else { return };
    server.stop(Mode::Fast);
    move_cluster(&server.folder().join("data"), &disk.at.join("data"));
    server.launch();
    let house = talkative(working_house_at(&server));
    let worker = house.serve();
    until_ready(&house, &worker);
    let up_again = || {
        server.stop(Mode::Immediate);
        server.launch();
    };
    full_in_the_middle(&house, worker, &papers(200), &disk, up_again);
    drop(server);
}

fn move_cluster(from: &Path, to: &Path) {
    let owner = fs::metadata(from).unwrap();
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    fs::remove_dir_all(from).unwrap();
    chown(to, Some(owner.uid()), Some(owner.gid())).unwrap();
    std::os::unix::fs::symlink(to, from).unwrap();
}

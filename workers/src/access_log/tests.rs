use std::{
    path::{Path, PathBuf},
    thread,
};

use pipeline_access::{DenyReason, StatedReason};

use super::*;

const NOVEMBER: &str = "2026-11-23T09:00:00+01:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn row(n: u32) -> AccessRow {
    AccessRow {
        at: at(NOVEMBER),
        actor: format!("00000000-0000-4000-8000-{n:012}").parse().unwrap(),
        role: Role::Archivist,
        action: Action::ReadPackages,
        about: About::Folder(format!("9901/2026/{n:06}").parse().unwrap()),
        document: None,
        reason: Some(StatedReason::ArchiveWork),
        basis: Basis::ArchiveDuty,
        denied: n.is_multiple_of(2).then_some(DenyReason::NotNamed),
    }
}

struct Room {
    _dir: tempfile::TempDir,
    data: DataFolder,
    log: AccessLog,
}

fn room() -> Room {
    let dir = tempfile::tempdir().unwrap();
    let data = DataFolder::create(dir.path()).unwrap();
    let log = AccessLog::of(&data, &"9901".parse().unwrap());
    Room { _dir: dir, data, log }
}

impl Room {
    fn append(&self, rows: &[u32]) -> Head {
        self.log.append(&rows.iter().map(|n| row(*n)).collect::<Vec<_>>(), at(NOVEMBER)).unwrap()
    }

    fn rows(&self) -> Vec<AccessRow> {
        let mut rows = Vec::new();
        self.log.read(&[], |row| rows.push(row)).unwrap();
        rows
    }

    fn path(&self, name: &str) -> PathBuf {
        self.data.access().join("9901").join(name)
    }

    fn refused(&self) -> ErrorCode {
        let append = self.log.append(&[row(9)], at(NOVEMBER)).unwrap_err();
        assert!(matches!(append, LogError::Damaged { .. }), "{append}");
        Failure::from(append).code
    }
}

fn change(path: &Path, with: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    with(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn rows_are_written_read_back_and_go_on_after_a_restart() {
    let room = room();
    assert_eq!(room.rows(), []);
    let first = room.append(&[1, 2]);
    let again = AccessLog::of(&room.data, room.log.municipality());
    let head = again.append(&[row(3)], at(NOVEMBER)).unwrap();
    assert_eq!((first.rows, head.rows), (2, 3));
    assert_eq!(room.rows(), [row(1), row(2), row(3)]);
    assert_eq!(room.log.read(&[first, head], |_| {}).unwrap(), Reading { head, torn: 0 });
    assert_eq!(AccessLog::all(&room.data).len(), 1);
}

#[test]
fn a_month_has_its_file_and_a_clock_set_back_starts_no_older_one() {
    let room = room();
    room.append(&[1]);
    room.log.append(&[row(2)], at("2026-12-01T00:00:00+01:00")).unwrap();
    room.append(&[3]);
    let lines = |name: &str| fs::read_to_string(room.path(name)).unwrap().lines().count();
    assert_eq!((lines("2026-11.jsonl"), lines("2026-12.jsonl")), (1, 2));
    assert_eq!(room.rows(), [row(1), row(2), row(3)]);
    // The evening of the last day in UTC is the first of the month in Oslo.
    room.log.append(&[row(4)], at("2026-12-31T23:30:00Z")).unwrap();
    assert_eq!(lines("2027-01.jsonl"), 1);
}

#[test]
fn a_torn_line_is_cut_and_told() {
    let room = room();
    room.append(&[1, 2]);
    change(&room.path("2026-11.jsonl"), |bytes| bytes.extend(b"{\"n\":3,\"previo"));
    let torn = room.log.read(&[], |_| {}).unwrap();
    assert_eq!((torn.head.rows, torn.torn), (2, 14));
    assert_eq!(room.log.mended().unwrap(), []);
    room.append(&[3]);
    assert_eq!(room.rows(), [row(1), row(2), row(3)]);
    let told = Mended { at: at(NOVEMBER), month: "2026-11".to_owned(), after_row: 2, bytes: 14 };
    assert_eq!(room.log.mended().unwrap(), [told]);
}

#[test]
fn a_head_that_is_old_or_lost_is_found_again() {
    let room = room();
    room.append(&[1]);
    let old = fs::read(room.path("head.json")).unwrap();
    room.append(&[2]);
    room.log.append(&[row(3)], at("2026-12-01T00:00:00+01:00")).unwrap();
    for lost in [Some(old), Some(b"{".to_vec()), Some(Vec::new()), None] {
        match lost {
            Some(bytes) => fs::write(room.path("head.json"), bytes).unwrap(),
            None => fs::remove_file(room.path("head.json")).unwrap(),
        }
        room.append(&[4]);
    }
    assert_eq!(room.rows().len(), 3 + 4);
}

#[test]
fn nobody_goes_on_from_an_end_that_was_changed() {
    let cut = room();
    cut.append(&[1, 2]);
    change(&cut.path("2026-11.jsonl"), |bytes| {
        let first = bytes.iter().position(|b| *b == b'\n').unwrap();
        bytes.truncate(first + 1);
    });
    assert_eq!(cut.refused(), ErrorCode::AccessLogDamaged);
    assert!(matches!(cut.log.read(&[], |_| {}), Err(LogError::Damaged { source: AccessError::LogCutShort { line: 1 }, .. })));

    let changed = room();
    changed.append(&[1, 2]);
    change(&changed.path("2026-11.jsonl"), |bytes| {
        let n = bytes.len() - 20;
        bytes[n] ^= 1;
    });
    assert_eq!(changed.refused(), ErrorCode::AccessLogDamaged);

    let gone = room();
    gone.append(&[1, 2]);
    fs::remove_file(gone.path("2026-11.jsonl")).unwrap();
    assert_eq!(gone.refused(), ErrorCode::AccessLogDamaged);

    let forged = room();
    forged.append(&[1, 2]);
    change(&forged.path("2026-11.jsonl"), |bytes| bytes.extend(b"{\"n\":3}\n"));
    assert_eq!(forged.refused(), ErrorCode::AccessLogDamaged);
}

#[test]
fn a_change_in_the_middle_is_found_by_reading() {
    let room = room();
    room.append(&[1, 2, 3]);
    change(&room.path("2026-11.jsonl"), |bytes| {
        let n = bytes.windows(9).position(|w| w == b"archivist").unwrap();
        bytes[n..n + 9].copy_from_slice(b"plan_lead");
    });
    let found = room.log.read(&[], |_| {}).unwrap_err();
    assert!(matches!(found, LogError::Damaged { source: AccessError::ChainBroken { line: 2 }, .. }), "{found}");
    assert!(crate::failure::chain(&found).contains("9901"));
}

#[test]
fn a_head_that_was_kept_elsewhere_shows_a_log_that_was_written_anew() {
    let room = room();
    let head = room.append(&[1, 2]);
    let known: Known = format!("{}:{}", head.rows, head.digest).parse().unwrap();
    assert_eq!(known, Known(head));
    assert!("2:abc".parse::<Known>().is_err() && "".parse::<Known>().is_err());
    fs::remove_dir_all(room.path("")).unwrap();
    room.append(&[2, 1, 3]);
    assert!(room.log.read(&[], |_| {}).is_ok());
    assert!(matches!(room.log.read(&[known.0], |_| {}), Err(LogError::Damaged { source: AccessError::ChainBroken { line: 2 }, .. })));
    let longer = Head { rows: 9, ..head };
    assert!(matches!(room.log.read(&[longer], |_| {}), Err(LogError::Damaged { source: AccessError::LogCutShort { line: 3 }, .. })));
}

#[test]
fn many_write_at_once_and_every_row_stands_once() {
    let room = room();
    thread::scope(|scope| {
        for writer in 0..8u32 {
            let log = AccessLog::of(&room.data, room.log.municipality());
            scope.spawn(move || {
                for n in 0..25 {
                    log.append(&[row(writer * 100 + n + 1)], at(NOVEMBER)).unwrap();
                }
            });
        }
    });
    let mut actors: Vec<_> = room.rows().iter().map(|row| row.actor).collect();
    actors.sort();
    actors.dedup();
    assert_eq!(actors.len(), 200);
}

#[test]
fn an_opening_stands_once_however_often_its_event_comes() {
    let room = room();
    let opening = Opening {
        at: at("2026-11-22T20:15:00+01:00"),
        actor: row(7).actor,
        role: Role::Guardian,
        folder: "9901/2026/000001".parse().unwrap(),
        document: DocumentKey { id: "018f2f4e-0000-7000-8000-000000000001".parse().unwrap(), version: pipeline_domain::DocumentVersion(2) },
        kind: DocumentKind::MeetingMinutes,
    };
    for _ in 0..3 {
        opened(&room.data, &opening, at(NOVEMBER)).unwrap();
    }
    let later = Opening { at: at("2026-11-22T20:16:00+01:00"), ..opening.clone() };
    opened(&room.data, &later, at(NOVEMBER)).unwrap();
    let rows = room.rows();
    assert_eq!(rows.iter().map(|row| row.at).collect::<Vec<_>>(), [opening.at, later.at]);
    assert_eq!((rows[0].action, rows[0].basis, rows[0].document), (Action::ReadMinutes, Basis::OnBehalf, Some(opening.document)));
}

#[test]
fn a_disk_that_takes_nothing_says_so() {
    let room = room();
    fs::write(room.data.access().join("9901"), b"").unwrap();
    let refused = Failure::from(room.log.append(&[row(1)], at(NOVEMBER)).unwrap_err());
    assert_eq!(refused.code, ErrorCode::AccessLogUnwritable);
}

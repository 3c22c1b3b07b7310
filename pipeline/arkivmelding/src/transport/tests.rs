//! The power goes at every step: nothing is lost, and nothing comes twice.

use std::{
    cell::Cell,
    fs,
    io::{self, Read},
    path::Path,
};

use pipeline_domain::{DocumentKey, DocumentVersion, LogicalPath, Sha256, Timestamp};

use super::{Arrived, FileSource, FolderExchange, Handover, Transport};
use crate::{ArrivalFiles, Dialect, MessageId, MessageKind, Outgoing, PAYLOAD, Sending, SentFile, Subject};

/// How many steps there still are before the power goes.
#[derive(Debug, Default)]
pub(super) struct Steps(Cell<Option<u32>>);

impl Steps {
    pub fn take(&self) -> io::Result<()> {
        match self.0.get() {
            Some(0) => Err(io::Error::other("the power went")),
            Some(left) => {
                self.0.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Every file is its own path.
struct Paths;

impl FileSource for Paths {
    fn open(&self, path: &LogicalPath) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(io::Cursor::new(path.as_str().as_bytes().to_vec())))
    }
}

fn subject() -> Subject {
    let id = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    Subject::Document(DocumentKey { id, version: DocumentVersion(1) })
}

fn message() -> Outgoing {
    let file = |path: &str| SentFile {
        name: path.rsplit('/').next().unwrap().parse().unwrap(),
        path: path.parse().unwrap(),
        sha256: Sha256::of(path.as_bytes()),
        size_bytes: path.len() as u64,
    };
    Outgoing {
        id: MessageId::of(subject(), Dialect::FiksArkivV1, Sending::FIRST),
        subject: subject(),
        kind: MessageKind::FiksOpprett,
        payload: b"<arkivmelding/>".to_vec(),
        files: vec![file("dokumenter/01_plan.pdf"), file("vedlegg/01-1.pdf")],
    }
}

/// An exchange whose power goes after so many steps.
fn exchange(root: &Path, steps: Option<u32>) -> FolderExchange {
    let exchange = FolderExchange::open_or_create(root, Dialect::FiksArkivV1).unwrap();
    exchange.steps.0.set(steps);
    exchange
}

fn names(dir: &Path) -> Vec<String> {
    fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

/// What a carrier sees at any moment: whole messages only. Moves them to `sendt` and tells how many.
fn carry(root: &Path) -> usize {
    let all = names(&root.join("ut"));
    for name in &all {
        let mut files = names(&root.join("ut").join(name));
        files.sort();
        assert_eq!(files, ["01-1.pdf", "01_plan.pdf", PAYLOAD, "melding.json"]);
        fs::rename(root.join("ut").join(name), root.join("sendt").join(name)).unwrap();
    }
    all.len()
}

/// Drops with the power going after each number of steps, whether or not the carrier comes in between, and expects one message.
fn every_cut(carrier_comes_between: bool) -> u32 {
    for steps in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let (root, message) = (dir.path(), message());
        let cut = exchange(root, Some(steps)).send(&message, &Paths);
        let mut carried = if carrier_comes_between { carry(root) } else { 0 };
        let again = exchange(root, None);
        again.send(&message, &Paths).unwrap();
        again.sweep().unwrap();
        carried += carry(root);
        assert_eq!(carried, 1, "after {steps} steps");
        assert_eq!(again.send(&message, &Paths).unwrap(), Handover::AlreadyThere);
        assert!(names(&root.join(".arbeid")).is_empty(), "after {steps} steps");
        if cut.is_ok() {
            return steps;
        }
    }
    unreachable!("a drop has an end")
}

#[test]
fn a_drop_that_is_cut_short_anywhere_is_one_message() {
    assert!(every_cut(false) >= 7, "the cuts go through staging, each file, the rename and the sync");
    assert!(every_cut(true) >= 7);
}

/// What dies without tidying up leaves its stage; the sweep takes it, and leaves that of the living.
#[test]
fn a_dead_makers_stage_is_swept_and_a_living_ones_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let exchange = exchange(dir.path(), None);
    let (dead, lock) = exchange.stage(message().id).unwrap();
    fs::write(dead.join(PAYLOAD), "half").unwrap();
    assert_eq!(exchange.sweep().unwrap(), 0);
    drop(lock);
    let (living, _lock) = exchange.stage(message().id).unwrap();
    assert_eq!(exchange.sweep().unwrap(), 1);
    assert!(!dead.exists() && living.exists());
}

#[test]
fn many_at_once_are_one() {
    let dir = tempfile::tempdir().unwrap();
    exchange(dir.path(), None);
    let drop_one = || exchange(dir.path(), None).send(&message(), &Paths).unwrap();
    let dropped: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(drop_one)).collect();
        threads.into_iter().map(|t| usize::from(t.join().unwrap() == Handover::Dropped)).sum()
    });
    assert_eq!((dropped, carry(dir.path())), (1, 1));
}

fn lay(root: &Path, name: &str, files: &ArrivalFiles) {
    fs::create_dir(root.join("inn").join(name)).unwrap();
    for (file, bytes) in files {
        fs::write(root.join("inn").join(name).join(file), bytes).unwrap();
    }
}

#[test]
fn an_arrival_that_is_cut_short_anywhere_is_taken_once() {
    let now: Timestamp = "2199-01-01T00:00:00Z".parse().unwrap();
    let id = message().id;
    let headers = format!("{{\"meldingType\":\"no.ks.fiks.arkiv.v1.feilmelding.serverfeil\",\"svarPaMelding\":\"{id}\"}}");
    let ours = ArrivalFiles::from([("melding.json".to_owned(), headers.into_bytes())]);
    for steps in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        lay(exchange(dir.path(), None).at("").as_path(), "a", &ours);
        lay(dir.path(), "b", &ArrivalFiles::from([("melding.json".to_owned(), b"{}".to_vec())]));
        let mut receipts = 0;
        for steps in [Some(steps), None, None] {
            let exchange = exchange(dir.path(), steps);
            for arrived in exchange.arrivals(now, &|m| m == id).unwrap_or_default() {
                if let Arrived::Receipt { ticket, .. } = arrived {
                    // Written down here, and only then taken away.
                    receipts += 1;
                    let _ = exchange.done(&ticket);
                }
            }
        }
        assert!((1..=2).contains(&receipts), "a receipt is seen until it is taken: {receipts} after {steps} steps");
        assert!(names(&dir.path().join("inn")).is_empty());
        assert_eq!((names(&dir.path().join("tatt")).len(), names(&dir.path().join("ukjent")).len()), (1, 1));
    }
}

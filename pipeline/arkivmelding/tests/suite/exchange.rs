//! The exchange folder, seen from both sides.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use pipeline_arkivmelding::{
    Answer, ArkivmeldingError, Arrived, Dialect, FileSource, FolderExchange, Handover, MessageId, Occasion, SetAside, Transport,
};
use pipeline_domain::{ErrorCode, LogicalPath, Sha256, Timestamp, Verdict};
use serde_json::Value;

use crate::{
    receipts::{fiks, message},
    support::{Case, at, case_with_attachments, fiks_own, path},
};

impl FileSource for Case {
    fn open(&self, path: &LogicalPath) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.files.get(path).ok_or(io::ErrorKind::NotFound)?.as_ref()))
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn exchange(dir: &Path) -> FolderExchange {
    FolderExchange::open_or_create(dir, Dialect::FiksArkivV1).unwrap()
}

/// A time at which everything in the folder is old.
fn much_later() -> Timestamp {
    "2199-01-01T00:00:00Z".parse().unwrap()
}

fn lay(dir: &Path, name: &str, files: &pipeline_arkivmelding::ArrivalFiles) {
    fs::create_dir(dir.join("inn").join(name)).unwrap();
    for (file, bytes) in files {
        fs::write(dir.join("inn").join(name).join(file), bytes).unwrap();
    }
}

#[test]
fn a_message_is_dropped_whole_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let (exchange, case) = (exchange(dir.path()), case_with_attachments());
    let message = case.message(2, &fiks_own(), Occasion::Document);
    assert_eq!(exchange.send(&message, &case).unwrap(), Handover::Dropped);
    assert_eq!(exchange.send(&message, &case).unwrap(), Handover::AlreadyThere);
    let out = dir.path().join("ut").join(message.id.to_string());
    assert_eq!(names(&dir.path().join("ut")), [message.id.to_string()]);
    let mut expected: Vec<_> = message.files.iter().map(|f| f.name.as_str().to_owned()).collect();
    expected.extend(["arkivmelding.xml".to_owned(), "melding.json".to_owned()]);
    expected.sort();
    assert_eq!(names(&out), expected);
    assert_eq!(fs::read(out.join("arkivmelding.xml")).unwrap(), message.payload);
    let headers: Value = serde_json::from_slice(&fs::read(out.join("melding.json")).unwrap()).unwrap();
    assert_eq!(headers["meldingType"], "no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett");
    assert_eq!(headers["meldingId"], message.id.to_string());
    for file in headers["filer"].as_array().unwrap() {
        let bytes = fs::read(out.join(file["navn"].as_str().unwrap())).unwrap();
        assert_eq!(file["sha256"], Sha256::of(&bytes).to_string());
    }
    // The carrier has taken it away: still one.
    fs::rename(&out, dir.path().join("sendt").join(message.id.to_string())).unwrap();
    assert_eq!(exchange.send(&message, &case).unwrap(), Handover::AlreadyThere);
    assert!(names(&dir.path().join("ut")).is_empty() && names(&dir.path().join(".arbeid")).is_empty());
    exchange.forget(message.id).unwrap();
    exchange.forget(message.id).unwrap();
    assert!(names(&dir.path().join("sendt")).is_empty());
}

#[test]
fn a_damaged_or_missing_file_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (exchange, mut case) = (exchange(dir.path()), case_with_attachments());
    let message = case.message(2, &fiks_own(), Occasion::Document);
    let victim = message.files[0].path.clone();
    case.files.insert(victim.clone(), b"somebody else's bytes"[..].into());
    let error = exchange.send(&message, &case).unwrap_err();
    assert!(matches!(&error, ArkivmeldingError::Damaged { path, .. } if *path == victim));
    assert_eq!((error.code(), error.verdict()), (ErrorCode::ArchiveDamaged, Verdict::GiveUp));
    case.files.remove(&victim);
    let error = exchange.send(&message, &case).unwrap_err();
    assert_eq!((error.code(), error.verdict()), (ErrorCode::DeliveryUnwritable, Verdict::Retry));
    assert!(names(&dir.path().join("ut")).is_empty() && names(&dir.path().join(".arbeid")).is_empty());
    assert_eq!(path("a/b").as_str(), "a/b");
}

#[test]
fn receipts_are_matched_and_each_is_taken_once() {
    let dir = tempfile::tempdir().unwrap();
    let exchange = exchange(dir.path());
    let ours = message(1, Dialect::FiksArkivV1);
    let known = |id: MessageId| id == ours;
    lay(dir.path(), "b-mottatt", &fiks("arkivering.arkivmelding.opprett.mottatt", ours, None));
    lay(dir.path(), "a-feil", &fiks("feilmelding.serverfeil", ours, None));
    lay(dir.path(), ".halv", &fiks("feilmelding.serverfeil", ours, None));
    let arrived = exchange.arrivals(at(1), &known).unwrap();
    assert_eq!(exchange.arrivals(at(1), &known).unwrap(), arrived, "they stay until they are written down");
    let answers: Vec<_> =
        arrived.iter().map(|a| matches!(a, Arrived::Receipt { receipt, .. } if receipt.answer == Answer::Received)).collect();
    assert_eq!(answers, [false, true]);
    for one in &arrived {
        let Arrived::Receipt { ticket, .. } = one else { panic!("{one:?}") };
        assert!(!format!("{ticket:?}").contains("mottatt"), "the name that it came with may tell of people");
        exchange.done(ticket).unwrap();
        exchange.done(ticket).unwrap();
    }
    assert!(exchange.arrivals(at(1), &known).unwrap().is_empty());
    assert_eq!((names(&dir.path().join("inn")), names(&dir.path().join("tatt")).len()), (vec![".halv".to_owned()], 2));
}

#[test]
fn what_is_nothing_of_ours_is_set_aside_and_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let exchange = exchange(dir.path());
    let inbox = dir.path().join("inn");
    let (ours, other) = (message(1, Dialect::FiksArkivV1), message(2, Dialect::FiksArkivV1));
    lay(dir.path(), "1 Blid Fjellbekk", &fiks("innsyn.sok.resultat.utvidet", ours, None));
    lay(dir.path(), "2", &fiks("arkivering.arkivmelding.opprett.mottatt", other, None));
    lay(dir.path(), "3", &fiks("arkivering.arkivmelding.opprett.kvittering", ours, None));
    fs::write(inbox.join("4.json"), "x".repeat((1 << 20) + 1)).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", inbox.join("5.json")).unwrap();
    let many = (0..20).map(|n| (format!("{n}.xml"), Vec::new())).collect();
    lay(dir.path(), "6", &many);
    // The same content twice is kept twice.
    lay(dir.path(), "7", &fiks("arkivering.arkivmelding.opprett.mottatt", other, None));
    let reasons = |arrived: &[Arrived]| -> Vec<SetAside> {
        let reason = |a: &Arrived| match a {
            Arrived::SetAside { reason, .. } => *reason,
            Arrived::Receipt { .. } => panic!("{a:?}"),
        };
        arrived.iter().map(reason).collect()
    };
    let arrived = exchange.arrivals(much_later(), &|id| id == ours).unwrap();
    use SetAside::{NotForUs, UnknownMessage, Unreadable};
    assert_eq!(reasons(&arrived), [NotForUs, UnknownMessage, Unreadable, Unreadable, Unreadable, Unreadable, UnknownMessage]);
    assert!(!format!("{arrived:?}").contains("Blid"));
    assert!(reasons(&arrived).iter().all(|r| r.code() == ErrorCode::ReceiptUnknown));
    assert_eq!((names(&inbox).len(), names(&dir.path().join("ukjent")).len()), (0, 7));
    assert!(exchange.arrivals(much_later(), &|_| true).unwrap().is_empty());
}

#[test]
fn what_is_half_written_is_left_alone_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let exchange = exchange(dir.path());
    let ours = message(1, Dialect::FiksArkivV1);
    lay(dir.path(), "half", &fiks("arkivering.arkivmelding.opprett.kvittering", ours, None));
    let written = fs::metadata(dir.path().join("inn/half")).unwrap().modified().unwrap();
    let written_s = written.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let just_now = Timestamp::from_unix_seconds(written_s as i64 + 1).unwrap();
    assert!(exchange.arrivals(just_now, &|_| true).unwrap().is_empty());
    assert_eq!(names(&dir.path().join("inn")), ["half"]);
    fs::write(
        dir.path().join("inn/half/arkivmelding-kvittering.xml"),
        "<arkivmeldingKvittering><registreringKvittering/></arkivmeldingKvittering>",
    )
    .unwrap();
    assert_eq!(exchange.arrivals(just_now, &|_| true).unwrap().len(), 1);
}

#[test]
fn a_digdir_receipt_is_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let exchange = FolderExchange::open_or_create(dir.path(), Dialect::Digdir).unwrap();
    let ours = message(1, Dialect::Digdir);
    let sbd = format!("{{\"arkivmelding_kvittering\":{{\"receiptType\":\"OK\",\"relatedToMessageId\":\"{ours}\",\"messages\":[]}}}}");
    fs::write(dir.path().join("inn/kvittering.json"), sbd).unwrap();
    let arrived = exchange.arrivals(at(1), &|id| id == ours).unwrap();
    let [Arrived::Receipt { ticket, receipt }] = arrived.as_slice() else { panic!("{arrived:?}") };
    assert_eq!(receipt.message, ours);
    exchange.done(ticket).unwrap();
    assert_eq!((names(&dir.path().join("inn")).len(), names(&dir.path().join("tatt")).len()), (0, 1));
}

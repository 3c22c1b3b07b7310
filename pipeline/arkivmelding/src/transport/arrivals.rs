//! What lies in `inn/`: read within limits, matched, taken or set aside.

use std::{
    ffi::OsStr,
    fs,
    io::{self, ErrorKind, Read},
    path::Path,
    time::UNIX_EPOCH,
};

use pipeline_domain::{Sha256, Timestamp};

use super::{
    Arrived, SetAside, Ticket, disk,
    folder::{FolderExchange, failed},
};
use crate::{ArkivmeldingError, Arrival, ArrivalFiles, MessageId, read_arrival};

/// Most that one call reads; the rest comes with the next.
const MOST_AT_ONCE: usize = 1000;
/// Most files of one arrival.
const MOST_FILES: usize = 8;
/// Most bytes of one file.
const LARGEST: u64 = 1 << 20;
/// Seconds that something unreadable is left alone: somebody may still be writing it.
const PATIENCE_S: i64 = 600;

/// Everything that waits, by name.
pub(super) fn list(
    exchange: &FolderExchange,
    now: Timestamp,
    known: &dyn Fn(MessageId) -> bool,
) -> Result<Vec<Arrived>, ArkivmeldingError> {
    let inbox = exchange.at("inn");
    let entries = fs::read_dir(&inbox).and_then(|all| all.map(|e| e.map(|e| e.file_name())).collect::<io::Result<Vec<_>>>());
    let mut names = entries.map_err(failed("list what came in"))?;
    names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
    names.sort();
    let (mut arrived, mut fault) = (Vec::new(), None);
    for name in names.iter().take(MOST_AT_ONCE) {
        match one(exchange, &inbox, name, now, known) {
            Ok(found) => arrived.extend(found),
            // One that cannot be moved must not keep the others waiting. It is told when nothing else is left to tell.
            Err(e) => fault = Some(e),
        }
    }
    match fault {
        Some(fault) if arrived.is_empty() => Err(fault),
        _ => Ok(arrived),
    }
}

fn one(
    exchange: &FolderExchange,
    inbox: &Path,
    name: &OsStr,
    now: Timestamp,
    known: &dyn Fn(MessageId) -> bool,
) -> Result<Option<Arrived>, ArkivmeldingError> {
    let path = inbox.join(name);
    let files = match read_files(&path) {
        Ok(files) => files,
        // Taken by somebody else meanwhile.
        Err(e) if e.kind() == ErrorKind::NotFound && !disk::exists(&path).map_err(failed("read what came in"))? => return Ok(None),
        // No rights yet, or half written. One that stays so must not keep the others waiting.
        Err(_) if is_fresh(&path, now) => return Ok(None),
        Err(_) => {
            let called = Sha256::of(name.as_encoded_bytes()).to_string();
            return set_aside(exchange, &path, &called, SetAside::Unreadable);
        }
    };
    let called = digest(&files);
    match read_arrival(exchange.dialect, &files) {
        Ok(Arrival::Receipt(receipt)) if known(receipt.message) => {
            Ok(Some(Arrived::Receipt { ticket: Ticket { name: name.to_owned(), taken_as: called }, receipt }))
        }
        Ok(Arrival::Receipt(_)) => set_aside(exchange, &path, &called, SetAside::UnknownMessage),
        Ok(Arrival::NotForUs) => set_aside(exchange, &path, &called, SetAside::NotForUs),
        Err(_) if is_fresh(&path, now) => Ok(None),
        Err(_) => set_aside(exchange, &path, &called, SetAside::Unreadable),
    }
}

/// One file, or the files of one folder. `InvalidInput` for anything else, `FileTooLarge` for too much.
fn read_files(path: &Path) -> io::Result<ArrivalFiles> {
    let text = |name: &OsStr| name.to_str().map(str::to_owned).ok_or(io::Error::from(ErrorKind::InvalidInput));
    let mut files = ArrivalFiles::new();
    let meta = path.symlink_metadata()?;
    if !meta.is_dir() {
        files.insert(text(path.file_name().unwrap_or_default())?, read_file(path)?);
        return Ok(files);
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if files.len() >= MOST_FILES {
            return Err(ErrorKind::FileTooLarge.into());
        }
        files.insert(text(&entry.file_name())?, read_file(&entry.path())?);
    }
    Ok(files)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    disk::open_ordinary(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Of names and contents, each with its length before it.
fn digest(files: &ArrivalFiles) -> String {
    let mut all = Vec::new();
    for (name, bytes) in files {
        for part in [name.as_bytes(), bytes] {
            all.extend((part.len() as u64).to_be_bytes());
            all.extend(part);
        }
    }
    Sha256::of(&all).to_string()
}

/// A time that cannot be read is an old one: nothing may lie in `inn/` for ever.
fn is_fresh(path: &Path, now: Timestamp) -> bool {
    let written = path.symlink_metadata().and_then(|m| m.modified()).ok();
    let written_s = written.and_then(|t| t.duration_since(UNIX_EPOCH).ok()).and_then(|d| i64::try_from(d.as_secs()).ok());
    written_s.is_some_and(|s| (0..PATIENCE_S).contains(&now.unix_seconds().saturating_sub(s)))
}

fn set_aside(exchange: &FolderExchange, path: &Path, called: &str, reason: SetAside) -> Result<Option<Arrived>, ArkivmeldingError> {
    let name = move_into(exchange, path, "ukjent", called)?;
    Ok(name.map(|name| Arrived::SetAside { name, reason }))
}

/// Takes a receipt away.
pub(super) fn take(exchange: &FolderExchange, ticket: &Ticket) -> Result<(), ArkivmeldingError> {
    move_into(exchange, &exchange.at("inn").join(&ticket.name), "tatt", &ticket.taken_as).map(|_| ())
}

/// Moves to the first free name of this beginning; `None` when it is gone. Two arrivals of the same content are both kept.
fn move_into(exchange: &FolderExchange, path: &Path, part: &str, called: &str) -> Result<Option<String>, ArkivmeldingError> {
    let failed = failed("move what came in");
    for copy in 1u32.. {
        let name = if copy == 1 { called[..32].to_owned() } else { format!("{}-{copy}", &called[..32]) };
        match disk::rename_new(path, &exchange.at(part).join(&name)) {
            Ok(()) => {
                exchange.step("move what came in")?;
                disk::sync_dir(&exchange.at(part)).and_then(|()| disk::sync_dir(&exchange.at("inn"))).map_err(&failed)?;
                return Ok(Some(name));
            }
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        }
    }
    Ok(None)
}

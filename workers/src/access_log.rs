//! The access log on disk: a row is safe here before what it tells of is carried out.
//!
//! ```text
//! access/<municipality>/2026-11.jsonl   rows: one hash chain through all files of the municipality (`pipeline_access::Chain`)
//! access/<municipality>/head.json       how far the log has come, so that appending need not read it again
//! access/<municipality>/mended.jsonl    torn last lines that were cut after a crash: when, after which row, how much
//! access/<municipality>/grants.jsonl    who was given which role: `asking/register.rs`
//! access/<municipality>/lock            held while a row is appended
//! ```
//!
//! A row lands in the file of the month it is written in, never in one before the newest. Whoever appends checks that the log still
//! ends as it ended, and no more: `access log verify` reads everything. Nothing here holds a name.

mod place;
mod rows;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use chrono::Datelike;
use pipeline_access::{About, AccessError, AccessRow, Action, Basis, Chain, Consent, Head, Role};
use pipeline_domain::{ActorId, CaseFolderId, DocumentKey, DocumentKind, ErrorCode, MunicipalityNumber, Timestamp};
use rustix::fs::{FlockOperation, flock};

use crate::{data::DataFolder, failure::Failure};

pub use rows::{Known, Mended, Reading};

/// What stops the log. Nothing is shown then.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk, or rights on it.
    #[error("cannot {action} in the access log of municipality {municipality}")]
    Disk { action: &'static str, municipality: MunicipalityNumber, source: io::Error },
    /// What is there is not what was written.
    #[error("the access log of municipality {municipality}")]
    Damaged { municipality: MunicipalityNumber, source: AccessError },
}

impl From<LogError> for Failure {
    fn from(e: LogError) -> Self {
        let detail = crate::failure::chain(&e);
        match e {
            LogError::Disk { .. } => Self::retry(ErrorCode::AccessLogUnwritable, detail),
            LogError::Damaged { source, .. } => Self { code: source.code(), verdict: source.verdict(), detail },
        }
    }
}

/// The log of one municipality.
#[derive(Clone, Debug)]
pub struct AccessLog {
    folder: PathBuf,
    municipality: MunicipalityNumber,
}

/// Held while the log's end is looked at or moved; the kernel gives it back when the process ends, however it ends.
struct Held {
    _lock: File,
}

impl AccessLog {
    /// Where it lies. Nothing is made or read yet.
    pub fn of(data: &DataFolder, municipality: &MunicipalityNumber) -> Self {
        Self { folder: data.access().join(municipality.as_str()), municipality: municipality.clone() }
    }

    /// Every municipality that has one, also one whose settings went away.
    pub fn all(data: &DataFolder) -> Vec<Self> {
        let entries = fs::read_dir(data.access()).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default();
        let mut numbers: Vec<MunicipalityNumber> =
            entries.iter().filter(|e| e.path().is_dir()).filter_map(|e| e.file_name().to_string_lossy().parse().ok()).collect();
        numbers.sort();
        numbers.iter().map(|number| Self::of(data, number)).collect()
    }

    /// Whose it is.
    pub fn municipality(&self) -> &MunicipalityNumber {
        &self.municipality
    }

    /// Writes rows, in this order, and answers when they are on disk. Waits for others who append; they are done in milliseconds.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when the log does not end as it ended, so that nobody goes on from a forged end.
    pub fn append(&self, rows: &[AccessRow], now: Timestamp) -> Result<Head, LogError> {
        let _held = self.hold()?;
        self.append_held(rows, now)
    }

    fn append_held(&self, rows: &[AccessRow], now: Timestamp) -> Result<Head, LogError> {
        let end = self.end(now)?;
        if rows.is_empty() {
            return Ok(end.head);
        }
        let today = now.oslo_date().naive();
        let month = format!("{:04}-{:02}", today.year(), today.month());
        let (month, bytes) = match end.month {
            // A clock that was set back starts no file before the newest one.
            Some(newest) if newest >= month => (newest, end.bytes),
            _ => (month, 0),
        };
        let mut chain = Chain::from(end.head);
        let text: String = rows.iter().map(|row| chain.write(row)).collect();
        self.write(&month, bytes, text.as_bytes()).map_err(self.disk("write"))?;
        let head = chain.head();
        // Only a short cut: a head that is lost or old costs the next one a longer look.
        if let Err(e) = self.keep(&place::Place { month: Some(month), bytes: bytes + text.len() as u64, head }) {
            tracing::warn!(municipality = %self.municipality, "cannot keep the head of the access log: {e}");
        }
        Ok(head)
    }

    /// Appends to a file that is `bytes` long, and syncs. What could not be written whole is taken back.
    fn write(&self, month: &str, bytes: u64, text: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(self.file(month))?;
        let written = file.write_all(text).and_then(|()| file.sync_all());
        if let Err(e) = written {
            // Should this fail too, the next one finds a torn line and mends it.
            let _ = file.set_len(bytes);
            return Err(e);
        }
        if bytes == 0 {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    fn hold(&self) -> Result<Held, LogError> {
        let open = || -> io::Result<File> {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let lock = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o600)
                .custom_flags(libc::O_NOFOLLOW)
                .open(self.folder.join("lock"))?;
            flock(&lock, FlockOperation::LockExclusive)?;
            Ok(lock)
        };
        Ok(Held { _lock: open().map_err(self.disk("take the lock"))? })
    }

    fn file(&self, month: &str) -> PathBuf {
        self.folder.join(format!("{month}.jsonl"))
    }

    fn disk(&self, action: &'static str) -> impl Fn(io::Error) -> LogError {
        let municipality = self.municipality.clone();
        move |source| LogError::Disk { action, municipality: municipality.clone(), source }
    }

    fn damaged(&self, source: AccessError) -> LogError {
        LogError::Damaged { municipality: self.municipality.clone(), source }
    }
}

/// Somebody opened a document in the source system.
#[derive(Clone, Debug)]
pub struct Opening {
    /// When, by the source system.
    pub at: Timestamp,
    /// Who: the source system's pseudonym.
    pub actor: ActorId,
    /// In which role.
    pub role: Role,
    /// Where the document lies.
    pub folder: CaseFolderId,
    /// Which document and version.
    pub document: DocumentKey,
    /// Its kind: it tells what was read.
    pub kind: DocumentKind,
}

/// Writes «who opened it and when» to the log of the folder's municipality. An event may come twice; its row stands once.
///
/// # Errors
/// The log is damaged or cannot be written; the event should be tried again.
pub fn opened(data: &DataFolder, opening: &Opening, now: Timestamp) -> Result<(), Failure> {
    let row = AccessRow {
        at: opening.at,
        actor: opening.actor,
        role: opening.role,
        action: read_action(opening.kind),
        about: About::Folder(opening.folder.clone()),
        document: Some(opening.document),
        reason: None,
        // The source system let them in: we know the role, not where the consent stood.
        basis: Basis::of(opening.role, Consent::Valid),
        denied: None,
    };
    let log = AccessLog::of(data, &opening.folder.municipality);
    let _held = log.hold()?;
    if !log.has(&row)? {
        log.append_held(&[row], now)?;
    }
    Ok(())
}

/// What reading a document of this kind is called in the policy.
pub fn read_action(kind: DocumentKind) -> Action {
    match kind {
        DocumentKind::ConsentRecord => Action::ReadConsent,
        DocumentKind::MeetingMinutes | DocumentKind::MeetingInvitation | DocumentKind::MessageLog => Action::ReadMinutes,
        _ => Action::ReadPlan,
    }
}

#[cfg(test)]
mod tests;

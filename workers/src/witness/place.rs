//! Where the logs of a municipality's archive lie, and the keys that sign them.
//!
//! ```text
//! arkivlager/<municipality>/revisjonslogg/           log of the versions: `tile/…`, `checkpoint`, `journal`
//! arkivlager/<municipality>/revisjonslogg/nokler/    which key counted when: 0000.note, 0001.note …
//! arkivlager/<municipality>/revisjonslogg-tilgang/   the same for the access log
//! keys/<municipality>/sjekkpunkt.key, segl.key       the secrets; `.ny` while a change of key is under way
//! ```

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use pipeline_domain::{ErrorCode, MunicipalityNumber};
use pipeline_witness::KeyRole;
use rustix::fs::{FlockOperation, flock};

use crate::failure::Failure;

/// Which of a municipality's two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Of the versions of case folders.
    Archive,
    /// Of the access log.
    Access,
}

impl Which {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Archive, Self::Access];

    /// The log's name for ever, from that of the archive's log.
    pub fn origin(self, archive: &str) -> String {
        match self {
            Self::Archive => archive.to_owned(),
            Self::Access => format!("{archive}/tilgang"),
        }
    }
}

/// How far a key has come into use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It signs.
    Current,
    /// It was made, and the change to it is not through yet.
    Coming,
}

/// One municipality's place.
#[derive(Clone, Debug)]
pub struct Place {
    arkivlager: PathBuf,
    keys: PathBuf,
    number: MunicipalityNumber,
}

impl Place {
    /// Nothing is made or read yet. `keys` holds the keys of all municipalities.
    pub fn of(arkivlager: &Path, keys: &Path, number: &MunicipalityNumber) -> Self {
        Self { arkivlager: arkivlager.to_owned(), keys: keys.join(number.as_str()), number: number.clone() }
    }

    /// Whose.
    pub fn number(&self) -> &MunicipalityNumber {
        &self.number
    }

    /// The folder of all stores.
    pub fn arkivlager(&self) -> &Path {
        &self.arkivlager
    }

    /// A log's folder.
    pub fn log(&self, which: Which) -> PathBuf {
        let name = match which {
            Which::Archive => "revisjonslogg",
            Which::Access => "revisjonslogg-tilgang",
        };
        self.arkivlager.join(self.number.as_str()).join(name)
    }

    /// The folder of a log's history of keys.
    pub fn notes(&self, which: Which) -> PathBuf {
        self.log(which).join("nokler")
    }

    /// Whether the log was begun: its founding note is there.
    pub fn is_begun(&self, which: Which) -> bool {
        self.notes(which).join("0000.note").exists()
    }

    /// A secret's file.
    pub fn key(&self, role: KeyRole, r#use: Use) -> PathBuf {
        let name = match role {
            KeyRole::Checkpoint => "sjekkpunkt.key",
            KeyRole::Seal => "segl.key",
        };
        match r#use {
            Use::Current => self.keys.join(name),
            Use::Coming => self.keys.join(format!("{name}.ny")),
        }
    }

    /// Puts the coming key into the current one's place, on the disk when this returns.
    pub fn bring_in(&self, role: KeyRole) -> Result<(), Failure> {
        let change = || {
            fs::rename(self.key(role, Use::Coming), self.key(role, Use::Current))?;
            File::open(&self.keys)?.sync_all()
        };
        change().map_err(|e| self.failed("bring a new key into use", &e))
    }

    /// Takes a key away that nothing was ever signed with.
    pub fn forget_coming(&self, role: KeyRole) -> Result<(), Failure> {
        match fs::remove_file(self.key(role, Use::Coming)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(self.failed("take away an unused key", &e)),
            _ => Ok(()),
        }
    }

    /// Waits for the keys: many may sign at once, and nobody signs while they change.
    pub fn hold(&self, hold: Hold) -> Result<Held, Failure> {
        let take = || -> io::Result<File> {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.keys)?;
            let (name, operation) = match hold {
                Hold::Signing => (".lock", FlockOperation::LockShared),
                Hold::Changing => (".lock", FlockOperation::LockExclusive),
                Hold::Anchoring => (".anchor", FlockOperation::LockExclusive),
            };
            let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.keys.join(name))?;
            flock(&lock, operation)?;
            Ok(lock)
        };
        take().map(|lock| Held { _lock: lock }).map_err(|e| self.failed("hold the keys", &e))
    }

    fn failed(&self, doing: &str, e: &io::Error) -> Failure {
        let code = if e.kind() == io::ErrorKind::StorageFull { ErrorCode::ArchiveDiskFull } else { ErrorCode::WitnessWrite };
        Failure::retry(code, format!("cannot {doing} of municipality {}: {e}", self.number))
    }
}

/// What the keys are held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// To sign with them.
    Signing,
    /// To exchange them.
    Changing,
    /// To write down how far the access log has come: one at a time, and others may sign.
    Anchoring,
}

/// Given back when dropped, or by the kernel when the process ends.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

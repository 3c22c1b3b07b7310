//! Mail in a database that comes back: what may have been sent since the backup is not sent again by itself.
//!
//! A notice that was open at the backup, and the notices of a document that waited then, may have gone out later; nobody knows any
//! more. They become doubtful, and a person decides. A mail whose file lies in the backup's Maildir is known to be there: it stays
//! as it is, and delivery finds it in its place.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
};

use pipeline_domain::{CaseFolderId, ErrorCode, MunicipalityNumber, Notice, Timestamp};
use pipeline_intake::{Reader, Reading};
use pipeline_store::{
    MailState,
    dump::{DumpSource, NUMBERS, Table, parse_row},
};
use serde_json::{Map, Value, json};

use crate::{
    backup::{MAIL, tables::TableReader},
    config::Municipalities,
};

/// What becomes of mail that may have been sent since the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OpenMail {
    /// A person decides on each.
    Doubt,
    /// Sent: whoever says so knows that nothing was sent after the backup.
    Send,
}

/// What a reader of documents needs to know.
pub struct Knowledge<'a> {
    pub backup: &'a Path,
    /// Accepted files, restored.
    pub accepted: &'a Path,
    pub municipalities: &'a Municipalities,
    pub reader: &'a Reader,
    /// When the backup was made.
    pub at: Timestamp,
}

/// A backup's tables with its open mail in doubt.
pub struct Doubting<'a> {
    tables: TableReader,
    open_mail: OpenMail,
    known: Knowledge<'a>,
    /// Names in the Maildir, without flags.
    delivered: BTreeSet<String>,
    folders: HashMap<i64, CaseFolderId>,
    /// Accepted files of documents that wait, and their folders.
    waiting: Vec<(PathBuf, CaseFolderId)>,
    /// Keys that the outbox has.
    keys: BTreeSet<String>,
    last_mail: i64,
    /// Rows to come after the outbox's own; `None` before they are made.
    more: Option<VecDeque<String>>,
    doubtful: u64,
}

impl<'a> Doubting<'a> {
    pub fn new(tables: TableReader, open_mail: OpenMail, known: Knowledge<'a>) -> io::Result<Self> {
        let mut delivered = BTreeSet::new();
        for part in ["new", "cur"] {
            for file in crate::backup::files::walk(&known.backup.join(MAIL).join(part))?.files {
                delivered.insert(file.to_string_lossy().split(':').next().unwrap_or_default().to_owned());
            }
        }
        Ok(Self {
            tables,
            open_mail,
            known,
            delivered,
            folders: HashMap::new(),
            waiting: Vec::new(),
            keys: BTreeSet::new(),
            last_mail: 0,
            more: None,
            doubtful: 0,
        })
    }

    /// Mails that are in doubt now and were not in the backup.
    pub fn doubtful(&self) -> u64 {
        self.doubtful
    }

    fn is_delivered(&self, dedupe_key: &str) -> bool {
        self.delivered.contains(&pipeline_notify::file_name(dedupe_key))
    }

    /// Remembers a document that will be archived, and told of, again.
    fn remember(&mut self, document: &Map<String, Value>) {
        let not_archived = document["archived_at"].is_null();
        let folder = document["folder"].as_i64().and_then(|id| self.folders.get(&id));
        let digest = document["digest"].as_str().and_then(|d| d.parse::<pipeline_domain::Sha256>().ok());
        if let (true, Some(folder), Some(digest)) = (not_archived, folder, digest) {
            self.waiting.push((self.known.accepted.join(format!("{digest}.json")), folder.clone()));
        }
    }

    /// A mail of the backup.
    fn doubt(&mut self, mut mail: Map<String, Value>) -> Option<String> {
        self.last_mail = self.last_mail.max(mail["id"].as_i64()?);
        let key = mail["dedupe_key"].as_str()?.to_owned();
        let state = mail["state"].as_str()?.parse().ok()?;
        let open = matches!(state, MailState::Queued | MailState::Sending | MailState::BodySent);
        let doubted = open && !self.is_delivered(&key);
        if doubted {
            self.doubtful += 1;
            let message_id =
                mail["message_id"].as_str().map_or_else(|| self.message_id(&key, mail["municipality"].as_str()), str::to_owned);
            mail["message_id"] = message_id.into();
            mail["claimed_at"] = mail["claimed_at"].as_i64().unwrap_or(self.known.at.unix_seconds()).into();
            mail["state"] = MailState::Doubtful.id().into();
            mail["last_code"] = ErrorCode::MailDoubtful.id().into();
        }
        self.keys.insert(key);
        doubted.then(|| Value::Object(mail).to_string())
    }

    /// The same that the first attempt made, or would make.
    fn message_id(&self, dedupe_key: &str, municipality: Option<&str>) -> String {
        let of_report = dedupe_key.split(':').nth(1).and_then(|run| run.split_once('.')).map(|(number, _)| number);
        let number: Option<MunicipalityNumber> = municipality.or(of_report).and_then(|n| n.parse().ok());
        let sender = number.and_then(|n| self.known.municipalities.get(&n)).map(crate::config::Municipality::sender);
        pipeline_notify::message_id(dedupe_key, sender.as_ref().map_or("invalid", |s| &s.message_id_domain))
    }

    /// Notices that the waiting documents will bring: in doubt before they are queued.
    fn expected(&mut self) -> VecDeque<String> {
        let mut rows = VecDeque::new();
        for (file, folder) in std::mem::take(&mut self.waiting) {
            // A document without its file is told of by `verify`, and brings no mail.
            let Ok(bytes) = fs::read(file) else { continue };
            let Reading::Accepted(snapshot) = self.known.reader.read(&bytes) else { continue };
            for notice in pipeline_notify::notices(&snapshot, &folder).by_mail {
                if !self.is_delivered(&notice.dedupe_key) && self.keys.insert(notice.dedupe_key.clone()) {
                    rows.push_back(self.expected_row(&notice, &folder));
                }
            }
        }
        self.doubtful += rows.len() as u64;
        rows
    }

    fn expected_row(&mut self, notice: &Notice, folder: &CaseFolderId) -> String {
        self.last_mail += 1;
        let at = self.known.at.unix_seconds();
        let row = json!({
            "id": self.last_mail, "dedupe_key": notice.dedupe_key, "kind": notice.kind.id(),
            "document_id": notice.document.map(|key| key.id.to_string()), "version": notice.document.map(|key| key.version.0),
            "event_id": notice.event.map(|id| id.to_string()),
            "municipality": folder.municipality.as_str(), "year": folder.year, "sequence": folder.sequence,
            "recipient": notice.recipient.to_string(), "written_form": notice.written_form,
            "message_id": self.message_id(&notice.dedupe_key, Some(folder.municipality.as_str())),
            "state": MailState::Doubtful.id(), "attempts": 0, "first_failed_at": null, "queued_at": at, "next_at": at,
            "claimed_at": at, "settled_at": null, "last_code": ErrorCode::MailDoubtful.id(),
        });
        row.to_string()
    }

    /// The last number of the outbox, our own rows included.
    fn number(&self, mut row: Map<String, Value>) -> Option<String> {
        if row["table"].as_str() != Some("outbox") {
            return None;
        }
        row["last"] = row["last"].as_i64()?.max(self.last_mail).into();
        Some(Value::Object(row).to_string())
    }
}

impl DumpSource for Doubting<'_> {
    fn format(&self) -> u32 {
        self.tables.format()
    }

    fn next_row(&mut self, table: &'static Table) -> io::Result<Option<String>> {
        let is_outbox = table.name == "outbox";
        if is_outbox && let Some(more) = &mut self.more {
            return Ok(more.pop_front());
        }
        let row = self.tables.next_row(table)?;
        if self.open_mail == OpenMail::Send {
            return Ok(row);
        }
        let Some(row) = row else {
            if is_outbox {
                let mut rows = self.expected();
                let first = rows.pop_front();
                self.more = Some(rows);
                return Ok(first);
            }
            return Ok(None);
        };
        // What cannot be parsed is refused by whoever loads it.
        let Ok(parsed) = parse_row(table, &row) else { return Ok(Some(row)) };
        let changed = match table.name {
            "case_folders" => {
                self.folders.extend(parsed["id"].as_i64().zip(super::verify::folder_of(&parsed)));
                None
            }
            "documents" => {
                self.remember(&parsed);
                None
            }
            "outbox" => self.doubt(parsed),
            name if name == NUMBERS.name => self.number(parsed),
            _ => None,
        };
        Ok(Some(changed.unwrap_or(row)))
    }
}

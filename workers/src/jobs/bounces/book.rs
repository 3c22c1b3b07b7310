//! What is remembered of delivery reports, and what comes of them for an address.

use std::{fs, future::Future, io, path::PathBuf};

use pipeline_domain::{ErrorCode, Sha256, Timestamp};
use pipeline_notify::{DeliveryReport, ReportedReceiver};
use pipeline_store::{Mail, MailId};
use serde::{Deserialize, Serialize};

use crate::{data::DurableBatch, failure::Failure, shell::Shell};

/// One report of one message: the same however often the message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportKey(Sha256);

impl ReportKey {
    /// Of the message's id and the report's place in it.
    pub fn of(message: Sha256, place: usize) -> Self {
        Self(Sha256::of(format!("{message}:{place}").as_bytes()))
    }
}

/// Where reports are written down and addresses are blocked. Everything may be asked for twice.
pub trait AddressBook {
    /// Whether this report is written down.
    fn has(&self, mail: MailId, key: ReportKey) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Sends nothing more to the address that this mail went to, and tells the lead of its plan. Done twice, it is done once. A
    /// failure that gives up means that the address is not to be found any more.
    fn block(&self, mail: &Mail, report: &DeliveryReport, at: Timestamp) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Writes the report down, durably.
    fn note(&self, mail: &Mail, key: ReportKey, report: &DeliveryReport, at: Timestamp)
    -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A report as it is written down: numbers, codes and times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// Number of the mail.
    pub number: i64,
    pub action: String,
    pub status: String,
    /// `hard`, `soft` or `policy`; none where nothing failed.
    pub bounce: Option<String>,
    /// Whether it is about an address to which mail is passed on.
    pub passed_on: bool,
    /// When it happened, by the report.
    pub at: Option<Timestamp>,
    /// When it was read.
    pub read_at: Timestamp,
}

/// Reports as files `bounces/<mail>-<key>.json` in the data folder; blocked addresses in the store.
pub struct ReportBook<'a> {
    shell: &'a Shell,
    folder: PathBuf,
}

impl<'a> ReportBook<'a> {
    pub fn of(shell: &'a Shell) -> Self {
        Self { shell, folder: shell.data.bounces() }
    }

    /// All of them, the newest reading first.
    pub fn all(&self) -> Result<Vec<Noted>, Failure> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|x| x == "json") {
                let noted = fs::read(&path).map_err(failed)?;
                all.push(serde_json::from_slice::<Noted>(&noted).map_err(|e| failed(e.into()))?);
            }
        }
        all.sort_by_key(|noted| (std::cmp::Reverse(noted.read_at), std::cmp::Reverse(noted.number)));
        Ok(all)
    }
}

/// The digest's first half is enough to tell one mail's reports apart.
fn file_name(mail: MailId, key: ReportKey) -> String {
    format!("{mail}-{}.json", &key.0.to_string()[..32])
}

impl AddressBook for ReportBook<'_> {
    async fn has(&self, mail: MailId, key: ReportKey) -> Result<bool, Failure> {
        self.folder.join(file_name(mail, key)).try_exists().map_err(failed)
    }

    async fn block(&self, mail: &Mail, report: &DeliveryReport, at: Timestamp) -> Result<(), Failure> {
        super::block(self.shell, mail, report.at.unwrap_or(at)).await
    }

    async fn note(&self, mail: &Mail, key: ReportKey, report: &DeliveryReport, at: Timestamp) -> Result<(), Failure> {
        let noted = Noted {
            number: mail.id.0,
            action: report.action.id().to_owned(),
            status: report.status.to_string(),
            bounce: report.bounce().map(|kind| kind.id().to_owned()),
            passed_on: report.receiver == ReportedReceiver::PassedOn,
            at: report.at,
            read_at: at,
        };
        let mut batch = DurableBatch::new(self.folder.clone());
        let bytes = serde_json::to_vec_pretty(&noted).expect("a note is writable");
        batch.add(&file_name(mail.id, key), &bytes).and_then(|()| batch.finish()).map(drop).map_err(failed)
    }
}

fn failed(e: io::Error) -> Failure {
    Failure::retry(ErrorCode::ArchiveWrite, format!("cannot write down delivery reports: {e}"))
}

//! An accounting of a simulated year, written apart from what it judges: it reads what was told (`simulation/told.jsonl`), the case folders,
//! the mails, the reports and the access log on disk, and nothing else; it asks neither the database nor the program. What should be there is
//! worked out from the words: the dictionary of the domain (§§ 4, 5, 7, 8, 9), `docs/` and the stories beside this crate. Where the words leave something open
//! and the code was asked, a comment says so.
//!
//! Start in `account`. `documents`, `closing` and `attachments` judge folders, `screening` and `protection` what they say in public,
//! `life` is a plan as the words tell it, `announced`, `again` and `scheduled` work out the mails that should be, `balance` holds them
//! against those that are, and `leaks` looks for people where none may be named.

mod again;
mod announced;
mod attachments;
mod balance;
mod closing;
mod documents;
mod duties;
mod folder;
mod journal;
mod leaks;
mod letter;
mod life;
mod ocfl;
mod person;
mod protection;
mod reports;
mod scheduled;
mod screening;
mod texts;
mod times;
mod told;
mod traces;
mod xml;

use std::{collections::BTreeMap, fmt, path::Path};

use folder::Folder;
use letter::Mail;
use life::Lives;
use texts::Texts;
pub use told::{Told, Year};

/// One duty that was not met, or something that should not be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What kind: `mail_missing`, `screening_missing`.
    pub code: &'static str,
    /// Where: ids, numbers, file names and instants. Never a name, an address or a text.
    pub at: String,
}

impl Finding {
    fn new(code: &'static str, at: impl fmt::Display) -> Self {
        Self { code, at: at.to_string() }
    }
}

/// What the year held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Case folders on disk.
    pub folders: usize,
    /// Folders that are sealed.
    pub closed: usize,
    /// Documents in the folders, by kind.
    pub documents: BTreeMap<String, usize>,
    /// Lines that were told, by event or document type.
    pub told: BTreeMap<String, usize>,
    /// Mails that a duty was found for, by kind (`minutes_ready`, `minutes_ready, again`).
    pub mails: BTreeMap<String, usize>,
    /// Mails that may have come or not: what they hang on happened while the run that sends them was going on.
    pub open_questions: usize,
    /// Files of attachments that lie in folders as they came.
    pub attachments: usize,
    /// Folders of people whose address is protected.
    pub protected: usize,
    /// Registrations, folders and documents that were looked at for their screening.
    pub screened: usize,
    /// Rows of the access log that tell of a look at a document.
    pub looks: usize,
    /// Different values of people that were looked for in mails and names of files.
    pub needles: usize,
}

impl Summary {
    /// All documents.
    pub fn all_documents(&self) -> usize {
        self.documents.values().sum()
    }

    /// All mails.
    pub fn all_mails(&self) -> usize {
        self.mails.values().sum()
    }
}

/// A year, judged.
#[derive(Clone, Debug)]
pub struct Account {
    /// What is wrong, by code and place. Empty when every duty was met once.
    pub findings: Vec<Finding>,
    /// What was there.
    pub summary: Summary,
}

/// Judges the year in a data folder. Panics when there is none.
pub fn account(data: &Path) -> Account {
    let year = Year::read(data);
    let texts = Texts::read(data);
    let mut found = Vec::new();
    let mut summary = Summary { told: year.counts(), ..Summary::default() };

    let folders = Folder::all(data, &mut found);
    summary.folders = folders.len();
    for folder in &folders {
        ocfl::judge(folder, &mut found);
        summary.screened += screening::judge(folder, &year, &mut found);
    }
    let archived = documents::judge(&year, &folders, &mut found, &mut summary);
    journal::judge(&year, &folders, &mut found);
    summary.closed = closing::judge(&year, &folders, &archived, &mut found);
    summary.attachments = attachments::judge(&year, &folders, &archived, &mut found);
    summary.protected = protection::judge(&year, &folders, &mut found);

    let lives = Lives::of(&year, &archived);
    summary.looks = traces::judge(data, &year, &lives, &mut found);
    let mails = Mail::all(data, &mut found);
    let mut owed = announced::mails(&year, &lives, &archived);
    owed.extend(again::mails(&year, &lives, &owed));
    owed.extend(scheduled::mails(&year, &lives));
    owed.extend(reports::mails(data, &year, &texts, &mut found));
    balance::judge(&owed, &mails, &texts, &mut found, &mut summary);
    leaks::addresses(&year, &folders, &mut found);
    summary.needles = leaks::judge(data, &year, &mails, &texts, &mut found);

    found.sort();
    found.dedup();
    Account { findings: found, summary }
}

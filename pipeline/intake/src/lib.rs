//! JSON in, a [`Snapshot`] or every [`Problem`] out.
//!
//! Comes in: the bytes of one document. Goes out: [`Reading`]. Promised: any bytes whatever give one or the other, in time and
//! memory that follow their length; all problems are told at once, those between fields as soon as each field alone is right;
//! none repeats anything that the document says.
//!
//! Start with [`Reader::take`], which is the story of one document: bytes, text, JSON, schema, types, rules between fields. Those
//! rules stand in one file per document type, those of the case in `case.rs`.

mod annual_report;
mod case;
mod consent_record;
mod event;
mod folder_overview;
mod goals;
mod json;
mod lines;
mod meeting_invitation;
mod meeting_minutes;
mod message_log;
mod period;
mod plan_snapshot;
mod pointer;
mod problems;
mod reader;
mod responsibility_transfer_note;
mod schema;
mod school_year_transfer_note;

use std::collections::BTreeSet;

use pipeline_domain::{Event, MunicipalityNumber, Problem, Snapshot};

pub use reader::Reader;

/// What this installation takes in.
#[derive(Clone, Debug)]
pub struct IntakeRules {
    /// Whether made-up documents are welcome.
    pub synthetic: SyntheticPolicy,
    /// Largest document.
    pub max_bytes: usize,
    /// Deepest nesting of objects and lists. More than 128 counts as 128.
    pub max_depth: usize,
    /// Municipalities that are set up; `None` takes any.
    pub municipalities: Option<BTreeSet<MunicipalityNumber>>,
}

impl Default for IntakeRules {
    fn default() -> Self {
        Self { synthetic: SyntheticPolicy::Accept, max_bytes: 8 * 1024 * 1024, max_depth: 64, municipalities: None }
    }
}

/// What to do with documents about made-up people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntheticPolicy {
    /// Take them: they are printed with «SYNTETISKE DATA».
    Accept,
    /// Refuse them, as a production archive does.
    Refuse,
}

/// What came of bytes that may be a document or an event.
#[derive(Debug)]
pub enum Incoming {
    /// A document, and every rule holds.
    Document(Box<Snapshot>),
    /// An event, and every rule holds.
    Event(Box<Event>),
    /// At least one problem; sorted by place, at most 500 and a note.
    Refused(Vec<Problem>),
}

/// What came of a document.
#[derive(Debug)]
pub enum Reading {
    /// Every rule holds.
    Accepted(Box<Snapshot>),
    /// At least one problem; sorted by place, at most 500 and a note.
    Refused(Vec<Problem>),
}

//! `metadata/sak.json`, as far as an extract needs it.

use pipeline_domain::{Date, Timestamp};
use serde::Deserialize;

/// Shape of the file that we know.
const SCHEMA: &str = "arkivflyt/case_record/1";

/// What the folder says about itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    schema: String,
    closed: Option<Closed>,
    pub documents: Vec<Document>,
}

#[derive(Debug, Deserialize)]
struct Closed {
    at: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Document {
    /// Running number in the folder.
    pub no: u32,
    /// Length of its main file.
    pub size_bytes: u64,
}

impl Record {
    /// `None` when the bytes are not a case record of the shape that we know.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(bytes).ok().filter(|record| record.schema == SCHEMA)
    }

    /// The day that it was closed on, Europe/Oslo.
    pub fn closed_on(&self) -> Option<Date> {
        self.closed.as_ref().map(|closed| closed.at.oslo_date())
    }
}

//! Documents read back from their case folder: what a print is made from, and the plan snapshot that came before another.

use std::cmp::Reverse;

use pipeline_access::Consent;
use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, ConsentState, Content, Date, DocumentKind, ErrorCode, Snapshot, Timestamp, Verdict};
use pipeline_intake::{Reader, Reading};
use pipeline_package::{CaseRecord, DocumentEntry};

use crate::failure::Failure;

/// One case folder, to be read.
pub struct Kept<'a> {
    pub archive: &'a CaseArchive,
    pub reader: &'a Reader,
    pub folder: &'a CaseFolderId,
}

impl Kept<'_> {
    /// What the folder says about itself now. `None` when nothing is archived in it.
    pub fn record(&self) -> Result<Option<CaseRecord>, Failure> {
        let head = self.archive.read_head(self.folder)?;
        Ok(head.map(|head| CaseRecord::read(&head.case_record)).transpose()?)
    }

    /// One of its documents, as it was archived: checked against the folder's digests and against its own.
    pub fn document(&self, entry: &DocumentEntry) -> Result<Box<Snapshot>, Failure> {
        let bytes = self.archive.read_file(self.folder, &entry.source())?;
        match self.reader.read(&bytes) {
            Reading::Accepted(snapshot) if snapshot.digest == entry.content => Ok(snapshot),
            Reading::Accepted(_) => Err(Failure::give_up(
                ErrorCode::ArchiveDamaged,
                format!("the source of document {} has other content than its record", entry.no),
            )),
            // Rules may have become stricter since.
            Reading::Refused(_) => Err(Failure::give_up(
                ErrorCode::MetadataInvalid,
                format!("the source of document {} is not read by the rules of today", entry.no),
            )),
        }
    }

    /// The newest archived plan snapshot that was taken before `now`. It depends on nothing but what the folder holds, and not on
    /// `now` itself nor on what was taken later, so a document that is set again after a crash meets the same one.
    ///
    /// # Errors
    /// When the folder cannot be read for now. One that cannot be read at all is none: it must not keep others from being archived.
    pub fn before(&self, now: &Snapshot) -> Result<Option<Box<Snapshot>>, Failure> {
        if now.kind() != DocumentKind::PlanSnapshot {
            return Ok(None);
        }
        self.newest_before(now).or_else(|failure| match failure.verdict {
            Verdict::Retry => Err(failure),
            Verdict::GiveUp => {
                tracing::warn!(folder.id = %self.folder, code = %failure.code, "the former plan snapshot cannot be read: {}", failure.detail);
                Ok(None)
            }
        })
    }

    fn newest_before(&self, now: &Snapshot) -> Result<Option<Box<Snapshot>>, Failure> {
        let Some(record) = self.record()? else { return Ok(None) };
        let taken_at = now.content.record().snapshot_at;
        // A snapshot's own date is the day it was taken, so the newest day with an earlier one decides.
        let is_candidate =
            |d: &&DocumentEntry| d.kind == DocumentKind::PlanSnapshot && d.date <= taken_at.oslo_date() && d.key() != now.key();
        let mut candidates: Vec<&DocumentEntry> = record.documents().iter().filter(is_candidate).collect();
        candidates.sort_by_key(|d| Reverse((d.date, d.no)));
        let mut best: Option<(Date, Timestamp, Box<Snapshot>)> = None;
        for entry in candidates {
            if best.as_ref().is_some_and(|(day, _, _)| entry.date < *day) {
                break;
            }
            let snapshot = self.document(entry)?;
            let at = snapshot.content.record().snapshot_at;
            // Of two of one instant, the one that was archived later.
            if at < taken_at && best.as_ref().is_none_or(|(_, newest, _)| at > *newest) {
                best = Some((entry.date, at, snapshot));
            }
        }
        Ok(best.map(|(_, _, snapshot)| snapshot))
    }

    /// What the newest archived consent says on a day. `None` when none is archived, or when it holds.
    pub fn ended_consent(&self, record: &CaseRecord, on: Date) -> Result<Option<Consent>, Failure> {
        let consents = record.documents().iter().filter(|d| d.kind == DocumentKind::ConsentRecord && d.corrected_by.is_none());
        let Some(newest) = consents.max_by_key(|d| d.no) else { return Ok(None) };
        let snapshot = self.document(newest)?;
        let Content::ConsentRecord(consent) = &snapshot.content else { return Ok(None) };
        Ok(match consent.state {
            ConsentState::Withdrawn => Some(Consent::Withdrawn),
            ConsentState::Expired => Some(Consent::Expired),
            ConsentState::Draft => Some(Consent::NotGiven),
            ConsentState::Approved if consent.valid_until < on => Some(Consent::Expired),
            ConsentState::Approved => None,
        })
    }
}

/// The plan snapshot of a folder that a print is made from when nobody names one: the newest by its date.
pub fn newest_plan(record: &CaseRecord) -> Option<&DocumentEntry> {
    record.documents().iter().filter(|d| d.kind == DocumentKind::PlanSnapshot).max_by_key(|d| (d.date, d.no))
}

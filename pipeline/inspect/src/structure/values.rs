//! What single values must be.

use super::{Kind, Structure, codes, key_of};
use crate::{
    Rule,
    schema::time::{self, Day},
    xml::trimmed,
};

impl Structure<'_> {
    /// An element without children ended.
    pub(super) fn end_value(&mut self, name: &'static str, text: &str, line: u64) {
        let (unit, kind) = self.open.iter().rev().find(|l| l.is_unit).map_or(("", Kind::Other), |l| (l.name, l.kind));
        // Several elements bear names that others have too: a presedens has an opprettetDato.
        let is_in_unit = self.open.last().is_some_and(|l| l.is_unit);
        match (name, unit) {
            ("systemID", _) if is_in_unit => self.system_id(text, line),
            ("saksstatus", "mappe") if kind != Kind::MeetingFolder => {
                self.status(Rule::CaseStatus, &codes::CASE_STATUSES, name, text, line)
            }
            ("journalposttype", "registrering") => self.one_of(Rule::JournalEntryType, &codes::JOURNAL_ENTRY_TYPES, name, text, line),
            ("journalstatus", "registrering") => self.status(Rule::JournalStatus, &codes::JOURNAL_STATUSES, name, text, line),
            ("dokumentstatus", "dokumentbeskrivelse") => self.one_of(Rule::DocumentStatus, &[codes::DOCUMENT_STATUS], name, text, line),
            ("arkivdelstatus", "arkivdel") => self.one_of(Rule::SeriesStatus, &[codes::SERIES_STATUS], name, text, line),
            ("opprettetDato", "registrering") if is_in_unit => self.record_date(name, text, line),
            ("journaldato", "registrering") => self.journal_day(text),
            ("referanseArkivdel", _) => self.refer_to_series(name, text, line),
            ("referanseSekundaerKlassifikasjon", _) => {
                let unit = self.unit(name, line);
                self.references.to_classes.entry(key_of(text)).or_insert(unit);
            }
            (_, "dokumentobjekt") if is_in_unit => self.document.take(name, text),
            _ => {}
        }
        if let Some(list) = codes::obligatory(name) {
            self.one_of(Rule::CodeList, list, name, text, line);
        }
    }

    fn status(&mut self, rule: Rule, list: &[&str], name: &'static str, text: &str, line: u64) {
        self.one_of(rule, list, name, text, line);
        if let Some(level) = self.unit_level() {
            level.is_voided |= text == codes::VOIDED;
        }
    }

    fn one_of(&mut self, rule: Rule, list: &[&str], name: &'static str, text: &str, line: u64) {
        if !list.contains(&text) {
            self.tell(rule, name, line);
        }
    }

    fn record_date(&mut self, name: &'static str, text: &str, line: u64) {
        if !day_of(text).is_some_and(Day::is_common) {
            self.tell(Rule::RecordDate, name, line);
        }
    }

    fn journal_day(&mut self, text: &str) {
        let Some(day) = day_of(text) else { return };
        let days = &mut self.summary.journal_days;
        *days = Some(days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
    }

    fn refer_to_series(&mut self, name: &'static str, text: &str, line: u64) {
        let unit = self.unit(name, line);
        self.references.to_series.entry(key_of(text)).or_insert(unit);
        if let Some(level) = self.unit_level() {
            level.uses_series = true;
        }
    }
}

/// The day of a date, or of a date and time: the national tool takes both.
fn day_of(text: &str) -> Option<Day> {
    let text = trimmed(text);
    time::date_time(text).or_else(|| time::date(text))
}

//! `verify --report`: when each case folder was last checked.

use std::path::Path;

use pipeline_archive::{CaseArchive, Depth, survey_root};
use pipeline_domain::{CaseFolderId, ErrorCode};
use serde_json::{Value, json};

use super::{all::case_of, stores};
use crate::{
    cli::Global,
    exit::Exit,
    failure::Failure,
    fixity::{Check, Journal},
    output::Output,
    shell::Shell,
    words::pick,
};

/// One folder.
struct Row {
    folder: CaseFolderId,
    /// The last check of names or more.
    looked_at: Option<Check>,
    /// The last check that read every byte.
    read: Option<Check>,
}

impl Row {
    /// What the newest check of any depth found.
    fn codes(&self) -> &[String] {
        self.looked_at.as_ref().map_or(&[], |check| &check.codes)
    }
}

pub fn run(shell: &Shell, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let rows = rows(shell)?;
    let never = rows.iter().filter(|row| row.read.is_none()).count();
    let damaged = rows.iter().filter(|row| !row.codes().is_empty()).count();
    let oldest = rows.iter().filter_map(|row| Some(row.read.as_ref()?.at)).min();
    let body = json!({
        "folders": rows.iter().map(as_json).collect::<Vec<_>>(),
        "count": rows.len(), "never_read": never, "damaged": damaged, "oldest_read": oldest,
    });
    if output.answer("verification_report", body) {
        return Ok(Exit::Ok);
    }
    let lang = global.lang();
    let head = [
        pick(lang, "Mappe", "Mappe", "Folder"),
        pick(lang, "Sett på", "Sett på", "Looked at"),
        pick(lang, "Lest", "Lesen", "Read"),
        pick(lang, "Versjon", "Versjon", "Version"),
        pick(lang, "Funn", "Funn", "Findings"),
    ];
    output.table(&head, rows.iter().map(as_text).collect());
    let words = [
        (rows.len(), pick(lang, "mapper", "mapper", "folders")),
        (never, pick(lang, "aldri lest", "aldri lesne", "never read")),
        (damaged, pick(lang, "med feil", "med feil", "with errors")),
    ];
    output.line(&words.map(|(count, word)| format!("{count} {word}")).join(", "));
    Ok(Exit::Ok)
}

/// Every folder on disk, in order.
fn rows(shell: &Shell) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for number in stores(&shell.archive_root()) {
        let known = Journal::of(&shell.data, &number).read();
        let known = known.map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot read the journal of checks: {e}")))?;
        let root = CaseArchive::storage_root(&shell.archive_root(), &number);
        let survey = survey_root(&root);
        for folder in survey.objects.iter().filter_map(|at| case_of(&number, &root, Path::new(at))) {
            let last = |depth| known.last(&folder, depth).cloned();
            rows.push(Row { looked_at: last(Depth::Names), read: last(Depth::Data), folder });
        }
    }
    Ok(rows)
}

fn as_json(row: &Row) -> Value {
    let at = |check: &Option<Check>| check.as_ref().map(|check| check.at);
    json!({
        "case_folder": row.folder.to_string(), "looked_at": at(&row.looked_at), "read_at": at(&row.read),
        "version": row.looked_at.as_ref().and_then(|check| check.head.clone()), "codes": row.codes(),
    })
}

fn as_text(row: &Row) -> Vec<String> {
    let day = |check: &Option<Check>| check.as_ref().map_or_else(|| "–".to_owned(), |check| check.at.oslo_date().to_string());
    let version = row.looked_at.as_ref().and_then(|check| check.head.clone()).unwrap_or_default();
    vec![row.folder.to_string(), day(&row.looked_at), day(&row.read), version, row.codes().join(" ")]
}

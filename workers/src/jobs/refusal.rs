//! What is not taken, and why: every reason, none with a value from the document. Kept in `refused/`, each beside its problems.

use std::{fs, io, path::Path};

use pipeline_domain::{ErrorCode, Lang, Problem, Sha256};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    data::{DurableBatch, move_new},
    failure::Failure,
    shell::Shell,
};

/// Why a document was not taken: every reason, none with a value from the document.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    pub problems: Vec<RefusalLine>,
}

/// One reason.
#[derive(Clone, Debug, Serialize)]
pub struct RefusalLine {
    pub code: &'static str,
    /// JSON pointer; empty for the whole document.
    pub at: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    pub text: Texts,
}

/// The same in three languages.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Texts {
    pub nb: &'static str,
    pub nn: &'static str,
    pub en: &'static str,
}

impl Texts {
    pub fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Nb => self.nb,
            Lang::Nn => self.nn,
            Lang::En => self.en,
        }
    }
}

impl Refusal {
    pub fn from_problems(problems: Vec<Problem>) -> Self {
        let line = |p: Problem| RefusalLine {
            code: p.code.id(),
            at: p.at,
            rule: p.rule,
            text: Texts { nb: p.code.text(Lang::Nb), nn: p.code.text(Lang::Nn), en: p.code.text(Lang::En) },
        };
        Self { problems: problems.into_iter().map(line).collect() }
    }

    pub fn from_code(code: ErrorCode) -> Self {
        let text = Texts { nb: code.text(Lang::Nb), nn: code.text(Lang::Nn), en: code.text(Lang::En) };
        Self { problems: vec![RefusalLine { code: code.id(), at: String::new(), rule: String::new(), text }] }
    }

    /// The file beside a refused document.
    pub fn to_json(&self) -> Value {
        json!({ "schema": "arkivflyt.problems/1", "problems": self.problems })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&self.to_json()).expect("problems are writable as JSON")
    }
}

/// Puts a copy of a refused document beside its problems. Named by its bytes: a person's file name may hold a name. Refused
/// again, perhaps for another reason: the newest problems stand.
pub fn refuse(shell: &Shell, document: &[u8], refusal: &Refusal) -> Result<String, Failure> {
    let stem = Sha256::of(document).to_string();
    let mut batch = DurableBatch::new(shell.data.refused());
    let written = batch
        .add(&format!("{stem}.json"), document)
        .and_then(|()| batch.replace(&problems_of(&stem), &refusal.to_bytes()))
        .and_then(|()| batch.finish());
    written.map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot keep a refused document: {e}")))?;
    tracing::info!(file = %stem, problems = refusal.problems.len(), "refused");
    Ok(stem)
}

/// What became of a file that was to be moved to `refused/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It lies there now.
    There,
    /// Its bytes lay there before: it still lies where it was.
    KnownThere,
}

/// Moves a file that was read to `refused/`. Moved, not copied: whoever still writes to it writes to the file that is kept.
pub fn refuse_file(shell: &Shell, file: &Path, document: &[u8], refusal: &Refusal) -> io::Result<Moved> {
    let stem = Sha256::of(document).to_string();
    let place = shell.data.refused().join(format!("{stem}.json"));
    if fs::read(place).is_ok_and(|there| there == document) {
        write_problems(shell, &stem, refusal)?;
        return Ok(Moved::KnownThere);
    }
    set_aside(shell, file, &stem, ".json", refusal)?;
    Ok(Moved::There)
}

/// Moves something that must not be read to `refused/`. Named by its inode: its own name may hold a name.
pub fn refuse_unread(shell: &Shell, file: &Path, refusal: &Refusal) -> io::Result<String> {
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::symlink_metadata(file)?);
    set_aside(shell, file, &format!("unread-{inode}"), "", refusal)
}

/// Under the first free name of `stem`, `stem-2`, `stem-3` …; the name it got.
fn set_aside(shell: &Shell, file: &Path, stem: &str, extension: &str, refusal: &Refusal) -> io::Result<String> {
    let mut n = 1;
    loop {
        let name = if n == 1 { stem.to_owned() } else { format!("{stem}-{n}") };
        let place = shell.data.refused().join(format!("{name}{extension}"));
        n += 1;
        if place.symlink_metadata().is_ok() {
            continue;
        }
        // The reason first: nothing lies there without one.
        write_problems(shell, &name, refusal)?;
        match move_new(file, &place) {
            Ok(()) => {
                tracing::info!(file = %name, problems = refusal.problems.len(), "refused");
                return Ok(name);
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => {
                let _ = fs::remove_file(shell.data.refused().join(problems_of(&name)));
                return Err(e);
            }
        }
    }
}

fn write_problems(shell: &Shell, stem: &str, refusal: &Refusal) -> io::Result<()> {
    let mut batch = DurableBatch::new(shell.data.refused());
    batch.replace(&problems_of(stem), &refusal.to_bytes())?;
    batch.finish().map(drop)
}

fn problems_of(stem: &str) -> String {
    format!("{stem}.problems.json")
}

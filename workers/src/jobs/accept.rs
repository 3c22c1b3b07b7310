//! Takes documents in: read, kept on disk, then in the database. In that order, so that a row always has its file.

use std::{fs, path::Path, sync::Arc, task::Poll};

use pipeline_domain::{DocumentKey, ErrorCode, Lang, Problem, Reservation, Sha256, Snapshot, Timestamp};
use pipeline_intake::Reading;
use pipeline_store::{Acceptance, DocumentRow, Documents, NewDocument};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    data::{DurableBatch, Put},
    failure::Failure,
    shell::Shell,
};

/// What became of one document that was handed in.
#[derive(Debug)]
pub enum Answer {
    /// Taken: it will be archived in this folder.
    New { key: DocumentKey, reservation: Reservation },
    /// The same content was taken before.
    Known(Box<DocumentRow>),
    /// Not taken.
    Refused(Refusal),
}

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
}

/// Takes several documents in. One barrier makes all their files safe; then each gets its row. Answers come in the order of
/// the documents.
pub async fn accept_all(shell: &Shell, documents: Vec<Vec<u8>>) -> Result<Vec<Answer>, Failure> {
    let documents: Vec<Arc<[u8]>> = documents.into_iter().map(Arc::from).collect();
    let readings = read_all(shell, &documents).await?;
    keep(shell, &documents, &readings).await?;
    let now = shell.clock.now();
    let news: Vec<Option<NewDocument>> = readings.iter().map(|r| r.as_ref().ok().map(|s| new_document(s, now))).collect();
    let acceptances = in_order(news.iter().flatten().map(|new| shell.store.accept(new)).collect()).await;
    let mut acceptances = news.iter().flatten().map(|new| new.key).zip(acceptances);
    let mut answers = Vec::with_capacity(documents.len());
    for reading in &readings {
        answers.push(match reading {
            Err(refusal) => Answer::Refused(refusal.clone()),
            Ok(_) => {
                let (key, acceptance) = acceptances.next().expect("every document that was read was offered");
                answer(key, acceptance?)
            }
        });
    }
    for ((document, reading), answer) in documents.iter().zip(&readings).zip(&answers) {
        match answer {
            Answer::Refused(refusal) => {
                if let Ok(snapshot) = reading {
                    forget(shell, snapshot.digest)?;
                }
                refuse(shell, document, refusal)?;
            }
            Answer::New { .. } | Answer::Known(_) => {}
        }
    }
    Ok(answers)
}

fn new_document(snapshot: &Snapshot, now: Timestamp) -> NewDocument {
    NewDocument::of(snapshot, now).expect("intake has checked the source system's name")
}

fn answer(key: DocumentKey, acceptance: Acceptance) -> Answer {
    match acceptance {
        Acceptance::New(reservation) => {
            tracing::info!(document.id = %key.id, document.version = %key.version, folder.id = %reservation.folder, "accepted");
            Answer::New { key, reservation }
        }
        Acceptance::Known(row) => {
            tracing::info!(document.id = %key.id, document.version = %key.version, known.id = %row.key.id, "known already");
            Answer::Known(row)
        }
        Acceptance::IdReused => Answer::Refused(Refusal::from_code(ErrorCode::DocumentIdReused)),
    }
}

/// Waits for all of them together, and lets each begin in its turn: numbers are given in the order of the documents, and
/// the database still commits them in groups.
async fn in_order<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |cx| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(done.iter_mut().filter_map(Option::take).collect()) } else { Poll::Pending }
    })
    .await
}

type ReadOrRefused = Result<Arc<Snapshot>, Refusal>;

async fn read_all(shell: &Shell, documents: &[Arc<[u8]>]) -> Result<Vec<ReadOrRefused>, Failure> {
    let mut tasks = tokio::task::JoinSet::new();
    for (i, document) in documents.iter().cloned().enumerate() {
        let reader = shell.reader.clone();
        tasks.spawn_blocking(move || (i, reader.read(&document)));
    }
    let mut readings: Vec<Option<ReadOrRefused>> = documents.iter().map(|_| None).collect();
    while let Some(done) = tasks.join_next().await {
        let (i, reading) =
            done.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "reading a document ended in an internal error"))?;
        readings[i] = Some(match reading {
            Reading::Accepted(snapshot) => Ok(Arc::from(snapshot)),
            Reading::Refused(problems) => Err(Refusal::from_problems(problems)),
        });
    }
    Ok(readings.into_iter().map(|r| r.expect("every document was read")).collect())
}

/// Puts the bytes into `accepted/` under the digest of their content.
async fn keep(shell: &Shell, documents: &[Arc<[u8]>], readings: &[ReadOrRefused]) -> Result<Vec<Put>, Failure> {
    let taken: Vec<(Sha256, Arc<[u8]>)> =
        documents.iter().zip(readings).filter_map(|(bytes, reading)| reading.as_ref().ok().map(|s| (s.digest, bytes.clone()))).collect();
    let folder = shell.data.accepted();
    let write = move || {
        let mut batch = DurableBatch::new(folder);
        for (digest, bytes) in &taken {
            batch.add(&format!("{digest}.json"), bytes)?;
        }
        batch.finish()
    };
    tokio::task::spawn_blocking(write)
        .await
        .expect("writing does not panic")
        .map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot keep accepted documents: {e}")))
}

/// Puts a refused document beside its problems. Named by its bytes: a person's file name may hold a name.
pub fn refuse(shell: &Shell, document: &[u8], refusal: &Refusal) -> Result<String, Failure> {
    let stem = Sha256::of(document).to_string();
    let mut batch = DurableBatch::new(shell.data.refused());
    let problems = serde_json::to_vec_pretty(&refusal.to_json()).expect("problems are writable as JSON");
    let written = batch
        .add(&format!("{stem}.json"), document)
        .and_then(|()| batch.add(&format!("{stem}.problems.json"), &problems))
        .and_then(|()| batch.finish());
    written.map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot keep a refused document: {e}")))?;
    tracing::info!(file = %stem, problems = refusal.problems.len(), "refused");
    Ok(stem)
}

/// Moves something that must not be read to `refused/`, beside its reason. Named by its inode: its own name may hold a name.
pub fn refuse_unread(shell: &Shell, path: &Path, refusal: &Refusal) -> Result<String, Failure> {
    let failed = |e: std::io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot set a file aside: {e}"));
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::symlink_metadata(path).map_err(failed)?);
    let stem = format!("unread-{inode}");
    let mut batch = DurableBatch::new(shell.data.refused());
    let problems = serde_json::to_vec_pretty(&refusal.to_json()).expect("problems are writable as JSON");
    batch.add(&format!("{stem}.problems.json"), &problems).and_then(|()| batch.finish()).map_err(failed)?;
    fs::rename(path, shell.data.refused().join(&stem)).map_err(failed)?;
    Ok(stem)
}

/// Takes a file away that no row needs: its id stands for other content.
fn forget(shell: &Shell, digest: Sha256) -> Result<(), Failure> {
    match fs::remove_file(shell.data.accepted_file(digest)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::retry(ErrorCode::ArchiveWrite, format!("cannot remove an accepted file: {e}")))
        }
        _ => Ok(()),
    }
}

/// Files in `accepted/` without a row: a crash came between the two. They are taken in now.
pub async fn adopt_orphans(shell: &Shell) -> Result<usize, Failure> {
    let unreadable = |e: std::io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot read accepted documents: {e}"));
    let known: std::collections::HashSet<String> = shell
        .store
        .documents(&pipeline_store::DocumentFilter::default(), u32::MAX)
        .await?
        .iter()
        .map(|row| row.digest.to_string())
        .collect();
    let mut adopted = 0;
    for entry in fs::read_dir(shell.data.accepted()).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let orphan = path.extension().is_some_and(|x| x == "json")
            && path.file_stem().is_some_and(|stem| !known.contains(stem.to_string_lossy().as_ref()));
        if orphan {
            let bytes = fs::read(&path).map_err(unreadable)?;
            accept_all(shell, vec![bytes]).await?;
            adopted += 1;
        }
    }
    Ok(adopted)
}

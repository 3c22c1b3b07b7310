//! Takes documents in: read, kept on disk, then in the database. In that order, so that a row always has its file.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    sync::Arc,
    task::Poll,
};

use pipeline_domain::{
    CaseFolderId, DocumentKey, DocumentKind, ErrorCode, Event, EventId, PlanId, Problem, ProblemCode, Reservation, Sha256, Snapshot,
    Timestamp,
};
use pipeline_intake::Incoming;
use pipeline_store::{Acceptance, DocumentRow, DocumentState, Documents, NewDocument, Plans, SlotChange};

use crate::{
    data::{AcceptedHold, DurableBatch, Hold},
    failure::Failure,
    jobs::{
        attach, document_jobs,
        events::{self, Heard},
        refusal,
    },
    shell::Shell,
};

pub use crate::jobs::refusal::Refusal;

/// What became of one document that was handed in.
#[derive(Debug)]
pub enum Answer {
    /// Taken: it will be archived in this folder. Also said of one that had failed and is now tried again.
    New { key: DocumentKey, reservation: Reservation },
    /// The same content was taken before.
    Known(Box<DocumentRow>),
    /// An event: its plan has this folder.
    Event { id: EventId, folder: CaseFolderId, is_new: bool },
    /// Not taken.
    Refused(Refusal),
}

/// Documents that are read, kept and taken in together share their barriers. This many, or this much, whichever comes first:
/// what is in memory at once has a bound.
#[derive(Debug, Default)]
pub struct BatchSize {
    documents: usize,
    bytes: usize,
}

impl BatchSize {
    const DOCUMENTS: usize = 64;
    const BYTES: usize = 16 << 20;

    pub fn add(&mut self, bytes: usize) {
        self.documents += 1;
        self.bytes += bytes;
    }

    pub fn is_full(&self) -> bool {
        self.documents >= Self::DOCUMENTS || self.bytes >= Self::BYTES
    }
}

/// Takes several documents in. One barrier makes all their files safe; then each gets its row. Answers come in the order of
/// the documents; a copy of each that is refused lies in `refused/`.
pub async fn accept_all(shell: &Shell, documents: Vec<Vec<u8>>) -> Result<Vec<Answer>, Failure> {
    let documents: Vec<Arc<[u8]>> = documents.into_iter().map(Arc::from).collect();
    let Offered { answers, without_row } = offer(shell, &documents).await?;
    for (document, answer) in documents.iter().zip(&answers) {
        if let Answer::Refused(refusal) = answer {
            refusal::refuse(shell, document, refusal)?;
        }
    }
    forget(shell, &without_row).await?;
    Ok(answers)
}

/// Answers to documents. The refused ones are still the caller's to keep; when they are safe, `without_row` may be forgotten.
pub struct Offered {
    pub answers: Vec<Answer>,
    pub without_row: Vec<Sha256>,
}

/// Takes documents in, and leaves those that are refused to the caller.
pub async fn offer(shell: &Shell, documents: &[Arc<[u8]>]) -> Result<Offered, Failure> {
    let readings = read_all(shell, documents).await?;
    let (mut read, mut heard) = (Vec::new(), Vec::new());
    for (reading, bytes) in readings.iter().zip(documents) {
        match reading {
            Ok(Came::Document(snapshot)) => read.push(Read { snapshot: snapshot.clone(), bytes: bytes.clone() }),
            Ok(Came::Event(event)) => heard.push(Heard { event: event.clone(), bytes: bytes.clone() }),
            Err(_) => {}
        }
    }
    // First what happened, then what was written of it: a plan is there before its documents.
    let noted = events::accept_all(shell, &heard).await?;
    let order = by_happening(&read);
    let accepted = accept_read(shell, &order.iter().map(|i| read[*i].clone()).collect::<Vec<_>>()).await?;
    let accepted = as_offered(&order, accepted);
    let is_refused = |a: &Answer| matches!(a, Answer::Refused(_));
    let mut without_row: Vec<Sha256> = read.iter().zip(&accepted).filter(|(_, a)| is_refused(a)).map(|(r, _)| r.snapshot.digest).collect();
    without_row.extend(heard.iter().zip(&noted).filter(|(_, a)| is_refused(a)).map(|(h, _)| h.event.digest));
    let (mut accepted, mut noted) = (accepted.into_iter(), noted.into_iter());
    let answer = |reading: ReadOrRefused| match reading {
        Err(refusal) => Answer::Refused(refusal),
        Ok(Came::Document(_)) => accepted.next().expect("every document that was read was offered"),
        Ok(Came::Event(_)) => noted.next().expect("every event that was read was offered"),
    };
    Ok(Offered { answers: readings.into_iter().map(answer).collect(), without_row })
}

/// A document that intake has read.
#[derive(Clone)]
struct Read {
    snapshot: Arc<Snapshot>,
    bytes: Arc<[u8]>,
}

/// Places of the documents in the order in which they are taken in: those of one plan as they happened, whatever order their files came
/// in, and a plan before the note of the same instant that speaks of it. They are archived in this order (DOMAIN § 5: first the snapshot,
/// then the note). Plans keep their places among each other.
fn by_happening(read: &[Read]) -> Vec<usize> {
    let mut plans: HashMap<PlanId, Vec<usize>> = HashMap::new();
    for (place, read) in read.iter().enumerate() {
        plans.entry(read.snapshot.case.plan_id).or_default().push(place);
    }
    let mut order: Vec<usize> = (0..read.len()).collect();
    for places in plans.into_values() {
        let mut happened = places.clone();
        happened.sort_by_key(|i| (read[*i].snapshot.occurred_at, read[*i].snapshot.kind() != DocumentKind::PlanSnapshot));
        places.into_iter().zip(happened).for_each(|(place, i)| order[place] = i);
    }
    order
}

/// Answers in the order in which the documents were offered.
fn as_offered(order: &[usize], answers: Vec<Answer>) -> Vec<Answer> {
    let mut offered: Vec<(usize, Answer)> = order.iter().copied().zip(answers).collect();
    offered.sort_by_key(|(place, _)| *place);
    offered.into_iter().map(|(_, answer)| answer).collect()
}

async fn accept_read(shell: &Shell, read: &[Read]) -> Result<Vec<Answer>, Failure> {
    if read.is_empty() {
        return Ok(Vec::new());
    }
    let _hold = hold(shell).await?;
    let digests: Vec<Sha256> = read.iter().map(|r| r.snapshot.digest).collect();
    let states = shell.store.states_of(&digests).await?;
    // A notified document needs its file no more, and the addresses in it shall not come back.
    let is_done = |r: &Read| states.contains(&(r.snapshot.digest, DocumentState::Notified));
    let named = read.iter().filter(|r| !is_done(r)).flat_map(|r| r.snapshot.content.attachments()).map(|a| a.hash).collect();
    let files = attach::take_in(shell, named).await?;
    keep(shell, read.iter().filter(|r| !is_done(r)).cloned().collect(), DurableBatch::add).await?;
    let now = shell.clock.now();
    let news = read.iter().map(|r| new_document(shell, &r.snapshot, now)).collect::<Result<Vec<NewDocument>, _>>()?;
    let acceptances = in_order(news.iter().map(|new| shell.store.accept(new, document_jobs)).collect()).await;
    let acceptances = acceptances.into_iter().collect::<Result<Vec<_>, _>>()?;
    keep(shell, newer_sendings(shell, read, &acceptances), DurableBatch::replace).await?;
    let mut answers = Vec::with_capacity(read.len());
    for (new, acceptance) in news.iter().zip(acceptances) {
        answers.push(answer(shell, new.key, acceptance, now).await?);
    }
    // Each document that was taken has its row by now, and the files are safe beside it.
    if answers.iter().all(|a| !matches!(a, Answer::Refused(_))) {
        attach::put_away(files).await?;
    }
    Ok(answers)
}

/// Nobody looks for files without a row while some of ours have none yet.
pub(super) async fn hold(shell: &Shell) -> Result<AcceptedHold, Failure> {
    let held = shell.data.hold_accepted(Hold::ToAccept).await;
    held.map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot hold the accepted documents: {e}")))?
        .ok_or_else(|| Failure::retry(ErrorCode::StoreUnavailable, "another process holds the accepted documents"))
}

fn new_document(shell: &Shell, snapshot: &Snapshot, now: Timestamp) -> Result<NewDocument, Failure> {
    let slot = match snapshot.kind() {
        DocumentKind::ClosingNote => SlotChange::Release,
        // The person may have got another plan meanwhile.
        DocumentKind::ReopeningNote => shell.pseudonyms()?.slot(&snapshot.case).map_or(SlotChange::Keep, SlotChange::Claim),
        _ => SlotChange::Keep,
    };
    Ok(NewDocument::of(snapshot, slot, now).expect("intake has checked the source system's name"))
}

/// Known documents whose file gives way to what was sent now.
///
/// Equal digests mean equal content, but ids of the sending and contact data do not count in them. So a sender who corrects an
/// e-mail address sends a document that is known, and it is the address sent last that counts, for as long as mail may leave.
/// The row keeps its id whatever id came with the bytes: see `carry::read_back`. A file that is no longer what was accepted
/// becomes so again.
fn newer_sendings(shell: &Shell, read: &[Read], acceptances: &[Acceptance]) -> Vec<Read> {
    let known = |a: &Acceptance| matches!(a, Acceptance::Known(row) if row.state != DocumentState::Notified);
    let differs = |r: &Read| fs::read(shell.data.accepted_file(r.snapshot.digest)).ok().is_none_or(|there| there != *r.bytes);
    // In the order of sending; the last one wins. One that equals the file now may come after one that does not.
    let known: Vec<&Read> = read.iter().zip(acceptances).filter(|(_, a)| known(a)).map(|(r, _)| r).collect();
    let changed: Vec<Sha256> = known.iter().filter(|r| differs(r)).map(|r| r.snapshot.digest).collect();
    known.into_iter().filter(|r| changed.contains(&r.snapshot.digest)).cloned().collect()
}

async fn answer(shell: &Shell, key: DocumentKey, acceptance: Acceptance, now: Timestamp) -> Result<Answer, Failure> {
    Ok(match acceptance {
        Acceptance::New(reservation) => {
            tracing::info!(document.id = %key.id, document.version = %key.version, folder.id = %reservation.folder, "accepted");
            Answer::New { key, reservation }
        }
        Acceptance::Known(row) if row.state == DocumentState::Failed => {
            shell.store.retry_document(row.key, now, document_jobs).await?;
            tracing::info!(document.id = %row.key.id, document.version = %row.key.version, "sent again after a failure: tried again");
            Answer::New { key: row.key, reservation: row.reservation }
        }
        Acceptance::Known(row) => {
            tracing::info!(document.id = %key.id, document.version = %key.version, known.id = %row.key.id, "known already");
            Answer::Known(row)
        }
        Acceptance::SlotTaken(folder) => {
            tracing::warn!(document.id = %key.id, folder.id = %folder, "another open plan has the person's one place");
            Answer::Refused(Refusal::from_code(ErrorCode::PlanExists))
        }
        Acceptance::IdReused => Answer::Refused(Refusal::from_code(ErrorCode::DocumentIdReused)),
    })
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

/// What bytes turned out to be.
enum Came {
    Document(Arc<Snapshot>),
    Event(Arc<Event>),
}

type ReadOrRefused = Result<Came, Refusal>;

/// As many at a time as there are cores: a parsed document is many times its text.
async fn read_all(shell: &Shell, documents: &[Arc<[u8]>]) -> Result<Vec<ReadOrRefused>, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut readings: Vec<Option<ReadOrRefused>> = documents.iter().map(|_| None).collect();
    let mut rest = documents.iter().cloned().enumerate();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        while tasks.len() < cores
            && let Some((i, document)) = rest.next()
        {
            let reader = shell.reader.clone();
            tasks.spawn_blocking(move || (i, reader.take(&document)));
        }
        let Some(done) = tasks.join_next().await else { break };
        let (i, reading) =
            done.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "reading a document ended in an internal error"))?;
        readings[i] = Some(match reading {
            Incoming::Event(event) => Ok(Came::Event(Arc::from(event))),
            Incoming::Document(snapshot) if snapshot.content.is_draft() => {
                Err(Refusal::from_problems(vec![Problem::new(ProblemCode::NotApproved, "/content/state", "state=approved")]))
            }
            Incoming::Document(snapshot) => Ok(Came::Document(Arc::from(snapshot))),
            Incoming::Refused(problems) => Err(Refusal::from_problems(problems)),
        });
    }
    Ok(readings.into_iter().map(|r| r.expect("every document was read")).collect())
}

/// Puts the bytes into `accepted/` under the digest of their content.
async fn keep(shell: &Shell, read: Vec<Read>, put: fn(&mut DurableBatch, &str, &[u8]) -> io::Result<()>) -> Result<(), Failure> {
    let folder = shell.data.accepted();
    let write = move || {
        let mut batch = DurableBatch::new(folder);
        for Read { snapshot, bytes } in &read {
            put(&mut batch, &format!("{}.json", snapshot.digest), bytes)?;
        }
        batch.finish()
    };
    let written = tokio::task::spawn_blocking(write).await.expect("writing does not panic");
    written.map(drop).map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot keep accepted documents: {e}")))
}

/// Those of the digests that a document or an event has.
pub async fn known_among(shell: &Shell, digests: &[Sha256]) -> Result<HashSet<Sha256>, Failure> {
    let mut known: HashSet<Sha256> = shell.store.states_of(digests).await?.into_iter().map(|(digest, _)| digest).collect();
    known.extend(shell.store.events_among(digests).await?);
    Ok(known)
}

/// Takes accepted files away that no row has. Their documents must be kept elsewhere, as in `refused/`. Looks again while
/// nobody is between file and row: another sending of the same content may have got its row meanwhile. When somebody is,
/// the files stay for the next run.
pub async fn forget(shell: &Shell, digests: &[Sha256]) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot remove an accepted file: {e}"));
    if digests.is_empty() {
        return Ok(());
    }
    let Some(_hold) = shell.data.hold_accepted(Hold::ToSort).await.map_err(failed)? else { return Ok(()) };
    let known = known_among(shell, digests).await?;
    for digest in digests.iter().filter(|d| !known.contains(d)) {
        match fs::remove_file(shell.data.accepted_file(*digest)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
            _ => {}
        }
    }
    Ok(())
}

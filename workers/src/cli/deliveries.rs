//! `deliveries`: what went to the case archive, what it answered, and sending again.

use pipeline_domain::{CaseFolderId, DocumentId, DocumentKey, DocumentVersion, Lang};
use pipeline_store::{
    Deliveries as _, DeliveryFilter, DeliveryPart, DeliveryRow, DeliveryState, Documents, Enqueued, JobFilter, JobState, Jobs as _,
    Recorded,
};
use serde_json::{Value, json};

use crate::{
    cli::Global,
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::deliveries::{self, deliver_job, life_of, told},
    output::Output,
    shell::Shell,
    words::pick,
};

/// Look at deliveries to the case archive.
#[derive(Debug, clap::Subcommand)]
pub enum Deliveries {
    /// Deliveries and where they stand. No names.
    #[command(after_help = crate::exit::TABLE)]
    List {
        /// Only in this state: waiting, sent, received, doubtful, refused, failed, accepted or moot.
        #[arg(long)]
        state: Option<DeliveryState>,
        /// Only of this case folder, such as 9901/2026/000001.
        #[arg(long = "case", value_name = "FOLDER")]
        folder: Option<CaseFolderId>,
        /// At most so many, the newest.
        #[arg(long, default_value_t = 200)]
        limit: u32,
    },
    /// One delivery with every sending and its answer.
    #[command(after_help = crate::exit::TABLE)]
    Show {
        /// Its number in the list.
        #[arg(value_name = "NUMBER")]
        number: i64,
    },
    /// Send again what was refused, is in doubt or could not be made. What is under way or archived there is left alone.
    ///
    /// The same external keys are used, so that a receiver that minds them archives nothing twice. One that does not may: see first
    /// that the document is not there.
    #[command(after_help = crate::exit::TABLE)]
    Resend(Resend),
}

/// What to send again.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(false).args(["number", "document", "state"])))]
pub struct Resend {
    /// This delivery, by its number in the list.
    #[arg(value_name = "NUMBER")]
    pub number: Option<i64>,
    /// This document. One that was archived before there was a target is sent for the first time.
    #[arg(long, value_name = "ID")]
    pub document: Option<DocumentId>,
    /// Only this version.
    #[arg(long, value_name = "N", requires = "document", value_parser = clap::value_parser!(u32).range(1..=9999))]
    pub version: Option<u32>,
    /// Everything in this state: refused, doubtful, failed or waiting.
    #[arg(long)]
    pub state: Option<DeliveryState>,
}

pub async fn run(command: Deliveries, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Shell::open(global, config).await?;
    let exit = match command {
        Deliveries::List { state, folder, limit } => list(&shell, &DeliveryFilter { state, folder }, limit, global, output).await,
        Deliveries::Show { number } => show(&shell, number, global, output).await,
        Deliveries::Resend(asked) => resend(&shell, &asked, global, output).await,
    };
    shell.close().await;
    exit
}

fn row(row: &DeliveryRow, lang: Lang) -> Value {
    json!({
        "number": row.id, "case_folder": row.folder.to_string(), "document_id": row.document.id, "version": row.document.version,
        "part": row.part, "state": row.state, "code": row.code, "text": row.code.map(|code| code.text(lang)),
        "opened_at": row.opened_at, "changed_at": row.changed_at, "next_at": row.next_at, "kept": row.is_kept,
    })
}

async fn list(shell: &Shell, filter: &DeliveryFilter, limit: u32, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let rows = shell.store.deliveries(filter, limit).await?;
    let lang = global.lang();
    let counts = shell.store.delivery_counts().await?;
    let counts: serde_json::Map<String, Value> = counts.into_iter().map(|(state, n)| (state.id().to_owned(), json!(n))).collect();
    let all: Vec<Value> = rows.iter().map(|r| row(r, lang)).collect();
    if output.answer("delivery_list", json!({ "deliveries": all, "counts": counts })) {
        return Ok(Exit::Ok);
    }
    let head = [
        "#",
        pick(lang, "Mappe", "Mappe", "Folder"),
        pick(lang, "Dokument", "Dokument", "Document"),
        pick(lang, "Del", "Del", "Part"),
        pick(lang, "Status", "Status", "State"),
        pick(lang, "Endret", "Endra", "Changed"),
        pick(lang, "Kode", "Kode", "Code"),
    ];
    let line = |r: &DeliveryRow| {
        let code = r.code.map_or_else(String::new, |code| code.id().to_owned());
        let (document, changed) = (r.document.to_string(), r.changed_at.to_string());
        vec![r.id.to_string(), r.folder.to_string(), document, part(r.part, lang).into(), word(r.state, lang).into(), changed, code]
    };
    output.table(&head, rows.iter().map(line).collect());
    let mut codes: Vec<_> = rows.iter().filter_map(|r| r.code).collect();
    codes.sort_unstable_by_key(|code| code.id());
    codes.dedup();
    for code in codes {
        output.line(&format!("{code}: {}", code.text(lang)));
    }
    Ok(Exit::Ok)
}

/// In the reader's language.
fn word(state: DeliveryState, lang: Lang) -> &'static str {
    match state {
        DeliveryState::Waiting => pick(lang, "venter", "ventar", "waiting"),
        DeliveryState::Sent => pick(lang, "sendt", "send", "sent"),
        DeliveryState::Received => pick(lang, "mottatt", "motteke", "received"),
        DeliveryState::Doubtful => pick(lang, "usikker", "usikker", "doubtful"),
        DeliveryState::Refused => pick(lang, "avvist", "avvist", "refused"),
        DeliveryState::Failed => pick(lang, "feilet", "feila", "failed"),
        DeliveryState::Accepted => pick(lang, "arkivert", "arkivert", "accepted"),
        DeliveryState::Moot => pick(lang, "ikke lenger aktuell", "ikkje lenger aktuell", "moot"),
    }
}

fn part(part: DeliveryPart, lang: Lang) -> &'static str {
    match part {
        DeliveryPart::Document => pick(lang, "dokument", "dokument", "document"),
        DeliveryPart::Closing => pick(lang, "avslutning", "avslutning", "closing"),
        DeliveryPart::Reopening => pick(lang, "gjenåpning", "gjenopning", "reopening"),
    }
}

async fn show(shell: &Shell, number: i64, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(found) = by_number(shell, number).await? else { return Ok(not_found(number.to_string(), output)) };
    let lang = global.lang();
    let life = life_of(&found)?;
    let sendings: Vec<Value> = life.sendings().iter().map(told).collect();
    let mut body = row(&found, lang);
    body["dialect"] = json!(life.dialect().id());
    body["sendings"] = json!(sendings);
    body["archived_twice"] = json!(life.is_archived_twice());
    if output.answer("delivery", &body) {
        return Ok(Exit::Ok);
    }
    output.line(&format!("{} · {} · {} · {}", found.folder, found.document, part(found.part, lang), word(found.state, lang)));
    for sending in &sendings {
        let told = |key: &str| sending[key].as_str().unwrap_or("–").to_owned();
        let reason = sending["reason"].as_str().map_or_else(String::new, |reason| format!(" ({reason})"));
        output.line(&format!("{}. {} · {} · {}{reason}", sending["sending"], told("message_id"), told("sent_at"), told("answer")));
        for unit in ["folder", "registration"] {
            if let Some(number) = sending[unit]["number"].as_str().or(sending[unit]["system_id"].as_str()) {
                output.line(&format!("   {unit}: {number}"));
            }
        }
    }
    if let Some(code) = found.code {
        output.line(&format!("{code}: {}", code.text(lang)));
    }
    if life.is_archived_twice() {
        output.line(pick(
            lang,
            "To sendinger ble arkivert hver for seg: sakarkivet ser ikke på eksterne nøkler. Noen må rydde der.",
            "To sendingar vart arkiverte kvar for seg: sakarkivet ser ikkje på eksterne nøklar. Nokon må rydde der.",
            "Two sendings were archived as two: the case archive minds no external keys. Somebody must tidy up there.",
        ));
    }
    Ok(Exit::Ok)
}

async fn by_number(shell: &Shell, number: i64) -> Result<Option<DeliveryRow>, Failure> {
    Ok(shell.store.delivery_by_id(pipeline_store::DeliveryId(number)).await?)
}

fn not_found(what: String, output: &Output) -> Exit {
    output.error("not_found", &what);
    Exit::NotFound
}

async fn resend(shell: &Shell, asked: &Resend, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(chosen) = choose(shell, asked).await? else {
        return Ok(not_found(asked.document.map_or_else(|| asked.number.unwrap_or_default().to_string(), |d| d.to_string()), output));
    };
    let mut done = Vec::with_capacity(chosen.len());
    for Chosen { row, is_new } in chosen {
        let hours = deliveries::of(shell, &row.folder.municipality).map_or(1, |(_, d)| d.target.doubtful_after_hours);
        let (row, recorded) = deliveries::resend(shell, row, hours).await?;
        let again = is_new || recorded == Recorded::Now;
        if again {
            start(shell, &row).await?;
        }
        done.push((row, again));
    }
    tell(&done, global, output);
    Ok(Exit::Ok)
}

/// Its job begins now: the one that died over it, the one that waits for a later try, or a new one.
async fn start(shell: &Shell, row: &DeliveryRow) -> Result<(), Failure> {
    let job = deliver_job(row.document, row.part, &row.folder);
    let dead = JobFilter { state: Some(JobState::Dead), kind: Some(deliveries::DELIVER), ..JobFilter::default() };
    let dead = shell.store.jobs(&dead, u32::MAX).await?.into_iter().find(|d| d.args == job.args);
    if let Some(dead) = dead
        && shell.store.retry_job(dead.id).await?
    {
        return Ok(());
    }
    if let Some(Enqueued::Existing(job)) = shell.store.enqueue(&[job]).await?.first() {
        shell.store.retry_job(*job).await?;
    }
    Ok(())
}

struct Chosen {
    row: DeliveryRow,
    /// Opened by this command.
    is_new: bool,
}

/// `None` when nothing has that number or id.
async fn choose(shell: &Shell, asked: &Resend) -> Result<Option<Vec<Chosen>>, Failure> {
    let known = |rows: Vec<DeliveryRow>| rows.into_iter().map(|row| Chosen { row, is_new: false }).collect();
    if let Some(number) = asked.number {
        return Ok(by_number(shell, number).await?.map(|row| known(vec![row])));
    }
    if let Some(id) = asked.document {
        return of_document(shell, id, asked.version).await;
    }
    let filter = DeliveryFilter { state: asked.state, folder: None };
    Ok(Some(known(shell.store.deliveries(&filter, u32::MAX).await?)))
}

async fn of_document(shell: &Shell, id: DocumentId, version: Option<u32>) -> Result<Option<Vec<Chosen>>, Failure> {
    let documents = match version {
        Some(version) => shell.store.document(DocumentKey { id, version: DocumentVersion(version) }).await?.into_iter().collect(),
        None => shell.store.versions(id).await?,
    };
    let mut chosen = Vec::new();
    for document in documents.into_iter().filter(|d| d.archived.is_some()) {
        let is_new = shell.store.delivery(document.key, DeliveryPart::Document).await?.is_none();
        if is_new {
            deliveries::open_one(shell, document.key, &document.reservation.folder).await?;
        }
        for part in DeliveryPart::ALL {
            let row = shell.store.delivery(document.key, *part).await?;
            chosen.extend(row.map(|row| Chosen { is_new: is_new && row.part == DeliveryPart::Document, row }));
        }
    }
    Ok((!chosen.is_empty()).then_some(chosen))
}

fn tell(done: &[(DeliveryRow, bool)], global: &Global, output: &Output) {
    let lang = global.lang();
    let all: Vec<Value> =
        done.iter().map(|(row, again)| json!({ "number": row.id, "document_id": row.document.id, "version": row.document.version, "part": row.part, "resent": again, "state": row.state })).collect();
    if output.answer("delivery_resend", json!({ "deliveries": all })) {
        return;
    }
    if done.is_empty() {
        output.line(pick(lang, "Det er ingenting å sende.", "Det er ingenting å sende.", "There is nothing to send."));
    }
    for (row, again) in done {
        let what =
            if *again { pick(lang, "sendes igjen", "blir send igjen", "sent again") } else { pick(lang, "uendret", "uendra", "unchanged") };
        output.line(&format!("{} · {} · {what} · {}", row.id, row.document, word(row.state, lang)));
    }
}

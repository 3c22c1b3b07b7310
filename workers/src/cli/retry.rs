//! `retry`: a person has looked at what failed, and it shall be tried again.

use pipeline_domain::{DocumentId, DocumentKey, DocumentVersion};
use pipeline_store::{
    DocumentFilter, DocumentRow, DocumentState, Documents, Enqueued, Jobs as _, Mail, MailFilter, MailId, MailState, Outbox, Recorded,
};
use serde_json::{Value, json};

use crate::{
    cli::Global,
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{document_jobs, stages::notify_job},
    output::Output,
    shell::Shell,
    words::pick,
};

/// Try again what failed. The next run takes it.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(false).args(["document", "mail", "failed"])))]
pub struct Retry {
    /// This document; every version of it without --version.
    #[arg(long, value_name = "ID")]
    pub document: Option<DocumentId>,
    /// Only this version.
    #[arg(long, value_name = "N", requires = "document", value_parser = clap::value_parser!(u32).range(1..=9999))]
    pub version: Option<u32>,
    /// This notice, by its number in `mail list`. One in doubt is sent again: see first that its receiver does not have it.
    #[arg(long, value_name = "NUMBER")]
    pub mail: Option<i64>,
    /// Every document and every notice that failed. Notices in doubt are left alone.
    #[arg(long)]
    pub failed: bool,
}

pub async fn run(retry: Retry, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Shell::open(global, config).await?;
    let chosen = choose(&shell, &retry).await;
    let told = match chosen {
        Ok(Some(chosen)) => again(&shell, chosen).await.map(Some),
        Ok(None) => Ok(None),
        Err(e) => Err(e),
    };
    shell.close().await;
    let Some(told) = told? else {
        let text =
            pick(global.lang(), "Det er ingenting med dette nummeret.", "Det er ingenting med dette nummeret.", "Nothing has this number.");
        output.error("not_found", text);
        return Ok(Exit::NotFound);
    };
    tell(&told, global, output);
    Ok(Exit::Ok)
}

/// What is to be tried again.
#[derive(Debug, Default)]
struct Chosen {
    documents: Vec<DocumentRow>,
    mails: Vec<Mail>,
}

/// `None` when nothing has that id or number.
async fn choose(shell: &Shell, retry: &Retry) -> Result<Option<Chosen>, Failure> {
    if let Some(id) = retry.document {
        let documents = match retry.version {
            Some(version) => shell.store.document(DocumentKey { id, version: DocumentVersion(version) }).await?.into_iter().collect(),
            None => shell.store.versions(id).await?,
        };
        return Ok((!documents.is_empty()).then(|| Chosen { documents, ..Chosen::default() }));
    }
    if let Some(number) = retry.mail {
        let mail = shell.store.mail_by_id(MailId(number)).await?;
        return Ok(mail.map(|mail| Chosen { mails: vec![mail], ..Chosen::default() }));
    }
    let failed = DocumentFilter { state: Some(DocumentState::Failed), folder: None };
    Ok(Some(Chosen {
        documents: shell.store.documents(&failed, u32::MAX).await?,
        mails: shell.store.mails(&MailFilter { state: Some(MailState::Failed), ..MailFilter::default() }, u32::MAX).await?,
    }))
}

/// What was chosen, each with whether it is tried again now and where it is.
struct Told {
    documents: Vec<(DocumentKey, Recorded, DocumentState)>,
    mails: Vec<(MailId, Recorded, MailState)>,
}

async fn again(shell: &Shell, chosen: Chosen) -> Result<Told, Failure> {
    let now = shell.clock.now();
    let mut told = Told { documents: Vec::new(), mails: Vec::new() };
    for DocumentRow { key, state, .. } in chosen.documents {
        let recorded = shell.store.retry_document(key, now, document_jobs).await?;
        let state = shell.store.document(key).await?.map_or(state, |row| row.state);
        told.documents.push((key, recorded, state));
    }
    for Mail { id, dedupe_key, state, .. } in chosen.mails {
        let recorded = shell.store.retry_mail(&dedupe_key, now).await?;
        let row = shell.store.mail_by_id(id).await?;
        if let Some(document) = row.as_ref().and_then(|mail| mail.document)
            && let Some(Enqueued::Existing(job)) = shell.store.enqueue(&[notify_job(document)]).await?.first()
        {
            // It waits for the mail's old time.
            shell.store.retry_job(*job).await?;
        }
        let state = row.map_or(state, |mail| mail.state);
        told.mails.push((id, recorded, state));
    }
    Ok(told)
}

fn tell(told: &Told, global: &Global, output: &Output) {
    let retried = |recorded: Recorded| recorded == Recorded::Now;
    let documents: Vec<Value> = told
        .documents
        .iter()
        .map(|(key, recorded, state)| json!({ "document_id": key.id, "version": key.version, "retried": retried(*recorded), "state": state }))
        .collect();
    let mails: Vec<Value> =
        told.mails.iter().map(|(id, recorded, state)| json!({ "number": id, "retried": retried(*recorded), "state": state })).collect();
    if output.answer("retry", json!({ "documents": documents, "mails": mails })) {
        return;
    }
    let lang = global.lang();
    if documents.is_empty() && mails.is_empty() {
        output.line(pick(lang, "Ingenting har feilet.", "Ingenting har feila.", "Nothing has failed."));
        return;
    }
    let word = |recorded: Recorded| match recorded {
        Recorded::Now => pick(lang, "prøves igjen", "blir prøvd på nytt", "tried again"),
        Recorded::Before => pick(lang, "uendret", "uendra", "unchanged"),
    };
    for (key, recorded, state) in &told.documents {
        output.line(&format!("{key} · {} · {state}", word(*recorded)));
    }
    for (id, recorded, state) in &told.mails {
        output.line(&format!("{} {id} · {} · {state}", pick(lang, "varsel", "varsel", "notice"), word(*recorded)));
    }
    let any = told.documents.iter().any(|d| retried(d.1)) || told.mails.iter().any(|m| retried(m.1));
    if any {
        output.talk(pick(lang, "Neste kjøring tar det.", "Neste køyring tek det.", "The next run takes it."));
    }
}

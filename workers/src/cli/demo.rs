//! `demo`: the whole journey with made-up documents.

use std::sync::Arc;

use pipeline_domain::{DocumentId, DocumentKind, DocumentVersion};
use pipeline_store::{Documents, MailFilter, Outbox};
use serde_json::{Value, json};

use crate::{
    cli::{Global, check, init, run_once},
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{
        accept::{self, Answer},
        run::{self, Event},
    },
    output::{Output, progress},
    words::pick,
};

/// Show the whole journey with made-up documents.
#[derive(Debug, clap::Args)]
pub struct Demo {}

/// When the demo plays: the meetings of the made-up documents are still to come then. The same day for everybody gives everybody
/// the same archive.
const ITS_DAY: &str = "2026-11-23T09:00:00+01:00";

pub async fn run(_: Demo, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let its_day = ITS_DAY.parse().expect("the day of the demo is an instant");
    let global = &Global { clock: global.clock.or(Some(its_day)), ..global.clone() };
    let lang = global.lang();
    let shell = Arc::new(init::set_up(global, config, true).await?);
    let Some(seat) = run_once::seat(&shell)? else { return Ok(run_once::locked(output, global)) };
    let samples = check::good_samples();
    output.talk(&format!(
        "{} ({} {})",
        pick(lang, "Leverer oppdiktede dokumenter", "Leverer oppdikta dokument", "Handing in made-up documents"),
        samples.len(),
        pick(lang, "stykker", "stykke", "of them")
    ));
    let (names, bytes): (Vec<String>, Vec<Vec<u8>>) = samples.into_iter().map(|s| (s.name, s.bytes)).unzip();
    let mut new = 0;
    let mut rows: Vec<(String, DocumentId, DocumentVersion)> = Vec::new();
    let mut exit = Exit::Ok;
    for (name, answer) in names.into_iter().zip(accept::accept_all(&shell, bytes).await?) {
        match answer {
            Answer::New { key, .. } => {
                new += 1;
                rows.push((name, key.id, key.version));
            }
            Answer::Known(row) => rows.push((name, row.key.id, row.key.version)),
            // Nothing of an event is set or archived.
            Answer::Event { .. } => {}
            Answer::Refused(refusal) => {
                exit = Exit::Partial;
                output.talk(&format!("{name}: {}", refusal.problems.first().map_or("", |p| p.code)));
            }
        }
    }
    let bar = progress(output, 0, pick(lang, "Setter og arkiverer", "Set og arkiverer", "Setting and archiving"));
    let report = run::run(&shell, &seat, &run_once::stop_flag(), &mut |event| match event {
        Event::Waiting(n) => bar.set_length(n),
        Event::Archived | Event::Stopped => bar.inc(1),
    })
    .await?;
    bar.finish_and_clear();
    if exit == Exit::Ok {
        exit = run_once::exit_of(&report);
    }
    let lines = table(&shell, rows).await?;
    let body = json!({ "new": new, "archived": report.archived, "mails": report.mails, "documents": lines, "data": global.data.display().to_string() });
    if !output.answer("demo", body) {
        show(&lines, new, global, output);
    }
    run_once::close(shell).await;
    Ok(exit)
}

async fn table(shell: &crate::shell::Shell, rows: Vec<(String, DocumentId, DocumentVersion)>) -> Result<Vec<Value>, Failure> {
    let mut lines = Vec::new();
    for (name, id, version) in rows {
        let key = pipeline_domain::DocumentKey { id, version };
        let Some(row) = shell.store.document(key).await? else { continue };
        let folder = &row.reservation.folder;
        let place = shell.archive(&folder.municipality)?.folder_path(folder);
        let mails = shell.store.mails(&MailFilter { document: Some(key), ..MailFilter::default() }, 1000).await?;
        lines.push(json!({
            "sample": name, "kind": row.kind.id(), "case_folder": folder.to_string(), "state": row.state,
            "pdf": row.archived.as_ref().map(|a| place.join(format!("v{}/content/{}", a.folder_version, a.pdf)).display().to_string()),
            "mails": mails.len(), "code": row.last_code,
        }));
    }
    Ok(lines)
}

fn show(lines: &[Value], new: usize, global: &Global, output: &Output) {
    let lang = global.lang();
    let head = [
        pick(lang, "Prøve", "Prøve", "Sample"),
        pick(lang, "Type", "Type", "Type"),
        pick(lang, "Arkivmappe", "Arkivmappe", "Case folder"),
        "PDF",
        pick(lang, "E-post", "E-post", "Mail"),
    ];
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let rows = lines.iter().map(|line| {
        let kind = DocumentKind::from_id(&text(line, "kind")).map_or_else(String::new, |k| k.label(lang).to_owned());
        let pdf = text(line, "pdf");
        let pdf = pdf.split_once("/ocfl/").map_or(text(line, "code"), |(_, inside)| inside.to_owned());
        vec![text(line, "sample"), kind, text(line, "case_folder"), pdf, line["mails"].to_string()]
    });
    output.table(&head, rows.collect());
    let data = global.data.display();
    if new == 0 {
        output.line(pick(
            lang,
            "Alt var arkivert fra før. Ingenting ble arkivert to ganger.",
            "Alt var arkivert frå før. Ingenting vart arkivert to gonger.",
            "Everything was archived before. Nothing was archived twice.",
        ));
    }
    output.line(&format!("\n{}", output.bold(pick(lang, "Se nærmere", "Sjå nærare", "Look further"))));
    let first = lines.iter().find_map(|l| l["pdf"].as_str());
    if let Some(pdf) = first {
        let index = pdf.rsplit_once("/dokumenter/").map_or(pdf, |(content, _)| content);
        output.line(&format!(
            "  {}  {index}/innhold.html",
            pick(lang, "En mappe i nettleseren:   ", "Ei mappe i nettlesaren:   ", "A folder in the browser:  ")
        ));
    }
    output.line(&format!(
        "  {}  {data}/arkivlager/",
        pick(lang, "Alle arkivmapper:         ", "Alle arkivmapper:         ", "All case folders:         ")
    ));
    output.line(&format!(
        "  {}  arkivflyt --data {data} mail list",
        pick(lang, "Varslene:                 ", "Varsla:                   ", "The notices:              ")
    ));
    output.line(&format!(
        "  {}  arkivflyt --data {data} verify",
        pick(lang, "Kontroller hver byte:     ", "Kontroller kvar byte:     ", "Check every byte:         ")
    ));
}

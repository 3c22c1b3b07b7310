//! `run-once`: one whole run, then the report.

use std::sync::Arc;

use serde_json::json;

use crate::{
    cli::Global,
    config::Config,
    data::{Seat, SeatKind},
    exit::Exit,
    failure::Failure,
    jobs::{
        deliveries,
        run::{self, Event, RunReport, StopFlag},
    },
    output::{Output, progress},
    shell::Shell,
    words::pick,
};

/// Archive everything that waits.
#[derive(Debug, clap::Args)]
pub struct RunOnce {}

pub async fn run(_: RunOnce, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Arc::new(Shell::open(global, config).await?);
    let Some(seat) = seat(&shell)? else { return Ok(locked(output, global)) };
    let report = with_progress(&shell, &seat, &stop_flag(), global, output).await?;
    close(shell).await;
    tell(&report, global, output);
    Ok(exit_of(&report))
}

/// The seat; `None` when another process has it.
pub fn seat(shell: &Shell) -> Result<Option<Seat>, Failure> {
    shell
        .data
        .lock(SeatKind::Alone)
        .map_err(|e| Failure::retry(pipeline_domain::ErrorCode::StoreUnavailable, format!("cannot lock the data folder: {e}")))
}

/// Who has the seat, in plain words.
pub fn locked_text(global: &Global) -> &'static str {
    pick(
        global.lang(),
        "En annen prosess arbeider i denne mappen. Den tar seg av dokumentene.",
        "Ein annan prosess arbeider i denne mappa. Han tek seg av dokumenta.",
        "Another process works in this folder. It will take the documents.",
    )
}

/// The whole answer of a command that needs the seat and cannot have it.
pub fn locked(output: &Output, global: &Global) -> Exit {
    output.error("locked", locked_text(global));
    Exit::Locked
}

/// Raised by Ctrl-C or SIGTERM: what is in hand is finished. The second time stops at once.
pub fn stop_flag() -> StopFlag {
    let flag = StopFlag::default();
    let raised = flag.clone();
    tokio::spawn(async move {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("a signal handler can be set");
        loop {
            let exit = tokio::select! {
                _ = tokio::signal::ctrl_c() => Exit::Interrupted,
                _ = terminate.recv() => Exit::Terminated,
            };
            if raised.raise(exit) {
                std::process::exit(exit as i32);
            }
        }
    });
    flag
}

/// A run with a bar on the terminal.
pub async fn with_progress(
    shell: &Arc<Shell>,
    seat: &Seat,
    stop: &StopFlag,
    global: &Global,
    output: &Output,
) -> Result<RunReport, Failure> {
    let bar = progress(output, 0, pick(global.lang(), "Arkiverer", "Arkiverer", "Archiving"));
    let report = run::run(shell, seat, stop, &mut |event| match event {
        Event::Waiting(n) => bar.set_length(n),
        Event::Archived | Event::Stopped => bar.inc(1),
    })
    .await;
    bar.finish_and_clear();
    report
}

/// Closes a shell whose tasks are all done.
pub async fn close(shell: Arc<Shell>) {
    if let Some(shell) = Arc::into_inner(shell) {
        shell.close().await;
    }
}

/// How it went: a signal's own code, 3 when something was refused or failed, else 0.
pub fn exit_of(report: &RunReport) -> Exit {
    if let Some(exit) = report.interrupted {
        return exit;
    }
    if let Some(trouble) = &report.mail_trouble {
        return trouble.exit();
    }
    let trouble = report.unreadable > 0
        || !report.refused.is_empty()
        || !report.failed.is_empty()
        || !report.retried.is_empty()
        || !report.mails.failed.is_empty()
        || report.mails.doubtful > 0
        || report.deliveries.need_person > 0
        || report.deliveries.set_aside > 0;
    if trouble { Exit::Partial } else { Exit::Ok }
}

/// The report, for a person or a program.
pub fn tell(report: &RunReport, global: &Global, output: &Output) {
    let lang = global.lang();
    let stopped = |list: &[(pipeline_domain::DocumentKey, pipeline_store::Stage, pipeline_domain::ErrorCode)]| {
        list.iter()
            .map(|(key, stage, code)| json!({ "document_id": key.id, "version": key.version, "stage": stage, "code": code, "text": code.text(lang) }))
            .collect::<Vec<_>>()
    };
    let body = json!({
        "accepted": report.accepted,
        "known": report.known,
        "refused": report.refused,
        "still_being_written": report.waiting,
        "unreadable": report.unreadable,
        "archived": report.archived,
        "retried": stopped(&report.retried),
        "failed": stopped(&report.failed),
        "mails": report.mails,
        "bounces": report.bounces,
        "deliveries": report.deliveries,
        "mail_trouble": report.mail_trouble.as_ref().map(|t| json!({ "code": t.code, "text": t.code.text(lang), "detail": t.detail })),
        "interrupted": report.interrupted.is_some(),
    });
    if output.answer("run", body) {
        return;
    }
    let mail_failed: u32 = report.mails.failed.values().sum();
    let mut rows = vec![
        (pick(lang, "Tatt imot", "Teke imot", "Accepted"), report.accepted),
        (pick(lang, "Kjent fra før", "Kjent frå før", "Known before"), report.known),
        (pick(lang, "Avvist", "Avvist", "Refused"), report.refused.len() as u32),
        (pick(lang, "Arkivert", "Arkivert", "Archived"), report.archived),
        (pick(lang, "Prøves igjen", "Blir prøvde på nytt", "To be tried again"), report.retried.len() as u32),
        (pick(lang, "Feilet", "Feila", "Failed"), report.failed.len() as u32),
        (pick(lang, "E-post sendt", "E-post send", "Mail sent"), report.mails.sent),
        (
            pick(lang, "E-post feilet eller usikker", "E-post feila eller usikker", "Mail failed or in doubt"),
            mail_failed + report.mails.doubtful,
        ),
    ];
    let mail_stopped: u32 = report.mails.stopped.values().sum();
    if mail_stopped > 0 {
        rows.push((pick(lang, "E-post ikke lenger aktuell", "E-post ikkje lenger aktuell", "Mail no longer wanted"), mail_stopped));
    }
    if let Some(bounces) = &report.bounces {
        rows.push((pick(lang, "Levert, ifølge rapport", "Levert, ifølgje rapport", "Reported delivered"), bounces.delivered));
        rows.push((pick(lang, "Kom ikke fram", "Kom ikkje fram", "Reported failed"), bounces.failed));
        rows.push((pick(lang, "Retur som må ses på", "Retur som må sjåast på", "Returned, to be looked at"), bounces.unknown));
    }
    let delivered = report.deliveries;
    if delivered != deliveries::Summary::default() {
        rows.push((pick(lang, "Kvitteringer", "Kvitteringar", "Receipts"), delivered.receipts));
        rows.push((pick(lang, "Levering som må ses på", "Levering som må sjåast på", "Deliveries to be looked at"), delivered.need_person));
        rows.push((pick(lang, "Ukjent fra sakarkivet", "Ukjent frå sakarkivet", "Unknown from the archive"), delivered.set_aside));
    }
    for (what, n) in rows {
        output.line(&format!("{what:<28} {n:>7}"));
    }
    for refusal in &report.refused {
        for line in &refusal.problems {
            output.talk(&format!(
                "{}: {} {} {}",
                pick(lang, "Avvist", "Avvist", "Refused"),
                line.code,
                if line.at.is_empty() { "/" } else { &line.at },
                line.text.of(lang)
            ));
        }
    }
    for (key, stage, code) in report.failed.iter().chain(&report.retried) {
        output.talk(&format!("{key} · {stage} · {code}: {}", code.text(lang)));
    }
    if report.unreadable > 0 {
        let code = pipeline_domain::ErrorCode::InboxUnreadable;
        output.talk(&format!("inbox/: {} · {code}: {}", report.unreadable, code.text(lang)));
    }
    if report.waiting > 0 {
        output.talk(pick(
            lang,
            "Filer som fortsatt skrives, ligger igjen i «inbox/».",
            "Filer som framleis blir skrivne, ligg att i «inbox/».",
            "Files that are still being written were left in `inbox/`.",
        ));
    }
    if let Some(trouble) = &report.mail_trouble {
        output.talk(&format!("{}: {} ({})", trouble.code, trouble.code.text(lang), trouble.detail));
    }
    if report.interrupted.is_some() {
        output.talk(pick(
            lang,
            "Avbrutt. Resten tas neste gang.",
            "Avbrote. Resten blir teken neste gong.",
            "Interrupted. The rest is taken next time.",
        ));
    }
}

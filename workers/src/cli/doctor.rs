//! `doctor`: looks over the installation and tidies what a crash left behind.

mod witness;

use std::path::Path;

use pipeline_store::Runs;
use serde_json::{Value, json};

use crate::{
    cli::{Global, run_once},
    config::{Config, Transport},
    data,
    exit::Exit,
    failure::Failure,
    jobs::{inbox, tidy},
    output::Output,
    press,
    shell::{Outlet, Shell},
    words::pick,
};

/// Look over the installation.
#[derive(Debug, clap::Args)]
pub struct Doctor {}

/// How a check came out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    Note,
    Bad,
}

/// One thing that was looked at.
struct Found {
    health: Health,
    what: &'static str,
    code: Option<&'static str>,
    detail: String,
}

struct Findings(Vec<Found>);

impl Findings {
    fn add(&mut self, health: Health, what: &'static str, detail: impl Into<String>) {
        self.0.push(Found { health, what, code: None, detail: detail.into() });
    }

    /// The same, with a code that a person can look up.
    fn add_coded(&mut self, health: Health, what: &'static str, code: &'static str, detail: impl Into<String>) {
        self.0.push(Found { health, what, code: Some(code), detail: detail.into() });
    }
}

pub async fn run(_: Doctor, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Shell::open(global, config).await?;
    let mut found = Findings(Vec::new());
    sandbox(&mut found);
    modes(&mut found, shell.data.root());
    municipalities(&mut found, &shell);
    tidy(&mut found, &shell).await?;
    // Whole logs are read.
    tokio::task::block_in_place(|| witness::look(&mut found, &shell, global.lang()));
    let counts = shell.store.counts().await?;
    let health =
        if counts.documents.failed > 0 || counts.mails.failed > 0 || counts.mails.doubtful > 0 { Health::Note } else { Health::Good };
    found.add(
        health,
        "documents",
        format!(
            "{} waiting, {} archived, {} failed; mail: {} waiting, {} sent, {} failed, {} in doubt",
            counts.documents.accepted,
            counts.documents.archived + counts.documents.notified,
            counts.documents.failed,
            counts.mails.queued + counts.mails.under_way,
            counts.mails.settled,
            counts.mails.failed,
            counts.mails.doubtful
        ),
    );
    shell.close().await;
    Ok(tell(&found, global, output))
}

fn sandbox(found: &mut Findings) {
    let report = press::sandbox_report();
    let health = if report.is_whole() { Health::Good } else { Health::Note };
    found.add(
        health,
        "sandbox",
        format!("landlock {:?}, seccomp {}", report.landlock, if report.seccomp { "enforced" } else { "missing" }),
    );
    if let Some(failure) = &report.failure {
        found.add(Health::Bad, "sandbox", format!("a render child cannot start: {failure}"));
    }
    for possible in &report.possible {
        found.add(Health::Bad, "sandbox", format!("a render child was able to {possible}"));
    }
}

/// Nobody else may read the data folder.
fn modes(found: &mut Findings, root: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for part in ["", "accepted", "refused", "inbox", "arkivflyt.db", "arkivlager", "mail"] {
        let path = root.join(part);
        let Ok(mode) = path.metadata().map(|m| m.permissions().mode() & 0o777) else { continue };
        if mode & 0o007 != 0 {
            found.add(Health::Bad, "permissions", format!("{part} is open to everyone (mode {mode:o}); make it private"));
        }
    }
}

fn municipalities(found: &mut Findings, shell: &Shell) {
    if shell.municipalities.is_empty() {
        found.add(Health::Note, "municipalities", "none is set up; nothing can be accepted");
    }
    for municipality in shell.municipalities.values() {
        let sound = municipality.letterhead().map(drop).and_then(|()| municipality.sender().check().map_err(Failure::from));
        match sound {
            Ok(()) => found.add(Health::Good, "municipality", municipality.number.to_string()),
            Err(e) => found.add(Health::Bad, "municipality", format!("{}: {}", municipality.number, e.detail)),
        }
    }
}

/// Half-written parts, orphans, folders that a crash left: mended when nobody else is at work.
async fn tidy(found: &mut Findings, shell: &Shell) -> Result<(), Failure> {
    let Some(seat) = run_once::seat(shell)? else {
        found.add(Health::Note, "tidying", "left alone: another process is at work");
        return Ok(());
    };
    let mut swept = 0;
    for folder in shell.data.with_parts() {
        swept += data::sweep_parts(&folder, &seat).unwrap_or(0);
    }
    let adopted = tidy::adopt_orphans(shell).await? + inbox::take_left(shell).await?.answers.len();
    tidy::remove_notified(shell).await?;
    for number in shell.municipalities.keys().filter(|n| shell.archive_root().join(n.as_str()).is_dir()) {
        match shell.archive(number) {
            Ok(_) => found.add(Health::Good, "archive store", number.to_string()),
            Err(e) => found.add(Health::Bad, "archive store", format!("{number}: {}", e.detail)),
        }
    }
    match shell.outlet() {
        Ok(Outlet::Maildir(maildir)) => drop(maildir.sweep_tmp()),
        Ok(Outlet::Smtp(_)) => {
            if let Transport::Smtp { host, port, .. } = &shell.config.mail.transport {
                found.add(Health::Good, "mail", format!("relay {host}:{port} (not contacted)"));
            }
        }
        Err(e) => found.add(Health::Bad, "mail", e.detail),
    }
    found.add(Health::Good, "tidying", format!("{swept} half-written files taken away, {adopted} documents taken in that had no row"));
    Ok(())
}

fn tell(found: &Findings, global: &Global, output: &Output) -> Exit {
    let word = |h: Health| match h {
        Health::Good => "ok",
        Health::Note => "note",
        Health::Bad => "bad",
    };
    let bad = found.0.iter().any(|f| f.health == Health::Bad);
    let row = |f: &Found| json!({ "health": word(f.health), "what": f.what, "code": f.code, "detail": f.detail });
    let rows: Vec<Value> = found.0.iter().map(row).collect();
    if !output.answer("doctor", json!({ "healthy": !bad, "findings": rows })) {
        for Found { health, what, code, detail } in &found.0 {
            let code = code.map_or_else(String::new, |code| format!("{code}: "));
            output.line(&format!("{:<5} {what:<16} {code}{detail}", word(*health)));
        }
        if bad {
            output.talk(pick(
                global.lang(),
                "Rett det som er merket «bad», og kjør på nytt.",
                "Rett det som er merkt «bad», og køyr på nytt.",
                "Mend what is marked `bad` and run again.",
            ));
        }
    }
    if bad { Exit::Other } else { Exit::Ok }
}

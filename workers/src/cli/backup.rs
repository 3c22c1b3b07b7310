//! `backup`: everything that cannot be made again, kept elsewhere; and back.

use std::path::{Path, PathBuf};

use pipeline_domain::{ErrorCode, Lang};
use pipeline_store::Runs;
use serde_json::json;

use crate::{
    any_store::Database,
    backup::{self, About, Making, OpenMail, Place, Restoring, Verdict},
    cli::{Global, db},
    config::Config,
    exit::Exit,
    failure::Failure,
    output::{Output, progress},
    shell::{Shell, clock},
    words::pick,
};

/// Keep everything elsewhere, and bring it back.
#[derive(Debug, clap::Subcommand)]
pub enum Backup {
    /// Make a backup in a folder of its own, while everything runs.
    #[command(after_help = crate::exit::TABLE)]
    Create {
        /// The folder for backups. Keep it on another disk. What has not changed since the latest one there takes no space.
        target: PathBuf,
        /// Remove older backups there until so many are left, this one included. Without it all are kept.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        keep: Option<u16>,
    },
    /// Check every file of a backup, its database, its case folders and every receipt.
    #[command(after_help = crate::exit::TABLE)]
    Verify {
        /// One backup: a folder named arkivflyt-….
        backup: PathBuf,
    },
    /// Bring a backup back into an empty data folder (--data). It is checked first.
    #[command(after_help = crate::exit::TABLE)]
    Restore {
        /// One backup: a folder named arkivflyt-….
        backup: PathBuf,
        /// Where the database goes: `sqlite` (a file in the data folder), the URL of an empty PostgreSQL database, or `@FILE` that
        /// holds that URL. Needed when the backup is of PostgreSQL.
        #[arg(long, value_name = "WHERE")]
        to_database: Option<String>,
        /// Mail that may have been sent since the backup: `doubt` leaves it to a person; `send` sends it, for those who know that
        /// nothing was sent.
        #[arg(long, value_enum, default_value_t = OpenMail::Doubt, value_name = "WHAT")]
        open_mail: OpenMail,
        /// Restore in spite of damages that were in the archive when the backup was made. Any other damage stays a refusal.
        #[arg(long)]
        damaged_too: bool,
    },
}

pub async fn run(backup: Backup, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    match backup {
        Backup::Create { target, keep } => create(&target, keep.map(usize::from), global, config, output).await,
        Backup::Verify { backup } => verify(&backup, global, output).await,
        Backup::Restore { backup, to_database, open_mail, damaged_too } => {
            let wish = Wish { to_database: to_database.as_deref(), open_mail, damaged_too };
            restore(&backup, &wish, global, &config, output).await
        }
    }
}

async fn create(target: &Path, keep: Option<usize>, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    db::refuse_old_schema(global, &config).await?;
    let lang = global.lang();
    let shell = Shell::open(global, config).await?;
    let made = make(&shell, target, keep, global, output).await;
    let data = shell.data.clone();
    shell.close().await;
    let Some(created) = made? else {
        output.error(
            "locked",
            pick(
                lang,
                "En annen prosess lager en sikkerhetskopi der.",
                "Ein annan prosess lagar ein tryggingskopi der.",
                "Another process makes a backup there.",
            ),
        );
        return Ok(Exit::Locked);
    };
    let about = &created.about;
    if about.is_whole() {
        let written = std::fs::write(data.last_backup_file(), format!("{}\n", about.created_at.rfc3339_utc()));
        written.map_err(|e| Failure::retry(ErrorCode::BackupFailed, format!("the backup is whole; its time cannot be noted: {e}")))?;
    }
    let exit = if about.is_whole() { Exit::Ok } else { Exit::Partial };
    let body = json!({
        "backup": created.path, "created_at": about.created_at, "files": about.files, "bytes": about.bytes,
        "case_folders": about.case_folders, "rows": about.rows, "removed": created.removed,
        "damaged": about.damaged, "missing_accepted": about.missing_accepted, "missing_failed": about.missing_failed,
        "left_out": about.left_out, "later": about.later,
    });
    if output.answer("backup", body) {
        return Ok(exit);
    }
    output.line(&format!("{} {}", output.bold(pick(lang, "Sikkerhetskopi:", "Tryggingskopi:", "Backup:")), created.path.display()));
    output.line(&size(about.files, about.bytes, about.case_folders, lang));
    for name in &created.removed {
        output.line(&format!("{} {name}", pick(lang, "Fjernet:", "Fjerna:", "Removed:")));
    }
    for folder in &about.damaged {
        let text = pick(
            lang,
            "skadet der den ligger; se «arkivflyt verify»",
            "skadd der ho ligg; sjå «arkivflyt verify»",
            "damaged where it lies; see `arkivflyt verify`",
        );
        output.line(&format!("{folder}: {text}"));
    }
    for digest in about.missing_accepted.iter().chain(&about.missing_failed) {
        output.line(&format!(
            "accepted/{digest}.json: {}",
            pick(lang, "mangler der den skal ligge", "manglar der ho skal liggje", "missing where it should lie")
        ));
    }
    Ok(exit)
}

/// `None` when another process makes a backup in the same place.
async fn make(
    shell: &Shell,
    target: &Path,
    keep: Option<usize>,
    global: &Global,
    output: &Output,
) -> Result<Option<backup::Created>, Failure> {
    let cannot = |e| Failure::retry(ErrorCode::BackupFailed, format!("cannot use {}: {e}", target.display()));
    let Some(place) = Place::hold(target).map_err(cannot)? else { return Ok(None) };
    let in_data = shell.data.root().join("arkivflyt.toml");
    let config_file = global.config.clone().or_else(|| in_data.is_file().then_some(in_data));
    let making =
        Making { data: &shell.data, config: &shell.config, config_file, store: &shell.store, now: shell.clock.now(), place: &place, keep };
    let folders = u64::from(shell.store.counts().await?.folders);
    let bar = progress(output, folders, pick(global.lang(), "Kopierer mapper", "Kopierer mapper", "Copying folders"));
    let created = backup::create(&making, &mut || bar.inc(1)).await;
    bar.finish_and_clear();
    created.map(Some)
}

fn size(files: u64, bytes: u64, case_folders: u64, lang: Lang) -> String {
    let of = |nb, nn, en| pick(lang, nb, nn, en);
    format!("{files} {}, {} MiB, {case_folders} {}", of("filer", "filer", "files"), bytes >> 20, of("mapper", "mapper", "case folders"))
}

async fn verify(path: &Path, global: &Global, output: &Output) -> Result<Exit, Failure> {
    if !path.is_dir() {
        output.error("not_found", &path.display().to_string());
        return Ok(Exit::NotFound);
    }
    let verdict = match judge(path, global, output).await {
        Err(failure) if failure.code == ErrorCode::BackupDamaged => {
            output.error(failure.code.id(), &format!("{} ({})", failure.code.text(global.lang()), failure.detail));
            return Ok(Exit::VerificationFailed);
        }
        other => other?,
    };
    let exit = if verdict.is_whole() { Exit::Ok } else { Exit::VerificationFailed };
    if output.answer("backup_verification", body(path, &verdict)) {
        return Ok(exit);
    }
    let lang = global.lang();
    findings(&verdict, output);
    let word = if exit == Exit::Ok { pick(lang, "Hel", "Heil", "Whole") } else { pick(lang, "IKKE HEL", "IKKJE HEIL", "NOT WHOLE") };
    let size = size(verdict.files, verdict.bytes, verdict.about.case_folders, lang);
    output.line(&format!("{}: {size}, {} {}", output.bold(word), verdict.findings.len(), pick(lang, "feil", "feil", "errors")));
    Ok(exit)
}

async fn judge(path: &Path, global: &Global, output: &Output) -> Result<Verdict, Failure> {
    let files = About::read(path)?.files;
    let bar = progress(output, files, pick(global.lang(), "Kontrollerer", "Kontrollerer", "Checking"));
    let verdict = backup::verify(path, &mut || bar.inc(1)).await;
    bar.finish_and_clear();
    verdict
}

fn body(path: &Path, verdict: &Verdict) -> serde_json::Value {
    json!({
        "backup": path, "valid": verdict.is_whole(), "created_at": verdict.about.created_at, "files": verdict.files,
        "bytes": verdict.bytes, "case_folders": verdict.about.case_folders, "rows": verdict.about.rows,
        "missing_accepted": verdict.about.missing_accepted, "missing_failed": verdict.about.missing_failed, "findings": verdict.findings,
    })
}

fn findings(verdict: &Verdict, output: &Output) {
    for finding in &verdict.findings {
        output.line(&format!("{} {} {}", finding.code, finding.path, finding.detail));
    }
}

/// How a backup is to come back.
struct Wish<'a> {
    to_database: Option<&'a str>,
    open_mail: OpenMail,
    damaged_too: bool,
}

async fn restore(path: &Path, wish: &Wish<'_>, global: &Global, config: &Config, output: &Output) -> Result<Exit, Failure> {
    if !path.is_dir() {
        output.error("not_found", &path.display().to_string());
        return Ok(Exit::NotFound);
    }
    let lang = global.lang();
    let about = About::read(path)?;
    let url = match wish.to_database {
        Some("sqlite") => None,
        Some(named) => Some(db::url(named)?),
        None if about.database == Database::Sqlite => None,
        None => {
            let text = pick(
                lang,
                "Kopien er av PostgreSQL. Si med --to-database hvor den skal.",
                "Kopien er av PostgreSQL. Sei med --to-database kvar han skal.",
                "The backup is of PostgreSQL. Say with --to-database where it shall go.",
            );
            return Err(Failure::give_up(ErrorCode::ConfigInvalid, text));
        }
    };
    let verdict = judge(path, global, output).await?;
    if !(verdict.is_whole() || wish.damaged_too && verdict.is_as_made()) {
        output.error(ErrorCode::BackupDamaged.id(), ErrorCode::BackupDamaged.text(lang));
        if !output.json {
            findings(&verdict, output);
        }
        if verdict.is_as_made() {
            output.talk(pick(
                lang,
                "Skadene var i arkivet da kopien ble tatt. Med --damaged-too legges den tilbake likevel.",
                "Skadane var i arkivet då kopien vart teken. Med --damaged-too vert han lagd tilbake likevel.",
                "The damages were in the archive when the backup was made. With --damaged-too it is restored all the same.",
            ));
        }
        return Ok(Exit::VerificationFailed);
    }
    let bar = progress(output, about.files, pick(lang, "Legger tilbake", "Legg tilbake", "Restoring"));
    let restoring = Restoring { backup: path, about: &about, data: &global.data, url: url.as_deref(), config, open_mail: wish.open_mail };
    let restored = backup::restore(&restoring, &mut || bar.inc(1)).await;
    bar.finish_and_clear();
    let restored = restored?;
    let rows = &restored.loaded.rows;
    let body = json!({
        "data": global.data, "backup_of": about.created_at, "restored_at": clock(global).now(), "files": restored.files,
        "case_folders": about.case_folders, "rows": rows, "freed_jobs": restored.loaded.freed_jobs, "doubtful_mails": restored.doubtful,
        "findings": verdict.findings,
    });
    let exit = if verdict.is_whole() { Exit::Ok } else { Exit::Partial };
    if output.answer("restore", body) {
        return Ok(exit);
    }
    let of = |table: &str| rows.get(table).copied().unwrap_or_default();
    output.line(&format!("{} {}", output.bold(pick(lang, "Lagt tilbake:", "Lagt tilbake:", "Restored:")), global.data.display()));
    let lines = [
        (pick(lang, "Dokumenter", "Dokument", "Documents"), of("documents")),
        (pick(lang, "Mapper", "Mapper", "Case folders"), about.case_folders),
        (pick(lang, "Jobber", "Jobbar", "Jobs"), of("jobs")),
        (pick(lang, "Varsler", "Varsel", "Notices"), of("outbox")),
        (pick(lang, "Varsler i tvil", "Varsel i tvil", "Notices in doubt"), restored.doubtful),
    ];
    for (what, n) in lines {
        output.line(&format!("{what:<28} {n:>7}"));
    }
    if !verdict.is_whole() {
        findings(&verdict, output);
        output.line(pick(
            lang,
            "Disse skadene var i arkivet da kopien ble tatt, og er der nå.",
            "Desse skadane var i arkivet då kopien vart teken, og er der no.",
            "These damages were in the archive when the backup was made, and are there now.",
        ));
    }
    advise(&about, url.is_some(), restored.doubtful, lang, output);
    Ok(exit)
}

/// What a person does next.
fn advise(about: &About, to_server: bool, doubtful: u64, lang: Lang, output: &Output) {
    if doubtful > 0 {
        output.talk(pick(
            lang,
            "Varsler i tvil kan ha vært sendt etter at kopien ble tatt. Se «arkivflyt mail list», og prøv på nytt dem som mangler.",
            "Varsel i tvil kan ha vore sende etter at kopien vart teken. Sjå «arkivflyt mail list», og prøv på nytt dei som manglar.",
            "Notices in doubt may have been sent after the backup was made. See `arkivflyt mail list` and retry those that are missing.",
        ));
    }
    if to_server != (about.database == Database::Postgresql) {
        output.talk(pick(
            lang,
            "Databasen ligger et annet sted enn før: sett «store.database» i «arkivflyt.toml» før du starter.",
            "Databasen ligg ein annan stad enn før: set «store.database» i «arkivflyt.toml» før du startar.",
            "The database lies elsewhere than before: set `store.database` in `arkivflyt.toml` before you start.",
        ));
    }
    output.talk(pick(lang, "Neste: «arkivflyt verify».", "Neste: «arkivflyt verify».", "Next: `arkivflyt verify`."));
}

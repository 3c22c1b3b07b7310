//! `access log verify`: every row of every log, and the register, against their chains.

use pipeline_access::Head;
use pipeline_domain::{ErrorCode, Lang, MunicipalityNumber};
use serde_json::{Value, json};

use super::extract;
use crate::{
    access_log::{AccessLog, Known, LogError, Reading},
    asking::Register,
    cli::Global,
    exit::Exit,
    failure::{Failure, chain},
    output::Output,
    shell::Shell,
    words::pick,
};

/// The access log.
#[derive(Debug, clap::Subcommand)]
pub enum Log {
    /// Read every row and follow the chain; tells how far each log goes. Keep that elsewhere: it shows later whether rows were cut off.
    #[command(after_help = crate::exit::TABLE)]
    Verify {
        /// Only this municipality, by its number.
        #[arg(long, value_name = "NUMBER")]
        municipality: Option<MunicipalityNumber>,
        /// How far the log went at an earlier time, as it was told then. May be given more than once.
        #[arg(long, value_name = "ROWS:DIGEST", requires = "municipality")]
        known: Vec<Known>,
    },
    /// The rows about one case folder, plan or unit, as a table, as JSON, or as a document (PDF/A).
    #[command(after_help = crate::exit::TABLE)]
    Extract(extract::Extract),
}

pub async fn run(shell: &Shell, log: Log, global: &Global, output: &Output) -> Result<Exit, Failure> {
    match log {
        Log::Verify { municipality, known } => verify(shell, municipality.as_ref(), &known, global, output),
        Log::Extract(asked) => extract::run(shell, &asked, global, output).await,
    }
}

fn verify(shell: &Shell, only: Option<&MunicipalityNumber>, known: &[Known], global: &Global, output: &Output) -> Result<Exit, Failure> {
    let known: Vec<Head> = known.iter().map(|known| known.0).collect();
    let logs = match only {
        Some(number) => vec![AccessLog::of(&shell.data, number)],
        None => AccessLog::all(&shell.data),
    };
    let mut found = Vec::new();
    for log in logs {
        found.push(judge(shell, &log, &known)?);
    }
    let is_whole = found.iter().all(|one| one["whole"] == true && one["register"]["whole"] == true);
    let exit = if is_whole { Exit::Ok } else { Exit::VerificationFailed };
    if !output.answer("access_log_verification", json!({ "whole": is_whole, "logs": found })) {
        say(&found, global.lang(), output);
    }
    Ok(exit)
}

/// One municipality's log and register.
fn judge(shell: &Shell, log: &AccessLog, known: &[Head]) -> Result<Value, Failure> {
    let register = match Register::read(&shell.data, log.municipality()) {
        Ok(register) => {
            let (lines, digest) = register.head();
            json!({ "whole": true, "head": format!("{lines}:{digest}") })
        }
        Err(e) if e.code == ErrorCode::AccessRegisterDamaged => json!({ "whole": false, "fault": e.detail }),
        Err(e) => return Err(e),
    };
    let common = json!({ "municipality": log.municipality(), "mended": log.mended()?, "register": register });
    let told = match log.read(known, |_| {}) {
        Ok(Reading { head, torn }) => {
            json!({ "whole": true, "rows": head.rows, "head": format!("{}:{}", head.rows, head.digest), "torn_bytes": torn })
        }
        Err(e @ LogError::Damaged { .. }) => json!({ "whole": false, "fault": chain(&e) }),
        Err(e) => return Err(e.into()),
    };
    let mut all = common;
    all.as_object_mut().expect("an object").extend(told.as_object().cloned().unwrap_or_default());
    Ok(all)
}

fn say(found: &[Value], lang: Lang, output: &Output) {
    let head = [
        pick(lang, "Kommune", "Kommune", "Municipality"),
        "",
        pick(lang, "Tilstand", "Tilstand", "State"),
        pick(lang, "Så langt; ta vare på dette", "Så langt; ta vare på dette", "So far; keep this"),
        pick(lang, "Kuttet etter krasj", "Kutta etter krasj", "Cut after a crash"),
    ];
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let state = |one: &Value| one["fault"].as_str().unwrap_or(pick(lang, "hel", "heil", "whole")).to_owned();
    let rows = found.iter().flat_map(|one| {
        let mended = one["mended"].as_array().map_or(0, Vec::len).to_string();
        let (log, register) = (pick(lang, "logg", "logg", "log"), pick(lang, "register", "register", "register"));
        let number = text(one, "municipality");
        [
            vec![number.clone(), log.to_owned(), state(one), text(one, "head"), mended],
            vec![number, register.to_owned(), state(&one["register"]), text(&one["register"], "head"), String::new()],
        ]
    });
    output.table(&head, rows.collect());
}

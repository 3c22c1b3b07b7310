//! `audit stamp`: has the seals of closed folders stamped by the authority that is configured.

use pipeline_domain::{ErrorCode, MunicipalityNumber};
use serde::Serialize;
use serde_json::json;

use crate::{cli::Global, exit::Exit, failure::Failure, output::Output, shell::Shell, words::pick};

/// Ask the time-stamp authority (RFC 3161) for a stamp on each sealed folder that has none. The service does it by itself, too.
///
/// Only a digest leaves the house. The authority stands in the configuration: `[witness] time_stamp`.
#[derive(Debug, clap::Args)]
pub struct Stamp {
    /// Only this municipality.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
}

/// One municipality's result.
#[derive(Debug, Serialize)]
struct Asked {
    municipality: MunicipalityNumber,
    stamped: u64,
    waiting: u64,
    /// Why they wait.
    code: Option<ErrorCode>,
    #[serde(skip)]
    why: String,
}

pub fn run(shell: &Shell, stamp: &Stamp, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let missing = || Failure::give_up(ErrorCode::ConfigInvalid, "witness.time_stamp is not set: no authority to ask".to_owned());
    let stamps = shell.time_stamps()?.ok_or_else(missing)?;
    let mut all = Vec::new();
    for number in shell.municipalities.keys().filter(|n| stamp.municipality.as_ref().is_none_or(|only| only == *n)) {
        let Some(witness) = shell.witnesses.begun(number) else { continue };
        let result = witness.stamp_sealed(&*shell.archive(number)?, &stamps)?;
        let (code, why) = result.trouble.map(|trouble| (trouble.code, trouble.detail)).unzip();
        let (stamped, waiting, why) = (result.stamped, result.waiting, why.unwrap_or_default());
        all.push(Asked { municipality: number.clone(), stamped, waiting, code, why });
    }
    if all.is_empty() {
        output.error("not_found", stamp.municipality.as_ref().map_or("", |n| n.as_str()));
        return Ok(Exit::NotFound);
    }
    if !output.answer("audit_stamp", json!({ "municipalities": all })) {
        tell(&all, global, output);
    }
    let codes: Vec<ErrorCode> = all.iter().filter_map(|asked| asked.code).collect();
    Ok(match codes[..] {
        [] => Exit::Ok,
        _ if codes.contains(&ErrorCode::TimeStampRefused) => Exit::VerificationFailed,
        _ => Exit::TryAgain,
    })
}

fn tell(all: &[Asked], global: &Global, output: &Output) {
    let lang = global.lang();
    for Asked { municipality, stamped, waiting, code, why } in all {
        let (new, wait) = (pick(lang, "stemplet", "stempla", "stamped"), pick(lang, "venter", "ventar", "waiting"));
        output.line(&format!("{municipality}: {stamped} {new}, {waiting} {wait}"));
        if let Some(code) = code {
            output.line(&format!("  {}: {why}. {}", code.id(), code.text(lang)));
        }
    }
}

//! `audit begin`: the log of an archive that has none, and what is not logged in one that has.

use pipeline_domain::{MunicipalityNumber, Sha256};
use pipeline_witness::KeyRole;
use serde::Serialize;
use serde_json::json;

use crate::{
    cli::Global,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    witness::{
        keys,
        place::{Use, Which},
    },
    words::pick,
};

/// Begin a log.
#[derive(Debug, clap::Args)]
pub struct Begin {
    /// Only this municipality.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
}

/// A log that was begun, and what its owner must keep.
#[derive(Debug, Serialize)]
pub struct Founded {
    pub municipality: MunicipalityNumber,
    pub log: String,
    pub fingerprint: Sha256,
    /// Versions that were given a leaf now.
    pub taken_in: u64,
    /// Closed folders that were given a seal now.
    pub sealed: u64,
    pub keys: Vec<String>,
}

pub fn run(shell: &Shell, begin: &Begin, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let mut founded = Vec::new();
    for number in shell.municipalities.keys().filter(|n| begin.municipality.as_ref().is_none_or(|only| only == *n)) {
        founded.push(found(shell, number)?);
    }
    if founded.is_empty() {
        output.error("not_found", begin.municipality.as_ref().map_or("", |n| n.as_str()));
        return Ok(Exit::NotFound);
    }
    if !output.answer("audit_begin", json!({ "logs": founded })) {
        tell(&founded, global, output);
    }
    Ok(Exit::Ok)
}

/// Begins a municipality's log where there is none, and takes in what is not logged.
pub fn found(shell: &Shell, number: &MunicipalityNumber) -> Result<Founded, Failure> {
    // The store first: the log lies beside it.
    let archive = shell.archive(number)?;
    let witness = shell.witnesses.of(number)?;
    let taken_in = witness.take_in(shell.clock.now())?;
    let sealed = shell.witnesses.seal_closed(&archive, number)?;
    let history = keys::history(witness.place(), Which::Archive)?;
    let keys = [KeyRole::Checkpoint, KeyRole::Seal].map(|role| witness.place().key(role, Use::Current).display().to_string());
    let (log, fingerprint) = (history.origin().to_owned(), history.fingerprint());
    Ok(Founded { municipality: number.clone(), log, fingerprint, taken_in, sealed, keys: keys.to_vec() })
}

/// What to do with it.
pub fn tell(founded: &[Founded], global: &Global, output: &Output) {
    let lang = global.lang();
    for one in founded {
        output.line(&format!("{} {}: {}", pick(lang, "Logg for", "Logg for", "Log of"), one.municipality, one.log));
        output.line(&format!("  {} {}", pick(lang, "fingeravtrykk", "fingeravtrykk", "fingerprint"), one.fingerprint));
        for key in &one.keys {
            output.line(&format!("  {} {key}", pick(lang, "nøkkel", "nøkkel", "key")));
        }
    }
    output.talk(pick(
        lang,
        "Skriv ut fingeravtrykkene og legg dem et annet sted enn på denne maskinen: alt annet hviler på dem. Ta kopi av nøklene til papir \
         eller safe. Se docs/tamper-evidence.md.",
        "Skriv ut fingeravtrykka og legg dei ein annan stad enn på denne maskina: alt anna kviler på dei. Ta kopi av nøklane til papir \
         eller safe. Sjå docs/tamper-evidence.md.",
        "Print the fingerprints and keep them elsewhere than on this machine: everything rests on them. Copy the keys to paper or a safe. \
         See docs/tamper-evidence.md.",
    ));
}

//! `audit`: shows that nobody has rewritten the archive. Ids, numbers and digests only.

pub mod begin;
mod check_proof;
mod key;
mod prove;
mod stamp;
mod verify;

use pipeline_domain::MunicipalityNumber;
use pipeline_witness::{Deed, Evidence};
use serde_json::{Value, json};

use crate::{cli::Global, config::Config, exit::Exit, failure::Failure, output::Output, shell::Shell};

/// Look after what shows that nobody has rewritten the archive.
#[derive(Debug, clap::Subcommand)]
pub enum Audit {
    /// Read the whole log and hold every case folder against it, and the log against the letters in a mailbox.
    #[command(after_help = crate::exit::TABLE)]
    Verify(verify::Verify),
    /// Begin a log for archives that have none, and take in versions that are not logged (after a restore).
    #[command(after_help = crate::exit::TABLE)]
    Begin(begin::Begin),
    #[command(after_help = crate::exit::TABLE)]
    Prove(prove::Prove),
    #[command(after_help = crate::exit::TABLE)]
    CheckProof(check_proof::CheckProof),
    #[command(after_help = crate::exit::TABLE)]
    Stamp(stamp::Stamp),
    #[command(subcommand, after_help = crate::exit::TABLE)]
    Key(key::Key),
}

pub async fn run(audit: Audit, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    if let Audit::CheckProof(check) = &audit {
        return check_proof::run(check, global, output);
    }
    let shell = Shell::open(global, config).await?;
    // Whole logs are read and folders looked at: all of it is the disk's work.
    let exit = tokio::task::block_in_place(|| match &audit {
        Audit::Verify(verify) => verify::run(&shell, verify, global, output),
        Audit::Begin(begin) => begin::run(&shell, begin, global, output),
        Audit::Prove(prove) => prove::run(&shell, prove, global, output),
        Audit::Stamp(stamp) => stamp::run(&shell, stamp, global, output),
        Audit::Key(key) => key::run(&shell, key, global, output),
        Audit::CheckProof(check) => check_proof::run(check, global, output),
    });
    shell.close().await;
    exit
}

/// The municipality that is named, or the only one that there is.
fn one_municipality(shell: &Shell, named: Option<&MunicipalityNumber>) -> Option<MunicipalityNumber> {
    let mut all = shell.municipalities.keys();
    let only = all.next().filter(|_| all.next().is_none());
    named.or(only).cloned()
}

/// What a proof is of, as both who makes it and who checks it are told.
fn facts(evidence: &Evidence) -> Value {
    let (commit, checkpoint) = (evidence.commit(), evidence.checkpoint());
    let sealed = match commit.deed {
        Deed::Sealed(seal) => Some(seal.to_string()),
        Deed::Placed | Deed::Disposed => None,
    };
    json!({
        "case_folder": commit.object.to_string(),
        "version": commit.head,
        "inventory_sha512": commit.inventory.to_string(),
        "sealed_sha512": sealed,
        "logged_at": commit.time.rfc3339_utc(),
        "log": checkpoint.origin,
        "index": evidence.index(),
        "size": checkpoint.size,
        "root": checkpoint.root,
        "fingerprint": evidence.history().fingerprint(),
    })
}

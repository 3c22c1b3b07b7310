//! `audit prove`: one version of a case folder stands in the log. Written for somebody who has neither the archive nor this program.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use pipeline_archive::{CaseArchive, StoredVersion};
use pipeline_domain::{CaseFolderId, ErrorCode, Lang, MunicipalityNumber};
use pipeline_witness::{Checkpoint, Commit, Deed, Evidence, FindingCode, KeyHistory, Leaf, Reader};
use serde_json::json;

use crate::{
    cli::{
        Global,
        audit::{facts, one_municipality},
        export::{parent, refuse_place},
    },
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    witness::{keys, place::Which},
    words::pick,
};

/// Show that a case folder stands in the log.
///
/// FILE holds what a receiver needs to check it alone: the log's line about the version, the path from it to the signed checkpoint, and the
/// public keys. It holds numbers and digests only, nothing about a person. The receiver checks it with `arkivflyt audit check-proof`, which
/// needs no archive and no settings, or with any RFC 6962 checker: see docs/tamper-evidence.md.
#[derive(Debug, clap::Args)]
pub struct Prove {
    /// Number of the case folder, such as 9901/2026/000001; with --municipality 2026/000001 does as well.
    #[arg(long = "case", value_name = "NUMBER")]
    pub case: String,
    /// Whose archive; may be left out when the number says it, or when there is one municipality only.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
    /// Version of the folder; without it the newest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub version: Option<u32>,
    /// The file to write. Nothing is overwritten.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Why there is no proof: a code, and how the command ends.
struct NoProof(&'static str, Exit);

pub fn run(shell: &Shell, prove: &Prove, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let lang = global.lang();
    let Some(folder) = folder(shell, prove) else {
        output.error("case_invalid", say("case_invalid", lang));
        return Ok(Exit::InvalidInput);
    };
    if let Some(exit) = refuse_place(shell, &prove.out, global, output) {
        return Ok(exit);
    }
    let evidence = match evidence(shell, &folder, prove.version)? {
        Ok(evidence) => evidence,
        Err(NoProof(code, exit)) => {
            output.error(code, &format!("{folder}: {}", say(code, lang)));
            return Ok(exit);
        }
    };
    write_new(&prove.out, evidence.print().as_bytes()).map_err(|e| {
        let code = if e.kind() == io::ErrorKind::StorageFull { ErrorCode::ArchiveDiskFull } else { ErrorCode::WitnessWrite };
        Failure::give_up(code, format!("cannot write {}: {e}", prove.out.display()))
    })?;
    tell(&evidence, &prove.out, lang, output);
    Ok(Exit::Ok)
}

/// The folder that is meant. `None` when the number is none, or is of another municipality than the one that is named.
fn folder(shell: &Shell, prove: &Prove) -> Option<CaseFolderId> {
    let whole = || {
        let number = one_municipality(shell, prove.municipality.as_ref())?;
        format!("{number}/{}", prove.case).parse().ok()
    };
    let folder: CaseFolderId = prove.case.parse().ok().or_else(whole)?;
    prove.municipality.as_ref().is_none_or(|only| *only == folder.municipality).then_some(folder)
}

fn evidence(shell: &Shell, folder: &CaseFolderId, version: Option<u32>) -> Result<Result<Evidence, NoProof>, Failure> {
    let place = shell.witnesses.place(&folder.municipality);
    let Some(stored) = stored(&shell.archive_root(), folder, version)? else { return Ok(Err(NoProof("not_found", Exit::NotFound))) };
    if !place.is_begun(Which::Archive) {
        return Ok(Err(NoProof("log_missing", Exit::VerificationFailed)));
    }
    // Over everything that is logged, when the key is there.
    shell.witnesses.checkpoint(&folder.municipality);
    let history = keys::history(&place, Which::Archive)?;
    let reader = Reader::open(&place.log(Which::Archive));
    let checkpoint = match believed(&reader, &history)? {
        Ok(checkpoint) => checkpoint,
        Err(no) => return Ok(Err(no)),
    };
    let is_it =
        |leaf: &Leaf| matches!(leaf, Leaf::Commit(c) if c.object == *folder && c.head == stored.version && c.deed != Deed::Disposed);
    let Some(at) = reader.find_last(checkpoint.size, is_it)? else {
        let is_logged = reader.is_unsigned(checkpoint.size, is_it)?;
        return Ok(Err(if is_logged { NoProof("log_unsigned", Exit::TryAgain) } else { NoProof("version_unlogged", Exit::NotFound) }));
    };
    let evidence = Evidence::new(reader.prove(at, &checkpoint)?, history)?;
    let Commit { inventory, .. } = evidence.commit();
    Ok(if *inventory == stored.inventory { Ok(evidence) } else { Err(NoProof("version_rewritten", Exit::VerificationFailed)) })
}

/// The version that is asked for, as it lies in the archive.
fn stored(arkivlager: &Path, folder: &CaseFolderId, version: Option<u32>) -> Result<Option<StoredVersion>, Failure> {
    Ok(match version {
        Some(number) => CaseArchive::stored_version(arkivlager, folder, number)?,
        None => CaseArchive::stored_versions(arkivlager, folder)?.pop(),
    })
}

/// The newest checkpoint, if somebody else may believe it.
fn believed(reader: &Reader, history: &KeyHistory) -> Result<Result<Checkpoint, NoProof>, Failure> {
    let signed = reader.checkpoint_note()?.and_then(|note| Checkpoint::parse(&note).ok());
    let Some(signed) = signed else { return Ok(Err(NoProof("log_unsigned", Exit::TryAgain))) };
    if history.judge(&signed) != Ok(pipeline_witness::Standing::Good) {
        return Ok(Err(NoProof("log_unsigned", Exit::TryAgain)));
    }
    Ok(Ok(reader.trusted_checkpoint(history)?))
}

/// A new file, whole or not there.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = tempfile::Builder::new().prefix(".arkivflyt-").suffix(".part").tempfile_in(parent(path))?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    part.persist_noclobber(path).map_err(|e| e.error)?;
    File::open(parent(path))?.sync_all()
}

/// What it proves, and how to check it.
fn tell(evidence: &Evidence, out: &Path, lang: Lang, output: &Output) {
    let (commit, checkpoint) = (evidence.commit(), evidence.checkpoint());
    let mut answer = facts(evidence);
    answer["verifier_key"] = json!(evidence.verifier_key());
    answer["file"] = json!(out.display().to_string());
    if output.answer("audit_prove", answer) {
        return;
    }
    output.line(&format!("{} v{}", output.bold(&commit.object.to_string()), commit.head));
    output.line(&format!("  inventory.json sha512  {}", commit.inventory));
    output.line(&format!("  {:<21}  {}", pick(lang, "linje i loggen", "linje i loggen", "line of the log"), evidence.index()));
    output.line(&format!("  {:<21}  {}", pick(lang, "ført", "ført", "logged"), commit.time.rfc3339_utc()));
    output.line(&format!("  {:<21}  {} ({})", pick(lang, "logg", "logg", "log"), checkpoint.origin, checkpoint.size));
    output.line(&format!("  {:<21}  {}", pick(lang, "fingeravtrykk", "fingeravtrykk", "fingerprint"), evidence.history().fingerprint()));
    output.line(&format!("  {:<21}  {}", pick(lang, "bevis", "prov", "proof"), out.display()));
    output.talk(pick(
        lang,
        "Dette viser at akkurat denne versjonen av mappen sto i arkivets logg da sjekkpunktet ble signert, og at ingen har byttet den ut siden. \
         Det viser ikke hvem som skrev dokumentene, eller at innholdet er sant.\n\
         Mottakeren kontrollerer med: arkivflyt audit check-proof FIL --inventory vN/inventory.json --fingerprint (fra papir). \
         Uten arkivflyt: se docs/tamper-evidence.md.",
        "Dette viser at akkurat denne versjonen av mappa stod i loggen til arkivet då sjekkpunktet vart signert, og at ingen har bytt han ut \
         sidan. Det viser ikkje kven som skreiv dokumenta, eller at innhaldet er sant.\n\
         Mottakaren kontrollerer med: arkivflyt audit check-proof FIL --inventory vN/inventory.json --fingerprint (frå papir). \
         Utan arkivflyt: sjå docs/tamper-evidence.md.",
        "This shows that exactly this version of the folder stood in the archive's log when the checkpoint was signed, and that nobody has \
         exchanged it since. It does not show who wrote the documents, or that what they say is true.\n\
         The receiver checks it with: arkivflyt audit check-proof FILE --inventory vN/inventory.json --fingerprint (from paper). \
         Without arkivflyt: see docs/tamper-evidence.md.",
    ));
}

fn say(code: &str, lang: Lang) -> &'static str {
    match code {
        "case_invalid" => pick(
            lang,
            "nummeret er ikke nummeret på en mappe i denne kommunen, som 9901/2026/000001; velg kommune med --municipality",
            "nummeret er ikkje nummeret på ei mappe i denne kommunen, som 9901/2026/000001; vel kommune med --municipality",
            "not the number of a folder of this municipality, such as 9901/2026/000001; choose one with --municipality",
        ),
        "not_found" => pick(
            lang,
            "arkivet har ingen slik mappe eller versjon",
            "arkivet har inga slik mappe eller versjon",
            "the archive has no such folder or version",
        ),
        "log_missing" => pick(
            lang,
            "arkivet har ingen logg; se «audit verify» og «audit begin»",
            "arkivet har ingen logg; sjå «audit verify» og «audit begin»",
            "the archive has no log; see `audit verify` and `audit begin`",
        ),
        "log_unsigned" => pick(
            lang,
            "versjonen er ført, men loggen er ikke signert så langt; se nøklene med «doctor», og prøv igjen",
            "versjonen er ført, men loggen er ikkje signert så langt; sjå nøklane med «doctor», og prøv igjen",
            "the version is logged, but the log is not signed that far; look at the keys with `doctor`, and try again",
        ),
        "version_unlogged" => pick(
            lang,
            "versjonen står ikke i loggen ennå; «audit begin» tar den inn",
            "versjonen står ikkje i loggen enno; «audit begin» tek han inn",
            "the version is not in the log yet; `audit begin` takes it in",
        ),
        _ => FindingCode::from_id(code).map_or("", |known| known.text(lang)),
    }
}

//! `audit check-proof`: what `audit prove` wrote, checked on any machine. Reads what it is given and nothing else.

use std::{fs, path::PathBuf};

use pipeline_domain::{Lang, Sha256, Sha512};
use pipeline_witness::{Evidence, KeyHistory, WitnessError};
use serde_json::{Value, json};

use super::facts;
use crate::{cli::Global, exit::Exit, failure::Failure, output::Output, words::pick};

/// A proof file is some kilobytes; a long history of keys makes it longer.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Check a proof that `audit prove` wrote. Needs no data folder, no settings and no network.
///
/// Everything rests on the fingerprint of the log: compare it with one that came another way (on paper, from a web page). With --inventory
/// the folder's list of files is held against the proof; the list in turn holds the digest of every file.
#[derive(Debug, clap::Args)]
pub struct CheckProof {
    /// The proof.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// `vN/inventory.json` of the folder, as the receiver has it.
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// Fingerprint of the log, as it was told by another way than this file. Without it, compare the printed one yourself.
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<Sha256>,
    /// The archive's history of keys as it is today (`revisjonslogg/nokler`): tells whether the key has leaked since.
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
}

pub fn run(check: &CheckProof, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let given = [Some(&check.file), check.inventory.as_ref(), check.keys.as_ref()];
    if let Some(missing) = given.into_iter().flatten().find(|path| !path.exists()) {
        output.error("not_found", &missing.display().to_string());
        return Ok(Exit::NotFound);
    }
    let lang = global.lang();
    let read = fs::metadata(&check.file).ok().filter(|m| m.len() <= LARGEST).and_then(|_| fs::read_to_string(&check.file).ok());
    let evidence = read.ok_or(WitnessError::Malformed { what: "whole proof file" }).and_then(|text| Evidence::parse(&text));
    let evidence = match evidence {
        Ok(evidence) => evidence,
        Err(error) => {
            let text = format!("{} ({error})", say("proof_invalid", lang));
            let wrong = json!([{ "code": "proof_invalid", "text": text }]);
            if !output.answer("audit_check_proof", json!({ "valid": false, "findings": wrong })) {
                output.line(&format!("proof_invalid: {text}"));
            }
            return Ok(Exit::VerificationFailed);
        }
    };
    let wrong = findings(check, &evidence, lang)?;
    tell(check, &evidence, &wrong, lang, output);
    Ok(if wrong.is_empty() { Exit::Ok } else { Exit::VerificationFailed })
}

/// What is wrong with a proof that is whole in itself: a code and a sentence each.
fn findings(check: &CheckProof, evidence: &Evidence, lang: Lang) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut wrong = Vec::new();
    let newer = check.keys.as_deref().map(KeyHistory::load).transpose()?;
    if newer.as_ref().is_some_and(|newer| !newer.notes().starts_with(evidence.history().notes())) {
        wrong.push(("keys_differ", say("keys_differ", lang).to_owned()));
    }
    if let Err(code) = evidence.judge(newer.as_ref()) {
        wrong.push((code.id(), code.text(lang).to_owned()));
    }
    if check.fingerprint.is_some_and(|paper| paper != evidence.history().fingerprint()) {
        wrong.push(("fingerprint_differs", say("fingerprint_differs", lang).to_owned()));
    }
    if let Some(inventory) = &check.inventory {
        let is_it = fs::read(inventory).is_ok_and(|bytes| Sha512::of(&bytes) == evidence.commit().inventory);
        if !is_it {
            wrong.push(("inventory_differs", say("inventory_differs", lang).to_owned()));
        }
    }
    Ok(wrong)
}

fn tell(check: &CheckProof, evidence: &Evidence, wrong: &[(&'static str, String)], lang: Lang, output: &Output) {
    let (commit, checkpoint) = (evidence.commit(), evidence.checkpoint());
    let findings: Vec<Value> = wrong.iter().map(|(code, text)| json!({ "code": code, "text": text })).collect();
    let mut answer = facts(evidence);
    answer["valid"] = json!(wrong.is_empty());
    answer["fingerprint_compared"] = json!(check.fingerprint.is_some());
    answer["inventory_compared"] = json!(check.inventory.is_some());
    answer["findings"] = json!(findings);
    if output.answer("audit_check_proof", answer) {
        return;
    }
    for (code, text) in wrong {
        output.line(&format!("{code}: {text}"));
    }
    let verdict = if wrong.is_empty() { say("valid", lang) } else { say("invalid", lang) };
    output.line(&format!("{} {} v{}: {}", output.bold(verdict), commit.object, commit.head, checkpoint.origin));
    output.line(&format!("  inventory.json sha512 {}", commit.inventory));
    let fingerprint = pick(lang, "fingeravtrykk", "fingeravtrykk", "fingerprint");
    output.line(&format!("  {fingerprint} {}", evidence.history().fingerprint()));
    if check.fingerprint.is_none() {
        output.talk(say("compare", lang));
    }
}

fn say(code: &str, lang: Lang) -> &'static str {
    match code {
        "proof_invalid" => pick(
            lang,
            "filen er ikke et helt bevis slik «audit prove» skriver det: noe mangler eller er endret",
            "fila er ikkje eit heilt prov slik «audit prove» skriv det: noko manglar eller er endra",
            "the file is not a whole proof as `audit prove` writes it: something is missing or changed",
        ),
        "keys_differ" => pick(
            lang,
            "nøklene i beviset hører ikke til nøkkelhistorien i mappen",
            "nøklane i provet høyrer ikkje til nøkkelhistoria i mappa",
            "the keys in the proof do not belong to the history of keys in the folder",
        ),
        "fingerprint_differs" => pick(
            lang,
            "beviset er fra en annen logg enn den fingeravtrykket gjelder",
            "provet er frå ein annan logg enn den fingeravtrykket gjeld",
            "the proof is of another log than the one of the fingerprint",
        ),
        "inventory_differs" => pick(
            lang,
            "fortegnelsen er en annen enn den beviset gjelder",
            "lista er ei anna enn den provet gjeld",
            "the inventory is another than the one of the proof",
        ),
        "valid" => pick(lang, "Beviset holder:", "Provet held:", "The proof holds:"),
        "invalid" => pick(lang, "BEVISET HOLDER IKKE:", "PROVET HELD IKKJE:", "THE PROOF DOES NOT HOLD:"),
        _ => pick(
            lang,
            "Sammenlign fingeravtrykket med det du har fått på en annen måte, eller oppgi det med --fingerprint: beviset er ikke bedre enn det.",
            "Samanlikn fingeravtrykket med det du har fått på ein annan måte, eller oppgi det med --fingerprint: provet er ikkje betre enn det.",
            "Compare the fingerprint with the one that you got by another way, or give it with --fingerprint: the proof is no better than that.",
        ),
    }
}

//! `audit verify`: the log against itself, against the letters that went out, and every case folder against the log.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, MunicipalityNumber, Sha256};
use pipeline_witness::{
    AuditedLog, Checkpoint, Finding, FindingCode, HeldFolder, HeldSeal, HeldVersion, KeyHistory, KeyRole, Place as At, Reader, audit_log,
};
use serde::Serialize;
use serde_json::json;

use crate::{
    access_log::AccessLog,
    cli::Global,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    witness::{
        self, keys,
        place::{Place, Which},
    },
    words::pick,
};

/// Check the log and what it attests.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Letters that went out, as they lie in anybody's mailbox, or `bag-info.txt` of exported packages: a file, or a folder of files.
    #[arg(long, value_name = "FILE|DIR")]
    pub mailbox: Vec<PathBuf>,
    /// Fingerprint of the log's founding note, as it was printed when the log began: from paper, not from this machine.
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Vec<Sha256>,
    /// Only this municipality.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
struct Wrong {
    code: String,
    at: String,
    text: String,
}

/// One municipality's result.
#[derive(Debug, Serialize)]
struct Audited {
    municipality: MunicipalityNumber,
    log: String,
    fingerprint: Option<Sha256>,
    /// Size of the newest checkpoint.
    size: u64,
    root: Option<Sha256>,
    folders: u64,
    versions: u64,
    seals: u64,
    /// Checkpoints of this log that were found in the letters.
    letters: usize,
    /// Time stamps that hold. Absent where no authority is configured: nobody says whom to believe.
    stamps: Option<u64>,
    findings: Vec<Wrong>,
}

pub fn run(shell: &Shell, verify: &Verify, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    for path in &verify.mailbox {
        if !path.exists() {
            output.error("not_found", &path.display().to_string());
            return Ok(Exit::NotFound);
        }
        collect(path, &mut files);
    }
    let stores = shell.archive_root();
    let letters = Letters::read(shell, &files);
    let wanted = |n: &MunicipalityNumber| verify.municipality.as_ref().is_none_or(|only| only == n);
    let mut audited = Vec::new();
    for number in witness::municipalities(&stores).into_iter().filter(wanted) {
        audited.push(Auditing { shell, verify, letters: &letters, global }.municipality(&number)?);
    }
    if verify.municipality.is_some() && audited.is_empty() {
        output.error("not_found", verify.municipality.as_ref().map_or("", |n| n.as_str()));
        return Ok(Exit::NotFound);
    }
    let wrong = audited.iter().map(|a| a.findings.len()).sum::<usize>();
    if !output.answer("audit", json!({ "valid": wrong == 0, "municipalities": audited })) {
        tell(&audited, wrong, global, output);
    }
    Ok(if wrong == 0 { Exit::Ok } else { Exit::VerificationFailed })
}

/// Every file of a mailbox. What cannot be read holds no letter.
pub fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        return files.push(path.to_owned());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path).map(|e| e.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    entries.sort();
    entries.iter().for_each(|entry| collect(entry, files));
}

/// The checkpoints in the letters, by the log that they are of.
struct Letters(HashMap<MunicipalityNumber, Vec<Checkpoint>>);

impl Letters {
    /// A line in a letter does not name its log: its signature does. What no log of ours has signed is told of all of them.
    fn read(shell: &Shell, files: &[PathBuf]) -> Self {
        let numbers = witness::municipalities(&shell.archive_root());
        let history = |n: &MunicipalityNumber| Some((n.clone(), keys::history(&shell.witnesses.place(n), Which::Archive).ok()?));
        let histories: Vec<(MunicipalityNumber, KeyHistory)> = numbers.iter().filter_map(history).collect();
        let mut found: HashMap<MunicipalityNumber, Vec<Checkpoint>> = HashMap::new();
        for letter in files.iter().filter_map(|path| fs::read(path).ok()) {
            let read = |(number, history): &(MunicipalityNumber, KeyHistory)| {
                let all = Checkpoint::find_in_mail(history.origin(), &letter).into_iter();
                all.map(|c| (number.clone(), history.judge(&c) != Err(FindingCode::CheckpointUnsigned), c)).collect::<Vec<_>>()
            };
            let all: Vec<_> = histories.iter().flat_map(read).collect();
            for (number, is_own, checkpoint) in &all {
                let is_anothers = || all.iter().any(|(_, own, c)| *own && (c.size, c.root) == (checkpoint.size, checkpoint.root));
                if *is_own || !is_anothers() {
                    found.entry(number.clone()).or_default().push(checkpoint.clone());
                }
            }
        }
        for of_one in found.values_mut() {
            of_one.sort_by_key(|c| (c.size, c.root));
            of_one.dedup();
        }
        Self(found)
    }
}

struct Auditing<'a> {
    shell: &'a Shell,
    verify: &'a Verify,
    letters: &'a Letters,
    global: &'a Global,
}

impl Auditing<'_> {
    fn municipality(&self, number: &MunicipalityNumber) -> Result<Audited, Failure> {
        let place = self.shell.witnesses.place(number);
        let mut result = Audited {
            municipality: number.clone(),
            log: String::new(),
            fingerprint: None,
            size: 0,
            root: None,
            folders: 0,
            versions: 0,
            seals: 0,
            letters: 0,
            stamps: None,
            findings: Vec::new(),
        };
        if !place.is_begun(Which::Archive) {
            result.findings.push(self.own("log_missing", "revisjonslogg"));
            return Ok(result);
        }
        let history = match keys::history(&place, Which::Archive) {
            Ok(history) => history,
            Err(failure) => {
                result.findings.push(Wrong { code: failure.code.id().to_owned(), at: "nokler".to_owned(), text: failure.detail });
                return Ok(result);
            }
        };
        (result.log, result.fingerprint) = (history.origin().to_owned(), Some(history.fingerprint()));
        if !self.verify.fingerprint.is_empty() && !self.verify.fingerprint.contains(&history.fingerprint()) {
            result.findings.push(self.own("fingerprint_differs", "nokler/0000.note"));
        }
        let known = self.letters.0.get(number).map_or(&[][..], Vec::as_slice);
        result.letters = known.len();
        let mut audited = audit_log(&Reader::open(&place.log(Which::Archive)), &history, known)?;
        if let Some(checkpoint) = &audited.checkpoint {
            (result.size, result.root) = (checkpoint.size, Some(checkpoint.root));
        }
        let mut findings = self.folders(&place, &history, &mut audited, &mut result)?;
        findings.extend(std::mem::take(&mut audited.findings));
        findings.extend(audited.ledger.missing());
        findings.extend(self.access(&place, &history, &audited)?);
        findings.sort();
        findings.dedup();
        result.findings.extend(findings.iter().map(|f| self.told(f)));
        self.stamps(&place, &mut result)?;
        Ok(result)
    }

    /// Every time stamp against the inventory that it is of and the certificates that are configured.
    fn stamps(&self, place: &Place, result: &mut Audited) -> Result<(), Failure> {
        let Some(stamps) = self.shell.time_stamps()? else { return Ok(()) };
        let mut good = 0;
        for folder in CaseArchive::stored_folders(place.arkivlager(), place.number())? {
            for name in CaseArchive::log_names(place.arkivlager(), &folder)? {
                let Some(head) = name.strip_prefix('v').and_then(|n| n.strip_suffix(".tsr")?.parse().ok()) else { continue };
                let token = CaseArchive::read_log(place.arkivlager(), &folder, &name)?.unwrap_or_default();
                let inventory = CaseArchive::stored_inventory(place.arkivlager(), &folder, head)?.unwrap_or_default();
                match stamps.judge(&token, &inventory) {
                    Ok(_) => good += 1,
                    Err(_) => result.findings.push(self.own("stamp_invalid", &format!("{folder} v{head}"))),
                }
            }
        }
        result.stamps = Some(good);
        Ok(())
    }

    /// Every folder against the log. What came in after the log was read is held against the log as it has become.
    fn folders(
        &self,
        place: &Place,
        history: &KeyHistory,
        audited: &mut AuditedLog,
        result: &mut Audited,
    ) -> Result<Vec<Finding>, Failure> {
        let (mut findings, mut late) = (Vec::new(), Vec::new());
        for folder in CaseArchive::stored_folders(place.arkivlager(), place.number())? {
            let held = held(place.arkivlager(), &folder)?;
            result.folders += 1;
            result.versions += held.versions.len() as u64;
            result.seals += held.seals.len() as u64;
            let found = audited.ledger.check(&held, history);
            if found.iter().any(|f| f.code == FindingCode::VersionUnlogged) { late.push(folder) } else { findings.extend(found) }
        }
        if !late.is_empty() {
            let mut again = audit_log(&Reader::open(&place.log(Which::Archive)), history, &[])?;
            for folder in late {
                findings.extend(again.ledger.check(&held(place.arkivlager(), &folder)?, history));
            }
        }
        Ok(findings)
    }

    /// The access log against its own log, and against the archive's.
    fn access(&self, place: &Place, history: &KeyHistory, archive: &AuditedLog) -> Result<Vec<Finding>, Failure> {
        let mut findings = Vec::new();
        let mut heads: Vec<_> = archive.ledger.access().into_iter().collect();
        if place.is_begun(Which::Access) {
            let its_history = keys::history(place, Which::Access)?;
            let same = [KeyRole::Checkpoint, KeyRole::Seal].iter().all(|role| its_history.current(*role) == history.current(*role));
            let its = audit_log(&Reader::open(&place.log(Which::Access)), &its_history, &[])?;
            findings.extend(its.findings);
            if !same {
                findings.push(Finding { code: FindingCode::CheckpointKeyRetired, at: At::File("revisjonslogg-tilgang/nokler".to_owned()) });
            }
            heads.extend(its.ledger.access());
        } else if !heads.is_empty() {
            findings.push(Finding { code: FindingCode::CheckpointMissing, at: At::File("revisjonslogg-tilgang/checkpoint".to_owned()) });
        }
        let known: Vec<pipeline_access::Head> = heads.iter().map(|h| pipeline_access::Head { rows: h.rows, digest: h.digest }).collect();
        let log = AccessLog::of(&self.shell.data, place.number());
        if !known.is_empty() && log.read(&known, |_| {}).is_err() {
            let rows = known.iter().map(|k| k.rows).max().unwrap_or_default();
            findings.push(Finding { code: FindingCode::AccessLogRolledBack, at: At::File(format!("access row {rows}")) });
        }
        Ok(findings)
    }

    fn told(&self, finding: &Finding) -> Wrong {
        let text = finding.code.text(self.global.lang()).to_owned();
        Wrong { code: finding.code.id().to_owned(), at: finding.at.to_string(), text }
    }

    fn own(&self, code: &str, at: &str) -> Wrong {
        let lang = self.global.lang();
        let text = match code {
            "log_missing" => pick(
                lang,
                "Arkivet har ingen logg. Er den fjernet? Et arkiv fra før loggen kom, får en med `audit begin`.",
                "Arkivet har ingen logg. Er han fjerna? Eit arkiv frå før loggen kom, får ein med `audit begin`.",
                "The archive has no log. Was it removed? An archive from before there were logs gets one with `audit begin`.",
            ),
            "stamp_invalid" => pick(
                lang,
                "Tidsstempelet er ikke av denne versjonen, eller ikke fra tjenesten i oppsettet.",
                "Tidsstempelet er ikkje av denne versjonen, eller ikkje frå tenesta i oppsettet.",
                "The time stamp is not of this version, or not from the authority in the configuration.",
            ),
            _ => pick(
                lang,
                "Loggens første notat er et annet enn det fingeravtrykket gjelder: loggen er begynt på nytt, kanskje av andre.",
                "Det første notatet i loggen er eit anna enn det fingeravtrykket gjeld: loggen er byrja på nytt, kanskje av andre.",
                "The founding note is not the one of the fingerprint: the log was begun anew, perhaps by somebody else.",
            ),
        };
        Wrong { code: code.to_owned(), at: at.to_owned(), text: text.to_owned() }
    }
}

/// A folder as it lies there.
pub fn held(arkivlager: &Path, folder: &CaseFolderId) -> Result<HeldFolder, Failure> {
    let stored = CaseArchive::stored_versions(arkivlager, folder)?;
    let versions = stored.iter().map(|v| HeldVersion { inventory: v.inventory, previous: v.previous }).collect();
    let mut seals = Vec::new();
    for name in CaseArchive::log_names(arkivlager, folder)? {
        let Some(head) = name.strip_prefix('v').and_then(|n| n.strip_suffix(".minisig")?.parse().ok()) else { continue };
        let text = CaseArchive::read_log(arkivlager, folder, &name)?.unwrap_or_default();
        let inventory = CaseArchive::stored_inventory(arkivlager, folder, head)?.unwrap_or_default();
        seals.push(HeldSeal { head, text: String::from_utf8_lossy(&text).into_owned(), inventory });
    }
    Ok(HeldFolder { object: folder.clone(), versions, seals })
}

fn tell(audited: &[Audited], wrong: usize, global: &Global, output: &Output) {
    let lang = global.lang();
    for one in audited {
        for finding in &one.findings {
            output.line(&format!("{} {} {}: {}", one.municipality, finding.code, finding.at, finding.text));
        }
        let root = one.root.map(|r| r.to_string()).unwrap_or_default();
        output.line(&format!(
            "{} {}: {} {}, {} {}, {} {}, {} {} ({} {})",
            one.municipality,
            one.log,
            one.folders,
            pick(lang, "mapper", "mapper", "folders"),
            one.versions,
            pick(lang, "versjoner", "versjonar", "versions"),
            one.seals,
            pick(lang, "segl", "segl", "seals"),
            one.letters,
            pick(lang, "sjekkpunkt i brev", "sjekkpunkt i brev", "checkpoints in letters"),
            one.size,
            root
        ));
    }
    let verdict = if wrong == 0 {
        pick(lang, "Uendret", "Uendra", "Unchanged")
    } else {
        pick(lang, "IKKE SOM LOGGEN SIER", "IKKJE SOM LOGGEN SEIER", "NOT AS THE LOG SAYS")
    };
    output.line(&format!("{}: {wrong} {}", output.bold(verdict), pick(lang, "feil", "feil", "findings")));
}

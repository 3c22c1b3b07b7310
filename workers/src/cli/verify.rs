//! `verify`: every byte against the inventories; with `--all` a round through all folders that goes on where it stopped and is remembered.

mod all;
mod report;

use std::path::{Path, PathBuf};

use pipeline_archive::{CaseArchive, Severity, Verification, verify_object, verify_root};
use pipeline_domain::{MunicipalityNumber, Sha512};
use pipeline_store::{DocumentFilter, Documents};
use serde_json::{Value, json};

use crate::{
    cli::Global,
    config::Config,
    exit::Exit,
    failure::Failure,
    fixity::{Judgement, Percent, RECEIPT_BROKEN},
    output::Output,
    shell::Shell,
    words::pick,
};

/// Check case folders, every byte of them.
///
/// Without --all everything is read in one go and nothing is remembered. With --all it is a round: interrupted, the same command goes on
/// where it stopped, and --report tells when each folder was last checked.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// An OCFL object or storage root of any origin, instead of the data folder's own.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["all", "report"])]
    pub path: Option<PathBuf>,
    /// A round through every case folder: inventories, names and receipts.
    #[arg(long)]
    pub all: bool,
    /// With --all: only a part of the folders, such as 5%: those that were checked longest ago.
    #[arg(long, value_name = "PART", requires = "all", value_parser = percent)]
    pub sample: Option<Percent>,
    /// With --all: every byte of the content too, against its SHA-256. (Without --all against every checksum that it has.)
    #[arg(long, requires = "all")]
    pub read_data: bool,
    /// With --all: read no faster than so many MiB a second.
    #[arg(long, value_name = "MIB", requires = "all", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_mib_per_s: Option<u32>,
    /// With --all: how many folders are checked side by side. Without it, as many as there are processors, at most four.
    #[arg(long, value_name = "N", requires = "all", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: Option<u8>,
    /// With --all: begin from the start, also when a round was interrupted.
    #[arg(long, requires = "all")]
    pub anew: bool,
    /// When each folder was last checked, how thoroughly, and what was found. Checks nothing.
    #[arg(long, conflicts_with = "all")]
    pub report: bool,
}

fn percent(text: &str) -> Result<Percent, String> {
    text.parse().map_err(|_| "a part such as 5% or 0.5%".to_owned())
}

pub async fn run(verify: Verify, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let mut tally = Tally::default();
    match &verify.path {
        Some(path) if !path.is_dir() => {
            output.error("not_found", &path.display().to_string());
            return Ok(Exit::NotFound);
        }
        Some(path) => tally.judge(path),
        None if verify.all || verify.report => {
            let shell = Shell::open(global, config).await?;
            let done = if verify.all { all::run(&verify, &shell, global, output).await } else { report::run(&shell, global, output) };
            shell.close().await;
            return done;
        }
        None => {
            let shell = Shell::open(global, config).await?;
            for number in stores(&shell.archive_root()) {
                // Not opened: whoever opens a store mends it, and damage must be told before it is mended.
                tally.root(&CaseArchive::storage_root(&shell.archive_root(), &number), number.as_str());
            }
            tally.receipts(&shell).await?;
            shell.close().await;
        }
    }
    Ok(tally.tell(global, output))
}

/// Every municipality that has a store, also one whose settings went away.
fn stores(archive_root: &Path) -> Vec<MunicipalityNumber> {
    let entries = std::fs::read_dir(archive_root).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let mut numbers: Vec<MunicipalityNumber> = entries.iter().filter_map(|e| e.file_name().to_string_lossy().parse().ok()).collect();
    numbers.sort();
    numbers
}

/// What a folder is meant to be, also when it is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    Root,
}

impl Shape {
    /// The declaration tells. Without one, folders that hold neither inventory nor versions are taken for a root.
    fn of(path: &Path) -> Self {
        let names: Vec<(String, bool)> = std::fs::read_dir(path)
            .map(|entries| entries.flatten().map(|e| (e.file_name().to_string_lossy().into_owned(), e.path().is_dir())).collect())
            .unwrap_or_default();
        let any = |test: fn(&str, bool) -> bool| names.iter().any(|(name, is_dir)| test(name, *is_dir));
        if any(|n, _| n.starts_with("0=ocfl_object")) {
            return Self::Object;
        }
        let declared = any(|n, _| n.starts_with("0=ocfl_") || n == "ocfl_layout.json");
        let like_an_object =
            any(|n, is_dir| n.starts_with("inventory.json") || is_dir && n.starts_with('v') && n[1..].parse::<u32>().is_ok());
        if declared || !like_an_object && any(|_, is_dir| is_dir) { Self::Root } else { Self::Object }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Tally {
    objects: u64,
    files: u64,
    bytes: u64,
    errors: u64,
    findings: Vec<Value>,
    /// Of a round: how far it came before, and now.
    rounds: Vec<Value>,
}

impl Tally {
    /// An object or a storage root.
    fn judge(&mut self, path: &Path) {
        let name = path.display().to_string();
        match Shape::of(path) {
            Shape::Object => self.add(&name, &verify_object(path)),
            Shape::Root => self.root(path, &name),
        }
    }

    /// A storage root; objects of ours are held to our own promises too.
    fn root(&mut self, path: &Path, name: &str) {
        let root = verify_root(path, &mut |object, verification| self.add(&format!("{name}/{}", object.display()), verification));
        self.findings(name, &root.findings);
    }

    /// Every archived document against its receipt: a folder that is gone, or whose newest version was taken away, is whole
    /// by itself and shows only here.
    async fn receipts(&mut self, shell: &Shell) -> Result<(), Failure> {
        for row in shell.store.documents(&DocumentFilter::default(), u32::MAX).await? {
            let Some(archived) = &row.archived else { continue };
            let folder = &row.reservation.folder;
            let inventory =
                CaseArchive::case_folder(&shell.archive_root(), folder).join(format!("v{}/inventory.json", archived.folder_version));
            let detail = match std::fs::read(&inventory) {
                Ok(bytes) if Sha512::of(&bytes) == archived.inventory => continue,
                Ok(_) => "the version that a document was archived in is not what it was",
                Err(_) => "the version that a document was archived in is not there",
            };
            self.errors += 1;
            let path = format!("v{}/inventory.json", archived.folder_version);
            self.findings
                .push(json!({ "object": folder.to_string(), "code": RECEIPT_BROKEN, "severity": "error", "path": path, "detail": detail }));
        }
        Ok(())
    }

    /// One folder of a round.
    fn add_judged(&mut self, name: &str, judgement: &Judgement) {
        self.add(name, &judgement.verification);
        let detail = "the version that a document was archived in is not there, or is not what it was";
        for path in &judgement.broken {
            self.errors += 1;
            self.findings.push(json!({ "object": name, "code": RECEIPT_BROKEN, "severity": "error", "path": path, "detail": detail }));
        }
    }

    /// One object.
    pub fn add(&mut self, name: &str, verification: &Verification) {
        self.objects += 1;
        self.files += verification.files;
        self.bytes += verification.bytes;
        self.findings(name, &verification.findings);
    }

    fn findings(&mut self, name: &str, findings: &[pipeline_archive::Finding]) {
        for f in findings {
            let severity = match f.severity {
                Severity::Error => {
                    self.errors += 1;
                    "error"
                }
                Severity::Warning => "warning",
            };
            self.findings.push(json!({ "object": name, "code": f.code, "severity": severity, "path": f.path, "detail": f.detail }));
        }
    }

    /// Says it, and answers 0 or 6.
    pub fn tell(self, global: &Global, output: &Output) -> Exit {
        let exit = if self.errors == 0 { Exit::Ok } else { Exit::VerificationFailed };
        let mut body = json!({ "valid": self.errors == 0, "objects": self.objects, "files": self.files, "bytes": self.bytes, "errors": self.errors, "findings": self.findings });
        if !self.rounds.is_empty() {
            body["rounds"] = json!(self.rounds);
        }
        if output.answer("verification", body) {
            return exit;
        }
        let lang = global.lang();
        for f in &self.findings {
            let text = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
            output.line(&format!("{} {} {} {} {}", text("code"), text("severity"), text("object"), text("path"), text("detail")));
        }
        let verdict = if exit == Exit::Ok { pick(lang, "Hel", "Heil", "Whole") } else { pick(lang, "IKKE HEL", "IKKJE HEIL", "NOT WHOLE") };
        let objects = pick(lang, "mapper", "mapper", "folders");
        let files = pick(lang, "filer", "filer", "files");
        let faults = pick(lang, "feil", "feil", "errors");
        output.line(&format!(
            "{}: {} {objects}, {} {files}, {} MiB, {} {faults}",
            output.bold(verdict),
            self.objects,
            self.files,
            self.bytes >> 20,
            self.errors
        ));
        exit
    }
}

//! `extract check`, and the same check before an extract is sealed.

use std::{
    cell::RefCell,
    io,
    path::{Path, PathBuf},
};

use pipeline_deposit::Gate;
use pipeline_domain::{ErrorCode, Lang};
use pipeline_inspect::{Finding, Inspection, Limits, Report, Schemas, Severity, inspect};
use serde_json::{Value, json};

use crate::{cli::Global, exit::Exit, failure::Failure, output::Output, words::pick};

/// An extract of any origin.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// A content folder, the root of a DIAS package, or its tar.
    #[arg(value_name = "DIR|TAR")]
    pub path: PathBuf,
    /// Folder with the official Noark 5 and ADDML schemas. Without it the files are not checked against them, and the answer says so.
    #[arg(long, value_name = "DIR")]
    pub schemas: Vec<PathBuf>,
}

pub fn run(check: &Check, global: &Global, output: &Output) -> Result<Exit, Failure> {
    if check.path.symlink_metadata().is_err() {
        output.error("not_found", &check.path.display().to_string());
        return Ok(Exit::NotFound);
    }
    let mut schemas = Schemas::none();
    for folder in &check.schemas {
        schemas.add_folder(folder)?;
    }
    let report = judge(&check.path, &schemas)?;
    let lang = global.lang();
    if !output.answer("extract_check", told(&report)) {
        say_findings(&report, Severity::Warning, lang, output);
        for missing in &report.not_checked {
            let text = format!("{} {}", missing.file.as_deref().unwrap_or_default(), missing.why.text(lang));
            output.line(&format!("{}  {}", missing.rule.id(), text.trim()));
        }
        let verdict = if report.is_refused() {
            pick(lang, "Uttrekket har feil.", "Uttrekket har feil.", "The extract has errors.")
        } else {
            pick(lang, "Ingen feil.", "Ingen feil.", "No errors.")
        };
        output.line(&output.bold(verdict));
    }
    Ok(if report.is_refused() { Exit::VerificationFailed } else { Exit::Ok })
}

fn judge(path: &Path, schemas: &Schemas) -> Result<Report, pipeline_inspect::InspectError> {
    let limits = Limits::default();
    inspect(path, &Inspection { schemas, limits: &limits, stop: &|| false })
}

fn told(report: &Report) -> Value {
    json!({
        "refused": report.is_refused(), "complete": report.is_complete(), "broken": report.broken, "findings": report.findings,
        "not_checked": report.not_checked, "facts": report.facts,
    })
}

fn say_findings(report: &Report, from: Severity, lang: Lang, output: &Output) {
    for finding in report.findings.iter().filter(|finding| finding.severity >= from) {
        output.line(&format!("{} {}: {}", finding.rule.id(), place(finding), finding.rule.text(lang)));
        if let Some(note) = finding.note {
            output.line(&format!("    {}", note.text(lang)));
        }
    }
}

/// File, line and unit of a finding. No text of the extract but file names.
fn place(finding: &Finding) -> String {
    let mut place = finding.file.clone().unwrap_or_default();
    if let Some(unit) = &finding.unit {
        place += &format!(":{}", unit.line);
        if let Some(id) = &unit.system_id {
            place += &format!(" {}", id.as_str());
        }
    }
    place
}

/// The check before sealing. Keeps what it found for the answer.
#[derive(Default)]
pub struct SealGate {
    found: RefCell<Option<Report>>,
}

impl Gate for SealGate {
    fn judge(&self, content: &Path) -> io::Result<u64> {
        // They lie there as the operator has them, byte for byte.
        let schemas = Schemas::from_folder(content).map_err(io::Error::other)?;
        let report = judge(content, &schemas).map_err(io::Error::other)?;
        let errors = report.broken.iter().filter(|(rule, _)| rule.severity() == Severity::Error).map(|(_, count)| count).sum();
        let refused = if report.is_refused() { std::cmp::max(errors, 1) } else { 0 };
        self.found.replace(Some(report));
        Ok(refused)
    }
}

impl SealGate {
    /// What the check came to: nothing for an extract that lay there already.
    pub fn summary(&self) -> Option<Value> {
        self.found.borrow().as_ref().map(told)
    }

    /// What somebody should know of an extract that was sealed.
    pub fn say_warnings(&self, lang: Lang, output: &Output) {
        if let Some(report) = &*self.found.borrow() {
            say_findings(report, Severity::Warning, lang, output);
        }
    }

    /// Why nothing was sealed.
    pub fn say_refused(&self, lang: Lang, output: &Output) -> Result<Exit, Failure> {
        let code = ErrorCode::ExtractRefused;
        let body = json!({ "code": code, "text": code.text(lang), "check": self.summary() });
        if !output.answer("extract_refused", body) {
            eprintln!("arkivflyt: {code}: {}", code.text(lang));
            if let Some(report) = &*self.found.borrow() {
                say_findings(report, Severity::Error, lang, output);
            }
        }
        Ok(Exit::VerificationFailed)
    }
}

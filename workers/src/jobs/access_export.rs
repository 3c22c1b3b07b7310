//! Everything that is kept about one person, as one package for that person (innsyn, GDPR art. 15). The archive is read and never touched.
//!
//! [`Person`] says whose it is and what the policy is to be asked about; [`gather`] collects, [`Package::write`] writes the bag. Who
//! asks the policy, and where the bag goes, is the caller's: `cli/access_export.rs` for a person at the machine,
//! `jobs/events/exports.rs` for the source system.

mod held;
mod package;
mod page;
mod person;
mod words;

use std::{
    fs::File,
    io::{BufWriter, Write},
    sync::Arc,
};

use pipeline_archive::CaseArchive;
use pipeline_bag::{BagSpec, Password, TagFile, Written, write_to_file};
use pipeline_domain::{ErrorCode, Lang, Line, LogicalPath, Timestamp, WrittenForm};
use pipeline_package::CaseRecord;
use pipeline_render::{AccessExport as Export, AccessLine, ExportedDocument, ExportedFolder, access_export_job};

pub use self::person::{Person, every_record};
use self::{held::Held, package::Contents};
use crate::{
    access_log::AccessLog,
    cli::export::{checkpoint_line, path},
    failure::Failure,
    shell::Shell,
};

/// How a package is made.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Language of cover and index; without it, the municipality's own.
    pub form: Option<WrittenForm>,
    /// When it was asked for: it stands on the cover, and on every file in the bag.
    pub made_at: Timestamp,
}

/// All of it, ready to be written.
pub struct Package {
    export: Export,
    contents: Contents,
    /// The line of `bag-info.txt` that says how far the archive's log had come.
    checkpoint: Option<(&'static str, String)>,
}

/// Collects everything. The rows of the access log that allow it stand there already, and are among what is told.
pub async fn gather(shell: &Shell, person: &Person, wanted: Wanted) -> Result<Package, Failure> {
    let municipality = shell.municipality(&person.municipality)?;
    let form = wanted.form.unwrap_or(municipality.written_form);
    let held = Held::by(shell, person, form).await?;
    let export = Export {
        municipality: person.municipality.clone(),
        municipality_name: municipality.name.clone(),
        written_form: form,
        synthetic: person.synthetic,
        made_at: wanted.made_at,
        subject_name: person.name.clone(),
        subject_birth_date: person.birth_date,
        folders: person.records.iter().map(exported).collect(),
        accesses: accesses(shell, person, form)?,
        notices: held.notices,
        contacts: held.contacts,
        contact_point: Line::new(municipality.mail.contact_point.expose()),
        mail: municipality.mail.reply_to.clone(),
    };
    let cover = shell.press().await?.print(access_export_job(&export, &municipality.letterhead()?)).await?;
    let index = page::html(&export, |f| plan_name(f, form));
    let archived = archived(shell, &person.records)?;
    let lists = export.content();
    // Every source is read once: there may be hundreds.
    let (witnesses, number) = (shell.witnesses.clone(), person.municipality.clone());
    let read = move || (Contents::of(&archived, &lists, index, cover.bytes), checkpoint_line(&witnesses, &number));
    let read = tokio::task::spawn_blocking(read).await;
    let internal = |_| Failure::give_up(ErrorCode::ExportFailed, "reading the folders ended in an internal error");
    let (contents, checkpoint) = read.map_err(internal)?;
    Ok(Package { export, contents: contents?, checkpoint })
}

/// Each folder with the store that it lies in.
fn archived(shell: &Shell, records: &[CaseRecord]) -> Result<Vec<(Arc<CaseArchive>, CaseRecord)>, Failure> {
    records.iter().map(|record| Ok((shell.archive(&record.folder().municipality)?, record.clone()))).collect()
}

impl Package {
    /// Writes the bag. Blocks.
    pub fn write(&self, to: &File, password: Option<&Password>) -> Result<Written, Failure> {
        let Self { export, contents, checkpoint } = self;
        let base = path(&format!("innsyn_{}", export.made_at.oslo_date()));
        let note = match export.written_form {
            WrittenForm::Nb => include_str!("access_export/lesmeg-nb.txt"),
            WrittenForm::Nn => include_str!("access_export/lesmeg-nn.txt"),
        };
        let note_name = path("LESMEG.txt");
        let mut info = vec![
            ("Source-Organization", export.municipality_name.trim().to_owned()),
            ("Bagging-Date", export.made_at.oslo_date().to_string()),
            ("Bag-Software-Agent", concat!("arkivflyt ", env!("CARGO_PKG_VERSION")).to_owned()),
            ("Arkivflyt-Export-Reason", "innsyn (GDPR art. 15)".to_owned()),
        ];
        info.extend(checkpoint.clone());
        let spec = BagSpec {
            base: &base,
            info: &info,
            tag_files: &[TagFile { name: &note_name, bytes: note.as_bytes() }],
            modified: export.made_at,
            password,
        };
        let mut to = BufWriter::new(to);
        let written = write_to_file(&spec, contents, &mut to)?;
        to.flush().map_err(|e| Failure::retry(ErrorCode::ExportFailed, format!("cannot write the file: {e}")))?;
        Ok(written)
    }

    /// In which language it is.
    pub fn written_form(&self) -> WrittenForm {
        self.export.written_form
    }
}

fn exported(record: &CaseRecord) -> ExportedFolder {
    let at = record.folder().case_number();
    let inside = |path: &LogicalPath| format!("{at}/{path}");
    let documents = record.documents().iter().map(|d| ExportedDocument {
        no: d.no,
        date: d.date,
        title: d.title.clone(),
        version: d.version.0,
        pages: d.pages,
        pdf: inside(&d.pdf),
        source: inside(&d.source()),
    });
    ExportedFolder {
        reference: record.folder().mappe_id(),
        plan_type: record.plan_type(),
        opened: record.opened_at().oslo_date(),
        closed: record.closed_at().map(|at| at.oslo_date()),
        documents: documents.collect(),
    }
}

fn plan_name(folder: &ExportedFolder, form: WrittenForm) -> &'static str {
    use pipeline_domain::PlanType;
    match (folder.plan_type, form) {
        (PlanType::Ip, _) => "Individuell plan (IP)",
        (PlanType::Es, WrittenForm::Nb) => "Enkelt samspill (ES)",
        (PlanType::Es, WrittenForm::Nn) => "Enkelt samspel (ES)",
        (PlanType::Sl, _) => "Stafettlogg (SL)",
        (PlanType::Iop, _) => "Individuell opplæringsplan (IOP)",
    }
}

/// The access log of these folders, in words: roles, never who.
fn accesses(shell: &Shell, person: &Person, form: WrittenForm) -> Result<Vec<AccessLine>, Failure> {
    let lang = match form {
        WrittenForm::Nb => Lang::Nb,
        WrittenForm::Nn => Lang::Nn,
    };
    let mut lines = Vec::new();
    AccessLog::of(&shell.data, &person.municipality).read(&[], |row| {
        if row.about.folder().is_some_and(|f| person.folders.contains(f)) {
            lines.push(AccessLine {
                at: row.at,
                role: row.role.text(lang),
                action: row.action.text(lang),
                reason: row.reason.map(|r| r.text(lang)),
                denied: row.denied.is_some(),
            });
        }
    })?;
    Ok(lines)
}

//! `case`: looks at case folders. What is shown is read from the folders themselves, not from the database.

use std::collections::BTreeSet;

use pipeline_archive::{CaseArchive, verify_case};
use pipeline_domain::{CaseFolderId, ErrorCode};
use pipeline_package::{AttachmentEntry, CaseRecord, RedactedEntry};
use serde_json::{Value, json};

use crate::{
    cli::{Global, access_export, export, overview, preview, redact, verify},
    config::Config,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    words::pick,
};

/// Look at case folders.
#[derive(Debug, clap::Subcommand)]
pub enum Case {
    /// Every case folder: number, documents, last change. No names.
    #[command(after_help = crate::exit::TABLE)]
    List,
    /// The documents of one folder.
    #[command(after_help = crate::exit::TABLE)]
    Show(Folder),
    /// Every file of one folder, as it stands now.
    #[command(after_help = crate::exit::TABLE)]
    Tree(Folder),
    /// Check one folder, every byte of it.
    #[command(after_help = crate::exit::TABLE)]
    Verify(Folder),
    /// Copy one folder, as it stands now, into one ZIP file that can be checked anywhere (BagIt). The archive is not touched.
    #[command(after_help = crate::exit::TABLE)]
    Export(export::Export),
    /// The list of all that one folder holds, as a PDF or here. Nothing is archived.
    #[command(after_help = crate::exit::TABLE)]
    Overview(overview::Overview),
    /// One document as a PDF without the parts that are withheld, each replaced by a visible note. What is archived stays as it is; with
    /// --archive the copy is kept beside it.
    #[command(after_help = crate::exit::TABLE)]
    Redact(redact::Redact),
    /// Everything that is kept about one person, in one ZIP file for that person (GDPR art. 15). The archive is not touched.
    #[command(after_help = crate::exit::TABLE)]
    AccessExport(access_export::AccessExport),
    /// What would be archived of a document, how it would be screened, and who would be told. Writes nothing.
    #[command(after_help = crate::exit::TABLE)]
    Preview(preview::Preview),
}

/// One case folder.
#[derive(Debug, clap::Args)]
pub struct Folder {
    /// Such as 9901/2026/000001.
    #[arg(value_name = "FOLDER")]
    pub folder: CaseFolderId,
}

pub async fn run(case: Case, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Shell::open(global, config).await?;
    let exit = match case {
        Case::List => list(&shell, global, output),
        Case::Show(f) => show(&shell, &f.folder, global, output),
        Case::Tree(f) => tree(&shell, &f.folder, output),
        Case::Verify(f) => verify_one(&shell, &f.folder, global, output),
        Case::Export(asked) => export::run(&shell, &asked, global, output),
        Case::Overview(asked) => overview::run(&shell, &asked, global, output).await,
        Case::Redact(asked) => redact::run(&shell, &asked, global, output).await,
        Case::AccessExport(asked) => access_export::run(&shell, &asked, global, output).await,
        Case::Preview(asked) => preview::run(&shell, &asked, global, output).await,
    };
    shell.close().await;
    exit
}

/// What a folder says about itself. `None` when nothing was archived in it yet.
pub fn record(shell: &Shell, folder: &CaseFolderId) -> Result<Option<CaseRecord>, Failure> {
    // Looking must not found a store.
    if !CaseArchive::storage_root(&shell.archive_root(), &folder.municipality).is_dir() {
        return Ok(None);
    }
    match shell.archive(&folder.municipality)?.read_head(folder)? {
        Some(head) => Ok(Some(CaseRecord::read(&head.case_record)?)),
        None => Ok(None),
    }
}

fn list(shell: &Shell, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let mut folders = Vec::new();
    for number in shell.municipalities.keys().filter(|n| shell.archive_root().join(n.as_str()).is_dir()) {
        for folder in shell.archive(number)?.folders()? {
            if let Some(record) = record(shell, &folder)? {
                folders.push(json!({
                    "case_folder": folder.to_string(), "documents": record.documents().len(), "folder_version": record.folder_version(),
                    "updated_at": record.updated_at(), "closed_at": record.closed_at(), "path": shell.archive(number)?.folder_path(&folder).display().to_string(),
                }));
            }
        }
    }
    if output.answer("case_list", json!({ "folders": folders })) {
        return Ok(Exit::Ok);
    }
    let lang = global.lang();
    let cell = |v: &Value, key: &str| v[key].as_str().map_or_else(|| v[key].to_string(), str::to_owned);
    let head = [
        pick(lang, "Mappe", "Mappe", "Folder"),
        pick(lang, "Dokumenter", "Dokument", "Documents"),
        pick(lang, "Sist endret", "Sist endra", "Last change"),
        pick(lang, "Sted", "Stad", "Place"),
    ];
    let rows = folders.iter().map(|f| vec![cell(f, "case_folder"), cell(f, "documents"), cell(f, "updated_at"), cell(f, "path")]).collect();
    output.table(&head, rows);
    Ok(Exit::Ok)
}

fn redacted(copy: &RedactedEntry) -> Value {
    json!({
        "no": copy.no, "withheld": copy.withheld, "pages": copy.pages, "pdf": format!("v{}/content/{}", copy.folder_version, copy.pdf),
        "sha256": copy.sha256, "made_at": copy.made_at,
    })
}

fn show(shell: &Shell, folder: &CaseFolderId, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(record) = record(shell, folder)? else { return Ok(not_found(folder, output)) };
    let documents: Vec<Value> = record
        .documents()
        .iter()
        .map(|d| {
            json!({
                "no": d.no, "document_id": d.document, "version": d.version, "kind": d.kind.id(), "date": d.date, "pages": d.pages,
                "pdf": format!("v{}/content/{}", d.folder_version, d.pdf), "sha256": d.sha256, "corrected_by": d.corrected_by, "journal": d.journal,
                "attachments": d.attachments.iter().map(attachment).collect::<Vec<_>>(),
                "redacted": d.redacted.iter().map(redacted).collect::<Vec<_>>(),
            })
        })
        .collect();
    let body = json!({
        "case_folder": folder.to_string(), "object_id": record.object_id(), "plan_id": record.plan_id(), "folder_version": record.folder_version(),
        "opened_at": record.opened_at(), "updated_at": record.updated_at(), "closed_at": record.closed_at(),
        "path": shell.archive(&folder.municipality)?.folder_path(folder).display().to_string(), "documents": documents,
    });
    if output.answer("case", &body) {
        return Ok(Exit::Ok);
    }
    let lang = global.lang();
    output.line(&format!("{} {folder} · {}", pick(lang, "Mappe", "Mappe", "Folder"), body["path"].as_str().unwrap_or_default()));
    let head = [
        "#",
        pick(lang, "Dato", "Dato", "Date"),
        "Type",
        pick(lang, "Sider", "Sider", "Pages"),
        "PDF",
        pick(lang, "Rettet av", "Retta av", "Corrected by"),
    ];
    let rows = record.documents().iter().map(|d| {
        let corrected = d.corrected_by.map_or_else(String::new, |n| n.to_string());
        vec![
            d.no.to_string(),
            d.date.to_string(),
            d.kind.label(lang).to_owned(),
            d.pages.to_string(),
            format!("v{}/content/{}", d.folder_version, d.pdf),
            corrected,
        ]
    });
    output.table(&head, rows.collect());
    tell_attachments(&record, global, output);
    Ok(Exit::Ok)
}

/// For programs: what the folder holds of an attachment. Its name is left out, as all names are.
fn attachment(entry: &AttachmentEntry) -> Value {
    json!({
        "no": entry.no, "state": entry.state, "code": entry.code, "sha256": entry.sha256, "date": entry.date,
        "puid": entry.format.as_ref().map(|f| &f.puid), "format": entry.format.as_ref().map(|f| &f.name), "warnings": entry.warnings,
        "original": entry.original.as_ref().map(|f| &f.at), "page": entry.page.as_ref().map(|f| &f.at),
    })
}

/// A table of the files that came with documents, and what to do about each that wants a person.
fn tell_attachments(record: &CaseRecord, global: &Global, output: &Output) {
    let lang = global.lang();
    let all = || record.documents().iter().flat_map(|d| d.attachments.iter().map(move |a| (d.no, a)));
    if all().next().is_none() {
        return;
    }
    output.line("");
    let head = [
        pick(lang, "Vedlegg", "Vedlegg", "Attachment"),
        pick(lang, "Tilstand", "Tilstand", "State"),
        pick(lang, "Format", "Format", "Format"),
        pick(lang, "Fil", "Fil", "File"),
        pick(lang, "Kode", "Kode", "Code"),
    ];
    let rows = all().map(|(no, a)| {
        let file = a.page.as_ref().or(a.original.as_ref()).map(|f| f.at.clone()).unwrap_or_default();
        let format = a.format.as_ref().map(|f| f.name.clone()).unwrap_or_default();
        vec![format!("{no}-{}", a.no), a.state.id().to_owned(), format, file, a.code.clone().unwrap_or_default()]
    });
    output.table(&head, rows.collect());
    let codes: BTreeSet<ErrorCode> = all().filter_map(|(_, a)| ErrorCode::from_id(a.code.as_deref()?)).collect();
    for code in codes {
        output.line(&format!("{code}: {}", code.text(lang)));
    }
}

fn tree(shell: &Shell, folder: &CaseFolderId, output: &Output) -> Result<Exit, Failure> {
    if record(shell, folder)?.is_none() {
        return Ok(not_found(folder, output));
    }
    let archive = shell.archive(&folder.municipality)?;
    let entries = archive.tree(folder)?;
    let files: Vec<Value> = entries
        .iter()
        .map(|e| json!({ "path": e.path.as_str(), "stored_as": e.content_path, "version": e.version, "size_bytes": e.size_bytes, "sha512": e.sha512 }))
        .collect();
    if output.answer("case_tree", json!({ "case_folder": folder.to_string(), "files": files })) {
        return Ok(Exit::Ok);
    }
    output.line(&archive.folder_path(folder).display().to_string());
    let mut last = "";
    for entry in &entries {
        let (parent, name) = entry.path.as_str().rsplit_once('/').unwrap_or(("", entry.path.as_str()));
        if parent != last && !parent.is_empty() {
            output.line(&format!("  {parent}/"));
        }
        last = parent;
        let indent = if parent.is_empty() { "  " } else { "    " };
        output.line(&format!("{indent}{name:<32} {:>10}  v{}", entry.size_bytes, entry.version));
    }
    Ok(Exit::Ok)
}

fn verify_one(shell: &Shell, folder: &CaseFolderId, global: &Global, output: &Output) -> Result<Exit, Failure> {
    // The store is not opened: whoever opens it mends it, and damage must be told before it is mended.
    let place = CaseArchive::case_folder(&shell.archive_root(), folder);
    if !place.is_dir() {
        return Ok(not_found(folder, output));
    }
    let verification = verify_case(&place);
    let mut tally = verify::Tally::default();
    tally.add(&folder.to_string(), &verification);
    Ok(tally.tell(global, output))
}

fn not_found(folder: &CaseFolderId, output: &Output) -> Exit {
    output.error("not_found", &folder.to_string());
    Exit::NotFound
}

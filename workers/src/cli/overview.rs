//! `case overview`: the list of all that a folder holds, as a PDF, at any time. Nothing is archived. Its titles name people and what
//! happened to them, so it is asked for like content.

use std::path::PathBuf;

use pipeline_access::{Action, Role, Scope};
use pipeline_domain::{CaseFolderId, Snapshot};
use serde_json::json;

use crate::{
    asking::{Asking, Thing, ask},
    cli::{Global, sheet},
    exit::Exit,
    failure::Failure,
    jobs::{overview::FolderContents, print_now::as_of_now},
    output::Output,
    shell::Shell,
    words::pick,
};

/// One case folder.
#[derive(Debug, clap::Args)]
pub struct Overview {
    /// Such as 9901/2026/000001.
    #[arg(value_name = "FOLDER")]
    pub folder: CaseFolderId,
    /// Where the PDF goes; - for standard output. Nothing is overwritten. Without it, the list is shown here.
    #[arg(short, long = "output", value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub asking: Asking,
}

pub async fn run(shell: &Shell, asked: &Overview, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(folder) = FolderContents::read(shell, &asked.folder)? else {
        output.error("not_found", &asked.folder.to_string());
        return Ok(Exit::NotFound);
    };
    let snapshot = folder.compose()?;
    // Log first: what follows shows it.
    let thing = as_of_now(shell, &asked.folder, thing(&folder, &snapshot, &asked.asking)).await?;
    ask(shell, global, &asked.asking, reading(&asked.asking), &thing)?;
    let Some(out) = &asked.out else {
        show(&snapshot.content.to_json()["items"], &asked.folder, global, output);
        return Ok(Exit::Ok);
    };
    let letterhead = shell.municipality(&asked.folder.municipality)?.letterhead()?;
    let printed = shell.press().await?.print(pipeline_render::render_job(&snapshot, Some(&asked.folder), &letterhead)).await?;
    if let Err(e) = sheet::put(out, &printed.bytes) {
        output.error("not_written", &format!("{}: {e}", out.display()));
        return Ok(Exit::InvalidInput);
    }
    if out.as_os_str() != "-" {
        let body = json!({
            "case_folder": asked.folder.to_string(), "pdf": out.display().to_string(), "pages": printed.pages,
            "documents": folder.record().documents().len(),
        });
        if !output.answer("case_overview", body) {
            output.line(&format!("{} · {} s.", out.display(), printed.pages));
        }
    }
    Ok(Exit::Ok)
}

/// An archivist sees packages, the others the plan.
fn reading(asking: &Asking) -> Action {
    match asking.role {
        Some(Role::Archivist) => Action::ReadPackages,
        _ => Action::ReadPlan,
    }
}

/// The whole folder: whoever only has a part of the plan sees no list of everything.
fn thing(folder: &FolderContents, snapshot: &Snapshot, asking: &Asking) -> Thing {
    let mut thing = Thing { born: Some(snapshot.case.subject_birth_date), ..Thing::of_folder(folder.record()) };
    if asking.role == Some(Role::Participant) {
        thing.resource.scope = Scope::Outside;
    }
    thing
}

fn show(items: &serde_json::Value, folder: &CaseFolderId, global: &Global, output: &Output) {
    if output.answer("case_overview", json!({ "case_folder": folder.to_string(), "items": items })) {
        return;
    }
    let lang = global.lang();
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().map_or_else(|| item[key].to_string(), str::to_owned);
    let head = [
        "#",
        pick(lang, "Dato", "Dato", "Date"),
        pick(lang, "Tittel", "Tittel", "Title"),
        pick(lang, "Versjon", "Versjon", "Version"),
        "SHA-256",
        pick(lang, "Hjemmel", "Heimel", "Legal basis"),
    ];
    let row = |item: &serde_json::Value| ["no", "date", "title", "version", "sha256", "screening"].map(|key| text(item, key)).to_vec();
    output.table(&head, items.as_array().into_iter().flatten().map(row).collect());
}

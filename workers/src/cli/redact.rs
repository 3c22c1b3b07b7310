//! `case redact`: one archived document without the parts that are withheld (skjermet variant), made again from its source. Written to a
//! file, or kept in its case folder as a variant beside the archive copy (`--archive`, `variant.rs`), or both. What is archived stays as
//! it is.

mod variant;

use std::{path::PathBuf, sync::Arc};

use pipeline_access::{Action, DenyReason, Part as ScopePart, Role, rights};
use pipeline_domain::{CaseFolderId, ErrorCode, Placement, Snapshot};
use pipeline_render::{Part, REDACTED_VARIANT, Redaction, has_part, parts_of, redacted_job};
use serde_json::{Value, json};

use self::variant::KeptCopy;

use crate::{
    asking::{Asking, Thing, ask, one_of},
    cli::{Global, export, sheet},
    exit::Exit,
    failure::Failure,
    jobs::{
        plan_now,
        print::{read_action, scope_part},
        print_source::Kept,
    },
    output::Output,
    shell::Shell,
    words::pick,
};

/// One document, and what is withheld of it.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["withhold", "view"]))]
pub struct Redact {
    /// Such as 9901/2026/000001.
    #[arg(value_name = "FOLDER")]
    pub folder: CaseFolderId,
    /// Number of the document in the folder (case show).
    #[arg(long, value_name = "N")]
    pub document: u32,
    /// Parts that are withheld, such as background,challenges (print --list-parts).
    #[arg(long, value_name = "PART,…", value_delimiter = ',')]
    pub withhold: Vec<String>,
    /// Withhold what this role may not see of the document.
    #[arg(long, value_name = "ROLE", value_parser = one_of(Role::ALL, |r| r.id()))]
    pub view: Option<Role>,
    /// For a participant's view: what the consent gives. Without it, nothing.
    #[arg(long, value_name = "AREA,…", value_delimiter = ',', requires = "view", value_parser = one_of(ScopePart::ALL, |p| p.id()))]
    pub scope: Vec<ScopePart>,
    /// The basis that stands at each withheld part; without it, the document's own.
    #[arg(long, value_name = "TEXT", value_parser = basis)]
    pub basis: Option<String>,
    /// The PDF to make. Nothing is overwritten, and nothing is written inside the archive.
    #[arg(short, long = "output", value_name = "OUT.pdf", required_unless_present = "archive")]
    pub out: Option<PathBuf>,
    /// Keep the copy in the case folder too, beside the archive copy. The same copy is kept once, however often it is asked for.
    #[arg(long)]
    pub archive: bool,
    #[command(flatten)]
    pub asking: Asking,
}

/// One line that names a rule of law.
fn basis(text: &str) -> Result<String, String> {
    let text = text.trim();
    let ok = (3..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if ok { Ok(text.to_owned()) } else { Err("one line of 3 to 200 characters".to_owned()) }
}

pub async fn run(shell: &Shell, asked: &Redact, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some((snapshot, thing)) = find(shell, asked).await? else {
        output.error("not_found", &format!("{} nr. {}", asked.folder, asked.document));
        return Ok(Exit::NotFound);
    };
    let withheld = match withheld(asked, &snapshot) {
        Ok(withheld) => withheld,
        Err(wrong) => {
            let known: Vec<&str> = parts_of(snapshot.kind(), snapshot.case.plan_type).iter().map(|p| p.id).collect();
            let text = pick(
                global.lang(),
                "er ingen del av dokumentet som kan skjermes; velg blant",
                "er ingen del av dokumentet som kan skjermast; vel blant",
                "is no part of the document that can be withheld; choose from",
            );
            output.error("part_unknown", &format!("{wrong} {text}: {}", known.join(", ")));
            return Ok(Exit::InvalidInput);
        }
    };
    if let Some(exit) = asked.out.as_deref().and_then(|out| export::refuse_place(shell, out, global, output)) {
        return Ok(exit);
    }
    // Log first.
    ask_for_it(shell, asked, global, &thing)?;
    let redaction = Redaction {
        snapshot: &snapshot,
        folder: &asked.folder,
        basis: asked.basis.clone().unwrap_or_else(|| snapshot.case.screening_basis.expose().to_owned()),
        made_at: shell.clock.now(),
        withheld,
    };
    let letterhead = shell.municipality(&asked.folder.municipality)?.letterhead()?;
    let kept = if asked.archive { Some(variant::keep(shell, &redaction, &letterhead).await?) } else { None };
    let (bytes, pages) = match &kept {
        Some(kept) => (kept.bytes.clone(), kept.pages),
        None => {
            let printed = shell.press().await?.print(redacted_job(&redaction, &letterhead)).await?;
            (Arc::from(printed.bytes), printed.pages)
        }
    };
    if let Some(out) = &asked.out
        && let Err(e) = sheet::put(out, &bytes)
    {
        output.error("not_written", &format!("{}: {e}", out.display()));
        return Ok(Exit::InvalidInput);
    }
    tell(asked, &redaction, pages, kept.as_ref(), global, output);
    Ok(Exit::Ok)
}

/// Asks for each thing that is done with the copy.
fn ask_for_it(shell: &Shell, asked: &Redact, global: &Global, thing: &Thing) -> Result<(), Failure> {
    if asked.archive {
        // A closed folder has a code of its own: reopening it is what to do next.
        let closed = |no: &Failure| no.code == ErrorCode::NotAuthorised && no.detail.starts_with(DenyReason::FolderClosed.id());
        ask(shell, global, &asked.asking, Action::OrderArchiving, thing)
            .map_err(|no| if closed(&no) { Failure::give_up(ErrorCode::FolderClosed, no.detail) } else { no })?;
    }
    // Also of a copy that only goes into the folder: it is made from the content, at somebody's word, and that is logged.
    ask(shell, global, &asked.asking, Action::Print, thing).map(drop)
}

/// The document as it was archived, under the address protection that holds now. `None` when the folder has none with this number.
async fn find(shell: &Shell, asked: &Redact) -> Result<Option<(Arc<Snapshot>, Thing)>, Failure> {
    // Looking must not found a store.
    if !pipeline_archive::CaseArchive::storage_root(&shell.archive_root(), &asked.folder.municipality).is_dir() {
        return Ok(None);
    }
    let archive = shell.archive(&asked.folder.municipality)?;
    let kept = Kept { archive: &archive, reader: &shell.reader, folder: &asked.folder };
    let Some(record) = kept.record()? else { return Ok(None) };
    let Some(entry) = record.documents().iter().find(|d| d.no == asked.document) else { return Ok(None) };
    let mut snapshot = kept.document(entry)?;
    snapshot.screened_as = snapshot.screened_as.max(record.address_protection());
    let snapshot = plan_now::screened(shell, &asked.folder, Arc::from(snapshot)).await?;
    let mut thing = Thing::of_folder(&record).document(entry.key());
    thing.born = Some(snapshot.case.subject_birth_date);
    thing.resource.protection = snapshot.screened_as;
    Ok(Some((snapshot, thing)))
}

/// The parts by their names, or those that the role does not see; or the name that is none. A part that the document says nothing in is
/// not withheld: there is nothing to replace. When nothing is left to withhold there is no copy to make.
fn withheld(asked: &Redact, snapshot: &Snapshot) -> Result<Vec<&'static Part>, String> {
    let all = parts_of(snapshot.kind(), snapshot.case.plan_type);
    let chosen: Vec<&'static Part> = match asked.view {
        Some(role) => all.iter().filter(|part| !sees(role, part, &asked.scope)).collect(),
        None => {
            let find = |name: &String| all.iter().find(|p| p.id == name && p.id != "changes").ok_or_else(|| name.clone());
            asked.withhold.iter().map(find).collect::<Result<_, _>>()?
        }
    };
    let there: Vec<&'static Part> = chosen.into_iter().filter(|part| has_part(snapshot, part, None)).collect();
    if there.is_empty() {
        return Err(asked.view.map_or_else(|| asked.withhold.join(","), |role| role.id().to_owned()));
    }
    Ok(there)
}

/// Whether a role's view of a plan has the part: by the table of rights, and for a participant by what the consent gives.
fn sees(role: Role, part: &Part, scope: &[ScopePart]) -> bool {
    let may = rights().into_iter().any(|right| right.roles.contains(&role) && right.may.contains(&read_action(part.area)));
    let within = role != Role::Participant || scope_part(part.area).is_some_and(|p| scope.contains(&p));
    may && within
}

fn tell(asked: &Redact, redaction: &Redaction<'_>, pages: u32, kept: Option<&KeptCopy>, global: &Global, output: &Output) {
    let withheld: Vec<&str> = redaction.withheld.iter().map(|p| p.id).collect();
    let body = json!({
        "case_folder": asked.folder.to_string(), "no": asked.document, "document_id": redaction.snapshot.document,
        "version": redaction.snapshot.key().version, "pdf": asked.out.as_ref().map(|out| out.display().to_string()), "pages": pages, "withheld": withheld,
        "variantformat": REDACTED_VARIANT, "archived": kept.map(in_folder),
    });
    if !output.answer("case_redact", body) {
        if let Some(out) = &asked.out {
            output.line(&format!("{} · {pages} s.", out.display()));
        }
        if let Some(kept) = kept {
            let words = match kept.placement {
                Placement::Written => pick(global.lang(), "lagt i arkivmappen", "lagt i arkivmappa", "put into the case folder"),
                Placement::AlreadyThere => {
                    pick(global.lang(), "var i arkivmappen fra før", "låg i arkivmappa frå før", "was in the case folder")
                }
            };
            output.line(&format!("v{}/content/{}: {words}", kept.folder_version, kept.pdf));
        }
        let head = pick(global.lang(), "Skjermet:", "Skjerma:", "Withheld:");
        output.line(&format!("{head} {}", withheld.join(", ")));
    }
}

fn in_folder(kept: &KeptCopy) -> Value {
    let answer = match kept.placement {
        Placement::Written => "written",
        Placement::AlreadyThere => "already_there",
    };
    json!({
        "answer": answer, "folder_version": kept.folder_version, "pdf": format!("v{}/content/{}", kept.folder_version, kept.pdf),
        "sha256": kept.sha256(),
    })
}

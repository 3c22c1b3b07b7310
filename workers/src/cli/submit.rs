//! `submit`: hands documents in.

use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use pipeline_domain::ErrorCode;
use pipeline_store::DocumentState;
use serde_json::{Value, json};

use crate::{
    cli::{Global, run_once},
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{
        accept::{self, Answer, Refusal},
        inbox::{Contents, read_whole},
    },
    output::{Output, progress},
    shell::Shell,
    words::pick,
};

/// Hand in documents.
#[derive(Debug, clap::Args)]
pub struct Submit {
    /// Files, folders (their *.json, not deeper), or - for standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub what: Vec<PathBuf>,
    /// Archive at once and wait until it is done.
    #[arg(long)]
    pub wait: bool,
}

/// Documents read and taken in together.
const BATCH: usize = 64;

pub async fn run(submit: Submit, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let Some(paths) = find(&submit.what, output) else { return Ok(Exit::NotFound) };
    let shell = Arc::new(Shell::open(global, config).await?);
    let bar = progress(output, paths.len() as u64, pick(global.lang(), "Tar imot", "Tek imot", "Taking in"));
    let mut lines = Vec::new();
    let mut refused = 0;
    for batch in paths.chunks(BATCH) {
        for (path, answer) in hand_in(&shell, batch).await? {
            refused += usize::from(matches!(answer, Answer::Refused(_)));
            lines.push(line(&path, &answer));
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    let mut exit = match refused {
        0 => Exit::Ok,
        n if n == lines.len() => Exit::InvalidInput,
        _ => Exit::Partial,
    };
    if submit.wait {
        match run_once::seat(&shell, output, global)? {
            Some(seat) => {
                let report = run_once::with_progress(&shell, &seat, &run_once::stop_flag(), global, output).await?;
                if exit == Exit::Ok {
                    exit = run_once::exit_of(&report);
                }
                for line in &mut lines {
                    complete(&shell, line).await?;
                }
            }
            None => exit = Exit::Locked,
        }
    }
    run_once::close(shell).await;
    tell(&lines, global, output);
    Ok(exit)
}

/// Standard input is `-`; a folder stands for its files. `None` when something is not there (said already).
fn find(what: &[PathBuf], output: &Output) -> Option<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for path in what {
        if path.as_os_str() == "-" || path.symlink_metadata().is_ok_and(|m| !m.is_dir()) {
            paths.push(path.clone());
        } else if let Ok(entries) = std::fs::read_dir(path) {
            let mut files: Vec<PathBuf> =
                entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|x| x == "json")).collect();
            files.sort();
            paths.extend(files);
        } else {
            output.talk(&format!("{}: not found", path.display()));
            return None;
        }
    }
    Some(paths)
}

/// Reads and takes in one batch. Answers come in the order of the paths.
async fn hand_in(shell: &Shell, paths: &[PathBuf]) -> Result<Vec<(PathBuf, Answer)>, Failure> {
    let mut documents = Vec::new();
    let mut readable = Vec::new();
    let mut answers = Vec::new();
    for path in paths {
        match contents(path, shell.config.intake.max_bytes)? {
            Contents::Bytes(bytes) => {
                documents.push(bytes);
                readable.push(path.clone());
            }
            Contents::StillChanging | Contents::NotRegular => {
                answers.push((path.clone(), Answer::Refused(Refusal::from_code(ErrorCode::InboxNotRegular))));
            }
        }
    }
    answers.extend(readable.into_iter().zip(accept::accept_all(shell, documents).await?));
    Ok(answers)
}

fn contents(path: &Path, max_bytes: usize) -> Result<Contents, Failure> {
    let failed = |e: std::io::Error| Failure::give_up(ErrorCode::DocumentMissing, format!("cannot read {}: {e}", path.display()));
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        return Ok(Contents::Bytes(bytes));
    }
    read_whole(path, max_bytes).map_err(failed)
}

fn line(path: &Path, answer: &Answer) -> Value {
    let file = path.display().to_string();
    match answer {
        Answer::New { key, reservation } => {
            json!({ "file": file, "answer": "accepted", "document_id": key.id, "version": key.version, "case_folder": reservation.folder.to_string() })
        }
        Answer::Known(row) => json!({
            "file": file, "answer": "known", "code": ErrorCode::DuplicateSnapshot, "document_id": row.key.id, "version": row.key.version,
            "case_folder": row.reservation.folder.to_string(), "state": row.state,
        }),
        Answer::Refused(refusal) => json!({ "file": file, "answer": "refused", "problems": refusal.problems }),
    }
}

/// Adds what became of a document after `--wait`.
async fn complete(shell: &Shell, line: &mut Value) -> Result<(), Failure> {
    use pipeline_store::Documents;
    let id = line["document_id"].as_str().and_then(|s| s.parse().ok());
    let version = line["version"].as_u64().and_then(|v| u32::try_from(v).ok());
    if let (Some(id), Some(version)) = (id, version) {
        let key = pipeline_domain::DocumentKey { id, version: pipeline_domain::DocumentVersion(version) };
        if let Some(row) = shell.store.document(key).await? {
            line["state"] = json!(row.state);
            if let Some(at) = &row.archived {
                line["pdf"] = json!(format!("v{}/content/{}", at.folder_version, at.pdf));
            }
            if row.state == DocumentState::Failed {
                line["code"] = json!(row.last_code);
            }
        }
    }
    Ok(())
}

fn tell(lines: &[Value], global: &Global, output: &Output) {
    if output.answer("submit", json!({ "documents": lines })) {
        return;
    }
    let lang = global.lang();
    for line in lines {
        let file = line["file"].as_str().unwrap_or_default();
        match line["answer"].as_str() {
            Some("accepted") => output.line(&format!(
                "{} {file} → {}",
                pick(lang, "tatt imot", "teke imot", "accepted "),
                line["case_folder"].as_str().unwrap_or_default()
            )),
            Some("known") => output.line(&format!(
                "{} {file} → {}",
                pick(lang, "kjent    ", "kjent    ", "known    "),
                line["case_folder"].as_str().unwrap_or_default()
            )),
            _ => {
                output.line(&format!("{} {file}", pick(lang, "avvist   ", "avvist   ", "refused  ")));
                for p in line["problems"].as_array().into_iter().flatten() {
                    let at = p["at"].as_str().filter(|s| !s.is_empty()).unwrap_or("/");
                    let rule = p["rule"].as_str().map(|r| format!(" [{r}]")).unwrap_or_default();
                    let key = pick(lang, "nb", "nn", "en");
                    output.line(&format!(
                        "    {} {at}{rule}: {}",
                        p["code"].as_str().unwrap_or_default(),
                        p["text"][key].as_str().unwrap_or_default()
                    ));
                }
            }
        }
    }
}

//! `submit`: hands documents in.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use pipeline_domain::{ErrorCode, Sha256};
use pipeline_store::DocumentState;
use serde_json::{Value, json};

use crate::{
    cli::{Global, run_once},
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{
        accept::{self, Answer, BatchSize, Refusal},
        attach,
        inbox::{Contents, Links, read_by},
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
    /// A folder with the files that the documents name by their SHA-256. What the files are called does not matter.
    #[arg(long, value_name = "DIR")]
    pub attachments: Option<PathBuf>,
}

pub async fn run(submit: Submit, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let Some(files) = find(&submit.what, global, output) else { return Ok(Exit::NotFound) };
    let shell = Arc::new(Shell::open(global, config).await?);
    let attachments = match &submit.attachments {
        Some(folder) => digests_in(folder)?,
        None => Vec::new(),
    };
    let bar = progress(output, files.len() as u64, pick(global.lang(), "Tar imot", "Tek imot", "Taking in"));
    let mut lines = Vec::new();
    let mut refused = 0;
    let mut rest = &files[..];
    while !rest.is_empty() {
        let (answers, left) = hand_in(&shell, rest, &attachments).await?;
        for (file, answer) in rest.iter().zip(&answers) {
            refused += usize::from(matches!(answer, Answer::Refused(_)));
            lines.push(line(&file.path, answer));
        }
        bar.inc(answers.len() as u64);
        rest = left;
    }
    bar.finish_and_clear();
    let mut exit = match refused {
        0 => Exit::Ok,
        n if n == lines.len() => Exit::InvalidInput,
        _ => Exit::Partial,
    };
    if submit.wait {
        match run_once::seat(&shell)? {
            Some(seat) => {
                let report = run_once::with_progress(&shell, &seat, &run_once::stop_flag(), global, output).await?;
                if exit == Exit::Ok {
                    exit = run_once::exit_of(&report);
                }
                for line in &mut lines {
                    complete(&shell, line).await?;
                }
            }
            None => {
                // The answer itself still follows: what was handed in is in.
                output.talk(run_once::locked_text(global));
                exit = Exit::Locked;
            }
        }
    }
    run_once::close(shell).await;
    tell(&lines, global, output);
    Ok(exit)
}

/// Something to hand in.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    from: From,
}

/// How it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    StandardInput,
    /// By the user: a link is followed, and any number of names is fine.
    User,
    /// By the folder it lies in: a link there may lead anywhere.
    Folder,
    /// A folder that cannot be looked into.
    ClosedFolder,
}

/// Standard input is `-`; a folder stands for its files. `None` when something is not there (said already).
fn find(what: &[PathBuf], global: &Global, output: &Output) -> Option<Vec<Named>> {
    let mut files = Vec::new();
    for path in what {
        if path.as_os_str() == "-" {
            files.push(Named { path: path.clone(), from: From::StandardInput });
            continue;
        }
        match path.metadata() {
            Ok(m) if m.is_dir() => match documents_in(path) {
                Ok(found) => {
                    if found.is_empty() {
                        let nothing = pick(
                            global.lang(),
                            "ingen dokumenter (*.json) i mappen",
                            "ingen dokument (*.json) i mappa",
                            "no documents (*.json) in the folder",
                        );
                        output.talk(&format!("{}: {nothing}", path.display()));
                    }
                    files.extend(found.into_iter().map(|path| Named { path, from: From::Folder }));
                }
                Err(_) => files.push(Named { path: path.clone(), from: From::ClosedFolder }),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let not_found = pick(global.lang(), "finnes ikke", "finst ikkje", "not found");
                output.error("not_found", &format!("{}: {not_found}", path.display()));
                return None;
            }
            // Reading tells what is wrong with it.
            Ok(_) | Err(_) => files.push(Named { path: path.clone(), from: From::User }),
        }
    }
    Some(files)
}

/// Digests of the files in a folder, not deeper. A link there may lead anywhere.
fn digests_in(folder: &Path) -> Result<Vec<(PathBuf, Sha256)>, Failure> {
    let read = || -> io::Result<Vec<(PathBuf, Sha256)>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                files.push((entry.path(), attach::digest_of(&entry.path())?));
            }
        }
        files.sort();
        Ok(files)
    };
    read().map_err(|e| Failure::give_up(ErrorCode::AttachmentUnreadable, format!("{}: {e}", folder.display())))
}

fn documents_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|x| x == "json") && !entry.file_type()?.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads and takes in one batch from the front. Answers come in the order of the files; what is left comes next time.
async fn hand_in<'a>(shell: &Shell, files: &'a [Named], attachments: &[(PathBuf, Sha256)]) -> Result<(Vec<Answer>, &'a [Named]), Failure> {
    let mut documents = Vec::new();
    let mut unread: Vec<Option<Answer>> = Vec::new();
    let mut size = BatchSize::default();
    for file in files {
        if size.is_full() {
            break;
        }
        let refused = |code| Some(Answer::Refused(Refusal::from_code(code)));
        unread.push(match contents(file, shell.config.intake.max_bytes) {
            Ok(Contents::Bytes(bytes)) => {
                size.add(bytes.len());
                documents.push(bytes);
                None
            }
            Ok(Contents::StillChanging) => refused(ErrorCode::InboxStillChanging),
            Ok(Contents::NotRegular) => refused(ErrorCode::InboxNotRegular),
            Err(_) => refused(ErrorCode::InboxUnreadable),
        });
    }
    let left = &files[unread.len()..];
    attach::offer_folder(shell, attachments, &documents).await?;
    let mut accepted = accept::accept_all(shell, documents).await?.into_iter();
    let answers = unread.into_iter().map(|unread| unread.or_else(|| accepted.next()).expect("what was read is answered")).collect();
    Ok((answers, left))
}

fn contents(file: &Named, max_bytes: usize) -> io::Result<Contents> {
    match file.from {
        From::StandardInput => standard_input(max_bytes).map(Contents::Bytes),
        From::User => read_by(&file.path, Links::Followed, max_bytes),
        From::Folder => read_by(&file.path, Links::Refused, max_bytes),
        From::ClosedFolder => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// All of it, or one byte more than may be.
fn standard_input(max_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a person named on the command line: an ordinary file, or `-` for standard input.
pub fn named(path: &Path, max_bytes: usize) -> io::Result<Contents> {
    if path.as_os_str() == "-" { standard_input(max_bytes).map(Contents::Bytes) } else { read_by(path, Links::Followed, max_bytes) }
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
        Answer::Event { id, folder, is_new } => {
            let answer = if *is_new { "event" } else { "known" };
            json!({ "file": file, "answer": answer, "event_id": id, "case_folder": folder.to_string() })
        }
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
            Some("event") => output.line(&format!(
                "{} {file} → {}",
                pick(lang, "hendelse ", "hending  ", "event    "),
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

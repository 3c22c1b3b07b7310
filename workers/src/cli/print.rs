//! `print`: chosen parts of a plan's documents as one PDF, in the view of whoever asks.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use pipeline_access::Part as ScopePart;
use pipeline_domain::{CaseFolderId, DocumentKind, ErrorCode, Lang, PlanType, Sha256, Snapshot, WrittenForm};
use pipeline_intake::Reading;
use pipeline_render::parts_of;
use serde_json::{Value, json};

use crate::{
    asking::{Asking, one_of},
    cli::{Global, export, render},
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{
        accept::Refusal,
        inbox::{Contents, read_whole},
        print::{PrintError, PrintOrder, PrintSource, Printed, Sensitive, print},
    },
    output::Output,
    shell::Shell,
    words::pick,
};

/// Print chosen parts of a plan, marked «Utskrift – ikke arkivkopi» on every page. The archive is read and never touched.
///
/// Whoever asks states a role and a reason (--as, --reason); the access log has a row before the PDF is given out.
#[derive(Debug, clap::Args)]
pub struct Print {
    /// A document that need not be archived.
    #[arg(value_name = "FILE", required_unless_present_any = ["case", "list_parts"], conflicts_with = "case")]
    pub file: Option<PathBuf>,
    /// The case folder, such as 9901/2026/000001. Its newest plan is printed unless documents are named.
    #[arg(long, value_name = "FOLDER")]
    pub case: Option<CaseFolderId>,
    /// A document of the folder by its number there (case show). May be given more than once; all become one PDF.
    #[arg(long = "document", value_name = "N", requires = "case")]
    pub documents: Vec<u32>,
    /// Which parts, such as participants,consent_summary. Without it, all that are not special categories.
    #[arg(long, value_name = "PART,…", value_delimiter = ',')]
    pub parts: Vec<String>,
    /// List the parts of every kind of document, and print nothing. Needs no data folder.
    #[arg(long)]
    pub list_parts: bool,
    /// Also special categories of personal data (background, goals, measures, evaluations …).
    #[arg(long)]
    pub include_sensitive: bool,
    /// For a participant: what the consent gives. Without it, and with no grant in the register, nothing.
    #[arg(long, value_name = "AREA,…", value_delimiter = ',', value_parser = one_of(ScopePart::ALL, |p| p.id()))]
    pub scope: Vec<ScopePart>,
    /// For the subject and guardians: parts that are held back from them.
    #[arg(long, value_name = "PART,…", value_delimiter = ',')]
    pub withheld: Vec<String>,
    /// Language of headings and labels; without it, that of the first document.
    #[arg(long, value_name = "nb|nn", value_parser = written_form)]
    pub written_form: Option<WrittenForm>,
    /// The PDF to make; without it utskrift-ID.pdf here. Nothing is overwritten, and nothing is written inside the archive.
    #[arg(short, long, value_name = "OUT.pdf")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub asking: Asking,
}

fn written_form(text: &str) -> Result<WrittenForm, String> {
    match text {
        "nb" => Ok(WrittenForm::Nb),
        "nn" => Ok(WrittenForm::Nn),
        _ => Err("nb or nn".to_owned()),
    }
}

pub async fn run(asked: Print, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    if asked.list_parts {
        list_parts(global.lang(), output);
        return Ok(Exit::Ok);
    }
    let shell = Shell::open(global, config).await?;
    let exit = make(&shell, asked, global, output).await;
    shell.close().await;
    exit
}

async fn make(shell: &Shell, asked: Print, global: &Global, output: &Output) -> Result<Exit, Failure> {
    if let Some(exit) = asked.output.as_ref().and_then(|out| export::refuse_place(shell, out, global, output)) {
        return Ok(exit);
    }
    let source = match (asked.case, &asked.file) {
        (Some(folder), _) => PrintSource::Folder { folder, numbers: asked.documents },
        (None, Some(file)) => match read(shell, file, global, output) {
            Ok(snapshot) => PrintSource::Document(snapshot),
            Err(exit) => return Ok(exit),
        },
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let order = PrintOrder {
        asking: asked.asking,
        source,
        parts: asked.parts,
        sensitive: if asked.include_sensitive { Sensitive::Included } else { Sensitive::LeftOut },
        scope: asked.scope,
        withheld: asked.withheld,
        written_form: asked.written_form,
        asked_at: shell.clock.now(),
    };
    let printed = match print(shell, &order).await {
        Ok(printed) => printed,
        Err(PrintError::No(no)) => return Err(no.in_words(global.lang())),
        Err(PrintError::Failure(failure)) => return Err(failure),
        Err(error) => return Ok(tell_error(&error, output)),
    };
    let out = asked.output.unwrap_or_else(|| PathBuf::from(format!("utskrift-{}.pdf", printed.id)));
    if let Some(exit) = export::refuse_place(shell, &out, global, output) {
        return Ok(exit);
    }
    put(&out, &printed.bytes).map_err(|e| Failure::retry(ErrorCode::ExportFailed, format!("cannot write the print: {e}")))?;
    tell(&printed, &out, global.lang(), output);
    Ok(Exit::Ok)
}

/// A document from a file, checked as if it were handed in.
fn read(shell: &Shell, file: &Path, global: &Global, output: &Output) -> Result<Box<Snapshot>, Exit> {
    let Ok(Contents::Bytes(bytes)) = read_whole(file, shell.config.intake.max_bytes) else {
        output.error("not_found", &format!("{}: not a readable file", file.display()));
        return Err(Exit::NotFound);
    };
    match shell.reader.read(&bytes) {
        Reading::Accepted(snapshot) => Ok(snapshot),
        Reading::Refused(problems) => {
            render::tell_problems(&Refusal::from_problems(problems), global, output);
            Err(Exit::InvalidInput)
        }
    }
}

fn tell_error(error: &PrintError, output: &Output) -> Exit {
    let (code, exit) = match error {
        PrintError::NoFolder(_) | PrintError::NoDocument(_) | PrintError::NoSuchDocument | PrintError::NoPlan => {
            ("not_found", Exit::NotFound)
        }
        PrintError::UnknownPart { .. } => ("part_unknown", Exit::InvalidInput),
        PrintError::Sensitive(_) => ("part_sensitive", Exit::InvalidInput),
        PrintError::Nothing | PrintError::No(_) | PrintError::Failure(_) => ("nothing_to_print", Exit::InvalidInput),
    };
    output.error(code, &error.to_string());
    exit
}

/// Writes beside, syncs, and moves into place over nothing. Only the owner may read the file.
fn put(out: &Path, bytes: &[u8]) -> io::Result<()> {
    let place = export::parent(out);
    let mut part = tempfile::Builder::new().prefix(".arkivflyt-").suffix(".part").tempfile_in(place)?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    part.persist_noclobber(out).map_err(|e| e.error)?;
    File::open(place)?.sync_all()
}

fn tell(printed: &Printed, out: &Path, lang: Lang, output: &Output) {
    let documents: Vec<Value> = printed
        .documents
        .iter()
        .map(|d| {
            json!({ "document_id": d.key.id, "version": d.key.version, "kind": d.kind.id(), "no": d.no, "parts": d.parts, "left_out": d.left_out })
        })
        .collect();
    let duties: Vec<&str> = printed.permit.obligations().iter().map(|o| o.id()).collect();
    let body = json!({
        "print_id": printed.id, "pdf": out.display().to_string(), "pages": printed.pages, "size_bytes": printed.bytes.len(),
        "sha256": Sha256::of(&printed.bytes), "role": printed.permit.role(), "reason": printed.permit.reason(), "obligations": duties,
        "documents": documents,
    });
    if output.answer("print", body) {
        return;
    }
    let made = pick(lang, "Skrevet ut:", "Skrive ut:", "Printed:");
    output.line(&format!("{} {} · {} s. · {} KiB", output.bold(made), out.display(), printed.pages, printed.bytes.len() >> 10));
    for document in &printed.documents {
        output.line(&format!("  {}: {}", document.kind.label(lang), document.parts.join(", ")));
        if !document.left_out.is_empty() {
            let left = pick(lang, "ikke med", "ikkje med", "left out");
            output.line(&format!("    {left}: {}", document.left_out.join(", ")));
        }
    }
}

fn list_parts(lang: Lang, output: &Output) {
    let mut rows = Vec::new();
    for kind in DocumentKind::ALL {
        let types = kind.plan_types();
        // Plans differ by their type, other documents do not.
        let apart = types.iter().any(|t| parts_of(kind, *t) != parts_of(kind, types[0]));
        for plan_type in if apart { types } else { &types[..1] } {
            rows.extend(parts_of(kind, *plan_type).iter().map(|part| (kind, apart.then_some(*plan_type), part)));
        }
    }
    let body: Vec<Value> = rows
        .iter()
        .map(|(kind, plan_type, part)| {
            json!({ "kind": kind.id(), "plan_type": plan_type.map(PlanType::id), "part": part.id, "area": part.area, "sensitive": part.is_sensitive() })
        })
        .collect();
    if output.answer("print_parts", json!({ "parts": body })) {
        return;
    }
    let head =
        [pick(lang, "Dokument", "Dokument", "Document"), pick(lang, "Del", "Del", "Part"), pick(lang, "Sensitiv", "Sensitiv", "Sensitive")];
    let yes = pick(lang, "ja", "ja", "yes");
    let cells = rows.iter().map(|(kind, plan_type, part)| {
        let document = plan_type.map_or_else(|| kind.label(lang).to_owned(), |t| format!("{} {}", kind.label(lang), t.id()));
        vec![document, part.id.to_owned(), if part.is_sensitive() { yes.to_owned() } else { String::new() }]
    });
    output.table(&head, cells.collect());
}

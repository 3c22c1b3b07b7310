//! `render`: one document as PDF, without database or archive.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use pipeline_intake::{Reader, Reading};
use pipeline_render::Letterhead;
use serde_json::json;

use crate::{
    cli::Global,
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::{
        accept::Refusal,
        inbox::{Contents, read_whole},
    },
    output::Output,
    press::Press,
    shell,
};

/// Set one document as PDF/A.
#[derive(Debug, clap::Args)]
pub struct Render {
    /// The document.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the PDF goes; - for standard output.
    #[arg(short, long, value_name = "OUT.pdf")]
    pub output: PathBuf,
}

pub async fn run(render: Render, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let bytes = match read_whole(&render.file, config.intake.max_bytes) {
        Ok(Contents::Bytes(bytes)) => bytes,
        Ok(_) | Err(_) => {
            output.error("not_found", &format!("{}: not a readable file", render.file.display()));
            return Ok(Exit::NotFound);
        }
    };
    let snapshot = match Reader::new(shell::intake_rules(&config, None)).read(&bytes) {
        Reading::Accepted(snapshot) => snapshot,
        Reading::Refused(problems) => {
            tell_problems(&Refusal::from_problems(problems), global, output);
            return Ok(Exit::InvalidInput);
        }
    };
    let mut settings = shell::press_settings(&config);
    settings.children = 1;
    let press = Press::start(settings)?;
    let printed = press.print(pipeline_render::render_job(&snapshot, None, &Letterhead::default())).await;
    press.stop().await;
    let printed = printed?;
    let written = if render.output.as_os_str() == "-" {
        std::io::stdout().lock().write_all(&printed.bytes)
    } else {
        put(&render.output, &printed.bytes)
    };
    if let Err(e) = written {
        output.error("not_written", &format!("{}: {e}", render.output.display()));
        return Ok(Exit::Other);
    }
    if render.output.as_os_str() != "-" {
        let body = json!({ "pdf": render.output.display().to_string(), "pages": printed.pages, "size_bytes": printed.bytes.len(), "replaced_characters": printed.replaced });
        if !output.answer("render", body) {
            output.line(&format!("{} · {} s. · {} KiB", render.output.display(), printed.pages, printed.bytes.len() >> 10));
        }
    }
    Ok(Exit::Ok)
}

/// Whole or not at all, and for this user's eyes.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
    file.write_all(bytes).and_then(|()| fs::rename(&part, path)).inspect_err(|_| drop(fs::remove_file(&part)))
}

/// Every reason, in the reader's language.
pub fn tell_problems(refusal: &Refusal, global: &Global, output: &Output) {
    if output.answer("problems", refusal.to_json()) {
        return;
    }
    for p in &refusal.problems {
        let at = if p.at.is_empty() { "/" } else { &p.at };
        let rule = if p.rule.is_empty() { String::new() } else { format!(" [{}]", p.rule) };
        output.line(&format!("{} {at}{rule}: {}", p.code, p.text.of(global.lang())));
    }
}

//! What commands say: tables and plain words for people, one JSON document for programs.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

use crate::cli::{Colour, Global};

/// Where a command's answer goes.
#[derive(Clone, Debug)]
pub struct Output {
    pub json: bool,
    pub quiet: bool,
    colour: bool,
    listener: Arc<AtomicU8>,
}

/// Who reads standard output is there …
const LISTENING: u8 = 0;
/// … has hung up, as `head` does: say no more, but keep the exit code …
const HUNG_UP: u8 = 1;
/// … or cannot be written to: the answer is lost, and that is an error.
const LOST: u8 = 2;

impl Output {
    pub fn new(global: &Global) -> Self {
        let colour = match global.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        Self { json: global.json, quiet: global.quiet, colour, listener: Arc::new(AtomicU8::new(LISTENING)) }
    }

    /// The answer as one JSON document, with the version of its shape. Does nothing without `--json`.
    pub fn answer(&self, shape: &str, body: impl Serialize) -> bool {
        if self.json {
            let mut value = serde_json::to_value(body).expect("an answer is writable as JSON");
            if let Value::Object(map) = &mut value {
                map.insert("schema".into(), Value::String(format!("arkivflyt.{shape}/1")));
            }
            self.line(&serde_json::to_string_pretty(&value).expect("a value is writable"));
        }
        self.json
    }

    /// One line of the answer. A reader who hangs up (`| head`) changes nothing but that nobody listens.
    pub fn line(&self, text: &str) {
        if self.listener.load(Ordering::Relaxed) != LISTENING {
            return;
        }
        if let Err(e) = writeln!(io::stdout().lock(), "{text}") {
            let why = if e.kind() == io::ErrorKind::BrokenPipe { HUNG_UP } else { LOST };
            self.listener.store(why, Ordering::Relaxed);
        }
    }

    /// Whether part of the answer could not be written, and not because nobody wanted it.
    pub fn is_lost(&self) -> bool {
        self.listener.load(Ordering::Relaxed) == LOST
    }

    /// Why a command did not do as asked: one JSON document, or a sentence on standard error, also when asked to be quiet.
    pub fn error(&self, code: &str, text: &str) {
        if !self.answer("error", serde_json::json!({ "code": code, "text": text })) {
            eprintln!("arkivflyt: {code}: {text}");
        }
    }

    /// Talk beside the answer.
    pub fn talk(&self, text: &str) {
        if !self.quiet && !self.json {
            eprintln!("{text}");
        }
    }

    /// A table for people.
    pub fn table(&self, head: &[&str], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(head.iter().map(|h| self.bold(h)));
        for row in rows {
            table.add_row(row);
        }
        self.line(&table.to_string());
    }

    /// Strong text on a terminal that has it.
    pub fn bold(&self, text: &str) -> String {
        if self.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Progress on long work: a bar on a terminal, nothing elsewhere.
pub fn progress(output: &Output, length: u64, what: &str) -> indicatif::ProgressBar {
    if output.quiet || output.json || !io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} · {elapsed}").expect("the template is constant");
    indicatif::ProgressBar::new(length).with_style(style).with_message(what.to_owned())
}

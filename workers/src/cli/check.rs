//! `check`: configuration, templates and samples, before they are needed.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use pipeline_domain::ErrorCode;
use pipeline_intake::{Reader, Reading};
use pipeline_render::Letterhead;
use serde_json::json;

use crate::{
    cli::Global,
    config::Config,
    exit::Exit,
    failure::Failure,
    output::{Output, progress},
    press::Press,
    shell::{self, Shell},
    words::pick,
};

/// The made-up documents, inside the program.
pub static SAMPLES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../samples");

/// Check something.
#[derive(Debug, clap::Subcommand)]
pub enum Check {
    /// The configuration and every municipality's file.
    #[command(after_help = crate::exit::TABLE)]
    Config,
    /// Set every sample with every template.
    #[command(after_help = crate::exit::TABLE)]
    Templates,
    /// Read every sample, and see every broken one refused by its own rule.
    #[command(after_help = crate::exit::TABLE)]
    Samples {
        /// A folder of samples, instead of those inside the program.
        #[arg(long, value_name = "DIR")]
        path: Option<PathBuf>,
    },
}

pub async fn run(check: Check, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    match check {
        Check::Config => check_config(global, config, output).await,
        Check::Templates => check_templates(global, &config, output).await,
        Check::Samples { path } => check_samples(path.as_deref(), global, output),
    }
}

async fn check_config(global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    // The configuration itself was read to get here.
    let shell = Shell::open(global, config).await?;
    for municipality in shell.municipalities.values() {
        municipality.letterhead()?;
        municipality.sender().check()?;
    }
    // Reads the password and the certificates; connects to nobody.
    shell.outlet()?;
    let municipalities = shell.municipalities.clone();
    shell.close().await;
    if !output.answer("check", json!({ "ok": true, "municipalities": municipalities.len() })) {
        output.line(&format!(
            "{}: {}",
            pick(global.lang(), "I orden. Kommuner", "I orden. Kommunar", "In order. Municipalities"),
            municipalities.len()
        ));
    }
    Ok(Exit::Ok)
}

/// One sample: its name and bytes.
pub struct Sample {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The good samples inside the program, in the order in which they happened: a correction comes after what it corrects.
pub fn good_samples() -> Vec<Sample> {
    let mut samples = samples_of(&SAMPLES, |path| !path.components().any(|c| c.as_os_str() == "broken"));
    samples.sort_by_cached_key(|sample| {
        let document: serde_json::Value = serde_json::from_slice(&sample.bytes).unwrap_or_default();
        document["occurred_at"].as_str().and_then(|at| at.parse::<pipeline_domain::Timestamp>().ok())
    });
    samples
}

fn samples_of(dir: &'static Dir<'static>, wanted: impl Fn(&Path) -> bool) -> Vec<Sample> {
    let mut all = Vec::new();
    collect(dir, &mut all);
    let mut samples: Vec<Sample> = all
        .into_iter()
        .filter(|f| f.path().extension().is_some_and(|x| x == "json") && wanted(f.path()))
        .map(|f| Sample { name: f.path().display().to_string(), bytes: f.contents().to_vec() })
        .collect();
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    samples
}

fn collect(dir: &'static Dir<'static>, files: &mut Vec<&'static include_dir::File<'static>>) {
    files.extend(dir.files());
    for sub in dir.dirs() {
        collect(sub, files);
    }
}

fn read_folder(folder: &Path, samples: &mut Vec<Sample>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, samples)?;
        } else if path.extension().is_some_and(|x| x == "json") {
            samples.push(Sample { name: path.display().to_string(), bytes: std::fs::read(&path)? });
        }
    }
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

async fn check_templates(global: &Global, config: &Config, output: &Output) -> Result<Exit, Failure> {
    let reader = Reader::new(pipeline_intake::IntakeRules::default());
    let press = Press::start(shell::press_settings(config))?;
    let samples = good_samples();
    let bar = progress(output, samples.len() as u64, pick(global.lang(), "Setter", "Set", "Setting"));
    let mut rows = Vec::new();
    let mut failed = 0;
    for sample in &samples {
        let Reading::Accepted(snapshot) = reader.read(&sample.bytes) else {
            failed += 1;
            rows.push(json!({ "sample": sample.name, "ok": false, "code": "refused" }));
            continue;
        };
        match press.print(pipeline_render::render_job(&snapshot, None, &Letterhead::default())).await {
            Ok(pdf) => rows.push(json!({ "sample": sample.name, "ok": true, "pages": pdf.pages })),
            Err(e) => {
                failed += 1;
                rows.push(json!({ "sample": sample.name, "ok": false, "code": e.code(), "detail": e.to_string() }));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    press.stop().await;
    Ok(answer(&rows, failed, global, output))
}

fn check_samples(path: Option<&Path>, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let samples = match path {
        None => samples_of(&SAMPLES, |_| true),
        Some(path) => {
            let mut samples = Vec::new();
            read_folder(path, &mut samples)
                .map_err(|e| Failure::give_up(ErrorCode::DocumentMissing, format!("cannot read {}: {e}", path.display())))?;
            samples
        }
    };
    let reader = Reader::new(pipeline_intake::IntakeRules::default());
    let mut rows = Vec::new();
    let mut failed = 0;
    for sample in &samples {
        let expected = expected_code(&sample.name);
        let codes: Vec<&str> = match reader.read(&sample.bytes) {
            Reading::Accepted(_) => Vec::new(),
            Reading::Refused(problems) => problems.iter().map(|p| p.code.id()).collect(),
        };
        let ok = match expected {
            None => codes.is_empty(),
            Some(code) => !codes.is_empty() && codes.iter().all(|c| *c == code),
        };
        failed += usize::from(!ok);
        rows.push(json!({ "sample": sample.name, "ok": ok, "codes": codes }));
    }
    Ok(answer(&rows, failed, global, output))
}

/// `…/broken/<code>.json` or `…/broken/<code>__<detail>.json`; nothing for a good sample.
fn expected_code(name: &str) -> Option<&str> {
    let (_, file) = name.rsplit_once("broken/")?;
    file.strip_suffix(".json")?.split("__").next()
}

fn answer(rows: &[serde_json::Value], failed: usize, global: &Global, output: &Output) -> Exit {
    if !output.answer("check", json!({ "ok": failed == 0, "samples": rows })) {
        for row in rows.iter().filter(|r| r["ok"] == json!(false)) {
            output.line(&row.to_string());
        }
        let lang = global.lang();
        output.line(&format!(
            "{} {}, {} {}",
            rows.len(),
            pick(lang, "prøver", "prøver", "samples"),
            failed,
            pick(lang, "feil", "feil", "wrong")
        ));
    }
    if failed == 0 { Exit::Ok } else { Exit::VerificationFailed }
}

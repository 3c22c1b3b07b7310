//! `sheet`: «what we keep and how you see it», for parents and others whom a plan is about. Needs no database.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use pipeline_domain::{ErrorCode, Line, MunicipalityNumber, WrittenForm};
use pipeline_render::{Sheet as Paper, sheet_job};
use serde_json::json;

use crate::{
    cli::Global,
    config::{self, Config, Municipalities, Municipality},
    data::DataFolder,
    exit::Exit,
    failure::Failure,
    output::Output,
    press::Press,
    shell,
    words::pick,
};

/// Print the sheet that tells people what is kept of them and how they see it.
#[derive(Debug, clap::Args)]
pub struct Sheet {
    /// Written form; without it, the municipality's own.
    #[arg(long, value_enum, value_name = "FORM")]
    pub form: Option<Form>,
    /// Whose sheet. May be left out where one municipality is set up.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
    /// Where the PDF goes; - for standard output. Without it, a name of its own in this folder. Nothing is overwritten.
    #[arg(short, long = "output", value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Målform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Nb,
    Nn,
}

impl From<Form> for WrittenForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Nb => Self::Nb,
            Form::Nn => Self::Nn,
        }
    }
}

impl Form {
    /// How it is written on the command line and in file names.
    pub fn id(form: WrittenForm) -> &'static str {
        match form {
            WrittenForm::Nb => "nb",
            WrittenForm::Nn => "nn",
        }
    }
}

pub async fn run(sheet: Sheet, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let data = DataFolder::open(&global.data)?;
    let all = config::read_all(&data.municipalities()).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
    let Some(municipality) = chosen(&all, sheet.municipality.as_ref(), global, output) else { return Ok(Exit::NotFound) };
    let form = sheet.form.map_or(municipality.written_form, WrittenForm::from);
    let out = sheet.out.unwrap_or_else(|| PathBuf::from(format!("arkivflyt-{}-{}.pdf", municipality.number, Form::id(form))));
    let job = sheet_job(&paper(municipality, form, global), &municipality.letterhead()?);
    let mut settings = shell::press_settings(&config);
    settings.children = 1;
    let press = Press::start(settings)?;
    let printed = press.print(job).await;
    press.stop().await;
    let printed = printed?;
    if let Err(e) = put(&out, &printed.bytes) {
        output.error("not_written", &format!("{}: {e}", out.display()));
        return Ok(Exit::InvalidInput);
    }
    if out.as_os_str() != "-" {
        let body = json!({
            "pdf": out.display().to_string(), "municipality": municipality.number, "written_form": form, "pages": printed.pages,
        });
        if !output.answer("sheet", body) {
            output.line(&format!("{} · {} s.", out.display(), printed.pages));
        }
    }
    Ok(Exit::Ok)
}

/// The one that is asked for, or the only one.
fn chosen<'m>(all: &'m Municipalities, asked: Option<&MunicipalityNumber>, global: &Global, output: &Output) -> Option<&'m Municipality> {
    let found = match asked {
        Some(number) => all.get(number),
        None if all.len() == 1 => all.values().next(),
        None => None,
    };
    if found.is_none() {
        let numbers: Vec<&str> = all.keys().map(MunicipalityNumber::as_str).collect();
        let text = pick(
            global.lang(),
            "velg en kommune med --municipality:",
            "vel ein kommune med --municipality:",
            "choose a municipality with --municipality:",
        );
        output.error("not_found", &format!("{text} {}", numbers.join(", ")));
    }
    found
}

fn paper(municipality: &Municipality, form: WrittenForm, global: &Global) -> Paper {
    Paper {
        municipality: municipality.number.clone(),
        municipality_name: municipality.name.clone(),
        organisation_number: municipality.organisation_number.clone(),
        written_form: form,
        contact_point: Line::new(municipality.mail.contact_point.expose()),
        mail: municipality.mail.reply_to.clone(),
        login_url: municipality.mail.login_url.clone(),
        years: municipality.archive.screening_years,
        made_at: shell::clock(global).now(),
    }
}

/// A file for its owner's eyes that was not there before, or standard output.
pub fn put(out: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if out.as_os_str() == "-" {
        return std::io::stdout().lock().write_all(bytes);
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| drop(fs::remove_file(out)))
}

//! `access log extract`: the rows about one case folder, plan or unit.

use std::{collections::BTreeSet, path::PathBuf};

use pipeline_access::{About, AccessRow};
use pipeline_domain::{CaseFolderId, Date, MunicipalityNumber, PlanId, WrittenForm};
use serde_json::json;

use super::{
    paper::{self, Extracted, Paper},
    whose::{folders_of, folders_of_unit, reading, thing_of},
};
use crate::{
    access_log::AccessLog,
    asking::{Asking, Thing, ask, one_of},
    cli::{Global, case},
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    words::pick,
};

/// Which rows, and where they go.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["case", "plan", "unit"]))]
pub struct Extract {
    /// The rows about one case folder, such as 9901/2026/000001.
    #[arg(long, value_name = "FOLDER")]
    pub case: Option<CaseFolderId>,
    /// The rows about one plan, by its id in the source system.
    #[arg(long, value_name = "ID")]
    pub plan: Option<PlanId>,
    /// The rows about a unit and the plans that belong to it now; its name as it stands on the plans.
    #[arg(long, value_name = "NAME", requires = "municipality")]
    pub unit: Option<String>,
    /// Number of the municipality.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
    /// From this day on.
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Up to and with this day.
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
    #[command(flatten)]
    pub paper: PaperArgs,
    #[command(flatten)]
    pub asking: Asking,
}

/// A document instead of a table on the screen.
#[derive(Debug, clap::Args)]
pub struct PaperArgs {
    /// The PDF to make. Nothing is overwritten.
    #[arg(short, long, value_name = "OUT.pdf")]
    pub out: Option<PathBuf>,
    /// Its written form; without it, the municipality's own.
    #[arg(long, value_name = "FORM", value_parser = one_of(&[WrittenForm::Nb, WrittenForm::Nn], |form| form.tag()))]
    pub form: Option<WrittenForm>,
}

/// What is asked for, and which rows are about it.
struct Wanted {
    thing: Thing,
    abouts: BTreeSet<About>,
}

pub async fn run(shell: &Shell, asked: &Extract, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(wanted) = wanted(shell, asked).await? else {
        output.error("not_found", pick(global.lang(), "ingen slik mappe", "inga slik mappe", "no such case folder"));
        return Ok(Exit::NotFound);
    };
    // The row about this very look comes first, so the extract holds it.
    ask(shell, global, &asked.asking, reading(&asked.asking), &wanted.thing)?;
    let mut rows = Vec::new();
    let log = AccessLog::of(&shell.data, &wanted.thing.municipality);
    let of_the_days = |row: &AccessRow| {
        let day = row.at.oslo_date();
        asked.from.is_none_or(|from| from <= day) && asked.to.is_none_or(|to| day <= to)
    };
    let reading = log.read(&[], |row| {
        if wanted.abouts.contains(&row.about) && of_the_days(&row) {
            rows.push(row);
        }
    })?;
    let municipality = &wanted.thing.municipality;
    if let Some(out) = &asked.paper.out {
        let record = wanted.thing.about.folder().map(|folder| case::record(shell, folder)).transpose()?.flatten();
        let paper = Paper::of(shell, municipality, asked.paper.form)?;
        let of = Extracted { about: &wanted.thing.about, from: asked.from, to: asked.to, record: record.as_ref(), head: reading.head };
        return paper.write(shell, &paper.extract(&rows, &of), out, global, output).await;
    }
    let body = json!({
        "municipality": municipality, "about": wanted.thing.about, "from": asked.from, "to": asked.to, "rows": rows,
        "head": format!("{}:{}", reading.head.rows, reading.head.digest),
    });
    if !output.answer("access_log_extract", body) {
        paper::say_rows(&rows, global.lang(), output);
    }
    Ok(Exit::Ok)
}

async fn wanted(shell: &Shell, asked: &Extract) -> Result<Option<Wanted>, Failure> {
    if let (Some(name), Some(number)) = (&asked.unit, &asked.municipality) {
        let thing = Thing::of_unit(number, name);
        let unit = thing.unit.expect("it is made from a unit");
        let folders = folders_of_unit(shell, number, unit).await?.into_iter().map(About::Folder);
        return Ok(Some(Wanted { abouts: folders.chain([thing.about.clone()]).collect(), thing }));
    }
    let folders = match (&asked.case, asked.plan) {
        (Some(folder), _) => vec![folder.clone()],
        (None, Some(plan)) => folders_of(shell, plan, asked.municipality.as_ref()).await?,
        (None, None) => Vec::new(),
    };
    // A plan that moved has a folder in each municipality, and a log in each: the newest is meant, unless one is named.
    let Some(folder) = folders.last() else { return Ok(None) };
    let record = case::record(shell, folder)?;
    if record.is_none() && asked.plan.is_none() {
        return Ok(None);
    }
    let thing = thing_of(folder, record.as_ref());
    let plan = thing.plan.or(asked.plan).map(About::Plan);
    Ok(Some(Wanted { abouts: plan.into_iter().chain([About::Folder(folder.clone())]).collect(), thing }))
}

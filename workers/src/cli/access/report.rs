//! `access report`: the yearly look at roles.

use pipeline_domain::MunicipalityNumber;
use serde_json::json;

use super::{
    extract::PaperArgs,
    paper::{self, Paper},
};
use crate::{
    asking::{Asking, Thing, ask},
    cli::Global,
    exit::Exit,
    failure::Failure,
    output::Output,
    roles_in_year,
    shell::Shell,
};

/// Which year, whose.
#[derive(Debug, clap::Args)]
pub struct Yearly {
    /// The calendar year.
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(u16).range(1900..=9999))]
    pub year: u16,
    /// Number of the municipality.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: MunicipalityNumber,
    #[command(flatten)]
    pub paper: PaperArgs,
    #[command(flatten)]
    pub asking: Asking,
}

pub async fn run(shell: &Shell, yearly: &Yearly, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let number = &yearly.municipality;
    ask(shell, global, &yearly.asking, pipeline_access::Action::ManageAccess, &Thing::of_municipality(number))?;
    let (report, head) = roles_in_year::of_year(&shell.data, number, yearly.year)?;
    if let Some(out) = &yearly.paper.out {
        let paper = Paper::of(shell, number, yearly.paper.form)?;
        return paper.write(shell, &paper.yearly(&report, head), out, global, output).await;
    }
    let body = json!({ "municipality": number, "year": report.year, "roles": report.roles, "unused": report.unused });
    if !output.answer("access_report", body) {
        paper::say_yearly(&report, global.lang(), output);
    }
    Ok(Exit::Ok)
}

//! `access who`: who could see a plan on a day, and who did.

use pipeline_access::{Age, Evidence, Folder, Resource, Sight, evidence};
use pipeline_domain::{CaseFolderId, Date, MunicipalityNumber, PlanId};
use pipeline_package::CaseRecord;
use serde_json::json;

use super::{
    extract::PaperArgs,
    paper::{self, Paper},
    whose::{folders_of, reading, thing_of},
};
use crate::{
    access_log::AccessLog,
    asking::{Asking, Register, Thing, ask},
    cli::{Global, case},
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    words::pick,
};

/// Which plan, on which day.
#[derive(Debug, clap::Args)]
pub struct Who {
    /// The plan's id in the source system.
    #[arg(long, value_name = "ID")]
    pub plan: PlanId,
    /// The day, in Norwegian time.
    #[arg(long, value_name = "DATE")]
    pub on: Date,
    /// Number of the municipality, for a plan that has moved. Without it, the newest.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
    #[command(flatten)]
    pub paper: PaperArgs,
    #[command(flatten)]
    pub asking: Asking,
}

pub async fn run(shell: &Shell, who: &Who, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let folders = folders_of(shell, who.plan, who.municipality.as_ref()).await?;
    let Some(folder) = folders.last() else {
        output.error("not_found", &who.plan.to_string());
        return Ok(Exit::NotFound);
    };
    let record = case::record(shell, folder)?;
    let thing = thing_of(folder, record.as_ref());
    ask(shell, global, &who.asking, reading(&who.asking), &thing)?;
    let found = find(shell, who, folder, record.as_ref(), &thing)?;
    if let Some(out) = &who.paper.out {
        let paper = Paper::of(shell, &folder.municipality, who.paper.form)?;
        return paper.write(shell, &paper.evidence(&found, folder, who.on, record.as_ref()), out, global, output).await;
    }
    let body = json!({
        "plan": who.plan, "case_folder": folder.to_string(), "on": who.on, "facts_as_of": record.as_ref().map(CaseRecord::updated_at),
        "could": found.could, "did": found.did,
    });
    if !output.answer("access_who", body) {
        paper::say_evidence(&found, global.lang(), output);
        let basis = pick(
            global.lang(),
            "Svaret bygger på registeret over tilganger, reglene og loggen. Samtykke og adressebeskyttelse er slik mappen sier nå.",
            "Svaret byggjer på registeret over tilgangar, reglane og loggen. Samtykke og adressevern er slik mappa seier no.",
            "The answer rests on the register of access, the policy and the log. Consent and address protection are as the folder says now.",
        );
        output.talk(basis);
    }
    Ok(Exit::Ok)
}

/// Everything that the register, the policy and the log say of the day.
fn find(shell: &Shell, who: &Who, folder: &CaseFolderId, record: Option<&CaseRecord>, thing: &Thing) -> Result<Evidence, Failure> {
    let register = Register::read(&shell.data, &folder.municipality)?;
    let grants = register.grants();
    let mut homes = register.homes(who.plan);
    if let (true, Some(unit), Some(record)) = (homes.is_empty(), thing.unit, record) {
        homes.push(register.home_of(who.plan, unit, &folder.municipality, record.opened_at().oslo_date()));
    }
    let mut rows = Vec::new();
    AccessLog::of(&shell.data, &folder.municipality).read(&[], |row| {
        // A plan's own rows; a day has few of them.
        if row.at.oslo_date() == who.on {
            rows.push(row);
        }
    })?;
    let stood = stood(thing, record, who.on);
    let at = |age: Age| evidence((who.plan, folder), who.on, &Resource { age, ..stood }, &grants, &homes, &rows);
    // The folder does not know the birth date: whoever could see the plan at any age is named, so that nobody is left out.
    let ages = thing.ages(who.on);
    let mut found = at(ages[0]);
    for age in &ages[1..] {
        merge(&mut found.could, at(*age).could);
    }
    found.could.sort_by_key(|sight| (sight.role, sight.actor, sight.since));
    Ok(found)
}

/// The plan as it stood that day, as far as its folder tells: when it was most open, where that is not known.
fn stood(thing: &Thing, record: Option<&CaseRecord>, on: Date) -> Resource {
    let closed = record.and_then(CaseRecord::closed_at).is_some_and(|at| at.oslo_date() < on);
    Resource { folder: if closed { Folder::Closed } else { Folder::Open }, ..thing.resource }
}

fn merge(all: &mut Vec<Sight>, more: Vec<Sight>) {
    for sight in more {
        let same = |one: &&mut Sight| (one.actor, one.role, one.since, &one.reach) == (sight.actor, sight.role, sight.since, &sight.reach);
        match all.iter_mut().find(same) {
            Some(one) => {
                one.could.extend(sight.could);
                one.could.sort();
                one.could.dedup();
            }
            None => all.push(sight),
        }
    }
}

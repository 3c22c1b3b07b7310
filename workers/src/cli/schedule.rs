//! `schedule`: when what happens, and doing it now.

use pipeline_domain::{ErrorCode, PlanId, Timestamp};
use pipeline_store::{Enqueued, Jobs, ScheduleName, Schedules};
use serde_json::{Value, json};

use crate::{
    cli::Global,
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::schedules::{self, Plan},
    output::Output,
    shell::Shell,
    words::pick,
};

/// See when what happens.
#[derive(Debug, clap::Subcommand)]
pub enum Schedule {
    /// Every schedule with its next times.
    #[command(after_help = crate::exit::TABLE)]
    List {
        /// How many of the next times.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
        next: u16,
    },
    /// Make the job of a schedule now. A worker takes it up.
    #[command(after_help = crate::exit::TABLE)]
    RunNow {
        /// Its name in the list.
        name: ScheduleName,
        /// For `archive.premeeting`: ask for this plan, whatever is known of its meetings. May be given more than once.
        #[arg(long = "plan", value_name = "ID")]
        plans: Vec<PlanId>,
    },
}

pub async fn run(schedule: Schedule, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let plans = schedules::plans(&config.schedule).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
    let shell = Shell::open(global, config).await?;
    let exit = match schedule {
        Schedule::List { next } => list(&shell, &plans, usize::from(next), global, output).await,
        Schedule::RunNow { name, plans: asked } => run_now(&shell, &plans, &name, &asked, global, output).await,
    };
    shell.close().await;
    exit
}

async fn list(shell: &Shell, plans: &[Plan], next: usize, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let (lang, now) = (global.lang(), shell.clock.now());
    let stored = shell.store.schedules().await?;
    let row = |plan: &Plan| {
        let last = stored.iter().find(|s| s.name.as_str() == plan.default.name);
        let times: Vec<Timestamp> = if plan.enabled { plan.schedule.iter_after(now).take(next).collect() } else { Vec::new() };
        json!({
            "name": plan.default.name, "description": plan.default.description(lang), "rule": plan.schedule.to_string(),
            "misfire": format!("{:?}", plan.misfire).to_lowercase(), "enabled": plan.enabled, "next": times,
            "last_fired": last.and_then(|s| s.last_fire_at), "last_job": last.and_then(|s| s.last_job),
        })
    };
    let rows: Vec<Value> = plans.iter().map(row).collect();
    if output.answer("schedules", json!({ "schedules": rows })) {
        return Ok(Exit::Ok);
    }
    let head = [
        pick(lang, "Tidsplan", "Tidsplan", "Schedule"),
        pick(lang, "Når", "Når", "When"),
        pick(lang, "Neste", "Neste", "Next"),
        pick(lang, "Hva", "Kva", "What"),
    ];
    let table = plans.iter().map(|plan| {
        let times = match plan.enabled {
            true => plan.schedule.iter_after(now).take(next).map(|t| t.to_string()).collect::<Vec<_>>().join("\n"),
            false => pick(lang, "slått av", "slått av", "off").to_owned(),
        };
        vec![plan.default.name.to_owned(), plan.schedule.to_string(), times, plan.default.description(lang).to_owned()]
    });
    output.table(&head, table.collect());
    for plan in plans.iter().filter(|p| p.enabled && p.schedule.falls_in_changing_hour()) {
        output.talk(&format!(
            "{}: {}",
            plan.default.name,
            pick(
                lang,
                "ligger i timen som klokka stilles i (02.00–02.59). Den kjøres én gang de døgnene også.",
                "ligg i timen som klokka blir stilt i (02.00–02.59). Han blir køyrd éin gong dei døgna òg.",
                "lies in the hour that clocks are changed in (02:00–02:59). It runs once on those days too.",
            )
        ));
    }
    Ok(Exit::Ok)
}

async fn run_now(
    shell: &Shell,
    plans: &[Plan],
    name: &ScheduleName,
    asked: &[PlanId],
    global: &Global,
    output: &Output,
) -> Result<Exit, Failure> {
    let lang = global.lang();
    if !plans.iter().any(|p| p.default.name == name.as_str()) {
        output.error(ErrorCode::ScheduleUnknown.id(), ErrorCode::ScheduleUnknown.text(lang));
        return Ok(Exit::NotFound);
    }
    let mut job = schedules::run_job(name, shell.clock.now());
    job.priority = pipeline_store::Priority::PERSON;
    if !asked.is_empty() {
        job.args["plans"] = json!(asked);
    }
    let made = shell.store.enqueue(&[job]).await?;
    let (id, new) = match made.first().expect("one job, one answer") {
        Enqueued::New(id) => (id, true),
        Enqueued::Existing(id) => (id, false),
    };
    if !output.answer("schedule_run_now", json!({ "name": name, "job": id, "new": new })) {
        let word = if new {
            pick(lang, "Lagt i kø som jobb", "Lagd i kø som jobb", "Enqueued as job")
        } else {
            pick(lang, "Venter eller pågår allerede som jobb", "Ventar eller går alt som jobb", "Waits or runs already as job")
        };
        output.line(&format!(
            "{word} {id}. {}",
            pick(lang, "Følg den: arkivflyt jobs show", "Følg han: arkivflyt jobs show", "Follow it: arkivflyt jobs show")
        ));
    }
    Ok(Exit::Ok)
}

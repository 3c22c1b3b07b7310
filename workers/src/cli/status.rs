//! `status` and `overdue`: how each plan stands in the archive.

use std::collections::{BTreeMap, BTreeSet};

use pipeline_access::Action;
use pipeline_domain::{ActorId, CaseFolderId, Lang, MunicipalityNumber, Timestamp, UnitId};
use pipeline_lifecycle::Life;
use pipeline_package::CaseRecord;
use pipeline_store::{Deliveries, DeliveryFilter, DeliveryState, DocumentFilter, Documents, Plans};
use serde::Serialize;
use serde_json::json;

use crate::{
    asking::{Asking, Thing, ask},
    cli::{Global, case},
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::runs::survey::{FolderState, is_late, is_up_to_date, state_of},
    output::Output,
    shell::Shell,
    words::pick,
};

/// How each plan stands: last archived, waiting, failed, overdue. No names, unless grouped by lead.
///
/// Whoever looks in a role (`--as`) does so in the access log: oversight is never silent. The answer is cut to what the role reaches.
#[derive(Debug, clap::Args)]
pub struct Status {
    #[command(flatten)]
    pub plans: Which,
    /// Only plans that are overdue: never archived, or not for 190 days.
    #[arg(long)]
    pub overdue: bool,
    /// Only plans with a document that failed, or was not delivered to the case archive and waits for a person.
    #[arg(long)]
    pub failed: bool,
}

/// `overdue`: the same as `status --overdue`.
#[derive(Debug, clap::Args)]
pub struct Overdue {
    #[command(flatten)]
    pub plans: Which,
}

/// Which plans are asked for, how and by whom.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// Only this municipality, by its number.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
    /// Only plans of this unit, as its name stands on the plan.
    #[arg(long)]
    pub unit: Option<String>,
    /// Sums instead of plans. By lead the answer holds the leads' names, which only who states a role is shown.
    #[arg(long, value_enum)]
    pub by: Option<By>,
    #[command(flatten)]
    pub asking: Asking,
}

/// What plans are summed up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    Unit,
    Lead,
}

impl From<Overdue> for Status {
    fn from(asked: Overdue) -> Self {
        Self { plans: asked.plans, overdue: true, failed: false }
    }
}

/// One plan, by its case folder.
#[derive(Debug, Serialize)]
struct Plan {
    case_folder: String,
    documents: u32,
    last_archived: Option<Timestamp>,
    last_snapshot: Option<Timestamp>,
    waiting: usize,
    failed: usize,
    /// Deliveries to the case archive that are not receipted; 0 where there is none.
    undelivered: usize,
    /// Those of them that a person must look at (`deliveries list`).
    delivery_failed: usize,
    overdue: bool,
    closed: bool,
    /// Whether the plan was changed after its newest snapshot; null when the source system sends no events of it.
    changed: Option<bool>,
    /// Who leads it, and its unit: pseudonyms, as the newest event says.
    lead_id: Option<ActorId>,
    unit_id: Option<UnitId>,
    #[serde(skip)]
    municipality: MunicipalityNumber,
    #[serde(skip)]
    unit: String,
    #[serde(skip)]
    lead: String,
}

/// Plans summed up.
#[derive(Debug, Default, Serialize)]
struct Sum {
    plans: usize,
    closed: usize,
    waiting: usize,
    failed: usize,
    overdue: usize,
}

pub async fn run(asked: Status, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Shell::open(global, config).await?;
    let plans = match plans(&shell, &asked).await {
        Ok(plans) => permitted(&shell, &asked, plans, global),
        Err(e) => Err(e),
    };
    shell.close().await;
    let plans = plans?;
    match asked.plans.by {
        None => tell_plans(&plans, global.lang(), output),
        Some(by) => tell_sums(&plans, by, global.lang(), output),
    }
    Ok(Exit::Ok)
}

async fn plans(shell: &Shell, asked: &Status) -> Result<Vec<Plan>, Failure> {
    let now = shell.clock.now();
    let deliveries = open_deliveries(shell).await?;
    let mut plans = Vec::new();
    for folder in shell.store.folders().await? {
        if asked.plans.municipality.as_ref().is_some_and(|n| *n != folder.id.municipality) {
            continue;
        }
        let filter = DocumentFilter { folder: Some(folder.id.clone()), ..DocumentFilter::default() };
        let state = state_of(folder, shell.store.documents(&filter, u32::MAX).await?, None);
        let record = case::record(shell, &state.folder.id)?;
        let facts = shell.store.facts_of(&state.folder.id).await?;
        let life = Life::of(facts.iter().map(|row| &row.fact));
        let mut plan = plan(&state, record.as_ref(), &life, now);
        (plan.undelivered, plan.delivery_failed) = deliveries.get(&state.folder.id).copied().unwrap_or_default();
        let is_of_unit = asked.plans.unit.as_ref().is_none_or(|unit| *unit == plan.unit);
        if is_of_unit && (!asked.overdue || plan.overdue) && (!asked.failed || plan.failed + plan.delivery_failed > 0) {
            plans.push(plan);
        }
    }
    Ok(plans)
}

/// Deliveries of each folder that are not receipted, and how many of those a person must look at.
async fn open_deliveries(shell: &Shell) -> Result<BTreeMap<CaseFolderId, (usize, usize)>, Failure> {
    let mut open: BTreeMap<CaseFolderId, (usize, usize)> = BTreeMap::new();
    for state in DeliveryState::ALL.iter().copied().filter(|state| !state.is_over()) {
        let filter = DeliveryFilter { state: Some(state), folder: None };
        for row in shell.store.deliveries(&filter, u32::MAX).await? {
            let (undelivered, failed) = open.entry(row.folder).or_default();
            *undelivered += 1;
            *failed += usize::from(state.needs_person());
        }
    }
    Ok(open)
}

/// What may be seen of them: everything that has no names, for the operator of the machine; for a stated role, what it reaches, after
/// a row in the access log of each municipality.
fn permitted(shell: &Shell, asked: &Status, plans: Vec<Plan>, global: &Global) -> Result<Vec<Plan>, Failure> {
    if asked.plans.asking.role.is_none() && asked.plans.by != Some(By::Lead) {
        return Ok(plans);
    }
    // A look that finds nothing is a look: whoever names a unit or a municipality is asked about just that.
    let mut numbers: BTreeSet<MunicipalityNumber> = plans.iter().map(|plan| plan.municipality.clone()).collect();
    numbers.extend(asked.plans.municipality.clone());
    if numbers.is_empty() {
        numbers.extend(shell.municipalities.keys().cloned());
    }
    for number in &numbers {
        let thing = match &asked.plans.unit {
            Some(unit) => Thing::of_unit(number, unit),
            None => Thing::of_municipality(number),
        };
        ask(shell, global, &asked.plans.asking, Action::SeeStatus, &thing)?;
    }
    Ok(plans)
}

/// Names of unit and lead are those of the newest document in the folder itself: the database knows none.
fn plan(state: &FolderState, record: Option<&CaseRecord>, life: &Life, now: Timestamp) -> Plan {
    let closed = record.is_some_and(|r| r.closed_at().is_some());
    Plan {
        case_folder: state.folder.id.to_string(),
        documents: state.archived,
        last_archived: state.last_archived,
        last_snapshot: state.last_snapshot,
        waiting: state.waiting.len(),
        failed: state.failed.len(),
        undelivered: 0,
        delivery_failed: 0,
        overdue: is_late(state, now) && !is_up_to_date(state, life) && !closed,
        closed,
        changed: life.archiving.changed_since_snapshot(),
        lead_id: life.lead,
        unit_id: life.unit,
        municipality: state.folder.id.municipality.clone(),
        unit: record.map_or_else(String::new, |r| r.unit().expose().to_owned()),
        lead: record.map_or_else(String::new, |r| r.lead().expose().to_owned()),
    }
}

fn tell_plans(plans: &[Plan], lang: Lang, output: &Output) {
    if output.answer("status", json!({ "plans": plans })) {
        return;
    }
    let head = [
        pick(lang, "Mappe", "Mappe", "Folder"),
        pick(lang, "Arkivert", "Arkivert", "Archived"),
        pick(lang, "Planen sist", "Planen sist", "Plan last"),
        pick(lang, "Sist arkivert", "Sist arkivert", "Last archived"),
        pick(lang, "Endret siden", "Endra sidan", "Changed since"),
        pick(lang, "Venter", "Ventar", "Waiting"),
        pick(lang, "Feilet", "Feila", "Failed"),
        pick(lang, "Tilstand", "Tilstand", "State"),
    ];
    let never = pick(lang, "aldri", "aldri", "never");
    let day = |at: Option<Timestamp>| at.map_or_else(|| never.to_owned(), |at| at.oslo_date().to_string());
    let changed = |p: &Plan| match p.changed {
        Some(true) => pick(lang, "ja", "ja", "yes"),
        Some(false) => pick(lang, "nei", "nei", "no"),
        None => pick(lang, "ukjent", "ukjent", "unknown"),
    };
    let row = |p: &Plan| {
        let state = match p {
            Plan { delivery_failed: 1.., .. } => pick(lang, "ikke levert", "ikkje levert", "not delivered"),
            Plan { closed: true, .. } => pick(lang, "avsluttet", "avslutta", "closed"),
            Plan { overdue: true, .. } => pick(lang, "forfalt", "forfallen", "overdue"),
            _ => pick(lang, "i orden", "i orden", "in order"),
        };
        vec![
            p.case_folder.clone(),
            p.documents.to_string(),
            day(p.last_snapshot),
            day(p.last_archived),
            changed(p).to_owned(),
            p.waiting.to_string(),
            p.failed.to_string(),
            state.to_owned(),
        ]
    };
    output.table(&head, plans.iter().map(row).collect());
}

fn tell_sums(plans: &[Plan], by: By, lang: Lang, output: &Output) {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for plan in plans {
        let sum = sums.entry(if by == By::Unit { &plan.unit } else { &plan.lead }).or_default();
        sum.plans += 1;
        sum.closed += usize::from(plan.closed);
        sum.waiting += plan.waiting;
        sum.failed += plan.failed;
        sum.overdue += usize::from(plan.overdue);
    }
    let groups: Vec<_> = sums
        .iter()
        .map(|(name, s)| json!({ "name": name, "plans": s.plans, "closed": s.closed, "waiting": s.waiting, "failed": s.failed, "overdue": s.overdue }))
        .collect();
    let what = if by == By::Unit { "unit" } else { "lead" };
    if output.answer("status", json!({ "by": what, "groups": groups })) {
        return;
    }
    let head = [
        if by == By::Unit { pick(lang, "Enhet", "Eining", "Unit") } else { pick(lang, "Planansvarlig", "Planansvarleg", "Lead") },
        pick(lang, "Planer", "Planar", "Plans"),
        pick(lang, "Avsluttet", "Avslutta", "Closed"),
        pick(lang, "Venter", "Ventar", "Waiting"),
        pick(lang, "Feilet", "Feila", "Failed"),
        pick(lang, "Forfalt", "Forfalne", "Overdue"),
    ];
    // Nothing of these plans is archived yet: their folders name nobody.
    let unknown = pick(lang, "(ikke arkivert ennå)", "(ikkje arkivert enno)", "(not archived yet)");
    let row = |(name, s): (&&str, &Sum)| {
        let name = if name.is_empty() { unknown } else { name };
        let numbers = [s.plans, s.closed, s.waiting, s.failed, s.overdue].map(|n| n.to_string());
        [vec![name.to_owned()], numbers.to_vec()].concat()
    };
    output.table(&head, sums.iter().map(row).collect());
}

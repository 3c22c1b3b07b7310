//! `extract`: closed case folders of a period as a Noark 5 extract or a DIAS package; and the check of any such extract.

mod check;
mod folders;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use pipeline_access::Action;
use pipeline_deposit::{Choice, Delivery, DepositError, Leak, Order, Outcome, Period, Plan, Progress, choose};
use pipeline_domain::{ErrorCode, Lang, MunicipalityNumber};
use serde_json::json;

use crate::{
    asking::{Asking, Round, Thing, ask},
    cli::{Global, export},
    config::Config,
    exit::Exit,
    failure::Failure,
    output::{Output, progress},
    shell::Shell,
    words::pick,
};
use check::SealGate;
use folders::ArchiveFolders;

/// Deliver what is closed, or check what was delivered.
///
/// An extract that was interrupted goes on where it stopped when the same command is given again. Under the name OUT there is nothing, or
/// the whole.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Extract {
    #[command(subcommand)]
    pub other: Option<Other>,
    #[command(flatten)]
    pub make: Make,
}

/// What else there is to do with an extract.
#[derive(Debug, Subcommand)]
pub enum Other {
    /// Check an extract of any origin: a content folder, the root of a DIAS package, or its tar. Needs no data folder.
    #[command(after_help = crate::exit::TABLE)]
    Check(check::Check),
}

/// What is delivered, and where it goes.
#[derive(Debug, clap::Args)]
pub struct Make {
    /// Days of closing, both included, such as 2024-01-01..2025-12-31.
    #[arg(long, value_name = "FROM..TO", required = true, value_parser = period)]
    pub period: Option<Period>,
    /// Whose archive; may be left out when there is one municipality only.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
    /// Title or systemID of a part (arkivdel). May be given more than once; without it, all.
    #[arg(long, value_name = "TITLE")]
    pub arkivdel: Vec<String>,
    /// A folder that is not there yet, or is empty.
    #[arg(short, long, value_name = "OUT", required_unless_present_any = ["dry_run"])]
    pub out: Option<PathBuf>,
    /// Folder with the official schemas (Noark 5 v5.0, ADDML, and with --sip DIAS). May be given more than once.
    #[arg(long, value_name = "DIR", required = true)]
    pub schemas: Vec<PathBuf>,
    /// Wrap the extract in a DIAS package: <uuid>.tar and <uuid>.xml.
    #[arg(long)]
    pub sip: bool,
    /// Tell what would be delivered, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Who closes the archive's period in the extract; without it, the municipality.
    #[arg(long, value_name = "NAME", value_parser = a_line)]
    pub made_by: Option<String>,
    /// With --sip: who receives and keeps it; without it, the municipality.
    #[arg(long, value_name = "NAME", requires = "sip", value_parser = a_line)]
    pub receiver: Option<String>,
    /// With --sip: the agreement of submission (avleveringsavtale).
    #[arg(long, value_name = "TEXT", requires = "sip", value_parser = a_line)]
    pub agreement: Option<String>,
    #[command(flatten)]
    pub asking: Asking,
}

fn period(text: &str) -> Result<Period, String> {
    text.parse().map_err(|_| "two days, such as 2024-01-01..2025-12-31".to_owned())
}

/// One line that says something.
fn a_line(text: &str) -> Result<String, String> {
    let text = text.trim();
    let ok = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if ok { Ok(text.to_owned()) } else { Err("one line of 1 to 200 characters".to_owned()) }
}

pub async fn run(command: Extract, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    if let Some(Other::Check(check)) = command.other {
        return check::run(&check, global, output);
    }
    let shell = Shell::open(global, config).await?;
    let done = make(&shell, &command.make, global, output);
    shell.close().await;
    done
}

fn make(shell: &Shell, make: &Make, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(number) = municipality(shell, make) else {
        let text = pick(global.lang(), "flere kommuner; velg en", "fleire kommunar; vel ein", "several municipalities; choose one");
        output.error("municipality_missing", &format!("{text} (--municipality)"));
        return Ok(Exit::InvalidInput);
    };
    let order = order(shell, make, &number)?;
    ask(shell, global, &make.asking, Action::ReadPackages, &Thing::of_municipality(&number))?;
    let round = Round::begin(shell, &make.asking, Action::ReadPackages, &number).map_err(|no| no.in_words(global.lang()))?;
    let store = ArchiveFolders::of(shell, &number, round)?;
    let bar = progress(output, 0, pick(global.lang(), "Mapper", "Mapper", "Folders"));
    let mut tell = |step: Progress| {
        if let Progress::Looked { done, of } | Progress::Folders { done, of } = step {
            bar.set_length(of);
            bar.set_position(done);
        }
    };
    let choice = choose(&order, &store, &mut tell)?;
    let Some(out) = make.out.as_deref().filter(|_| !make.dry_run) else {
        bar.finish_and_clear();
        say_plan(choice.plan(), global.lang(), output);
        return Ok(Exit::Ok);
    };
    if let Some(exit) = refuse_place(shell, out, global, output) {
        return Ok(exit);
    }
    write_down(&store, &choice, global)?;
    let gate = SealGate::default();
    let done = pipeline_deposit::make(&order, &store, &choice, &gate, out, &mut tell);
    bar.finish_and_clear();
    match done {
        Ok(outcome) => say(&outcome, out, &gate, global.lang(), output),
        Err(DepositError::Leaks { leaks }) => say_leaks(&leaks, global.lang(), output),
        Err(DepositError::Refused { .. }) => gate.say_refused(global.lang(), output),
        Err(DepositError::TargetTaken) => {
            let text = pick(
                global.lang(),
                "finnes fra før og er ikke dette uttrekket; velg et annet sted",
                "finst frå før og er ikkje dette uttrekket; vel ein annan stad",
                "is there already and is not this extract; choose another place",
            );
            output.error("out_exists", &format!("{} {text}", out.display()));
            Ok(Exit::InvalidInput)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whoever looks into a plan's access log sees that its folder was delivered, and by whom. A folder that may not be given to them (address
/// protection: only to archivists who are named) stops all of it: an extract without it would look whole.
fn write_down(store: &ArchiveFolders<'_>, choice: &Choice, global: &Global) -> Result<(), Failure> {
    let Some(round) = store.answers() else { return Ok(()) };
    let withheld = choice.plan().withheld;
    if withheld == 0 {
        return round.write();
    }
    let lang = global.lang();
    let why = round.refuse()?.map(|reason| format!("{reason}: {}", reason.text(lang))).unwrap_or_default();
    let folders = pick(lang, "mapper i uttrekket", "mapper i uttrekket", "folders of the extract");
    Err(Failure::give_up(ErrorCode::NotAuthorised, format!("{withheld} {folders}: {why}")))
}

/// The one that is named, or the only one.
fn municipality(shell: &Shell, make: &Make) -> Option<MunicipalityNumber> {
    let mut all = shell.municipalities.keys();
    let only = all.next().filter(|_| all.next().is_none()).cloned();
    make.municipality.clone().or(only)
}

fn order(shell: &Shell, make: &Make, number: &MunicipalityNumber) -> Result<Order, Failure> {
    let settings = shell.municipality(number)?;
    let profile = settings.profile();
    let skeleton = pipeline_package::skeleton(&profile)
        .map_err(|element| Failure::give_up(ErrorCode::ConfigInvalid, format!("municipality {number}: {element} would be empty")))?;
    let name = profile.archive_creator_name.trim().to_owned();
    let period = make.period.expect("the command line asks for it");
    let delivery = Delivery {
        label: format!("{name} – {} {period}", profile.archive_title),
        submitter: name.clone(),
        producer: name.clone(),
        preserver: make.receiver.clone().unwrap_or_else(|| name.clone()),
        agreement: make.agreement.clone().unwrap_or_else(|| "Ikke oppgitt".to_owned()),
    };
    Ok(Order {
        municipality: number.clone(),
        period,
        parts: make.arkivdel.clone(),
        created_at: shell.clock.now(),
        made_by: make.made_by.clone().unwrap_or(name),
        system_name: "Arkivflyt".to_owned(),
        program: ("Arkivflyt".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        skeleton,
        schemas: make.schemas.clone(),
        package: make.sip.then_some(delivery),
        checkpoint: shell.witnesses.checkpoint(number).and_then(|checkpoint| checkpoint.lines()),
        threads: std::thread::available_parallelism().map_or(2, usize::from).min(4),
    })
}

/// Never inside the archive, and beside something that is there.
fn refuse_place(shell: &Shell, out: &Path, global: &Global, output: &Output) -> Option<Exit> {
    let Ok(place) = export::parent(out).canonicalize() else {
        output.error("not_found", &export::parent(out).display().to_string());
        return Some(Exit::NotFound);
    };
    let inside = |folder: PathBuf| folder.canonicalize().is_ok_and(|folder| place.starts_with(folder));
    if inside(shell.archive_root()) {
        let text = pick(
            global.lang(),
            "ligger i arkivet; velg et annet sted",
            "ligg i arkivet; vel ein annan stad",
            "lies in the archive; choose another place",
        );
        output.error("out_in_archive", &format!("{} {text}", out.display()));
        return Some(Exit::InvalidInput);
    }
    None
}

fn say_plan(plan: &Plan, lang: Lang, output: &Output) {
    let body = json!({
        "parts": plan.parts, "folders": plan.folders, "registrations": plan.registrations, "document_bytes": plan.document_bytes,
        "open": plan.open, "elsewhere": plan.elsewhere, "withheld": plan.withheld, "key": plan.key,
    });
    if output.answer("extract_plan", body) {
        return;
    }
    let would = pick(lang, "Ville levert:", "Ville levert:", "Would deliver:");
    let (folders, registrations) =
        (pick(lang, "mapper", "mapper", "folders"), pick(lang, "registreringer", "registreringar", "registrations"));
    output.line(&format!(
        "{} {} {folders}, {} {registrations}, {} byte",
        output.bold(would),
        plan.folders,
        plan.registrations,
        plan.document_bytes
    ));
    plan.parts.iter().for_each(|part| output.line(&format!("  {part}")));
    let rest = pick(
        lang,
        "Ikke med: mapper som er åpne, og mapper av andre perioder og arkivdeler:",
        "Ikkje med: mapper som er opne, og mapper av andre periodar og arkivdelar:",
        "Left out: folders that are open, and folders of other periods and parts:",
    );
    output.line(&format!("{rest} {}, {}", plan.open, plan.elsewhere));
    if plan.withheld > 0 {
        let text = pick(
            lang,
            "mapper kan ikke gis til deg (adressebeskyttelse), og stopper hele uttrekket",
            "mapper kan ikkje bli gitt til deg (adressevern), og stoppar heile uttrekket",
            "folders may not be given to you (address protection), and stop the whole extract",
        );
        output.line(&format!("{} {text}", plan.withheld));
    }
}

fn say(outcome: &Outcome, out: &Path, gate: &SealGate, lang: Lang, output: &Output) -> Result<Exit, Failure> {
    let report = outcome.report();
    let fresh = matches!(outcome, Outcome::Made(_));
    let body = json!({ "out": out.display().to_string(), "made_now": fresh, "extract": report, "check": gate.summary() });
    if output.answer("extract", body) {
        return Ok(Exit::Ok);
    }
    let made = if fresh {
        pick(lang, "Uttrekket er laget:", "Uttrekket er laga:", "Extract made:")
    } else {
        pick(lang, "Uttrekket lå der fra før:", "Uttrekket låg der frå før:", "The extract was there already:")
    };
    output.line(&format!("{} {}", output.bold(made), out.display()));
    let words = [
        (report.folders, pick(lang, "mapper", "mapper", "folders")),
        (report.registrations, pick(lang, "registreringer", "registreringar", "registrations")),
        (report.files, pick(lang, "filer", "filer", "files")),
        (report.bytes, "byte"),
    ];
    output.line(&words.map(|(count, word)| format!("{count} {word}")).join(", "));
    output.line(&format!("UUID {}", report.id));
    if report.without_archive_copy > 0 {
        let text = pick(
            lang,
            "vedlegg har ingen arkivkopi og er levert uten fil (se uttrekk.json)",
            "vedlegg har ingen arkivkopi og er levert utan fil (sjå uttrekk.json)",
            "attachments have no archive copy and are delivered without a file (see uttrekk.json)",
        );
        output.line(&format!("{} {text}", report.without_archive_copy));
    }
    gate.say_warnings(lang, output);
    Ok(Exit::Ok)
}

fn say_leaks(leaks: &[Leak], lang: Lang, output: &Output) -> Result<Exit, Failure> {
    let code = ErrorCode::ExtractLeak;
    if !output.answer("extract_leaks", json!({ "code": code, "text": code.text(lang), "leaks": leaks })) {
        eprintln!("arkivflyt: {code}: {}", code.text(lang));
        leaks.iter().for_each(|leak| output.line(&format!("{}  {}", leak.unit, leak.rule.id())));
    }
    Ok(Exit::VerificationFailed)
}

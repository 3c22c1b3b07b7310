//! `access grant`: the register of who was given which role over what.

use std::path::PathBuf;

use pipeline_access::{Action, Part, Reach, Role};
use pipeline_domain::{ActorId, AreaId, Date, ErrorCode, MunicipalityNumber, PlanId, Timestamp};
use serde_json::json;

use crate::{
    asking::{Asking, Event, Register, Thing, ask, one_of, unit_id},
    cli::Global,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    words::pick,
};

/// The register of access. Lines are added and never changed.
#[derive(Debug, clap::Subcommand)]
pub enum Change {
    /// Write down that somebody was given a role.
    #[command(after_help = crate::exit::TABLE)]
    Add(Add),
    /// Write down that it has ended.
    #[command(after_help = crate::exit::TABLE)]
    End(End),
    /// Write down which area looks after a unit.
    #[command(after_help = crate::exit::TABLE)]
    Area {
        /// Name of the unit, as it stands on the plans.
        #[arg(long, value_name = "NAME")]
        unit: String,
        /// Id of the area.
        #[arg(long, value_name = "ID")]
        area: AreaId,
        #[command(flatten)]
        writer: Writer,
    },
    /// Take over many lines from the source system: one JSON object each, shaped as they stand in the register.
    #[command(after_help = crate::exit::TABLE)]
    Import {
        /// The file; see docs/access.md for its shape.
        #[arg(value_name = "FILE.jsonl")]
        file: PathBuf,
        #[command(flatten)]
        writer: Writer,
    },
    /// Every line. Pseudonyms and codes, no names.
    #[command(after_help = crate::exit::TABLE)]
    List(Writer),
}

/// Who writes, and in whose name.
#[derive(Debug, clap::Args)]
pub struct Writer {
    /// Number of the municipality.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: MunicipalityNumber,
    #[command(flatten)]
    pub asking: Asking,
}

/// Over what a role was given: the plan, the unit or the area, or else the whole municipality.
#[derive(Debug, clap::Args)]
pub struct Over {
    /// Who was given it: a pseudonym.
    #[arg(long, value_name = "ID")]
    pub to: ActorId,
    /// Which role.
    #[arg(long, value_parser = one_of(Role::ALL, |r| r.id()))]
    pub role: Role,
    /// Over one plan, by its id in the source system.
    #[arg(long, value_name = "ID", conflicts_with_all = ["unit", "area"])]
    pub plan: Option<PlanId>,
    /// Over a unit, named as on the plans.
    #[arg(long, value_name = "NAME", conflicts_with = "area")]
    pub unit: Option<String>,
    /// Over an area.
    #[arg(long, value_name = "ID")]
    pub area: Option<AreaId>,
}

/// A role that was given.
#[derive(Debug, clap::Args)]
pub struct Add {
    #[command(flatten)]
    pub over: Over,
    /// Since when; without it, now.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Timestamp>,
    /// Last day, if it ends by itself.
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// A part that a participant sees. May be given more than once.
    #[arg(long = "part", value_parser = one_of(Part::ALL, |p| p.id()))]
    pub parts: Vec<Part>,
    /// The archivist is named for packages under strict address protection.
    #[arg(long)]
    pub named: bool,
    #[command(flatten)]
    pub writer: Writer,
}

/// A role that has ended.
#[derive(Debug, clap::Args)]
pub struct End {
    #[command(flatten)]
    pub over: Over,
    /// When it ended; without it, now.
    #[arg(long, value_name = "TIME")]
    pub ended: Option<Timestamp>,
    #[command(flatten)]
    pub writer: Writer,
}

impl Over {
    fn reach(&self, municipality: &MunicipalityNumber) -> Reach {
        match (self.plan, &self.unit, self.area) {
            (Some(plan), _, _) => Reach::Plan(plan),
            (None, Some(unit), _) => Reach::Unit(unit_id(municipality, unit)),
            (None, None, Some(area)) => Reach::Area(area),
            (None, None, None) => Reach::Municipality(municipality.clone()),
        }
    }
}

pub fn run(shell: &Shell, change: Change, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let now = shell.clock.now();
    match change {
        Change::List(writer) => list(shell, &writer, global, output),
        Change::Add(add) => {
            let reach = add.over.reach(&add.writer.municipality);
            let event = Event::Granted {
                actor: add.over.to,
                role: add.over.role,
                reach,
                since: add.since.unwrap_or(now),
                until: add.until,
                parts: add.parts,
                named: add.named,
            };
            write(shell, &add.writer, vec![event], global, output)
        }
        Change::End(end) => {
            let (over, reach) = (&end.over, end.over.reach(&end.writer.municipality));
            let ended = end.ended.unwrap_or(now);
            let held = |g: &pipeline_access::Grant| g.actor == over.to && g.role == over.role && g.reach == reach && g.withdrawn.is_none();
            if !Register::read(&shell.data, &end.writer.municipality)?.grants().iter().any(held) {
                let text = pick(global.lang(), "står ikke i registeret", "står ikkje i registeret", "is not in the register");
                output.error("not_found", &format!("{} {} {reach}: {text}", over.to, over.role));
                return Ok(Exit::NotFound);
            }
            write(shell, &end.writer, vec![Event::Ended { actor: over.to, role: over.role, reach, ended }], global, output)
        }
        Change::Area { unit, area, writer } => {
            let unit = unit_id(&writer.municipality, &unit);
            write(shell, &writer, vec![Event::UnitInArea { unit, area }], global, output)
        }
        Change::Import { file, writer } => match events(&file)? {
            Ok(events) => write(shell, &writer, events, global, output),
            Err((code, text)) => {
                output.error(code, &text);
                Ok(if code == "not_found" { Exit::NotFound } else { Exit::InvalidInput })
            }
        },
    }
}

/// The lines of a file, or what is wrong with the first that is.
fn events(file: &std::path::Path) -> Result<Result<Vec<Event>, (&'static str, String)>, Failure> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Err(("not_found", file.display().to_string()))),
        Err(e) => return Err(Failure::give_up(ErrorCode::InboxUnreadable, e)),
    };
    let mut events = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(event) => events.push(event),
            // The line itself is not repeated: somebody may have written a name there.
            Err(e) => return Ok(Err(("invalid_line", format!("{}, line {}, column {}", file.display(), n + 1, e.column())))),
        }
    }
    Ok(Ok(events))
}

/// Asks, writes to the access log, then to the register.
fn write(shell: &Shell, writer: &Writer, events: Vec<Event>, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let thing = Thing::of_municipality(&writer.municipality);
    let permit = ask(shell, global, &writer.asking, Action::ManageAccess, &thing)?;
    let count = events.len();
    let register = Register::append(&shell.data, &writer.municipality, permit.actor(), shell.clock.now(), events)?;
    let (lines, digest) = register.head();
    if !output.answer("access_register", json!({ "added": count, "lines": lines, "head": format!("{lines}:{digest}") })) {
        let added = pick(global.lang(), "linjer lagt til", "linjer lagde til", "lines added");
        output.line(&format!("{count} {added} · {lines}:{digest}"));
    }
    Ok(Exit::Ok)
}

fn list(shell: &Shell, writer: &Writer, global: &Global, output: &Output) -> Result<Exit, Failure> {
    ask(shell, global, &writer.asking, Action::ManageAccess, &Thing::of_municipality(&writer.municipality))?;
    let register = Register::read(&shell.data, &writer.municipality)?;
    if output.answer("access_register_list", json!({ "entries": register.entries() })) {
        return Ok(Exit::Ok);
    }
    let lang = global.lang();
    let head = [
        "#",
        pick(lang, "Skrevet", "Skrive", "Written"),
        pick(lang, "Hendelse", "Hending", "Event"),
        pick(lang, "Hvem", "Kven", "Who"),
        pick(lang, "Rolle", "Rolle", "Role"),
        pick(lang, "Over", "Over", "Over"),
    ];
    let rows = register.entries().iter().map(|entry| {
        let value = serde_json::to_value(entry).expect("an entry is writable as JSON");
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let over = ["reach", "unit"].iter().map(|key| text(key)).find(|text| !text.is_empty()).unwrap_or_default();
        vec![entry.n.to_string(), text("at"), text("event"), text("actor"), text("role"), over]
    });
    output.table(&head, rows.collect());
    Ok(Exit::Ok)
}

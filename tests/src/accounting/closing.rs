//! Folders that are closed: sealed, with a list of all that they hold, and not before nothing was owed any more (DOMAIN § 5, issue row 24).

use chrono::TimeDelta;

use super::{
    Finding, Told, Year,
    documents::{Archived, Place},
    duties,
    folder::{Folder, Registration},
    life::{Lives, ends},
    times,
};

/// Looks at every folder. Answers how many are closed.
pub fn judge<'a>(year: &'a Year, folders: &'a [Folder], archived: &Archived<'a>, found: &mut Vec<Finding>) -> usize {
    let by_place = |folder: &Folder, registration: &Registration| {
        let is_it = |(line, place): (&usize, &Place)| {
            (place.folder.place == folder.place && place.registration.no == registration.no).then_some(*line)
        };
        archived.iter().find_map(is_it).and_then(|line| year.told.iter().find(|t| t.line == line))
    };
    for folder in folders {
        let known: Vec<(&Registration, Option<&Told>)> = folder.registrations.iter().map(|r| (r, by_place(folder, r))).collect();
        lists(folder, &known, found);
        sealed(folder, &known, found);
    }
    let lives = Lives::of(year, archived);
    for told in year.documents().filter(|t| t.kind() == "closing_note") {
        let place = archived.get(&told.line);
        found.extend(
            place.and_then(|place| waited(year, &lives, told, *place)).map(|code| Finding::new(code, format!("line {}", told.line))),
        );
    }
    folders.iter().filter(|f| f.is_closed()).count()
}

/// A list of contents comes when a folder was closed, and again when something came after it; it lists all that came before.
fn lists(folder: &Folder, known: &[(&Registration, Option<&Told>)], found: &mut Vec<Finding>) {
    let mut say = |code, no: u64| found.push(Finding::new(code, format!("{} no {no}", folder.place)));
    let (mut closed, mut unlisted, mut made) = (false, 0, 0);
    for (n, (registration, told)) in known.iter().enumerate() {
        if !registration.is_overview() {
            unlisted += 1;
            match told {
                Some(t) if ends(t) => closed = true,
                Some(t) if t.kind() == "reopening_note" => closed = false,
                _ => {}
            }
            continue;
        }
        made += 1;
        let items = registration.source["content"]["items"].as_array().map_or(&[][..], Vec::as_slice);
        let lists_all = items.len() == n
            && items.iter().zip(known).all(|(item, (before, _))| {
                let main = before.objects().find(|(d, _)| d.value("tilknyttetRegistreringSom") == "Hoveddokument");
                item["no"] == before.no
                    && item["type"] == before.kind()
                    && main.is_some_and(|(_, object)| item["sha256"] == object.value("sjekksum"))
            });
        if !closed {
            say("list_of_an_open_folder", registration.no);
        }
        if unlisted == 0 {
            say("list_twice", registration.no);
        }
        if !lists_all {
            say("list_wrong", registration.no);
        }
        if registration.version() != made || registration.own("kildesystem") != "arkivflyt" {
            say("list_version_wrong", registration.no);
        }
        unlisted = 0;
    }
    if closed && unlisted > 0 {
        say("list_missing", 0);
    }
}

/// «Avsluttet» when closed, «Utgår» when it was made by mistake, «Under behandling» otherwise.
fn sealed(folder: &Folder, known: &[(&Registration, Option<&Told>)], found: &mut Vec<Finding>) {
    let mut words = known.iter().filter_map(|(_, told)| *told).filter(|t| ends(t) || t.kind() == "reopening_note");
    let expected = match words.next_back() {
        Some(note) if ends(note) && note.text("/content/reason") == "error" => "Utgår",
        Some(note) if ends(note) => "Avsluttet",
        _ => "Under behandling",
    };
    let is_dated = folder.case.child("avsluttetDato").is_some() && folder.case.child("avsluttetAv").is_some();
    if folder.case.value("saksstatus") != expected || is_dated != (expected != "Under behandling") {
        found.push(Finding::new("seal_wrong", format!("{}: {} expected", folder.place, expected)));
    }
    let recorded = !folder.record["closed"].is_null();
    if recorded != (expected != "Under behandling") {
        found.push(Finding::new("record_differs", &folder.place));
    }
}

/// How long a closing waits at the longest for the next look at it.
const NEXT_LOOK: TimeDelta = TimeDelta::hours(1);

/// A closing note waits for minutes, answers and documents that came before it, unless it says itself what is outstanding.
fn waited(year: &Year, lives: &Lives, note: &Told, place: Place) -> Option<&'static str> {
    let life = lives.plans.get(note.plan())?;
    let archived = place.registration.archived?;
    let before: Vec<&&Told> = life.told.iter().filter(|t| t.line < note.line && t.event().is_none()).collect();
    if before.iter().any(|t| life.archived(t).is_some_and(|at| at > archived)) {
        return Some("closed_before_its_documents");
    }
    let owes = |at| duties::unsent_minutes(life, at) + life.unanswered(at).len() > 0;
    let says_itself = !note.list("/content/outstanding").is_empty();
    // What was told in the same step may have come before or after.
    if !says_itself && owes(archived + TimeDelta::seconds(1)) && owes(archived - year.step) {
        return Some("closed_while_something_is_owed");
    }
    let mut waiting_ended = life
        .told
        .iter()
        .filter(|t| t.at > note.at && t.at <= archived)
        .map(|t| t.at)
        .filter(|at| owes(*at) && !owes(*at + TimeDelta::seconds(1)));
    let free = waiting_ended.next_back().unwrap_or(note.at);
    (archived > times::latest(note.at, free) + NEXT_LOOK + year.slack()).then_some("closed_late")
}

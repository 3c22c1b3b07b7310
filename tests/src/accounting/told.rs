//! What was told to the program, in order: the whole of the accounting's belief about the year.

use std::{collections::BTreeMap, fs, path::Path};

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::Value;

use super::times::{self, Instant};

/// The year that was played.
#[derive(Debug)]
pub struct Year {
    /// Its first day.
    pub from: NaiveDate,
    /// The day after its last.
    pub until: NaiveDate,
    /// So late an instant of it may be.
    pub step: TimeDelta,
    /// Everything that was handed in, in order.
    pub told: Vec<Told>,
}

/// One document or event as it was handed in.
#[derive(Debug)]
pub struct Told {
    /// Line of `told.jsonl`, from 1.
    pub line: usize,
    /// When.
    pub at: Instant,
    /// The whole JSON.
    pub envelope: Value,
}

impl Year {
    /// Reads `simulation/` of a data folder.
    pub fn read(data: &Path) -> Self {
        let folder = data.join("simulation");
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("no year is told: simulation/{name}: {e}"));
        let about: Value = serde_json::from_str(&read("about.json")).expect("about.json is JSON");
        assert_eq!(about["schema"], "arkivflyt/simulation/1", "a year of another form");
        let number = |field: &str| about[field].as_i64().unwrap_or_else(|| panic!("about.json has no number {field}"));
        let from = about["from"].as_str().and_then(times::day).expect("about.json says when the year begins");
        let days = u64::try_from(number("days")).expect("a number of days");
        let lines = read("told.jsonl");
        let told = (1..).zip(lines.lines()).map(|(line, text)| Told::read(line, text)).collect();
        let until = from.checked_add_days(Days::new(days)).expect("a year of this age");
        Self { from, until, step: TimeDelta::hours(number("step_hours")), told }
    }

    /// How many of what was told.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for told in &self.told {
            *counts.entry(told.event().unwrap_or_else(|| told.kind()).to_owned()).or_default() += 1;
        }
        counts
    }

    /// Documents, in order.
    pub fn documents(&self) -> impl Iterator<Item = &Told> {
        self.told.iter().filter(|t| t.event().is_none())
    }

    /// The first instant that is no more of it.
    pub fn end(&self) -> Instant {
        times::in_oslo(self.until, 0, 0)
    }

    /// How long after something was due its effect may be seen: the step that it is late, and the step in which it is sent.
    pub fn slack(&self) -> TimeDelta {
        self.step * 2
    }
}

impl Told {
    fn read(line: usize, text: &str) -> Self {
        let mut json: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("told.jsonl, line {line}: {e}"));
        let at = json["handed_in_at"].as_str().and_then(times::instant);
        Self { line, at: at.unwrap_or_else(|| panic!("told.jsonl, line {line}: no instant")), envelope: json["envelope"].take() }
    }

    /// `plan_snapshot`, `event`.
    pub fn kind(&self) -> &str {
        self.text("/schema").split('/').nth(1).unwrap_or_default()
    }

    /// Name of the event; none for a document.
    pub fn event(&self) -> Option<&str> {
        (self.kind() == "event").then(|| self.text("/content/event"))
    }

    /// Id of the document or event.
    pub fn id(&self) -> &str {
        self.text("/id")
    }

    /// Version of the document.
    pub fn version(&self) -> u64 {
        self.envelope["content"]["version"].as_u64().unwrap_or(1)
    }

    /// The plan.
    pub fn plan(&self) -> &str {
        self.text("/case/plan_id")
    }

    /// `ip`, `es`, `sl`, `iop`.
    pub fn plan_type(&self) -> &str {
        self.text("/case/plan_type")
    }

    /// Number of the municipality.
    pub fn municipality(&self) -> &str {
        self.text("/case/municipality_number")
    }

    /// What the event is about: the id of a consent, a meeting, a message.
    pub fn matter(&self) -> Option<&str> {
        self.envelope["content"]["matter"].as_str()
    }

    /// A text, empty when there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.envelope.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// An instant.
    pub fn instant(&self, pointer: &str) -> Option<Instant> {
        times::instant(self.text(pointer))
    }

    /// A day.
    pub fn day(&self, pointer: &str) -> Option<NaiveDate> {
        times::day(self.text(pointer))
    }

    /// A list; empty when there is none.
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.envelope.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

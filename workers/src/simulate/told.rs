//! What was told to the archive: `simulation/about.json` and `simulation/told.jsonl` in the data folder.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use pipeline_domain::Timestamp;
use serde_json::{Value, json};

use super::play::Setting;

const FOLDER: &str = "simulation";

/// The book of what was handed in: one line for each thing, in order.
#[derive(Debug)]
pub struct Told(BufWriter<File>);

impl Told {
    /// Begins the book of a simulation.
    pub fn begin(data: &Path, setting: &Setting, step_hours: u32) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        fs::create_dir_all(&folder)?;
        let about = json!({
            "schema": "arkivflyt/simulation/1", "plans": setting.plans, "seed": setting.seed, "from": setting.from, "days": setting.days,
            "step_hours": step_hours,
        });
        fs::write(folder.join("about.json"), format!("{about:#}\n"))?;
        Ok(Self(BufWriter::new(File::create(folder.join("told.jsonl"))?)))
    }

    /// One thing that was handed in at this instant.
    pub fn add(&mut self, at: Timestamp, envelope: &Value) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &json!({ "handed_in_at": at, "envelope": envelope }))?;
        self.0.write_all(b"\n")
    }

    /// All of it is in the file.
    pub fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

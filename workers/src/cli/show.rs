//! `show config`: the settings in force.

use serde_json::json;

use crate::{
    cli::Global,
    config::{self, Config},
    data::DataFolder,
    exit::Exit,
    failure::Failure,
    output::Output,
};

/// Show settings.
#[derive(Debug, clap::Subcommand)]
pub enum Show {
    /// The configuration in force: defaults, file, environment. Secrets live in files and are never shown.
    #[command(after_help = crate::exit::TABLE)]
    Config,
}

pub fn run(Show::Config: Show, global: &Global, config: &Config, output: &Output) -> Result<Exit, Failure> {
    let municipalities = DataFolder::open(&global.data).ok().and_then(|d| config::read_all(&d.municipalities()).ok()).unwrap_or_default();
    let numbers: Vec<&str> = municipalities.keys().map(|n| n.as_str()).collect();
    if !output.answer("config", json!({ "config": config, "municipalities": numbers })) {
        output.line(toml::to_string_pretty(config).expect("a configuration is writable as TOML").trim_end());
        output.line(&format!("\n# municipalities: {}", numbers.join(", ")));
    }
    Ok(Exit::Ok)
}

//! `init`: sets up a data folder.

use std::fs;

use pipeline_domain::ErrorCode;

use crate::{
    cli::{Global, audit},
    config::{Config, DEFAULT_TOML},
    data::DataFolder,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    words::pick,
};

/// Set up a data folder.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Put in the three made-up municipalities that the samples belong to.
    #[arg(long)]
    pub demo: bool,
}

/// The three made-up municipalities, as files.
pub const DEMO_MUNICIPALITIES: [(&str, &str); 3] = [
    ("9901.toml", include_str!("../../../config/municipalities/9901.toml")),
    ("9902.toml", include_str!("../../../config/municipalities/9902.toml")),
    ("9903.toml", include_str!("../../../config/municipalities/9903.toml")),
];

pub async fn run(init: Init, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = set_up(global, config, init.demo).await?;
    let municipalities = shell.municipalities.len();
    let root = shell.data.root().display().to_string();
    let begun = || shell.municipalities.keys().map(|number| audit::begin::found(&shell, number)).collect::<Result<Vec<_>, _>>();
    let logs = tokio::task::block_in_place(begun)?;
    shell.close().await;
    if output.answer("init", serde_json::json!({ "data": root, "municipalities": municipalities, "logs": logs })) {
        return Ok(Exit::Ok);
    }
    let lang = global.lang();
    output.line(&format!("{} {root}", pick(lang, "Satt opp:", "Sett opp:", "Set up:")));
    if !logs.is_empty() {
        audit::begin::tell(&logs, global, output);
    }
    if municipalities == 0 {
        output.line(pick(
            lang,
            "Neste: legg en fil per kommune i «municipalities/» (mal: 9901.toml.example der), og slipp dokumenter i «inbox/».",
            "Neste: legg ei fil per kommune i «municipalities/» (mal: 9901.toml.example der), og slepp dokument i «inbox/».",
            "Next: put one file per municipality in `municipalities/` (see 9901.toml.example there) and drop documents into `inbox/`.",
        ));
    }
    Ok(Exit::Ok)
}

/// Makes what is missing and leaves what is there.
pub async fn set_up(global: &Global, config: Config, demo: bool) -> Result<Shell, Failure> {
    let failed = |e: std::io::Error| Failure::give_up(ErrorCode::NotInitialised, format!("cannot set up {}: {e}", global.data.display()));
    let data = DataFolder::create(&global.data).map_err(failed)?;
    let keep = |path: std::path::PathBuf, text: &str| if path.exists() { Ok(()) } else { fs::write(path, text) };
    keep(data.root().join("arkivflyt.toml.example"), DEFAULT_TOML).map_err(failed)?;
    for (name, text) in DEMO_MUNICIPALITIES {
        if demo {
            keep(data.municipalities().join(name), text).map_err(failed)?;
        }
    }
    if !demo {
        keep(data.municipalities().join("9901.toml.example"), DEMO_MUNICIPALITIES[0].1).map_err(failed)?;
    }
    Shell::over(data, global, config).await
}

//! `completions`: a script that teaches a shell our words.

use clap::CommandFactory;

use crate::{cli::Arguments, exit::Exit, output::Output};

/// Print a completion script.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

pub fn run(completions: &Completions, output: &Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Arguments::command(), "arkivflyt", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end());
    Exit::Ok
}

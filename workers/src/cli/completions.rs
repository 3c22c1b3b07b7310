//! `completions`: a script that teaches a shell our words.

use std::io;

use clap::CommandFactory;

use crate::{cli::Arguments, exit::Exit};

/// Print a completion script.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

pub fn run(completions: &Completions) -> Exit {
    clap_complete::generate(completions.shell, &mut Arguments::command(), "arkivflyt", &mut io::stdout());
    Exit::Ok
}

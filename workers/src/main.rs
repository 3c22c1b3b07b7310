//! Arkivflyt: arguments → configuration → shell → command.

mod access_log;
mod any_store;
mod asking;
mod backup;
mod cli;
mod config;
mod daemon;
mod data;
mod exit;
mod failure;
mod fixity;
mod handover;
mod http;
mod jobs;
mod logging;
mod metrics;
mod output;
mod press;
mod pseudonym;
mod roles_in_year;
mod shell;
mod simulate;
mod snapshots;
mod systemd;
mod witness;
mod words;

use std::process::ExitCode;

use clap::Parser;
use pipeline_domain::ErrorCode;

use crate::{
    cli::{Arguments, Command, Global},
    config::Config,
    exit::Exit,
    failure::Failure,
    output::Output,
};

/// Rendering is mostly allocation: measured 6–12 % faster than the system's allocator, and its memory stays flat.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::RenderChild = arguments.command {
        press::child_main();
    }
    logging::install_panic_hook();
    let output = Output::new(&arguments.global);
    match start(arguments, &output) {
        Ok(exit) => exit.into(),
        Err(stop) => stop.into(),
    }
}

fn start(arguments: Arguments, output: &Output) -> Result<Exit, Exit> {
    let Arguments { global, command } = arguments;
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = Config::load(global.config.as_deref(), &global.data, environment).map_err(|e| {
        let failure = Failure::give_up(ErrorCode::ConfigInvalid, e);
        tell_failure(&failure, &global, output);
        failure.exit()
    })?;
    let time = if matches!(command, Command::Simulate(_)) { logging::Time::Steps } else { logging::Time::Flows };
    logging::start(config.log.level, &global, time);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| {
        eprintln!("arkivflyt: cannot start: {e}");
        Exit::Other
    })?;
    let in_background = matches!(command, Command::Serve(_) | Command::Worker(_));
    let done = runtime.block_on(dispatch(command, &global, config, output)).map_err(|failure| {
        if in_background && logging::is_json() {
            // Whoever collects the log reads lines of JSON.
            tracing::error!(code = %failure.code, "{} ({})", failure.code.text(global.lang()), failure.detail);
        } else {
            tell_failure(&failure, &global, output);
        }
        failure.exit()
    });
    if output.is_lost() {
        eprintln!("arkivflyt: the answer could not be written to standard output");
        return Err(Exit::Other);
    }
    done
}

async fn dispatch(command: Command, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    match command {
        Command::Init(c) => cli::init::run(c, global, config, output).await,
        Command::Demo(c) => cli::demo::run(c, global, config, output).await,
        Command::Submit(c) => cli::submit::run(c, global, config, output).await,
        Command::RunOnce(c) => cli::run_once::run(c, global, config, output).await,
        Command::Watch(c) => cli::watch::run(c, global, config, output).await,
        Command::Serve(c) => cli::serve::serve(c, global, config, output).await,
        Command::Worker(c) => cli::serve::worker(c, global, config, output).await,
        Command::Jobs(c) => cli::jobs::run(c, global, config, output).await,
        Command::Schedule(c) => cli::schedule::run(c, global, config, output).await,
        Command::Status(c) => cli::status::run(c, global, config, output).await,
        Command::Overdue(c) => cli::status::run(c.into(), global, config, output).await,
        Command::Case(c) => cli::case::run(c, global, config, output).await,
        Command::Retry(c) => cli::retry::run(c, global, config, output).await,
        Command::Verify(c) => cli::verify::run(c, global, config, output).await,
        Command::Mail(c) => cli::mail::run(c, global, config, output).await,
        Command::Render(c) => cli::render::run(c, global, config, output).await,
        Command::Sheet(c) => cli::sheet::run(c, global, config, output).await,
        Command::Print(c) => cli::print::run(c, global, config, output).await,
        Command::Check(c) => cli::check::run(c, global, config, output).await,
        Command::Show(c) => cli::show::run(c, global, &config, output),
        Command::Schema(c) => Ok(cli::schema::run(&c, output)),
        Command::Doctor(c) => cli::doctor::run(c, global, config, output).await,
        Command::Backup(c) => cli::backup::run(c, global, config, output).await,
        Command::Extract(c) => cli::extract::run(c, global, config, output).await,
        Command::Deliveries(c) => cli::deliveries::run(c, global, config, output).await,
        Command::Audit(c) => cli::audit::run(c, global, config, output).await,
        Command::Access(c) => cli::access::run(c, global, config, output).await,
        Command::Db(c) => cli::db::run(c, global, config, output).await,
        Command::Bench(c) => cli::bench::run(c, global, config, output).await,
        Command::Simulate(c) => cli::simulate::run(c, global, config, output).await,
        Command::Completions(c) => Ok(cli::completions::run(&c, output)),
        Command::Version => Ok(cli::version::run(output)),
        Command::RenderChild => unreachable!("taken care of before anything else starts"),
    }
}

/// The code, what it means, what to do next, and what we know of the cause.
fn tell_failure(failure: &Failure, global: &Global, output: &Output) {
    let text = failure.code.text(global.lang());
    let body = serde_json::json!({ "code": failure.code, "text": text, "detail": failure.detail });
    if !output.answer("error", body) {
        eprintln!("arkivflyt: {}: {text}\n           ({})", failure.code, failure.detail);
    }
}

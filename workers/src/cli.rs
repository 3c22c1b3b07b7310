//! The command line: one file per subcommand. Data goes to standard output, talk to standard error.

pub mod access;
pub mod access_export;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod case;
pub mod check;
pub mod completions;
pub mod db;
pub mod deliveries;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod extract;
pub mod init;
pub mod jobs;
pub mod mail;
pub mod overview;
pub mod preview;
pub mod print;
pub mod redact;
pub mod render;
pub mod retry;
pub mod run_once;
pub mod schedule;
pub mod schema;
pub mod serve;
pub mod sheet;
pub mod show;
pub mod simulate;
pub mod status;
pub mod submit;
pub mod verify;
pub mod version;
pub mod watch;

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use pipeline_domain::{Lang, Timestamp};

use crate::exit::TABLE;

/// Takes plans, minutes and reports safely into the archive.
///
/// Start with `arkivflyt demo`: it sets made-up documents, archives them and shows where everything lands.
#[derive(Debug, Parser)]
#[command(name = "arkivflyt", version, after_help = TABLE, propagate_version = true, disable_help_subcommand = false)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// Data folder: database, drop folder, case folders and mail.
    #[arg(long, global = true, env = "ARKIVFLYT_DATA", default_value = "data", value_name = "DIR")]
    pub data: PathBuf,
    /// Configuration file; without it `arkivflyt.toml` in the data folder, if there is one.
    #[arg(long, global = true, env = "ARKIVFLYT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Answer as JSON, one document on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Say less.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log more: -v info, -vv debug, -vvv trace. Logs hold ids, never names or content.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    /// Language of messages.
    #[arg(long, global = true, env = "ARKIVFLYT_LANG", value_enum, default_value_t = LangArg::Nb)]
    pub lang: LangArg,
    /// Pretend that it is this time (RFC 3339), so that a run can be repeated to the byte.
    #[arg(long, global = true, value_name = "TIME", hide = true)]
    pub clock: Option<Timestamp>,
}

impl Global {
    /// Language of messages.
    pub fn lang(&self) -> Lang {
        match self.lang {
            LangArg::Nb => Lang::Nb,
            LangArg::Nn => Lang::Nn,
            LangArg::En => Lang::En,
        }
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

/// Language of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LangArg {
    Nb,
    Nn,
    En,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up a data folder: folders, database and municipality files.
    #[command(after_help = TABLE)]
    Init(init::Init),
    /// Show the whole journey with made-up documents.
    #[command(after_help = TABLE)]
    Demo(demo::Demo),
    /// Hand in documents: files, folders of files, or standard input (-).
    #[command(after_help = TABLE)]
    Submit(submit::Submit),
    /// Take what lies in the drop folder, archive everything that waits, and send the notices.
    #[command(after_help = TABLE)]
    RunOnce(run_once::RunOnce),
    /// Do what run-once does whenever something comes into the drop folder, until Ctrl-C.
    #[command(after_help = TABLE)]
    Watch(watch::Watch),
    /// Work by itself: workers, schedules and the drop folder in one process, until SIGTERM.
    #[command(after_help = TABLE)]
    Serve(serve::Serve),
    /// Work on some queues beside other processes on the same database.
    #[command(after_help = TABLE)]
    Worker(serve::Worker),
    /// Look at background work, and decide on what was left for a person.
    #[command(subcommand, after_help = TABLE)]
    Jobs(jobs::Jobs),
    /// See when what happens, or do it now.
    #[command(subcommand, after_help = TABLE)]
    Schedule(schedule::Schedule),
    /// How each plan stands: last archived, waiting, failed, overdue.
    #[command(after_help = TABLE)]
    Status(status::Status),
    /// Plans that were never archived, or not for 190 days.
    #[command(after_help = TABLE)]
    Overdue(status::Overdue),
    /// Look at case folders.
    #[command(subcommand, after_help = TABLE)]
    Case(case::Case),
    /// Try again what failed: a document, a notice, or all of them.
    #[command(after_help = TABLE)]
    Retry(retry::Retry),
    /// Check every case folder, or any OCFL object or storage root with --path.
    #[command(after_help = TABLE)]
    Verify(verify::Verify),
    /// Look at notices.
    #[command(subcommand, after_help = TABLE)]
    Mail(mail::Mail),
    /// Set one document as PDF without archiving it. Needs no data folder.
    #[command(after_help = TABLE)]
    Render(render::Render),
    /// Print the sheet «what we keep and how you see it» for those whom a plan is about. Needs no database.
    #[command(after_help = TABLE)]
    Sheet(sheet::Sheet),
    /// Print chosen parts of a plan in your own view. Never the archive's copy, and every page says so.
    #[command(after_help = TABLE)]
    Print(print::Print),
    /// Check the configuration, the templates or the samples.
    #[command(subcommand, after_help = TABLE)]
    Check(check::Check),
    /// Show settings.
    #[command(subcommand, after_help = TABLE)]
    Show(show::Show),
    /// Print the JSON Schema of a document type.
    #[command(after_help = TABLE)]
    Schema(schema::SchemaOf),
    /// Look over the installation and tidy what a crash left behind.
    #[command(after_help = TABLE)]
    Doctor(doctor::Doctor),
    /// Keep everything elsewhere, and bring it back.
    #[command(subcommand, after_help = TABLE)]
    Backup(backup::Backup),
    /// Deliver closed case folders of a period as a Noark 5 extract or a DIAS package, or check one.
    #[command(after_help = TABLE)]
    Extract(extract::Extract),
    /// See what went to the municipality's case archive and what it answered, and send again.
    #[command(subcommand, after_help = TABLE)]
    Deliveries(deliveries::Deliveries),
    /// Show that nobody has rewritten the archive: check its log, the case folders and the letters that went out.
    #[command(subcommand, after_help = TABLE)]
    Audit(audit::Audit),
    /// See who may do what with a plan, who was given access, and who used it.
    #[command(subcommand, after_help = TABLE)]
    Access(access::Access),
    /// Look after the database: its schema, and where it is.
    #[command(subcommand, after_help = TABLE)]
    Db(db::Db),
    /// Measure on this machine.
    #[command(subcommand, after_help = TABLE)]
    Bench(bench::Bench),
    /// Play a school year of events for made-up plans, in a data folder of its own.
    #[command(after_help = TABLE)]
    Simulate(simulate::Simulate),
    /// Print a completion script for a shell.
    #[command(after_help = TABLE)]
    Completions(completions::Completions),
    /// Print versions of the program, its document types and its templates.
    #[command(after_help = TABLE)]
    Version,
    /// Set documents for a parent process.
    #[command(name = "__render", hide = true)]
    RenderChild,
}

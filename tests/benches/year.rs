//! A year in the life of many plans, at its full size: `arkivflyt simulate` plays it, the accounting judges it, and the program prints how much
//! there was, how long it took, and every finding. Ends with 1 when there is any.
//!
//!     cargo bench -p arkivflyt-tests --bench year
//!
//! `ARKIVFLYT_YEAR_PLANS` (500), `ARKIVFLYT_YEAR_SEED` (1), `ARKIVFLYT_YEAR_DAYS` (365) and `ARKIVFLYT_YEAR_STEP_HOURS` (1) set the year;
//! `ARKIVFLYT_YEAR_DATA` names a data folder to keep. If a year lies there already, it is judged and none is played.

use std::{path::PathBuf, process::Command, process::ExitCode, time::Instant};

use arkivflyt_tests::{Account, account, binary};

fn knob(name: &str, otherwise: u64) -> u64 {
    let set = std::env::var_os(format!("ARKIVFLYT_YEAR_{name}"));
    set.map_or(otherwise, |v| v.to_string_lossy().parse().unwrap_or_else(|_| panic!("ARKIVFLYT_YEAR_{name} is no number")))
}

/// Plays the year; how many seconds it took.
fn play(data: &std::path::Path) -> f64 {
    let begun = Instant::now();
    let numbers = [("--plans", "PLANS", 500), ("--seed", "SEED", 1), ("--days", "DAYS", 365), ("--step-hours", "STEP_HOURS", 1)];
    let mut command = Command::new(binary());
    command.arg("--data").arg(data).arg("simulate");
    for (option, name, otherwise) in numbers {
        command.arg(option).arg(knob(name, otherwise).to_string());
    }
    let status = command.status().expect("the program starts");
    assert!(status.success(), "simulate: {status}");
    begun.elapsed().as_secs_f64()
}

fn print(played: Option<f64>, judged: f64, account: &Account) {
    let summary = &account.summary;
    if let Some(seconds) = played {
        println!("played in      {seconds:.1} s, {:.1} documents/s", summary.all_documents() as f64 / seconds);
    }
    println!("judged in      {judged:.1} s");
    println!("folders        {} ({} closed, {} protected)", summary.folders, summary.closed, summary.protected);
    println!("documents      {}", summary.all_documents());
    summary.documents.iter().for_each(|(kind, n)| println!("  {n:>8}  {kind}"));
    println!("attachments    {}", summary.attachments);
    println!("mails          {} ({} may have come or not)", summary.all_mails(), summary.open_questions);
    summary.mails.iter().for_each(|(kind, n)| println!("  {n:>8}  {kind}"));
    println!("looks          {}", summary.looks);
    println!("screened       {} units, {} values looked for", summary.screened, summary.needles);
    println!("findings       {}", account.findings.len());
    account.findings.iter().for_each(|finding| println!("  {}: {}", finding.code, finding.at));
}

fn main() -> ExitCode {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let data = std::env::var_os("ARKIVFLYT_YEAR_DATA").map_or_else(|| temporary.path().join("data"), PathBuf::from);
    let played = (!data.join("simulation/told.jsonl").exists()).then(|| play(&data));
    let begun = Instant::now();
    let account = account(&data);
    print(played, begun.elapsed().as_secs_f64(), &account);
    if account.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

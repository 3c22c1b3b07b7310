//! `mail bounces`: what came back.

use pipeline_domain::Lang;
use serde_json::json;

use crate::{
    cli::Global,
    exit::Exit,
    failure::Failure,
    jobs::bounces::{self, Flagged, Look, Noted, ReportBook},
    output::Output,
    shell::Shell,
    words::pick,
};

/// Messages for a person that are listed.
const MOST_FLAGGED: usize = 1000;

/// What `mail bounces` is asked.
#[derive(Debug, clap::Args)]
pub struct Bounces {
    /// At most so many reports, the newest.
    #[arg(long, default_value_t = 200)]
    limit: usize,
}

pub async fn run(asked: &Bounces, shell: &Shell, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let looked = bounces::look(shell).await?;
    let mut reports = ReportBook::of(shell).all()?;
    reports.truncate(asked.limit);
    let flagged = bounces::flagged(shell, MOST_FLAGGED).await?;
    let (set_up, seen) = match &looked {
        Look::NotSetUp => (false, None),
        Look::Busy => (true, None),
        Look::Done(summary) => (true, Some(summary)),
    };
    if !output.answer("mail_bounces", json!({ "set_up": set_up, "looked": seen, "reports": reports, "to_look_at": flagged })) {
        tell(&looked, &reports, &flagged, global.lang(), output);
    }
    Ok(Exit::Ok)
}

fn tell(looked: &Look, reports: &[Noted], flagged: &[Flagged], lang: Lang, output: &Output) {
    if *looked == Look::NotSetUp {
        output.talk(pick(
            lang,
            "Oppsettet nevner ingen postkasse for retur (mail.bounces). Det som kommer i retur, blir ikke lest.",
            "Oppsettet nemner inga postkasse for retur (mail.bounces). Det som kjem i retur, blir ikkje lese.",
            "The configuration names no mailbox for returned mail (mail.bounces). What comes back is not read.",
        ));
    }
    let head = [
        "#",
        pick(lang, "Hva skjedde", "Kva hende", "What happened"),
        pick(lang, "Kode", "Kode", "Code"),
        pick(lang, "Slag", "Slag", "Kind"),
        pick(lang, "Når", "Når", "When"),
    ];
    output.table(&head, reports.iter().map(|noted| row(noted, lang)).collect());
    if !flagged.is_empty() {
        output.line(pick(lang, "Må ses på av et menneske:", "Må sjåast på av eit menneske:", "A person must look at:"));
    }
    for Flagged { file, why } in flagged {
        output.line(&format!("{why:<14} cur/{file}"));
    }
}

fn row(noted: &Noted, lang: Lang) -> Vec<String> {
    let action = match noted.action.as_str() {
        "delivered" => pick(lang, "levert", "levert", "delivered"),
        "relayed" => pick(lang, "sendt videre uten rapport", "sendt vidare utan rapport", "given on, no report"),
        "expanded" => pick(lang, "fordelt til flere", "fordelt til fleire", "given on to several"),
        "delayed" => pick(lang, "forsinket", "forseinka", "delayed"),
        _ => pick(lang, "kom ikke fram", "kom ikkje fram", "failed"),
    };
    let kind = match (noted.bounce.as_deref(), noted.passed_on) {
        (None, _) => "",
        (Some(_), true) => pick(lang, "videresendt adresse", "vidaresend adresse", "address passed on to"),
        (Some("hard"), false) => pick(lang, "adressen tar ikke imot", "adressa tek ikkje imot", "the address takes no mail"),
        (Some("policy"), false) => pick(lang, "avvist av en regel", "avvist av ein regel", "refused by a rule"),
        (Some(_), false) => pick(lang, "forbigående", "forbigåande", "passing"),
    };
    vec![noted.number.to_string(), action.to_owned(), noted.status.clone(), kind.to_owned(), noted.at.unwrap_or(noted.read_at).to_string()]
}

//! Sends the notices that wait, each at most once. What is sent, and whether it is worth sending still, is decided at the last moment.

pub mod footing;
mod letter;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pipeline_domain::{ErrorCode, NextStep, Notice, Verdict};
use pipeline_notify::{EnvelopeId, Mail as Letter, Maildir, SendOutcome, SmtpRelay};
use pipeline_queue::{Backoff, Failures, Seed};
use pipeline_store::{Claim, Mail, MailOutcome, Outbox, RunId, StoreError};
use serde::Serialize;

use crate::{
    config::Municipality,
    failure::Failure,
    jobs::{bounces, run::StopFlag},
    shell::{Outlet, Shell},
};

pub use letter::{address, letter};

const PAGE: u32 = 64;
/// Between two tries to write down how a mail went; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Less than a job may take. A mail that is not written down by then is as one whose process died.
const LONGEST_IN_ALL: Duration = Duration::from_secs(5 * 60);

/// What became of the mails of one run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MailSummary {
    pub sent: u32,
    pub later: u32,
    pub doubtful: u32,
    /// By code.
    pub failed: BTreeMap<&'static str, u32>,
    /// Not sent, and rightly so: by code.
    pub stopped: BTreeMap<&'static str, u32>,
}

/// Whether a mail that was not sent for this reason needs nobody to look at it: it was worth nothing any more, or might not be sent.
pub fn is_rightly_stopped(code: ErrorCode) -> bool {
    use ErrorCode::{ConsentExpired, ConsentMissing, NoticeExpired, NoticeOpened};
    [NoticeExpired, NoticeOpened, ConsentMissing, ConsentExpired].contains(&code)
}

/// The archivist's report on a run; none when the municipality names no archivist.
pub fn run_reports(municipality: &Municipality, run: RunId) -> Vec<Notice> {
    let report = || pipeline_notify::run_report_notice(&format!("{}.{run}", municipality.number), municipality.written_form);
    municipality.mail.archivist.iter().map(|_| report()).collect()
}

/// Word to the archivist that a scheduled run left a report.
pub fn scheduled_reports(municipality: &Municipality, run: RunId) -> Vec<Notice> {
    let word = || {
        pipeline_notify::run_report_notice(&format!("{}.{run}.{}", municipality.number, letter::LEFT_A_REPORT), municipality.written_form)
    };
    municipality.mail.archivist.iter().map(|_| word()).collect()
}

/// Sends everything that is due.
pub async fn send_due(shell: &Arc<Shell>, stop: &StopFlag) -> Result<MailSummary, Failure> {
    let mut summary = MailSummary::default();
    let outlet = Arc::new(shell.outlet()?);
    if let Outlet::Maildir(maildir) = &*outlet {
        maildir.sweep_tmp()?;
    }
    loop {
        let due = shell.store.mails_due(shell.clock.now(), PAGE).await?;
        if due.is_empty() || stop.is_raised() {
            return Ok(summary);
        }
        let relay_is_up = match &*outlet {
            Outlet::Maildir(_) => deliver_page(shell, &outlet, due, &mut summary).await?,
            Outlet::Smtp(_) => transmit_page(shell, &outlet, due, stop, &mut summary).await?,
        };
        if relay_is_up == Relay::Down {
            return Ok(summary);
        }
    }
}

/// Whether it is worth while to try the next mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relay {
    Up,
    Down,
}

/// A folder takes many letters at once.
async fn deliver_page(shell: &Arc<Shell>, outlet: &Arc<Outlet>, due: Vec<Mail>, summary: &mut MailSummary) -> Result<Relay, Failure> {
    let mut tasks = tokio::task::JoinSet::new();
    for mail in due {
        let (shell, outlet) = (shell.clone(), outlet.clone());
        tasks.spawn(async move { send(&shell, &outlet, mail).await });
    }
    while let Some(done) = tasks.join_next().await {
        let (outcome, _) = done.map_err(|_| Failure::give_up(ErrorCode::MailConfig, "a mail's task ended in an internal error"))??;
        summary.count(outcome);
    }
    Ok(Relay::Up)
}

/// A relay gets one connection at a time. When it is down, the rest waits: trying each would take its time-out each.
async fn transmit_page(
    shell: &Shell,
    outlet: &Outlet,
    due: Vec<Mail>,
    stop: &StopFlag,
    summary: &mut MailSummary,
) -> Result<Relay, Failure> {
    for mail in due {
        if stop.is_raised() {
            break;
        }
        let (outcome, relay) = send(shell, outlet, mail).await?;
        summary.count(outcome);
        if relay == Relay::Down {
            return Ok(Relay::Down);
        }
    }
    Ok(Relay::Up)
}

impl MailSummary {
    fn count(&mut self, outcome: Option<MailOutcome>) {
        match outcome {
            None => {}
            Some(MailOutcome::Accepted | MailOutcome::Delivered) => self.sent += 1,
            Some(MailOutcome::Doubtful { .. }) => self.doubtful += 1,
            Some(MailOutcome::NotSent { next: NextStep::RetryAt(_), .. }) => self.later += 1,
            Some(MailOutcome::NotSent { code, next: NextStep::Failed, .. }) => {
                let by_code = if is_rightly_stopped(code) { &mut self.stopped } else { &mut self.failed };
                *by_code.entry(code.id()).or_default() += 1;
            }
        }
    }
}

/// Sends one mail and writes down how it went. `None` when somebody else has it.
pub async fn send(shell: &Shell, outlet: &Outlet, mail: Mail) -> Result<(Option<MailOutcome>, Relay), Failure> {
    let now = shell.clock.now();
    let (outcome, relay) = match letter::timely(shell, &mail).await {
        Ok(letter) => match shell.store.claim_mail(&mail.dedupe_key, &letter.message_id, now).await? {
            Claim::Taken(_) => return Ok((None, Relay::Up)),
            Claim::Yours(_) => carry(shell, outlet, &mail, letter).await,
        },
        // What the letter is made of could not be asked for: no fault of the mail's.
        Err(failure) if failure.code == ErrorCode::StoreUnavailable => return Err(failure),
        Err(failure) => {
            let message_id = pipeline_notify::message_id(&mail.dedupe_key, "invalid");
            let Claim::Yours(_) = shell.store.claim_mail(&mail.dedupe_key, &message_id, now).await? else { return Ok((None, Relay::Up)) };
            (not_sent(shell, &mail, failure), Relay::Up)
        }
    };
    record(shell, &mail, &outcome).await?;
    tracing::info!(mail.id = %mail.id, outcome = outcome_word(&outcome), "mail");
    Ok((Some(outcome), relay))
}

/// Nobody else knows how it went, and until it is written down nobody takes the mail up again: a database that is away is waited for.
async fn record(shell: &Shell, mail: &Mail, outcome: &MailOutcome) -> Result<(), Failure> {
    let at = shell.clock.now();
    let (mut wait, mut waited) = (FIRST_WAIT, Duration::ZERO);
    loop {
        match shell.store.record_mail(&mail.dedupe_key, outcome, at).await {
            Err(StoreError::Unavailable { .. }) if waited < LONGEST_IN_ALL => tokio::time::sleep(wait).await,
            recorded => return recorded.map_err(Failure::from),
        }
        waited += wait;
        wait = (2 * wait).min(LONGEST_WAIT);
    }
}

fn outcome_word(outcome: &MailOutcome) -> &'static str {
    match outcome {
        MailOutcome::Accepted => "accepted",
        MailOutcome::Delivered => "delivered",
        MailOutcome::Doubtful { .. } => "doubtful",
        MailOutcome::NotSent { .. } => "not sent",
    }
}

async fn carry(shell: &Shell, outlet: &Outlet, mail: &Mail, letter: Letter) -> (MailOutcome, Relay) {
    match outlet {
        Outlet::Maildir(maildir) => (deliver(shell, maildir.clone(), mail, letter).await, Relay::Up),
        Outlet::Smtp(relay) => transmit(shell, relay, mail, &letter).await,
    }
}

/// Into the folder. A letter of this name that lies there already is this letter.
async fn deliver(shell: &Shell, maildir: Arc<Maildir>, mail: &Mail, letter: Letter) -> MailOutcome {
    match tokio::task::spawn_blocking(move || maildir.deliver(&letter)).await {
        Ok(Ok(_)) => MailOutcome::Delivered,
        Ok(Err(e)) => not_sent(shell, mail, e.into()),
        Err(_) => not_sent(shell, mail, Failure::retry(ErrorCode::MailTemporary, "delivery ended in an internal error")),
    }
}

/// To the relay. The store knows that the body is out before the final dot is: what breaks after it is doubt, not failure.
async fn transmit(shell: &Shell, relay: &SmtpRelay, mail: &Mail, letter: &Letter) -> (MailOutcome, Relay) {
    let id = EnvelopeId::new(mail.id.0, &mail.dedupe_key);
    let outcome = match relay.send(letter, &id, shell.store.mark_body_sent(&mail.dedupe_key)).await {
        Ok(outcome) => outcome,
        Err(e) => return (not_sent(shell, mail, e.into()), Relay::Up),
    };
    let relay = if outcome.is_about_relay() { Relay::Down } else { Relay::Up };
    // The relay knows at once what a report would tell later.
    if outcome.condemns_address()
        && let Err(failure) = bounces::block(shell, mail, shell.clock.now()).await
    {
        tracing::error!(mail.id = %mail.id, code = %failure.code, "an address that takes no mail is not blocked: {}", failure.detail);
    }
    if outcome == SendOutcome::Doubtful {
        return (MailOutcome::Doubtful { detail: outcome.to_string() }, relay);
    }
    let settled = match outcome.into_result(&letter.message_id) {
        Ok(()) => MailOutcome::Accepted,
        Err(e) => not_sent(shell, mail, e.into()),
    };
    (settled, relay)
}

fn not_sent(shell: &Shell, mail: &Mail, failure: Failure) -> MailOutcome {
    let now = shell.clock.now();
    let failures = Failures { count: mail.attempts + 1, first_at: mail.first_failed_at.unwrap_or(now) };
    let next = Backoff::default().next_step(failure.verdict, failures, now, Seed::of(&mail.dedupe_key));
    if is_rightly_stopped(failure.code) {
        tracing::info!(mail.id = %mail.id, code = %failure.code, "mail stopped: {}", failure.detail);
    } else if failure.verdict == Verdict::GiveUp {
        tracing::error!(mail.id = %mail.id, code = %failure.code, "mail failed: {}", failure.detail);
    }
    MailOutcome::NotSent { code: failure.code, detail: failure.detail, next }
}

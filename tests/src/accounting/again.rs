//! Second notices (DOMAIN § 8): once more, to who has opened nothing for seven days.

use chrono::TimeDelta;

use super::{
    Year,
    announced::{News, Owed, reached},
    life::{Holds, Life, Lives},
    person::Recipient,
    times::Instant,
};

/// Kinds that have a second notice.
const SECOND: [&str; 5] = ["consent_request", "minutes_ready", "minutes_corrected", "new_message", "annual_report_ready"];
/// How long something may lie unopened.
const PATIENCE: TimeDelta = TimeDelta::days(7);
/// Who has waited goes out at the next full run, which looks every hour.
const EVERY: TimeDelta = TimeDelta::hours(1);

/// The second notice of each first one that calls for it.
pub fn mails<'a>(year: &Year, lives: &Lives<'a>, first: &[Owed<'a>]) -> Vec<Owed<'a>> {
    first.iter().filter(|f| SECOND.contains(&f.kind)).filter_map(|first| second(year, lives, first)).collect()
}

fn second<'a>(year: &Year, lives: &Lives<'a>, first: &Owed<'a>) -> Option<Owed<'a>> {
    let cause = first.cause?;
    let life = lives.plans.get(cause.plan())?;
    let (from, until) = (first.from + PATIENCE, first.until + PATIENCE + EVERY + year.slack());
    if from >= year.end() {
        return None;
    }
    let news = News { kind: first.kind, cause, from, until };
    let again = reached(lives, life, &news, Recipient { hat: first.hat, contact: Some(first.contact.clone()) })?;
    let unopened = Holds::between(from, until, |at| !is_seen(life, first, at));
    let in_the_year = Holds::between(from, until, |at| at < year.end());
    if unopened == Holds::No {
        return None;
    }
    let is_sure = first.is_sure && again.is_sure && unopened == Holds::Yes && in_the_year == Holds::Yes;
    Some(Owed { again: true, is_sure, why: format!("{}, again", again.why), ..again })
}

/// Opened by that person since it was sent, or answered by anybody (row 2: an answer is as good as an opening).
fn is_seen(life: &Life, first: &Owed, at: Instant) -> bool {
    let Some(cause) = first.cause else { return false };
    let matter = cause.matter().unwrap_or(cause.id());
    let opened = first.contact.person.as_deref().is_some_and(|who| life.has_opened(matter, who, cause.instant("/occurred_at"), at));
    opened || first.kind == "consent_request" && !life.unanswered(at).contains(matter)
}

//! What a text can ask for, in its own language.

use pipeline_domain::{Lang, NoticeKind, Timestamp};

use crate::{
    facts::{DigestCounts, LoginLink, MailFacts, MeetingTimes, RunCounts},
    sender::CheckedSender,
    text::Values,
    words,
};

/// The values of one mail. A place that is not among them is unknown, and a text that asks for it is refused: a report must not
/// go out without its counts.
pub(crate) fn values(kind: NoticeKind, lang: Lang, sender: &CheckedSender, at: Timestamp, facts: &MailFacts) -> Values {
    let mut values = vec![
        ("municipality", Some(sender.municipality.clone())),
        ("contact_point", Some(sender.contact_point.clone())),
        ("login_url", (facts.login_link == LoginLink::Shown).then(|| sender.login_url.clone())),
        ("read_by", facts.read_by.map(|date| words::day(date, lang))),
        ("at", Some(words::moment(at, lang))),
    ];
    if facts.run.is_some() || facts.report.is_some() {
        let run = |of: fn(RunCounts) -> u32| facts.run.map(|run| of(run).to_string());
        values.extend([
            ("archived", run(|r| r.archived)),
            ("already_there", run(|r| r.already_there)),
            ("refused", run(|r| r.refused)),
            ("failed", run(|r| r.failed)),
            ("on_paper", run(|r| r.on_paper)),
            ("to_follow_up", facts.report.map(|report| report.to_follow_up.to_string())),
        ]);
    }
    if let Some(digest) = facts.digest {
        let count = |of: fn(DigestCounts) -> u32| Some(of(digest).to_string());
        values.extend([
            ("unanswered", count(|d| d.unanswered_consents)),
            ("unsent", count(|d| d.unsent_minutes)),
            ("unevaluated", count(|d| d.overdue_evaluations)),
            ("unarchived", count(|d| d.overdue_archiving)),
        ]);
    }
    if kind.is_about_a_meeting() {
        let meeting = facts.meeting.filter(|_| facts.meeting_times == MeetingTimes::Shown);
        values.push(("when", meeting.map(|m| words::span(m.starts_at, m.ends_at, lang))));
    }
    values
}

//! What somebody is reminded of, and when (DOMAIN § 8).

use pipeline_domain::{Date, DocumentId, MeetingState, NoticeKind, RecipientRef, Timestamp};

use crate::{
    Consent, Life, Standing,
    calendar::{days_before, days_between},
};

/// Days before a consent ends: the last day that it holds.
const BEFORE_THE_END: [u16; 3] = [30, 14, 1];
/// At this stage the ones who decide are told too, while there is time to answer.
const DECIDERS_ARE_TOLD: u16 = 14;
/// Days before a meeting.
const BEFORE_A_MEETING: u16 = 2;
/// That a consent has ended is told for so long: whoever was stopped for a while catches up, and old consents are let lie.
const TOLD_OF_THE_END_DAYS: i64 = 14;

/// One thing that somebody is reminded of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reminder {
    /// As what.
    pub kind: NoticeKind,
    /// The consent or meeting.
    pub matter: DocumentId,
    /// The last day that the consent holds, or the day of the meeting.
    pub day: Date,
    /// How long before it.
    pub stage: Stage,
    /// Whom.
    pub whom: Whom,
}

/// How long before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// So many days.
    DaysBefore(u16),
    /// It has come.
    Reached,
    /// It has come again: the consent was given anew after it had ended.
    ReachedAgain,
}

/// Whom. Who that is in person stands in the newest event or in the invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whom {
    /// Who leads the plan.
    Lead,
    /// Subject and guardians, as their age says on the day ([`Case::deciders`](pipeline_domain::Case::deciders)).
    Deciders,
    /// Those who were called to the meeting and have not declined.
    Called,
}

impl Reminder {
    /// The key under which it reaches this person once: kind, matter, day, stage, recipient. That a consent has ended has the key
    /// that the source system's own event of it has, so that whoever comes second says nothing.
    pub fn dedupe_key(&self, recipient: RecipientRef) -> String {
        let Self { kind, matter, day, .. } = self;
        let (kind, recipient) = (kind.id(), recipient.to_string().replace(':', "-"));
        match self.stage {
            Stage::DaysBefore(days) => format!("{kind}:{matter}:{day}:{days}:{recipient}"),
            Stage::Reached => format!("{kind}:{matter}:{recipient}"),
            Stage::ReachedAgain => format!("{kind}:{matter}:{day}:again:{recipient}"),
        }
    }
}

/// What somebody is reminded of now. A reminder stays until the next stage begins, so that whoever was stopped on its day catches
/// up; its key keeps it from being sent twice. Nothing of a closed plan.
pub fn reminders(life: &Life, now: Timestamp) -> Vec<Reminder> {
    if life.is_closed() {
        return Vec::new();
    }
    let consents = life.consents.iter().flat_map(|(matter, consent)| of_consent(*matter, consent, now.oslo_date()));
    let meetings = life.meetings.by_matter.iter().filter_map(|(matter, meeting)| {
        let remind_at = days_before(meeting.begins, u64::from(BEFORE_A_MEETING));
        // Who was called later than that has just been told.
        let is_called_before = meeting.called_at.is_some_and(|called| called <= remind_at);
        let is_on = meeting.state == MeetingState::Planned && meeting.held_at.is_none();
        (is_on && is_called_before && remind_at <= now && now < meeting.begins).then_some(Reminder {
            kind: NoticeKind::MeetingReminder,
            matter: *matter,
            day: meeting.begins.oslo_date(),
            stage: Stage::DaysBefore(BEFORE_A_MEETING),
            whom: Whom::Called,
        })
    });
    consents.chain(meetings).collect()
}

fn of_consent(matter: DocumentId, consent: &Consent, today: Date) -> Vec<Reminder> {
    let Some(last) = consent.valid_until else { return Vec::new() };
    let remind = |kind, stage, whom| Reminder { kind, matter, day: last, stage, whom };
    match consent.standing(today) {
        Standing::Valid => {
            let Some(days) = stage_of(consent, last, today) else { return Vec::new() };
            let deciders = (days == DECIDERS_ARE_TOLD).then_some(Whom::Deciders);
            let whom = [Whom::Lead].into_iter().chain(deciders);
            whom.map(|whom| remind(NoticeKind::ConsentExpiring, Stage::DaysBefore(days), whom)).collect()
        }
        // On the day when it holds no more: the one after its last, or the one that the source system says.
        Standing::Expired(end) if days_between(end, today) <= TOLD_OF_THE_END_DAYS => {
            let stage = if consent.was_renewed { Stage::ReachedAgain } else { Stage::Reached };
            vec![remind(NoticeKind::ConsentExpired, stage, Whom::Lead)]
        }
        _ => Vec::new(),
    }
}

/// The stage that has begun last. One that was over when the consent was given never comes.
fn stage_of(consent: &Consent, last: Date, today: Date) -> Option<u16> {
    let left = days_between(today, last);
    let days = BEFORE_THE_END.into_iter().rev().find(|days| left <= i64::from(*days))?;
    let given = consent.approved_at?.oslo_date();
    (days_between(given, last) >= i64::from(days)).then_some(days)
}

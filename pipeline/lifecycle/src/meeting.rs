//! Meetings: called, moved, called off, held, and whether their minutes have come.

use std::collections::BTreeMap;

use pipeline_domain::{ActorId, DocumentId, DocumentKind, EventName, Fact, FactKind, MeetingReply, MeetingState, Timestamp};

/// One meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// When it begins, or began, as last said.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// When the newest invitation was made; `None` for a meeting that nobody was called to in writing.
    pub called_at: Option<Timestamp>,
    /// Whether it is held, as the newest invitation says.
    pub state: MeetingState,
    /// When the source system said that it had been held.
    pub held_at: Option<Timestamp>,
}

impl Meeting {
    fn at(begins: Timestamp) -> Self {
        Self { begins, ends: None, called_at: None, state: MeetingState::Planned, held_at: None }
    }
}

/// What somebody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// What.
    pub reply: MeetingReply,
}

/// All meetings of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meetings {
    /// By the invitation's document, or the id that the source system gives the meeting.
    pub by_matter: BTreeMap<DocumentId, Meeting>,
    /// Documents with minutes, and when the meeting that they are of began.
    pub minutes: BTreeMap<DocumentId, Timestamp>,
    /// The last answer of each who has answered, by the meeting and the pseudonym.
    pub answers: BTreeMap<(DocumentId, ActorId), Answer>,
}

impl Meetings {
    pub(crate) fn take(&mut self, fact: &Fact) {
        self.take_answer(fact);
        let (Some(matter), Some(begins)) = (fact.about.matter, fact.about.begins) else { return };
        match fact.kind {
            FactKind::Document(DocumentKind::MeetingInvitation) => {
                if self.by_matter.get(&matter).is_some_and(|meeting| meeting.begins != begins) {
                    // Who said yes or no to another time has said nothing of this one.
                    self.answers.retain(|(of, _), _| *of != matter);
                }
                let meeting = self.meeting(matter, begins);
                meeting.ends = fact.about.ends;
                meeting.called_at = Some(fact.at);
                meeting.state = fact.about.meeting.unwrap_or_default();
            }
            FactKind::Event(EventName::MeetingHeld) => self.meeting(matter, begins).held_at = Some(fact.at),
            FactKind::Document(DocumentKind::MeetingMinutes) => drop(self.minutes.insert(matter, begins)),
            _ => {}
        }
    }

    fn take_answer(&mut self, fact: &Fact) {
        let is_answer = fact.kind == FactKind::Event(EventName::MeetingAnswered);
        if let (true, Some(matter), Some(who), Some(reply)) = (is_answer, fact.about.matter, fact.about.actor, fact.about.reply) {
            self.answers.insert((matter, who), Answer { at: fact.at, reply });
        }
    }

    /// What somebody who was called has last said of coming: `written` in the newest version of the invitation, or answered since. An
    /// invitation that knows no answer takes none back, unless it moves the meeting.
    pub fn reply_of(&self, matter: DocumentId, who: ActorId, written: MeetingReply) -> MeetingReply {
        let Some(answer) = self.answers.get(&(matter, who)) else { return written };
        let called_at = self.by_matter.get(&matter).and_then(|meeting| meeting.called_at);
        let is_newer = called_at.is_none_or(|called_at| called_at <= answer.at);
        if is_newer || written == MeetingReply::None { answer.reply } else { written }
    }

    fn meeting(&mut self, matter: DocumentId, begins: Timestamp) -> &mut Meeting {
        let meeting = self.by_matter.entry(matter).or_insert_with(|| Meeting::at(begins));
        meeting.begins = begins;
        meeting
    }

    /// Meetings that were held and whose minutes have not come, by their id.
    ///
    /// Minutes are those of the meeting whose id they bear. Else they are of a meeting on the same day, each of one: whoever
    /// wrote the time down when it was over may be some minutes off, so the pairs that lie closest find each other first.
    pub fn without_minutes(&self) -> Vec<DocumentId> {
        let held = self.by_matter.iter().filter(|(_, meeting)| meeting.held_at.is_some());
        let mut waiting: BTreeMap<DocumentId, Timestamp> = held.map(|(id, meeting)| (*id, meeting.begins)).collect();
        let mut unclaimed = self.minutes.clone();
        unclaimed.retain(|id, _| waiting.remove(id).is_none());
        let mut pairs = Vec::new();
        for (meeting, began) in &waiting {
            let same_day = unclaimed.iter().filter(|(_, of)| of.oslo_date() == began.oslo_date());
            pairs.extend(same_day.map(|(minutes, of)| (of.unix_seconds().abs_diff(began.unix_seconds()), *meeting, *minutes)));
        }
        pairs.sort_unstable();
        for (_, meeting, minutes) in pairs {
            if waiting.contains_key(&meeting) && unclaimed.remove(&minutes).is_some() {
                waiting.remove(&meeting);
            }
        }
        waiting.into_keys().collect()
    }
}

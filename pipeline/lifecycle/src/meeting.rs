//! Meetings: called, moved, called off, held, and whether their minutes have come.

use std::collections::BTreeMap;

use pipeline_domain::{DocumentId, DocumentKind, EventName, Fact, FactKind, MeetingState, Timestamp};

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

/// All meetings of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meetings {
    /// By the invitation's document, or the id that the source system gives the meeting.
    pub by_matter: BTreeMap<DocumentId, Meeting>,
    /// Documents with minutes, and when the meeting that they are of began.
    pub minutes: BTreeMap<DocumentId, Timestamp>,
}

impl Meetings {
    pub(crate) fn take(&mut self, fact: &Fact) {
        let (Some(matter), Some(begins)) = (fact.about.matter, fact.about.begins) else { return };
        match fact.kind {
            FactKind::Document(DocumentKind::MeetingInvitation) => {
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

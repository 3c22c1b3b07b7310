//! Meetings: called, moved, called off, held; and their minutes, which some forget.

use pipeline_domain::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{Act, Out};
use crate::simulate::{
    calendar::{minutes_after, plus, working_day},
    cast::Turn,
    plan::{Meeting, Plan},
};

impl Plan {
    pub(super) fn call(&mut self, now: Timestamp, begins: Timestamp, out: &mut Out<'_>) {
        if !self.is_active() {
            return;
        }
        let n = self.meetings.len();
        let meeting = Meeting {
            id: self.id_of(&format!("meeting {n}")),
            version: 0,
            begins,
            ends: minutes_after(begins, 90),
            is_cancelled: false,
            is_held: false,
            minutes: 0,
            replies: Vec::new(),
        };
        self.meetings.push(meeting);
        self.change(now, ("Møte", "Møte"));
        out.send(self.invitation(now, n, "meeting.invited"));
        self.expect_answers(now, n, out);
        let by_chance = match self.chance.below(100) {
            0..18 => Turn::Moved,
            18..30 => Turn::CalledOff,
            _ => Turn::None,
        };
        match self.part.first_meeting.filter(|_| n == 0).unwrap_or(by_chance) {
            Turn::Moved => {
                let moved = self.office_hours(now, 3);
                out.later(moved, Act::MoveMeeting(n));
            }
            Turn::CalledOff => {
                let off = self.office_hours(now, 6);
                out.later(off, Act::CallOff(n));
            }
            Turn::None => {}
        }
        self.lead_up_to(n, out);
    }

    fn lead_up_to(&mut self, n: usize, out: &mut Out<'_>) {
        let Meeting { begins, ends, .. } = self.meetings[n];
        if self.chance.percent(60) {
            out.later(minutes_after(begins, -24 * 60), Act::StartsSoon(n));
        }
        out.later(minutes_after(ends, 15), Act::Hold(n));
    }

    /// A week later, at the same time of day.
    pub(super) fn move_meeting(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        if !self.is_active() || self.meetings[n].is_cancelled {
            return;
        }
        let old = self.meetings[n].begins;
        let day = working_day(plus(old.oslo_date().naive(), 7));
        let time = old.oslo_local().time();
        let begins = crate::simulate::calendar::at(day, chrono::Timelike::hour(&time), chrono::Timelike::minute(&time));
        let meeting = &mut self.meetings[n];
        (meeting.begins, meeting.ends) = (begins, minutes_after(begins, 90));
        // Who said yes or no to another day has said nothing of this one.
        meeting.replies.clear();
        self.change(now, ("Møte", "Møte"));
        out.send(self.invitation(now, n, "meeting.changed"));
        self.expect_answers(now, n, out);
        self.lead_up_to(n, out);
    }

    /// Half of those who are called answer; some of them change their minds.
    fn expect_answers(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        let (lead, call) = (self.lead().id, self.meetings[n].version);
        let called: Vec<Uuid> = self.company(now).into_iter().map(|c| c.person.id).filter(|id| *id != lead).collect();
        for person in called {
            let reply = match self.chance.below(100) {
                0..38 => "accepted",
                38..43 => "tentative",
                43..52 => "declined",
                _ => continue,
            };
            let (days, later) = (self.chance.between(1, 5), self.chance.between(6, 8));
            let answered = self.office_hours(now, days);
            out.later(answered, Act::Reply { meeting: n, call, person, reply });
            if self.chance.percent(8) {
                let reply = if reply == "declined" { "accepted" } else { "declined" };
                let again = self.office_hours(now, later);
                out.later(again, Act::Reply { meeting: n, call, person, reply });
            }
        }
    }

    pub(super) fn reply(&mut self, now: Timestamp, (n, call): (usize, u32), person: Uuid, reply: &'static str, out: &mut Out<'_>) {
        let meeting = &mut self.meetings[n];
        if meeting.version != call || meeting.is_cancelled || meeting.is_held || self.status != "active" {
            return;
        }
        meeting.replies.retain(|(who, _)| *who != person);
        meeting.replies.push((person, reply));
        let matter = meeting.id;
        out.send(self.event("meeting.answered", now, json!({ "matter": matter, "actor": person, "reply": reply })));
    }

    pub(super) fn call_off(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        let meeting = &mut self.meetings[n];
        if meeting.is_held || meeting.is_cancelled || meeting.begins <= now {
            return;
        }
        meeting.is_cancelled = true;
        self.change(now, ("Møte", "Møte"));
        out.send(self.invitation(now, n, "meeting.cancelled"));
    }

    /// Of a meeting that was moved, only the new day counts.
    fn is_on(&self, n: usize) -> bool {
        let meeting = &self.meetings[n];
        self.is_active() && !meeting.is_cancelled && !meeting.is_held
    }

    pub(super) fn starts_soon(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        let Meeting { id, begins, .. } = self.meetings[n];
        if self.is_on(n) && minutes_after(begins, -24 * 60) == now {
            out.send(self.event("meeting.starts_soon", now, json!({ "matter": id, "begins": begins })));
        }
    }

    /// Held: the plan is written on, and minutes follow, unless somebody forgets.
    pub(super) fn hold(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        let Meeting { id, begins, ends, .. } = self.meetings[n];
        if !self.is_on(n) || minutes_after(ends, 15) != now {
            return;
        }
        self.meetings[n].is_held = true;
        out.send(self.event("meeting.held", now, json!({ "matter": id, "begins": begins })));
        if self.chance.percent(60) {
            out.later(minutes_after(now, 45), Act::Change);
        }
        let days = match self.chance.below(100) {
            _ if self.part.corrects => 3,
            0..75 => self.chance.between(1, 6),
            75..90 => self.chance.between(10, 25),
            _ => return,
        };
        let sent = self.office_hours(now, days);
        out.later(sent, Act::SendMinutes(n));
    }

    pub(super) fn send_minutes(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        if self.meetings[n].minutes > 0 {
            return;
        }
        let envelope = self.minutes(now, n);
        out.send(envelope);
        self.readers_of_minutes(now, n, out);
        if self.part.corrects || self.chance.percent(15) {
            let corrected = self.office_hours(now, 4);
            out.later(corrected, Act::CorrectMinutes(n));
        }
    }

    pub(super) fn correct_minutes(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        let envelope = self.minutes(now, n);
        out.send(envelope);
        self.readers_of_minutes(now, n, out);
    }

    fn readers_of_minutes(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        let readers: Vec<(Uuid, &'static str)> = self.company(now).into_iter().map(|c| (c.person.id, c.acts_as)).collect();
        let matter = self.id_of(&format!("minutes {n}"));
        self.expect_openings(now, matter, readers, out);
    }
}

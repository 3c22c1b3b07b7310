//! The ends of plans: an IOP's year, closing, and taking up again.

use pipeline_domain::{PlanType, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::{Act, Destination, Out};
use crate::simulate::{
    calendar::{minutes_after, next_school_year},
    plan::Plan,
    words::Said,
};

const MINUTES_MISSING: Said = ("Et referat er ikke skrevet.", "Eit referat er ikkje skrive.");
const CONSENT_UNANSWERED: Said = ("Et spørsmål om samtykke er ikke besvart.", "Eit spørsmål om samtykke er ikkje svara på.");

impl Plan {
    /// The year's report, on the plan as it stands.
    pub(super) fn report_on_the_year(&mut self, now: Timestamp, out: &mut Out<'_>) {
        let of = self.up_to_date(minutes_after(now, -10), None, out);
        out.send(self.annual_report(now, of));
        let matter = self.id_of(&format!("annual report {}", self.schooling.year));
        let readers: Vec<(Uuid, &'static str)> = self.deciders(now).into_iter().map(|(p, role)| (p.id, role)).collect();
        self.expect_openings(now, matter, readers, out);
    }

    /// The plan goes on in the next school year. The old year's plan is kept first. In another municipality it is another's plan: here
    /// it is closed.
    pub(super) fn roll_over(&mut self, now: Timestamp, destination: Destination, out: &mut Out<'_>) {
        let old = self.up_to_date(minutes_after(now, -30), Some("plan.school_year_rolled"), out);
        let (id, school) = match destination {
            Destination::SameSchool => ("same_school", self.schooling.school),
            Destination::OtherSchool => ("other_school", self.another_school()),
            Destination::OtherMunicipality => ("other_municipality", "Eksempelhagen skole, Prøveby kommune"),
        };
        let note = self.school_year_note(now, old, school, id);
        out.send(note);
        self.schooling.year = next_school_year(now.oslo_date().naive());
        self.schooling.grade = (self.schooling.grade + 1).min(10);
        self.schooling.school = school;
        if destination == Destination::OtherSchool {
            self.unit = school;
        }
        self.change(now, ("Skoleår", "Skuleår"));
        if destination == Destination::OtherMunicipality {
            let closed = self.office_hours(now, 2);
            out.later(closed, Act::Close("moved"));
        }
    }

    fn another_school(&self) -> &'static str {
        self.town.schools.into_iter().find(|s| *s != self.schooling.school).expect("every municipality has more than one school")
    }

    /// Somebody asks. What is outstanding is seen to first: meetings to come are called off, and most minutes are written after all.
    pub(super) fn ask_to_close(&mut self, now: Timestamp, reason: &'static str, out: &mut Out<'_>) {
        out.send(self.event("plan.closing_requested", now, json!({})));
        for n in 0..self.meetings.len() {
            let meeting = &self.meetings[n];
            if meeting.is_held && meeting.minutes == 0 {
                if self.chance.percent(60) {
                    let sent = self.office_hours(now, 1);
                    out.later(sent, Act::SendMinutes(n));
                }
            } else if !meeting.is_held && !meeting.is_cancelled {
                let off = self.office_hours(now, 1);
                out.later(off, Act::CallOff(n));
            }
        }
        let closed = self.office_hours(now, 5);
        out.later(closed, Act::Close(reason));
    }

    /// Messages, the last snapshot, the note: the folder is sealed with the note.
    pub(super) fn close(&mut self, now: Timestamp, reason: &'static str, out: &mut Out<'_>) {
        if let Some(log) = self.message_log(minutes_after(now, -6), "at_closing") {
            out.send(log);
        }
        let last = self.send_snapshot(minutes_after(now, -3), Some("plan.passivised"), out);
        let forgotten = self.meetings.iter().any(|m| m.is_held && m.minutes == 0);
        let unanswered = self.consent.as_ref().is_some_and(|c| c.is_open);
        let outstanding: Vec<Said> = [(forgotten, MINUTES_MISSING), (unanswered, CONSENT_UNANSWERED)]
            .into_iter()
            .filter_map(|(is, what)| is.then_some(what))
            .collect();
        self.status = "passive";
        self.closings += 1;
        let n = self.closings;
        out.send(self.closing_note(now, reason, &outstanding, last, n));
        if reason != "moved" && (self.part.reopens || self.chance.percent(30)) {
            let days = self.chance.between(20, 50);
            let reopened = self.office_hours(now, days);
            out.later(reopened, Act::Reopen);
        }
    }

    /// A new period. Whatever consent holds still counts.
    pub(super) fn reopen(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if !self.is_closed() {
            return;
        }
        let today = now.oslo_date().naive();
        let holds = self.consent.as_ref().is_some_and(|c| c.approved_at.is_some() && c.valid_until >= today && !self.was_withdrawn);
        self.status = if self.kind == PlanType::Iop || holds { "active" } else { "suspended" };
        self.change(now, ("Status", "Status"));
        let n = self.closings;
        out.send(self.reopening_note(now, n));
        if self.status == "suspended" {
            let asked = self.office_hours(now, 3);
            out.later(asked, Act::AskConsent);
        }
        let changed = self.office_hours(now, 8);
        out.later(changed, Act::Change);
    }
}

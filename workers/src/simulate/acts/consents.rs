//! Consents: asked for, given, changed, taken back, run out.

use chrono::NaiveDate;
use pipeline_domain::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{Act, Out};
use crate::simulate::{
    calendar::{at, day_after, plus},
    papers::ConsentStep,
    plan::{Consent, Plan},
};

impl Plan {
    /// Those who decide are asked, for the first time or once more. Some never answer.
    pub(super) fn ask_consent(&mut self, now: Timestamp, out: &mut Out<'_>) {
        let id = self.id_of("consent");
        let last = day_after(now, 365);
        let consent =
            self.consent.get_or_insert(Consent { id, version: 0, edition: 0, approved_at: None, valid_until: last, is_open: false });
        consent.is_open = true;
        if self.status == "draft" {
            self.status = "awaiting_consent";
        }
        let due = day_after(now, 14);
        out.send(self.event("consent.requested", now, json!({ "matter": id, "due": due })));
        let asked: Vec<(Uuid, &'static str)> = self.deciders(now).into_iter().map(|(p, role)| (p.id, role)).collect();
        if !self.part.is_not_opened {
            self.expect_openings(now, id, asked, out);
        }
        if let Some(days) = self.part.answers_after {
            let answered = self.office_hours(now, days);
            return out.later(answered, Act::ApproveConsent);
        }
        let days = match self.chance.below(20) {
            0..=13 => self.chance.between(2, 7),
            14..=18 => self.chance.between(8, 20),
            _ => return,
        };
        let answered = self.office_hours(now, days);
        out.later(answered, Act::ApproveConsent);
    }

    pub(super) fn approve_consent(&mut self, now: Timestamp, out: &mut Out<'_>) {
        let days = match self.chance.below(10) {
            0..=2 => self.chance.between(90, 200),
            _ => self.chance.between(330, 600),
        };
        let was_given = self.consent.as_ref().is_some_and(|c| c.approved_at.is_some());
        let last = day_after(now, self.part.consent_days.filter(|_| !was_given).unwrap_or(days));
        let Some(consent) = self.consent.as_mut().filter(|c| c.is_open) else { return };
        (consent.approved_at, consent.valid_until, consent.is_open) = (Some(now), last, false);
        consent.edition += 1;
        self.was_withdrawn = false;
        self.status = "active";
        self.change(now, ("Samtykke", "Samtykke"));
        let step = if was_given { ConsentStep::Changed } else { ConsentStep::Approved };
        self.send_consent(now, step, out);
        if !was_given {
            for n in 0..self.members.len() {
                let added = self.office_hours(now, 1);
                out.later(added, Act::Add(n));
            }
        }
        self.towards_the_end(last, out);
    }

    /// Most are asked again in time; of the others the consent runs out.
    fn towards_the_end(&mut self, last: NaiveDate, out: &mut Out<'_>) {
        if self.chance.percent(60) && !self.part.is_not_renewed {
            let asked = self.office_hours(at(last, 9, 0), -25);
            out.later(asked, Act::AskConsent);
        }
        out.later(at(plus(last, 1), 8, 0), Act::ExpireConsent(last));
    }

    /// The same consent for others or for more.
    pub(super) fn change_consent(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if !self.is_active() {
            return;
        }
        let Some(consent) = self.consent.as_mut() else { return };
        consent.edition += 1;
        self.change(now, ("Samtykke", "Samtykke"));
        self.send_consent(now, ConsentStep::Changed, out);
    }

    /// Taken back: nothing is shared any more. The plan is closed, taken up again with a new consent, or lies.
    pub(super) fn withdraw_consent(&mut self, now: Timestamp, out: &mut Out<'_>) {
        let Some(id) = self.consent.as_ref().filter(|_| self.is_active()).map(|c| c.id) else { return };
        self.end_consent(now, "consent.withdrawn", id, ConsentStep::Withdrawn, out);
        match self.chance.below(10) {
            0..=3 => {
                let closed = self.office_hours(now, 20);
                out.later(closed, Act::AskToClose("consent_withdrawn"));
            }
            4..=6 => {
                let asked = self.office_hours(now, 30);
                out.later(asked, Act::AskConsent);
            }
            _ => {}
        }
    }

    /// By its own date, if it was not given anew meanwhile.
    pub(super) fn expire_consent(&mut self, now: Timestamp, last: NaiveDate, out: &mut Out<'_>) {
        let runs_out = self.consent.as_ref().filter(|c| self.is_active() && c.valid_until == last);
        let Some(id) = runs_out.map(|c| c.id) else { return };
        self.end_consent(now, "consent.expired", id, ConsentStep::Expired, out);
        if self.chance.percent(50) {
            let asked = self.office_hours(now, 12);
            out.later(asked, Act::AskConsent);
        }
    }

    fn end_consent(&mut self, now: Timestamp, event: &str, id: Uuid, step: ConsentStep, out: &mut Out<'_>) {
        self.status = "suspended";
        self.was_withdrawn = step == ConsentStep::Withdrawn;
        self.change(now, ("Samtykke", "Samtykke"));
        out.send(self.event(event, now, json!({ "matter": id })));
        self.send_consent(now, step, out);
        // Some call off what was to come; others let the family and the lead meet alone.
        if self.chance.percent(50) {
            for n in 0..self.meetings.len() {
                let off = self.office_hours(now, 1);
                out.later(off, Act::CallOff(n));
            }
        }
    }

    fn send_consent(&mut self, now: Timestamp, step: ConsentStep, out: &mut Out<'_>) {
        if let Some(record) = self.consent_record(now, step) {
            out.send(record);
        }
    }
}

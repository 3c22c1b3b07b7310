//! The first twelve plans play what a year must have, whatever chance says: so that also a small year has a closing and a reopening, a
//! consent that runs out, a transfer to another municipality, a D-number that is replaced, a lead without e-mail. Around that, chance
//! plays as in every other plan.

use pipeline_domain::Timestamp;

use super::{
    acts::{Act, Destination},
    calendar::{at, plus, school_year_begins},
    chance::Chance,
    national_id::Number,
    plan::Plan,
};

/// How many plans have a part of their own: three of each type, one in each municipality.
pub const CAST: u32 = 12;

/// What is settled for a plan. `None` and `false` leave it to chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Days until the question of consent is answered, the first time.
    pub answers_after: Option<i64>,
    /// Days that the first consent holds.
    pub consent_days: Option<i64>,
    /// Nobody asks for the consent once more in time.
    pub is_not_renewed: bool,
    /// Nobody opens the question of consent.
    pub is_not_opened: bool,
    /// What becomes of the first meeting.
    pub first_meeting: Option<Turn>,
    /// Minutes are corrected.
    pub corrects: bool,
    pub reopens: bool,
}

/// What becomes of a meeting before it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Moved,
    CalledOff,
    None,
}

/// The part of this plan.
pub fn part_of(no: u32) -> Part {
    if no >= CAST {
        return Part::default();
    }
    let plain = Part { answers_after: Some(4), consent_days: Some(500), ..Part::default() };
    match no {
        0 => Part { reopens: true, first_meeting: Some(Turn::None), corrects: true, ..plain },
        2 => Part { corrects: true, first_meeting: Some(Turn::None), ..plain },
        7 => Part { consent_days: Some(110), is_not_renewed: true, ..plain },
        8 => Part { first_meeting: Some(Turn::Moved), ..plain },
        10 => Part { first_meeting: Some(Turn::CalledOff), ..plain },
        11 => Part { answers_after: Some(17), is_not_opened: true, ..plain },
        _ => plain,
    }
}

/// The kind of number that the subject of this plan begins with.
pub fn number_of(no: u32, chance: &mut Chance) -> Number {
    let by_chance = chance.percent(6);
    if no == 9 || (no >= CAST && by_chance) { Number::Temporary } else { Number::Birth }
}

/// Whether the subject of this plan comes of the age to decide in the course of the year, whatever chance says.
pub fn comes_of_age(no: u32) -> bool {
    no == 3
}

/// Whether a guardian of this plan takes part on duty too, whatever chance says.
pub fn has_a_guardian_on_duty(no: u32) -> bool {
    no == 5
}

impl Plan {
    /// Takes on what its part asks of the people.
    pub(super) fn take_part(&mut self) {
        if self.no >= CAST {
            return;
        }
        let today = self.began.oslo_date().naive();
        self.lead = usize::from(self.no == 11);
        match self.no {
            // Nobody has said for long that the address is right.
            3 => {
                self.guardians[0].person.reachable(today);
                self.guardians[0].person.confirmed_on = Some(plus(today, -500));
            }
            1 => self.members[0].person.reserved = true,
            9 => self.members[0].person.reachable(today),
            11 => {
                self.subject.reachable(today);
                self.guardians.iter_mut().for_each(|g| g.person.reachable(today));
            }
            _ => {}
        }
    }

    /// Puts into the plan's year what its part asks for, in the place of what chance would end it with.
    pub(super) fn play_part(&self, year: &mut Vec<(Timestamp, Act)>) {
        if self.no >= CAST {
            return;
        }
        let is_an_end = |act: &Act| {
            matches!(
                act,
                Act::AskToClose(_) | Act::WithdrawConsent | Act::AnnualReport | Act::RollOver(_) | Act::Protect(_) | Act::Bounce(_)
            )
        };
        year.retain(|(_, act)| !is_an_end(act));
        let after = |days: i64| at(super::calendar::working_day(plus(self.began.oslo_date().naive(), days)), 10, 5);
        let of_year = |days: i64| {
            let begins = school_year_begins(self.began.oslo_date().naive());
            at(super::calendar::working_day(plus(begins, days)), 11, 40)
        };
        let part: Vec<(Timestamp, Act)> = match self.no {
            0 => vec![(after(40), Act::WriteMessage), (after(70), Act::Evaluate), (after(150), Act::AskToClose("goals_reached"))],
            1 => vec![(after(130), Act::WithdrawConsent), (after(60), Act::AskForPrint)],
            2 => vec![(after(35), Act::AskForArchiving), (after(60), Act::Evaluate), (after(100), Act::Transfer)],
            3 => vec![(of_year(290), Act::AnnualReport), (of_year(297), Act::RollOver(Destination::SameSchool))],
            4 => vec![
                (after(30), Act::AskForArchiving),
                (after(80), Act::AskForPrint),
                (of_year(343), Act::AnnualReport),
                (of_year(349), Act::RollOver(Destination::OtherSchool)),
            ],
            5 => vec![(of_year(285), Act::AnnualReport), (of_year(300), Act::RollOver(Destination::OtherMunicipality))],
            6 => vec![(after(50), Act::Attach), (after(110), Act::Protect("strictly_confidential"))],
            7 => vec![(after(60), Act::Attach), (after(90), Act::Evaluate)],
            8 => vec![(after(45), Act::WriteMessage), (after(80), Act::WriteMessage), (after(160), Act::LogMessages)],
            9 => vec![
                (after(60), Act::Bounce(self.members[0].person.id)),
                (after(90), Act::Identify),
                (after(150), Act::Protect("confidential")),
            ],
            10 => vec![(after(30), Act::AskForArchiving), (after(100), Act::Remove), (after(120), Act::AskForExport)],
            _ => vec![(after(55), Act::WriteMessage), (after(75), Act::Attach)],
        };
        year.extend(part);
    }
}

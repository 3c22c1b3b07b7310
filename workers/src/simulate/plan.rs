//! One made-up plan as its source system holds it: who it is about, who takes part, what was sent of it.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use pipeline_domain::{Date, PlanType, Sha256, Timestamp, WrittenForm};
use uuid::Uuid;

use super::{
    cast::{Part, number_of, part_of},
    chance::{Chance, id},
    household::{birthday, goals, guardians, habits, members, schooling, unused_number},
    national_id::Number,
    people::Person,
    town::{Office, Town},
    words::{self, Said, say},
};

/// A parent or an appointed guardian.
#[derive(Clone, Debug)]
pub struct Guardian {
    pub person: Person,
    /// `guardian` or `legal_guardian`.
    pub relation: &'static str,
    pub national_id: String,
}

/// Somebody with access to the plan.
#[derive(Clone, Debug)]
pub struct Member {
    pub person: Person,
    pub role: Said,
    pub service: Said,
    /// Own staff of the municipality.
    pub internal: bool,
}

/// A goal of the plan: `m1`.
#[derive(Clone, Debug)]
pub struct Goal {
    pub name: String,
    pub text: Said,
    pub measure: Said,
    pub status: &'static str,
}

/// A judgement that was made of a goal.
#[derive(Clone, Debug)]
pub struct Judged {
    pub goal: usize,
    pub on: NaiveDate,
    pub effect: Said,
    pub next: Said,
}

/// The newest snapshot that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub version: u32,
    pub hash: Sha256,
    /// Which of the plan's states it shows.
    pub revision: u32,
}

/// The consent, through all its versions.
#[derive(Clone, Debug)]
pub struct Consent {
    pub id: Uuid,
    /// Of the document.
    pub version: u32,
    /// Of what is consented to.
    pub edition: u32,
    pub approved_at: Option<Timestamp>,
    pub valid_until: NaiveDate,
    /// Asked for, and nobody has answered.
    pub is_open: bool,
}

/// A meeting that people were called to.
#[derive(Clone, Debug)]
pub struct Meeting {
    pub id: Uuid,
    pub version: u32,
    pub begins: Timestamp,
    pub ends: Timestamp,
    pub is_cancelled: bool,
    pub is_held: bool,
    /// How often minutes were sent.
    pub minutes: u32,
    /// Who said what of coming.
    pub replies: Vec<(Uuid, &'static str)>,
}

/// A message inside the source system.
#[derive(Clone, Debug)]
pub struct Message {
    pub at: Timestamp,
    pub from: String,
    pub to: Vec<String>,
    pub said: (Said, Said),
}

/// A file that came with the plan.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub hash: Sha256,
    pub on: NaiveDate,
}

/// What an IOP leans on.
#[derive(Clone, Debug)]
pub struct Schooling {
    pub year: String,
    pub school: &'static str,
    pub grade: u32,
    pub decided_on: NaiveDate,
    pub teacher: Person,
}

/// The plan.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub no: u32,
    pub chance: Chance,
    pub id: Uuid,
    pub kind: PlanType,
    pub form: WrittenForm,
    pub town: &'static Town,
    pub office: Arc<Office>,
    pub lead: usize,
    pub unit: &'static str,
    pub status: &'static str,
    pub protection: &'static str,
    pub subject: Person,
    pub born: NaiveDate,
    pub national_id: String,
    /// What a D-number is to be replaced by.
    pub later_national_id: Option<String>,
    pub guardians: Vec<Guardian>,
    pub members: Vec<Member>,
    pub needs: Said,
    pub goals: Vec<Goal>,
    pub judged: Vec<Judged>,
    pub schooling: Schooling,
    pub began: Timestamp,
    /// Grows with each change.
    pub revision: u32,
    pub changed_at: Timestamp,
    pub changes: Vec<(Timestamp, Said)>,
    pub snapshots: u32,
    pub taken: Option<Taken>,
    pub consent: Option<Consent>,
    pub meetings: Vec<Meeting>,
    pub messages: Vec<Message>,
    pub files: Vec<File>,
    pub handovers: Vec<(String, String, Timestamp)>,
    pub documents: u32,
    pub events: u32,
    pub moves: u32,
    pub closings: u32,
    pub part: Part,
    /// The consent was taken back, and not given anew.
    pub was_withdrawn: bool,
}

/// What was drawn before, so that no two plans are of one person.
pub type Numbers = BTreeSet<String>;

const KINDS: [PlanType; 8] =
    [PlanType::Ip, PlanType::Iop, PlanType::Sl, PlanType::Es, PlanType::Iop, PlanType::Ip, PlanType::Iop, PlanType::Sl];

impl Plan {
    /// Number `no` of the play, as it is when it is begun.
    pub fn new(seed: u64, no: u32, town: &'static Town, office: &Arc<Office>, began: Timestamp, numbers: &mut Numbers) -> Self {
        let mut chance = Chance::of(seed, "plan", u64::from(no));
        let kind = KINDS[(no as usize / 3) % KINDS.len()];
        let born = birthday(no, kind, began.oslo_date().naive(), &mut chance);
        let number = number_of(no, &mut chance);
        let national_id = unused_number(born, number, &mut chance, numbers);
        let later_national_id = (number == Number::Temporary).then(|| unused_number(born, Number::Birth, &mut chance, numbers));
        let key = |what: &str| format!("plan {no} {what}");
        let mut subject = Person::new(seed, &key("subject"), &mut chance, town.form, None);
        let age = Date::from_naive(born).age_at(began.oslo_date());
        let units = town.units(kind, age);
        let unit = units[chance.below(units.len())];
        habits(&mut subject, &mut chance, began);
        if age < 14 {
            subject.email = None;
        }
        let guardians = guardians(seed, no, age, &subject, town, began, &mut chance);
        let members = members(seed, no, &guardians, town, began, &mut chance);
        let goals = goals(&mut chance);
        let schooling = schooling(seed, no, age, unit, began, town, &mut chance);
        let mut plan = Self {
            seed,
            no,
            id: id(seed, &format!("plan {no}")),
            kind,
            form: town.form,
            town,
            office: office.clone(),
            lead: chance.below(office.leads.len()),
            unit,
            status: "draft",
            protection: "none",
            subject,
            born,
            national_id,
            later_national_id,
            guardians,
            members,
            needs: chance.pick(&words::NEEDS),
            goals,
            judged: Vec::new(),
            schooling,
            began,
            revision: 1,
            changed_at: began,
            changes: Vec::new(),
            snapshots: 0,
            taken: None,
            consent: None,
            meetings: Vec::new(),
            messages: Vec::new(),
            files: Vec::new(),
            handovers: Vec::new(),
            documents: 0,
            events: 0,
            moves: 0,
            closings: 0,
            part: part_of(no),
            was_withdrawn: false,
            chance,
        };
        plan.take_part();
        plan
    }

    /// The id of something of this plan.
    pub fn id_of(&self, what: &str) -> Uuid {
        id(self.seed, &format!("plan {} {what}", self.no))
    }

    /// Said in the plan's written form.
    pub fn say(&self, said: Said) -> &'static str {
        say(self.form, said)
    }

    pub fn lead(&self) -> &Person {
        &self.office.leads[self.lead]
    }

    /// `plan_lead`, `iop_lead`.
    pub fn lead_role(&self) -> &'static str {
        if self.kind == PlanType::Iop { "iop_lead" } else { "plan_lead" }
    }

    pub fn is_closed(&self) -> bool {
        self.status == "passive"
    }

    /// Whether it is in use and may be shared.
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// Whether the subject decides in person: in school from 15, else from 16.
    pub fn subject_decides(&self, at: Timestamp) -> bool {
        let from = if self.kind == PlanType::Iop { 15 } else { 16 };
        Date::from_naive(self.born).age_at(at.oslo_date()) >= from
    }

    /// Those who decide: the subject with an appointed guardian, or all guardians. With their role ids.
    pub fn deciders(&self, at: Timestamp) -> Vec<(&Person, &'static str)> {
        let decides = self.subject_decides(at);
        let told = self.guardians.iter().filter(|g| !decides || g.relation == "legal_guardian").map(|g| (&g.person, g.relation));
        let subject = (decides || self.guardians.is_empty()).then_some((&self.subject, "subject"));
        subject.into_iter().chain(told).collect()
    }

    /// The plan was changed.
    pub fn change(&mut self, at: Timestamp, what: Said) {
        self.revision += 1;
        self.changed_at = at;
        self.changes.push((at, what));
    }

    /// Everybody under one pseudonym: one person may stand in several places.
    pub fn everybody_mut(&mut self, person: Uuid) -> impl Iterator<Item = &mut Person> {
        let guardians = self.guardians.iter_mut().map(|g| &mut g.person);
        let members = self.members.iter_mut().map(|m| &mut m.person);
        [&mut self.subject].into_iter().chain(guardians).chain(members).filter(move |p| p.id == person)
    }
}

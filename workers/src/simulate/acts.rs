//! What happens to a plan: each act changes it as the source system holds it, says what is handed in of that, and what follows later.

mod closing;
mod consents;
mod meetings;
mod people;
mod year;

use chrono::NaiveDate;
use pipeline_domain::{Sha256, Timestamp};
use pipeline_intake::{Incoming, Reader};
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::year::year_of;
use super::{
    calendar::{at, day_after, minutes_after, working_day},
    files::made_file,
    plan::{File, Judged, Plan, Taken},
    words,
};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// The plan is begun.
    Begin,
    AskConsent,
    ApproveConsent,
    ChangeConsent,
    WithdrawConsent,
    /// The consent has run out, unless it was renewed.
    ExpireConsent(NaiveDate),
    Add(usize),
    Remove,
    /// The plan is written on.
    Change,
    Evaluate,
    Attach,
    /// People are called to a meeting that begins then.
    Call(Timestamp),
    /// Somebody says whether they come to a meeting, as it was called that time.
    Reply {
        meeting: usize,
        call: u32,
        person: Uuid,
        reply: &'static str,
    },
    MoveMeeting(usize),
    CallOff(usize),
    StartsSoon(usize),
    Hold(usize),
    SendMinutes(usize),
    CorrectMinutes(usize),
    WriteMessage,
    LogMessages,
    /// Somebody opens what they were told of.
    Open {
        matter: Uuid,
        person: Uuid,
        role: &'static str,
    },
    /// Somebody says that their address is right, or has another.
    ConfirmContact {
        person: Uuid,
        moves: bool,
    },
    /// Mail to somebody came back.
    Bounce(Uuid),
    Transfer,
    Protect(&'static str),
    Identify,
    /// Somebody asks for the plan to be archived now.
    AskForArchiving,
    /// One of those who decide asks for a print of the plan.
    AskForPrint,
    /// One of those who decide asks for all that is kept.
    AskForExport,
    AnnualReport,
    RollOver(Destination),
    AskToClose(&'static str),
    Close(&'static str),
    Reopen,
    /// The archive has asked for the plan; a day, if only what has changed since is wanted.
    Answer(Option<NaiveDate>),
}

/// Where an IOP goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    SameSchool,
    OtherSchool,
    OtherMunicipality,
}

/// One thing that is handed in, and the files that come with it.
#[derive(Clone, Debug)]
pub struct Sent {
    pub envelope: Value,
    pub files: Vec<Vec<u8>>,
}

/// What comes of an act.
pub struct Out<'a> {
    pub sent: Vec<Sent>,
    pub later: Vec<(Timestamp, Act)>,
    reader: &'a Reader,
}

impl<'a> Out<'a> {
    pub fn new(reader: &'a Reader) -> Self {
        Self { sent: Vec::new(), later: Vec::new(), reader }
    }

    fn send(&mut self, envelope: Value) {
        self.sent.push(Sent { envelope, files: Vec::new() });
    }

    fn later(&mut self, at: Timestamp, act: Act) {
        self.later.push((at, act));
    }

    /// The digest that a document will have, for others to name. Of one that will be refused it does not matter.
    fn digest_of(&self, envelope: &Value) -> Sha256 {
        let bytes = envelope.to_string().into_bytes();
        match self.reader.take(&bytes) {
            Incoming::Document(snapshot) => snapshot.digest,
            Incoming::Event(_) | Incoming::Refused(_) => Sha256::of(&bytes),
        }
    }
}

impl Plan {
    /// Lets something happen at this instant.
    pub fn act(&mut self, now: Timestamp, act: &Act, out: &mut Out<'_>) {
        match act {
            Act::Reopen => return self.reopen(now, out),
            Act::Open { matter, person, role } => return self.open(now, *matter, *person, role, out),
            // Nothing else happens to a closed plan.
            _ if self.is_closed() => return,
            _ => {}
        }
        match act {
            Act::Begin => self.begin(now, out),
            Act::AskConsent => self.ask_consent(now, out),
            Act::ApproveConsent => self.approve_consent(now, out),
            Act::ChangeConsent => self.change_consent(now, out),
            Act::WithdrawConsent => self.withdraw_consent(now, out),
            Act::ExpireConsent(last) => self.expire_consent(now, *last, out),
            Act::Add(n) => self.add_member(now, *n, out),
            Act::Remove => self.remove_member(now, out),
            Act::Change => self.write_on(now, out),
            Act::Evaluate => self.evaluate(now, out),
            Act::Attach => self.attach(now, out),
            Act::Call(begins) => self.call(now, *begins, out),
            Act::Reply { meeting, call, person, reply } => self.reply(now, (*meeting, *call), *person, reply, out),
            Act::MoveMeeting(n) => self.move_meeting(now, *n, out),
            Act::CallOff(n) => self.call_off(now, *n, out),
            Act::StartsSoon(n) => self.starts_soon(now, *n, out),
            Act::Hold(n) => self.hold(now, *n, out),
            Act::SendMinutes(n) => self.send_minutes(now, *n, out),
            Act::CorrectMinutes(n) => self.correct_minutes(now, *n, out),
            Act::WriteMessage => self.write_message(now, out),
            Act::LogMessages => self.log_messages(now, out),
            Act::ConfirmContact { person, moves } => self.confirm_contact(now, *person, *moves, out),
            Act::Bounce(person) => self.bounce(now, *person, out),
            Act::Transfer => self.transfer(now, out),
            Act::Protect(how) => self.protect(now, how, out),
            Act::Identify => self.identify(now, out),
            Act::AskForArchiving => out.send(self.event("archive.requested", now, json!({}))),
            Act::AskForPrint => self.ask_for_print(now, out),
            Act::AskForExport => self.ask_for_export(now, out),
            Act::AnnualReport => self.report_on_the_year(now, out),
            Act::RollOver(destination) => self.roll_over(now, *destination, out),
            Act::AskToClose(reason) => self.ask_to_close(now, reason, out),
            Act::Close(reason) => self.close(now, reason, out),
            Act::Answer(since) => self.answer(now, *since, out),
            Act::Reopen | Act::Open { .. } => {}
        }
    }

    /// The plan as it is now, handed in.
    fn send_snapshot(&mut self, now: Timestamp, event: Option<&'static str>, out: &mut Out<'_>) -> Taken {
        let envelope = self.snapshot(now, event);
        let taken = Taken { version: self.snapshots, hash: out.digest_of(&envelope), revision: self.revision };
        self.taken = Some(taken);
        out.send(envelope);
        taken
    }

    /// A snapshot of the plan as it stands: the newest one, or one that is taken now.
    fn up_to_date(&mut self, now: Timestamp, event: Option<&'static str>, out: &mut Out<'_>) -> Taken {
        match self.taken.filter(|taken| taken.revision == self.revision) {
            Some(taken) => taken,
            None => self.send_snapshot(now, event, out),
        }
    }

    /// What the archive asks for. A plan that nobody has agreed to yet is not sent, and one that has not changed need not be.
    fn answer(&mut self, now: Timestamp, since: Option<NaiveDate>, out: &mut Out<'_>) {
        let is_begun = matches!(self.status, "active" | "suspended");
        let has_changed = self.taken.is_none_or(|taken| taken.revision != self.revision);
        let is_wanted = since.is_none_or(|day| has_changed && self.changed_at.oslo_date().naive() >= day);
        if is_begun && is_wanted {
            self.send_snapshot(now, None, out);
        }
    }

    /// Something in the plan is written anew.
    fn write_on(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if self.status == "draft" {
            return;
        }
        let what = match self.chance.below(3) {
            0 => ("Tiltak", "Tiltak"),
            1 => ("Mål", "Mål"),
            _ => ("Bakgrunn", "Bakgrunn"),
        };
        let goal = self.chance.below(self.goals.len());
        self.goals[goal].status = self.chance.pick(&["in_progress", "partly_reached"]);
        self.goals[goal].measure = self.chance.pick(&words::MEASURES);
        self.change(now, what);
        let event = if what.0 == "Bakgrunn" { "background.updated" } else { "plan.updated" };
        let parts = [self.say(what)];
        out.send(self.event(event, now, json!({ "parts": parts })));
    }

    /// A goal is judged. The judgement leans on the plan as it was, so that is sent first if it was not.
    fn evaluate(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if self.kind == pipeline_domain::PlanType::Es || !self.is_active() {
            return;
        }
        let of = self.up_to_date(minutes_after(now, -5), None, out);
        let goal = self.chance.below(self.goals.len());
        self.goals[goal].status = self.chance.pick(&["in_progress", "partly_reached", "reached", "stopped"]);
        let judged =
            Judged { goal, on: now.oslo_date().naive(), effect: self.chance.pick(&words::EFFECTS), next: self.chance.pick(&words::NEXT) };
        self.judged.push(judged.clone());
        self.change(now, ("Evaluering", "Evaluering"));
        out.send(self.event("goal.evaluated", now, json!({})));
        out.send(self.evaluation_report(now, &judged, of));
    }

    /// Somebody adds a file.
    fn attach(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if !self.is_active() {
            return;
        }
        let made = made_file(self.no, self.files.len(), &mut self.chance);
        let said = self.chance.pick(&words::FILES);
        let name = format!("{} {}.{}", self.say(said), self.files.len() + 1, made.extension);
        let file = File { name, hash: Sha256::of(&made.bytes), on: now.oslo_date().naive() };
        self.files.push(file.clone());
        self.change(now, ("Vedlegg", "Vedlegg"));
        let envelope = self.attachment(now, &file, made.media_type);
        out.sent.push(Sent { envelope, files: vec![made.bytes] });
    }

    /// Who was told of something opens it: most within days, some after the second notice, some never.
    fn expect_openings(&mut self, now: Timestamp, matter: Uuid, people: Vec<(Uuid, &'static str)>, out: &mut Out<'_>) {
        for (person, role) in people {
            let days = match self.chance.below(100) {
                0..60 => self.chance.between(1, 6),
                60..74 => self.chance.between(8, 16),
                _ => continue,
            };
            let hour = u32::try_from(self.chance.between(7, 21)).expect("an hour");
            let minute = u32::try_from(self.chance.below(60)).expect("a minute");
            out.later(at(day_after(now, days), hour, minute), Act::Open { matter, person, role });
        }
    }

    fn open(&mut self, now: Timestamp, matter: Uuid, person: Uuid, role: &str, out: &mut Out<'_>) {
        out.send(self.event("content.opened", now, json!({ "matter": matter, "actor": person, "role": role })));
    }

    /// Some time in office hours, so many days after an instant or on the working day that follows.
    fn office_hours(&mut self, after: Timestamp, days: i64) -> Timestamp {
        let hour = u32::try_from(self.chance.between(8, 14)).expect("an hour");
        let minute = u32::try_from(self.chance.below(60)).expect("a minute");
        at(working_day(day_after(after, days)), hour, minute)
    }
}

//! What an event must say beside what happened: each kind of event needs fields of its own.

use pipeline_domain::{Envelope, EventName, MeetingReply, PlanEvent, PlanType, ProblemCode};

use crate::problems::Problems;

const BY_EVENT: &str = "required_by=/content/event";

/// How many people an event is about.
enum People {
    Any,
    One,
    AtLeastOne,
    /// One, with an e-mail address.
    OneWithAddress,
}

pub(crate) fn check(envelope: &Envelope<PlanEvent>, problems: &mut Problems) {
    let event = envelope.content.event;
    let mut required = |at: &str, is_there: bool| {
        if !is_there {
            problems.add(ProblemCode::RequiredFieldMissing, at, BY_EVENT);
        }
    };
    let content = &envelope.content;
    required("/content/matter", !needs_matter(event) || content.matter.is_some());
    required("/content/actor", !needs_actor(event) || content.actor.is_some());
    required("/content/role", !needs_role(event) || content.role.is_some());
    required("/content/reply", event != EventName::MeetingAnswered || content.reply.is_some());
    required("/content/reason", !is_request_of_a_person(event) || content.reason.is_some());
    required("/content/begins", !needs_begin(event) || content.begins.is_some());
    let is_identified = event == EventName::SubjectIdentified;
    required("/case/subject_national_id", !is_identified || envelope.case.subject_national_id.is_some());
    reply_is_one(content, problems);
    people_fit(content, problems);
    consent_is_for_plans_that_have_one(envelope, problems);
}

fn needs_matter(event: EventName) -> bool {
    use EventName::*;
    matches!(
        event,
        ConsentRequested
            | ConsentWithdrawn
            | ConsentExpired
            | MeetingHeld
            | MeetingAnswered
            | MeetingStartsSoon
            | MessageSent
            | ContentOpened
    )
}

/// Whoever answered is known by the pseudonym that the invitation has for them.
fn needs_actor(event: EventName) -> bool {
    event == EventName::MeetingAnswered || needs_role(event)
}

fn needs_role(event: EventName) -> bool {
    event == EventName::ContentOpened || is_request_of_a_person(event)
}

fn is_request_of_a_person(event: EventName) -> bool {
    matches!(event, EventName::PrintRequested | EventName::ExportRequested)
}

fn needs_begin(event: EventName) -> bool {
    matches!(event, EventName::MeetingHeld | EventName::MeetingStartsSoon)
}

/// Not having answered is no answer.
fn reply_is_one(content: &PlanEvent, problems: &mut Problems) {
    if content.event == EventName::MeetingAnswered && content.reply == Some(MeetingReply::None) {
        problems.add(ProblemCode::ValueNotAllowed, "/content/reply", "one_of=accepted|tentative|declined");
    }
}

fn people_of(event: EventName) -> People {
    use EventName::*;
    match event {
        ParticipantAdded | ParticipantRemoved | PrintRequested | ExportRequested => People::One,
        ContactUpdated | ContactBounced => People::OneWithAddress,
        MessageSent => People::AtLeastOne,
        _ => People::Any,
    }
}

fn people_fit(content: &PlanEvent, problems: &mut Problems) {
    const PEOPLE: &str = "/content/people";
    let (count, kind) = (content.people.len(), people_of(content.event));
    match kind {
        People::Any => {}
        _ if count == 0 => problems.add(ProblemCode::ListTooShort, PEOPLE, "min_items=1"),
        People::One | People::OneWithAddress if count > 1 => problems.add(ProblemCode::ListTooLong, PEOPLE, "max_items=1"),
        People::One | People::AtLeastOne => {}
        People::OneWithAddress => {
            if content.people[0].contact.as_ref().is_none_or(|c| c.email.is_none()) {
                problems.add(ProblemCode::RequiredFieldMissing, "/content/people/0/contact/email", BY_EVENT);
            }
        }
    }
}

/// An IOP rests on an individual decision: nobody is asked for consent in the system (DOMAIN § 2).
fn consent_is_for_plans_that_have_one(envelope: &Envelope<PlanEvent>, problems: &mut Problems) {
    use EventName::*;
    let is_about_consent = matches!(envelope.content.event, ConsentRequested | ConsentWithdrawn | ConsentExpired);
    if is_about_consent && envelope.case.plan_type == PlanType::Iop {
        problems.add(ProblemCode::PlanTypeMismatch, "/case/plan_type", "one_of=ip|es|sl");
    }
}

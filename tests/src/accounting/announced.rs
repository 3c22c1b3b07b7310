//! Mails that a document or an event causes at once (DOMAIN § 8): whom, of what kind, and when.

use super::{
    Told, Year,
    documents::Archived,
    duties::Counts,
    life::{Holds, Life, Lives},
    person::{Contact, Hat, Recipient, deciders, each_once, named, pupil_or_guardians},
    times::{self, Instant},
};

/// A mail that should be there.
#[derive(Clone, Debug)]
pub struct Owed<'a> {
    /// Kind of notice.
    pub kind: &'static str,
    /// Whether it is the second one.
    pub again: bool,
    /// As what the receiver is told.
    pub hat: Hat,
    /// How they are reached.
    pub contact: Contact,
    /// Number of the municipality that sends it.
    pub municipality: String,
    /// Not sent before.
    pub from: Instant,
    /// Not sent after.
    pub until: Instant,
    /// False when it may have been sent or not.
    pub is_sure: bool,
    /// Where the duty comes from: lines and ids.
    pub why: String,
    /// What caused it, when that was told.
    pub cause: Option<&'a Told>,
    /// What it must count, where it counts and that is certain.
    pub counts: Option<Counts>,
}

/// What is to be told, to whom, and in which span of time.
pub struct News<'a> {
    /// Kind of notice.
    pub kind: &'static str,
    /// What caused it.
    pub cause: &'a Told,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

/// Kinds whose mails say that the municipality is bound to send them («Kommunen har plikt til …»).
pub const BOUND: [&str; 9] = [
    "annual_report_ready",
    "consent_expired",
    "consent_expiring",
    "consent_request",
    "minutes_corrected",
    "minutes_ready",
    "plan_closed",
    "plan_reopened",
    "responsibility_transferred",
];

/// Kinds with legal effect for subject and guardians. The words do not list them; the code was asked (`has_legal_effect`): what is about consent.
const LEGAL_EFFECT: [&str; 3] = ["consent_request", "consent_expiring", "consent_expired"];

/// Kinds that people get whether or not a consent holds: their access has ended, a meeting is off, the plan is closed or handed over
/// (docs/operations.md, «Whom schedules tell»).
const WITHOUT_CONSENT: [&str; 4] = ["participant_removed", "meeting_cancelled", "plan_closed", "responsibility_transferred"];

/// Every mail that documents and events cause by themselves.
pub fn mails<'a>(year: &'a Year, lives: &Lives<'a>, archived: &Archived<'a>) -> Vec<Owed<'a>> {
    let mut owed = Vec::new();
    for told in &year.told {
        let Some(life) = lives.plans.get(told.plan()) else { continue };
        let (kind, people, at) = match told.event() {
            Some(event) => match by_event(event, told, life) {
                Some((kind, people)) => (kind, people, told.at),
                None => continue,
            },
            // No notice before the thing it tells about can be opened (DOMAIN § 5), so none of what is not archived.
            None => match (by_document(told), archived.get(&told.line).and_then(|p| p.registration.archived)) {
                (Some((kind, people)), Some(at)) => (kind, people, at),
                _ => continue,
            },
        };
        let news = News { kind, cause: told, from: at, until: at + year.slack() };
        owed.extend(each_once(people).into_iter().filter_map(|one| reached(lives, life, &news, one)));
    }
    owed
}

/// Kind and receivers of a document's notice.
fn by_document(told: &Told) -> Option<(&'static str, Vec<Recipient>)> {
    let on = times::day_in_oslo(told.instant("/occurred_at")?);
    let corrected = told.version() > 1;
    let family_and = |list: &str| [deciders(told, on), named(told.list(list))].concat();
    Some(match told.kind() {
        "meeting_invitation" => {
            let kind = match (told.text("/content/state"), corrected) {
                ("cancelled", _) => "meeting_cancelled",
                (_, true) => "meeting_changed",
                _ => "meeting_invited",
            };
            (kind, named(told.list("/content/invited")))
        }
        "meeting_minutes" => (if corrected { "minutes_corrected" } else { "minutes_ready" }, named(told.list("/content/recipients"))),
        "iop_annual_report" => ("annual_report_ready", pupil_or_guardians(told, on)),
        "responsibility_transfer_note" => {
            let lead = |n, field: &str| Recipient { hat: Hat::Named(n), contact: Contact::read(&told.envelope["content"][field]) };
            ("responsibility_transferred", [vec![lead(0, "from_contact"), lead(1, "to_contact")], deciders(told, on)].concat())
        }
        // Nobody in the family gets a mail when a plan is closed because of a death (CHANGELOG).
        "closing_note" if told.text("/content/reason") == "deceased" => ("plan_closed", named(told.list("/content/informed"))),
        "closing_note" => ("plan_closed", family_and("/content/informed")),
        "reopening_note" => ("plan_reopened", family_and("/content/informed")),
        _ => return None,
    })
}

/// Kind and receivers of an event's notice.
fn by_event(event: &str, told: &Told, life: &Life) -> Option<(&'static str, Vec<Recipient>)> {
    let on = times::day_in_oslo(told.at);
    let people = || named(told.list("/content/people"));
    Some(match event {
        "consent.requested" => ("consent_request", deciders(told, on)),
        "participant.added" => ("participant_added", people()),
        "participant.removed" => ("participant_removed", people()),
        "message.sent" => ("new_message", people()),
        "print.requested" | "export.requested" => ("print_ready", people()),
        // The lead is told that an address takes no mail (DOMAIN § 8). Who leads is known by the event itself.
        "contact.bounced" => {
            let lead = Contact::read(&told.envelope["content"]["standing"]["lead_contact"]).or_else(|| life.runs("lead_contact", told.at));
            ("address_bounced", vec![Recipient { hat: Hat::Lead, contact: lead }])
        }
        _ => return None,
    })
}

/// The mail that a person gets; none for whom no mail may be sent to.
pub fn reached<'a>(lives: &Lives<'a>, life: &Life<'a>, news: &News<'a>, one: Recipient) -> Option<Owed<'a>> {
    let contact = one.contact?;
    contact.address()?;
    let (from, until) = (news.from, news.until);
    let both = |ask: &dyn Fn(Instant) -> bool| Holds::between(from, until, ask);
    let opened = both(&|at| !lives.is_blocked(&contact, at));
    let may_share = if rests_on_consent(news, life, one.hat, &contact) { both(&|at| life.may_share(at)) } else { Holds::Yes };
    let fresh =
        if one.hat.is_family() && LEGAL_EFFECT.contains(&news.kind) { both(&|at| !lives.is_stale(&contact, at)) } else { Holds::Yes };
    let holds = opened.and(may_share).and(fresh).and(in_time(news));
    (holds != Holds::No).then(|| Owed {
        kind: news.kind,
        again: false,
        hat: one.hat,
        contact,
        municipality: news.cause.municipality().to_owned(),
        from,
        until,
        is_sure: holds == Holds::Yes,
        why: format!("line {} {:?}", news.cause.line, one.hat),
        cause: Some(news.cause),
        counts: None,
    })
}

/// Whether this person is told only while a consent holds: people whom a document or event names, who are neither family nor lead.
fn rests_on_consent(news: &News, life: &Life, hat: Hat, contact: &Contact) -> bool {
    if !matches!(hat, Hat::Named(_)) || WITHOUT_CONSENT.contains(&news.kind) {
        return false;
    }
    let case = &news.cause.envelope["case"];
    let guardians = case["guardians"].as_array().into_iter().flatten().map(|g| &g["contact"]);
    let family = guardians.chain([&case["subject_contact"]]).filter_map(Contact::read);
    let lead = life.runs("lead_contact", news.until);
    !family.chain(lead).any(|other| other.is_same(contact))
}

/// Nobody is called to a meeting that has begun.
fn in_time(news: &News) -> Holds {
    if news.cause.kind() != "meeting_invitation" {
        return Holds::Yes;
    }
    let Some(begins) = news.cause.instant("/content/starts_at") else { return Holds::Yes };
    Holds::between(news.from, news.until, |at| at < begins)
}

//! What goes with a yes, as data.

use pipeline_domain::AddressProtection;

use crate::{
    Acting,
    Action::{self, *},
    Actor, Obligation, Resource,
    Role::{self, *},
    Voice,
    bars::{FAMILY, OVERSIGHT},
};

/// When a duty arises, the role and the action given.
#[derive(Clone, Copy, Debug)]
enum If {
    Always,
    /// Fortrolig or strengt fortrolig.
    Protected,
    /// Strengt fortrolig.
    Strict,
    /// The child does not decide, but is old enough to be heard.
    ChildIsHeard,
}

impl If {
    fn holds(self, resource: &Resource) -> bool {
        match self {
            Self::Always => true,
            Self::Protected => resource.protection != AddressProtection::None,
            Self::Strict => resource.protection == AddressProtection::StrictlyConfidential,
            Self::ChildIsHeard => Acting::at(resource.matter, resource.age).voice == Voice::Heard,
        }
    }
}

/// One duty: whoever does one of these actions in one of these roles owes it.
struct Duty {
    owes: Obligation,
    when: If,
    roles: &'static [Role],
    actions: &'static [Action],
}

const fn duty(owes: Obligation, when: If, roles: &'static [Role], actions: &'static [Action]) -> Duty {
    Duty { owes, when, roles, actions }
}

const EVERYBODY: &[Role] = Role::ALL;
const ANYTHING: &[Action] = Action::ALL;
/// Everyone but the system itself, whose jobs leave traces of their own.
const PEOPLE: &[Role] =
    &[Subject, PlanOwner, Guardian, LegalGuardian, Participant, PlanLead, IopLead, ProfessionalLead, LocalAdmin, Admin, Archivist];
/// Those who never see the contact data of others.
const KEPT_FROM_CONTACTS: &[Role] = &[Subject, PlanOwner, Guardian, LegalGuardian, Participant];
/// What shows something of a plan or carries it somewhere.
const SHOWS: &[Action] = &[ReadPlan, ReadMinutes, ReadContact, ReadConsent, Print, Export, ReadPackages, ReadAccessLog];
/// What makes a text that others read.
const MAKES: &[Action] = &[WritePackages];
const TAKING_OUT: &[Action] = &[Print, Export];

const DUTIES: &[Duty] = &[
    // DOMAIN § 4: every read by an oversight role, every print and export; SECURITY § 0: every read of a document.
    duty(Obligation::WriteAccessLog, If::Always, PEOPLE, SHOWS),
    duty(Obligation::WriteAccessLog, If::Always, OVERSIGHT, ANYTHING),
    duty(Obligation::NoteReason, If::Always, OVERSIGHT, &[ReadPlan, ReadMinutes, ReadContact, ReadConsent, ReopenPlan]),
    duty(Obligation::NoteReason, If::Always, EVERYBODY, TAKING_OUT),
    // § 4: each sees its own view, cut to what it may see.
    duty(Obligation::CutToScope, If::Always, &[Participant], ANYTHING),
    duty(Obligation::OwnView, If::Always, EVERYBODY, TAKING_OUT),
    duty(Obligation::ReleasedPartsOnly, If::Always, FAMILY, &[ReadPlan, WritePlan, ReadMinutes, Print, Export]),
    duty(Obligation::LeaveOutContacts, If::Always, EVERYBODY, TAKING_OUT),
    duty(Obligation::LeaveOutContacts, If::Always, KEPT_FROM_CONTACTS, &[ReadPlan, WritePlan, ReadMinutes, ReadConsent]),
    // § 7: address protection.
    duty(Obligation::LeaveOutAddress, If::Protected, EVERYBODY, SHOWS),
    duty(Obligation::LeaveOutAddress, If::Protected, EVERYBODY, MAKES),
    duty(Obligation::LeaveOutPlaces, If::Strict, EVERYBODY, SHOWS),
    duty(Obligation::LeaveOutPlaces, If::Strict, EVERYBODY, MAKES),
    duty(Obligation::LeaveOutPlaces, If::Strict, EVERYBODY, &[SeeStatus]),
    duty(Obligation::NoLinkInMail, If::Strict, &[Pipeline], &[ReadContact]),
    // SECURITY § 2: status, mail and failed work without content.
    duty(Obligation::StatusOnly, If::Always, EVERYBODY, &[SeeStatus, ManageMail, RetryFailed]),
    // § 6.10: a print says that it is one. § 4: ended rights end before the next print or mail is made.
    duty(Obligation::Watermark, If::Always, EVERYBODY, &[Print]),
    duty(Obligation::CheckAgain, If::Always, EVERYBODY, TAKING_OUT),
    duty(Obligation::CheckAgain, If::Always, &[Pipeline], &[ReadContact]),
    // § 4: who acts for somebody else hears them first and says so.
    duty(Obligation::HearChild, If::ChildIsHeard, &[Guardian, LegalGuardian], &[WritePlan, ApproveConsent, WithdrawConsent, AskToClose]),
    duty(
        Obligation::NoteOnBehalf,
        If::Always,
        &[Guardian, LegalGuardian],
        &[WritePlan, ApproveConsent, WithdrawConsent, AskToClose, Export],
    ),
];

/// What this actor owes for this action.
pub fn owed(actor: &Actor, action: Action, resource: &Resource) -> impl Iterator<Item = Obligation> {
    let (role, resource) = (actor.role, *resource);
    DUTIES.iter().filter(move |d| d.roles.contains(&role) && d.actions.contains(&action) && d.when.holds(&resource)).map(|d| d.owes)
}

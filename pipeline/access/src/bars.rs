//! What stands in the way, as data: the first bar that applies gives the reason. Bars only ever take away.

use Which::{Any, These};
use Whose::{All, Of};
use pipeline_domain::{AddressProtection, codes};

use crate::{
    Acting,
    Action::{self, *},
    Actor, Age, Consent, DenyReason, Folder, Naming, Party, Reason, Release, Resource,
    Role::{self, *},
    Scope, Withholding,
};

codes! {
    /// A fact under which a bar is down.
    When {
        Closed "closed":
            "planen er avsluttet" | "planen er avslutta" | "the plan is closed";
        Open "open":
            "planen er ikke avsluttet" | "planen er ikkje avslutta" | "the plan is not closed";
        NotGiven "not_given":
            "samtykket er ikke gitt" | "samtykket er ikkje gitt" | "consent is not given";
        Withdrawn "withdrawn":
            "samtykket er trukket tilbake" | "samtykket er trekt tilbake" | "consent is withdrawn";
        Expired "expired":
            "samtykket er utløpt" | "samtykket har gått ut" | "consent has expired";
        Outside "outside":
            "delen er utenfor samtykket" | "delen er utanfor samtykket" | "the part is outside the scope";
        Withheld "withheld":
            "delen er holdt tilbake" | "delen er halden tilbake" | "the part is withheld";
        Under12 "under_12":
            "barnet er under 12" | "barnet er under 12" | "the child is under 12";
        GuardiansAct "guardians_act":
            "de foresatte handler for barnet" | "dei føresette handlar for barnet" | "the guardians act for the child";
        SubjectActs "subject_acts":
            "hovedpersonen handler selv" | "hovudpersonen handlar sjølv" | "the subject acts in person";
        OfAge "of_age":
            "hovedpersonen er myndig" | "hovudpersonen er myndig" | "the subject is of age";
        StrictAndUnnamed "strict_and_unnamed":
            "strengt fortrolig adresse, ikke navngitt"
            | "strengt fortruleg adresse, ikkje namngitt"
            | "strictly confidential address, not named";
        Strict "strict":
            "strengt fortrolig adresse" | "strengt fortruleg adresse" | "strictly confidential address";
        ProtectedAndNotReleased "protected_and_not_released":
            "beskyttet adresse, ikke frigitt" | "verna adresse, ikkje frigitt" | "protected address, not released";
        NoReason "no_reason":
            "ingen grunn er oppgitt" | "ingen grunn er oppgitt" | "no reason is stated";
    }
}

impl When {
    /// Whether it is so.
    pub fn holds(self, actor: &Actor, resource: &Resource) -> bool {
        let strict = resource.protection == AddressProtection::StrictlyConfidential;
        let acts = Acting::at(resource.matter, resource.age).acts;
        match self {
            Self::Closed => resource.folder == Folder::Closed,
            Self::Open => resource.folder == Folder::Open,
            Self::NotGiven => resource.consent == Consent::NotGiven,
            Self::Withdrawn => resource.consent == Consent::Withdrawn,
            Self::Expired => resource.consent == Consent::Expired,
            Self::Outside => resource.scope == Scope::Outside,
            Self::Withheld => resource.withholding == Withholding::Withheld,
            Self::Under12 => resource.age == Age::Under12,
            Self::GuardiansAct => acts == Party::Guardians,
            Self::SubjectActs => acts == Party::Subject,
            Self::OfAge => resource.age == Age::From18,
            Self::StrictAndUnnamed => strict && actor.naming == Naming::Unnamed,
            Self::Strict => strict,
            Self::ProtectedAndNotReleased => resource.protection != AddressProtection::None && resource.release == Release::NotReleased,
            Self::NoReason => actor.reason == Reason::Unstated,
        }
    }
}

/// Whose actions a bar stops.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// Everybody's.
    All,
    /// These roles'.
    Of(&'static [Role]),
}

/// Which of their actions.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// All that the table gives them.
    Any,
    /// These.
    These(&'static [Action]),
}

/// One bar.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// When it is down.
    pub when: When,
    /// For whom.
    pub whose: Whose,
    /// For what.
    pub which: Which,
    /// What is answered.
    pub reason: DenyReason,
}

impl Bar {
    /// Whether it stops this.
    pub fn stops(&self, actor: &Actor, action: Action, resource: &Resource) -> bool {
        let theirs = match self.whose {
            Whose::All => true,
            Whose::Of(roles) => roles.contains(&actor.role),
        };
        let that = match self.which {
            Which::Any => true,
            Which::These(actions) => actions.contains(&action),
        };
        theirs && that && self.when.holds(actor, resource)
    }
}

/// Roles that oversee plans of others (innsynsroller).
pub const OVERSIGHT: &[Role] = &[ProfessionalLead, LocalAdmin, Admin];
/// Roles on the subject's own side.
pub const FAMILY: &[Role] = &[Subject, PlanOwner, Guardian, LegalGuardian];
/// The subject and guardians.
const OWN: &[Role] = &[Subject, PlanOwner];
/// Everyone who takes a print under the consent, and not on the subject's own side.
const SHARED_WITH: &[Role] = &[Participant, PlanLead, IopLead, ProfessionalLead, LocalAdmin, Admin];
/// Guardians of both kinds.
const GUARDIANS: &[Role] = &[Guardian, LegalGuardian];

/// Takes the plan's content out of the system.
const TAKING_OUT: &[Action] = &[Print, Export];
/// What is asked of one part of the plan.
const PARTS: &[Action] = &[ReadPlan, WritePlan, ReadMinutes, Print, Export];
/// What decides something on the subject's side, or uses a right that is the subject's own.
const ACTS: &[Action] = &[WritePlan, ApproveConsent, WithdrawConsent, AskToClose, Export, ReadAccessLog];
/// What changes a plan or its folder. Withdrawing a consent is not among them: that can be done at any time.
const CHANGES: &[Action] = &[
    WritePlan,
    WriteMinutes,
    WriteConsent,
    RequestConsent,
    ApproveConsent,
    OrderArchiving,
    WritePackages,
    AskToClose,
    TransferPlan,
    PassivisePlan,
];
/// What an oversight role must state a reason for: every look into a plan.
const LOOKS: &[Action] = &[ReadPlan, ReadMinutes, ReadContact, ReadConsent];

const fn bar(when: When, whose: Whose, which: Which, reason: DenyReason) -> Bar {
    Bar { when, whose, which, reason }
}

/// Every bar, the most lasting obstacle first.
pub const BARS: &[Bar] = &[
    // DOMAIN § 3, § 5: closed is «readable to few, editable by none»; only a closed plan is reopened.
    bar(When::Closed, All, These(CHANGES), DenyReason::FolderClosed),
    bar(When::Closed, Of(&[Participant]), Any, DenyReason::FolderClosed),
    bar(When::Open, All, These(&[ReopenPlan]), DenyReason::FolderOpen),
    // § 5: without valid consent sharing is suspended: participants see nothing, and nobody takes paper out but the subject's side.
    bar(When::NotGiven, Of(&[Participant]), Any, DenyReason::ConsentMissing),
    bar(When::Withdrawn, Of(&[Participant]), Any, DenyReason::ConsentWithdrawn),
    bar(When::Expired, Of(&[Participant]), Any, DenyReason::ConsentExpired),
    bar(When::NotGiven, Of(SHARED_WITH), These(TAKING_OUT), DenyReason::ConsentMissing),
    bar(When::Withdrawn, Of(SHARED_WITH), These(TAKING_OUT), DenyReason::ConsentWithdrawn),
    bar(When::Expired, Of(SHARED_WITH), These(TAKING_OUT), DenyReason::ConsentExpired),
    // A suspended plan is not worked on. Minutes of a meeting that was held can be finished, or the plan could never be closed.
    bar(When::Withdrawn, All, These(&[WritePlan]), DenyReason::ConsentWithdrawn),
    bar(When::Expired, All, These(&[WritePlan]), DenyReason::ConsentExpired),
    // § 4: every view is cut down to the scope; SECURITY § 2: the subject's side sees released parts.
    bar(When::Outside, Of(&[Participant]), These(PARTS), DenyReason::OutsideScope),
    bar(When::Withheld, Of(FAMILY), These(PARTS), DenyReason::Withheld),
    // § 4, ages. An appointed guardian's mandate does not follow age.
    bar(When::Under12, Of(OWN), Any, DenyReason::SubjectUnder12),
    bar(When::GuardiansAct, Of(OWN), These(ACTS), DenyReason::GuardianActs),
    bar(When::OfAge, Of(&[Guardian]), Any, DenyReason::SubjectOfAge),
    bar(When::SubjectActs, Of(&[Guardian]), These(ACTS), DenyReason::SubjectActs),
    // § 7, address protection; SECURITY § 2: never to a guardian's export without explicit release.
    bar(When::StrictAndUnnamed, Of(&[Archivist]), These(&[ReadPackages]), DenyReason::NotNamed),
    bar(When::Strict, Of(OVERSIGHT), These(&[ReadContact]), DenyReason::AddressProtected),
    bar(When::ProtectedAndNotReleased, Of(GUARDIANS), These(TAKING_OUT), DenyReason::NotReleased),
    // § 4: every read by an oversight role, every print and every export, with a reason; § 6.10: so does reopening.
    bar(When::NoReason, Of(OVERSIGHT), These(LOOKS), DenyReason::ReasonMissing),
    bar(When::NoReason, All, These(&[Print, Export, ReopenPlan]), DenyReason::ReasonMissing),
];

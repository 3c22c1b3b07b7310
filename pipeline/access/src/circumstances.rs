//! Who asks and about what: the facts a decision rests on. The caller works them out; here each is one of a closed list.

use pipeline_domain::{AddressProtection, codes};

use crate::{AccessError, Age, Matter, Relation, Role, table};

/// Whether a reason was stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reason {
    /// None.
    #[default]
    Unstated,
    /// One of the list, to be written down.
    Stated,
}

/// Whether the actor is named for a package under strict address protection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Naming {
    /// Not named.
    #[default]
    Unnamed,
    /// Named.
    Named,
}

/// Whoever asks, in one role at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The role acted in.
    pub role: Role,
    /// How the actor stands to the plan in that role.
    pub relation: Relation,
    /// Whether a reason was stated.
    pub reason: Reason,
    /// Whether the actor is named for this package.
    pub naming: Naming,
}

impl Actor {
    /// No reason stated, not named.
    pub fn new(role: Role, relation: Relation) -> Self {
        Self { role, relation, reason: Reason::Unstated, naming: Naming::Unnamed }
    }
}

/// Where the consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consent {
    /// Approved and not past its end.
    Valid,
    /// Rests on an individual decision instead (IOP).
    NotNeeded,
    /// Never approved: the plan is a draft or waits.
    NotGiven,
    /// Withdrawn.
    Withdrawn,
    /// Past its end.
    Expired,
}

/// Whether the case folder takes anything more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Folder {
    /// Under work.
    Open,
    /// The plan is passive and the folder sealed.
    Closed,
}

/// Whether the consent gives this participant the part that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// It does; or the whole plan is asked for, cut to the scope.
    Within,
    /// It does not.
    Outside,
}

/// Whether the part that is asked for is held back from the subject or the guardian who asks, such as one of two guardians
/// without shared custody. Comes from the source system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Withholding {
    /// It is not; or the whole plan is asked for, without such parts.
    Shown,
    /// It is.
    Withheld,
}

/// Whether a document under address protection was released for the guardian who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Release {
    /// Nobody has released it.
    NotReleased,
    /// Explicitly released.
    Released,
}

/// What is asked for: a plan, or a part of it, as it stands at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Schooling, or health and welfare.
    pub matter: Matter,
    /// The subject's age today.
    pub age: Age,
    /// The plan's consent.
    pub consent: Consent,
    /// Address protection of anyone in the document.
    pub protection: AddressProtection,
    /// Its case folder.
    pub folder: Folder,
    /// For a participant.
    pub scope: Scope,
    /// For the subject and guardians.
    pub withholding: Withholding,
    /// For guardians.
    pub release: Release,
}

impl Resource {
    /// An active plan of an adult with valid consent, in health and welfare: nothing stands in the way.
    pub const PLAIN: Self = Self {
        matter: Matter::HealthAndWelfare,
        age: Age::From18,
        consent: Consent::Valid,
        protection: AddressProtection::None,
        folder: Folder::Open,
        scope: Scope::Within,
        withholding: Withholding::Shown,
        release: Release::NotReleased,
    };
}

codes! {
    /// A fact by its published name, as the command line takes it. Each changes one thing about [`Resource::PLAIN`] or the actor.
    Flag {
        ReasonStated "reason_stated":
            "en grunn er oppgitt" | "ein grunn er oppgitt" | "a reason is stated";
        Named "named":
            "navngitt for pakken" | "namngitt for pakken" | "named for the package";
        ConsentValid "consent_valid":
            "gyldig samtykke" | "gyldig samtykke" | "valid consent";
        ConsentNotNeeded "consent_not_needed":
            "bygger på enkeltvedtak, ikke samtykke" | "byggjer på enkeltvedtak, ikkje samtykke" | "rests on an individual decision, not consent";
        ConsentNotGiven "consent_not_given":
            "samtykke ikke gitt ennå" | "samtykke ikkje gitt enno" | "consent not given yet";
        ConsentWithdrawn "consent_withdrawn":
            "samtykke trukket tilbake" | "samtykke trekt tilbake" | "consent withdrawn";
        ConsentExpired "consent_expired":
            "samtykke utløpt" | "samtykke gått ut" | "consent expired";
        AddressConfidential "address_confidential":
            "fortrolig adresse" | "fortruleg adresse" | "confidential address";
        AddressStrictlyConfidential "address_strictly_confidential":
            "strengt fortrolig adresse" | "strengt fortruleg adresse" | "strictly confidential address";
        FolderClosed "folder_closed":
            "avsluttet plan" | "avslutta plan" | "closed plan";
        OutsideScope "outside_scope":
            "delen er utenfor samtykket" | "delen er utanfor samtykket" | "the part is outside the scope";
        Withheld "withheld":
            "delen er holdt tilbake" | "delen er halden tilbake" | "the part is withheld";
        Released "released":
            "uttrykkelig frigitt" | "uttrykkeleg frigitt" | "explicitly released";
        Schooling "schooling":
            "gjelder opplæring (IOP)" | "gjeld opplæring (IOP)" | "matter of schooling (IOP)";
        AgeUnder12 "age_under_12":
            "hovedpersonen er under 12" | "hovudpersonen er under 12" | "the subject is under 12";
        Age12 "age_12":
            "hovedpersonen er 12–14" | "hovudpersonen er 12–14" | "the subject is 12 to 14";
        Age15 "age_15":
            "hovedpersonen er 15" | "hovudpersonen er 15" | "the subject is 15";
        Age16 "age_16":
            "hovedpersonen er 16 eller 17" | "hovudpersonen er 16 eller 17" | "the subject is 16 or 17";
        Age18 "age_18":
            "hovedpersonen er 18 eller mer" | "hovudpersonen er 18 eller meir" | "the subject is 18 or more";
    }
}

/// What a flag is about: two flags about the same thing contradict each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aspect {
    Reason,
    Naming,
    Consent,
    Protection,
    Folder,
    Scope,
    Withholding,
    Release,
    Matter,
    Age,
}

impl Flag {
    fn aspect(self) -> Aspect {
        match self {
            Self::ReasonStated => Aspect::Reason,
            Self::Named => Aspect::Naming,
            Self::ConsentValid | Self::ConsentNotNeeded | Self::ConsentNotGiven | Self::ConsentWithdrawn | Self::ConsentExpired => {
                Aspect::Consent
            }
            Self::AddressConfidential | Self::AddressStrictlyConfidential => Aspect::Protection,
            Self::FolderClosed => Aspect::Folder,
            Self::OutsideScope => Aspect::Scope,
            Self::Withheld => Aspect::Withholding,
            Self::Released => Aspect::Release,
            Self::Schooling => Aspect::Matter,
            Self::AgeUnder12 | Self::Age12 | Self::Age15 | Self::Age16 | Self::Age18 => Aspect::Age,
        }
    }

    /// Makes the fact true.
    pub fn put(self, actor: &mut Actor, resource: &mut Resource) {
        match self {
            Self::ReasonStated => actor.reason = Reason::Stated,
            Self::Named => actor.naming = Naming::Named,
            Self::ConsentValid => resource.consent = Consent::Valid,
            Self::ConsentNotNeeded => resource.consent = Consent::NotNeeded,
            Self::ConsentNotGiven => resource.consent = Consent::NotGiven,
            Self::ConsentWithdrawn => resource.consent = Consent::Withdrawn,
            Self::ConsentExpired => resource.consent = Consent::Expired,
            Self::AddressConfidential => resource.protection = AddressProtection::Confidential,
            Self::AddressStrictlyConfidential => resource.protection = AddressProtection::StrictlyConfidential,
            Self::FolderClosed => resource.folder = Folder::Closed,
            Self::OutsideScope => resource.scope = Scope::Outside,
            Self::Withheld => resource.withholding = Withholding::Withheld,
            Self::Released => resource.release = Release::Released,
            Self::Schooling => resource.matter = Matter::Schooling,
            Self::AgeUnder12 => resource.age = Age::Under12,
            Self::Age12 => resource.age = Age::From12,
            Self::Age15 => resource.age = Age::From15,
            Self::Age16 => resource.age = Age::From16,
            Self::Age18 => resource.age = Age::From18,
        }
    }
}

/// Actor and resource from named facts. Without a relation, the one that counts for the role.
///
/// # Errors
/// [`AccessError::FlagsContradict`] when two flags are about the same thing.
pub fn circumstances(role: Role, relation: Option<Relation>, flags: &[Flag]) -> Result<(Actor, Resource), AccessError> {
    let mut actor = Actor::new(role, relation.unwrap_or_else(|| table::row(role).reach));
    let mut resource = Resource::PLAIN;
    for (n, flag) in flags.iter().enumerate() {
        if let Some(other) = flags[..n].iter().find(|f| f.aspect() == flag.aspect() && *f != flag) {
            return Err(AccessError::FlagsContradict { first: *other, second: *flag });
        }
        flag.put(&mut actor, &mut resource);
    }
    Ok((actor, resource))
}

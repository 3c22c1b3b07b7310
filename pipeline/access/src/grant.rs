//! Access that was given, and where a plan belonged: what «who could see» is answered from.

use std::{fmt, str::FromStr};

use pipeline_domain::{ActorId, AreaId, Date, MunicipalityNumber, NotValid, PlanId, Timestamp, UnitId, codes};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Naming, Relation, Role, table};

codes! {
    /// A part of a plan that a consent gives or does not give.
    Part {
        Plan "plan":
            "planens innhold" | "innhaldet i planen" | "the plan's content";
        Background "background":
            "bakgrunn" | "bakgrunn" | "background";
        Goals "goals":
            "mål og tiltak" | "mål og tiltak" | "goals and measures";
        Evaluations "evaluations":
            "evalueringer" | "evalueringar" | "evaluations";
        Minutes "minutes":
            "referater" | "referat" | "minutes";
        Attachments "attachments":
            "vedlegg" | "vedlegg" | "attachments";
        Messages "messages":
            "internmeldinger" | "internmeldingar" | "messages";
    }
}

/// What a grant is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// One plan: the subject, guardians, participants and leads.
    Plan(PlanId),
    /// The plans of a unit.
    Unit(UnitId),
    /// The plans of an area.
    Area(AreaId),
    /// Every plan of a municipality.
    Municipality(MunicipalityNumber),
}

impl fmt::Display for Reach {
    /// `plan:ID`, `unit:ID`, `area:ID`, `municipality:NUMBER`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(id) => write!(f, "plan:{id}"),
            Self::Unit(id) => write!(f, "unit:{id}"),
            Self::Area(id) => write!(f, "area:{id}"),
            Self::Municipality(number) => write!(f, "municipality:{number}"),
        }
    }
}

impl FromStr for Reach {
    type Err = NotValid;
    fn from_str(text: &str) -> Result<Self, NotValid> {
        match text.split_once(':') {
            Some(("plan", id)) => id.parse().map(Self::Plan),
            Some(("unit", id)) => id.parse().map(Self::Unit),
            Some(("area", id)) => id.parse().map(Self::Area),
            Some(("municipality", number)) => number.parse().map(Self::Municipality),
            _ => Err(NotValid("reach")),
        }
    }
}

impl Serialize for Reach {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reach {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Access as it was given: a role, over something, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub actor: ActorId,
    /// Which role.
    pub role: Role,
    /// Over what.
    pub reach: Reach,
    /// What a participant sees; empty for the other roles, whom no scope limits.
    pub parts: Vec<Part>,
    /// Whether an archivist is named for packages under strict address protection.
    pub naming: Naming,
    /// From this instant.
    pub granted: Timestamp,
    /// Last day, if it ends by itself.
    pub until: Option<Date>,
    /// From this instant no more, if somebody ended it.
    pub withdrawn: Option<Timestamp>,
}

impl Grant {
    /// Whether it held at this instant.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.granted <= at && self.withdrawn.is_none_or(|w| at < w) && self.until.is_none_or(|last| at.oslo_date() <= last)
    }

    /// Whether it held at any instant of this day in Oslo.
    pub fn holds_on(&self, day: Date) -> bool {
        let begun = self.granted.oslo_date() <= day;
        let not_run_out = self.until.is_none_or(|last| day <= last);
        // Ended on the day itself, it still held before: unless it was ended at midnight, or before it was given.
        let not_ended = self.withdrawn.is_none_or(|w| {
            let midnight = day.naive().and_time(chrono::NaiveTime::MIN);
            w.oslo_local() > midnight && w > self.granted
        });
        begun && not_run_out && not_ended
    }

    /// How the actor stood to a plan that belonged here.
    pub fn relation(&self, plan: PlanId, home: Option<&Home>) -> Relation {
        let own = table::row(self.role).reach;
        let of_one_plan = matches!(own, Relation::OwnPlan | Relation::OwnChild | Relation::TakesPart | Relation::Leads);
        match (&self.reach, home) {
            (Reach::Plan(one), _) if *one == plan && of_one_plan => own,
            (Reach::Unit(unit), Some(home)) if *unit == home.unit => Relation::OwnUnit,
            (Reach::Area(area), Some(home)) if *area == home.area => Relation::OwnArea,
            (Reach::Municipality(number), Some(home)) if *number == home.municipality => Relation::OwnMunicipality,
            _ => Relation::Unrelated,
        }
    }
}

/// Where a plan belonged for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Which plan.
    pub plan: PlanId,
    /// Its unit.
    pub unit: UnitId,
    /// Its area.
    pub area: AreaId,
    /// Its municipality.
    pub municipality: MunicipalityNumber,
    /// First day.
    pub from: Date,
    /// Last day; none while it still belongs there. On the day of a move it belongs to both.
    pub until: Option<Date>,
}

impl Home {
    /// Whether the plan belonged here on this day.
    pub fn covers(&self, plan: PlanId, day: Date) -> bool {
        self.plan == plan && self.from <= day && self.until.is_none_or(|last| day <= last)
    }
}

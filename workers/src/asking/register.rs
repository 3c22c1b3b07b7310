//! Who was given which role over what, and where plans belonged: `access/<municipality>/grants.jsonl`, append-only and hash-chained.
//!
//! It answers «who could see this plan on that date», and, where the configuration says `roles = "granted"`, whether somebody holds
//! the role they state. A line is never changed: access that ends is a line of its own.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use pipeline_access::{Grant, Home, Naming, Part, Reach, Relation, Role, rights};
use pipeline_domain::{ActorId, AreaId, Date, ErrorCode, MunicipalityNumber, PlanId, Sha256, Timestamp, UnitId};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::Thing;
use crate::{data::DataFolder, failure::Failure};

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A role was given.
    Granted {
        actor: ActorId,
        role: Role,
        reach: Reach,
        /// From this instant.
        since: Timestamp,
        /// Last day, if it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
        /// What a participant sees.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<Part>,
        /// Whether an archivist is named for packages under strict address protection.
        #[serde(default)]
        named: bool,
    },
    /// Somebody ended it, from this instant on.
    Ended { actor: ActorId, role: Role, reach: Reach, ended: Timestamp },
    /// Where a plan belonged.
    Placed {
        plan: PlanId,
        unit: UnitId,
        area: AreaId,
        municipality: MunicipalityNumber,
        from: Date,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// Which area looks after a unit, for plans that no line places.
    UnitInArea { unit: UnitId, area: AreaId },
}

/// A line in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1.
    pub n: u64,
    /// SHA-256 of the line before, without its line feed.
    pub previous: Sha256,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub by: ActorId,
    /// What it tells.
    #[serde(flatten)]
    pub event: Event,
}

/// The whole register, read and checked.
#[derive(Clone, Debug, Default)]
pub struct Register {
    entries: Vec<Entry>,
    last: Option<Sha256>,
    /// Length of the whole lines.
    bytes: u64,
}

/// Name of the file.
const NAME: &str = "grants.jsonl";

const START: &[u8] = b"arkivflyt.grants/1";

impl Register {
    /// Reads all of it. A torn last line was never answered for, and counts for nothing.
    ///
    /// # Errors
    /// [`ErrorCode::AccessRegisterDamaged`] with the line at fault: a register that was changed answers nothing.
    pub fn read(data: &DataFolder, municipality: &MunicipalityNumber) -> Result<Self, Failure> {
        match fs::read(folder(data, municipality).join(NAME)) {
            Ok(bytes) => Self::parse(&bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Failure::retry(ErrorCode::AccessLogUnwritable, format!("cannot read the register of access: {e}"))),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let mut register = Self::default();
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        for line in bytes[..whole].split_inclusive(|b| *b == b'\n') {
            let text = &line[..line.len() - 1];
            let damaged = || Failure::give_up(ErrorCode::AccessRegisterDamaged, format!("line {}", register.entries.len() + 1));
            let entry: Entry = serde_json::from_slice(text).map_err(|_| damaged())?;
            let in_place = entry.n == register.entries.len() as u64 + 1 && entry.previous == register.link();
            if !in_place || serde_json::to_vec(&entry).expect("an entry is writable as JSON") != text {
                return Err(damaged());
            }
            register.entries.push(entry);
            register.last = Some(Sha256::of(text));
        }
        register.bytes = whole as u64;
        Ok(register)
    }

    fn link(&self) -> Sha256 {
        self.last.unwrap_or_else(|| Sha256::of(START))
    }

    /// Writes what happened, after what stands there, and answers when it is on disk.
    ///
    /// # Errors
    /// As [`Self::read`]; [`ErrorCode::AccessLogUnwritable`] when the disk refuses.
    pub fn append(
        data: &DataFolder,
        municipality: &MunicipalityNumber,
        by: ActorId,
        at: Timestamp,
        events: Vec<Event>,
    ) -> Result<Self, Failure> {
        let unwritable = |e: io::Error| Failure::retry(ErrorCode::AccessLogUnwritable, format!("cannot write the register of access: {e}"));
        let folder = folder(data, municipality);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(unwritable)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join("grants.lock"));
        let lock = lock.map_err(unwritable)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|e| unwritable(e.into()))?;
        let mut register = Self::read(data, municipality)?;
        let mut text = Vec::new();
        for event in events {
            let entry = Entry { n: register.entries.len() as u64 + 1, previous: register.link(), at, by, event };
            let line = serde_json::to_vec(&entry).expect("an entry is writable as JSON");
            register.last = Some(Sha256::of(&line));
            register.entries.push(entry);
            text.extend(line);
            text.push(b'\n');
        }
        let write = || -> io::Result<()> {
            let place = folder.join(NAME);
            let mut file = OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(place)?;
            if file.metadata()?.len() > register.bytes {
                tracing::warn!("cut a torn line of the register of access");
                file.set_len(register.bytes)?;
            }
            file.write_all(&text)?;
            file.sync_all()?;
            File::open(&folder)?.sync_all()
        };
        write().map_err(unwritable)?;
        register.bytes += text.len() as u64;
        Ok(register)
    }

    /// Every line.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The digest that the next line will name: keep it elsewhere, with the number of lines.
    pub fn head(&self) -> (u64, Sha256) {
        (self.entries.len() as u64, self.link())
    }

    /// Access as it was given, each with its end.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants: Vec<Grant> = Vec::new();
        for entry in &self.entries {
            match &entry.event {
                Event::Granted { actor, role, reach, since, until, parts, named } => grants.push(Grant {
                    actor: *actor,
                    role: *role,
                    reach: reach.clone(),
                    parts: parts.clone(),
                    naming: if *named { Naming::Named } else { Naming::Unnamed },
                    granted: *since,
                    until: *until,
                    withdrawn: None,
                }),
                // It ends whatever of it was given until then: the same role may have been given twice.
                Event::Ended { actor, role, reach, ended } => grants
                    .iter_mut()
                    .filter(|g| g.actor == *actor && g.role == *role && g.reach == *reach && g.withdrawn.is_none())
                    .for_each(|g| g.withdrawn = Some(*ended)),
                Event::Placed { .. } | Event::UnitInArea { .. } => {}
            }
        }
        grants
    }

    /// Where a plan belonged, as lines say.
    pub fn homes(&self, of: PlanId) -> Vec<Home> {
        let homes = self.entries.iter().filter_map(|entry| match &entry.event {
            Event::Placed { plan, unit, area, municipality, from, until } if *plan == of => {
                Some(Home { plan: of, unit: *unit, area: *area, municipality: municipality.clone(), from: *from, until: *until })
            }
            _ => None,
        });
        homes.collect()
    }

    /// The area that looks after a unit now.
    pub fn area_of(&self, of: UnitId) -> Option<AreaId> {
        self.entries.iter().rev().find_map(|entry| match &entry.event {
            Event::UnitInArea { unit, area } if *unit == of => Some(*area),
            _ => None,
        })
    }

    /// Whether the actor holds the role now, over this.
    pub fn reaches(&self, actor: ActorId, role: Role, thing: &Thing, now: Timestamp) -> bool {
        self.holding(actor, role, thing, now).next().is_some()
    }

    /// Whether the actor is named for packages under strict address protection. Only the register can name somebody.
    pub fn naming(&self, actor: ActorId, role: Role, thing: &Thing, now: Timestamp) -> Naming {
        let named = self.holding(actor, role, thing, now).any(|grant| grant.naming == Naming::Named);
        if named { Naming::Named } else { Naming::Unnamed }
    }

    /// Whether nobody may write to the register yet: then the first administrator is taken at their word.
    pub fn has_no_admin(&self) -> bool {
        !self.entries.iter().any(|entry| matches!(entry.event, Event::Granted { role: Role::Admin, .. }))
    }

    fn holding(&self, actor: ActorId, role: Role, thing: &Thing, now: Timestamp) -> impl Iterator<Item = Grant> {
        let homes: Vec<Home> = self.homes_now(thing, now.oslo_date());
        let own = rights().into_iter().find(|right| right.roles.contains(&role)).map(|right| right.relation);
        let plan = thing.plan;
        let theirs = move |grant: &Grant| grant.actor == actor && grant.role == role && grant.holds_at(now);
        let reaches = move |grant: &Grant| match (&grant.reach, plan) {
            // An overview is nobody's own plan.
            (Reach::Plan(one), Some(plan)) => *one == plan && Some(grant.relation(plan, None)) == own,
            (Reach::Plan(_), None) => false,
            _ => homes.iter().any(|home| Some(grant.relation(home.plan, Some(home))) == own && own != Some(Relation::Unrelated)),
        };
        self.grants().into_iter().filter(theirs).filter(reaches)
    }

    /// Where the thing belongs today: as lines say, or else as it says itself.
    fn homes_now(&self, thing: &Thing, on: Date) -> Vec<Home> {
        let placed: Vec<Home> =
            thing.plan.map(|plan| self.homes(plan)).unwrap_or_default().into_iter().filter(|home| home.covers(home.plan, on)).collect();
        if !placed.is_empty() {
            return placed;
        }
        let plan = thing.plan.unwrap_or_else(|| PlanId::from_uuid(uuid::Uuid::nil()));
        let unit = thing.unit.unwrap_or_else(|| UnitId::from_uuid(uuid::Uuid::nil()));
        vec![self.home_of(plan, unit, &thing.municipality, on)]
    }

    /// A home for a plan that no line places, from a day on.
    pub fn home_of(&self, plan: PlanId, unit: UnitId, municipality: &MunicipalityNumber, from: Date) -> Home {
        // A unit without an area has one of its own, that nobody was given.
        let area = self.area_of(unit).unwrap_or_else(|| AreaId::from_uuid(uuid::Uuid::new_v5(&unit.uuid(), b"no area")));
        Home { plan, unit, area, municipality: municipality.clone(), from, until: None }
    }
}

/// Beside the access log of the same municipality.
fn folder(data: &DataFolder, municipality: &MunicipalityNumber) -> PathBuf {
    data.access().join(municipality.as_str())
}

#[cfg(test)]
mod tests;

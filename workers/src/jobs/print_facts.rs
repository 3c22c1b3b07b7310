//! What a print is made of, and what its reader may see of it: the documents read back, and the facts that the policy decides by.

use pipeline_access::{Action, Flag, Part as ScopePart, Reach, Resource, Role, Scope, Withholding, circumstances, decide};
use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, ErrorCode, PlanType, Snapshot, Timestamp};
use pipeline_package::{CaseRecord, DocumentEntry};
use pipeline_render::{Part, has_part, parts_of};
use pipeline_store::{Documents, Plan};

use crate::{
    asking::{Register, Thing},
    config::RolesSetting,
    failure::Failure,
    jobs::{
        print::{PrintError, PrintOrder, PrintSource, read_action, scope_part},
        print_now::as_of_now,
        print_source::{Kept, newest_plan},
    },
    shell::Shell,
};

/// What the policy says no to, and with what.
pub type Stopped = (Action, Thing);

/// What is known about the plan, and about what its reader may see.
pub struct Facts {
    pub folder: Option<CaseFolderId>,
    pub thing: Thing,
    /// What the consent gives a participant.
    scope: Vec<ScopePart>,
    now: Timestamp,
}

impl Facts {
    /// What is asked for when it is this part, if the policy says no to it.
    pub fn stopped(&self, part: &Part, order: &PrintOrder) -> Option<Stopped> {
        let mut thing = self.thing.clone();
        let is_participant = order.asking.role == Some(Role::Participant);
        let within = scope_part(part.area).is_some_and(|of| self.scope.contains(&of));
        thing.resource.scope = if is_participant && !within { Scope::Outside } else { Scope::Within };
        thing.resource.withholding = if order.withheld.iter().any(|w| w == part.id) { Withholding::Withheld } else { Withholding::Shown };
        let Some(role) = order.asking.role else { return Some((Action::Print, thing)) };
        let stated: &[Flag] = if order.asking.reason.is_some() { &[Flag::ReasonStated] } else { &[] };
        // How the actor stands to the plan is for `ask` to judge; here they stand as their role has it.
        let Ok((mut actor, _)) = circumstances(role, None, stated) else { return Some((Action::Print, thing)) };
        let mut resource = thing.resource;
        order.asking.facts.iter().for_each(|fact| fact.put(&mut actor, &mut resource));
        let is_denied = |action: Action| {
            let of_age = |age| decide(&actor, action, &Resource { age, ..resource });
            thing.ages(self.now.oslo_date()).into_iter().any(|age| !of_age(age).is_allowed())
        };
        let action = [Action::Print, read_action(part.area)].into_iter().find(|action| is_denied(*action))?;
        Some((action, thing))
    }
}

/// One document, read back.
pub struct FoundDocument {
    /// Number in the folder.
    pub no: Option<u32>,
    pub snapshot: Box<Snapshot>,
    /// The plan snapshot before it: the page tells what has changed.
    pub former: Option<Box<Snapshot>>,
}

impl FoundDocument {
    /// The parts that it says something in.
    pub fn parts(&self) -> impl Iterator<Item = &'static Part> {
        let all = parts_of(self.snapshot.kind(), self.snapshot.case.plan_type).iter();
        all.filter(|part| has_part(&self.snapshot, part, self.former.as_deref()))
    }
}

/// Everything that the order is about, as it stands now.
pub async fn find(shell: &Shell, order: &PrintOrder) -> Result<(Facts, Vec<FoundDocument>), PrintError> {
    let (folder, thing, documents) = match &order.source {
        PrintSource::Folder { folder, numbers } => {
            let (thing, documents) = find_archived(shell, folder, |record| by_numbers(record, numbers))?;
            (Some(folder.clone()), thing, documents)
        }
        PrintSource::Newest { folder, document } => {
            let newest =
                |record: &CaseRecord| record.documents().iter().filter(|d| d.document == *document).max_by_key(|d| d.version).cloned();
            let (thing, documents) = find_archived(shell, folder, |record| Ok(vec![newest(record).ok_or(PrintError::NoSuchDocument)?]))?;
            (Some(folder.clone()), thing, documents)
        }
        PrintSource::Document(snapshot) => find_given(shell, snapshot).await?,
    };
    let thing = match &folder {
        Some(folder) => as_of_now(shell, folder, thing).await?,
        None => thing,
    };
    let now = shell.clock.now();
    let granted = Register::read(&shell.data, &thing.municipality)?.grants().into_iter();
    let theirs = granted.filter(|grant| {
        let of_plan = matches!(grant.reach, Reach::Plan(plan) if Some(plan) == thing.plan);
        grant.actor == order.asking.actor() && grant.role == Role::Participant && of_plan && grant.holds_at(now)
    });
    let scope: Vec<ScopePart> = theirs.flat_map(|grant| grant.parts).collect();
    // What the register says counts; it says nothing where roles are only stated.
    let scope = if scope.is_empty() && shell.config.access.roles == RolesSetting::Stated { order.scope.clone() } else { scope };
    Ok((Facts { folder, thing, scope, now }, documents))
}

/// Documents by their numbers; without any, the newest plan.
fn by_numbers(record: &CaseRecord, numbers: &[u32]) -> Result<Vec<DocumentEntry>, PrintError> {
    if numbers.is_empty() {
        return Ok(vec![newest_plan(record).ok_or(PrintError::NoPlan)?.clone()]);
    }
    let entry = |no: &u32| record.documents().iter().find(|d| d.no == *no).cloned().ok_or(PrintError::NoDocument(*no));
    numbers.iter().map(entry).collect()
}

fn find_archived(
    shell: &Shell,
    folder: &CaseFolderId,
    wanted: impl FnOnce(&CaseRecord) -> Result<Vec<DocumentEntry>, PrintError>,
) -> Result<(Thing, Vec<FoundDocument>), PrintError> {
    let no_folder = || PrintError::NoFolder(folder.clone());
    // Looking must not found a store.
    if !CaseArchive::storage_root(&shell.archive_root(), &folder.municipality).is_dir() {
        return Err(no_folder());
    }
    let archive = shell.archive(&folder.municipality)?;
    let kept = Kept { archive: &archive, reader: &shell.reader, folder };
    let record = kept.record()?.ok_or_else(no_folder)?;
    let mut documents = Vec::new();
    for entry in wanted(&record)? {
        let snapshot = kept.document(&entry)?;
        let former = kept.before(&snapshot)?;
        documents.push(FoundDocument { no: Some(entry.no), snapshot, former });
    }
    let thing = thing_of(&kept, &record, &documents[0].snapshot, shell.clock.now())?;
    Ok((thing, documents))
}

/// The plan as its folder tells it, with what only a document knows: the birth date, and a consent that has ended.
fn thing_of(kept: &Kept<'_>, record: &CaseRecord, document: &Snapshot, now: Timestamp) -> Result<Thing, PrintError> {
    let mut thing = Thing { born: Some(document.case.subject_birth_date), ..Thing::of_folder(record) }.document(document.key());
    if document.case.plan_type != PlanType::Iop
        && let Some(consent) = kept.ended_consent(record, now.oslo_date())?
    {
        thing.resource.consent = consent;
    }
    Ok(thing)
}

/// A document from a file: what its folder knows by now counts, if the plan has one.
async fn find_given(shell: &Shell, snapshot: &Snapshot) -> Result<(Option<CaseFolderId>, Thing, Vec<FoundDocument>), PrintError> {
    let number = &snapshot.case.municipality_number;
    let system = snapshot.source.system.parse().map_err(|e| Failure::give_up(ErrorCode::MetadataInvalid, e))?;
    let plan = Plan { source_system: system, plan: snapshot.case.plan_id, municipality: number.clone() };
    let folder = shell.store.folder_of(&plan).await?.map(|f| f.id);
    let mut document = FoundDocument { no: None, snapshot: Box::new(snapshot.clone()), former: None };
    let mut thing = Thing::of_snapshot(snapshot, folder.as_ref());
    let is_store = CaseArchive::storage_root(&shell.archive_root(), number).is_dir();
    if let Some(folder) = folder.as_ref().filter(|_| is_store) {
        let archive = shell.archive(number)?;
        let kept = Kept { archive: &archive, reader: &shell.reader, folder };
        if let Some(record) = kept.record()? {
            thing = thing_of(&kept, &record, snapshot, shell.clock.now())?;
            document.former = kept.before(snapshot)?;
        }
    }
    Ok((folder, thing, vec![document]))
}

//! Which plan, unit or municipality a question about access is about.

use std::collections::BTreeSet;

use pipeline_access::{About, Action, Role, rights};
use pipeline_domain::{CaseFolderId, MunicipalityNumber, PlanId, UnitId};
use pipeline_package::CaseRecord;
use pipeline_store::Documents;

use crate::{
    asking::{Asking, Thing, unit_id},
    cli::case,
    failure::Failure,
    shell::Shell,
};

/// The case folders of a plan: one in each municipality it has been in.
pub async fn folders_of(shell: &Shell, plan: PlanId, only: Option<&MunicipalityNumber>) -> Result<Vec<CaseFolderId>, Failure> {
    let folders = shell.store.folders().await?;
    let theirs = folders.into_iter().filter(|f| f.plan.plan == plan && only.is_none_or(|number| f.id.municipality == *number));
    Ok(theirs.map(|f| f.id).collect())
}

/// The case folders of a unit's plans, as they belong now.
pub async fn folders_of_unit(shell: &Shell, municipality: &MunicipalityNumber, unit: UnitId) -> Result<BTreeSet<CaseFolderId>, Failure> {
    let mut theirs = BTreeSet::new();
    for folder in shell.store.folders().await?.into_iter().map(|f| f.id).filter(|id| id.municipality == *municipality) {
        let record = case::record(shell, &folder)?;
        if record.is_some_and(|r| unit_id(municipality, r.unit().expose()) == unit) {
            theirs.insert(folder);
        }
    }
    Ok(theirs)
}

/// A case folder as what is asked for; one that holds nothing yet is known by its number alone.
pub fn thing_of(folder: &CaseFolderId, record: Option<&CaseRecord>) -> Thing {
    match record {
        Some(record) => Thing::of_folder(record),
        None => Thing { about: About::Folder(folder.clone()), ..Thing::of_municipality(&folder.municipality) },
    }
}

/// What reading the log is called for whoever asks: looking at one's own case, or looking after access.
pub fn reading(asking: &Asking) -> Action {
    let may_look = |role: Role| rights().iter().any(|r| r.roles.contains(&role) && r.may.contains(&Action::ReadAccessLog));
    if asking.role.is_some_and(may_look) { Action::ReadAccessLog } else { Action::ManageAccess }
}

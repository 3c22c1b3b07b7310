//! Case folders as the store knows them: which plan has which number.

use pipeline_domain::{CaseFolderId, MunicipalityNumber, PlanId, Timestamp};

use crate::SourceSystem;

/// A living plan, named so that two source systems and two municipalities can never be mixed up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Whose id it is.
    pub source_system: SourceSystem,
    /// The id.
    pub plan: PlanId,
    /// Whose archive. A plan that moves gets a folder in each.
    pub municipality: MunicipalityNumber,
}

/// One plan's case folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Municipality, year, running number.
    pub id: CaseFolderId,
    /// The plan it belongs to.
    pub plan: Plan,
    /// When it was reserved.
    pub opened_at: Timestamp,
    /// Documents accepted into it, in any state.
    pub documents: u32,
    /// Highest folder version recorded; `None` before anything is archived.
    pub folder_version: Option<u32>,
}

//! The nouns of the pipeline: ids, documents, stages, problems and the clock.
//!
//! No I/O, no async, no knowledge of any other room. Start with [`Snapshot`] (what arrives) and
//! [`Content`] (the document types), then [`Rendered`], [`Packaged`] and [`Archived`] (what each
//! stage makes true). The words are those of the municipality; the Norwegian term stands once in
//! the doc comment of the type it names.

mod address;
mod ages;
mod canonical;
mod case;
mod content;
mod digest;
mod event;
mod fact;
mod failure;
mod ids;
mod language;
mod national_id;
mod notice;
mod problem;
mod schema;
mod snapshot;
mod stage;
mod text;
mod time;

pub use address::EmailAddress;
pub use ages::{DECIDES_IN_SCHOOL_FROM, DECIDES_IN_WELFARE_FROM, HEARD_FROM, OF_AGE_FROM};
pub use canonical::canonical_json;
pub use case::{AddressProtection, Case, Contact, Guardian, GuardianRelation, PlanStatus, PlanType, Source};
pub use content::*;
pub use digest::{Sha256, Sha512};
pub use event::{EVENT_SCHEMA, Event, EventName, Person, PlanEvent, SpecialCategories, Standing};
pub use fact::{About, Fact, FactKind};
pub use failure::{ErrorCode, NextStep, Verdict};
pub use ids::{
    ActorId, AreaId, CaseFolderId, DocumentId, DocumentKey, DocumentVersion, EventId, JournalNumber, MunicipalityNumber, NotValid, PlanId,
    Reservation, UnitId,
};
pub use language::{Lang, WrittenForm};
pub use national_id::{NationalId, NationalIdFault, NationalIdKind};
pub use notice::{Notice, NoticeKind, RecipientRef, Turn};
pub use problem::{Problem, ProblemCode};
pub use schema::{envelope_schema, event_schema, schema_name};
pub use snapshot::{Envelope, Snapshot};
pub use stage::{Archived, FileName, LogicalPath, Packaged, PackagedFile, Placement, Rendered};
pub use text::{Line, Name, Text};
pub use time::{Clock, Date, Hours, SchoolYear, Timestamp};

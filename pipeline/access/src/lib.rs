//! Who may do what with a plan, and the evidence of who could and who did.
//!
//! [`decide`] is the verb: actor, action and resource in, [`Decision`] out. It is pure and denies by default. The policy is data
//! in three files that are read beside DOMAIN § 4: `table.rs` (what a role may do at all), `bars.rs` (what stands in the way) and
//! `duties.rs` (what goes with a yes). [`acting_party`] says who acts, who is heard and who is written to at an age.
//!
//! [`Chain`] reads and writes the access log, a file of hash-chained lines; [`evidence`] answers who could see a plan on a day
//! and who did; [`role_report`] is the yearly look at who has which role. Whoever appends lines to a file on disk lives elsewhere.

mod action;
mod ages;
mod bars;
mod circumstances;
mod decide;
mod duties;
mod error;
mod evidence;
mod grant;
mod log;
mod page;
mod reason;
mod report;
mod role;
mod table;

pub use action::{Action, Column};
pub use ages::{Acting, Age, Matter, Party, Voice, acting_party, acting_through};
pub use bars::When;
pub use circumstances::{Actor, Consent, Flag, Folder, Naming, Reason, Release, Resource, Scope, Withholding, circumstances};
pub use decide::{Decision, decide};
pub use error::AccessError;
pub use evidence::{Evidence, Seen, Sight, Support, evidence, who_could_see};
pub use grant::{Grant, Home, Part, Reach};
pub use log::{About, AccessRow, Basis, Chain, Head, StatedReason, verify};
pub use page::{BarLine, RightLine, bars, markdown, rights};
pub use reason::{DenyReason, Obligation, Obligations};
pub use report::{Holder, RoleLine, RoleReport, role_report};
pub use role::{Relation, Role};

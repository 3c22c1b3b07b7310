//! Closed case folders in, a Noark 5 extract or a DIAS package out.
//!
//! [`choose`] tells what an extract would hold; [`make`] makes it, in a hidden folder beside its target, and gives it its name when it is
//! whole and on the disk. A function of its order, the store and the schemas: no clock, no chance, the same bytes each time; a run that was
//! interrupted goes on where it stopped, with the time of the first. Memory does not grow with the files, and by some tens of bytes with
//! each folder and registration. Each document file is hashed once, while it is copied, and nothing is sealed that is not what was archived.
//! Start reading in `extract.rs`; `content.rs` is the Noark 5 extract, `sip/` the package around it.

mod addml;
mod content;
mod copy;
mod error;
mod extract;
mod fault;
mod folder;
mod fragment;
mod journal;
mod listing;
mod order;
mod output;
mod plan;
mod receiver;
mod registration;
mod report;
mod schemas;
mod screening;
mod sip;
mod source;
mod staging;

#[cfg(test)]
mod tests;

pub use error::DepositError;
pub use extract::{Choice, Gate, Outcome, Progress, choose, extract, make};
pub use order::{Delivery, Order, Period};
pub use plan::Plan;
pub use receiver::{DIGESTS, LETTER};
pub use report::{INDEX, REPORT, Report};
pub use screening::{Leak, LeakRule};
pub use source::{CaseFolder, FolderFile, Release, Store};

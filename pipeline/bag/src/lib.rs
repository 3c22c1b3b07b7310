//! Files in, one BagIt 1.0 bag (RFC 8493) in one zip out; and the judges of any bag and any zip.
//!
//! [`write_to_file`] and [`write_streamed`] are the verbs: the digest of each file is checked while it is copied, and when one
//! is wrong there is no finished zip. The same input gives the same bytes. Memory does not grow with the size of the files and
//! only little with their number. Start reading in `write/mod.rs`.
//!
//! [`judge_folder`] and [`judge_zip`] say everything that is wrong with a bag that somebody handed us; [`inspect_zip`] says
//! whether any zip may be unpacked at all. They never panic, never follow a link and never fetch anything. `CODES.md` has
//! every code.

mod error;
mod judge;
mod names;
mod path;
mod write;
mod zip;

pub use error::BagError;
pub use judge::{Code, Finding, Judgement, Severity, judge_folder, judge_zip};
pub use path::BagPath;
pub use write::{BagSpec, Expected, Password, Payload, PayloadFile, TagFile, Written, write_streamed, write_to_file};
pub use zip::{Limits, inspect_zip};

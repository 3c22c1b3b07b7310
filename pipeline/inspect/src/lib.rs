//! A Noark 5 extract in, everything that is wrong with it out.
//!
//! [`inspect()`] is the verb. It is given the content folder, the root of a DIAS package, or the tar of one, ours or anybody's, and
//! answers with a [`Report`]: every error condition of the national test tool (Arkade 5) with rule, unit and file, what beyond it
//! has made trouble for depots, and what could not be checked. It changes nothing, follows no link, and holds no content in
//! memory: the XML streams by once, each document file is hashed once, and what must be remembered is 16 bytes for a unit, some
//! 90 for a document object and 24 and the path for a file.
//!
//! Start reading in `inspect.rs`. `RULES.md` has every rule, what is checked, and its test.

mod addml;
mod change_log;
mod error;
mod files;
mod finding;
mod inspect;
mod journals;
mod limits;
mod listed;
mod note;
mod place;
mod rule;
mod schema;
mod structure;
mod watch;
mod xml;

pub use error::InspectError;
pub use finding::{Counts, Facts, Finding, NotChecked, Report, Severity, Unit, UnitId};
pub use inspect::{Inspection, inspect};
pub use limits::Limits;
pub use note::Note;
pub use rule::Rule;
pub use schema::Schemas;

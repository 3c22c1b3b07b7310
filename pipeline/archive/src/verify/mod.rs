//! Judges of what lies on disk. [`verify_object`] knows the standard only; [`verify_case`] adds what we promise beyond it;
//! [`verify_root`] judges a whole store. Nothing here trusts the writer, so nothing here uses its types.

mod algorithm;
mod blake2b;
mod case;
mod content;
mod finding;
mod history;
mod inventory;
mod json;
mod manner;
mod object;
mod paths;
mod root;
mod root_layout;

pub use case::verify_case;
pub use finding::{Finding, RootVerification, Severity, Verification};
pub use manner::{Depth, Manner, Sums};
pub use object::verify_object;
pub use root::{RootSurvey, survey_root, verify_root, verify_stored, verify_stored_in};

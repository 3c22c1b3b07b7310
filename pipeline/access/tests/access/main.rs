//! The policy against what was written down apart from it, and the laws of ages, log and evidence.

mod ages;
mod chain;
mod documents;
mod expected;
mod laws;
mod made;
mod page;
mod product;
mod reports;
mod seen;

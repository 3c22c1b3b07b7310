//! The extract check from outside: every rule, other people's samples, hostile input, and the judge of schemas against xmllint.

mod cases;
mod hostile;
mod memory;
mod properties;
mod rules;
mod samples;
mod schema;
mod support;

//! Arkivflyt.
fn main() {}

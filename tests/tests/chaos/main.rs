//! Background workers of the real binary in trouble: what they stand on goes away, fills up, hangs or dies, and comes back. After
//! each, with the workers left in peace, every document is archived once, every mail is sent once or shown as doubtful, and
//! nobody was charged for what was not their fault.
//!
//! Small by default. By hand: `ARKIVFLYT_CHAOS_DOCUMENTS=2000 cargo test --release --workspace --test chaos -- --nocapture`.

mod busy;
mod calm;
mod clock;
mod full;
mod history;
mod idle;
mod kills;
mod outages;
mod peace;
mod poison;
mod relay;
mod slow;
mod stale;
mod storms;
#[path = "../crashes/whole.rs"]
mod whole;

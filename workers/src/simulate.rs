//! A year in the life: `simulate` plays a school year of events for made-up plans, in stepped time, through everything that the daemon
//! does.
//!
//! Two parts, apart. The *play* (`play.rs`) stands for the source system: a pure function of the seed and of what the archive asks for
//! says what is handed in and when. A plan is `plan.rs`, the first of them `cast.rs`; what happens to it is `acts/`, what is written of it `papers/`. The *player*
//! (`player.rs`) drives the real thing through the year: it sets the clock (`clock.rs`), hands in what is due through the door that
//! `submit` uses, fires the schedules, and lets the daemon's own runners work until nothing is left to do at that instant.
//!
//! `told.rs` writes down what was handed in, and nothing else: whoever checks the year knows no more than the archive was told.

mod acts;
mod calendar;
mod cast;
mod chance;
mod clock;
mod files;
mod household;
mod national_id;
mod papers;
mod people;
mod plan;
mod play;
mod player;
mod told;
mod town;
mod words;

pub use self::{
    clock::SteppedClock,
    play::{Play, Setting},
    player::{Fault, Played, Player},
    told::Told,
};

//! The life of a plan, told by its facts.

mod answers;
mod consents;
mod duties;
mod laws;
mod made;
mod meetings;
mod periods;
mod reminders;
mod telling;

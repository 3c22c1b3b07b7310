//! Background workers on both databases: what they do by themselves, and how they are looked at and stopped.

mod by_themselves;
mod looked_at;
mod stopped;
#[path = "../crashes/whole.rs"]
mod whole;

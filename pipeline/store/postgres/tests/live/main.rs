//! The store and its server: what is in the database, who sends mail, and what becomes of it when connections are cut, the server
//! restarts, hangs or is away, and when a process of ours is killed.

mod database;
mod holder;
mod killed;
mod outages;
mod sample;

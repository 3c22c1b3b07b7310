//! What must hold when everything goes wrong: `kill -9` at any moment, documents without end, a full disk.

mod disk_full;
mod kills;
mod monsters;
mod whole;

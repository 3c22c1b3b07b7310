//! What the program does with documents. One file per job.

pub mod accept;
pub mod access_export;
pub mod attach;
pub mod bounces;
pub mod carry;
pub mod deliveries;
pub mod events;
pub mod inbox;
pub mod overview;
pub mod plan_now;
pub mod print;
pub mod print_facts;
pub mod print_now;
pub mod print_source;
pub mod refusal;
pub mod run;
pub mod runs;
pub mod schedules;
pub mod stages;
pub mod tell;
pub mod tidy;
pub mod witness;

pub use stages::document_jobs;

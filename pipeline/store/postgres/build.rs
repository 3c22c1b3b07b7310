//! A new migration file makes Cargo build the crate again; `sqlx::migrate!` notices only changes in those it has seen.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=.sqlx");
}

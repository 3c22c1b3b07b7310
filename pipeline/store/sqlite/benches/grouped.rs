//! How many acceptances per second reach the disk.
fn main() {}

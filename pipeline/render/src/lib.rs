//! Snapshot in, PDF/A-2a out.

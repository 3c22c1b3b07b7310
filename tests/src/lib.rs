//! Stories against the real binary.

//! Archived document in, neutral mail out.

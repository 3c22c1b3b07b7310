//! The advisory locks that we take, in one list so that no two are the same. They are of the kind with two numbers; lanes of
//! jobs use the kind with one, which is a space of its own.

/// First number of all of ours.
pub(crate) const OURS: i32 = 0x6172_6b69;

/// Second number.
#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// While the schema is made: two processes may come at the same moment.
    Schema = 1,
    /// While documents are taken in, until the commit.
    Acceptance = 2,
    /// By the session of the process that sends mail, as long as it lives.
    Outbox = 3,
}

impl Lock {
    pub(crate) fn number(self) -> i32 {
        self as i32
    }
}

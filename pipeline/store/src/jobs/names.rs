//! What jobs, workers and queues are called, and how urgent a job is.

use std::{borrow::Cow, fmt, str::FromStr};

use pipeline_domain::NotValid;
use uuid::Uuid;

/// Number of a job, from 1, in the order of enqueueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One start of one worker process. Drawn anew at every start, so that nobody is mistaken for its predecessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct WorkerId(pub Uuid);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A published name: a lower-case letter, then up to 79 of `a-z`, `0-9`, `.`, `_`, `:`, `-`.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// A name that the program itself gives. It must keep the rule; `FromStr` checks names from outside.
            pub const fn of(name: &'static str) -> Self {
                Self(Cow::Borrowed(name))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotValid;
            fn from_str(s: &str) -> Result<Self, NotValid> {
                let ok = s.len() <= 80
                    && s.starts_with(|c: char| c.is_ascii_lowercase())
                    && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._:-".contains(&b));
                if ok { Ok(Self(Cow::Owned(s.to_owned()))) } else { Err(NotValid($what)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

names! {
    /// What kind of work, such as `render`. A published name: rows outlive programs.
    JobKind, "job kind";
    /// Which queue, such as `mail`: what is paused, limited and claimed together.
    QueueName, "queue name";
    /// What must not be worked on twice at once, such as `case:9901-2026-000001`.
    Lane, "lane";
    /// Name of a schedule, such as `archive.sweep`.
    ScheduleName, "schedule name";
}

/// 0 is first, 9 last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Priority(pub u8);

impl Priority {
    /// A person waits for it.
    pub const PERSON: Self = Self(1);
    /// Something happened.
    pub const EVENT: Self = Self(4);
    /// A schedule asked for it.
    pub const SCHEDULE: Self = Self(7);
}

//! The room as its users see it: a corpus of every format and every trap, judged by us and by siegfried.

mod corpus;
mod limits;
mod mutations;
mod oracle;
mod pdfa;
mod pictures;
mod policy_page;
mod verdicts;

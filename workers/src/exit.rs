//! Exit codes. New ones may be added; an unknown code means failure.

use std::process::ExitCode;

/// Documented exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Ok = 0,
    Other = 1,
    Partial = 3,
    NotFound = 4,
    InvalidInput = 5,
    VerificationFailed = 6,
    NotAuthorised = 7,
    Locked = 8,
    Config = 9,
    NotInitialised = 10,
    NewerSchema = 11,
    TryAgain = 75,
    Interrupted = 130,
    Terminated = 143,
}

/// The table shown under every command's help.
pub const TABLE: &str = "\
Exit codes:
   0  done
   1  other error
   2  wrong usage
   3  partly done: some items failed, and are listed
   4  not found
   5  invalid input
   6  verification failed
   7  not authorised: no role, or one without the right to this
   8  another process works on the same data
   9  wrong configuration
  10  the data folder is not set up (arkivflyt init)
  11  the database is of a newer version
  75  temporary trouble, try again
 130  interrupted (Ctrl-C); what was in hand is finished, the rest waits
 143  ended by SIGTERM; likewise (watch ends with 0)
Other codes may be added; treat an unknown code as failure.";

impl From<Exit> for ExitCode {
    fn from(e: Exit) -> ExitCode {
        ExitCode::from(e as u8)
    }
}

//! Stories against the real binary. The tests lie in `tests/`, three programs: `stories` (what a user does and sees),
//! `judges` (programs that we did not write look at everything that came of it) and `crashes` (`kill -9`, full disks,
//! endless documents). Here is what they share.
//!
//! The binary is `target/<profile>/arkivflyt` beside the tests, or what `ARKIVFLYT_BIN` names. A judge that is not
//! installed is skipped with a printed reason, and is a failure when `ARKIVFLYT_STRICT=1`.

mod accounting;
mod daemon;
mod disk;
mod files;
mod happenings;
mod house;
mod judges;
mod mail;
mod many;
mod pdf;
mod personal;
mod postfix;
mod rng;
mod samples;

pub use accounting::{Account, Finding, Summary, account};
pub use daemon::{Daemon, On, working_house, working_house_at};
pub use disk::SmallDisk;
pub use files::{Tree, copy_folder, digest, files_below, set_age, set_written, tree};
pub use happenings::{Happenings, person, sample_json};
pub use house::{CLOCK, House, Run, binary, house_in};
pub use judges::{Tool, shared, skip, strict};
pub use mail::{Letter, decoded, letters, without_checkpoint};
pub use many::{Made, Shape, many};
pub use pdf::{Pdf, essence};
pub use personal::{Needle, found_in, needles, personal_values};
pub use postfix::{Postfix, live_at_postfix, minutes_for_postfix};
pub use rng::Rng;
pub use samples::{Sample, broken_samples, good_samples, kind_folders, lasting_samples, left_closed, samples_folder, workspace};

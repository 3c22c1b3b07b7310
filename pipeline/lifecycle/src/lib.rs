//! What a plan has lived through, and what follows from it.
//!
//! In: the [`Fact`](pipeline_domain::Fact)s of one plan, in any order, repeated or not. Out: its [`Life`] ([`Life::of`]), and from
//! that, with the time handed in: what somebody owes ([`duties`]), what somebody is reminded of ([`reminders`]), what stands in the
//! way of closing ([`hindrances_to_closing`]), and who may be told at this moment ([`may_be_told`]).
//!
//! All of it is pure and cannot fail: a fact that makes no sense changes nothing. Days are days in Oslo. Facts know no plan type, so
//! what only some types have is known by its facts: consents by those of consents, school years by those of an IOP.

mod archiving;
mod calendar;
mod closing;
mod consent;
mod duty;
mod evaluation;
mod life;
mod meeting;
mod period;
mod reminder;
mod school_year;
mod telling;

pub use archiving::{Archiving, OVERDUE_DAYS};
pub use calendar::{ADDRESS_GOOD_FOR_MONTHS, has_gone_stale};
pub use closing::{Hindrance, hindrances_to_closing};
pub use consent::{Consent, ConsentEnd, Sharing, Standing};
pub use duty::{Duty, duties};
pub use evaluation::Evaluations;
pub use life::Life;
pub use meeting::{Answer, Meeting, Meetings};
pub use period::{Closed, Periods};
pub use reminder::{Reminder, Stage, Whom, reminders};
pub use school_year::IopYear;
pub use telling::may_be_told;

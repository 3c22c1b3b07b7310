//! The life of one delivery: facts in any order, repeated or not, are one life.
//!
//! Nothing here is a step from state to state. A [`Delivery`] is a set of facts that only grows; where it stands is worked out from
//! them and from the time that is handed in.

use std::collections::{BTreeMap, BTreeSet};

use pipeline_domain::{ErrorCode, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

use crate::{Answer, Dialect, MessageId, Receipt, ReceiverIds, Refusal, Sending, Subject};

/// Seconds before the second sending after a fault of the receiver's own; doubled for each one after it.
const FIRST_PAUSE_S: i64 = 15 * 60;
/// Longest pause, in seconds.
const LONGEST_PAUSE_S: i64 = 24 * 3600;
/// So many sendings that a receiver's own faults are a person's business.
const MOST_SENDINGS: u32 = 8;

/// Everything that is known of one delivery. Stored as JSON by whoever keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    subject: Subject,
    dialect: Dialect,
    /// When each sending was dropped.
    sent: BTreeMap<Sending, Timestamp>,
    /// The most that was answered to each sending.
    answered: BTreeMap<Sending, Answered>,
    /// After which sendings a person asked for another one.
    asked_again: BTreeSet<Sending>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answered {
    answer: Answer,
    /// When the first answer came.
    at: Timestamp,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The message was handed over to the transport.
    Dropped {
        /// Which sending.
        sending: Sending,
        /// When.
        at: Timestamp,
    },
    /// A receipt came.
    Arrived {
        /// The receipt.
        receipt: Receipt,
        /// When.
        at: Timestamp,
    },
    /// A person wants it sent once more, having looked at what came of this sending.
    AskedAgain {
        /// The sending that was looked at.
        after: Sending,
    },
}

/// Where a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// To be sent, not before this instant.
    Waiting {
        /// As which sending.
        sending: Sending,
        /// `None`: at once.
        not_before: Option<Timestamp>,
    },
    /// Handed over, and no answer yet.
    Sent {
        /// When silence becomes doubt.
        doubtful_at: Timestamp,
    },
    /// The receiver has it (mottatt) and will say more.
    Received {
        /// When silence becomes doubt.
        doubtful_at: Timestamp,
    },
    /// Too long without a receipt. Nobody knows whether it is archived; a receipt may still come.
    Doubtful,
    /// The receiver does not take it.
    Refused(Refusal),
    /// It is archived there.
    Accepted(ReceiverIds),
}

/// One sending, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingFacts {
    /// Which.
    pub sending: Sending,
    /// Its message.
    pub message: MessageId,
    /// When it was handed over; `None` when it was answered and the handing over was not written down.
    pub sent_at: Option<Timestamp>,
    /// The most that was answered, and when the first answer came.
    pub answer: Option<(Answer, Timestamp)>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send it as this sending.
    Send(Sending),
    /// Look again at this instant, or when something arrives.
    WaitUntil(Timestamp),
    /// A person must look. It goes on when a receipt arrives or the person asks for another sending.
    TellPerson(ErrorCode),
    /// Nothing more.
    Done,
}

impl Delivery {
    /// A delivery that nothing has happened to.
    pub fn new(subject: Subject, dialect: Dialect) -> Self {
        Self { subject, dialect, sent: BTreeMap::new(), answered: BTreeMap::new(), asked_again: BTreeSet::new() }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The format that its messages are written in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Every sending that is known of, first to last.
    pub fn sendings(&self) -> Vec<SendingFacts> {
        let known: BTreeSet<Sending> = self.sent.keys().chain(self.answered.keys()).copied().collect();
        let facts = known.into_iter().map(|sending| SendingFacts {
            sending,
            message: MessageId::of(self.subject, self.dialect, sending),
            sent_at: self.sent.get(&sending).copied(),
            answer: self.answered.get(&sending).map(|a| (a.answer.clone(), a.at)),
        });
        facts.collect()
    }

    /// Which sending a message of this delivery is; `None` when it is none of its.
    pub fn sending_of(&self, message: MessageId) -> Option<Sending> {
        // Also those that we know nothing of: the drop may have been cut short before it was written down.
        (1..=Sending::LAST.0).map(Sending).find(|s| MessageId::of(self.subject, self.dialect, *s) == message)
    }

    /// Takes in what happened; whether that changed anything. A receipt to no message of this delivery changes nothing.
    pub fn record(&mut self, happening: Happening) -> bool {
        let before = self.clone();
        match happening {
            Happening::Dropped { sending, at } => {
                let first = self.sent.entry(sending).or_insert(at);
                *first = at.min(*first);
            }
            Happening::Arrived { receipt: Receipt { message, answer }, at } => {
                if let Some(sending) = self.sending_of(message) {
                    let most = self.answered.entry(sending).or_insert_with(|| Answered { answer: answer.clone(), at });
                    most.at = at.min(most.at);
                    if most.answer < answer {
                        most.answer = answer;
                    }
                }
            }
            Happening::AskedAgain { after } => {
                self.asked_again.insert(after);
            }
        }
        *self != before
    }

    /// Where it stands now. `doubtful_after_hours` is the target's.
    pub fn standing(&self, now: Timestamp, doubtful_after_hours: u32) -> Standing {
        if let Some(ids) = self.accepted() {
            return Standing::Accepted(ids.clone());
        }
        let Some(last) = self.last() else { return Standing::Waiting { sending: Sending::FIRST, not_before: None } };
        let next = last.next();
        if let Some(sending) = next.filter(|_| self.asked_again.contains(&last)) {
            return Standing::Waiting { sending, not_before: None };
        }
        let doubtful_at = later(self.time_of(last), i64::from(doubtful_after_hours) * 3600);
        match self.answered.get(&last).map(|a| &a.answer) {
            Some(Answer::Refused(refusal)) => match next {
                Some(sending) if refusal.reason.verdict() == Verdict::Retry && last.0 < MOST_SENDINGS => {
                    Standing::Waiting { sending, not_before: Some(later(self.time_of(last), pause_s(last))) }
                }
                _ => Standing::Refused(*refusal),
            },
            Some(Answer::Accepted(ids)) => Standing::Accepted(ids.clone()),
            Some(Answer::Received) | None if now >= doubtful_at => Standing::Doubtful,
            Some(Answer::Received) => Standing::Received { doubtful_at },
            None => Standing::Sent { doubtful_at },
        }
    }

    /// What to do now.
    pub fn next(&self, now: Timestamp, doubtful_after_hours: u32) -> Next {
        match self.standing(now, doubtful_after_hours) {
            Standing::Waiting { not_before: Some(at), .. } if at > now => Next::WaitUntil(at),
            Standing::Waiting { sending, .. } => Next::Send(sending),
            Standing::Sent { doubtful_at } | Standing::Received { doubtful_at } => Next::WaitUntil(doubtful_at),
            Standing::Doubtful => Next::TellPerson(ErrorCode::DeliveryDoubtful),
            Standing::Refused(_) => Next::TellPerson(ErrorCode::DeliveryRefused),
            Standing::Accepted(_) => Next::Done,
        }
    }

    /// What the receiver calls it, from the first sending that was accepted.
    pub fn accepted(&self) -> Option<&ReceiverIds> {
        self.all_accepted().next()
    }

    /// Whether two sendings were archived as two registrations: the receiver minds no external keys, and a person must tidy up there.
    pub fn is_archived_twice(&self) -> bool {
        let ids: BTreeSet<_> = self.all_accepted().filter_map(|ids| ids.registration.as_ref()).map(|r| (r.system_id, &r.number)).collect();
        ids.len() > 1
    }

    fn all_accepted(&self) -> impl Iterator<Item = &ReceiverIds> {
        self.answered.values().filter_map(|a| match &a.answer {
            Answer::Accepted(ids) => Some(ids),
            Answer::Received | Answer::Refused(_) => None,
        })
    }

    fn last(&self) -> Option<Sending> {
        self.sent.keys().next_back().max(self.answered.keys().next_back()).copied()
    }

    /// When it was sent; when it was answered, where the drop was cut short before it was written down.
    fn time_of(&self, sending: Sending) -> Timestamp {
        let answered = self.answered.get(&sending).map(|a| a.at);
        self.sent.get(&sending).copied().or(answered).expect("a sending is known because it was sent or answered")
    }
}

fn pause_s(after: Sending) -> i64 {
    FIRST_PAUSE_S.saturating_mul(1 << after.0.saturating_sub(1).min(20)).min(LONGEST_PAUSE_S)
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(at.unix_seconds() + seconds).unwrap_or(at)
}

//! What this process has in hand: slots, leases, who must stop and why, and progress that waits for the next beat.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use pipeline_store::{ClaimedJob, JobId, Lease, QueueName};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::figures;

/// So much may wait for the store to settle it before nothing more is claimed: memory stays bounded while it is slow, and what waits
/// does not wait longer than its lease.
const MOST_UNSETTLED: usize = 2_000;
/// What an end weighs that is settled with an effect or with jobs that follow: it takes the store so many times as long as one that is
/// simply through.
const WITH_EFFECT: usize = 10;

/// Why a running attempt must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The lease is no longer ours: whatever it concludes is not written.
    Lost,
    /// A person called it off.
    CalledOff,
    /// The process stops.
    Drain,
}

/// How an attempt ended, as far as settling it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Simply through.
    Plain,
    /// With an effect, or with jobs that follow.
    WithMore,
}

/// One attempt, from its claim until the store knows its end.
struct Held {
    stop: CancellationToken,
    why: Option<Why>,
    /// What its end weighs while it waits for the store.
    settling: Option<usize>,
    progress: Option<Value>,
}

struct Slots {
    queue: QueueName,
    label: metrics::SharedString,
    most: u32,
    taken: u32,
    /// The last claim got less than it asked for, and nothing has happened since that would change the answer.
    dry: bool,
    /// Something has happened since the claim that is under way was asked: its answer may be old.
    news: bool,
}

impl Slots {
    fn hope(&mut self) {
        (self.dry, self.news) = (false, true);
    }
}

#[derive(Default)]
struct Table {
    held: HashMap<Lease, Held>,
    /// By job: cancelled when nothing of its latest attempt runs any more.
    present: HashMap<JobId, CancellationToken>,
    slots: Vec<Slots>,
    unsettled: usize,
}

/// The table, and a bell for the claim loop.
pub(super) struct Hands {
    table: Mutex<Table>,
    end: CancellationToken,
    /// Rung when a claim may get more than before. One listener; a ring without listener is kept.
    pub(super) bell: Notify,
}

/// What an attempt is given at its claim.
pub(super) struct Place {
    pub(super) stop: CancellationToken,
    /// Cancelled by the last that goes: nothing of this attempt runs any more.
    pub(super) gone: CancellationToken,
    /// As `gone`, of an earlier attempt at the same job in this process.
    pub(super) former: Option<CancellationToken>,
}

impl Hands {
    pub(super) fn new(queues: &[(QueueName, u32)], end: CancellationToken) -> Self {
        let slots = queues.iter().map(|(queue, most)| Slots {
            queue: queue.clone(),
            label: figures::label(queue.as_str()),
            most: *most,
            taken: 0,
            dry: false,
            news: false,
        });
        Self { table: Mutex::new(Table { slots: slots.collect(), ..Table::default() }), end, bell: Notify::new() }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can start at once, by queue; nothing while none of them can have more than at the last claim, or while too much
    /// waits to be settled.
    pub(super) fn wanted(&self) -> Vec<(QueueName, u32)> {
        let mut table = self.table();
        let hopeful = table.slots.iter().any(|s| !s.dry && s.taken < s.most);
        if !hopeful || table.unsettled >= MOST_UNSETTLED {
            return Vec::new();
        }
        table.slots.iter_mut().for_each(|s| s.news = false);
        table.slots.iter().filter(|s| s.taken < s.most).map(|s| (s.queue.clone(), s.most - s.taken)).collect()
    }

    /// Remembers which queues had no more than they gave. `true` when one of them was asked in vain.
    pub(super) fn note_answer(&self, asked: &[(QueueName, u32)], got: &[ClaimedJob]) -> bool {
        let mut table = self.table();
        let mut any_dry = false;
        for (queue, most) in asked {
            let came = got.iter().filter(|j| j.queue == *queue).count();
            let dry = came < usize::try_from(*most).unwrap_or(usize::MAX);
            any_dry |= dry;
            if let Some(slots) = table.slots.iter_mut().find(|s| s.queue == *queue) {
                slots.dry = dry && !slots.news;
            }
        }
        any_dry
    }

    /// Something has changed in the store: every queue is worth asking again.
    pub(super) fn all_hopeful(&self) {
        self.table().slots.iter_mut().for_each(Slots::hope);
    }

    /// Something of these queues was settled: a lane or a limit may have opened.
    pub(super) fn hopeful<'a>(&self, queues: impl Iterator<Item = &'a QueueName>) {
        let mut table = self.table();
        for queue in queues {
            if let Some(slots) = table.slots.iter_mut().find(|s| s.queue == *queue) {
                slots.hope();
            }
        }
        drop(table);
        self.bell.notify_one();
    }

    /// Leases of earlier attempts at this job: that it was claimed again means that they are lost.
    pub(super) fn superseded(&self, job: JobId) -> Vec<Lease> {
        let table = self.table();
        if !table.present.contains_key(&job) {
            return Vec::new();
        }
        table.held.keys().filter(|lease| lease.job == job).copied().collect()
    }

    /// Takes a claimed job in hand.
    pub(super) fn take(&self, job: &ClaimedJob) -> Place {
        let mut table = self.table();
        let stop = self.end.child_token();
        let held = Held { stop: stop.clone(), why: None, settling: None, progress: None };
        table.held.insert(job.lease, held);
        let gone = CancellationToken::new();
        let former = table.present.insert(job.lease.job, gone.clone()).filter(|f| !f.is_cancelled());
        if let Some(slots) = table.slots.iter_mut().find(|s| s.queue == job.queue) {
            slots.taken += 1;
            figures::running(&slots.label, slots.taken);
        }
        Place { stop, gone, former }
    }

    /// Frees the slot of an attempt of which nothing runs any more.
    pub(super) fn leave(&self, job: &ClaimedJob) {
        let mut table = self.table();
        if table.present.get(&job.lease.job).is_some_and(CancellationToken::is_cancelled) {
            table.present.remove(&job.lease.job);
        }
        if let Some(slots) = table.slots.iter_mut().find(|s| s.queue == job.queue) {
            slots.taken = slots.taken.saturating_sub(1);
            figures::running(&slots.label, slots.taken);
        }
        drop(table);
        self.bell.notify_one();
    }

    /// Why this attempt was asked to stop, if it was.
    pub(super) fn why(&self, lease: Lease) -> Option<Why> {
        let table = self.table();
        let held = table.held.get(&lease)?;
        // The end of a runner that was dropped stops everything without saying why.
        held.why.or_else(|| held.stop.is_cancelled().then_some(Why::Drain))
    }

    /// Asks an attempt to stop. `false` when it was asked before, or its end is on the way to the store.
    pub(super) fn stop(&self, lease: Lease, why: Why) -> bool {
        self.table().held.get_mut(&lease).is_some_and(|held| held.ask(why))
    }

    /// Asks every attempt at this job to stop.
    pub(super) fn call_off(&self, job: JobId) {
        self.table().held.iter_mut().filter(|(lease, _)| lease.job == job).for_each(|(_, held)| {
            held.ask(Why::CalledOff);
        });
    }

    /// Asks everything to stop.
    pub(super) fn stop_all(&self) {
        self.table().held.values_mut().for_each(|held| {
            held.ask(Why::Drain);
        });
    }

    /// The attempt is through and waits for the store: a beat that misses it says nothing from now on.
    pub(super) fn settling(&self, lease: Lease, end: End) {
        let mut table = self.table();
        if let Some(held) = table.held.get_mut(&lease) {
            let weight = if end == End::Plain { 1 } else { WITH_EFFECT };
            held.settling = Some(weight);
            table.unsettled += weight;
        }
    }

    /// The store knows the attempt's end, or the attempt is no longer ours.
    pub(super) fn drop_lease(&self, lease: Lease) {
        let mut table = self.table();
        if let Some(weight) = table.held.remove(&lease).and_then(|held| held.settling) {
            table.unsettled -= weight;
        }
    }

    /// Leases to be extended, and the progress that goes with them.
    pub(super) fn for_beat(&self) -> (Vec<Lease>, Vec<(Lease, Value)>) {
        let mut table = self.table();
        let ours = table.held.iter_mut().filter(|(_, held)| held.why != Some(Why::Lost));
        let (mut leases, mut progress) = (Vec::new(), Vec::new());
        for (lease, held) in ours {
            leases.push(*lease);
            progress.extend(held.progress.take().map(|p| (*lease, p)));
        }
        (leases, progress)
    }

    pub(super) fn keep_progress(&self, lease: Lease, progress: Value) {
        if let Some(held) = self.table().held.get_mut(&lease) {
            held.progress = Some(progress);
        }
    }

    pub(super) fn take_progress(&self, lease: Lease) -> Option<Value> {
        self.table().held.get_mut(&lease)?.progress.take()
    }

    /// A beat did not get through: what it carried goes with the next, unless there is newer.
    pub(super) fn put_back(&self, progress: Vec<(Lease, Value)>) {
        let mut table = self.table();
        for (lease, value) in progress {
            if let Some(held) = table.held.get_mut(&lease) {
                held.progress.get_or_insert(value);
            }
        }
    }

    /// Whether this attempt is ours and the store does not know its end.
    pub(super) fn holds(&self, lease: Lease) -> bool {
        self.table().held.contains_key(&lease)
    }

    /// How many attempts the store does not know the end of.
    pub(super) fn in_hand(&self) -> usize {
        self.table().held.len()
    }

    /// Whether nothing is in hand, and no slot is taken.
    pub(super) fn is_empty(&self) -> bool {
        let table = self.table();
        table.held.is_empty() && table.slots.iter().all(|s| s.taken == 0)
    }
}

impl Held {
    fn ask(&mut self, why: Why) -> bool {
        // That the lease is lost outweighs any other reason: nothing may be written then.
        if self.settling.is_some() || self.why == Some(Why::Lost) || (self.why.is_some() && why != Why::Lost) {
            return false;
        }
        self.why = Some(why);
        self.stop.cancel();
        true
    }
}

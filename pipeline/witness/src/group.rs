//! Group commit: callers that wait at the same time share one write and one barrier.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// What callers hand in, and what each of them gets back.
pub(crate) struct Group<In, Out> {
    queue: Mutex<Queue<In, Out>>,
    turn: Condvar,
}

struct Queue<In, Out> {
    waiting: Vec<(In, Slot<Out>)>,
    is_busy: bool,
}

/// Where an answer is put. `None`: whoever worked for all has panicked.
type Slot<Out> = Arc<OnceLock<Option<Out>>>;

impl<In, Out: Clone> Group<In, Out> {
    /// Nobody waits.
    pub(crate) fn new() -> Self {
        Self { queue: Mutex::new(Queue { waiting: Vec::new(), is_busy: false }), turn: Condvar::new() }
    }

    /// Hands `input` in and returns its answer. One of those who wait does the work of all: `work` gives an answer for each, in order.
    pub(crate) fn hand_in(&self, input: In, work: impl Fn(Vec<In>) -> Vec<Out>) -> Out {
        let answer = Arc::new(OnceLock::new());
        let mut queue = self.locked();
        queue.waiting.push((input, Arc::clone(&answer)));
        loop {
            if let Some(answer) = answer.get() {
                return answer.clone().expect("whoever wrote for all of us has panicked, and nothing is known");
            }
            if queue.is_busy {
                queue = self.turn.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_busy = true;
            let (inputs, slots): (Vec<In>, Vec<_>) = queue.waiting.drain(..).unzip();
            drop(queue);
            let turn = Turn { group: self, slots };
            for (slot, answer) in turn.slots.iter().zip(work(inputs)) {
                // Each slot is filled once, by whoever took it out of the queue.
                let _ = slot.set(Some(answer));
            }
            drop(turn);
            queue = self.locked();
        }
    }

    fn locked(&self) -> MutexGuard<'_, Queue<In, Out>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One turn of work. However it ends, nobody is left waiting for it.
struct Turn<'a, In, Out: Clone> {
    group: &'a Group<In, Out>,
    slots: Vec<Slot<Out>>,
}

impl<In, Out: Clone> Drop for Turn<'_, In, Out> {
    fn drop(&mut self) {
        for slot in &self.slots {
            // Does nothing where there is an answer.
            let _ = slot.set(None);
        }
        self.group.locked().is_busy = false;
        self.group.turn.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn each_gets_its_own_answer_and_work_is_shared() {
        let (group, turns) = (Group::<u64, u64>::new(), AtomicU64::new(0));
        std::thread::scope(|s| {
            for thread in 0..8 {
                let (group, turns) = (&group, &turns);
                s.spawn(move || {
                    for n in 0..100 {
                        let answer = group.hand_in(thread * 1000 + n, |inputs| {
                            turns.fetch_add(1, Ordering::Relaxed);
                            inputs.into_iter().map(|i| i * 2).collect()
                        });
                        assert_eq!(answer, 2 * (thread * 1000 + n));
                    }
                });
            }
        });
        assert!(turns.into_inner() <= 800);
    }

    #[test]
    fn a_panic_leaves_nobody_waiting() {
        let group = Group::<bool, bool>::new();
        let panicked = std::thread::scope(|s| {
            let turn = |is_bad| group.hand_in(is_bad, |inputs| if inputs.contains(&true) { panic!("for a test") } else { inputs });
            let threads: Vec<_> = (0..4).map(|n| s.spawn(move || turn(n == 0))).collect();
            threads.into_iter().map(|t| t.join().is_err()).filter(|p| *p).count()
        });
        assert!(panicked >= 1);
        assert!(!group.hand_in(false, |inputs| inputs), "the next turn is as any other");
    }
}

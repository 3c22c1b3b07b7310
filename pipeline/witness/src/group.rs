//! Group commit: callers that wait at the same time share one write and one barrier.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// What callers hand in, and what each of them gets back.
pub(crate) struct Group<In, Out> {
    queue: Mutex<Queue<In, Out>>,
    turn: Condvar,
}

struct Queue<In, Out> {
    waiting: Vec<(In, Arc<OnceLock<Out>>)>,
    is_busy: bool,
}

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
                return answer.clone();
            }
            if queue.is_busy {
                queue = self.turn.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_busy = true;
            let (inputs, answers): (Vec<In>, Vec<_>) = queue.waiting.drain(..).unzip();
            drop(queue);
            for (slot, answer) in answers.iter().zip(work(inputs)) {
                // Each slot is filled once, by whoever took it out of the queue.
                let _ = slot.set(answer);
            }
            queue = self.locked();
            queue.is_busy = false;
            self.turn.notify_all();
        }
    }

    fn locked(&self) -> MutexGuard<'_, Queue<In, Out>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
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
}

//! The line in front of the children: first come, first served.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pipeline_render::RenderJob;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::attachment::Look;
use super::{LookedAt, PressError, PrintedPdf};

/// Work in line.
pub struct Request {
    pub work: Work,
    /// Freed with the answer: this is what bounds the line.
    pub _place: OwnedSemaphorePermit,
}

/// What is asked of a child, and whom to answer.
pub enum Work {
    /// Set a document.
    Print(RenderJob, oneshot::Sender<Result<PrintedPdf, PressError>>),
    /// Look at an attachment.
    Look(Look, Vec<u8>, oneshot::Sender<Result<LookedAt, PressError>>),
}

impl Work {
    /// Nobody waits for the answer any more.
    pub fn is_abandoned(&self) -> bool {
        match self {
            Self::Print(_, reply) => reply.is_closed(),
            Self::Look(_, _, reply) => reply.is_closed(),
        }
    }

    pub fn refuse(self, error: PressError) {
        match self {
            Self::Print(_, reply) => drop(reply.send(Err(error))),
            Self::Look(_, _, reply) => drop(reply.send(Err(error))),
        }
    }
}

/// What a slot finds in the line.
pub enum Next {
    Request(Box<Request>),
    Nothing,
    Closed,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Box<Request>>,
    closed: bool,
}

#[derive(Default)]
pub struct Queue {
    line: Mutex<Line>,
    bell: Condvar,
}

impl Queue {
    pub fn push(&self, request: Request) -> Result<(), PressError> {
        let mut line = self.line();
        if line.closed {
            return Err(PressError::Stopped);
        }
        line.waiting.push_back(Box::new(request));
        // Not `notify_one`: it could wake a slot that only waits to start its child.
        self.bell.notify_all();
        Ok(())
    }

    /// The first in line, waiting at most this long. Requests nobody waits for any more are left out.
    pub fn next(&self, patience: Duration) -> Next {
        let idle = |line: &mut Line| {
            line.waiting.retain(|request| !request.work.is_abandoned());
            line.waiting.is_empty() && !line.closed
        };
        let (mut line, _) = self.bell.wait_timeout_while(self.line(), patience, idle).unwrap_or_else(PoisonError::into_inner);
        match line.waiting.pop_front() {
            _ if line.closed => Next::Closed,
            Some(request) => Next::Request(request),
            None => Next::Nothing,
        }
    }

    /// Whether the line is closed, or gets closed within this time.
    pub fn closed_within(&self, patience: Duration) -> bool {
        let (line, _) = self.bell.wait_timeout_while(self.line(), patience, |line| !line.closed).unwrap_or_else(PoisonError::into_inner);
        line.closed
    }

    /// Ends the line: those in it are told so, nobody new is let in.
    pub fn close(&self) {
        let mut line = self.line();
        line.closed = true;
        line.waiting.clear();
        self.bell.notify_all();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

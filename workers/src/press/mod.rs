//! The press: a few long-lived child processes of this same program that set documents.
//!
//! Typesetting cannot be called off and may abort the process it runs in, so it never runs in the parent. The parent
//! hands one [`RenderJob`] at a time to a child and gets the PDF back, or learns how the child died. A child has no
//! files, no network and no way to start a program (`sandbox`), bounded memory and processor time (`limits`), and is
//! killed at the wall clock's limit. Start reading at [`Press::print`], then `slot` (the parent's side of one child) and
//! `child` (the other side).

mod attachment;
mod child;
mod error;
mod frame;
mod limits;
mod probe;
mod queue;
mod sandbox;
mod slot;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use pipeline_render::RenderJob;
use tokio::sync::{Semaphore, oneshot};

pub use attachment::{Look, Looked, LookedImage};
pub use child::child_main;
pub use error::PressError;
pub use sandbox::{Sandbox, sandbox_report};
pub use slot::ChildMemory;

use queue::{Queue, Request, Work};
use slot::{Pids, Slot};

/// How many children there are and how far each may go.
#[derive(Clone, Debug)]
pub struct PressSettings {
    /// Documents that are set at the same time. At least one.
    pub children: usize,
    /// Address space of a child (`RLIMIT_AS`). A document that needs more fails for good.
    pub memory_limit_bytes: u64,
    /// Processor seconds one document may use (`RLIMIT_CPU`, raised anew for each document).
    pub cpu_limit_s: u64,
    /// Seconds on the clock one document may take, from the moment a child gets it.
    pub wall_limit: Duration,
    /// A child is replaced after this many documents.
    pub recycle_after_documents: u32,
    /// A child whose resident memory is above this after a document is replaced.
    pub recycle_above_bytes: u64,
    /// What happens where the kernel lacks Landlock or seccomp.
    pub sandbox: Sandbox,
    /// Largest document data and logo together that a child is given.
    pub max_job_bytes: u64,
    /// Largest PDF that is taken back.
    pub max_pdf_bytes: u64,
}

impl PressSettings {
    /// The measured defaults (RENDERING § 5, SECURITY § 7) for this many children.
    pub fn for_children(children: usize) -> Self {
        Self {
            children: children.max(1),
            memory_limit_bytes: 2 << 30,
            cpu_limit_s: 30,
            wall_limit: Duration::from_secs(60),
            recycle_after_documents: 500,
            recycle_above_bytes: 350 << 20,
            sandbox: Sandbox::BestEffort,
            max_job_bytes: 64 << 20,
            max_pdf_bytes: 256 << 20,
        }
    }
}

/// Which program is started as a child, and with what. Its first act must be [`child_main`].
#[derive(Clone, Debug)]
pub struct ChildCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment: nothing is passed on from the parent.
    pub env: Vec<(String, String)>,
}

impl ChildCommand {
    /// This very program as `arkivflyt __render`.
    ///
    /// Through `/proc`, so that parent and child are the same build also when the file was replaced by an upgrade.
    pub fn this_program() -> Self {
        let running = PathBuf::from("/proc/self/exe");
        let program = if running.exists() { running } else { std::env::current_exe().unwrap_or_else(|_| "arkivflyt".into()) };
        Self { program, args: vec!["__render".into()], env: Vec::new() }
    }
}

/// A set document.
pub struct PrintedPdf {
    /// The PDF file.
    pub bytes: Vec<u8>,
    /// Its pages.
    pub pages: u32,
    /// Characters that no font of ours has and that were replaced.
    pub replaced: u32,
}

impl fmt::Debug for PrintedPdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrintedPdf({} bytes, {} pages, {} replaced)", self.bytes.len(), self.pages, self.replaced)
    }
}

/// What a child said of an attachment.
#[derive(Debug)]
pub struct LookedAt {
    /// What it is.
    pub looked: Looked,
    /// The image for its page, without metadata; empty when there is none.
    pub image: Vec<u8>,
}

/// The pool. Cheap to share behind an `Arc`; dropping it kills the children.
pub struct Press {
    queue: Arc<Queue>,
    places: Arc<Semaphore>,
    pids: Arc<Pids>,
    threads: Vec<JoinHandle<()>>,
    max_job_bytes: u64,
}

impl Press {
    /// Starts the children and waits (some tens of milliseconds, blocking) until the first of them is ready.
    ///
    /// # Errors
    /// When no child starts, or the sandbox is required and the kernel cannot give it.
    pub fn start(settings: PressSettings) -> Result<Self, PressError> {
        Self::start_with(settings, ChildCommand::this_program())
    }

    /// As [`Press::start`], with another program as the child.
    pub fn start_with(settings: PressSettings, command: ChildCommand) -> Result<Self, PressError> {
        let children = settings.children.max(1);
        let max_job_bytes = settings.max_job_bytes;
        let queue = Arc::new(Queue::default());
        let pids = Arc::new(Pids::new(children));
        let (settings, command) = (Arc::new(settings), Arc::new(command));
        let (tell, told) = mpsc::channel();
        let mut threads = Vec::with_capacity(children);
        for index in 0..children {
            let slot = Slot::new(index, settings.clone(), command.clone(), queue.clone(), pids.clone());
            let tell = tell.clone();
            let thread = std::thread::Builder::new().name(format!("press-{index}")).spawn(move || slot.work(tell));
            threads.push(thread.map_err(|source| PressError::Start { source })?);
        }
        drop(tell);
        // Two places in the line for each child: enough that none idles, few enough that callers feel the back-pressure.
        let press = Self { queue, places: Arc::new(Semaphore::new(children * 3)), pids, threads, max_job_bytes };
        let mut failure = PressError::Stopped;
        for _ in 0..children {
            match told.recv() {
                Ok(Ok(())) => return Ok(press),
                Ok(Err(error)) => failure = error,
                Err(_) => break,
            }
        }
        Err(failure)
    }

    /// Sets one document. Callers are served in the order they came.
    ///
    /// Dropping the future is safe: the document is left out of the line, or its answer thrown away, or its child killed.
    ///
    /// # Errors
    /// When the template refuses the document, when it goes over a limit, or when its child dies.
    pub async fn print(&self, job: RenderJob) -> Result<PrintedPdf, PressError> {
        let size = frame::body_bytes(&job);
        if size > self.max_job_bytes {
            return Err(PressError::TooLarge { what: "document", limit_bytes: self.max_job_bytes });
        }
        self.ask(|reply| Work::Print(job, reply)).await
    }

    /// Looks at one attachment, in the same line.
    ///
    /// # Errors
    /// When it goes over a limit of the child's, or when the child dies.
    pub async fn look(&self, question: Look, bytes: Vec<u8>) -> Result<LookedAt, PressError> {
        if bytes.len() as u64 > self.max_job_bytes {
            return Err(PressError::TooLarge { what: "attachment", limit_bytes: self.max_job_bytes });
        }
        self.ask(|reply| Work::Look(question, bytes, reply)).await
    }

    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<Result<T, PressError>>) -> Work) -> Result<T, PressError> {
        let place = self.places.clone().acquire_owned().await.map_err(|_| PressError::Stopped)?;
        let (reply, answer) = oneshot::channel();
        self.queue.push(Request { work: work(reply), _place: place })?;
        answer.await.unwrap_or(Err(PressError::Stopped))
    }

    /// Resident memory of the children that are alive now. Empty where `/proc` is missing.
    pub fn children_memory(&self) -> Vec<ChildMemory> {
        self.pids.memory()
    }

    /// Lets the documents being set be finished, tells those in line that the press has stopped, and ends the children.
    pub async fn stop(mut self) {
        self.queue.close();
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                // A slot that panicked has taken its child with it; there is nothing left to stop.
                let _ = thread.join();
            }
        });
        let _ = joined.await;
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        // The slots end their children by themselves; waiting here could block an async thread.
        self.queue.close();
    }
}

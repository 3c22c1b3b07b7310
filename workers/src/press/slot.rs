//! The parent's side of one child: a thread of its own that starts it, hands it documents, and replaces it.
//!
//! The thread matters: the kernel kills a child when the *thread* that started it ends, so it must be one that lives as
//! long as the press, never a borrowed one.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pipeline_domain::{ErrorCode, Verdict};
use pipeline_render::RenderJob;
use rustix::process::{Pid, Signal, kill_process_group};

use super::attachment::Look;
use super::frame::{self, Answer, Order, Setup};
use super::probe::Attempt;
use super::queue::{Next, Queue, Request, Work};
use super::sandbox::{Fence, Layers};
use super::{ChildCommand, LookedAt, PressError, PressSettings, PrintedPdf};

/// A child that is not ready by then never will be.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often a waiting slot looks at the clock, at its child and at whether anyone still waits for the answer.
const TICK: Duration = Duration::from_millis(200);
/// How long a document nobody waits for may go on, before its child is killed for it.
const GRACE: Duration = Duration::from_secs(1);
/// Pause after the first failed start of a child; doubled after each further one.
const MIN_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause between two attempts to start a child.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// How much of the end of a child's error output is kept, to tell how it died.
const STDERR_TAIL_BYTES: usize = 4 << 10;

/// The process ids of the children now, and how many of them are ready.
pub struct Pids {
    pids: Vec<AtomicU32>,
    ready: AtomicUsize,
}

/// Memory of one child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildMemory {
    /// Its process id.
    pub pid: u32,
    /// Resident now.
    pub resident_bytes: u64,
    /// Resident at most, since it started.
    pub peak_bytes: u64,
}

impl Pids {
    pub fn new(children: usize) -> Self {
        Self { pids: (0..children).map(|_| AtomicU32::new(0)).collect(), ready: AtomicUsize::new(0) }
    }

    pub fn memory(&self) -> Vec<ChildMemory> {
        self.pids.iter().map(|pid| pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0).filter_map(memory_of).collect()
    }
}

fn memory_of(pid: u32) -> Option<ChildMemory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
    };
    Some(ChildMemory { pid, resident_bytes: field("VmRSS:")?, peak_bytes: field("VmHWM:")? })
}

/// One place in the press.
pub struct Slot {
    index: usize,
    settings: Arc<PressSettings>,
    command: Arc<ChildCommand>,
    queue: Arc<Queue>,
    pids: Arc<Pids>,
}

impl Slot {
    pub fn new(index: usize, settings: Arc<PressSettings>, command: Arc<ChildCommand>, queue: Arc<Queue>, pids: Arc<Pids>) -> Self {
        Self { index, settings, command, queue, pids }
    }

    /// Works until the line is closed. Tells once how the first start went.
    pub fn work(self, tell: Sender<Result<(), PressError>>) {
        let mut tell = Some(tell);
        let mut pause = MIN_PAUSE;
        loop {
            match Worker::start(&self.command, &self.settings, self.settings.sandbox.into()) {
                Ok((child, _)) => {
                    self.pids.pids[self.index].store(child.process.id(), Ordering::Relaxed);
                    if let Some(tell) = tell.take() {
                        let _ = tell.send(Ok(()));
                    }
                    pause = MIN_PAUSE;
                    if self.serve_with(child).is_break() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(press.slot = self.index, error = %error, "a typesetting process did not start");
                    match tell.take() {
                        Some(tell) => drop(tell.send(Err(error))),
                        None if pause > MIN_PAUSE => self.refuse_one(error),
                        None => {}
                    }
                    if self.queue.closed_within(pause) {
                        return;
                    }
                    pause = (pause * 2).min(MAX_PAUSE);
                }
            }
        }
    }

    /// Hands documents to this child until it is dead, due for replacement, or (break) the line is closed.
    fn serve_with(&self, mut child: Worker) -> ControlFlow<()> {
        let pid = child.process.id();
        self.pids.ready.fetch_add(1, Ordering::Relaxed);
        let flow = loop {
            match self.queue.next(TICK) {
                Next::Closed => break ControlFlow::Break(()),
                Next::Nothing if child.is_alive() => {}
                Next::Nothing => {
                    tracing::warn!(press.slot = self.index, child.pid = pid, "an idle typesetting process died");
                    break ControlFlow::Continue(());
                }
                Next::Request(request) => {
                    if !self.work_one(&mut child, *request) {
                        break ControlFlow::Continue(());
                    }
                }
            }
        };
        self.pids.ready.fetch_sub(1, Ordering::Relaxed);
        self.pids.pids[self.index].store(0, Ordering::Relaxed);
        flow
    }

    /// Does one piece of work and answers. `false`: the child must be replaced.
    fn work_one(&self, child: &mut Worker, request: Request) -> bool {
        let Request { work, _place } = request;
        // Where nobody waits any more the answer is dropped, and the next document has a child of its own or a clean socket.
        match work {
            Work::Print(job, reply) => {
                let answer = child.print(job, &self.settings, &|| reply.is_closed());
                self.warn_of_an_end(child, answer.as_ref().err());
                let _ = reply.send(answer);
            }
            Work::Look(question, bytes, reply) => {
                let answer = child.look(question, &bytes, &self.settings, &|| reply.is_closed());
                self.warn_of_an_end(child, answer.as_ref().err());
                let _ = reply.send(answer);
            }
        }
        !child.spent && !self.is_due(child)
    }

    fn warn_of_an_end(&self, child: &Worker, error: Option<&PressError>) {
        if let (true, Some(error)) = (child.spent, error) {
            tracing::warn!(press.slot = self.index, child.pid = child.process.id(), error.code = error.code().id(), error = %error, "a typesetting process ended");
        }
    }

    fn is_due(&self, child: &Worker) -> bool {
        child.documents >= self.settings.recycle_after_documents
            || memory_of(child.process.id()).is_some_and(|memory| memory.resident_bytes > self.settings.recycle_above_bytes)
    }

    /// After repeated failed starts: tells the first in line, unless another slot has a child that will serve it.
    fn refuse_one(&self, error: PressError) {
        if self.pids.ready.load(Ordering::Relaxed) == 0
            && let Next::Request(request) = self.queue.next(Duration::ZERO)
        {
            request.work.refuse(error);
        }
    }
}

/// A running child. Dropping it kills it and everything in its process group, and waits for its end.
pub struct Worker {
    process: Child,
    socket: UnixStream,
    stderr: Option<JoinHandle<Vec<u8>>>,
    documents: u32,
    cpu_limit_s: u64,
    /// No more documents: dead, killed, or about to end.
    spent: bool,
}

impl Worker {
    /// Starts a child and waits until it is ready.
    pub fn start(command: &ChildCommand, settings: &PressSettings, layers: Layers) -> Result<(Self, Fence), PressError> {
        let start = |source| PressError::Start { source };
        let (ours, theirs) = UnixStream::pair().map_err(start)?;
        ours.set_read_timeout(Some(TICK)).and_then(|()| ours.set_write_timeout(Some(TICK))).map_err(start)?;
        let mut process = Command::new(&command.program)
            .arg0("arkivflyt")
            .args(&command.args)
            .env_clear()
            .envs(command.env.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .process_group(0)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(start)?;
        let stderr = process.stderr.take().map(|pipe| std::thread::spawn(move || drain(pipe)));
        let mut child = Self { process, socket: ours, stderr, documents: 0, cpu_limit_s: settings.cpu_limit_s, spent: false };
        let setup = Setup {
            parent: std::process::id(),
            memory_limit_bytes: settings.memory_limit_bytes,
            cpu_limit_s: settings.cpu_limit_s,
            max_job_bytes: settings.max_job_bytes,
            max_pdf_bytes: settings.max_pdf_bytes,
            layers,
        };
        let deadline = Instant::now() + START_LIMIT;
        let answer = child.converse(deadline, 0, &|| false, |to| frame::write(to, &Order::Setup(setup), &[]));
        // A limit met before there is a document is no document's fault.
        let answer = answer.map_err(|error| match error {
            PressError::TimeLimit { .. } | PressError::MemoryLimit => start(io::Error::other(error)),
            other => other,
        });
        match answer? {
            (Answer::Ready(fence), _) => Ok((child, fence)),
            (Answer::NotReady { missing }, _) => Err(PressError::NotSandboxed { missing }),
            _ => Err(child.nonsense()),
        }
    }

    /// Sets one document.
    fn print(&mut self, job: RenderJob, settings: &PressSettings, abandoned: &dyn Fn() -> bool) -> Result<PrintedPdf, PressError> {
        self.documents += 1;
        let deadline = Instant::now() + settings.wall_limit;
        match self.converse(deadline, settings.max_pdf_bytes, abandoned, |to| frame::write_job(to, job))? {
            (Answer::Printed { pages, replaced }, bytes) => Ok(PrintedPdf { bytes, pages, replaced }),
            (Answer::Refused { code, retry, reason }, _) => {
                let Some(code) = ErrorCode::from_id(&code) else { return Err(self.nonsense()) };
                Err(PressError::Refused { code, verdict: if retry { Verdict::Retry } else { Verdict::GiveUp }, reason })
            }
            (Answer::TooLarge, _) => Err(PressError::TooLarge { what: "pdf", limit_bytes: settings.max_pdf_bytes }),
            (Answer::Panicked { at }, _) => {
                self.spent = true;
                Err(PressError::Crashed { how: format!("panic at {at}") })
            }
            _ => Err(self.nonsense()),
        }
    }

    /// Looks at one attachment.
    fn look(
        &mut self,
        question: Look,
        bytes: &[u8],
        settings: &PressSettings,
        abandoned: &dyn Fn() -> bool,
    ) -> Result<LookedAt, PressError> {
        self.documents += 1;
        let deadline = Instant::now() + settings.wall_limit;
        match self.converse(deadline, settings.max_pdf_bytes, abandoned, |to| frame::write_attachment(to, question, bytes))? {
            (Answer::Looked(looked), image) => Ok(LookedAt { looked, image }),
            (Answer::Panicked { at }, _) => {
                self.spent = true;
                Err(PressError::Crashed { how: format!("panic at {at}") })
            }
            _ => Err(self.nonsense()),
        }
    }

    /// Lets the child try its fence.
    pub fn probe(&mut self, deadline: Instant) -> Result<Vec<Attempt>, PressError> {
        match self.converse(deadline, 0, &|| false, |to| frame::write(to, &Order::Probe, &[]))? {
            (Answer::Probed(attempts), _) => Ok(attempts),
            _ => Err(self.nonsense()),
        }
    }

    /// One question, one answer. After an error the child is dead.
    fn converse(
        &mut self,
        deadline: Instant,
        max_body_bytes: u64,
        abandoned: &dyn Fn() -> bool,
        ask: impl FnOnce(&mut Patient<'_>) -> io::Result<()>,
    ) -> Result<(Answer, Vec<u8>), PressError> {
        let began = Instant::now();
        let mut line = Patient { socket: &self.socket, deadline, abandoned, left_alone: false };
        let answer = ask(&mut line).and_then(|()| frame::read(&mut line, max_body_bytes));
        answer.map_err(|error| {
            self.spent = true;
            match error.kind() {
                io::ErrorKind::TimedOut => {
                    self.end(Duration::ZERO);
                    PressError::TimeLimit { limit_s: began.elapsed().as_secs().max(1) }
                }
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => self.nonsense(),
                // The socket closed under us: the child is dying, or dead.
                _ => match self.end(Duration::from_secs(2)) {
                    (Some(status), stderr) => PressError::after_death(status, &stderr, self.cpu_limit_s),
                    (None, _) => PressError::Crashed { how: "it cannot be waited for".into() },
                },
            }
        })
    }

    fn nonsense(&mut self) -> PressError {
        self.spent = true;
        PressError::Crashed { how: "an answer out of turn".into() }
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Waits this long for the child to end by itself, then kills it. How it ended, and the end of what it wrote.
    fn end(&mut self, patience: Duration) -> (Option<ExitStatus>, Vec<u8>) {
        let deadline = Instant::now() + patience;
        while self.is_alive() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.is_alive()
            && let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw)
        {
            // Not reaped yet, so the number still means this child.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let status = self.process.wait().ok();
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        (status, stderr)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

/// Reads a child's error output away, so that it never blocks on it, and keeps the end. It may hold content: it is not logged.
fn drain(mut pipe: impl Read) -> Vec<u8> {
    let mut tail = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(bytes @ 1..) = pipe.read(&mut buffer) {
        tail.extend_from_slice(&buffer[..bytes]);
        let surplus = tail.len().saturating_sub(STDERR_TAIL_BYTES);
        tail.drain(..surplus);
    }
    tail
}

/// The socket with a deadline, which comes nearer when nobody waits for the answer any more.
struct Patient<'a> {
    socket: &'a UnixStream,
    deadline: Instant,
    abandoned: &'a dyn Fn() -> bool,
    left_alone: bool,
}

impl Patient<'_> {
    /// The socket itself gives up after a [`TICK`]; this decides whether to go on.
    fn with_patience(&mut self, mut attempt: impl FnMut(&UnixStream) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match attempt(self.socket) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    let now = Instant::now();
                    if !self.left_alone && (self.abandoned)() {
                        self.left_alone = true;
                        self.deadline = self.deadline.min(now + GRACE);
                    }
                    if now >= self.deadline {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                other => return other,
            }
        }
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with_patience(|mut socket| socket.read(buffer))
    }
}

impl Write for Patient<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with_patience(|mut socket| socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

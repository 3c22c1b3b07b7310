//! The child's side: bound itself, load templates and fonts once, then set one document after the other.
//!
//! The socket to the parent is standard input, used in both directions. Standard output leads nowhere, so nothing that a
//! library prints can get into a frame.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::process::exit;
use std::sync::{Mutex, PoisonError};

use pipeline_domain::{ErrorCode, Verdict};
use pipeline_render::{RenderJob, Typesetter, typesetting_thread};

use super::frame::{self, Answer, Order, Setup};
use super::{PrintedPdf, attachment, limits, probe, sandbox};

/// Exit status of a child that could not bound itself.
const NOT_BOUND: i32 = 3;
/// Longest text a refusal carries to the parent.
const MAX_REASON_CHARS: usize = 400;

/// The place of the last panic, for the parent. The text of a panic may hold content and goes nowhere.
static PANICKED_AT: Mutex<Option<String>> = Mutex::new(None);

/// A document the typesetter will not set.
pub struct Refusal {
    pub code: ErrorCode,
    pub verdict: Verdict,
    pub reason: String,
}

/// The hidden subcommand `__render`. Call it before any thread is started, any file opened or any log set up.
pub fn child_main() -> ! {
    serve(|| {
        let typesetter = Typesetter::new();
        move |job: &RenderJob| match typesetter.set(job) {
            Ok(pdf) => Ok(PrintedPdf { bytes: pdf.bytes, pages: pdf.pages, replaced: pdf.replaced }),
            Err(error) => Err(Refusal { code: error.code(), verdict: error.verdict(), reason: error.to_string() }),
        }
    })
}

/// Serves the parent with the typesetter that `make` builds, until the parent closes the socket.
pub fn serve<S>(make: impl FnOnce() -> S + Send) -> !
where
    S: Fn(&RenderJob) -> Result<PrintedPdf, Refusal>,
{
    limits::close_inherited();
    std::panic::set_hook(Box::new(note_place_only));
    let Ok(mut socket) = io::stdin().as_fd().try_clone_to_owned().map(File::from) else { exit(NOT_BOUND) };
    let Ok((Order::Setup(setup), _)) = frame::read(&mut socket, 0) else { exit(NOT_BOUND) };
    if let Err(missing) = bind(&setup) {
        let _ = frame::write(&mut socket, &Answer::NotReady { missing }, &[]);
        exit(NOT_BOUND)
    }
    let fence = sandbox::put_up(setup.layers);
    if let Some(missing) = fence.missing(setup.layers).filter(|_| setup.layers.required) {
        let _ = frame::write(&mut socket, &Answer::NotReady { missing: missing.into() }, &[]);
        exit(NOT_BOUND)
    }
    let ended = typesetting_thread(move || -> io::Result<()> {
        limits::grant_cpu(setup.cpu_limit_s)?;
        let set = make();
        limits::no_more_threads()?;
        frame::write(&mut socket, &Answer::Ready(fence), &[])?;
        loop {
            answer_one(&mut socket, &setup, &set)?;
        }
    });
    // Closing the socket is how the parent sends a child home.
    exit(if ended.is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) { 0 } else { 1 })
}

fn bind(setup: &Setup) -> Result<(), String> {
    limits::bind_to_parent(setup.parent).map_err(|error| format!("cannot bind to the parent process: {error}"))?;
    limits::set_for_life(setup).map_err(|error| format!("cannot set limits: {error}"))
}

fn answer_one(socket: &mut File, setup: &Setup, set: &impl Fn(&RenderJob) -> Result<PrintedPdf, Refusal>) -> io::Result<()> {
    let (order, body) = frame::read(socket, setup.max_job_bytes)?;
    match order {
        Order::Print { mut job, data_bytes, logo_bytes } => {
            frame::refill(&mut job, data_bytes, logo_bytes, body)?;
            limits::grant_cpu(setup.cpu_limit_s)?;
            let answer = catch_unwind(AssertUnwindSafe(|| set(&job)));
            match answer {
                Ok(Ok(pdf)) if pdf.bytes.len() as u64 > setup.max_pdf_bytes => frame::write(socket, &Answer::TooLarge, &[]),
                Ok(Ok(pdf)) => frame::write(socket, &Answer::Printed { pages: pdf.pages, replaced: pdf.replaced }, &[&pdf.bytes]),
                Ok(Err(refusal)) if refusal.code != ErrorCode::RenderCrashed => frame::write(socket, &refused(refusal), &[]),
                // A panic, caught here or by the typesetter. What it left behind is nobody's to trust: this child ends.
                Ok(Err(_)) | Err(_) => panicked(socket),
            }
        }
        Order::Look(question) => {
            limits::grant_cpu(setup.cpu_limit_s)?;
            match catch_unwind(AssertUnwindSafe(|| attachment::look(&question, &body))) {
                Ok((looked, image)) => frame::write(socket, &Answer::Looked(looked), &[&image]),
                Err(_) => panicked(socket),
            }
        }
        Order::Probe => frame::write(socket, &Answer::Probed(probe::attempts()), &[]),
        Order::Setup(_) => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Tells where it was, and ends.
fn panicked(socket: &mut File) -> io::Result<()> {
    let at = PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
    frame::write(socket, &Answer::Panicked { at }, &[])?;
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn refused(refusal: Refusal) -> Answer {
    let reason = refusal.reason.chars().take(MAX_REASON_CHARS).collect();
    Answer::Refused { code: refusal.code.id().into(), retry: refusal.verdict == Verdict::Retry, reason }
}

/// The panic hook: source file (without the folders of the machine it was built on) and line.
fn note_place_only(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, |at| {
        let file: Vec<&str> = at.file().rsplit('/').take(3).collect();
        format!("{}:{}", file.into_iter().rev().collect::<Vec<_>>().join("/"), at.line())
    });
    let _ = writeln!(io::stderr(), "panic at {place}");
    *PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
}

//! What a child asks of the kernel before it sees a document: limits, dying with its parent, no privileges.
#![expect(unsafe_code, reason = "these system calls have no safe wrapper among our dependencies; each is one call with plain arguments")]

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

use super::frame::Setup;

/// Files a child may have open: the three standard ones, the socket, and room for what a library needs in passing.
const OPEN_FILES: u64 = 64;

/// Binds this process to the parent that started it, and drops every privilege it could gain or keep.
///
/// # Errors
/// When the kernel refuses, or when the parent is already gone.
pub fn bind_to_parent(parent: u32) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // Asked too late when the parent died before: then someone else is the parent now.
    if rustix::process::getppid().is_none_or(|now| now.as_raw_nonzero().get() as u32 != parent) {
        return Err(io::ErrorKind::NotConnected.into());
    }
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // SAFETY: PR_SET_NO_NEW_PRIVS takes four plain integers and touches no memory of ours.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    // SAFETY: PR_SET_NAME reads a NUL-terminated string of at most 16 bytes, which this literal is.
    check(unsafe { libc::prctl(libc::PR_SET_NAME, c"arkivflyt-press".as_ptr()) })?;
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // A service manager signals the whole group; the parent decides when a document is done, not the signal.
        // SAFETY: SIG_IGN is a constant, no handler of ours is installed.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    Ok(())
}

/// Closes what the parent's libraries may have left open, so that only the three standard files are inherited.
pub fn close_inherited() {
    // SAFETY: called first thing in a fresh process, before this program has opened anything that it could still use.
    // An old kernel answers ENOSYS; Rust opens everything close-on-exec, so nothing is lost then.
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
}

/// Sets the limits that hold for the child's life.
///
/// No `RLIMIT_NPROC` here: the typesetting thread is still to come. See [`no_more_threads`].
pub fn set_for_life(setup: &Setup) -> io::Result<()> {
    lower(Resource::As, setup.memory_limit_bytes)?;
    lower(Resource::Fsize, 0)?;
    lower(Resource::Core, 0)?;
    lower(Resource::Nofile, OPEN_FILES)
}

/// From here on this user's limit lets the process start neither process nor thread. (The kernel does not hold root to it.)
pub fn no_more_threads() -> io::Result<()> {
    lower(Resource::Nproc, 0)
}

/// Gives the process so many processor seconds from now; going over them is SIGXCPU, which kills.
///
/// `RLIMIT_CPU` counts the whole life of a process, so each document moves the soft limit.
pub fn grant_cpu(seconds: u64) -> io::Result<()> {
    let maximum = rustix::process::getrlimit(Resource::Cpu).maximum;
    let soft = cpu_used_s()?.saturating_add(seconds).saturating_add(1);
    let current = Some(maximum.map_or(soft, |hard| soft.min(hard)));
    Ok(rustix::process::setrlimit(Resource::Cpu, Rlimit { current, maximum })?)
}

fn lower(resource: Resource, value: u64) -> io::Result<()> {
    let value = rustix::process::getrlimit(resource).maximum.map_or(value, |hard| value.min(hard));
    Ok(rustix::process::setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?)
}

/// Processor seconds this process has used, all threads.
fn cpu_used_s() -> io::Result<u64> {
    let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec to the place we give it.
    check(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut used) })?;
    Ok(u64::try_from(used.tv_sec).unwrap_or(0))
}

/// Tries to fork. Only for the probe: `true` says that the sandbox leaks.
pub fn can_fork() -> bool {
    // SAFETY: if a second process comes of it after all, it leaves at once without touching any of our state.
    match unsafe { libc::fork() } {
        0 => unsafe { libc::_exit(0) },
        pid => pid > 0,
    }
}

/// Tries whether the tracing of processes is barred. Only for the probe: `true` says that the sandbox leaks.
///
/// Asks for a process that cannot exist, so that nobody is ever traced: a fence answers before the kernel looks for it.
pub fn can_ptrace() -> bool {
    // SAFETY: PTRACE_SEIZE takes a process id and two integers here and touches no memory of ours.
    let answer = unsafe { libc::ptrace(libc::PTRACE_SEIZE, libc::pid_t::MAX, 0, 0) };
    answer == 0 || io::Error::last_os_error().kind() != io::ErrorKind::PermissionDenied
}

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

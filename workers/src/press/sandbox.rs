//! The fence around a child: Landlock (no file, no TCP) and seccomp (a short list of system calls, nothing else).
//!
//! Templates and fonts are inside the binary, so a child needs no file at all. Everything it may call is on one list; the
//! rest answers `EPERM`, so a library that tries something in passing goes on without it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use landlock::{ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetStatus, Scope};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use serde::{Deserialize, Serialize};

use super::slot::Worker;
use super::{ChildCommand, PressError, PressSettings};

/// What happens where the kernel lacks a part of the fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sandbox {
    /// The press does not start.
    Required,
    /// The press starts with what there is.
    BestEffort,
    /// No fence; the limits still hold.
    Off,
}

/// How much of the Landlock rules the kernel enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Landlock {
    /// Not in this kernel, or not switched on, or not asked for.
    Missing,
    /// An older kernel: files yes, some newer rules no.
    Partly,
    /// All of them.
    Fully,
}

/// Which parts of the fence a child puts up.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Layers {
    pub landlock: bool,
    pub seccomp: bool,
    /// A missing part ends the child.
    pub required: bool,
}

impl From<Sandbox> for Layers {
    fn from(sandbox: Sandbox) -> Self {
        let wanted = sandbox != Sandbox::Off;
        Self { landlock: wanted, seccomp: wanted, required: sandbox == Sandbox::Required }
    }
}

/// What stands around a child.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Fence {
    pub landlock: Landlock,
    pub landlock_abi: Option<i32>,
    pub seccomp: bool,
}

impl Fence {
    /// Names what `layers` asks for and is not there.
    pub fn missing(&self, layers: Layers) -> Option<&'static str> {
        match (layers.landlock && self.landlock == Landlock::Missing, layers.seccomp && !self.seccomp) {
            (true, true) => Some("neither Landlock nor seccomp"),
            (true, false) => Some("no Landlock"),
            (false, true) => Some("no seccomp"),
            (false, false) => None,
        }
    }
}

/// For `doctor`: what a real child of this program is kept from, tried out.
#[derive(Clone, Debug, Serialize)]
pub struct SandboxReport {
    /// How much of Landlock there is.
    pub landlock: Landlock,
    /// The kernel's Landlock version, as far as this program knows it.
    pub landlock_abi: Option<i32>,
    /// Whether the system call list is in force.
    pub seccomp: bool,
    /// What the child tried and was refused, e.g. `read a file`.
    pub refused: Vec<String>,
    /// What the child tried and managed. Empty when the fence is whole.
    pub possible: Vec<String>,
    /// Why there was no child to ask.
    pub failure: Option<String>,
}

impl SandboxReport {
    /// Whether both layers stand and nothing got through.
    pub fn is_whole(&self) -> bool {
        self.failure.is_none() && self.landlock != Landlock::Missing && self.seccomp && self.possible.is_empty() && !self.refused.is_empty()
    }
}

/// Starts one child, lets it try what it must not be able to do, and tells how that went. Blocks for some tens of milliseconds.
pub fn sandbox_report() -> SandboxReport {
    report_of(&ChildCommand::this_program(), Sandbox::BestEffort.into())
}

/// As [`sandbox_report`], of another program and with chosen layers.
pub(super) fn report_of(command: &ChildCommand, layers: Layers) -> SandboxReport {
    let ask = || -> Result<_, PressError> {
        let (mut child, fence) = Worker::start(command, &PressSettings::for_children(1), layers)?;
        let attempts = child.probe(Instant::now() + Duration::from_secs(10))?;
        Ok((fence, attempts))
    };
    let nothing = SandboxReport {
        landlock: Landlock::Missing,
        landlock_abi: None,
        seccomp: false,
        refused: Vec::new(),
        possible: Vec::new(),
        failure: None,
    };
    match ask() {
        Err(error) => SandboxReport { failure: Some(error.to_string()), ..nothing },
        Ok((fence, attempts)) => {
            let (refused, possible): (Vec<_>, Vec<_>) = attempts.into_iter().partition(|attempt| attempt.refused);
            let names = |attempts: Vec<super::probe::Attempt>| attempts.into_iter().map(|attempt| attempt.what).collect();
            SandboxReport {
                landlock: fence.landlock,
                landlock_abi: fence.landlock_abi,
                seccomp: fence.seccomp,
                refused: names(refused),
                possible: names(possible),
                failure: None,
            }
        }
    }
}

/// Puts up the fence around this process. What cannot be put up shows in the answer.
///
/// Must run while the process has one thread: Landlock binds the calling thread and the threads it starts later.
pub fn put_up(layers: Layers) -> Fence {
    let (landlock, landlock_abi) = if layers.landlock { forbid_files() } else { (Landlock::Missing, None) };
    let seccomp =
        layers.seccomp && allow_list().is_some_and(|filters| filters.iter().all(|f| seccompiler::apply_filter_all_threads(f).is_ok()));
    Fence { landlock, landlock_abi, seccomp }
}

/// Landlock with every right handled and no rule that gives one back.
fn forbid_files() -> (Landlock, Option<i32>) {
    let abi = ABI::V7;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(|rules| rules.create())
        .and_then(|rules| rules.restrict_self());
    let Ok(status) = status else { return (Landlock::Missing, None) };
    let enforced = match status.ruleset {
        RulesetStatus::FullyEnforced => Landlock::Fully,
        RulesetStatus::PartiallyEnforced => Landlock::Partly,
        RulesetStatus::NotEnforced => Landlock::Missing,
    };
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, kernel_abi } => Some(kernel_abi.unwrap_or(effective_abi as i32)),
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => None,
    };
    (enforced, abi)
}

/// System calls a child may make with any arguments: memory, threads' bookkeeping, time, the files it already has.
const ALLOWED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
];

/// The filters, first to be installed first. `None` on a processor seccompiler does not know.
fn allow_list() -> Option<[BpfProgram; 2]> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    // glibc starts threads with clone3, whose flags a filter cannot see. ENOSYS, and only ENOSYS, makes it fall back to clone.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let no_clone3 = SeccompFilter::new(clone3, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32), arch).ok()?;
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // Let through here because the filter above already answers it; an EPERM from this one would win.
    calls.insert(libc::SYS_clone3, Vec::new());
    for (call, rules) in guarded()? {
        calls.insert(call, rules);
    }
    let listed = SeccompFilter::new(calls, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow, arch).ok()?;
    Some([no_clone3.try_into().ok()?, listed.try_into().ok()?])
}

/// System calls a child may make with some arguments only.
fn guarded() -> Option<Vec<(i64, Vec<SeccompRule>)>> {
    let thread = libc::CLONE_THREAD as u64;
    let exec = libc::PROT_EXEC as u64;
    Some(vec![
        (libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(thread), thread)?]),
        // No new code in memory: nothing here compiles at run time.
        (libc::SYS_mmap, vec![when(2, SeccompCmpOp::MaskedEq(exec), 0)?]),
        (libc::SYS_mprotect, vec![when(2, SeccompCmpOp::MaskedEq(exec), 0)?]),
        // abort() signals the process itself.
        (libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, std::process::id().into())?]),
        // The limits of this process, never of another.
        (libc::SYS_prlimit64, vec![when(0, SeccompCmpOp::Eq, 0)?]),
        (libc::SYS_prctl, vec![when(0, SeccompCmpOp::Eq, libc::PR_SET_NAME as u64)?, when(0, SeccompCmpOp::Eq, libc::PR_SET_VMA as u64)?]),
        (libc::SYS_fcntl, vec![when(1, SeccompCmpOp::Eq, libc::F_GETFD as u64)?, when(1, SeccompCmpOp::Eq, libc::F_GETFL as u64)?]),
    ])
}

fn when(argument: u8, op: SeccompCmpOp, value: u64) -> Option<SeccompRule> {
    SeccompRule::new(vec![SeccompCondition::new(argument, Dword, op, value).ok()?]).ok()
}

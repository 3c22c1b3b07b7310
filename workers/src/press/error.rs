//! What can go wrong between handing a document to a child and having its PDF.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use pipeline_domain::{ErrorCode, Verdict};

/// Why there is no PDF. The texts hold no content of the document.
#[derive(Debug, thiserror::Error)]
pub enum PressError {
    /// The typesetter's own refusal, as the child told it.
    #[error("{reason}")]
    Refused {
        /// Its published code.
        code: ErrorCode,
        /// Whether trying again can help.
        verdict: Verdict,
        /// Its text; ids only.
        reason: String,
    },
    /// Over the processor or wall-clock limit.
    #[error("typesetting took longer than its limit of {limit_s} s")]
    TimeLimit {
        /// The limit that was met.
        limit_s: u64,
    },
    /// Over the address space or stack limit.
    #[error("typesetting needed more memory than its limit")]
    MemoryLimit,
    /// The document going in, or the PDF coming out, is larger than is carried.
    #[error("the {what} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// `document`, `attachment` or `pdf`.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
    },
    /// The child died or spoke nonsense.
    #[error("the typesetting process stopped unexpectedly: {how}")]
    Crashed {
        /// Signal, exit status or place of the panic.
        how: String,
    },
    /// The child could not be started.
    #[error("cannot start a typesetting process")]
    Start {
        /// What the system said.
        source: io::Error,
    },
    /// The sandbox is required and not to be had.
    #[error("the typesetting process cannot be sandboxed: {missing}")]
    NotSandboxed {
        /// What the kernel lacks.
        missing: String,
    },
    /// The press is being stopped.
    #[error("the press has stopped")]
    Stopped,
}

impl PressError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused { code, .. } => *code,
            Self::TimeLimit { .. } => ErrorCode::RenderLimitTime,
            Self::MemoryLimit | Self::TooLarge { .. } => ErrorCode::RenderLimitMemory,
            Self::Crashed { .. } | Self::Start { .. } | Self::NotSandboxed { .. } | Self::Stopped => ErrorCode::RenderCrashed,
        }
    }

    /// What the job runner does next.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Refused { verdict, .. } => *verdict,
            // The same document meets the same limit again.
            Self::TimeLimit { .. } | Self::MemoryLimit | Self::TooLarge { .. } => Verdict::GiveUp,
            Self::Crashed { .. } | Self::Start { .. } | Self::NotSandboxed { .. } | Self::Stopped => Verdict::Retry,
        }
    }

    /// Reads a death certificate. `stderr` is only searched for the two sentences of Rust's runtime, never passed on.
    pub(super) fn after_death(status: ExitStatus, stderr: &[u8], cpu_limit_s: u64) -> Self {
        let said = |sentence: &[u8]| stderr.windows(sentence.len()).any(|w| w == sentence);
        match status.signal() {
            Some(libc::SIGXCPU) => Self::TimeLimit { limit_s: cpu_limit_s },
            Some(libc::SIGABRT) if said(b"memory allocation of ") || said(b"has overflowed its stack") => Self::MemoryLimit,
            // A SIGKILL that is not ours may be the system's last resort or an operator: neither is the document's fault for sure.
            Some(signal) => Self::Crashed { how: format!("signal {signal}") },
            None => Self::Crashed { how: format!("exit status {}", status.code().unwrap_or(-1)) },
        }
    }
}

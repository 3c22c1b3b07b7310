//! What stopped one document or one command, with its code and what comes next.

use std::fmt;

use pipeline_domain::{ErrorCode, Verdict};

use crate::exit::Exit;

/// A failure with a code that a person can look up. The detail holds ids and file kinds, never personal data.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: ErrorCode,
    pub verdict: Verdict,
    pub detail: String,
}

impl Failure {
    /// A failure that will not go away by itself.
    pub fn give_up(code: ErrorCode, detail: impl fmt::Display) -> Self {
        Self { code, verdict: Verdict::GiveUp, detail: detail.to_string() }
    }

    /// A failure that may be gone next time.
    pub fn retry(code: ErrorCode, detail: impl fmt::Display) -> Self {
        Self { code, verdict: Verdict::Retry, detail: detail.to_string() }
    }

    /// Exit code when this ends a command.
    pub fn exit(&self) -> Exit {
        match self.code {
            ErrorCode::NotInitialised => Exit::NotInitialised,
            ErrorCode::StoreNewer => Exit::NewerSchema,
            ErrorCode::ConfigInvalid | ErrorCode::MailConfig => Exit::Config,
            ErrorCode::StoreUnavailable
            | ErrorCode::ArchiveDiskFull
            | ErrorCode::ExtractDiskFull
            | ErrorCode::AccessLogUnwritable
            | ErrorCode::DeliveryUnwritable => Exit::TryAgain,
            ErrorCode::ExtractEmpty => Exit::NotFound,
            ErrorCode::ExtractDamaged | ErrorCode::ExtractLeak | ErrorCode::ExtractRefused => Exit::VerificationFailed,
            ErrorCode::WitnessLogDamaged
            | ErrorCode::BackupDamaged
            | ErrorCode::AccessLogDamaged
            | ErrorCode::AccessRegisterDamaged
            | ErrorCode::ExportDamaged => Exit::VerificationFailed,
            ErrorCode::NotAuthorised => Exit::NotAuthorised,
            ErrorCode::AccessFlagsContradict | ErrorCode::ExtractSchemaMissing => Exit::InvalidInput,
            _ => Exit::Other,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Failure {}

/// Prints an error with its causes on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(c) = cause {
        text.push_str(": ");
        text.push_str(&c.to_string());
        cause = c.source();
    }
    text
}

macro_rules! from_room {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(e: $error) -> Self {
                Self { code: e.code(), verdict: e.verdict(), detail: chain(&e) }
            }
        }
    )+};
}

from_room!(
    pipeline_access::AccessError,
    pipeline_store::StoreError,
    pipeline_package::PackageError,
    pipeline_archive::ArchiveError,
    pipeline_arkivmelding::ArkivmeldingError,
    pipeline_notify::NotifyError,
    pipeline_bag::BagError,
    pipeline_deposit::DepositError,
    pipeline_inspect::InspectError,
    pipeline_witness::WitnessError,
    crate::press::PressError,
);

//! Time stamps (RFC 3161): a third party's word that a digest existed at some time.
//!
//! [`Request`] is what is sent, [`Transport`] is how, and [`verify`] judges what came back, now or in twenty years, without a network:
//! signature, certificate path to a configured anchor, purpose and validity at the stamped time. Whether a certificate was revoked is
//! not asked: that needs a network, and an authority that loses its key says so. `openssl ts` judges the same files.

mod algorithm;
mod certificate;
mod fields;
mod request;
mod token;
mod verify;

use std::{io, sync::Arc};

use pipeline_domain::{Sha256, Sha512, Timestamp};

use crate::WitnessError;

pub use certificate::Anchors;
pub use request::{Nonce, Request};
pub use verify::verify;

/// What is stamped: the digest of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imprint {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512: that of OCFL inventories.
    Sha512(Sha512),
}

/// What a good answer attests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The imprint existed then, as the authority's clock has it; cut to whole seconds.
    pub time: Timestamp,
    /// How far off the clock may be, in whole seconds, rounded up. `None`: the authority does not say.
    pub accuracy_s: Option<u64>,
    /// The authority's number for it, hexadecimal.
    pub serial: String,
    /// Under which of its policies, dotted.
    pub policy: String,
}

/// Brings a request to an authority and its answer back: `application/timestamp-query` and `application/timestamp-reply` over HTTP,
/// or files that somebody carries.
pub trait Transport {
    /// One request, one answer, both DER. What comes back is not believed before [`verify`].
    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>>;
}

/// Asks, and judges the answer. The answer is what is kept as `….tsr`.
pub fn obtain(transport: &dyn Transport, request: &Request, anchors: &Anchors) -> Result<(Stamp, Vec<u8>), WitnessError> {
    let answer = transport.exchange(&request.to_der()).map_err(|e| WitnessError::Unreachable { source: Arc::new(e) })?;
    let stamp = verify(&answer, &request.imprint, request.nonce.as_ref(), anchors)?;
    Ok((stamp, answer))
}

pub(crate) fn refused(fault: &'static str) -> WitnessError {
    WitnessError::Stamp { fault }
}

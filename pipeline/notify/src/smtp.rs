//! SMTP submission to one relay: a fresh connection per mail, a deadline on every phase, no pool.
//!
//! lettre speaks the protocol; connecting, TLS and deadlines are ours, because lettre 0.11.23 has no read timeout, reads
//! plaintext injected after STARTTLS as if it were encrypted, and leaves Nagle on (MAIL § 1.2, L1, L4, L5). A connection is
//! closed after every failure and every timeout, so no reply can be taken by another mail (L2).

mod config;
mod outcome;
mod relay;
mod session;
mod starttls;
mod wire;

pub use config::{Credentials, RelayConfig, RelaySecurity, Timeouts};
pub use outcome::{LinkFault, Phase, SendOutcome};
pub use relay::SmtpRelay;

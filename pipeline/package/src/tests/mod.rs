//! Tests of the whole room: documents in, files out, judged by the official schemas.

mod address_protection;
mod attachments;
mod cost;
mod files;
mod journey;
mod ledger;
mod outline;
mod overview;
mod parties;
mod pictures;
mod redacted;
mod support;
mod unicode;
mod xmllint;
mod xsd;

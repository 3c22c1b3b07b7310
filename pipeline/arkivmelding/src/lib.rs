//! An archived document in, one arkivmelding to the municipality's case archive out; its answers in, what they mean out.
//!
//! Comes in: the case folder's own metadata files ([`read_folder`], [`read_registration`]) and the municipality's [`Target`]. Goes out:
//! [`document_message`], [`closing_message`] and [`reopening_message`], in the dialect of the receiver, and through a [`Transport`] to whoever carries them.
//! What comes back is a [`Receipt`]; a [`Delivery`] knows what to do next.
//!
//! Promises: equal arguments give equal bytes and ids; what is written fits the official schemas; a national id stands only in a
//! class that the configuration asks for; what others send is read within limits, never panics, and nothing of its free text is
//! kept; a message is handed over whole or not at all, and once by its id. `RULES.md` lists the rules of both dialects with their
//! tests. Start reading in `message.rs`.

mod archived;
mod codes;
mod delivery;
mod digdir;
mod draft;
mod error;
mod fiks;
mod keys;
mod message;
mod model;
mod receipt;
mod target;
mod template;
mod transport;
mod tree;
mod xml;

pub use archived::{read_folder, read_registration, refers_to_others};
pub use delivery::{Delivery, Happening, Next, SendingFacts, Standing};
pub use error::ArkivmeldingError;
pub use keys::{MessageId, Sending, Subject};
pub use message::{MessageKind, Occasion, Outgoing, PAYLOAD, SentFile, closing_message, document_message, reopening_message};
pub use model::{CaseFolder, Registration};
pub use receipt::{
    Answer, Arrival, ArrivalFault, ArrivalFiles, Found, Receipt, ReceiverIds, ReceiverUnit, Refusal, RefusalReason, read_arrival,
};
pub use target::{Classification, ClosingTravels, Dialect, JournalPostType, JournalStatus, Target, TargetFault, TargetFolder};
pub use template::{Placeholder, Sender, Template, TemplateFault};
pub use transport::{Arrived, FileSource, FolderExchange, Handover, SetAside, Ticket, Transport};
pub use tree::XmlFault;

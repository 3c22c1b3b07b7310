//! Receipts and errors of KS Fiks Arkiv. The message type and what it answers stand in the headers of Fiks IO and not in the
//! payload; whoever carries messages to our folder writes them to `melding.json`.
//!
//! Source: `meldingstyper.json`, `….opprett.kvittering.xsd` and `….feilmelding.*.xsd` of ks-no/fiks-arkiv-specification, V1.

use serde::Deserialize;
use uuid::Uuid;

use super::{Answer, Arrival, ArrivalFault, ArrivalFiles, Found, Receipt, ReceiverIds, ReceiverUnit, Refusal, RefusalReason, safe};
use crate::{
    MessageId,
    tree::{Element, Limits},
};

/// What stands in `melding.json`. Other headers are read over.
#[derive(Deserialize)]
struct Headers {
    #[serde(rename = "meldingType")]
    kind: String,
    #[serde(rename = "svarPaMelding")]
    answers: Option<String>,
}

const HEADERS: &str = "melding.json";
const RECEIPT: &str = "arkivmelding-kvittering.xml";
const ERROR: &str = "feilmelding.xml";
const LARGEST: usize = 1 << 20;

pub(super) fn read(files: &ArrivalFiles) -> Result<Arrival, ArrivalFault> {
    let headers = files.get(HEADERS).filter(|b| b.len() <= LARGEST).ok_or(ArrivalFault::FileMissing(HEADERS))?;
    let headers: Headers = serde_json::from_slice(headers).map_err(|_| ArrivalFault::Unreadable)?;
    // The list of message types spells one prefix in two ways: `no.ks.fik.` stands in what may answer a create message.
    let kind = headers.kind.strip_prefix("no.ks.fiks.arkiv.v1.").or_else(|| headers.kind.strip_prefix("no.ks.fik.arkiv.v1."));
    let answer = match kind {
        Some("arkivering.arkivmelding.opprett.mottatt" | "arkivering.arkivmelding.oppdater.mottatt") => Answer::Received,
        Some("arkivering.arkivmelding.oppdater.kvittering") => Answer::Accepted(ReceiverIds::default()),
        Some("arkivering.arkivmelding.opprett.kvittering") => receipt(&tree(files, RECEIPT)?)?,
        Some("feilmelding.ugyldigforespoersel") => error(files, RefusalReason::InvalidRequest),
        Some("feilmelding.serverfeil") => error(files, RefusalReason::ServerError),
        Some("feilmelding.ikkefunnet") => error(files, RefusalReason::NotFound),
        _ => return Ok(Arrival::NotForUs),
    };
    let message = headers.answers.as_deref().and_then(MessageId::parse).ok_or(ArrivalFault::Incomplete("which message it answers"))?;
    Ok(Arrival::Receipt(Receipt { message, answer }))
}

fn tree(files: &ArrivalFiles, name: &'static str) -> Result<Element, ArrivalFault> {
    let bytes = files.get(name).ok_or(ArrivalFault::FileMissing(name))?;
    Element::read(bytes, Limits::FOREIGN).map_err(|_| ArrivalFault::Unreadable)
}

/// The message type says that it was refused, whatever is wrong with the payload, so a missing reference hinders nothing.
fn error(files: &ArrivalFiles, reason: RefusalReason) -> Answer {
    let reference = tree(files, ERROR).ok().and_then(|tree| reference(&tree));
    Answer::Refused(Refusal { reason, reference })
}

fn reference(error: &Element) -> Option<Uuid> {
    error.leaf("feilId").and_then(safe::uuid)
}

/// Both choices of `arkivmeldingKvittering`: a folder or its failure, a registration or its failure. One failure refuses the message;
/// without a word about the registration, which each of our create messages holds, it is no receipt.
fn receipt(tree: &Element) -> Result<Answer, ArrivalFault> {
    if tree.name != "arkivmeldingKvittering" {
        return Err(ArrivalFault::Unreadable);
    }
    for (element, reason) in [("mappeFeilet", RefusalReason::FolderFailed), ("registreringFeilet", RefusalReason::RegistrationFailed)] {
        if let Some(failed) = tree.child(element) {
            return Ok(Answer::Refused(Refusal { reason, reference: reference(failed) }));
        }
    }
    let registration = tree.child("registreringKvittering").ok_or(ArrivalFault::Incomplete("what became of the registration"))?;
    Ok(Answer::Accepted(ReceiverIds {
        folder: tree.child("mappeKvittering").map(|m| unit(m, "mappeID")),
        registration: Some(unit(registration, "registreringsID")),
        with_warning: false,
    }))
}

fn unit(receipt: &Element, number: &str) -> ReceiverUnit {
    ReceiverUnit {
        system_id: receipt.leaf("systemID").and_then(safe::uuid),
        number: receipt.leaf(number).and_then(safe::number),
        found: match receipt.leaf("opprettetEllerEksisterende") {
            Some("Opprettet") => Some(Found::Created),
            Some("Eksisterende") => Some(Found::Existing),
            _ => None,
        },
    }
}

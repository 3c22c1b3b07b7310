//! DigDir's receipt: JSON in a standard business document (SBD).
//!
//! Source: felleslosninger/efm-integrasjonspunkt `ArkivmeldingKvitteringMessage` (receiptType, relatedToMessageId, messages) and the
//! example in the documentation of eFormidling, where the header says `arkivmelding`: only the body tells what it is.

use serde_json::Value;

use super::{Answer, Arrival, ArrivalFault, ArrivalFiles, Receipt, ReceiverIds, ReceiverUnit, Refusal, RefusalReason, safe};
use crate::MessageId;

/// The body of a receipt.
const BODY: &str = "arkivmelding_kvittering";
/// Most that an SBD without attachments can be.
const LARGEST: usize = 1 << 20;

pub(super) fn read(files: &ArrivalFiles) -> Result<Arrival, ArrivalFault> {
    let bytes = files.iter().find(|(name, _)| name.ends_with(".json")).map(|(_, b)| b).ok_or(ArrivalFault::FileMissing("the SBD"))?;
    if bytes.len() > LARGEST {
        return Err(ArrivalFault::Unreadable);
    }
    let sbd: Value = serde_json::from_slice(bytes).map_err(|_| ArrivalFault::Unreadable)?;
    if !sbd.is_object() {
        return Err(ArrivalFault::Unreadable);
    }
    let Some(body) = sbd.get(BODY) else { return Ok(Arrival::NotForUs) };
    let message = message(&sbd, body).ok_or(ArrivalFault::Incomplete("which message it answers"))?;
    let answer = answer(body).ok_or(ArrivalFault::Incomplete("what the answer is"))?;
    Ok(Arrival::Receipt(Receipt { message, answer }))
}

/// `relatedToMessageId`; older senders have it not, but answer in the conversation that our message began.
fn message(sbd: &Value, body: &Value) -> Option<MessageId> {
    if let Some(related) = body.get("relatedToMessageId").and_then(Value::as_str) {
        return MessageId::parse(related);
    }
    let scopes = sbd.pointer("/standardBusinessDocumentHeader/businessScope/scope")?.as_array()?;
    let conversation = scopes.iter().find(|s| s["type"] == "ConversationId")?;
    MessageId::parse(conversation.get("instanceIdentifier")?.as_str()?)
}

fn answer(body: &Value) -> Option<Answer> {
    let refused = |reason| Answer::Refused(Refusal { reason, reference: None });
    Some(match body.get("receiptType")?.as_str()? {
        "OK" => Answer::Accepted(ReceiverIds { registration: registration(body), ..ReceiverIds::default() }),
        "WARNING" => Answer::Accepted(ReceiverIds { registration: registration(body), with_warning: true, ..ReceiverIds::default() }),
        "ERROR" => refused(RefusalReason::Error),
        "NOTSUPPORTED" => refused(RefusalReason::NotSupported),
        _ => return None,
    })
}

/// `messages` hold codes and texts that every archive chooses itself; a number under one of these codes is its number of the
/// registration.
fn registration(body: &Value) -> Option<ReceiverUnit> {
    const CODES: [&str; 4] = ["recno", "id", "registreringsid", "journalpostid"];
    let messages = body.get("messages")?.as_array()?;
    let is_id = |m: &&Value| m.get("code").and_then(Value::as_str).is_some_and(|c| CODES.contains(&c.to_lowercase().as_str()));
    let text = messages.iter().find(is_id)?.get("text")?.as_str()?;
    let unit = ReceiverUnit { system_id: safe::uuid(text), number: safe::number(text), found: None };
    (unit != ReceiverUnit::default()).then_some(unit)
}

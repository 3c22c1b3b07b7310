//! Answers of both dialects, honest and hostile.

use pipeline_arkivmelding::{
    Answer, Arrival, ArrivalFault, ArrivalFiles, Dialect, Found, MessageId, Receipt, ReceiverIds, ReceiverUnit, Refusal, RefusalReason,
    Sending, Subject, read_arrival,
};
use pipeline_domain::Verdict;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::judge::{Bench, shared};

const RECEIPT_XSD: &str = "fiks-arkiv-v1/no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett.kvittering.xsd";
const FOLDER_ID: &str = "5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8010";
const REGISTRATION_ID: &str = "5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8400";
const FAULT_ID: &str = "5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8999";

pub fn message(sending: u32, dialect: Dialect) -> MessageId {
    MessageId::of(subject(), dialect, Sending(sending))
}

pub fn subject() -> Subject {
    let id = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    Subject::Document(pipeline_domain::DocumentKey { id, version: pipeline_domain::DocumentVersion(1) })
}

/// What the carrier lays in `inn/` for a message of Fiks.
pub fn fiks(kind: &str, answers: MessageId, payload: Option<(&str, &str)>) -> ArrivalFiles {
    let headers =
        json!({"meldingId": FAULT_ID, "meldingType": format!("no.ks.fiks.arkiv.v1.{kind}"), "svarPaMelding": answers.to_string()});
    let mut files = ArrivalFiles::from([("melding.json".to_owned(), headers.to_string().into_bytes())]);
    if let Some((name, xml)) = payload {
        files.insert(name.to_owned(), xml.as_bytes().to_vec());
    }
    files
}

fn sbd(body: Value) -> ArrivalFiles {
    let sbd = json!({
        "standardBusinessDocumentHeader": {
            "headerVersion": "1.0",
            "documentIdentification": {"standard": "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering", "type": "arkivmelding_kvittering"},
            "businessScope": {"scope": [{"type": "ConversationId", "instanceIdentifier": message(1, Dialect::Digdir).to_string()}]}
        },
        "arkivmelding_kvittering": body
    });
    ArrivalFiles::from([("kvittering.json".to_owned(), sbd.to_string().into_bytes())])
}

fn answer(dialect: Dialect, files: &ArrivalFiles) -> Answer {
    match read_arrival(dialect, files).unwrap() {
        Arrival::Receipt(Receipt { message: id, answer }) => {
            assert_eq!(id, message(1, dialect));
            answer
        }
        Arrival::NotForUs => panic!("it is for us"),
    }
}

fn refused(reason: RefusalReason, reference: Option<&str>) -> Answer {
    Answer::Refused(Refusal { reason, reference: reference.map(|r| r.parse().unwrap()) })
}

/// A receipt with these children. Texts that people could stand in are full of people.
fn kvittering(children: &str) -> String {
    format!(
        "<arkivmeldingKvittering xmlns=\"https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/arkivmelding/opprett/kvittering/v1\" \
         xmlns:f=\"https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/feil/feilmelding/v1\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">{children}</arkivmeldingKvittering>"
    )
}

const FOLDER: &str = "<mappeKvittering xsi:type=\"saksmappeKvittering\"><systemID>5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8010</systemID>\
     <mappeID>2024/17</mappeID><opprettetAv>Blid Fjellbekk</opprettetAv><opprettetEllerEksisterende>Eksisterende</opprettetEllerEksisterende>\
     </mappeKvittering>";
const REGISTRATION: &str = "<registreringKvittering xsi:type=\"journalpostKvittering\"><systemID>5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8400</systemID>\
     <registreringsID>17851490027</registreringsID><opprettetEllerEksisterende>Opprettet</opprettetEllerEksisterende></registreringKvittering>";

fn failed(element: &str, id: &str) -> String {
    format!("<{element}><f:feilId>{id}</f:feilId><f:feilmelding>Fant ikke Blid Fjellbekk, 17851490027</f:feilmelding></{element}>")
}

fn fiks_receipt(children: &str) -> Result<Arrival, ArrivalFault> {
    let xml = kvittering(children);
    let payload = Some(("arkivmelding-kvittering.xml", xml.as_str()));
    read_arrival(Dialect::FiksArkivV1, &fiks("arkivering.arkivmelding.opprett.kvittering", message(1, Dialect::FiksArkivV1), payload))
}

fn fiks_answer(children: &str) -> Answer {
    match fiks_receipt(children).unwrap() {
        Arrival::Receipt(receipt) => receipt.answer,
        Arrival::NotForUs => panic!("it is for us"),
    }
}

#[test]
fn the_published_sample_of_a_fiks_receipt() {
    let Some(sample) = shared("noark-sample/arkivmelding/fiks-v1-arkivmelding-kvittering.xml") else { return };
    let xml = std::fs::read(sample).unwrap();
    if let Some(mut bench) = Bench::new(RECEIPT_XSD) {
        bench.add("sample", &xml);
        bench.all_fit(1);
    }
    let files = fiks(
        "arkivering.arkivmelding.opprett.kvittering",
        message(1, Dialect::FiksArkivV1),
        Some(("arkivmelding-kvittering.xml", std::str::from_utf8(&xml).unwrap())),
    );
    let unit = |id: &str, number: &str| ReceiverUnit {
        system_id: Some(id.parse().unwrap()),
        number: Some(number.to_owned()),
        found: Some(Found::Created),
    };
    let ids = ReceiverIds {
        folder: Some(unit(FOLDER_ID, "2024/17")),
        registration: Some(unit(REGISTRATION_ID, "2024/17-4")),
        with_warning: false,
    };
    assert_eq!(answer(Dialect::FiksArkivV1, &files), Answer::Accepted(ids));
}

#[test]
fn every_choice_of_a_fiks_receipt() {
    let (folder_failed, registration_failed) = (failed("mappeFeilet", FAULT_ID), failed("registreringFeilet", "Blid"));
    let choices = [
        REGISTRATION.to_owned(),
        format!("{FOLDER}{REGISTRATION}"),
        format!("{FOLDER}{registration_failed}"),
        format!("{folder_failed}{registration_failed}"),
        format!("{folder_failed}{REGISTRATION}"),
        FOLDER.to_owned(),
        String::new(),
    ];
    if let Some(mut bench) = Bench::new(RECEIPT_XSD) {
        for choice in &choices {
            bench.add("choice", kvittering(choice).as_bytes());
        }
        bench.all_fit(choices.len());
    }
    let Answer::Accepted(ids) = fiks_answer(&choices[1]) else { panic!("accepted") };
    assert_eq!(ids.folder.as_ref().unwrap().found, Some(Found::Existing));
    let registration = ids.registration.unwrap();
    assert_eq!((registration.system_id, registration.number), (REGISTRATION_ID.parse().ok(), None), "a national id is no number");
    assert!(matches!(fiks_answer(&choices[0]), Answer::Accepted(ReceiverIds { folder: None, .. })));
    assert_eq!(fiks_answer(&choices[2]), refused(RefusalReason::RegistrationFailed, None));
    assert_eq!(fiks_answer(&choices[3]), refused(RefusalReason::FolderFailed, Some(FAULT_ID)));
    assert_eq!(fiks_answer(&choices[4]), refused(RefusalReason::FolderFailed, Some(FAULT_ID)));
    // Both choices may be empty in the schema. Silence about the registration is no receipt.
    for silent in &choices[5..] {
        assert_eq!(fiks_receipt(silent), Err(ArrivalFault::Incomplete("what became of the registration")));
    }
}

#[test]
fn every_error_message_of_fiks() {
    let kinds = [
        ("ugyldigforespoersel", RefusalReason::InvalidRequest, Verdict::GiveUp),
        ("serverfeil", RefusalReason::ServerError, Verdict::Retry),
        ("ikkefunnet", RefusalReason::NotFound, Verdict::GiveUp),
    ];
    for (kind, reason, verdict) in kinds {
        let namespace = format!("https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/feil/{kind}/v1");
        let base = "https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/feil/feilmelding/v1";
        let xml = format!(
            "<{kind} xmlns=\"{namespace}\" xmlns:f=\"{base}\"><f:feilId>{FAULT_ID}</f:feilId><f:feilmelding>Blid Fjellbekk</f:feilmelding></{kind}>"
        );
        if let Some(mut bench) = Bench::new(&format!("fiks-arkiv-v1/no.ks.fiks.arkiv.v1.feilmelding.{kind}.xsd")) {
            bench.add(kind, xml.as_bytes());
            bench.all_fit(1);
        }
        let id = message(1, Dialect::FiksArkivV1);
        let whole = fiks(&format!("feilmelding.{kind}"), id, Some(("feilmelding.xml", xml.as_str())));
        assert_eq!(answer(Dialect::FiksArkivV1, &whole), refused(reason, Some(FAULT_ID)));
        // The type says enough, whatever the payload is.
        for payload in [None, Some(("feilmelding.xml", "<"))] {
            assert_eq!(answer(Dialect::FiksArkivV1, &fiks(&format!("feilmelding.{kind}"), id, payload)), refused(reason, None));
        }
        assert_eq!(reason.verdict(), verdict);
    }
}

#[test]
fn what_has_no_payload() {
    let id = message(1, Dialect::FiksArkivV1);
    for kind in ["opprett.mottatt", "oppdater.mottatt"] {
        assert_eq!(answer(Dialect::FiksArkivV1, &fiks(&format!("arkivering.arkivmelding.{kind}"), id, None)), Answer::Received);
    }
    let updated = fiks("arkivering.arkivmelding.oppdater.kvittering", id, None);
    assert_eq!(answer(Dialect::FiksArkivV1, &updated), Answer::Accepted(ReceiverIds::default()));
    for other in ["innsyn.sok.resultat.utvidet", "arkivering.arkivmelding.opprett", "", "arkivering.dokumentobjekt.opprett.kvittering"] {
        assert_eq!(read_arrival(Dialect::FiksArkivV1, &fiks(other, id, None)), Ok(Arrival::NotForUs));
    }
    // The published list of types spells the prefix like this too.
    let mut typo = fiks("feilmelding.ugyldigforespoersel", id, None);
    let headers = String::from_utf8(typo["melding.json"].clone()).unwrap().replace("no.ks.fiks.", "no.ks.fik.");
    typo.insert("melding.json".to_owned(), headers.into_bytes());
    assert_eq!(answer(Dialect::FiksArkivV1, &typo), refused(RefusalReason::InvalidRequest, None));
}

#[test]
fn every_type_of_a_digdir_receipt() {
    let related = message(1, Dialect::Digdir).to_string();
    let of = |kind: &str, messages: Value| {
        answer(Dialect::Digdir, &sbd(json!({"receiptType": kind, "relatedToMessageId": related, "messages": messages})))
    };
    let taken = |number: Option<&str>, with_warning| {
        let unit = number.map(|n| ReceiverUnit { number: Some(n.to_owned()), ..ReceiverUnit::default() });
        Answer::Accepted(ReceiverIds { folder: None, registration: unit, with_warning })
    };
    assert_eq!(of("OK", json!([{"code": "Recno", "text": "315890"}])), taken(Some("315890"), false));
    assert_eq!(of("OK", json!([{"code": "ID", "text": "Blid Fjellbekk"}])), taken(None, false));
    assert_eq!(of("OK", json!([{"code": "Recno", "text": "17851490027"}])), taken(None, false));
    assert_eq!(of("WARNING", json!([{"code": "W", "text": "Blid Fjellbekk"}])), taken(None, true));
    assert_eq!(of("ERROR", json!([])), refused(RefusalReason::Error, None));
    assert_eq!(of("NOTSUPPORTED", Value::Null), refused(RefusalReason::NotSupported, None));
    // Older senders say only which conversation.
    assert_eq!(answer(Dialect::Digdir, &sbd(json!({"receiptType": "OK", "messages": [{}, null, 1]}))), taken(None, false));
}

#[test]
fn digdir_receipts_that_are_none() {
    let read = |body: Value| read_arrival(Dialect::Digdir, &sbd(body));
    assert_eq!(read(json!({"receiptType": "MAYBE"})), Err(ArrivalFault::Incomplete("what the answer is")));
    assert_eq!(read(json!({"receiptType": "OK", "relatedToMessageId": "x"})), Err(ArrivalFault::Incomplete("which message it answers")));
    assert_eq!(read(json!([])), Err(ArrivalFault::Incomplete("what the answer is")));
    let file = |name: &str, bytes: &[u8]| read_arrival(Dialect::Digdir, &ArrivalFiles::from([(name.to_owned(), bytes.to_vec())]));
    assert_eq!(file("a.json", b"{\"status\": {}}"), Ok(Arrival::NotForUs));
    assert_eq!(file("a.json", b"[]"), Err(ArrivalFault::Unreadable));
    assert_eq!(file("a.json", "[".repeat(10_000).as_bytes()), Err(ArrivalFault::Unreadable));
    assert_eq!(file("a.txt", b"{}"), Err(ArrivalFault::FileMissing("the SBD")));
}

/// Pieces of honest receipts, put together as nobody would.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        FOLDER,
        REGISTRATION,
        "<a>",
        "</a>",
        "<![CDATA[",
        "]]>",
        "&#0;",
        "&amp;",
        "&x;",
        "<!DOCTYPE a>",
        "<!--",
        "-->",
        "\u{0}",
        "{",
        "\"",
        "[",
        "arkivmelding_kvittering",
        "receiptType",
        ":",
        "OK",
        "Blid Fjellbekk",
        "xmlns:a='",
        "'",
        "/>",
        "<?a ?>",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|all| all.concat())
}

proptest! {
    /// Any bytes give an answer or a fault, and never what a person's name was in.
    #[test]
    fn reading_never_panics(text in pieces(), bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0usize..3) {
        let id = message(1, Dialect::FiksArkivV1);
        let kind = ["arkivering.arkivmelding.opprett.kvittering", "feilmelding.serverfeil", "x"][kind];
        for payload in [text.as_bytes(), &bytes, kvittering(&text).as_bytes()] {
            let mut files = fiks(kind, id, None);
            for name in ["arkivmelding-kvittering.xml", "feilmelding.xml"] {
                files.insert(name.to_owned(), payload.to_vec());
            }
            let told = format!("{:?}", read_arrival(Dialect::FiksArkivV1, &files));
            prop_assert!(!told.contains("Blid") && !told.contains("17851490027"), "{}", told);
            files.insert("melding.json".to_owned(), payload.to_vec());
            let _ = read_arrival(Dialect::FiksArkivV1, &files);
            files.insert("a.json".to_owned(), payload.to_vec());
            let told = format!("{:?}", read_arrival(Dialect::Digdir, &files));
            prop_assert!(!told.contains("Blid"), "{}", told);
        }
    }
}

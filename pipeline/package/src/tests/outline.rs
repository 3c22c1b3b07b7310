//! What is told of a document before it is archived is what then happens.

use serde_json::json;

use super::support::{Folder, at, closing_note, consent, corrected, ip_plan, minutes, reopening_note, report, try_snapshot, with};
use crate::{ArchiveProfile, CaseRecord, Effect, Outline, outline};

fn told(document: serde_json::Value, record: Option<&CaseRecord>) -> Outline {
    outline(&try_snapshot(document).unwrap(), record, &ArchiveProfile::example())
}

#[test]
fn the_words_are_those_that_are_written() {
    for document in [ip_plan(1), minutes(1), report(1, 9), consent(1), closing_note(1, "moved"), reopening_note(1)] {
        let outline = told(document.clone(), None);
        let folder = Folder::of([document]);
        let xml = folder.text("metadata/01.xml");
        for (element, word) in [
            ("offentligTittel", outline.public_title.as_str()),
            ("journalposttype", outline.registration_type),
            ("dokumenttype", outline.document_type),
            ("kassasjonsvedtak", outline.retention),
            ("tilgangsrestriksjon", outline.access_restriction),
            ("skjermingshjemmel", &outline.legal_basis),
            ("skjermingDokument", outline.screened_document),
            ("dokumentetsDato", &outline.document_date.to_string()),
        ] {
            assert!(xml.contains(&format!("<{element}>{word}</{element}>")), "{element} {word}\n{xml}");
        }
        assert_eq!(xml.matches("<korrespondanseparttype>").count(), outline.parties.len());
        assert!(outline.screened_metadata.iter().all(|w| xml.contains(&format!("<skjermingMetadata>{w}</skjermingMetadata>"))), "{xml}");
        assert_eq!(outline.effect, Effect::Opens);
    }
}

#[test]
fn what_it_does_to_the_folder() {
    let folder = Folder::of([ip_plan(1), minutes(2)]);
    let record = folder.record();
    let check = |document, record: &CaseRecord, expected| assert_eq!(told(document, Some(record)).effect, expected);
    check(minutes(2), &record, Effect::AlreadyThere(2));
    check(minutes(3), &record, Effect::Adds);
    check(corrected(minutes(2), 2), &record, Effect::Corrects(2));
    check(closing_note(4, "moved"), &record, Effect::Closes);
    let closed = Folder::of([ip_plan(1), closing_note(4, "moved")]).record();
    check(minutes(5), &closed, Effect::Reopens);
    check(reopening_note(5), &closed, Effect::Reopens);
    check(with(minutes(5), "/case/plan_status", json!("suspended")), &closed, Effect::RefusedClosed);
    check(minutes(2), &closed, Effect::Adds);
    assert_eq!(closed.closed_at(), Some(at(2)));
}

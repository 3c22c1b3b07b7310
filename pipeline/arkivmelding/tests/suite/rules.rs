//! The rules of NOARK.md § 6 that a schema cannot see.

use crate::support::{
    Case, case_with_attachments, closing_note, corrected, digdir_own, digdir_person, fiks_key, fiks_own, fiks_person, minutes,
    reopening_note, sender, targets, with,
};
use pipeline_arkivmelding::{
    ArkivmeldingError, ClosingTravels, Dialect, MessageId, MessageKind, Occasion, Placeholder, Registration, Sending, Subject, Target,
    closing_message, document_message, read_folder, read_registration, refers_to_others, reopening_message,
};
use pipeline_domain::{AddressProtection, ErrorCode, Verdict};
use proptest::prelude::*;
use serde_json::Value;

const SUBJECT_ID: &str = "17851490027";
const GUARDIAN_ID: &str = "09838310009";

/// Text of every element of this name, in order.
fn leaves<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|after| after.split(&close).next().unwrap().trim()).collect()
}

/// The whole of the first element of this name.
fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let start = xml.find(&format!("<{name}")).unwrap_or_else(|| panic!("no {name}"));
    let end = xml.find(&format!("</{name}>")).unwrap();
    &xml[start..end]
}

#[test]
fn the_same_message_has_the_same_bytes_and_id() {
    let case = case_with_attachments();
    for (name, target) in targets() {
        let first = case.message(2, &target, Occasion::Document);
        assert!(first == case_with_attachments().message(2, &target, Occasion::Document), "{name}");
        assert_eq!(first.id, MessageId::of(first.subject, target.dialect, Sending::FIRST), "{name}");
    }
}

#[test]
fn a_national_id_stands_only_in_a_class_that_asks_for_it() {
    let case = Case::of([minutes(1)]);
    for (name, target) in targets() {
        let xml = case.text(1, &target, Occasion::Document);
        let asked = usize::from(name.ends_with("person"));
        assert_eq!(xml.matches(SUBJECT_ID).count(), asked, "{name}");
        assert_eq!(leaves(&xml, "klasseID").iter().filter(|k| **k == SUBJECT_ID).count(), asked, "{name}");
        assert!(!xml.contains(GUARDIAN_ID), "{name}");
    }
}

#[test]
fn a_class_that_tells_who_is_screened() {
    let case = Case::of([minutes(1)]);
    let fiks = case.text(1, &fiks_person(), Occasion::Document);
    assert_eq!(leaves(&fiks, "klassifikasjonssystemID"), ["Arkivflyt - Plantype", "Arkivflyt - Institusjon", "Arkivflyt - Person"]);
    assert_eq!(leaves(&fiks, "klasseID"), ["IP", "310000019", SUBJECT_ID]);
    let screened: Vec<_> = fiks.split("<klassifikasjon>").skip(1).map(|k| leaves(k, "erSkjermet")[0]).collect();
    assert_eq!(screened, ["false", "false", "true"]);
    let digdir = case.text(1, &digdir_person(), Occasion::Document);
    let of_folder = element(&digdir, "skjerming");
    assert!(of_folder.contains("Skjerming klasseID") && of_folder.contains("Skjerming tittel klasse"));
    assert!(!case.text(1, &digdir_own(), Occasion::Document).contains("Skjerming klasseID"));
}

#[test]
fn somebody_without_a_national_id_is_told_of() {
    let document = with(minutes(1), "/case/subject_national_id", Value::Null);
    let case = Case::of([document]);
    let none = AddressProtection::None;
    let made =
        document_message(&case.folder(none), &case.registration(1, none), &fiks_person(), sender(), Occasion::Document, Sending::FIRST);
    let error = made.unwrap_err();
    assert!(matches!(error, ArkivmeldingError::Asks { placeholder: Placeholder::NationalId }));
    assert_eq!((error.code(), error.verdict()), (ErrorCode::DeliveryIncomplete, Verdict::GiveUp));
    assert!(!case.text(1, &fiks_key(), Occasion::Document).is_empty());
}

#[test]
fn folder_and_registration_stand_side_by_side_or_inside() {
    let case = Case::of([minutes(1)]);
    let fiks = case.text(1, &fiks_own(), Occasion::Document);
    assert!(fiks.find("</mappe>").unwrap() < fiks.find("<registrering xsi:type=\"journalpost\">").unwrap());
    let digdir = case.text(1, &digdir_own(), Occasion::Document);
    assert!(element(&digdir, "mappe").contains("<basisregistrering xsi:type=\"journalpost\">"));
    assert!(digdir.find("</basisregistrering>").unwrap() < digdir.find("<saksdato>").unwrap(), "what a saksmappe has stands last");
    let parent = leaves(&digdir, "referanseForelderMappe")[0];
    assert_eq!(parent, leaves(element(&digdir, "mappe"), "systemID")[0]);
}

#[test]
fn an_external_key_per_plan_and_per_version() {
    let case = Case::of([minutes(1), corrected(minutes(1), 2)]);
    let keys = |n| leaves(&case.text(n, &fiks_own(), Occasion::Document), "mdk:noekkel").into_iter().map(str::to_owned).collect::<Vec<_>>();
    let plan = "plan/0d9f9f0e-5a0e-4a86-9a0e-6b1d8c1f0001";
    let document = "dokument/00000000-0000-4000-8000-000000000001";
    assert_eq!(keys(1), [plan, plan, &format!("{document}/v1")]);
    // The correction refers to what it corrects, in the same family of keys.
    assert_eq!(keys(2), [plan, plan, &format!("{document}/v1"), &format!("{document}/v2")]);
    assert_eq!(
        case.message(1, &fiks_own(), Occasion::Document).subject,
        Subject::Document(case.registration(1, AddressProtection::None).key())
    );
}

#[test]
fn the_plans_of_one_person_share_the_persons_folder_and_no_other() {
    let other_plan = with(minutes(1), "/case/plan_id", "0d9f9f0e-5a0e-4a86-9a0e-6b1d8c1f0002".into());
    let other_person = with(other_plan.clone(), "/case/subject_national_id", "02910980052".into());
    let known_by = |document: &Value, target: &Target, element: &str| {
        let xml = Case::of([document.clone()]).text(1, target, Occasion::Document);
        leaves(&xml, element)[0].to_owned()
    };
    for (own, person, element) in [(fiks_own(), fiks_person(), "mdk:noekkel"), (digdir_own(), digdir_person(), "referanseForelderMappe")] {
        let plain = minutes(1);
        let ids = |target: &Target| [&plain, &other_plan, &other_person].map(|document| known_by(document, target, element));
        let [one, same, other] = ids(&person);
        assert!(one == same && one != other, "{element}");
        let [one, other, same] = ids(&own);
        assert!(one != other && other == same, "{element}");
    }
}

#[test]
fn a_correction_refers_by_what_the_receiver_knows() {
    let case = Case::of([minutes(1), corrected(minutes(1), 2)]);
    let first = case.text(1, &digdir_own(), Occasion::Document);
    let own_id = leaves(element(&first, "basisregistrering"), "systemID")[0];
    assert_eq!(leaves(&case.text(2, &digdir_own(), Occasion::Document), "referanseTilRegistrering"), [own_id]);
    assert!(!refers_to_others(case.xml("01")).unwrap() && refers_to_others(case.xml("02")).unwrap());
    let alone = read_registration(case.xml("02"), [], AddressProtection::None);
    assert!(matches!(alone, Err(ArkivmeldingError::Element { element: "referanseTilRegistrering" })));
}

#[test]
fn a_folder_that_is_there_is_only_referred_to() {
    let xml = Case::of([minutes(1)]).text(1, &fiks_key(), Occasion::Document);
    assert!(!xml.contains("<mappe"));
    assert_eq!(leaves(&xml, "mdk:fagsystem")[0], "Elevsystem");
    assert_eq!(leaves(&xml, "mdk:noekkel")[0], "elev/0d9f9f0e-5a0e-4a86-9a0e-6b1d8c1f0001");
}

#[test]
fn a_persons_folder_is_about_the_person_alone() {
    let xml = Case::of([minutes(1)]).text(1, &fiks_person(), Occasion::Document);
    let folder = element(&xml, "mappe");
    assert_eq!(leaves(folder, "partNavn"), ["Blid Fjellbekk"]);
    assert_eq!(leaves(folder, "offentligTittel"), ["Elevmappe ******"]);
    assert!(xml.starts_with("<?xml") && xml.contains("<regel>FiksArkiv-Elevmappe-1</regel>"));
    assert!(element(&xml, "journalposttype").contains("<mdk:kode>X</mdk:kode>"));
    assert!(element(&xml, "journalstatus").contains("<mdk:kode>F</mdk:kode>"));
}

#[test]
fn files_are_counted_named_and_summed() {
    let case = case_with_attachments();
    for (name, target) in targets() {
        let message = case.message(2, &target, Occasion::Document);
        let xml = String::from_utf8(message.payload.clone()).unwrap();
        assert_eq!(leaves(&xml, "antallFiler"), [message.files.len().to_string()], "{name}");
        let mut told: Vec<_> = leaves(&xml, "referanseDokumentfil");
        told.sort();
        assert_eq!(told, message.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), "{name}");
        assert!(message.files.len() >= 5, "{name}: {:?}", message.files);
        for file in &message.files {
            let bytes = &case.files[&file.path];
            assert_eq!((file.sha256, file.size_bytes), (pipeline_domain::Sha256::of(bytes), bytes.len() as u64), "{name}");
        }
    }
    let fiks = case.text(2, &fiks_own(), Occasion::Document);
    assert_eq!(leaves(&fiks, "sjekksum").len(), leaves(&fiks, "filnavn").len());
    assert_eq!(leaves(&fiks, "dokumentnummer"), ["1", "2", "3", "4"]);
    assert!(leaves(&fiks, "filnavn").iter().all(|name| !name.contains("gammelt")), "the sender's own file names are not file names here");
}

#[test]
fn screening_stands_on_folder_registration_and_document() {
    let case = case_with_attachments();
    for target in [digdir_own(), fiks_own()] {
        let xml = case.text(2, &target, Occasion::Document);
        // Folder, registration, main document, three attachments.
        assert_eq!(leaves(&xml, "skjermingshjemmel").len(), 6);
        assert!(leaves(&xml, "offentligTittel").iter().all(|title| title.ends_with("******")));
    }
    let fiks = case.text(2, &fiks_own(), Occasion::Document);
    assert_eq!(
        leaves(&fiks, "korrespondansepartNavn").len(),
        fiks.split("<korrespondansepart>").skip(1).filter(|p| p.contains("<erSkjermet>true")).count()
    );
}

#[test]
fn strict_protection_hides_places_also_in_what_was_archived_before() {
    let case = case_with_attachments();
    let strict = AddressProtection::StrictlyConfidential;
    for (name, target) in targets() {
        let open = case.text(2, &target, Occasion::Document);
        assert!(open.contains("Prøveteamet"), "{name}: the test would prove nothing");
        let made =
            document_message(&case.folder(strict), &case.registration(2, strict), &target, sender(), Occasion::Document, Sending::FIRST);
        let xml = String::from_utf8(made.unwrap().payload).unwrap();
        for place in ["Prøveteamet", "Prøvebakken", "Møterom", "Søknad", "bilde.jpg"] {
            assert!(!xml.contains(place), "{name}: {place}");
        }
        assert!(xml.contains("Skjermet enhet"), "{name}");
    }
}

#[test]
fn only_the_last_message_closes_and_only_a_folder_of_ours() {
    let case = Case::of([minutes(1), closing_note(2, "goals_reached")]);
    let closed = |xml: &str| xml.contains("<avsluttetDato>") || xml.contains("Avsluttet</");
    for (name, target) in targets() {
        assert!(!closed(&case.text(1, &target, Occasion::Document)), "{name}");
        assert!(!closed(&case.text(2, &target, Occasion::Document)), "{name}");
        let is_last = closed(&case.text(2, &target, Occasion::LastDocument));
        assert_eq!(is_last, target.closing() == ClosingTravels::WithLastDocument, "{name}");
        let alone = closing_message(&case.folder(AddressProtection::None), &newest(&case), &target, Sending::FIRST).unwrap();
        assert_eq!(alone.is_some(), target.closing() == ClosingTravels::Alone, "{name}");
    }
    let expected =
        [ClosingTravels::WithLastDocument, ClosingTravels::Never, ClosingTravels::Alone, ClosingTravels::Never, ClosingTravels::Never];
    assert_eq!(targets().map(|(_, t)| t.closing()), expected);
}

#[test]
fn the_closing_of_a_fiks_folder_is_an_update() {
    let case = Case::of([minutes(1), closing_note(2, "error")]);
    let folder = case.folder(AddressProtection::None);
    let message = closing_message(&folder, &newest(&case), &fiks_own(), Sending::FIRST).unwrap().unwrap();
    assert_eq!((message.kind, message.subject), (MessageKind::FiksOppdater, Subject::Closing(newest(&case).key())));
    assert!(message.files.is_empty());
    let xml = String::from_utf8(message.payload).unwrap();
    assert_eq!(leaves(&xml, "mdk:noekkel"), ["plan/0d9f9f0e-5a0e-4a86-9a0e-6b1d8c1f0001"]);
    // A plan that was made by mistake lapses.
    assert!(xml.contains("<mdk:kode>U</mdk:kode>"));
    let open = Case::of([minutes(1)]);
    assert!(closing_message(&open.folder(AddressProtection::None), &newest(&open), &fiks_own(), Sending::FIRST).unwrap().is_none());
}

/// The registration of a folder's newest document.
fn newest(case: &Case) -> Registration {
    case.registration(case.len(), AddressProtection::None)
}

#[test]
fn a_folder_that_is_reopened_and_closed_again_is_told_so() {
    let none = AddressProtection::None;
    let documents = [minutes(1), closing_note(2, "goals_reached"), reopening_note(3), minutes(4), closing_note(5, "goals_reached")];
    let (closed, reopened, again) = (Case::of(documents[..2].to_vec()), Case::of(documents[..3].to_vec()), Case::of(documents));
    assert!(!refers_to_others(again.xml("05")).unwrap(), "it names itself as the plan's last snapshot");
    for (name, target) in targets() {
        let opening = reopening_message(&reopened.folder(none), &newest(&reopened), &target, Sending::FIRST).unwrap();
        assert_eq!(opening.is_some(), name == "fiks-own", "{name}");
        assert!(reopening_message(&closed.folder(none), &newest(&closed), &target, Sending::FIRST).unwrap().is_none());
        if let Some(message) = opening {
            let xml = String::from_utf8(message.payload).unwrap();
            assert!(xml.contains("<mdk:kode>B</mdk:kode>") && !xml.contains("avsluttet"));
            let first = closing_message(&closed.folder(none), &newest(&closed), &target, Sending::FIRST).unwrap().unwrap();
            let second = closing_message(&again.folder(none), &newest(&again), &target, Sending::FIRST).unwrap().unwrap();
            assert!(first.id != second.id && first.id != message.id && first.payload != second.payload);
        }
    }
}

#[test]
fn a_second_sending_is_a_new_message_about_the_same_thing() {
    let case = Case::of([minutes(1)]);
    let none = AddressProtection::None;
    let sent = |sending| {
        document_message(&case.folder(none), &case.registration(1, none), &fiks_own(), sender(), Occasion::Document, sending).unwrap()
    };
    let (first, second) = (sent(Sending(1)), sent(Sending(2)));
    assert_ne!(first.id, second.id);
    assert_eq!(first.payload, second.payload, "the external keys are the same");
    assert_ne!(first.id, MessageId::of(first.subject, Dialect::Digdir, Sending(1)));
}

#[test]
fn our_own_numbers_are_not_sent_as_the_receivers() {
    let case = Case::of([minutes(1)]);
    for (name, target) in targets() {
        let xml = case.text(1, &target, Occasion::Document);
        for element in [
            "mappeID",
            "saksaar",
            "sakssekvensnummer",
            "journalaar",
            "journalsekvensnummer",
            "journalpostnummer",
            "personID",
            "partID",
            "sakspartID",
        ] {
            assert!(leaves(&xml, element).is_empty(), "{name}: {element}");
        }
    }
}

#[test]
fn other_files_are_refused_without_quoting_them() {
    for bytes in [&b"<arkiv/>"[..], b"", b"Blid Fjellbekk", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>"] {
        let error = read_folder(bytes, AddressProtection::None).unwrap_err();
        assert_eq!((error.code(), error.verdict()), (ErrorCode::ArchiveDamaged, Verdict::GiveUp));
        assert!(!format!("{error} {error:?}").contains("Blid"));
    }
    let case = Case::of([minutes(1)]);
    let damaged = String::from_utf8(case.xml("mappe").to_vec()).unwrap().replace("<saksstatus>Under behandling", "<saksstatus>Blid");
    let error = read_folder(damaged.as_bytes(), AddressProtection::None).unwrap_err();
    assert!(matches!(error, ArkivmeldingError::Element { element: "saksstatus" }), "{error}");
}

#[test]
fn nothing_personal_in_what_may_be_logged() {
    let case = case_with_attachments();
    for (_, target) in targets() {
        let message = case.message(2, &target, Occasion::Document);
        let shown = format!("{message:?} {:?} {:?}", case.folder(AddressProtection::None), case.registration(2, AddressProtection::None));
        for personal in ["Fjellbekk", "Myrull", "Skogsti", SUBJECT_ID, GUARDIAN_ID] {
            assert!(!shown.contains(personal), "{personal}");
        }
        assert!(message.files.iter().all(|f| !f.name.as_str().contains("blid")));
    }
}

proptest! {
    /// A metadata file that is damaged anywhere is read or refused, never a panic, and the refusal quotes nothing.
    #[test]
    fn damaged_metadata_never_panics(at in 0.0f64..1.0, cut in 0usize..40, put in prop::sample::select(vec!["", "<", "&", "x", "\u{0}", "</mappe>"])) {
        static CASE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| case_with_attachments().xml("02").to_vec());
        let whole = String::from_utf8(CASE.clone()).unwrap();
        let start = (at * whole.len() as f64) as usize;
        let start = (start..).find(|i| whole.is_char_boundary(*i)).unwrap();
        let end = (start + cut..).find(|i| whole.is_char_boundary(*i) || *i >= whole.len()).unwrap().min(whole.len());
        let damaged = format!("{}{put}{}", &whole[..start], &whole[end..]);
        let told = [
            read_folder(damaged.as_bytes(), AddressProtection::None).err(),
            read_registration(damaged.as_bytes(), [CASE.as_slice()], AddressProtection::StrictlyConfidential).err(),
        ];
        for error in told.into_iter().flatten() {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains("Fjellbekk"), "{}", shown);
        }
    }
}

//! The 28 tests of the national tool that can give an error.

use pipeline_inspect::Rule;

use super::Case;
use crate::support::{Extract, id, whole};

const STRUCTURE: &str = "arkivstruktur.xml";
const JOURNALS: [&str; 2] = ["loependeJournal.xml", "offentligJournal.xml"];

pub fn cases() -> Vec<Case> {
    let mut cases = files_and_schemas();
    cases.extend(units());
    cases.extend(documents());
    cases.extend(flags_and_references());
    cases.extend(journals_and_log());
    cases
}

fn files_and_schemas() -> Vec<Case> {
    vec![
        Case::new(Rule::FilesPresent, "a_schema_is_missing", |e| e.remove("endringslogg.xsd")),
        Case::new(Rule::FilesPresent, "a_listed_file_is_missing", |e| e.said.own_schemas.push("egne.xsd")),
        Case::new(Rule::ListedChecksums, "a_listed_checksum_is_wrong", |e| e.said.wrong_checksum = Some("loependeJournal.xml")),
        Case::new(Rule::ListedChecksums, "a_listed_checksum_is_left_out", |e| e.said.no_checksum = Some("endringslogg.xml")),
        Case::new(Rule::Schema, "an_element_is_left_out", |e| e.replace(STRUCTURE, "<arkivertAv>System</arkivertAv>", "")).needs_schemas(),
        Case::new(Rule::Schema, "a_date_is_a_date_and_time", |e| {
            e.replace(STRUCTURE, "<saksdato>2024-01-02</saksdato>", "<saksdato>2024-01-02T00:00:00</saksdato>");
        })
        .needs_schemas(),
        Case::new(Rule::Schema, "a_schema_is_not_listed", |e| e.said.unlisted = Some("metadatakatalog.xsd")),
        Case::new(Rule::Schema, "own_metadata_without_a_schema", |e| {
            let own = "<virksomhetsspesifikkeMetadata><a xmlns=\"urn:x\">1</a></virksomhetsspesifikkeMetadata>";
            e.replace(STRUCTURE, "\n<skjerming>", &format!("{own}\n<skjerming>"));
            e.said.own_metadata = Some("true");
        }),
    ]
}

fn units() -> Vec<Case> {
    vec![
        Case::new(Rule::FolderCount, "one_folder_more_is_declared", |e| e.said.folders += 1),
        Case::new(Rule::ClassMixesFolders, "a_class_holds_classes_and_folders", |e| {
            e.replace(STRUCTURE, "</mappe>\n</klasse>\n", &format!("</mappe>\n{}</klasse>\n", class(70, "1.1.1")));
        })
        .breaks_schema(),
        Case::new(Rule::CaseStatus, "a_case_is_still_open", |e| {
            e.replace(STRUCTURE, ">Avsluttet</saksstatus>", ">Under behandling</saksstatus>")
        }),
        Case::new(Rule::RecordCount, "one_registration_less_is_declared", |e| e.said.records = Some(3)),
        Case::new(Rule::JournalEntryType, "a_type_of_journal_entry_that_is_none", |e| {
            e.replace(STRUCTURE, ">Utgående dokument<", ">Notat<")
        }),
        Case::new(Rule::ClassMixesRecords, "a_class_holds_classes_and_registrations", |e| {
            e.replace(STRUCTURE, "</klassifikasjonssystem>", &format!("{}</klassifikasjonssystem>", mixed_class()));
            e.said.records = Some(5);
        })
        .breaks_schema(),
        Case::new(Rule::JournalStatus, "a_journal_entry_is_not_archived", |e| e.replace(STRUCTURE, ">Arkivert<", ">Journalført<")),
        Case::new(Rule::DocumentStatus, "a_document_is_being_edited", |e| {
            e.replace(STRUCTURE, ">Dokumentet er ferdigstilt<", ">Dokumentet er under redigering<");
        }),
        Case::new(Rule::RecordDate, "a_registration_in_a_year_of_five_digits", |e| {
            let from = format!("<systemID>{}</systemID><opprettetDato>", id(20));
            e.replace(STRUCTURE, &from, &format!("{from}1"));
        }),
    ]
}

fn class(n: u64, key: &str) -> String {
    format!("<klasse><systemID>{}</systemID><klasseID>{key}</klasseID><tittel>Klasse</tittel>{}</klasse>\n", id(n), whole::created())
}

fn mixed_class() -> String {
    let inner = class(72, "3.1") + &whole::note(73);
    class(71, "3").replace("</klasse>", &format!("{inner}</klasse>"))
}

fn documents() -> Vec<Case> {
    vec![
        Case::new(Rule::FileCount, "one_file_more_is_declared", |e| e.said.documents += 1),
        Case::new(Rule::FileFormat, "the_format_is_not_the_extension", |e| {
            e.replace(STRUCTURE, "<format>pdf</format>", "<format>PDF/A</format>")
        }),
        Case::new(Rule::FileChecksum, "a_byte_of_a_document_is_changed", |e| {
            *e.files.get_mut("DOKUMENT/0002.pdf").unwrap().last_mut().unwrap() ^= 1;
        }),
        Case::new(Rule::FileChecksum, "a_checksum_that_is_none", |e| e.replace(STRUCTURE, "<sjekksum>", "<sjekksum>x")),
        Case::new(Rule::ReferredFileMissing, "a_document_is_missing", |e| {
            e.remove("DOKUMENT/0003.pdf");
            e.said.documents = 2;
        }),
        Case::new(Rule::StrayFile, "a_file_that_nothing_refers_to", |e| {
            e.files.insert("DOKUMENT/0004.pdf".to_owned(), b"stray".to_vec());
            e.said.documents = 4;
        }),
    ]
}

fn flags_and_references() -> Vec<Case> {
    vec![
        Case::new(Rule::ScreeningFlag, "screening_is_denied", |e| e.said.screening = "false"),
        Case::new(Rule::DisposalFlag, "disposals_are_declared", |e| e.said.disposals = "true"),
        Case::new(Rule::DisposedFlag, "something_disposed_is_declared", |e| e.said.disposed = "true"),
        Case::new(Rule::SystemIdUnique, "two_units_have_one_id", |e| e.replace(STRUCTURE, &id(40), &id(50))),
        Case::new(Rule::SeriesReference, "a_series_that_is_not_there", |e| {
            e.replace(STRUCTURE, &format!("<referanseArkivdel>{}", id(2)), &format!("<referanseArkivdel>{}", id(99)));
        }),
        Case::new(Rule::ClassReference, "a_class_that_is_not_there", |e| {
            e.replace(
                STRUCTURE,
                &format!("<referanseSekundaerKlassifikasjon>{}", id(6)),
                &format!("<referanseSekundaerKlassifikasjon>{}", id(10)),
            );
        }),
    ]
}

fn journals_and_log() -> Vec<Case> {
    fn both(e: &mut Extract, from: &str, to: &str) {
        JOURNALS.iter().for_each(|file| e.replace(file, from, to));
    }
    vec![
        Case::new(Rule::JournalCount, "a_journal_is_missing", |e| {
            e.remove("offentligJournal.xml");
            e.said.objects.retain(|name| *name != "offentligJournal");
        }),
        Case::new(Rule::JournalCount, "a_journal_is_not_listed", |e| e.said.objects.retain(|name| *name != "offentligJournal")),
        Case::new(Rule::JournalDates, "the_last_day_differs_between_the_journals", |e| {
            e.replace(JOURNALS[1], "<journalSluttDato>2024-02-03", "<journalSluttDato>2024-02-04");
        }),
        Case::new(Rule::JournalDates, "the_first_day_is_that_of_the_period", |e| {
            both(e, "<journalStartDato>2024-02-01", "<journalStartDato>2024-01-01");
        }),
        Case::new(Rule::ChangeLogPresent, "the_change_log_is_missing", |e| e.remove("endringslogg.xml")),
        Case::new(Rule::ChangeLogReference, "a_change_of_a_unit_that_is_not_there", |e| e.replace("endringslogg.xml", &id(10), &id(98))),
        Case::new(Rule::EmptyElement, "an_element_of_white_space", |e| e.replace(STRUCTURE, ">Syntetisk<", "> <")),
        Case::new(Rule::EmptyElement, "an_element_of_cdata", |e| e.replace(STRUCTURE, ">Syntetisk<", "><![CDATA[Syntetisk]]><")),
    ]
}

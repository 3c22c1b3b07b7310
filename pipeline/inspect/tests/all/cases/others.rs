//! What makes the tool crash or cut, what cannot be read safely, and what is beyond the tool.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pipeline_inspect::Rule;

use super::{Case, Form};
use crate::support::{Extract, PACKAGE, hex, id, tarred, whole};

const STRUCTURE: &str = "arkivstruktur.xml";

pub fn cases() -> Vec<Case> {
    let mut cases = description();
    cases.extend(structure());
    cases.extend(layout());
    cases.extend(unsafe_input());
    cases.extend(beyond());
    cases.extend(beyond_in_journals_and_names());
    cases
}

fn description() -> Vec<Case> {
    vec![
        Case::new(Rule::AddmlReadable, "there_is_no_description", |e| e.is_undescribed = true),
        Case::new(Rule::AddmlInfo, "info_does_not_stand_first", |e| {
            e.said.before_info = "<property name=\"annet\"><value>x</value></property>";
        }),
        Case::new(Rule::AddmlVersion, "a_version_that_is_none", |e| e.said.version = "5.5"),
        Case::new(Rule::AddmlPeriod, "an_end_of_the_period_is_misspelt", |e| e.said.period = ["skarpt", "Skarpt"]),
        Case::new(Rule::AddmlValues, "a_value_is_left_out", |e| e.said.own_metadata = None),
        Case::new(Rule::AddmlFirst, "the_structure_does_not_stand_first", |e| e.said.objects.swap(0, 1)),
        Case::new(Rule::AddmlCounts, "the_number_of_registrations_is_left_out", |e| e.said.records = None),
        Case::new(Rule::AddmlNames, "a_data_object_of_another_name", |e| {
            e.said.objects.push("metadatakatalog");
            e.files.insert("metadatakatalog.xml".to_owned(), b"<x/>".to_vec());
        }),
    ]
}

fn structure() -> Vec<Case> {
    vec![
        Case::new(Rule::RecordPlace, "a_registration_right_under_a_class", |e| {
            let class = format!("<klasse><systemID>{}</systemID><klasseID>3</klasseID><tittel>Klasse</tittel>{}", id(80), whole::created());
            e.replace(STRUCTURE, "</klassifikasjonssystem>", &format!("{class}{}</klasse></klassifikasjonssystem>", whole::note(81)));
            e.said.records = Some(5);
        }),
        Case::new(Rule::TypePrefix, "the_type_is_written_with_another_prefix", |e| {
            let other = "<registrering xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:type=\"journalpost\">";
            e.replace(STRUCTURE, "<registrering xsi:type=\"journalpost\">", other);
        }),
        Case::new(Rule::NestedFolder, "a_folder_lies_in_a_folder", |e| {
            let start = format!("<mappe>\n<systemID>{}</systemID><mappeID>0</mappeID><tittel>Plan</tittel>", id(82));
            let start = start + &whole::created() + &whole::closed();
            e.replace(STRUCTURE, "<mappe xsi", &format!("{start}<mappe xsi"));
            e.replace(STRUCTURE, "</mappe>\n<mappe xsi", "</mappe>\n</mappe>\n<mappe xsi");
            e.said.folders = 3;
        }),
    ]
}

fn layout() -> Vec<Case> {
    vec![
        Case::new(Rule::ContentName, "a_file_that_a_tool_takes_for_a_document", |e| {
            e.files.insert("dokumentasjon.xml".to_owned(), b"<x/>".to_vec());
        })
        .form(Form::Tar),
        Case::new(Rule::DocumentName, "a_path_that_a_tool_cuts_wrongly", |e| {
            let content = e.files.remove("DOKUMENT/0001.pdf").unwrap();
            e.files.insert("DOKUMENT/dokumenter-2024/0001.pdf".to_owned(), content);
            e.replace(STRUCTURE, "DOKUMENT/0001.pdf", "DOKUMENT/dokumenter-2024/0001.pdf");
        })
        .form(Form::Tar),
        Case::new(Rule::TarRoot, "the_root_is_not_named_as_the_tar", |_| {}).form(Form::Made(|e, dir| e.write_tar(dir, "pakke"))),
        Case::new(Rule::PackageParts, "the_package_lacks_a_part", |e| {
            assert!(e.beside.remove("administrative_metadata/dias-premis.xml").is_some());
        })
        .form(Form::Package),
        Case::new(Rule::DocumentFolders, "there_are_two_document_folders", |_| {}).form(Form::Made(|e, dir| {
            fs::create_dir(dir.join("DOKUMENTER")).unwrap();
            // The one that a tool takes is the first of its list.
            let mut moved = e.clone();
            moved.files = e.files.iter().map(|(path, bytes)| (path.replace("DOKUMENT/", "dokumenter/"), bytes.clone())).collect();
            let text = e.text(STRUCTURE).replace("DOKUMENT/", "dokumenter/");
            moved.files.insert(STRUCTURE.to_owned(), text.into_bytes());
            moved.write(dir)
        })),
    ]
}

fn unsafe_input() -> Vec<Case> {
    fn rename(path: &Path, to: &str) -> PathBuf {
        let other = path.with_file_name(to);
        fs::rename(path, &other).unwrap();
        other
    }
    vec![
        Case::new(Rule::NotWellFormed, "the_log_is_cut_off", |e| {
            let text = e.text("endringslogg.xml");
            e.files.insert("endringslogg.xml".to_owned(), text.as_bytes()[..text.len() - 20].to_vec());
        }),
        Case::new(Rule::Doctype, "the_log_has_a_doctype", |e| {
            e.replace("endringslogg.xml", "<endringslogg", "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><endringslogg");
        }),
        Case::new(Rule::XmlLimit, "the_log_is_too_deep", |e| {
            e.replace("endringslogg.xml", "<endring>", &format!("{}{}<endring>", "<endring>".repeat(100), "</endring>".repeat(100)));
        })
        .breaks_schema(),
        Case::new(Rule::NotAFile, "a_link_in_the_folder", |_| {}).form(Form::Made(|e, dir| {
            std::os::unix::fs::symlink("/etc/hostname", dir.join("vedlegg.txt")).unwrap();
            e.write(dir)
        })),
        Case::new(Rule::UnsafeName, "a_name_with_a_backslash", |e| {
            e.files.insert("mappe\\fil.txt".to_owned(), b"x".to_vec());
        }),
        Case::new(Rule::DuplicateName, "a_name_twice_in_the_tar", |_| {}).form(Form::Made(|e, dir| {
            let mut files = e.packed(PACKAGE);
            files.push(files[0].clone());
            let path = dir.join("x.tar");
            fs::write(&path, tarred(&files)).unwrap();
            rename(&path, &format!("{PACKAGE}.tar"))
        })),
        Case::new(Rule::TarDamaged, "the_tar_ends_too_early", |_| {}).form(Form::Made(|e, dir| {
            let path = e.write_tar(dir, PACKAGE);
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() - 1024]).unwrap();
            path
        })),
        Case::new(Rule::TooMuch, "folders_within_folders", |_| {}).form(Form::Made(|e, dir| {
            fs::create_dir_all(dir.join("x/".repeat(80))).unwrap();
            e.write(dir)
        })),
        Case::new(Rule::Unreadable, "a_file_grows_while_it_is_checked", |_| {})
            .form(Form::Disturbed(|dir| fs::write(dir.join("DOKUMENT/0003.pdf"), "something longer than it was before").unwrap())),
    ]
}

fn beyond() -> Vec<Case> {
    vec![
        Case::new(Rule::RecordType, "a_registration_without_a_type", |e| e.replace(STRUCTURE, " xsi:type=\"arkivnotat\"", "")),
        Case::new(Rule::EmptyFile, "an_empty_document", |e| {
            let old = whole::document(1);
            e.files.insert(whole::path(1), Vec::new());
            e.replace(STRUCTURE, &hex(&old), &hex(b""));
            e.replace(STRUCTURE, &format!("<filstoerrelse>{}<", old.len()), "<filstoerrelse>0<");
        }),
        Case::new(Rule::SharedFile, "two_document_objects_with_one_file", |e| {
            let (third, second) = (whole::document(3), whole::document(2));
            e.remove("DOKUMENT/0003.pdf");
            e.replace(STRUCTURE, "DOKUMENT/0003.pdf", "DOKUMENT/0002.pdf");
            e.replace(STRUCTURE, &hex(&third), &hex(&second));
            e.said.documents = 2;
        }),
        Case::new(Rule::FileSize, "a_size_with_its_unit", |e| e.replace(STRUCTURE, "</filstoerrelse>", " byte</filstoerrelse>"))
            .breaks_schema(),
        Case::new(Rule::FileSize, "a_size_that_is_another", |e| e.replace(STRUCTURE, "<filstoerrelse>", "<filstoerrelse>1")),
        Case::new(Rule::ChecksumAlgorithm, "another_algorithm_is_named", |e| e.replace(STRUCTURE, ">SHA256<", ">SHA512<")),
        Case::new(Rule::OtherSchema, "a_schema_with_other_line_ends", |e| {
            let text = e.text("endringslogg.xsd").replace("\r\n", "\n") + "\n";
            e.files.insert("endringslogg.xsd".to_owned(), text.into_bytes());
        })
        .needs_schemas(),
        Case::new(Rule::VoidedWithFiles, "a_voided_entry_has_its_file", |e| e.replace(STRUCTURE, ">Arkivert<", ">Utgår<")),
        Case::new(Rule::CodeList, "a_medium_that_is_on_no_list", |e| e.replace(STRUCTURE, ">Elektronisk arkiv<", ">Papir<")),
        Case::new(Rule::SeriesStatus, "the_period_is_still_active", |e| e.replace(STRUCTURE, ">Avsluttet periode<", ">Aktiv periode<")),
    ]
}

fn beyond_in_journals_and_names() -> Vec<Case> {
    vec![
        Case::new(Rule::JournalOrder, "the_journal_is_not_sorted", |e| {
            let text = e.text("loependeJournal.xml").replace("<journalsekvensnummer>1<", "<journalsekvensnummer>7<");
            e.files.insert("loependeJournal.xml".to_owned(), text.into_bytes());
        }),
        Case::new(Rule::OwnMetadataFlag, "own_metadata_are_declared", |e| e.said.own_metadata = Some("true")),
        Case::new(Rule::JournalSum, "a_journal_lacks_an_entry", |e| {
            let text = e.text("offentligJournal.xml");
            let (start, end) = (text.find("<journalregistrering>").unwrap(), text.find("</journalregistrering>").unwrap() + 22);
            e.files.insert("offentligJournal.xml".to_owned(), (text[..start].to_owned() + &text[end..]).into_bytes());
        }),
        Case::new(Rule::CaseCollision, "two_names_are_one_on_some_systems", |e| {
            e.files.insert("notat.txt".to_owned(), b"x".to_vec());
            e.files.insert("Notat.txt".to_owned(), b"x".to_vec());
        }),
    ]
}

/// The changes above start from the same whole extract.
#[test]
fn the_changes_are_small() {
    let whole = Extract::whole(false);
    for case in super::all().iter().filter(|c| !c.needs_schemas) {
        let mut changed = whole.clone();
        (case.change)(&mut changed);
        let differing = changed.files.iter().filter(|(path, bytes)| whole.files.get(*path) != Some(bytes)).count();
        assert!(differing <= 2, "{}", case.name);
    }
}

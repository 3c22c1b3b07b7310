//! The report on a scheduled run, with every label that there is, in both written forms.

mod support;

use page_validation::{ValidationOptions, ValidationProfile, validate_pdf_bytes};
use pipeline_domain::{CaseFolderId, DocumentKey, DocumentVersion, Timestamp, WrittenForm};
use pipeline_render::{Cell, Label, Letterhead, Pdf, ReportKind, ReportTable, RunReport, report_job};
use support::{assert_in_place, flat, set, text_of};

/// Every word as a word, every column as a column, four to a table so that they have room; long lists break over pages.
fn report(kind: ReportKind, written_form: WrittenForm) -> RunReport {
    let at: Timestamp = "2026-11-23T09:00:00+01:00".parse().unwrap();
    let folder: CaseFolderId = "9901/2026/000123".parse().unwrap();
    let id = "018f2f4e-0000-7000-8000-000000000001".parse().unwrap();
    let document = DocumentKey { id, version: DocumentVersion(2) };
    let mut failed = ReportTable::new(Label::Failed, Label::FailedMeaning, [Label::CaseFolder, Label::Document, Label::Code, Label::Since]);
    let day = Cell::Day(at.oslo_date());
    let row = vec![Cell::Folder(folder.clone()), Cell::Document(document), Cell::Code("archive_disk_full".into()), day.clone()];
    failed.rows = vec![row; 60];
    let place = "v1/content/dokumenter/01_individuell-opplaeringsplan.pdf";
    let words =
        Label::ALL.iter().map(|label| vec![Cell::Folder(folder.clone()), Cell::Word(*label), Cell::Path(place.into()), Cell::Number(3)]);
    let columns = [Label::CaseFolder, Label::Finding, Label::Place, Label::Documents];
    let damaged = ReportTable { rows: words.collect(), ..ReportTable::new(Label::Damaged, Label::DamagedMeaning, columns) };
    let mut tables = vec![failed, damaged];
    tables.extend(Label::ALL.chunks(4).map(|columns| {
        let cells = [Cell::Number(0), day.clone(), Cell::Year("2026/2027".into()), Cell::None];
        ReportTable { rows: vec![cells[..columns.len()].to_vec()], ..ReportTable::new(columns[0], Label::FoldersMeaning, columns) }
    }));
    RunReport {
        kind,
        run: "018f2f4e-0000-7000-8000-000000000002".into(),
        municipality: "9901".parse().unwrap(),
        municipality_name: "Fjellvik kommune".into(),
        written_form,
        due_at: at,
        made_at: at,
        since: Some(at),
        to_follow_up: 60,
        figures: Label::ALL.iter().take(8).map(|label| (*label, 1)).collect(),
        remarks: Label::ALL.to_vec(),
        tables,
    }
}

fn both(kind: ReportKind) -> [(WrittenForm, Pdf); 2] {
    [WrittenForm::Nb, WrittenForm::Nn].map(|form| (form, set(&report_job(&report(kind, form), &Letterhead::default()))))
}

#[test]
fn every_label_is_set_and_two_judges_find_nothing() {
    for (form, pdf) in both(ReportKind::Semiannual) {
        for profile in ["2a", "ua1"] {
            let profile: ValidationProfile = profile.parse().unwrap();
            let report = validate_pdf_bytes(&pdf.bytes, &ValidationOptions::default().profile(profile)).unwrap();
            let faults: Vec<&str> =
                report.failures.iter().map(|f| f.rule_id.as_ref()).filter(|id| *id != "ISO 19005-2:2011:6.1.7.1:1").collect();
            assert!(faults.is_empty(), "{form:?}: {faults:?}");
        }
        assert_in_place(&format!("{form:?}"), &pdf.bytes);
        let Some(text) = text_of(&pdf.bytes) else { return };
        assert!(!text.contains('\u{200b}'), "places to break are not text");
        let title = ReportKind::Semiannual.title(form);
        assert!(flat(&text).contains(title) && text.contains("018f2f4e-0000-7000-8000-000000000002"), "{text}");
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for kind in ReportKind::ALL {
        let (a, b) = (both(kind), both(kind));
        assert!(a[0].1.bytes == b[0].1.bytes && a[1].1.bytes == b[1].1.bytes, "{kind:?}");
    }
}

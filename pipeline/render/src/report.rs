//! The report on a scheduled run, for the archivist of one municipality: numbers, case folder numbers, dates and codes.
//!
//! It has no field for a name or a title, so none can get in: what stands in a row is a [`Cell`].

mod label;

use pipeline_domain::{ActorId, CaseFolderId, Date, DocumentKey, Lang, MunicipalityNumber, Timestamp, WrittenForm};
use serde_json::{Map, Value, json};

pub use label::{Label, ReportKind};

use crate::{Letterhead, LogoFormat, RenderJob};

/// Rows of one table on paper. The rest stands in the JSON file alone: a paper of hundreds of pages is read by nobody.
const MOST_ROWS: usize = 600;

/// What one run found in one municipality.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// Which run.
    pub kind: ReportKind,
    /// The run's id, hyphenated.
    pub run: String,
    /// Whose archive.
    pub municipality: MunicipalityNumber,
    /// Its name, from the configuration.
    pub municipality_name: String,
    /// Language.
    pub written_form: WrittenForm,
    /// When the run was due, or was asked for.
    pub due_at: Timestamp,
    /// When it looked.
    pub made_at: Timestamp,
    /// What happened before this instant was told by the report before.
    pub since: Option<Timestamp>,
    /// How many things a person should look at.
    pub to_follow_up: u64,
    /// Numbers that stand first.
    pub figures: Vec<(Label, u64)>,
    /// Sentences that must be said of this run.
    pub remarks: Vec<Label>,
    /// Lists, the most urgent first. One without rows is left out on paper.
    pub tables: Vec<ReportTable>,
}

/// One list.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportTable {
    /// Its heading.
    pub heading: Label,
    /// What its rows are, and what to do.
    pub meaning: Label,
    /// Headers of its columns.
    pub columns: Vec<Label>,
    /// Each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

/// What can stand in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A case folder.
    Folder(CaseFolderId),
    /// A document and its version.
    Document(DocumentKey),
    /// A published code, such as `archive_disk_full` or `E092`.
    Code(String),
    /// A path inside a case folder. Our own names hold no person and no plan type.
    Path(String),
    /// A number.
    Number(u64),
    /// A day.
    Day(Date),
    /// A word of the catalogue.
    Word(Label),
    /// A school year, such as `2026/2027`.
    Year(String),
    /// An instant, to the minute on paper.
    Moment(Timestamp),
    /// A person by number; a list of the report says which pseudonym stands behind it.
    Person(usize),
    /// A pseudonym.
    Id(ActorId),
    /// A word of a closed list of another room: its published code, and its text in the report's written form.
    Said {
        /// For programs.
        id: &'static str,
        /// For people.
        text: &'static str,
    },
    /// Nothing.
    None,
}

impl ReportTable {
    /// An empty one.
    pub fn new(heading: Label, meaning: Label, columns: impl Into<Vec<Label>>) -> Self {
        Self { heading, meaning, columns: columns.into(), rows: Vec::new() }
    }
}

impl From<Option<Timestamp>> for Cell {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or(Self::None, |at| Self::Day(at.oslo_date()))
    }
}

impl Cell {
    /// For people.
    fn on_paper(&self) -> Value {
        match self {
            // The municipality stands at the top of the page.
            Self::Folder(folder) => json!({ "text": format!("{}/{:06}", folder.year, folder.sequence) }),
            Self::Document(key) => json!({ "small": key.id, "version": key.version }),
            Self::Code(code) => json!({ "code": code }),
            Self::Path(path) => json!({ "small": path }),
            Self::Number(n) => json!({ "number": n }),
            Self::Day(day) => json!({ "day": day }),
            Self::Word(label) => json!({ "word": label.term() }),
            Self::Year(year) => json!({ "text": year }),
            Self::Moment(at) => json!({ "moment": at }),
            Self::Person(n) => json!({ "text": format!("P{n}") }),
            Self::Id(id) => json!({ "small": id }),
            Self::Said { text, .. } => json!({ "text": text }),
            Self::None => json!({ "text": "–" }),
        }
    }

    /// For programs.
    fn as_data(&self) -> Value {
        match self {
            Self::Folder(folder) => json!(folder.to_string()),
            Self::Document(key) => json!({ "id": key.id, "version": key.version }),
            Self::Code(text) | Self::Path(text) | Self::Year(text) => json!(text),
            Self::Number(n) => json!(n),
            Self::Day(day) => json!(day),
            Self::Word(label) => json!(label.id()),
            Self::Moment(at) => json!(at),
            Self::Person(n) => json!(n),
            Self::Id(id) => json!(id),
            Self::Said { id, .. } => json!(id),
            Self::None => Value::Null,
        }
    }
}

/// The report as a job for the typesetter. Pure: equal arguments, equal job.
pub fn report_job(report: &RunReport, letterhead: &Letterhead) -> RenderJob {
    let logo = letterhead.logo.as_ref().map(|logo| {
        let format = match logo.format {
            LogoFormat::Svg => "svg",
            LogoFormat::Png => "png",
        };
        json!({ "format": format, "alt": logo.alt })
    });
    let common = json!({
        "written_form": report.written_form,
        "title": report.kind.title(report.written_form),
        "municipality_name": report.municipality_name,
        "municipality_number": report.municipality,
        "logo": logo,
    });
    let content = json!({
        "kind": report.kind.id(),
        "run": report.run,
        "due_at": report.due_at,
        "made_at": report.made_at,
        "since": report.since,
        "to_follow_up": report.to_follow_up,
        "figures": report.figures.iter().map(|(label, n)| json!({ "label": label.term(), "number": n })).collect::<Vec<_>>(),
        "remarks": report.remarks.iter().map(|label| label.term()).collect::<Vec<_>>(),
        "tables": report.tables.iter().filter(|t| !t.rows.is_empty()).map(table_on_paper).collect::<Vec<_>>(),
        "codes": codes(report),
    });
    RenderJob {
        template: "run-report".to_owned(),
        ident: report.run.clone(),
        timestamp: report.made_at,
        data: serde_json::to_vec(&json!({ "common": common, "content": content })).expect("a JSON value is writable"),
        logo: letterhead.logo.clone(),
        picture: None,
    }
}

fn table_on_paper(table: &ReportTable) -> Value {
    let rows = table.rows.iter().take(MOST_ROWS).map(|row| row.iter().map(Cell::on_paper).collect::<Vec<_>>());
    json!({
        "heading": table.heading.term(),
        "meaning": table.meaning.term(),
        "columns": table.columns.iter().map(|c| json!({ "label": c.term(), "width": c.width() })).collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
        "count": table.rows.len(),
        "left_out": table.rows.len().saturating_sub(MOST_ROWS),
    })
}

/// The codes that the report names, each with what it means and what to do, by code.
fn codes(report: &RunReport) -> Vec<Value> {
    let lang = match report.written_form {
        WrittenForm::Nb => Lang::Nb,
        WrittenForm::Nn => Lang::Nn,
    };
    let cells = report.tables.iter().flat_map(|t| &t.rows).flatten();
    let named: std::collections::BTreeSet<&str> = cells
        .filter_map(|cell| match cell {
            Cell::Code(code) => Some(code.as_str()),
            _ => None,
        })
        .collect();
    let known = named.into_iter().filter_map(pipeline_domain::ErrorCode::from_id);
    known.map(|code| json!({ "code": code.id(), "text": code.text(lang) })).collect()
}

/// Shape of [`report_json`]'s file.
const SCHEMA: &str = "arkivflyt/run_report/1";

/// The report for programs: every row, and names that never change.
pub fn report_json(report: &RunReport) -> Vec<u8> {
    let lists: Map<String, Value> = report.tables.iter().map(|t| (t.heading.id().to_owned(), rows_as_data(t))).collect();
    let figures: Map<String, Value> = report.figures.iter().map(|(label, n)| (label.id().to_owned(), json!(n))).collect();
    let value = json!({
        "schema": SCHEMA,
        "kind": report.kind.id(),
        "run": report.run,
        "municipality": report.municipality,
        "due_at": report.due_at,
        "made_at": report.made_at,
        "since": report.since,
        "to_follow_up": report.to_follow_up,
        "figures": figures,
        "remarks": report.remarks.iter().map(|r| r.id()).collect::<Vec<_>>(),
        "lists": lists,
        "codes": codes(report),
    });
    let mut bytes = serde_json::to_vec_pretty(&value).expect("a JSON value is writable");
    bytes.push(b'\n');
    bytes
}

fn rows_as_data(table: &ReportTable) -> Value {
    let row = |cells: &Vec<Cell>| -> Value {
        table.columns.iter().zip(cells).map(|(label, cell)| (label.id().to_owned(), cell.as_data())).collect::<Map<_, _>>().into()
    };
    table.rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: usize) -> RunReport {
        let mut failed = ReportTable::new(Label::Failed, Label::FailedMeaning, [Label::CaseFolder, Label::Code]);
        let folder: CaseFolderId = "9901/2026/000001".parse().unwrap();
        failed.rows = (0..rows).map(|_| vec![Cell::Folder(folder.clone()), Cell::Code("archive_disk_full".to_owned())]).collect();
        let at: Timestamp = "2026-11-23T09:00:00+01:00".parse().unwrap();
        RunReport {
            kind: ReportKind::ArchiveReport,
            run: "018f2f4e-0000-7000-8000-000000000001".to_owned(),
            municipality: "9901".parse().unwrap(),
            municipality_name: "Fjellvik kommune".to_owned(),
            written_form: WrittenForm::Nn,
            due_at: at,
            made_at: at,
            since: None,
            to_follow_up: rows as u64,
            figures: vec![(Label::Archived, 3)],
            remarks: Vec::new(),
            tables: vec![failed, ReportTable::new(Label::Waiting, Label::WaitingMeaning, [Label::CaseFolder])],
        }
    }

    fn view(report: &RunReport) -> Value {
        serde_json::from_slice(&report_job(report, &Letterhead::default()).data).unwrap()
    }

    #[test]
    fn codes_are_explained_once_and_in_the_written_form() {
        let view = view(&report(2));
        let codes = view["content"]["codes"].as_array().unwrap();
        assert_eq!(codes.len(), 1);
        assert_eq!(codes[0]["text"], pipeline_domain::ErrorCode::ArchiveDiskFull.text(Lang::Nn));
        assert_eq!(view["content"]["tables"].as_array().unwrap().len(), 1, "a list without rows is left out on paper");
    }

    #[test]
    fn a_long_list_is_cut_on_paper_and_whole_in_the_file() {
        let long = report(MOST_ROWS + 5);
        let table = &view(&long)["content"]["tables"][0];
        assert_eq!(
            (table["rows"].as_array().unwrap().len(), table["left_out"].as_u64(), table["count"].as_u64()),
            (MOST_ROWS, Some(5), Some(605))
        );
        let file: Value = serde_json::from_slice(&report_json(&long)).unwrap();
        assert_eq!(file["lists"]["failed"].as_array().unwrap().len(), MOST_ROWS + 5);
        assert_eq!(file["lists"]["failed"][0], json!({ "case_folder": "9901/2026/000001", "code": "archive_disk_full" }));
        assert_eq!(file["lists"]["waiting"], json!([]));
    }

    #[test]
    fn labels_are_each_its_own() {
        let ids: std::collections::BTreeSet<_> = Label::ALL.iter().map(|l| l.id()).collect();
        assert_eq!(ids.len(), Label::ALL.len());
    }
}

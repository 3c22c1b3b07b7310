//! What is told of access: as tables on the screen, and as a document (PDF/A) of the same form as the reports on runs.
//!
//! People stand in it as P1, P2 …, with their pseudonyms in a list of their own: a row has no room for them, and a reader who has
//! to follow one person finds P3 faster than thirty-six signs.

use std::{fs::File, io::Write, path::Path};

use pipeline_access::{About, AccessRow, DenyReason, Evidence, Head, RoleReport, Support};
use pipeline_domain::{CaseFolderId, Date, ErrorCode, Lang, MunicipalityNumber, Timestamp, WrittenForm};
use pipeline_package::CaseRecord;
use pipeline_render::{Cell, Label, Letterhead, ReportKind, ReportTable, RunReport, report_job};
use serde_json::json;
use uuid::Uuid;

use crate::{
    cli::Global,
    exit::Exit,
    failure::Failure,
    output::Output,
    roles_in_year::{self, People},
    shell::Shell,
    words::pick,
};

/// A document of one municipality.
pub struct Paper {
    municipality: MunicipalityNumber,
    name: String,
    form: WrittenForm,
    letterhead: Letterhead,
    made_at: Timestamp,
}

impl Paper {
    /// In a municipality's name; in its written form, unless another is asked for.
    pub fn of(shell: &Shell, municipality: &MunicipalityNumber, form: Option<WrittenForm>) -> Result<Self, Failure> {
        let settings = shell.municipality(municipality)?;
        Ok(Self {
            municipality: municipality.clone(),
            name: settings.name.trim().to_owned(),
            form: form.unwrap_or(settings.written_form),
            letterhead: settings.letterhead()?,
            made_at: shell.clock.now(),
        })
    }

    fn lang(&self) -> Lang {
        match self.form {
            WrittenForm::Nb => Lang::Nb,
            WrittenForm::Nn => Lang::Nn,
        }
    }

    /// `what` and the head tell one document from another: the same log gives the same document.
    fn report(&self, kind: ReportKind, what: &str, head: Head, figures: Vec<(Label, u64)>, tables: Vec<ReportTable>) -> RunReport {
        let id = format!("{}/{what}/{}:{}", kind.id(), head.rows, head.digest);
        RunReport {
            kind,
            run: Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()).to_string(),
            municipality: self.municipality.clone(),
            municipality_name: self.name.clone(),
            written_form: self.form,
            due_at: self.made_at,
            made_at: self.made_at,
            since: None,
            to_follow_up: 0,
            figures,
            remarks: vec![Label::AccessRemark],
            tables,
        }
    }

    /// The log's rows.
    pub fn extract(&self, rows: &[AccessRow], of: &Extracted<'_>) -> RunReport {
        let mut people = People::default();
        let table = self.rows(Label::AccessRows, Label::AccessRowsMeaning, rows.iter(), of.record, &mut people);
        let denied = rows.iter().filter(|row| row.denied.is_some()).count() as u64;
        let figures = vec![(Label::AccessRowCount, rows.len() as u64), (Label::Persons, people.count()), (Label::Denied, denied)];
        let day = |day: Option<Date>| day.map_or(Cell::None, Cell::Day);
        let concerns = concerns(of.about, vec![(Label::FromDay, day(of.from)), (Label::Until, day(of.to))]);
        let tables = vec![concerns, table, self.reasons(rows.iter()), people.table()];
        let what = json!([of.about, of.from, of.to]).to_string();
        let mut report = self.report(ReportKind::AccessExtract, &what, of.head, figures, tables);
        report.to_follow_up = denied;
        report
    }

    /// Rows as a list. What is the same in all of them has no column: the page is narrow.
    fn rows<'a>(
        &self,
        heading: Label,
        meaning: Label,
        rows: impl Iterator<Item = &'a AccessRow>,
        record: Option<&CaseRecord>,
        people: &mut People,
    ) -> ReportTable {
        let rows: Vec<&AccessRow> = rows.collect();
        let number =
            |row: &AccessRow| record.zip(row.document).and_then(|(record, key)| record.document(key)).map(|entry| u64::from(entry.no));
        let many_folders = rows.iter().any(|row| row.about != rows[0].about);
        let some_documents = rows.iter().any(|row| number(row).is_some());
        let lang = self.lang();
        let columns = [
            Some(Label::When),
            Some(Label::Who),
            Some(Label::Role),
            Some(Label::What),
            many_folders.then_some(Label::CaseFolder),
            some_documents.then_some(Label::DocumentNo),
            Some(Label::Reason),
            Some(Label::Answer),
        ];
        let mut table = ReportTable::new(heading, meaning, columns.into_iter().flatten().collect::<Vec<_>>());
        for row in rows {
            let cells = [
                Some(Cell::Moment(row.at)),
                Some(people.cell(row.actor)),
                Some(Cell::Said { id: row.role.id(), text: row.role.text(lang) }),
                Some(Cell::Said { id: row.action.id(), text: row.action.text(lang) }),
                many_folders.then(|| row.about.folder().cloned().map_or(Cell::None, Cell::Folder)),
                some_documents.then(|| number(row).map_or(Cell::None, Cell::Number)),
                Some(row.reason.map_or(Cell::None, |reason| Cell::Said { id: reason.id(), text: reason.text(lang) })),
                Some(row.denied.map_or(Cell::Word(Label::Allowed), |reason| Cell::Code(reason.id().to_owned()))),
            ];
            table.rows.push(cells.into_iter().flatten().collect());
        }
        table
    }

    /// What the refusals mean, each once.
    fn reasons<'a>(&self, rows: impl Iterator<Item = &'a AccessRow>) -> ReportTable {
        let mut reasons: Vec<DenyReason> = rows.filter_map(|row| row.denied).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let mut table = ReportTable::new(Label::DenyReasons, Label::DenyReasonsMeaning, [Label::Answer, Label::Meaning]);
        let row = |r: &DenyReason| vec![Cell::Code(r.id().to_owned()), Cell::Said { id: r.id(), text: r.text(self.lang()) }];
        table.rows = reasons.iter().map(row).collect();
        table
    }

    /// Who could see a plan on a day, and who did.
    pub fn evidence(&self, found: &Evidence, folder: &CaseFolderId, on: Date, record: Option<&CaseRecord>) -> RunReport {
        let lang = self.lang();
        let mut people = People::default();
        let columns = [Label::Who, Label::Role, Label::Could, Label::Since, Label::Until];
        let mut could = ReportTable::new(Label::CouldSee, Label::CouldSeeMeaning, columns);
        for sight in &found.could {
            // One line for each thing that could be done: a cell holds one word of a list.
            for action in &sight.could {
                let until = sight.ended.map(Timestamp::oslo_date).or(sight.until).map_or(Cell::None, Cell::Day);
                could.rows.push(vec![
                    people.cell(sight.actor),
                    Cell::Said { id: sight.role.id(), text: sight.role.text(lang) },
                    Cell::Said { id: action.id(), text: action.text(lang) },
                    Cell::Day(sight.since.oslo_date()),
                    until,
                ]);
            }
        }
        let mut did = self.rows(Label::DidSee, Label::DidSeeMeaning, found.did.iter().map(|seen| &seen.row), record, &mut people);
        // Everything here was allowed; what matters is whether somebody had been given the role.
        for (row, seen) in did.rows.iter_mut().zip(&found.did) {
            let word = if seen.support == Support::Granted { Label::SupportGranted } else { Label::SupportMissing };
            *row.last_mut().expect("a row has cells") = Cell::Word(word);
        }
        *did.columns.last_mut().expect("a table has columns") = Label::Supported;
        let missing = found.did.iter().filter(|seen| seen.support == Support::Missing).count() as u64;
        let figures = vec![
            (Label::CouldSee, found.could.iter().map(|s| s.actor).collect::<std::collections::BTreeSet<_>>().len() as u64),
            (Label::DidSee, found.did.len() as u64),
            (Label::SupportMissing, missing),
        ];
        let what = format!("{folder}/{on}");
        let head = Head { rows: found.did.len() as u64, ..Head::start() };
        let concerns = concerns(&About::Folder(folder.clone()), vec![(Label::OnDay, Cell::Day(on))]);
        let mut report = self.report(ReportKind::AccessEvidence, &what, head, figures, vec![concerns, could, did, people.table()]);
        report.to_follow_up = missing;
        report.remarks.push(Label::AccessFactsRemark);
        report
    }

    /// The yearly look at roles.
    pub fn yearly(&self, found: &RoleReport, head: Head) -> RunReport {
        let mut report = self.report(ReportKind::RoleReport, &found.year.to_string(), head, Vec::new(), Vec::new());
        roles_in_year::tell(&mut report, found);
        report
    }

    /// Sets it, and puts it where it is asked for: whole or not at all, over nothing, for this user alone.
    pub async fn write(&self, shell: &Shell, report: &RunReport, out: &Path, global: &Global, output: &Output) -> Result<Exit, Failure> {
        if out.symlink_metadata().is_ok() {
            let text = pick(global.lang(), "finnes fra før", "finst frå før", "is there already");
            output.error("out_exists", &format!("{} {text}", out.display()));
            return Ok(Exit::InvalidInput);
        }
        let place = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !place.is_dir() {
            output.error("not_found", &place.display().to_string());
            return Ok(Exit::NotFound);
        }
        let printed = shell.press().await?.print(report_job(report, &self.letterhead)).await?;
        let put = || -> std::io::Result<()> {
            let mut part = tempfile::Builder::new().prefix(".arkivflyt-").suffix(".part").tempfile_in(place)?;
            part.write_all(&printed.bytes)?;
            part.as_file().sync_all()?;
            part.persist_noclobber(out).map_err(|e| e.error)?;
            File::open(place)?.sync_all()
        };
        put().map_err(|e| Failure::retry(ErrorCode::ExportFailed, format!("cannot write the document: {e}")))?;
        let sha256 = pipeline_domain::Sha256::of(&printed.bytes);
        let body = json!({ "pdf": out.display().to_string(), "sha256": sha256, "kind": report.kind.id(), "id": report.run });
        if !output.answer("access_document", body) {
            output.line(&format!("{} · SHA-256 {sha256}", out.display()));
        }
        Ok(Exit::Ok)
    }
}

/// What a log extract is of.
pub struct Extracted<'a> {
    pub about: &'a About,
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub record: Option<&'a CaseRecord>,
    pub head: Head,
}

/// What the document is about, before anything else.
fn concerns(about: &About, more: Vec<(Label, Cell)>) -> ReportTable {
    let (label, cell) = match about {
        About::Folder(folder) => (Label::CaseFolder, Cell::Folder(folder.clone())),
        // A unit's name may tell where a child is: its id stands here.
        About::Unit(_) | About::Plan(_) | About::Area(_) | About::Municipality(_) => {
            (Label::Over, Cell::Path(json!(about).to_string().replace(['{', '}', '"'], "")))
        }
    };
    let (columns, cells): (Vec<Label>, Vec<Cell>) = std::iter::once((label, cell)).chain(more).unzip();
    let mut table = ReportTable::new(Label::Concerns, Label::ConcernsMeaning, columns);
    table.rows.push(cells);
    table
}

/// Rows on the screen.
pub fn say_rows(rows: &[AccessRow], lang: Lang, output: &Output) {
    let head = [
        pick(lang, "Tidspunkt", "Tidspunkt", "When"),
        pick(lang, "Hvem", "Kven", "Who"),
        pick(lang, "Rolle", "Rolle", "Role"),
        pick(lang, "Hva", "Kva", "What"),
        pick(lang, "Mappe", "Mappe", "Folder"),
        pick(lang, "Grunn", "Grunn", "Reason"),
        pick(lang, "Svar", "Svar", "Answer"),
    ];
    let yes = pick(lang, "ja", "ja", "yes");
    let row = |row: &AccessRow| {
        vec![
            row.at.to_string(),
            row.actor.to_string(),
            row.role.text(lang).to_owned(),
            row.action.text(lang).to_owned(),
            row.about.folder().map(ToString::to_string).unwrap_or_default(),
            row.reason.map_or("", |r| r.text(lang)).to_owned(),
            row.denied.map_or(yes, DenyReason::id).to_owned(),
        ]
    };
    output.table(&head, rows.iter().map(row).collect());
}

/// Evidence on the screen.
pub fn say_evidence(found: &Evidence, lang: Lang, output: &Output) {
    let head = [
        pick(lang, "Kunne se planen", "Kunne sjå planen", "Could see the plan"),
        pick(lang, "Rolle", "Rolle", "Role"),
        pick(lang, "Kunne", "Kunne", "Could"),
        pick(lang, "Siden", "Sidan", "Since"),
    ];
    let could = found.could.iter().map(|sight| {
        let actions: Vec<&str> = sight.could.iter().map(|a| a.text(lang)).collect();
        vec![sight.actor.to_string(), sight.role.text(lang).to_owned(), actions.join("\n"), sight.since.to_string()]
    });
    output.table(&head, could.collect());
    let head = [
        pick(lang, "Så planen", "Såg planen", "Saw the plan"),
        pick(lang, "Rolle", "Rolle", "Role"),
        pick(lang, "Hva", "Kva", "What"),
        pick(lang, "Tidspunkt", "Tidspunkt", "When"),
        pick(lang, "Tilgang i registeret", "Tilgang i registeret", "Access in the register"),
    ];
    let did = found.did.iter().map(|seen| {
        let support = match seen.support {
            Support::Granted => pick(lang, "ja", "ja", "yes"),
            Support::Missing => pick(lang, "NEI", "NEI", "NO"),
        };
        let row = &seen.row;
        let words = [row.role.text(lang), row.action.text(lang)].map(str::to_owned);
        [vec![row.actor.to_string()], words.to_vec(), vec![row.at.to_string(), support.to_owned()]].concat()
    });
    output.table(&head, did.collect());
}

/// The yearly report on the screen.
pub fn say_yearly(found: &RoleReport, lang: Lang, output: &Output) {
    let head = [
        pick(lang, "Rolle", "Rolle", "Role"),
        pick(lang, "Hadde den", "Hadde ho", "Held it"),
        pick(lang, "Gitt", "Gitt", "Given"),
        pick(lang, "Avsluttet", "Avslutta", "Ended"),
        pick(lang, "Utløpt", "Gått ut", "Ran out"),
        pick(lang, "Innsyn", "Innsyn", "Looks"),
        pick(lang, "Tatt ut", "Teke ut", "Taken out"),
        pick(lang, "Annet", "Anna", "Other"),
        pick(lang, "Avslag", "Avslag", "Denied"),
        pick(lang, "Uten grunn", "Utan grunn", "Without reason"),
    ];
    let row = |r: &pipeline_access::RoleLine| {
        let counts = [r.holders, r.granted, r.withdrawn, r.run_out, r.looks, r.taken_out, r.other, r.denied, r.without_reason]
            .map(|n| n.to_string());
        [vec![r.role.text(lang).to_owned()], counts.to_vec()].concat()
    };
    output.table(&head, found.roles.iter().map(row).collect());
    for holder in &found.unused {
        let text = pick(lang, "ikke brukt i året", "ikkje brukt i året", "not used in the year");
        output.line(&format!("{} · {} · {}: {text}", holder.actor, holder.role.text(lang), holder.reach));
    }
}

//! `case access-export`: everything that is kept about one person, as one package for that person (innsyn, GDPR art. 15). The archive
//! is read and never touched; the access log tells of the export before anything is read out.

mod package;
mod page;
mod words;

use std::{
    collections::BTreeSet,
    io::{BufWriter, Read},
    path::{Path, PathBuf},
};

use pipeline_access::Action;
use pipeline_bag::{BagSpec, Password, TagFile, Written, write_to_file};
use pipeline_domain::{
    CaseFolderId, Date, ErrorCode, Lang, Line, LogicalPath, MunicipalityNumber, NationalId, PlanId, Sha256, WrittenForm,
};
use pipeline_package::CaseRecord;
use pipeline_render::{AccessExport as Export, AccessLine, ContactLine, ExportedDocument, ExportedFolder, NoticeLine, access_export_job};
use pipeline_store::{DocumentFilter, Documents, MailFilter, Outbox};
use serde_json::{Value, json};

use self::package::Contents;
use crate::{
    access_log::AccessLog,
    asking::{Asking, Thing, ask},
    cli::{Global, case, export, sheet::Form},
    exit::Exit,
    failure::Failure,
    jobs::overview::FolderContents,
    output::Output,
    shell::Shell,
    words::pick,
};

/// Rows of one document or folder.
const MOST: u32 = 100_000;

/// One person, named by a plan, a case folder or a national id, and where the package goes.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).multiple(true).args(["plan", "case", "subject"]))]
pub struct AccessExport {
    /// A plan of the person. All other folders of the same national id in the municipality come along.
    #[arg(long, value_name = "ID")]
    pub plan: Option<PlanId>,
    /// A case folder of the person, such as 9901/2026/000001; may be given several times. All other folders of the same national
    /// id come along.
    #[arg(long, value_name = "FOLDER")]
    pub case: Vec<CaseFolderId>,
    /// File with the person's national id on its one line, or - for standard input. Never an argument: arguments can be seen by others.
    #[arg(long, value_name = "FILE|-", requires = "municipality")]
    pub subject: Option<PathBuf>,
    /// Where to look for the national id.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
    /// The ZIP file to make. Nothing is overwritten, and nothing is written inside the archive.
    #[arg(short, long, value_name = "OUT.zip")]
    pub out: PathBuf,
    /// Written form of cover and index; without it, the municipality's own.
    #[arg(long, value_enum, value_name = "FORM")]
    pub form: Option<Form>,
    /// Encrypt with AES-256; the password is the one line of this file: 12 to 99 ASCII characters.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    #[command(flatten)]
    pub asking: Asking,
}

pub async fn run(shell: &Shell, asked: &AccessExport, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let records = match find(shell, asked, global, output)? {
        Ok(records) => records,
        Err(exit) => return Ok(exit),
    };
    let password = match export::password(asked.password_file.as_deref(), output)? {
        Ok(password) => password,
        Err(exit) => return Ok(exit),
    };
    if let Some(exit) = export::refuse_place(shell, &asked.out, global, output) {
        return Ok(exit);
    }
    // Log first: what follows reads everything out.
    for record in &records {
        ask(shell, global, &asked.asking, Action::Export, &Thing::of_folder(record))?;
    }
    let export = gather(shell, asked, &records).await?;
    let municipality = shell.municipality(&export.municipality)?;
    let cover = shell.press().await?.print(access_export_job(&export, &municipality.letterhead()?)).await?;
    let index = page::html(&export, |f| plan_name(f, export.written_form));
    let contents = Contents::of(shell, &records, &export, index, cover.bytes)?;
    let (written, sha256) = write(shell, asked, &export, &contents, password.as_ref())?;
    let folders: Vec<String> = records.iter().map(|r| r.folder().to_string()).collect();
    let body = json!({
        "case_folders": folders, "zip": asked.out.display().to_string(), "files": written.files, "payload_bytes": written.payload_bytes,
        "zip_bytes": written.zip_bytes, "sha256": sha256, "encrypted": password.is_some(), "written_form": export.written_form,
    });
    if !output.answer("access_export", body) {
        let lang = global.lang();
        output.line(&format!("{} {}", output.bold(pick(lang, "Samlet:", "Samla:", "Gathered:")), asked.out.display()));
        output.line(&format!("{}: {}", pick(lang, "Mapper", "Mapper", "Folders"), folders.join(", ")));
        output.line(&format!("SHA-256 {sha256}"));
    }
    Ok(Exit::Ok)
}

/// Folders of the person, by number; or why there is no export.
fn find(shell: &Shell, asked: &AccessExport, global: &Global, output: &Output) -> Result<Result<Vec<CaseRecord>, Exit>, Failure> {
    let lang = global.lang();
    let id = match asked.subject.as_deref().map(national_id).transpose() {
        Ok(id) => id,
        Err(()) => {
            let text = pick(
                lang,
                "filen har ikke ett gyldig fødselsnummer",
                "fila har ikkje eitt gyldig fødselsnummer",
                "the file holds no valid national id",
            );
            output.error("national_id_shape", text);
            return Ok(Err(Exit::InvalidInput));
        }
    };
    let mut seeds = Vec::new();
    for folder in &asked.case {
        match case::record(shell, folder)? {
            Some(record) => seeds.push(record),
            None => {
                output.error("not_found", &folder.to_string());
                return Ok(Err(Exit::NotFound));
            }
        }
    }
    let named: BTreeSet<MunicipalityNumber> =
        seeds.iter().map(|s| s.folder().municipality.clone()).chain(asked.municipality.clone()).collect();
    let ids: Vec<NationalId> = seeds.iter().filter_map(|s| s.subject_id().cloned()).chain(id).collect();
    let all = every_record(shell, if named.is_empty() { None } else { Some(&named) })?;
    let by_plan: Vec<&CaseRecord> = all.iter().filter(|r| Some(r.plan_id()) == asked.plan).collect();
    let ids: Vec<NationalId> = ids.into_iter().chain(by_plan.iter().filter_map(|r| r.subject_id().cloned())).collect();
    let is_named = |r: &CaseRecord| asked.case.contains(r.folder()) || Some(r.plan_id()) == asked.plan;
    let is_theirs = |r: &CaseRecord| is_named(r) || r.subject_id().is_some_and(|id| ids.contains(id));
    let mut found: Vec<CaseRecord> = all.iter().filter(|r| is_theirs(r)).cloned().collect();
    found.sort_by(|a, b| a.folder().cmp(b.folder()));
    let Some(first) = found.first() else {
        output.error("not_found", pick(lang, "ingen mapper om personen", "inga mapper om personen", "no folders about the person"));
        return Ok(Err(Exit::NotFound));
    };
    // Somebody else's plan given by mistake must not go along.
    let differs = |r: &CaseRecord| r.subject_name() != first.subject_name() || r.folder().municipality != first.folder().municipality;
    let ids: BTreeSet<&str> = ids.iter().map(NationalId::expose_for_archive_metadata).collect();
    if ids.len() > 1 || (ids.is_empty() && found.iter().any(differs)) {
        let text = pick(
            lang,
            "mappene gjelder ikke én og samme person i én kommune",
            "mappene gjeld ikkje éin og same person i éin kommune",
            "the folders are not about one and the same person in one municipality",
        );
        output.error("several_people", text);
        return Ok(Err(Exit::InvalidInput));
    }
    Ok(Ok(found))
}

/// The one line of a file or of standard input.
fn national_id(file: &Path) -> Result<NationalId, ()> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(4096).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|f| f.take(4096).read_to_string(&mut text))
    };
    read.map_err(drop)?;
    text.trim().parse().map_err(drop)
}

/// What every case folder says of itself, in some or all municipalities.
fn every_record(shell: &Shell, of: Option<&BTreeSet<MunicipalityNumber>>) -> Result<Vec<CaseRecord>, Failure> {
    let mut records = Vec::new();
    let numbers = shell.municipalities.keys().filter(|n| of.is_none_or(|of| of.contains(*n)));
    for number in numbers.filter(|n| shell.archive_root().join(n.as_str()).is_dir()) {
        for folder in shell.archive(number)?.folders()? {
            records.extend(case::record(shell, &folder)?);
        }
    }
    Ok(records)
}

/// Everything that cover and index tell.
async fn gather(shell: &Shell, asked: &AccessExport, records: &[CaseRecord]) -> Result<Export, Failure> {
    let newest = records.iter().max_by_key(|r| r.facts_as_of()).expect("there is a folder");
    let number = newest.folder().municipality.clone();
    let municipality = shell.municipality(&number)?;
    let form = asked.form.map_or(municipality.written_form, WrittenForm::from);
    let (mut notices, mut contacts) = (Vec::new(), Vec::new());
    for record in records {
        of_documents(shell, record, form, &mut notices, &mut contacts).await?;
    }
    notices.sort_by_key(|n| n.at);
    Ok(Export {
        municipality_name: municipality.name.clone(),
        written_form: form,
        synthetic: records.iter().any(CaseRecord::is_synthetic),
        made_at: shell.clock.now(),
        subject_name: newest.subject_name().clone(),
        subject_birth_date: birth_date(shell, newest)?,
        folders: records.iter().map(exported).collect(),
        accesses: accesses(shell, &number, records, form)?,
        notices,
        contacts,
        contact_point: Line::new(municipality.mail.contact_point.expose()),
        mail: municipality.mail.reply_to.clone(),
        municipality: number,
    })
}

fn birth_date(shell: &Shell, record: &CaseRecord) -> Result<Date, Failure> {
    let missing = || Failure::give_up(ErrorCode::ArchiveDamaged, format!("case folder {}: no birth date", record.folder()));
    let contents = FolderContents::read(shell, record.folder())?.ok_or_else(missing)?;
    let last = record.documents().last().ok_or_else(missing)?;
    contents.source(last.no)?["case"]["subject_birth_date"].as_str().and_then(|d| d.parse().ok()).ok_or_else(missing)
}

fn exported(record: &CaseRecord) -> ExportedFolder {
    let at = record.folder().case_number();
    let inside = |path: &LogicalPath| format!("{at}/{path}");
    let documents = record.documents().iter().map(|d| ExportedDocument {
        no: d.no,
        date: d.date,
        title: d.title.clone(),
        version: d.version.0,
        pages: d.pages,
        pdf: inside(&d.pdf),
        source: inside(&d.source()),
    });
    ExportedFolder {
        reference: record.folder().mappe_id(),
        plan_type: record.plan_type(),
        opened: record.opened_at().oslo_date(),
        closed: record.closed_at().map(|at| at.oslo_date()),
        documents: documents.collect(),
    }
}

fn plan_name(folder: &ExportedFolder, form: WrittenForm) -> &'static str {
    use pipeline_domain::PlanType;
    match (folder.plan_type, form) {
        (PlanType::Ip, _) => "Individuell plan (IP)",
        (PlanType::Es, WrittenForm::Nb) => "Enkelt samspill (ES)",
        (PlanType::Es, WrittenForm::Nn) => "Enkelt samspel (ES)",
        (PlanType::Sl, _) => "Stafettlogg (SL)",
        (PlanType::Iop, _) => "Individuell opplæringsplan (IOP)",
    }
}

/// The access log of these folders, in words: roles, never who.
fn accesses(shell: &Shell, number: &MunicipalityNumber, records: &[CaseRecord], form: WrittenForm) -> Result<Vec<AccessLine>, Failure> {
    let lang = match form {
        WrittenForm::Nb => Lang::Nb,
        WrittenForm::Nn => Lang::Nn,
    };
    let mut lines = Vec::new();
    AccessLog::of(&shell.data, number).read(&[], |row| {
        if row.about.folder().is_some_and(|f| records.iter().any(|r| r.folder() == f)) {
            lines.push(AccessLine {
                at: row.at,
                role: row.role.text(lang),
                action: row.action.text(lang),
                reason: row.reason.map(|r| r.text(lang)),
                denied: row.denied.is_some(),
            });
        }
    })?;
    Ok(lines)
}

/// Notices about the folder's documents, and the subject's own contact data while it is held.
async fn of_documents(
    shell: &Shell,
    record: &CaseRecord,
    form: WrittenForm,
    notices: &mut Vec<NoticeLine>,
    contacts: &mut Vec<ContactLine>,
) -> Result<(), Failure> {
    let filter = DocumentFilter { folder: Some(record.folder().clone()), ..DocumentFilter::default() };
    for row in shell.store.documents(&filter, MOST).await? {
        let mails = shell.store.mails(&MailFilter { document: Some(row.key), ..MailFilter::default() }, MOST).await?;
        notices.extend(mails.iter().map(|m| NoticeLine {
            at: m.queued_at,
            kind: words::notice(m.kind, form).to_owned(),
            to: words::recipient(m.recipient, form).to_owned(),
            state: words::mail_state(m.state, form),
        }));
        let accepted = std::fs::read(shell.data.accepted_file(row.digest)).ok();
        let accepted = accepted.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let contact = accepted.and_then(|json| contact(&json["case"]["subject_contact"], record));
        contacts.extend(contact.filter(|c| !contacts.contains(c)));
    }
    Ok(())
}

fn contact(held: &Value, record: &CaseRecord) -> Option<ContactLine> {
    Some(ContactLine {
        email: held["email"].as_str().map(str::to_owned),
        written_form: serde_json::from_value(held["written_form"].clone()).ok()?,
        reserved: held["reserved"].as_bool().unwrap_or_default(),
        held: record.folder().mappe_id(),
    })
}

/// Writes beside, syncs, reads back for the digest and moves into place. Only the owner may read the file.
fn write(
    shell: &Shell,
    asked: &AccessExport,
    export: &Export,
    contents: &Contents,
    password: Option<&Password>,
) -> Result<(Written, Sha256), Failure> {
    let base = export::path(&format!("innsyn_{}", export.made_at.oslo_date()));
    let note = match export.written_form {
        WrittenForm::Nb => include_str!("access_export/lesmeg-nb.txt"),
        WrittenForm::Nn => include_str!("access_export/lesmeg-nn.txt"),
    };
    let note_name = export::path("LESMEG.txt");
    let info = vec![
        ("Source-Organization", export.municipality_name.trim().to_owned()),
        ("Bagging-Date", shell.clock.now().oslo_date().to_string()),
        ("Bag-Software-Agent", concat!("arkivflyt ", env!("CARGO_PKG_VERSION")).to_owned()),
        ("Arkivflyt-Export-Reason", "innsyn (GDPR art. 15)".to_owned()),
    ];
    let spec = BagSpec {
        base: &base,
        info: &info,
        tag_files: &[TagFile { name: &note_name, bytes: note.as_bytes() }],
        modified: export.made_at,
        password,
    };
    export::in_place(&asked.out, |part| write_to_file(&spec, contents, BufWriter::new(part)).map_err(Failure::from))
}

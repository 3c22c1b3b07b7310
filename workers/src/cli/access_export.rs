//! `case access-export`: everything that is kept about one person, as one package for that person (innsyn, GDPR art. 15). The access log
//! tells of the export before anything is read out.

use std::{
    collections::BTreeSet,
    io::Read,
    path::{Path, PathBuf},
};

use pipeline_access::Action;
use pipeline_domain::{CaseFolderId, MunicipalityNumber, NationalId, PlanId, WrittenForm};
use pipeline_package::CaseRecord;
use serde_json::json;

use crate::{
    asking::{Asking, ask},
    cli::{Global, case, export, sheet::Form},
    exit::Exit,
    failure::Failure,
    jobs::access_export::{Person, Wanted, every_record, gather},
    output::Output,
    shell::Shell,
    words::pick,
};

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
    let records = match find(shell, asked, global, output).await? {
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
    let person = Person::of_records(shell, records, &asked.asking).await?;
    // Log first: what follows reads everything out.
    for thing in &person.things {
        ask(shell, global, &asked.asking, Action::Export, thing)?;
    }
    let wanted = Wanted { form: asked.form.map(WrittenForm::from), made_at: shell.clock.now() };
    let package = gather(shell, &person, wanted).await?;
    let (written, sha256) = export::in_place(&asked.out, |part| package.write(part, password.as_ref()))?;
    let folders: Vec<String> = person.folders.iter().map(ToString::to_string).collect();
    let body = json!({
        "case_folders": folders, "zip": asked.out.display().to_string(), "files": written.files, "payload_bytes": written.payload_bytes,
        "zip_bytes": written.zip_bytes, "sha256": sha256, "encrypted": password.is_some(), "written_form": package.written_form(),
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
async fn find(shell: &Shell, asked: &AccessExport, global: &Global, output: &Output) -> Result<Result<Vec<CaseRecord>, Exit>, Failure> {
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
    let all = every_record(shell, if named.is_empty() { None } else { Some(&named) }).await?;
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

//! `case preview`: what would become of a document, before it is handed in. Nothing is written.

use std::path::PathBuf;

use pipeline_domain::{ErrorCode, Lang, Snapshot};
use pipeline_intake::Reading;
use pipeline_package::{Effect, Outline, outline};
use pipeline_render::{Became, Changes, changes};
use pipeline_store::{Documents, Plan};
use serde_json::{Value, json};

use crate::{
    cli::{Global, case, submit},
    exit::Exit,
    failure::Failure,
    jobs::{inbox::Contents, print_source::Kept},
    output::Output,
    shell::Shell,
    words::pick,
};

/// One document that is not handed in yet.
#[derive(Debug, clap::Args)]
pub struct Preview {
    /// The document, or - for standard input.
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
}

pub async fn run(shell: &Shell, preview: &Preview, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let lang = global.lang();
    let cannot = |code| Err(Failure::give_up(code, preview.file.display()));
    let bytes = match submit::named(&preview.file, shell.config.intake.max_bytes) {
        Ok(Contents::Bytes(bytes)) => bytes,
        Ok(Contents::StillChanging) => return cannot(ErrorCode::InboxStillChanging),
        Ok(Contents::NotRegular) => return cannot(ErrorCode::InboxNotRegular),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            output.error("not_found", &preview.file.display().to_string());
            return Ok(Exit::NotFound);
        }
        Err(e) => return Err(Failure::give_up(ErrorCode::InboxUnreadable, e)),
    };
    let snapshot = match shell.reader.read(&bytes) {
        Reading::Accepted(snapshot) => snapshot,
        Reading::Refused(problems) => {
            let rows: Vec<Value> =
                problems.iter().map(|p| json!({ "code": p.code.id(), "at": p.at, "rule": p.rule, "text": p.code.text(lang) })).collect();
            if !output.answer("case_preview", json!({ "problems": rows })) {
                let head = [pick(lang, "Feil", "Feil", "Problem"), pick(lang, "Sted", "Stad", "Place"), pick(lang, "Hva", "Kva", "What")];
                let rows = problems.iter().map(|p| vec![p.code.id().to_owned(), p.at.clone(), p.code.text(lang).to_owned()]);
                output.table(&head, rows.collect());
            }
            return Ok(Exit::InvalidInput);
        }
    };
    let told = told(shell, &snapshot, lang).await?;
    if !output.answer("case_preview", &told) {
        say(&told, lang, output);
    }
    let is_refused = told["effect"]["what"] == "refused_closed" || told["draft"] == true;
    Ok(if is_refused { Exit::InvalidInput } else { Exit::Ok })
}

async fn told(shell: &Shell, snapshot: &Snapshot, lang: Lang) -> Result<Value, Failure> {
    let profile = shell.municipality(&snapshot.case.municipality_number)?.profile();
    let plan = Plan {
        source_system: snapshot.source.system.parse().map_err(|e| Failure::give_up(ErrorCode::MetadataInvalid, e))?,
        plan: snapshot.case.plan_id,
        municipality: snapshot.case.municipality_number.clone(),
    };
    let folder = shell.store.folder_of(&plan).await?;
    let record = folder.as_ref().map(|f| case::record(shell, &f.id)).transpose()?.flatten();
    let outline = outline(snapshot, record.as_ref(), &profile);
    let former = match (&folder, &record) {
        (Some(folder), Some(_)) => {
            let archive = shell.archive(&folder.id.municipality)?;
            Kept { archive: &archive, reader: &shell.reader, folder: &folder.id }.before(snapshot)?
        }
        _ => None,
    };
    let changed = former.and_then(|former| changes(&former, snapshot, snapshot.screened_as));
    let telling = folder.as_ref().map_or_else(
        || {
            snapshot
                .content
                .told(&snapshot.case)
                .into_iter()
                .map(|(kind, who)| json!({ "notice": kind.id(), "to": who.to_string() }))
                .collect()
        },
        |f| {
            let telling = pipeline_notify::notices(snapshot, &f.id);
            let mail = telling.by_mail.iter().map(|n| json!({ "notice": n.kind.id(), "to": n.recipient.to_string(), "by": "mail" }));
            mail.chain(telling.on_paper.iter().map(|who| json!({ "to": who.to_string(), "by": "paper" }))).collect::<Vec<_>>()
        },
    );
    let mut answer = serde_json::to_value(&outline).expect("an outline is writable as JSON");
    let more = json!({
        "document_id": snapshot.document, "version": snapshot.key().version, "kind": snapshot.kind().id(),
        "kind_label": snapshot.kind().label(lang), "case_folder": folder.map(|f| f.id.to_string()),
        "draft": snapshot.content.is_draft(), "effect_text": effect_text(&outline, lang), "told": telling,
        "changes": changed.as_ref().map(changes_counted), "changes_text": changed.as_ref().map(|changed| changes_text(changed, lang)),
    });
    answer.as_object_mut().expect("an outline is an object").extend(more.as_object().cloned().unwrap_or_default());
    Ok(answer)
}

/// What the page will tell in full, as numbers: nobody was asked whether they may read what is archived.
fn changes_counted(changed: &Changes) -> Value {
    let counted = |became: Vec<Became>| {
        let count = |one: Became| became.iter().filter(|b| **b == one).count();
        json!({ "added": count(Became::Added), "removed": count(Became::Removed), "changed": count(Became::Changed) })
    };
    json!({
        "since": changed.since, "since_version": changed.since_version,
        "goals": counted(changed.goals.iter().map(|g| g.became).collect()),
        "measures": counted(changed.measures.iter().map(|m| m.became).collect()),
        "parts": counted(changed.parts.iter().map(|p| p.became).collect()),
    })
}

/// The same in words.
fn changes_text(changed: &Changes, lang: Lang) -> String {
    if changed.is_empty() {
        return pick(lang, "Ingenting", "Ingenting", "Nothing").to_owned();
    }
    let counts = [
        (changed.goals.len(), pick(lang, "mål", "mål", "goals")),
        (changed.measures.len(), pick(lang, "tiltak", "tiltak", "measures")),
        (changed.parts.len(), pick(lang, "andre deler", "andre delar", "other parts")),
    ];
    let told: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    told.join(", ")
}

fn effect_text(outline: &Outline, lang: Lang) -> String {
    let text = match outline.effect {
        Effect::Opens => pick(lang, "Åpner en ny mappe", "Opnar ei ny mappe", "Opens a new folder"),
        Effect::Adds => pick(lang, "Legges til i mappen", "Blir lagt til i mappa", "Is added to the folder"),
        Effect::Corrects(_) => {
            pick(lang, "Retter dokument {no} i mappen", "Rettar dokument {no} i mappa", "Corrects document {no} of the folder")
        }
        Effect::AlreadyThere(_) => pick(
            lang,
            "Er arkivert fra før, som dokument {no}; ingenting skrives",
            "Er arkivert frå før, som dokument {no}; ingenting blir skrive",
            "Is archived already, as document {no}; nothing is written",
        ),
        Effect::Closes => {
            pick(lang, "Legges til, og mappen avsluttes", "Blir lagt til, og mappa blir avslutta", "Is added, and closes the folder")
        }
        Effect::Reopens => {
            pick(lang, "Legges til, og mappen gjenåpnes", "Blir lagt til, og mappa blir opna att", "Is added, and opens the folder again")
        }
        Effect::RefusedClosed => pick(
            lang,
            "Avvises: mappen er avsluttet. Gjenåpne planen i kildesystemet først",
            "Blir avvist: mappa er avslutta. Opne planen att i kjeldesystemet først",
            "Is refused: the folder is closed. Reopen the plan in the source system first",
        ),
    };
    match outline.effect {
        Effect::Corrects(no) | Effect::AlreadyThere(no) => text.replace("{no}", &no.to_string()),
        _ => text.to_owned(),
    }
}

fn say(told: &Value, lang: Lang, output: &Output) {
    let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| told[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
    let no_folder = pick(lang, "(ingen ennå)", "(inga enno)", "(none yet)").to_owned();
    let people: Vec<String> = told["told"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| [t["to"].as_str(), t["notice"].as_str(), t["by"].as_str()].into_iter().flatten().collect::<Vec<_>>().join(" · "))
        .collect();
    if told["draft"] == true {
        output.line(pick(
            lang,
            "Dette er et utkast. Det arkiveres når det er godkjent.",
            "Dette er eit utkast. Det blir arkivert når det er godkjent.",
            "This is a draft. It is archived once it is approved.",
        ));
    }
    let rows = vec![
        vec![pick(lang, "Dokument", "Dokument", "Document").to_owned(), text("kind_label")],
        vec![pick(lang, "Mappe", "Mappe", "Folder").to_owned(), told["case_folder"].as_str().map_or(no_folder, str::to_owned)],
        vec![pick(lang, "Virkning", "Verknad", "Effect").to_owned(), text("effect_text")],
        vec![pick(lang, "Endret siden sist", "Endra sidan sist", "Changed since last").to_owned(), text("changes_text")],
        vec!["offentligTittel".to_owned(), text("public_title")],
        vec!["dokumenttype".to_owned(), text("document_type")],
        vec!["journalposttype".to_owned(), text("registration_type")],
        vec!["dokumentetsDato".to_owned(), text("document_date")],
        vec!["korrespondanseparttype".to_owned(), list("parties")],
        vec!["kassasjonsvedtak".to_owned(), text("retention")],
        vec!["tilgangsrestriksjon".to_owned(), text("access_restriction")],
        vec!["skjermingshjemmel".to_owned(), text("legal_basis")],
        vec!["skjermingMetadata".to_owned(), list("screened_metadata")],
        vec!["skjermingDokument".to_owned(), text("screened_document")],
        vec!["skjermingsvarighet".to_owned(), told["screened_years"].to_string()],
        vec![pick(lang, "Varsles", "Blir varsla", "Told").to_owned(), people.join("\n")],
    ];
    output.table(&[pick(lang, "Felt", "Felt", "Field"), pick(lang, "Verdi", "Verdi", "Value")], rows);
}

//! `mail preview`: what the receiver of a notice reads. Needs no data folder.

use std::path::Path;

use pipeline_domain::{
    DocumentId, EmailAddress, ErrorCode, Lang, MunicipalityNumber, Notice, NoticeKind, RecipientRef, Timestamp, WrittenForm,
};
use pipeline_notify::{DigestCounts, English, Mail, MailFacts, MeetingFacts, MeetingTimes, Readable, RunCounts};
use serde_json::{Value, json};

use crate::{
    cli::{Global, init::DEMO_MUNICIPALITIES},
    config::{self, Municipality},
    data::DataFolder,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell,
    words::pick,
};

const DAY_S: i64 = 24 * 60 * 60;

/// What is shown, and of whom.
#[derive(Debug, clap::Args)]
pub struct Preview {
    /// Kind of notice.
    #[arg(value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(NoticeKind::ALL.map(NoticeKind::id)))]
    pub kind: Option<String>,
    /// The reminder that follows when nobody has opened what waits.
    #[arg(long)]
    pub second: bool,
    /// As if the municipality had set `meeting_times = true`: the time of the meeting, and its calendar entry.
    #[arg(long)]
    pub meeting_times: bool,
    /// Number of a municipality in the data folder. Without it, one that is made up.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
}

pub fn run(preview: &Preview, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let municipality = match &preview.municipality {
        Some(number) => match from_data_folder(number, global)? {
            Some(found) => found,
            None => {
                output.error("not_found", number.as_str());
                return Ok(Exit::NotFound);
            }
        },
        None => made_up(global.lang())?,
    };
    let now = shell::clock(global).now();
    match preview.kind.as_deref().and_then(NoticeKind::from_id) {
        Some(kind) => one(kind, preview, &municipality, now, global.lang(), output),
        None => list(preview, &municipality, now, global.lang(), output),
    }
}

fn from_data_folder(number: &MunicipalityNumber, global: &Global) -> Result<Option<Municipality>, Failure> {
    let folder = DataFolder::open(&global.data)?.municipalities();
    let mut all = config::read_all(&folder).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
    Ok(all.remove(number))
}

/// The made-up municipality that writes nynorsk, or else the one that writes bokmål.
fn made_up(lang: Lang) -> Result<Municipality, Failure> {
    let (name, text) = DEMO_MUNICIPALITIES[if lang == Lang::Nn { 1 } else { 0 }];
    Municipality::parse(text, Path::new(name)).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))
}

fn one(
    kind: NoticeKind,
    preview: &Preview,
    municipality: &Municipality,
    now: Timestamp,
    lang: Lang,
    output: &Output,
) -> Result<Exit, Failure> {
    let notice = first_or_second(kind, preview.second, written_form(lang, municipality));
    let Some(notice) = notice else {
        let text = pick(
            lang,
            "denne varseltypen har ingen påminnelse",
            "denne varseltypen har inga påminning",
            "this kind of notice has no reminder",
        );
        output.error("not_found", &format!("{}: {text}", kind.id()));
        return Ok(Exit::NotFound);
    };
    let (mail, readable) = compose(&notice, preview, municipality, now, lang)?;
    if !output.answer("mail_preview", body(&notice, &mail, &readable)) {
        for (name, value) in &readable.headers {
            output.line(&format!("{name}: {value}"));
        }
        output.line(&format!("\n{}", readable.text.trim_end()));
        if let Some(calendar) = &readable.calendar {
            output.line(&format!("\n--- text/calendar ---\n{}", calendar.replace("\r\n", "\n").trim_end()));
        }
    }
    Ok(Exit::Ok)
}

fn body(notice: &Notice, mail: &Mail, readable: &Readable) -> Value {
    json!({
        "kind": notice.kind.id(), "turn": notice.turn(), "languages": readable.languages, "headers": readable.headers, "subject": readable.subject,
        "text": readable.text, "calendar": readable.calendar, "message": String::from_utf8_lossy(&mail.bytes),
    })
}

fn list(preview: &Preview, municipality: &Municipality, now: Timestamp, lang: Lang, output: &Output) -> Result<Exit, Failure> {
    let mut kinds = Vec::new();
    for kind in NoticeKind::ALL {
        let notice = example(kind, written_form(lang, municipality));
        let (_, readable) = compose(&notice, preview, municipality, now, lang)?;
        kinds.push((kind, readable.subject));
    }
    let of = |(kind, subject): &(NoticeKind, String)| json!({ "kind": kind.id(), "subject": subject, "has_second": kind.has_second() });
    if output.answer("mail_kinds", json!({ "kinds": kinds.iter().map(of).collect::<Vec<_>>() })) {
        return Ok(Exit::Ok);
    }
    let head = [
        pick(lang, "Varsel", "Varsel", "Notice"),
        pick(lang, "Emne", "Emne", "Subject"),
        pick(lang, "Påminnelse", "Påminning", "Reminder"),
    ];
    let yes = pick(lang, "ja", "ja", "yes");
    let rows =
        kinds.into_iter().map(|(kind, subject)| vec![kind.id().to_owned(), subject, if kind.has_second() { yes } else { "" }.to_owned()]);
    output.table(&head, rows.collect());
    Ok(Exit::Ok)
}

/// English readers get the municipality's own form, with English below.
fn written_form(lang: Lang, municipality: &Municipality) -> WrittenForm {
    match lang {
        Lang::Nb => WrittenForm::Nb,
        Lang::Nn => WrittenForm::Nn,
        Lang::En => municipality.written_form,
    }
}

fn first_or_second(kind: NoticeKind, second: bool, form: WrittenForm) -> Option<Notice> {
    let first = example(kind, form);
    if second { first.second() } else { Some(first) }
}

fn example(kind: NoticeKind, written_form: WrittenForm) -> Notice {
    let recipient = if kind == NoticeKind::ArchiveReport { RecipientRef::Archivist } else { RecipientRef::Subject };
    Notice {
        kind,
        document: None,
        event: None,
        folder: None,
        recipient,
        written_form,
        dedupe_key: format!("{}:preview:{recipient}", kind.id()),
    }
}

fn compose(
    notice: &Notice,
    preview: &Preview,
    municipality: &Municipality,
    now: Timestamp,
    lang: Lang,
) -> Result<(Mail, Readable), Failure> {
    let to: EmailAddress = "mottaker@example.org".parse().expect("a made-up address is one");
    let mut facts = municipality.mail_facts(example_facts(now));
    if preview.meeting_times {
        facts.meeting_times = MeetingTimes::Shown;
    }
    if lang == Lang::En {
        facts.english = English::Below;
    }
    Ok(pipeline_notify::compose_readable(notice, &to, &municipality.sender(), now, &facts)?)
}

/// A meeting in a week, a day to read or answer by before it, and numbers that look like numbers.
fn example_facts(now: Timestamp) -> MailFacts {
    let after = |seconds: i64| Timestamp::from_unix_seconds(now.unix_seconds() + seconds).unwrap_or(now);
    let hour = |at: Timestamp| Timestamp::from_unix_seconds(at.unix_seconds() / 3600 * 3600).unwrap_or(at);
    let starts_at = hour(after(7 * DAY_S));
    let meeting = MeetingFacts {
        invitation: DocumentId::from_uuid(uuid::Uuid::nil()),
        sequence: 0,
        revised_at: now,
        starts_at,
        ends_at: hour(after(7 * DAY_S + 3600)),
    };
    MailFacts {
        read_by: Some(after(5 * DAY_S).oslo_date()),
        digest: Some(DigestCounts { unanswered_consents: 2, unsent_minutes: 1, overdue_evaluations: 3, overdue_archiving: 1 }),
        meeting: Some(meeting),
        ..MailFacts::of_run(RunCounts { archived: 12, already_there: 3, refused: 1, failed: 0, on_paper: 2 })
    }
}

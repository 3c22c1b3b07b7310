//! `innhold.html`: the folder for a person with nothing but a browser and the disk.
//!
//! Self-contained HTML without script. Links go to the folder version that brought each file, because that is where the
//! file lies on disk.

use std::fmt::Write as _;

use pipeline_domain::{Date, WrittenForm};
use quick_xml::escape::escape;

use crate::{ArchiveProfile, CaseRecord, DocumentEntry, StoredFile, names, noark, titles};

const STYLE: &str = include_str!("overview.css");

/// Labels in both written forms.
struct Labels {
    form: WrittenForm,
    heading: &'static str,
    caption: &'static str,
    folder: &'static str,
    subject: &'static str,
    lead: &'static str,
    unit: &'static str,
    creator: &'static str,
    opened: &'static str,
    status: &'static str,
    open: &'static str,
    closed: &'static str,
    basis: &'static str,
    columns: [&'static str; 8],
    corrected: &'static str,
    source: &'static str,
    check: &'static str,
    attachment: &'static str,
    as_it_came: &'static str,
    not_held: &'static str,
    wants_copy: &'static str,
    redacted: &'static str,
}

const NB: Labels = Labels {
    form: WrittenForm::Nb,
    heading: "Innhold i arkivmappen",
    caption: "Dokumentene i mappen, de nyeste øverst",
    folder: "Mappe",
    subject: "Hovedperson",
    lead: "Planansvarlig",
    unit: "Enhet",
    creator: "Arkivskaper",
    opened: "Åpnet",
    status: "Status",
    open: "Under behandling",
    closed: "Avsluttet",
    basis: "Hjemmel",
    columns: ["Nr.", "Dato", "Dokument", "Type", "Versjon", "Sider", "SHA-256, første 16 tegn", "Mer"],
    corrected: "rettet av nr.",
    source: "json, kilde til nr.",
    check: "Slik leses og kontrolleres mappen",
    attachment: "Vedlegg",
    as_it_came: "slik den kom",
    not_held: "ikke arkivert",
    wants_copy: "mangler kopi i arkivformat",
    redacted: "Skjermet kopi",
};

const NN: Labels = Labels {
    form: WrittenForm::Nn,
    heading: "Innhald i arkivmappa",
    caption: "Dokumenta i mappa, dei nyaste øvst",
    folder: "Mappe",
    subject: "Hovudperson",
    lead: "Planansvarleg",
    unit: "Eining",
    creator: "Arkivskapar",
    opened: "Opna",
    status: "Status",
    open: "Under behandling",
    closed: "Avslutta",
    basis: "Heimel",
    columns: ["Nr.", "Dato", "Dokument", "Type", "Versjon", "Sider", "SHA-256, dei første 16 teikna", "Meir"],
    corrected: "retta av nr.",
    source: "json, kjelde til nr.",
    check: "Slik les og kontrollerer du mappa",
    attachment: "Vedlegg",
    as_it_came: "slik ho kom",
    not_held: "ikkje arkivert",
    wants_copy: "manglar kopi i arkivformat",
    redacted: "Skjerma kopi",
};

/// The page. Every document is listed and linked, also those that were corrected later.
pub fn html(record: &CaseRecord, profile: &ArchiveProfile) -> Vec<u8> {
    let labels = match profile.folder_language {
        WrittenForm::Nb => &NB,
        WrittenForm::Nn => &NN,
    };
    let mut page = String::with_capacity(4096 + 700 * record.documents.len());
    write_page(&mut page, record, profile, labels).expect("a string takes every write");
    page.into_bytes()
}

fn write_page(page: &mut String, record: &CaseRecord, profile: &ArchiveProfile, labels: &Labels) -> std::fmt::Result {
    let facts = &record.facts;
    // The tab and the history of a browser show the title: number only.
    writeln!(
        page,
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{} {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        labels.form.tag(),
        labels.folder,
        record.folder.mappe_id()
    )?;
    writeln!(
        page,
        "<p class=\"mark\"><strong>{}</strong> · {}: {}</p>",
        text(facts.screening_mark.expose()),
        labels.basis,
        text(facts.screening_basis.expose())
    )?;
    if facts.synthetic {
        writeln!(page, "<p class=\"mark synthetic\"><strong>SYNTETISKE DATA</strong></p>")?;
    }
    writeln!(page, "<h1>{}</h1>", labels.heading)?;
    write_facts(page, record, profile, labels)?;
    write_documents(page, record, labels)?;
    writeln!(
        page,
        "<p><a href=\"../../v{}/content/{}\">{}</a></p>\n</main>\n</body>\n</html>",
        first_version(record),
        names::READ_ME,
        labels.check
    )
}

/// The version that opened the folder: it holds the constant files.
fn first_version(record: &CaseRecord) -> u32 {
    record.documents.iter().map(|d| d.folder_version).min().unwrap_or(record.folder_version)
}

fn write_facts(page: &mut String, record: &CaseRecord, profile: &ArchiveProfile, labels: &Labels) -> std::fmt::Result {
    let facts = &record.facts;
    let title = titles::folder(record.plan_type, record.opened_at, profile.folder_language);
    let status = match &record.closed {
        Some(closing) => format!("{} {}", labels.closed, day(closing.at.oslo_date())),
        None => labels.open.to_owned(),
    };
    let rows = [
        (labels.folder, format!("{} · {}", record.folder.mappe_id(), title.as_str())),
        (labels.subject, facts.subject_name.expose().to_owned()),
        (labels.lead, facts.lead_name.expose().to_owned()),
        (labels.unit, facts.administrative_unit.expose().to_owned()),
        (labels.creator, profile.archive_creator_name.clone()),
        (labels.opened, day(record.opened_at.oslo_date())),
        (labels.status, status),
    ];
    writeln!(page, "<dl>")?;
    for (term, value) in rows {
        writeln!(page, "<div><dt>{term}</dt><dd>{}</dd></div>", text(&value))?;
    }
    writeln!(page, "</dl>")
}

fn write_documents(page: &mut String, record: &CaseRecord, labels: &Labels) -> std::fmt::Result {
    // A wide table scrolls by itself on a narrow screen, also by keyboard.
    writeln!(page, "<div class=\"wide\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">", labels.caption)?;
    writeln!(page, "<table>\n<caption>{}</caption>\n<thead>\n<tr>", labels.caption)?;
    for column in labels.columns {
        write!(page, "<th scope=\"col\">{column}</th>")?;
    }
    writeln!(page, "\n</tr>\n</thead>\n<tbody>")?;
    for document in record.documents.iter().rev() {
        write_row(page, document, labels)?;
    }
    writeln!(page, "</tbody>\n</table>\n</div>")
}

fn write_row(page: &mut String, document: &DocumentEntry, labels: &Labels) -> std::fmt::Result {
    let DocumentEntry { no, folder_version, pdf, version, pages, .. } = document;
    let place = format!("../../v{folder_version}/content");
    let digest = document.sha256.to_string();
    let class = if document.corrected_by.is_some() { " class=\"corrected\"" } else { "" };
    write!(page, "<tr{class}><th scope=\"row\">{no}</th><td><time datetime=\"{}\">{}</time></td>", document.date, day(document.date))?;
    write!(page, "<td><a href=\"{place}/{pdf}\" type=\"application/pdf\">{}</a>", text(&document.title))?;
    write_attachments(page, document, labels)?;
    write_redacted(page, document, labels)?;
    write!(page, "</td>")?;
    write!(page, "<td>{}</td><td>{version}", noark::kind_label(document.kind, labels.form))?;
    if let Some(by) = document.corrected_by {
        write!(page, ", {} {by}", labels.corrected)?;
    }
    write!(page, "</td><td>{pages}</td><td><code>{}</code></td>", &digest[..16])?;
    writeln!(
        page,
        "<td><a href=\"{place}/{}\" aria-label=\"{} {no}\">json</a> <a href=\"{place}/{}\" aria-label=\"xml, Noark 5 nr. {no}\">xml</a></td></tr>",
        names::source(*no),
        labels.source,
        names::registration(*no)
    )
}

/// The files that came with a document, below its title. What wants a person says so.
fn write_attachments(page: &mut String, document: &DocumentEntry, labels: &Labels) -> std::fmt::Result {
    if document.attachments.is_empty() {
        return Ok(());
    }
    write!(page, "<ul class=\"attachments\">")?;
    for attachment in &document.attachments {
        let name = format!("{} {}: {}", labels.attachment, attachment.no, attachment.name.expose());
        let link = |file: &StoredFile, words: &str| format!("<a href=\"../../{}\">{}</a>", file.at, text(words));
        let shown = match (&attachment.page, &attachment.original) {
            (Some(page), Some(original)) => format!("{} ({})", link(page, &name), link(original, labels.as_it_came)),
            (Some(only), None) | (None, Some(only)) => link(only, &name),
            (None, None) => text(&name),
        };
        let format = attachment.format.as_ref().map(|f| format!(" · {}", text(&f.name))).unwrap_or_default();
        let todo = if !attachment.state.wants_a_person() {
            String::new()
        } else {
            let what = if attachment.state.keeps_original() { labels.wants_copy } else { labels.not_held };
            format!(" · <strong>{what}</strong> (<code>{}</code>)", text(attachment.code.as_deref().unwrap_or(attachment.state.id())))
        };
        write!(page, "<li>{shown}{format}{todo}</li>")?;
    }
    write!(page, "</ul>")
}

/// Copies of a document without what is withheld, below its title.
fn write_redacted(page: &mut String, document: &DocumentEntry, labels: &Labels) -> std::fmt::Result {
    if document.redacted.is_empty() {
        return Ok(());
    }
    write!(page, "<ul class=\"attachments\">")?;
    for copy in &document.redacted {
        let place = format!("../../v{}/content/{}", copy.folder_version, copy.pdf);
        let made_on = day(copy.made_at.oslo_date());
        write!(page, "<li><a href=\"{place}\" type=\"application/pdf\">{} {}</a> · {made_on}</li>", labels.redacted, copy.no)?;
    }
    write!(page, "</ul>")
}

/// `23.11.2026`.
fn day(date: Date) -> String {
    date.naive().format("%d.%m.%Y").to_string()
}

/// Text from people as HTML text: escaped, without characters that a page may not hold.
fn text(raw: &str) -> String {
    escape(noark::xml_text(raw)).into_owned()
}

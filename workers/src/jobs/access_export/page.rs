//! `index.html` of an access export: for somebody with nothing but a browser. No script, nothing from outside.

use std::fmt::Write as _;

use pipeline_domain::WrittenForm;
use pipeline_render::{AccessExport, ExportedFolder};
use toml::Table;

/// The words that also stand on the cover.
const TEXTS: &str = include_str!("../../../../templates/access-export/text.toml");
const STYLE: &str = include_str!("page.css");

/// The texts in one written form.
pub struct Says {
    texts: Table,
    form: &'static str,
}

impl Says {
    pub fn of(form: WrittenForm) -> Self {
        let texts = TEXTS.parse().expect("the texts are TOML, which a test shows");
        let form = match form {
            WrittenForm::Nb => "nb",
            WrittenForm::Nn => "nn",
        };
        Self { texts, form }
    }

    fn get(&self, key: &str) -> &str {
        self.texts[key][self.form].as_str().expect("every text has both forms, which a test shows")
    }
}

/// The page. `plan` names a plan type in words.
pub fn html(export: &AccessExport, plan: impl Fn(&ExportedFolder) -> &'static str) -> Vec<u8> {
    let says = Says::of(export.written_form);
    let mut page = String::with_capacity(8192);
    write_page(&mut page, export, &says, plan).expect("a string takes every write");
    page.into_bytes()
}

fn write_page(page: &mut String, export: &AccessExport, says: &Says, plan: impl Fn(&ExportedFolder) -> &'static str) -> std::fmt::Result {
    writeln!(
        page,
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        says.form,
        says.get("title")
    )?;
    writeln!(page, "<p class=\"mark\">{} · <strong>{}</strong></p>", text(&export.municipality_name), says.get("private"))?;
    if export.synthetic {
        writeln!(page, "<p class=\"mark\"><strong>SYNTETISKE DATA</strong></p>")?;
    }
    writeln!(page, "<h1>{}</h1>", says.get("title"))?;
    writeln!(
        page,
        "<p class=\"who\">{} <strong>{}</strong> · {} {} · {} {}</p>",
        says.get("about"),
        text(export.subject_name.expose()),
        says.get("born"),
        day(&export.subject_birth_date.to_string()),
        says.get("made_at"),
        day(&export.made_at.oslo_date().to_string())
    )?;
    writeln!(page, "<p class=\"lead\">{}</p>", text(&says.get("lead").replace("{municipality}", &export.municipality_name)))?;
    writeln!(page, "<p><a href=\"{COVER}\">PDF</a></p>")?;
    writeln!(page, "<h2>{}</h2>", says.get("documents_head"))?;
    for folder in &export.folders {
        write_folder(page, folder, says, plan(folder))?;
    }
    write_accesses(page, export, says)?;
    write_notices(page, export, says)?;
    write_contacts(page, export, says)?;
    for (head, body) in [("why_head", "why"), ("left_out_head", "left_out"), ("rights_head", "rights")] {
        writeln!(page, "<h2>{}</h2>\n<p>{}</p>", says.get(head), says.get(body))?;
    }
    writeln!(
        page,
        "<p>{}: {} · {}</p>\n</main>\n</body>\n</html>",
        says.get("contact_us"),
        text(export.contact_point.expose()),
        text(export.mail.expose())
    )
}

/// The cover, beside the page.
pub const COVER: &str = "forside.pdf";

fn write_folder(page: &mut String, folder: &ExportedFolder, says: &Says, plan: &str) -> std::fmt::Result {
    let closed = folder.closed.map_or_else(String::new, |at| format!(", {} {}", says.get("closed"), day(&at.to_string())));
    let head =
        format!("{plan} · {} {}, {} {}{closed}", says.get("folder"), folder.reference, says.get("opened"), day(&folder.opened.to_string()));
    writeln!(page, "<h3>{}</h3>", text(&head))?;
    open_table(page, &head, &[says.get("no"), says.get("date"), says.get("document"), says.get("pages"), says.get("data")])?;
    for d in &folder.documents {
        let version = if d.version > 1 { format!(", {} {}", says.get("version"), d.version) } else { String::new() };
        writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td><a href=\"{}\" type=\"application/pdf\">{}{version}</a></td><td>{}</td>\
             <td><a href=\"{}\" aria-label=\"{} {}\">json</a></td></tr>",
            d.no,
            day(&d.date.to_string()),
            d.pdf,
            text(&d.title),
            d.pages,
            d.source,
            says.get("data_of"),
            d.no
        )?;
    }
    close_table(page)
}

fn write_accesses(page: &mut String, export: &AccessExport, says: &Says) -> std::fmt::Result {
    section(page, says, "access", export.accesses.is_empty())?;
    if export.accesses.is_empty() {
        return Ok(());
    }
    open_table(page, says.get("access_head"), &[says.get("at"), says.get("role"), says.get("action"), says.get("reason")])?;
    for a in &export.accesses {
        let denied = if a.denied { format!(" ({})", says.get("denied")) } else { String::new() };
        let cells = [moment(&a.at.to_string()), a.role.to_owned(), format!("{}{denied}", a.action), a.reason.unwrap_or("–").to_owned()];
        row(page, &cells)?;
    }
    close_table(page)
}

fn write_notices(page: &mut String, export: &AccessExport, says: &Says) -> std::fmt::Result {
    section(page, says, "notices", export.notices.is_empty())?;
    if export.notices.is_empty() {
        return Ok(());
    }
    open_table(page, says.get("notices_head"), &[says.get("at"), says.get("notice"), says.get("to"), says.get("state")])?;
    for n in &export.notices {
        row(page, &[moment(&n.at.to_string()), n.kind.clone(), n.to.clone(), n.state.to_owned()])?;
    }
    close_table(page)
}

fn write_contacts(page: &mut String, export: &AccessExport, says: &Says) -> std::fmt::Result {
    section(page, says, "contact", export.contacts.is_empty())?;
    if export.contacts.is_empty() {
        return Ok(());
    }
    open_table(page, says.get("contact_head"), &[says.get("email"), says.get("form"), says.get("reserved"), says.get("held")])?;
    for c in &export.contacts {
        let form = match c.written_form {
            WrittenForm::Nb => says.get("form_nb"),
            WrittenForm::Nn => says.get("form_nn"),
        };
        let reserved = if c.reserved { says.get("yes") } else { says.get("no_word") };
        let email = c.email.clone().unwrap_or_else(|| "–".to_owned());
        row(page, &[email, form.to_owned(), reserved.to_owned(), c.held.clone()])?;
    }
    close_table(page)
}

/// Heading and what the list under it means; or that it is empty.
fn section(page: &mut String, says: &Says, name: &str, is_empty: bool) -> std::fmt::Result {
    writeln!(page, "<h2>{}</h2>\n<p>{}</p>", says.get(&format!("{name}_head")), says.get(&format!("{name}_meaning")))?;
    if is_empty { writeln!(page, "<p>{}</p>", says.get(&format!("{name}_none"))) } else { Ok(()) }
}

/// A wide table scrolls by itself on a narrow screen, also by keyboard.
fn open_table(page: &mut String, caption: &str, columns: &[&str]) -> std::fmt::Result {
    let caption = text(caption);
    writeln!(
        page,
        "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>"
    )?;
    for column in columns {
        write!(page, "<th scope=\"col\">{column}</th>")?;
    }
    writeln!(page, "</tr></thead>\n<tbody>")
}

fn close_table(page: &mut String) -> std::fmt::Result {
    writeln!(page, "</tbody>\n</table>\n</div>")
}

fn row(page: &mut String, cells: &[String]) -> std::fmt::Result {
    let cells: String = cells.iter().map(|c| format!("<td>{}</td>", text(c))).collect();
    writeln!(page, "<tr>{cells}</tr>")
}

/// `2026-11-23` as `23.11.2026`.
fn day(iso: &str) -> String {
    format!("{}.{}.{}", &iso[8..10], &iso[5..7], &iso[..4])
}

/// `2026-11-23T09:00:00+01:00` as `23.11.2026 09.00`.
fn moment(iso: &str) -> String {
    format!("{} {}.{}", day(iso), &iso[11..13], &iso[14..16])
}

/// As HTML text and attribute.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_both_forms() {
        let texts: Table = TEXTS.parse().unwrap();
        assert!(texts.len() > 40);
        for (key, text) in &texts {
            for form in ["nb", "nn"] {
                assert!(text[form].as_str().is_some_and(|t| !t.trim().is_empty()), "{key} {form}");
            }
        }
    }

    #[test]
    fn people_cannot_write_markup() {
        assert_eq!(text("<b>\"A\" & B\u{0}</b>"), "&lt;b&gt;&quot;A&quot; &amp; B\u{FFFD}&lt;/b&gt;");
        assert_eq!(moment("2026-11-23T09:05:00+01:00"), "23.11.2026 09.05");
    }
}

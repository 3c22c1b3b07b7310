//! `innhold.html` in a bare file browser.

use serde_json::json;

use super::support::{Folder, corrected, ip_plan, minutes, with};

fn folder() -> Folder {
    Folder::of([ip_plan(1), minutes(2), corrected(minutes(2), 2), minutes(4)])
}

#[test]
fn every_link_leads_to_a_file_on_disk() {
    let folder = folder();
    let html = folder.text("innhold.html");
    let links: Vec<&str> = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 4 * 3 + 1);
    for link in links {
        // From `vN/content/`, two levels up is the folder.
        let (version, path) = link.strip_prefix("../../v").unwrap().split_once("/content/").unwrap();
        let stored = &folder.versions[version.parse::<usize>().unwrap() - 1].files;
        assert!(stored.iter().any(|f| f.path.as_str() == path), "{link}");
    }
}

#[test]
fn shows_each_document_with_its_facts() {
    let html = folder().text("innhold.html");
    let numbers: Vec<&str> = html.split("<th scope=\"row\">").skip(1).map(|r| r.split('<').next().unwrap()).collect();
    assert_eq!(numbers, ["4", "3", "2", "1"]);
    assert!(html.contains("rettet av nr. 3"));
    assert!(html.contains("<strong>Unntatt offentlighet</strong>"));
    assert!(html.contains("SYNTETISKE DATA"));
    assert!(html.contains(&folder().record().documents()[0].sha256.to_string()[..16]));
}

#[test]
fn is_self_contained_and_escapes_text() {
    let html = Folder::of([with(ip_plan(1), "/case/subject_name", json!("<script>alert(1)</script> & \"x\""))]).text("innhold.html");
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://") && !html.contains("src="));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;"));
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"nb\">"));
    // The name is on the page, not in the title that tabs and histories show.
    assert!(html.contains("<title>Mappe 2026/123</title>"));
}

#[test]
fn elements_are_closed() {
    let html = folder().text("innhold.html");
    for tag in [
        "html", "head", "body", "main", "style", "title", "h1", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "a", "code",
        "time", "p",
    ] {
        let open = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(open, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

/// With `ARKIVFLYT_LOOK` set to a folder, leaves pages there to be looked at.
#[test]
fn a_page_to_look_at() {
    let html = folder().text("innhold.html");
    assert!(html.len() < 16 * 1024, "{} bytes for four documents", html.len());
    if let Some(dir) = std::env::var_os("ARKIVFLYT_LOOK") {
        std::fs::write(std::path::Path::new(&dir).join("innhold.html"), html).unwrap();
    }
}

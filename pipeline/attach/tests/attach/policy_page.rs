//! The page for people is made from the table, and says nothing else.

use std::fmt::Write;
use std::path::Path;

use pipeline_attach::{Format, Limits};

const BEGIN: &str = "<!-- table: made from pipeline/attach/src/format/table.rs; a test compares -->\n";
const END: &str = "<!-- end of table -->\n";

fn table() -> String {
    let mut out = "\n| PRONOM | Format | Version | Kind | What becomes of it |\n|---|---|---|---|---|\n".to_owned();
    for f in Format::all() {
        writeln!(out, "| {} | {} | {} | {:?} | {} |", f.puid, f.name, f.version, f.kind, f.policy.word()).unwrap();
    }
    out + "\n"
}

#[test]
fn the_page_holds_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/attachments.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page marks where the table begins");
    let (found, after) = rest.split_once(END).expect("the page marks where the table ends");
    if std::env::var_os("UPDATE_PAGES").is_some_and(|v| v == "1") {
        std::fs::write(&path, [before, BEGIN, &table(), END, after].concat()).unwrap();
        return;
    }
    assert!(found == table(), "docs/attachments.md is out of date: run this test with UPDATE_PAGES=1");
}

#[test]
fn the_page_names_the_limits() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/attachments.md")).unwrap();
    let limits = Limits::default();
    for (what, value) in [
        ("Bytes of one attachment", format!("{} MiB", limits.file_bytes >> 20)),
        ("Attachments of one case", limits.case_files.to_string()),
        ("Bytes of all attachments of one case", format!("{} MiB", limits.case_bytes >> 20)),
        ("Pixels of one image", format!("{} million", limits.image_pixels / 1_000_000)),
        ("Width or height of one image", format!("{} pixels", limits.image_side)),
        ("Pages of one PDF", limits.pdf_pages.to_string()),
        ("Entries of one archive", limits.zip_entries.to_string()),
        ("Expanded bytes of one entry", format!("{} MiB", limits.zip_entry_bytes >> 20)),
        ("Expanded bytes of all entries", format!("{} MiB", limits.zip_total_bytes >> 20)),
        ("Times its packed size an entry may expand to", limits.zip_ratio.to_string()),
        ("Archives within archives", limits.archive_depth.to_string()),
    ] {
        assert!(page.contains(&format!("| {what} | {value} |")), "{what}: {value}");
    }
}

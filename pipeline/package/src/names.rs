//! File names in a case folder. Made from the running number and the document type only: never from a name or a plan type.

use pipeline_domain::{DocumentVersion, LogicalPath};

use crate::DocumentEntry;

/// The first thing a person sees.
pub const READ_ME: &str = "LESMEG.txt";
/// Human index.
pub const OVERVIEW: &str = "innhold.html";
/// What the next version is made from.
pub const CASE_RECORD: &str = "metadata/sak.json";
/// The folder alone.
pub const FOLDER_XML: &str = "metadata/mappe.xml";
/// The change log.
pub const CHANGE_LOG: &str = "metadata/endringslogg.xml";
/// Schema of our own metadata.
pub const OWN_SCHEMA: &str = "metadata/arkivflyt-vsm.xsd";

/// One of the names above as a path.
pub fn fixed(name: &'static str) -> LogicalPath {
    name.parse().expect("our own names are valid paths")
}

fn made(path: String) -> LogicalPath {
    path.parse().expect("digits and our own slugs make a valid path")
}

/// `dokumenter/02_motereferat.pdf`, from version 2 `dokumenter/05_motereferat-v2.pdf`.
pub fn pdf(no: u32, slug: &'static str, version: DocumentVersion) -> LogicalPath {
    if version.0 > 1 { made(format!("dokumenter/{no:02}_{slug}-v{version}.pdf")) } else { made(format!("dokumenter/{no:02}_{slug}.pdf")) }
}

/// `vedlegg/03-1.jpg`: a file as it came. The extension is the format's, never the sender's.
pub fn attachment(no: u32, place: u32, extension: &str) -> LogicalPath {
    made(format!("vedlegg/{no:02}-{place}.{extension}"))
}

/// `vedlegg/03-1-arkiv.pdf`: the page that was made of it.
pub fn attachment_page(no: u32, place: u32) -> LogicalPath {
    made(format!("vedlegg/{no:02}-{place}-arkiv.pdf"))
}

/// `skjermet/03-1.pdf`: a redacted copy of document 3.
pub fn redacted(no: u32, copy: u32) -> LogicalPath {
    made(format!("skjermet/{no:02}-{copy}.pdf"))
}

/// `kilde/02.json`: the snapshot that the PDF was set from.
pub fn source(no: u32) -> LogicalPath {
    made(format!("kilde/{no:02}.json"))
}

impl DocumentEntry {
    /// The envelope that it was made from, canonical JSON without contact data: `kilde/02.json`.
    pub fn source(&self) -> LogicalPath {
        source(self.no)
    }

    /// Its registration: `metadata/02.xml`.
    pub fn registration(&self) -> LogicalPath {
        registration(self.no)
    }
}

/// `metadata/02.xml`: the registration.
pub fn registration(no: u32) -> LogicalPath {
    made(format!("metadata/{no:02}.xml"))
}

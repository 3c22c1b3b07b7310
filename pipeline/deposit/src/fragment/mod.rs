//! The metadata files of a case folder, as an extract needs them.

mod heads;
mod record;
mod tree;

pub(crate) use heads::{Class, Part, Skeleton, mappe_of, place_of};
pub(crate) use record::Record;
pub(crate) use tree::{Content, Element, Unreadable, escaped, indent};

/// Namespace of arkivstruktur.xsd v5.0.
pub(crate) const ARKIVSTRUKTUR: &str = "http://www.arkivverket.no/standarder/noark5/arkivstruktur";
/// Namespace of our own metadata.
pub(crate) const OWN: &str = "urn:arkivflyt:noark5:vsm:1";

/// File names in a case folder.
pub(crate) mod names {
    pub const CASE_RECORD: &str = "metadata/sak.json";
    pub const FOLDER_XML: &str = "metadata/mappe.xml";
    pub const CHANGE_LOG: &str = "metadata/endringslogg.xml";
    pub const OWN_SCHEMA: &str = "metadata/arkivflyt-vsm.xsd";

    /// The registration of document number `no`.
    pub fn registration(no: u32) -> String {
        format!("metadata/{no:02}.xml")
    }
}

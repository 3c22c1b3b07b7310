//! Our own metadata (`virksomhetsspesifikkeMetadata`, Noark 5 req. 6.4.31–6.4.35): where a unit came from.

use pipeline_domain::Snapshot;

use super::xml::Xml;
use crate::record::CaseRecord;

/// The schema, written into every folder.
pub(crate) const SCHEMA: &[u8] = include_bytes!("arkivflyt-vsm.xsd");

/// Its namespace.
pub(super) const NAMESPACE: &str = "urn:arkivflyt:noark5:vsm:1";

/// Writes the plan of a folder.
pub(super) fn plan(xml: &mut Xml, case: &CaseRecord) {
    xml.parent_with("virksomhetsspesifikkeMetadata", &[("xsi:type", "vsm:planMetadata")], |xml| {
        xml.leaf("vsm:kildesystem", &case.source_system);
        xml.leaf("vsm:planID", case.plan_id.uuid());
        xml.leaf("vsm:plantype", case.plan_type.id());
    });
}

/// Writes the source of a registration.
pub(super) fn source(xml: &mut Xml, snapshot: &Snapshot) {
    let key = snapshot.key();
    xml.parent_with("virksomhetsspesifikkeMetadata", &[("xsi:type", "vsm:kildeMetadata")], |xml| {
        xml.leaf("vsm:kildesystem", &snapshot.source.system);
        xml.leaf("vsm:kildepost", &snapshot.source.record);
        xml.leaf("vsm:dokumentID", key.id.uuid());
        xml.leaf("vsm:dokumentversjon", key.version.0);
        xml.leaf("vsm:innholdssjekksum", snapshot.digest);
    });
}

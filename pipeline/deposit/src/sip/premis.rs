//! `log.xml` (what was done) and `dias-premis.xml` (what the package is).
//!
//! Source: PREMIS 2.0 as `DIAS_PREMIS.xsd`.

use super::Package;
use crate::fragment::escaped;

const OPEN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <premis:premis xmlns:premis=\"http://arkivverket.no/standarder/PREMIS\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" version=\"2.0\">\n";
const CLOSE: &str = "</premis:premis>\n";

/// The package as an object.
pub(super) fn object(package: &Package<'_>) -> Vec<u8> {
    format!("{OPEN}{}{CLOSE}", the_object(package)).into_bytes()
}

/// The same object, and the event that made it.
pub(super) fn log(package: &Package<'_>) -> Vec<u8> {
    let (program, version) = (&package.order.program.0, &package.order.program.1);
    format!(
        "{OPEN}{}  <premis:event>\n    \
         <premis:eventIdentifier>\n      <premis:eventIdentifierType>NO/RA</premis:eventIdentifierType>\n      \
         <premis:eventIdentifierValue>{id}</premis:eventIdentifierValue>\n    </premis:eventIdentifier>\n    \
         <premis:eventType>Creation</premis:eventType>\n    <premis:eventDateTime>{at}</premis:eventDateTime>\n    \
         <premis:eventDetail>Noark 5-arkivuttrekk laget av avsluttede saksmapper {period}. Hver fil er kontrollert mot arkivets SHA-256.\
         </premis:eventDetail>\n    \
         <premis:eventOutcomeInformation>\n      <premis:eventOutcome>0</premis:eventOutcome>\n    </premis:eventOutcomeInformation>\n    \
         <premis:linkingAgentIdentifier>\n      <premis:linkingAgentIdentifierType>NO/RA</premis:linkingAgentIdentifierType>\n      \
         <premis:linkingAgentIdentifierValue>{program} {version}</premis:linkingAgentIdentifierValue>\n    \
         </premis:linkingAgentIdentifier>\n    \
         <premis:linkingObjectIdentifier>\n      <premis:linkingObjectIdentifierType>NO/RA</premis:linkingObjectIdentifierType>\n      \
         <premis:linkingObjectIdentifierValue>{id}</premis:linkingObjectIdentifierValue>\n    </premis:linkingObjectIdentifier>\n  \
         </premis:event>\n{CLOSE}",
        the_object(package),
        id = package.id,
        at = package.created_at,
        period = package.order.period,
        program = escaped(program),
        version = escaped(version),
    )
    .into_bytes()
}

fn the_object(package: &Package<'_>) -> String {
    format!(
        "  <premis:object xsi:type=\"premis:file\">\n    <premis:objectIdentifier>\n      \
         <premis:objectIdentifierType>NO/RA</premis:objectIdentifierType>\n      \
         <premis:objectIdentifierValue>{}</premis:objectIdentifierValue>\n    </premis:objectIdentifier>\n    \
         <premis:preservationLevel>\n      <premis:preservationLevelValue>full</premis:preservationLevelValue>\n    \
         </premis:preservationLevel>\n    <premis:objectCharacteristics>\n      <premis:compositionLevel>0</premis:compositionLevel>\n      \
         <premis:format>\n        <premis:formatDesignation>\n          <premis:formatName>tar</premis:formatName>\n        \
         </premis:formatDesignation>\n      </premis:format>\n    </premis:objectCharacteristics>\n  </premis:object>\n",
        package.id
    )
}

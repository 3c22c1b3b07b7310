//! `<uuid>.xml`: the submission description beside the tar, with the tar's size and digest.
//!
//! Source: `submissionDescription.xsd` 1.0, namespace of METS.

use std::io::{self, Write as _};

use super::{Package, mets};
use crate::output::Made;

/// The description, UTF-8.
pub(super) fn xml(package: &Package<'_>, tar: Made, dias_mets: Made) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, package, tar, dias_mets).expect("memory takes every write");
    out
}

fn write(out: &mut Vec<u8>, package: &Package<'_>, tar: Made, dias_mets: Made) -> io::Result<()> {
    let id = package.id;
    let created = package.created_at.to_string();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<mets:mets xmlns:mets=\"http://www.loc.gov/METS/\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" OBJID=\"UUID:{id}\" LABEL=\"{}\" TYPE=\"SIP\" \
         PROFILE=\"http://xml.ra.se/METS/RA_METS_eARD.xml\">",
        mets::attribute(&package.delivery.label)
    )?;
    mets::header(out, package, &format!("{id}.xml"))?;
    writeln!(out, "  <mets:fileSec>\n    <mets:fileGrp ID=\"fileGroup001\" USE=\"FILES\">")?;
    mets::file(out, 6, 0, "application/x-tar", &created, tar, &format!("{id}.tar"))?;
    mets::file(out, 6, 1, "application/xml", &created, dias_mets, &format!("{id}/dias-mets.xml"))?;
    writeln!(out, "    </mets:fileGrp>\n  </mets:fileSec>")?;
    writeln!(out, "  <mets:structMap>\n    <mets:div/>\n  </mets:structMap>\n</mets:mets>")
}

//! dias-mets.xml: every file of the package, with size and digest.
//!
//! Source: DIAS METS 1.9, `DIAS_METS.xsd`. A `fileGrp` holds files or groups, never both: so two groups stand in one.

use std::io::{self, Write as _};

use super::Package;
use crate::{
    fragment::escaped,
    output::{HashedFile, Made},
};

pub(super) struct Mets {
    out: HashedFile,
    files: u64,
    created: String,
}

impl Mets {
    pub fn open(mut out: HashedFile, package: &Package<'_>) -> io::Result<Self> {
        let created = package.created_at.to_string();
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            out,
            "<mets:mets xmlns:mets=\"http://arkivverket.no/standarder/METS\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://arkivverket.no/standarder/METS dias-mets.xsd\" OBJID=\"UUID:{}\" LABEL=\"{}\" TYPE=\"SIP\" \
             PROFILE=\"http://xml.ra.se/METS/RA_METS_eARD.xml\">",
            package.id,
            attribute(&package.delivery.label)
        )?;
        header(&mut out, package, "dias-mets.xml")?;
        writeln!(out, "  <mets:fileSec>")?;
        writeln!(out, "    <mets:fileGrp ID=\"fileGroup001\" USE=\"FILES\">")?;
        writeln!(out, "      <mets:fileGrp USE=\"Package\">")?;
        Ok(Self { out, files: 0, created })
    }

    /// From here on, files of the content.
    pub fn content(&mut self) -> io::Result<()> {
        writeln!(self.out, "      </mets:fileGrp>")?;
        writeln!(self.out, "      <mets:fileGrp USE=\"ArchiveExtraction\" VERSDATE=\"{}\">", self.created)
    }

    pub fn file(&mut self, path: &str, made: Made) -> io::Result<()> {
        self.files += 1;
        file(&mut self.out, 8, self.files, mime(path), &self.created, made, path)
    }

    pub fn finish(mut self) -> io::Result<Made> {
        writeln!(self.out, "      </mets:fileGrp>\n    </mets:fileGrp>\n  </mets:fileSec>")?;
        writeln!(self.out, "  <mets:structMap>\n    <mets:div/>\n  </mets:structMap>\n</mets:mets>")?;
        self.out.finish()
    }
}

/// One `file` with its place.
pub(super) fn file(
    out: &mut dyn io::Write,
    blanks: usize,
    number: u64,
    mime: &str,
    created: &str,
    made: Made,
    path: &str,
) -> io::Result<()> {
    writeln!(
        out,
        "{0:1$}<mets:file ID=\"fileId_{number}\" MIMETYPE=\"{mime}\" SIZE=\"{2}\" CREATED=\"{created}\" CHECKSUM=\"{3}\" \
         CHECKSUMTYPE=\"SHA-256\" USE=\"Datafile\">",
        "", blanks, made.size_bytes, made.sha256
    )?;
    writeln!(out, "{0:1$}<mets:FLocat LOCTYPE=\"URL\" xlink:type=\"simple\" xlink:href=\"file:{2}\"/>", "", blanks + 2, attribute(path))?;
    writeln!(out, "{:1$}</mets:file>", "", blanks)
}

/// Text of an attribute between quotation marks.
pub(super) fn attribute(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// Header with agents and agreement: the same in dias-mets.xml and in the submission description.
///
/// Nine agents, because DIAS_METS.xsd asks for six, and the software that produced it names «Noark5» for tools that look for the kind of
/// package there.
pub(super) fn header(out: &mut dyn io::Write, package: &Package<'_>, id: &str) -> io::Result<()> {
    let delivery = package.delivery;
    let (program, version) = (&package.order.program.0, &package.order.program.1);
    writeln!(out, "  <mets:metsHdr CREATEDATE=\"{}\" RECORDSTATUS=\"NEW\">", package.created_at)?;
    let body = "TYPE=\"ORGANIZATION\"";
    let software = "TYPE=\"OTHER\" OTHERTYPE=\"SOFTWARE\"";
    let versions = ["notescontent:Version"];
    agent(out, &format!("ROLE=\"ARCHIVIST\" {body}"), &delivery.submitter, &[])?;
    agent(out, &format!("ROLE=\"OTHER\" OTHERROLE=\"SUBMITTER\" {body}"), &delivery.submitter, &[])?;
    agent(out, &format!("ROLE=\"OTHER\" OTHERROLE=\"PRODUCER\" {body}"), &delivery.producer, &[])?;
    agent(out, &format!("ROLE=\"IPOWNER\" {body}"), &delivery.submitter, &[])?;
    agent(out, &format!("ROLE=\"CREATOR\" {body}"), &delivery.producer, &[])?;
    agent(out, &format!("ROLE=\"CREATOR\" {software}"), program, &[version, versions[0]])?;
    agent(out, &format!("ROLE=\"PRESERVATION\" {body}"), &delivery.preserver, &[])?;
    agent(
        out,
        &format!("ROLE=\"ARCHIVIST\" {software}"),
        &package.order.system_name,
        &[version, "Fagsystem", "notescontent:Version,Type"],
    )?;
    agent(
        out,
        &format!("ROLE=\"OTHER\" OTHERROLE=\"PRODUCER\" {software}"),
        program,
        &[version, "Noark5", "5.0", "notescontent:Version,Type,TypeVersion"],
    )?;
    let period = package.order.period;
    for (kind, text) in [
        ("DELIVERYSPECIFICATION", format!("Noark 5-arkivuttrekk {}", delivery.label)),
        ("SUBMISSIONAGREEMENT", delivery.agreement.clone()),
        ("DELIVERYTYPE", "Sak-/Arkivsystem".to_owned()),
        ("STARTDATE", period.from().to_string()),
        ("ENDDATE", period.to().to_string()),
    ] {
        writeln!(out, "    <mets:altRecordID TYPE=\"{kind}\">{}</mets:altRecordID>", escaped(&text))?;
    }
    writeln!(out, "    <mets:metsDocumentID>{id}</mets:metsDocumentID>")?;
    writeln!(out, "  </mets:metsHdr>")
}

fn agent(out: &mut dyn io::Write, attributes: &str, name: &str, notes: &[&str]) -> io::Result<()> {
    writeln!(out, "    <mets:agent {attributes}>")?;
    writeln!(out, "      <mets:name>{}</mets:name>", escaped(name))?;
    notes.iter().try_for_each(|note| writeln!(out, "      <mets:note>{}</mets:note>", escaped(note)))?;
    writeln!(out, "    </mets:agent>")
}

/// The schema's closed list has no other words: `image/pdf` is a PDF. What it has no word for is told as plain data of the package.
fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "xml" | "xsd" => "application/xml",
        "pdf" => "image/pdf",
        "jpg" | "jpeg" => "image/jpg",
        "tif" | "tiff" => "image/tiff",
        "mp3" => "audio/mp3",
        "mpg" | "mpeg" => "video/mpg",
        "tar" => "application/x-tar",
        _ => "text/plain",
    }
}

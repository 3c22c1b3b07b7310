//! What lets the receiver check an extract without us and without a network: a letter, a list of digests, and a schema for
//! arkivstruktur.xml with its own metadata. The commands of the letter are those of a test (`tests/receiver.rs`), and need `sha256sum`,
//! `tar`, `xmllint` and a shell.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::Path,
};

use uuid::Uuid;

use crate::{
    listing::each_content,
    output::{HashedFile, Made},
};

/// Name of the letter. It begins in bokmål and goes on in English.
pub const LETTER: &str = "LESMEG.txt";
/// Name of the list: a line for each file, as `sha256sum` writes them.
pub const DIGESTS: &str = "sha256.txt";
/// Name of the schema that brings both schemas of arkivstruktur.xml together: xmllint takes one only.
pub(crate) const SCHEMA: &str = "kontroll.xsd";

/// How the extract lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// `content/` and the letter side by side.
    Bare,
    /// In a DIAS package, the letter among its administrative metadata.
    Package(Uuid),
}

/// The schema, in a folder from which the content folder is reached by `content`.
pub(crate) fn schema(content: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- arkivstruktur.xml og de egne metadataene i den, for xmllint. / arkivstruktur.xml and its own metadata, for xmllint. -->\n\
         <xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n  \
         <xs:import namespace=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" schemaLocation=\"{content}/arkivstruktur.xsd\"/>\n  \
         <xs:import namespace=\"urn:arkivflyt:noark5:vsm:1\" schemaLocation=\"{content}/arkivflyt-vsm.xsd\"/>\n\
         </xs:schema>\n"
    )
    .into_bytes()
}

/// Writes the list: what stands beside the content, then the content as `index` has it.
pub(crate) fn write_digests(to: &Path, beside: &[(String, Made)], made: &BTreeMap<String, Made>, index: &Path) -> io::Result<Made> {
    let mut list = HashedFile::create(to)?;
    beside.iter().try_for_each(|(path, made)| writeln!(list, "{}  {path}", made.sha256))?;
    each_content(made, index, &mut |path, made| writeln!(list, "{}  {path}", made.sha256))?;
    list.finish()
}

/// The letter. `files` is what `find` counts: in the content folder, or with a package in all of it. `checkpoint` stands at the end.
pub(crate) fn letter(wrapping: Wrapping, files: u64, checkpoint: Option<&str>) -> Vec<u8> {
    let nb = Words {
        title: "UTTREKK AV ARKIV (Noark 5 versjon 5.0)",
        intro: "Slik kontrollerer du at uttrekket er helt og uendret, med vanlige verktøy og uten nett.\n\
                Kjør kommandoene i denne rekkefølgen, i mappen der %. En kommando som feiler, sier fra.\n\
                På Windows kan du bruke WSL eller Git Bash. Innholdet kan være taushetsbelagt.",
        bare: "denne filen ligger",
        wrapped: "tar-filen ligger",
        tar: "Pakken er den som innsendingsbeskrivelsen nevner (svaret er 1)",
        unpack: "Pakk ut",
        mets: "Pakkens innholdsliste (dias-mets.xml) er den som innsendingsbeskrivelsen nevner (svaret er 1)",
        digests: "Hver fil er der og er uendret (ingen svar er et godt svar)",
        count: "Ingen fil er kommet til",
        xml: "Metadataene følger de offisielle skjemaene, som ligger i uttrekket",
        more: "Sammenlign også skjemaene i content/ med dem du selv henter fra Nasjonalarkivet, og kjør Arkade 5.",
        kept: "Nederst står arkivets signerte sjekkpunkt. Ta vare på det: det viser siden om arkivet ble skrevet om etter at uttrekket ble laget\n\
               (arkivflyt audit verify --mailbox LESMEG.txt, hos den som har arkivet).",
    };
    let en = Words {
        title: "EXTRACT OF AN ARCHIVE (Noark 5 version 5.0)",
        intro: "How to check that the extract is whole and unchanged, with common tools and without a network.\n\
                Run these commands in this order, in the folder where %. A command that fails says so.\n\
                On Windows, use WSL or Git Bash. The content may be under a duty of secrecy.",
        bare: "this file lies",
        wrapped: "the tar lies",
        tar: "The package is the one that the submission description names (the answer is 1)",
        unpack: "Unpack it",
        mets: "The package's list of contents (dias-mets.xml) is the one that the submission description names (the answer is 1)",
        digests: "Each file is there and unchanged (no answer is a good answer)",
        count: "No file was added",
        xml: "The metadata fit the official schemas, which lie in the extract",
        more: "Compare the schemas in content/ with those that you get from the National Archives yourself, and run Arkade 5 too.",
        kept: "At the end stands the archive's signed checkpoint. Keep it: it shows later whether the archive was rewritten after this extract\n\
               (arkivflyt audit verify --mailbox LESMEG.txt, by whoever has the archive).",
    };
    let is_witnessed = checkpoint.is_some();
    let mut text = nb.letter(wrapping, files, is_witnessed);
    text.push_str("\n------------------------------------------------------------------------\n\n");
    text.push_str(&en.letter(wrapping, files, is_witnessed));
    if let Some(lines) = checkpoint {
        text.push_str(&format!("\n{}\n", lines.trim_end()));
    }
    text.into_bytes()
}

/// The letter in one language. `%` is where the commands are run.
struct Words {
    title: &'static str,
    intro: &'static str,
    bare: &'static str,
    wrapped: &'static str,
    tar: &'static str,
    unpack: &'static str,
    mets: &'static str,
    digests: &'static str,
    count: &'static str,
    xml: &'static str,
    more: &'static str,
    kept: &'static str,
}

impl Words {
    fn letter(&self, wrapping: Wrapping, files: u64, is_witnessed: bool) -> String {
        let (place, beside, counted) = match wrapping {
            Wrapping::Bare => (self.bare, "", "content"),
            Wrapping::Package(_) => (self.wrapped, "administrative_metadata/", "."),
        };
        let rule = "=".repeat(self.title.chars().count());
        let mut text = format!("{}\n{rule}\n\n{}\n", self.title, self.intro.replace('%', place));
        let mut step = |why: &str, commands: &[String]| {
            text += &format!("\n{why}:\n\n");
            commands.iter().for_each(|command| text += &format!("    {command}\n"));
        };
        if let Wrapping::Package(id) = wrapping {
            let named = |file: &str, description: &str| vec![format!("grep -c \"$(sha256sum {file} | cut -c 1-64)\" {description}")];
            step(self.tar, &named(&format!("{id}.tar"), &format!("{id}.xml")));
            step(self.unpack, &[format!("tar -xf {id}.tar"), format!("cd {id}")]);
            step(self.mets, &named("dias-mets.xml", &format!("../{id}.xml")));
        }
        step(self.digests, &[format!("sha256sum -c --quiet {beside}{DIGESTS}")]);
        step(self.count, &[format!("test \"$(find {counted} -type f | wc -l)\" -eq {files}")]);
        let fits = |schema: &str, file: &str| format!("xmllint --nonet --noout --schema {schema} content/{file}.xml");
        let own = fits(&format!("{beside}{SCHEMA}"), "arkivstruktur");
        let official = ["endringslogg", "loependeJournal", "offentligJournal"].map(|name| fits(&format!("content/{name}.xsd"), name));
        let description = fits("content/addml.xsd", "arkivuttrekk");
        step(self.xml, &[vec![own], official.to_vec(), vec![description]].concat());
        text += &format!("\n{}\n", self.more);
        if is_witnessed {
            text += &format!("\n{}\n", self.kept);
        }
        text
    }
}

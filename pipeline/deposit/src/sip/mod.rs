//! The DIAS package: one tar with one root folder, and the submission description beside it.
//!
//! Layout by NOARK § 1.3: `dias-mets.xml`, `log.xml`, `administrative_metadata/`, `descriptive_metadata/` (empty), `content/`. The digests of
//! the content are those that were computed while it was made; the tar is hashed while it is written.

mod description;
mod mets;
mod premis;
mod tar;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use pipeline_domain::Timestamp;
use uuid::Uuid;

use crate::{
    Delivery, DepositError, INDEX, Order,
    fault::{Step, pass},
    listing::each_content,
    output::{HashedFile, Made},
    receiver::{self, DIGESTS, LETTER, Wrapping},
    schemas::{PACKAGE, Schemas},
};

/// One package in the making.
pub(crate) struct Package<'a> {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub order: &'a Order,
    pub delivery: &'a Delivery,
    /// The content folder.
    pub content: &'a Path,
    /// XML and XSD files of the content folder.
    pub made: &'a BTreeMap<String, Made>,
    /// How many document files.
    pub files: u64,
    pub schemas: &'a Schemas,
    /// For the letter.
    pub checkpoint: Option<&'a str>,
}

/// A file of the package, by its path below the root folder.
struct Entry {
    path: String,
    made: Made,
}

const ADMINISTRATIVE: &str = "administrative_metadata";
const DESCRIPTIVE: &str = "descriptive_metadata";

impl Package<'_> {
    /// Writes tar, description and the letter to the receiver into `out`. What `work` holds beside the content is only for the tar. The
    /// answer is the list of digests.
    pub fn write(&self, work: &Path, out: &Path) -> Result<Made, DepositError> {
        let failed = DepositError::writing("write the package");
        let mut own = self.own_files(work).map_err(failed)?;
        let digests = self.for_receiver(work, out, &mut own).map_err(failed)?;
        let mets = self.mets(work, out, &own).map_err(failed)?;
        pass(Step::Wrapped).map_err(failed)?;
        let tar = self.tar(work, out, &own, &mets).map_err(failed)?;
        pass(Step::Tar).map_err(failed)?;
        let description = description::xml(self, tar, mets.made);
        HashedFile::write_whole(&out.join(format!("{}.xml", self.id)), &description).map_err(failed)?;
        pass(Step::Described).map_err(failed)?;
        Ok(digests)
    }

    /// Everything but the content and dias-mets.xml, in the order of the tar.
    fn own_files(&self, work: &Path) -> io::Result<Vec<Entry>> {
        fs::create_dir_all(work.join(ADMINISTRATIVE))?;
        let mut files = Vec::new();
        let mut add = |path: String, made: Made| files.push(Entry { path, made });
        let [mets, premis] = PACKAGE.map(|(name, _)| name);
        add(mets.to_owned(), self.schemas.write(mets, work)?);
        add("log.xml".to_owned(), HashedFile::write_whole(&work.join("log.xml"), &premis::log(self))?);
        let administrative = work.join(ADMINISTRATIVE);
        // Arkade asks for these copies in an AIP.
        add(format!("{ADMINISTRATIVE}/addml.xsd"), self.schemas.write("addml.xsd", &administrative)?);
        let addml = fs::read(self.content.join("arkivuttrekk.xml"))?;
        add(format!("{ADMINISTRATIVE}/arkivuttrekk.xml"), HashedFile::write_whole(&administrative.join("arkivuttrekk.xml"), &addml)?);
        let object = HashedFile::write_whole(&administrative.join("dias-premis.xml"), &premis::object(self))?;
        add(format!("{ADMINISTRATIVE}/dias-premis.xml"), object);
        add(format!("{ADMINISTRATIVE}/{premis}"), self.schemas.write(premis, &administrative)?);
        Ok(files)
    }

    /// The letter, which also lies beside the tar, and what its commands need.
    fn for_receiver(&self, work: &Path, out: &Path, own: &mut Vec<Entry>) -> io::Result<Made> {
        let path = |name: &str| format!("{ADMINISTRATIVE}/{name}");
        let write = |name: &str, bytes: &[u8]| -> io::Result<Entry> {
            Ok(Entry { path: path(name), made: HashedFile::write_whole(&work.join(path(name)), bytes)? })
        };
        own.push(write(receiver::SCHEMA, &receiver::schema("../content"))?);
        // With the letter itself, the list and dias-mets.xml.
        let files = own.len() as u64 + 3 + self.made.len() as u64 + self.files;
        let letter = receiver::letter(Wrapping::Package(self.id), files, self.checkpoint);
        HashedFile::write_whole(&out.join(LETTER), &letter)?;
        own.push(write(LETTER, &letter)?);
        let beside: Vec<(String, Made)> = own.iter().map(|entry| (entry.path.clone(), entry.made)).collect();
        let digests = receiver::write_digests(&work.join(path(DIGESTS)), &beside, self.made, &out.join(INDEX))?;
        own.push(Entry { path: path(DIGESTS), made: digests });
        Ok(digests)
    }

    fn mets(&self, work: &Path, out: &Path, own: &[Entry]) -> io::Result<Entry> {
        let name = "dias-mets.xml";
        let mut mets = mets::Mets::open(HashedFile::create(&work.join(name))?, self)?;
        own.iter().try_for_each(|entry| mets.file(&entry.path, entry.made))?;
        mets.content()?;
        each_content(self.made, &out.join(INDEX), &mut |path, made| mets.file(path, made))?;
        Ok(Entry { path: name.to_owned(), made: mets.finish()? })
    }

    fn tar(&self, work: &Path, out: &Path, own: &[Entry], mets: &Entry) -> io::Result<Made> {
        let root = self.id.to_string();
        let file = HashedFile::create(&out.join(format!("{root}.tar")))?;
        let mut tar = tar::Tar::new(file, self.created_at);
        let mut buffer = vec![0; 256 * 1024];
        tar.folder(&format!("{root}/"))?;
        for entry in [mets].into_iter().chain(own) {
            add(&mut tar, &root, work, &entry.path, entry.made.size_bytes, &mut buffer)?;
        }
        tar.folder(&format!("{root}/{DESCRIPTIVE}/"))?;
        each_content(self.made, &out.join(INDEX), &mut |path, made| {
            add(&mut tar, &root, work, path, made.size_bytes, &mut buffer)?;
            pass(Step::TarEntry)
        })?;
        tar.finish()
    }
}

fn add(tar: &mut tar::Tar, root: &str, work: &Path, path: &str, size_bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
    let mut from = File::open(work.join(path))?;
    let mut entry = tar.file(&format!("{root}/{path}"), size_bytes)?;
    loop {
        match from.read(buffer) {
            Ok(0) => return entry.finish(),
            Ok(taken) => entry.write_all(&buffer[..taken])?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

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
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use pipeline_domain::{Sha256, Timestamp};
use uuid::Uuid;

use crate::{
    Delivery, DepositError, INDEX, Order,
    fault::{Step, pass},
    output::{HashedFile, Made},
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
    pub schemas: &'a Schemas,
}

/// A file of the package, by its path below the root folder.
struct Entry {
    path: String,
    made: Made,
}

const ADMINISTRATIVE: &str = "administrative_metadata";
const DESCRIPTIVE: &str = "descriptive_metadata";

impl Package<'_> {
    /// Writes tar and description into `out`. What `work` holds beside the content is only for the tar.
    pub fn write(&self, work: &Path, out: &Path) -> Result<(), DepositError> {
        let failed = DepositError::writing("write the package");
        let own = self.own_files(work).map_err(failed)?;
        let mets = self.mets(work, out, &own).map_err(failed)?;
        pass(Step::Wrapped).map_err(failed)?;
        let tar = self.tar(work, out, &own, &mets).map_err(failed)?;
        pass(Step::Tar).map_err(failed)?;
        let description = description::xml(self, tar, mets.made);
        HashedFile::write_whole(&out.join(format!("{}.xml", self.id)), &description).map_err(failed)?;
        pass(Step::Described).map_err(failed)
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

    fn mets(&self, work: &Path, out: &Path, own: &[Entry]) -> io::Result<Entry> {
        let name = "dias-mets.xml";
        let mut mets = mets::Mets::open(HashedFile::create(&work.join(name))?, self)?;
        own.iter().try_for_each(|entry| mets.file(&entry.path, entry.made))?;
        mets.content()?;
        self.each_content(out, &mut |path, made| mets.file(path, made))?;
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
        self.each_content(out, &mut |path, made| {
            add(&mut tar, &root, work, path, made.size_bytes, &mut buffer)?;
            pass(Step::TarEntry)
        })?;
        tar.finish()
    }

    /// Every file of the content folder with what it is: the named ones, then the documents as the index has them.
    fn each_content(&self, out: &Path, each: &mut dyn FnMut(&str, Made) -> io::Result<()>) -> io::Result<()> {
        for (name, made) in self.made {
            each(&format!("content/{name}"), *made)?;
        }
        let index = BufReader::new(File::open(out.join(INDEX))?);
        for line in index.lines().skip(1) {
            let line = line?;
            let (path, made) = index_line(&line).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
            each(path, made)?;
        }
        Ok(())
    }
}

fn index_line(line: &str) -> Option<(&str, Made)> {
    let mut fields = line.split('\t');
    let (path, sha256, size) = (fields.next()?, fields.next()?, fields.next()?);
    Some((path, Made { sha256: sha256.parse::<Sha256>().ok()?, size_bytes: size.parse().ok()? }))
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

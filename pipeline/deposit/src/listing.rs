//! Every file of a content folder with what it is, told from what is known of it: nothing is read again for its digest.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use pipeline_domain::Sha256;

use crate::output::Made;

/// Tells the named files of the content folder, then the documents as `index` has them. Paths begin with `content/`.
pub(crate) fn each_content(
    made: &BTreeMap<String, Made>,
    index: &Path,
    each: &mut dyn FnMut(&str, Made) -> io::Result<()>,
) -> io::Result<()> {
    for (name, made) in made {
        each(&format!("content/{name}"), *made)?;
    }
    for line in BufReader::new(File::open(index)?).lines().skip(1) {
        let line = line?;
        let (path, made) = index_line(&line).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        each(path, made)?;
    }
    Ok(())
}

fn index_line(line: &str) -> Option<(&str, Made)> {
    let mut fields = line.split('\t');
    let (path, sha256, size) = (fields.next()?, fields.next()?, fields.next()?);
    Some((path, Made { sha256: sha256.parse::<Sha256>().ok()?, size_bytes: size.parse().ok()? }))
}

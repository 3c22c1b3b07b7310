//! Documents that a backup has without a row: they lay in the drop folder, or were taken in while it was made. They get their rows
//! before the database comes back: their mail may have gone out since, and a notice in doubt belongs to a document.

use std::{
    collections::HashSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use pipeline_domain::{Sha256, Timestamp};
use pipeline_intake::{Reader, Reading};
use pipeline_store::{
    Documents, NewDocument, SlotChange,
    dump::{Dump, DumpSource, TABLES, parse_row},
};

use crate::{
    any_store::AnyStore,
    backup::tables::{TableReader, TableWriter},
    data::{DataFolder, DurableBatch},
    failure::Failure,
    jobs::document_jobs,
};

/// A backup's tables with the rows that were missing.
pub struct Entered {
    folder: tempfile::TempDir,
    /// Jobs that were in hand when the backup was made.
    pub freed_jobs: u64,
}

impl Entered {
    pub fn tables(&self) -> TableReader {
        TableReader::of_today(&tables_in(self.folder.path()))
    }
}

fn tables_in(folder: &Path) -> PathBuf {
    folder.join("tables")
}

/// What is needed to take documents in.
pub struct Entering<'a> {
    /// Restored but for its database.
    pub data: &'a DataFolder,
    pub reader: &'a Reader,
    /// Longer files are nobody's documents.
    pub max_bytes: usize,
    /// When they are taken in: when the backup was made.
    pub at: Timestamp,
}

/// Takes them in, in a database that is thrown away. Those of the drop folder get their accepted file; their place there is cleared
/// when they are met again as known. What would be refused is left where it lies. `None` when every document has its row.
pub async fn enter(entering: &Entering<'_>, tables: impl Fn() -> TableReader) -> Result<Option<Entered>, Failure> {
    let failed = super::failed("take in documents without a row");
    let documents = without_row(entering, tables()).map_err(&failed)?;
    if documents.is_empty() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix(".restoring-").tempdir_in(entering.data.root()).map_err(&failed)?;
    let store = AnyStore::sqlite(&folder.path().join("entered.db")).await?;
    let loaded = store.load(&mut tables()).await?;
    for document in &documents {
        store.accept(document, document_jobs).await?;
    }
    let mut writer = TableWriter::new(&tables_in(folder.path()), Box::new(|| Ok(())), Box::new(|_, _| {})).map_err(&failed)?;
    store.dump(&mut writer).await?;
    writer.finish().map_err(&failed)?;
    store.close().await;
    Ok(Some(Entered { folder, freed_jobs: loaded.freed_jobs }))
}

/// In the order in which they happened: a correction comes after what it corrects.
fn without_row(entering: &Entering<'_>, tables: TableReader) -> io::Result<Vec<NewDocument>> {
    let mut known = digests(tables)?;
    let mut found = Vec::new();
    let accepted = entering.data.accepted();
    for file in files(&accepted)? {
        let named = file.file_stem().and_then(|stem| stem.to_str()?.parse::<Sha256>().ok());
        if named.is_some_and(|digest| !known.contains(&digest)) {
            found.extend(read(entering, &file, &mut known)?.map(|(read, _)| read));
        }
    }
    for file in files(&entering.data.inbox())? {
        let Some((read, bytes)) = read(entering, &file, &mut known)? else { continue };
        let mut batch = DurableBatch::new(accepted.clone());
        batch.add(&format!("{}.json", read.1.digest), &bytes)?;
        batch.finish()?;
        found.push(read);
    }
    found.sort_by_key(|(happened, new)| (*happened, new.key));
    Ok(found.into_iter().map(|(_, new)| new).collect())
}

/// Digests of all documents that have a row.
fn digests(mut tables: TableReader) -> io::Result<HashSet<Sha256>> {
    let table = TABLES.iter().find(|t| t.name == "documents").expect("documents are a table");
    let mut known = HashSet::new();
    while let Some(row) = tables.next_row(table)? {
        // What is no row is refused by whoever loads it.
        known.extend(parse_row(table, &row).ok().and_then(|row| row["digest"].as_str()?.parse::<Sha256>().ok()));
    }
    Ok(known)
}

/// Those that lie in a folder itself, by name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

type Happened = (Timestamp, NewDocument);

/// A document that is not known yet, and its bytes.
fn read(entering: &Entering<'_>, file: &Path, known: &mut HashSet<Sha256>) -> io::Result<Option<(Happened, Vec<u8>)>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(entering.max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > entering.max_bytes {
        return Ok(None);
    }
    let Reading::Accepted(snapshot) = entering.reader.read(&bytes) else { return Ok(None) };
    let Ok(new) = NewDocument::of(&snapshot, SlotChange::Keep, entering.at) else { return Ok(None) };
    Ok(known.insert(snapshot.digest).then_some(((snapshot.occurred_at, new), bytes)))
}

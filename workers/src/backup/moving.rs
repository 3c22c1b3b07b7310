//! The database of a data folder to a server, queue and all. The files stay where they are.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::PathBuf,
};

use pipeline_store::dump::Dump;

use crate::{
    any_store::AnyStore,
    backup::tables::{TableReader, TableWriter},
    data::{AcceptedHold, DataFolder, Seat},
    failure::Failure,
};

/// What was moved.
#[derive(Debug)]
pub struct Moved {
    /// By table.
    pub rows: BTreeMap<String, u64>,
    /// The old database under its new name. Kept, and used by nobody.
    pub old: PathBuf,
}

/// Moves everything to `to`, which must be empty. Nothing is sent or archived meanwhile (the seat) and nothing taken in (the hold),
/// so nothing is in doubt. The old file gets another name at the end: nobody may go on with it.
pub async fn move_database(data: &DataFolder, _seat: &Seat, _hold: &AcceptedHold, to: &AnyStore) -> Result<Moved, Failure> {
    let failed = super::failed("move the database");
    let folder = tempfile::Builder::new().prefix(".moving-").tempdir_in(data.root()).map_err(&failed)?;
    let tables = folder.path().join("tables");
    let store = AnyStore::sqlite(&data.database()).await?;
    let written = {
        let mut writer = TableWriter::new(&tables, Box::new(|| Ok(())), Box::new(|_, _| {})).map_err(&failed)?;
        store.dump(&mut writer).await?;
        writer.finish().map_err(&failed)?
    };
    store.close().await;
    to.load(&mut TableReader::of_today(&tables)).await?;
    let old = data.root().join("arkivflyt.db.moved");
    put_aside(data, &old).map_err(&failed)?;
    Ok(Moved { rows: written.rows, old })
}

/// With its log, if somebody looks into it still. A name that is taken is not given twice.
fn put_aside(data: &DataFolder, old: &PathBuf) -> io::Result<()> {
    crate::data::move_new(&data.database(), old)?;
    for log in ["-wal", "-shm"] {
        let with = |path: &PathBuf| {
            let mut name = path.as_os_str().to_owned();
            name.push(log);
            PathBuf::from(name)
        };
        match fs::rename(with(&data.database()), with(old)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    File::open(data.root())?.sync_all()
}

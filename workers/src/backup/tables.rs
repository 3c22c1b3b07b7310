//! The database in a backup: one file of JSON lines for each table.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use pipeline_store::dump::{self, DumpSink, DumpSource, NUMBERS, TABLES, Table};

use crate::backup::{
    files::{Digested, make_folder},
    manifest::Line,
};

/// Longer than any row that is one.
const LONGEST_ROW: u64 = 1 << 20;

fn file_name(table: &str) -> String {
    format!("{table}.jsonl")
}

/// Told when the snapshot stands.
type Begun<'a> = Box<dyn FnMut() -> io::Result<()> + Send + 'a>;
/// Told of every row before it is written.
type Seen<'a> = Box<dyn FnMut(&'static Table, &str) + Send + 'a>;

/// Tables on their way into files.
pub struct TableWriter<'a> {
    folder: PathBuf,
    begun: Begun<'a>,
    seen: Seen<'a>,
    open: Option<(&'static Table, Digested<BufWriter<File>>)>,
    rows: BTreeMap<String, u64>,
    lines: Vec<Line>,
}

/// Tables in files.
#[derive(Debug)]
pub struct Written {
    /// By table, [`NUMBERS`] left out.
    pub rows: BTreeMap<String, u64>,
    /// Their files, from the folder.
    pub lines: Vec<Line>,
}

impl<'a> TableWriter<'a> {
    pub fn new(folder: &Path, begun: Begun<'a>, seen: Seen<'a>) -> io::Result<Self> {
        make_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), begun, seen, open: None, rows: BTreeMap::new(), lines: Vec::new() })
    }

    /// Also a table without rows has its file: a missing one is a damage.
    pub fn finish(mut self) -> io::Result<Written> {
        self.close()?;
        for table in all_tables() {
            if !self.lines.iter().any(|line| line.path == Path::new(&file_name(table.name))) {
                self.open(table)?;
                self.close()?;
            }
        }
        self.rows.remove(NUMBERS.name);
        Ok(Written { rows: self.rows, lines: self.lines })
    }

    fn open(&mut self, table: &'static Table) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(self.folder.join(file_name(table.name)))?;
        self.rows.insert(table.name.to_owned(), 0);
        self.open = Some((table, Digested::new(BufWriter::new(file))));
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if let Some((table, file)) = self.open.take() {
            let (digest, _) = file.finish()?;
            self.lines.push(Line { path: PathBuf::from(file_name(table.name)), digest });
        }
        Ok(())
    }
}

fn all_tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().chain(std::iter::once(&NUMBERS))
}

impl DumpSink for TableWriter<'_> {
    fn begin(&mut self) -> io::Result<()> {
        (self.begun)()
    }

    fn row(&mut self, table: &'static Table, row: &str) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|(open, _)| open.name != table.name) {
            self.close()?;
            self.open(table)?;
        }
        (self.seen)(table, row);
        *self.rows.entry(table.name.to_owned()).or_default() += 1;
        let (_, file) = self.open.as_mut().expect("opened above");
        // PostgreSQL breaks no lines either: a row's own line breaks are escaped in its texts.
        file.write_all(row.as_bytes())?;
        file.write_all(b"\n")
    }
}

/// Tables read back from files.
pub struct TableReader {
    folder: PathBuf,
    format: u32,
    open: Option<(&'static str, BufReader<File>)>,
}

impl TableReader {
    pub fn new(folder: &Path, format: u32) -> Self {
        Self { folder: folder.to_owned(), format, open: None }
    }

    /// One that we have just written.
    pub fn of_today(folder: &Path) -> Self {
        Self::new(folder, dump::FORMAT)
    }
}

impl DumpSource for TableReader {
    fn format(&self) -> u32 {
        self.format
    }

    /// Rows of an earlier form come as today's: whoever reads them knows one form only.
    fn next_row(&mut self, table: &'static Table) -> io::Result<Option<String>> {
        if !table.is_in(self.format) {
            return Ok(None);
        }
        if self.open.as_ref().is_none_or(|(open, _)| *open != table.name) {
            self.open = Some((table.name, BufReader::new(File::open(self.folder.join(file_name(table.name)))?)));
        }
        let (_, file) = self.open.as_mut().expect("opened above");
        let mut row = String::new();
        io::Read::take(&mut *file, LONGEST_ROW).read_line(&mut row)?;
        match row.pop() {
            None => Ok(None),
            Some('\n') => Ok(Some(table.row_of_today(self.format, &row).into_owned())),
            Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "its last row is cut off")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_table_by_table() {
        let dir = tempfile::tempdir().unwrap();
        let mut begun = 0;
        let mut seen = 0;
        let mut writer = TableWriter::new(
            dir.path(),
            Box::new(|| {
                begun += 1;
                Ok(())
            }),
            Box::new(|_, _| seen += 1),
        )
        .unwrap();
        writer.begin().unwrap();
        for (table, row) in [(&TABLES[0], "{\"a\":1}"), (&TABLES[0], "{\"a\":2}"), (&TABLES[2], "{}"), (&NUMBERS, "{\"n\":7}")] {
            writer.row(table, row).unwrap();
        }
        let written = writer.finish().unwrap();
        assert_eq!((begun, seen), (1, 4));
        assert_eq!(written.lines.len(), TABLES.len() + 1, "each table has its file");
        assert_eq!((written.rows.len(), written.rows[TABLES[0].name], written.rows[TABLES[1].name]), (TABLES.len(), 2, 0));
        let mut reader = TableReader::of_today(dir.path());
        let mut all = |table| std::iter::from_fn(|| reader.next_row(table).unwrap()).collect::<Vec<_>>();
        assert_eq!(all(&TABLES[0]), ["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(all(&TABLES[1]), [] as [&str; 0]);
        assert_eq!(all(&TABLES[2]), ["{}"]);
        assert_eq!(all(&NUMBERS), ["{\"n\":7}"]);
    }

    /// It has no file of a table that came later, and its rows lack what came later.
    #[test]
    fn a_backup_of_an_earlier_form_is_read_as_todays() {
        let table = |name: &str| TABLES.iter().find(|t| t.name == name).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(file_name("paper_list")), "{\"id\":1}\n").unwrap();
        let mut reader = TableReader::new(dir.path(), 1);
        assert_eq!(reader.next_row(table("plan_facts")).unwrap(), None);
        assert_eq!(reader.next_row(table("paper_list")).unwrap().as_deref(), Some("{\"id\":1,\"event_id\":null}"));
        assert_eq!(reader.next_row(table("paper_list")).unwrap(), None);
        let mut reader = TableReader::of_today(dir.path());
        assert_eq!(reader.next_row(table("plan_facts")).unwrap_err().kind(), io::ErrorKind::NotFound, "today it is a damage");
    }

    #[test]
    fn a_row_that_is_cut_off_is_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(file_name(TABLES[0].name)), "{}\n{").unwrap();
        let mut reader = TableReader::of_today(dir.path());
        assert_eq!(reader.next_row(&TABLES[0]).unwrap().as_deref(), Some("{}"));
        assert_eq!(reader.next_row(&TABLES[0]).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(reader.next_row(&TABLES[1]).unwrap_err().kind(), io::ErrorKind::NotFound, "a missing file is a damage");
    }
}

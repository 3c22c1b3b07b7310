//! `db`: the database's schema, and where the database is.

use std::path::PathBuf;

use pipeline_domain::ErrorCode;
use pipeline_store_postgres::PostgresStore;
use pipeline_store_sqlite::SqliteStore;
use serde_json::json;

use crate::{
    any_store::AnyStore,
    backup::move_database,
    cli::{Global, run_once},
    config::{Config, DatabaseSetting},
    data::{DataFolder, Hold, SeatKind},
    exit::Exit,
    failure::Failure,
    output::Output,
    words::pick,
};

/// Look after the database.
#[derive(Debug, clap::Subcommand)]
pub enum Db {
    /// The database's schema: see it, check it, or bring it up to this program's.
    #[command(subcommand, after_help = crate::exit::TABLE)]
    Migrate(Migrate),
    /// Move everything from the file in the data folder into an empty PostgreSQL database, while nothing else runs.
    #[command(after_help = crate::exit::TABLE)]
    Move {
        /// The URL of the database, or `@FILE` that holds it.
        #[arg(long, value_name = "URL")]
        to: String,
    },
}

/// Forward only: there is no way back but a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Subcommand)]
pub enum Migrate {
    /// Which schema the database has, and which this program knows. Changes nothing.
    #[command(after_help = crate::exit::TABLE)]
    Status,
    /// Bring the schema up to this program's. Every start does so too.
    #[command(after_help = crate::exit::TABLE)]
    Up,
    /// As status, but ends with 1 when the database is older than this program, and with 11 when it is newer.
    #[command(after_help = crate::exit::TABLE)]
    Check,
}

pub async fn run(db: Db, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    match db {
        Db::Migrate(Migrate::Up) => up(global, &config, output).await,
        Db::Migrate(which) => {
            let schema = Schema::of(global, &config).await?;
            schema.tell(None, global, output);
            Ok(if which == Migrate::Check { schema.exit() } else { Exit::Ok })
        }
        Db::Move { to } => move_to(&to, global, &config, output).await,
    }
}

/// The newest migration in the database, 0 when it has none, and the newest that this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Schema {
    found: i64,
    known: i64,
}

impl Schema {
    /// Looks, and changes nothing.
    async fn of(global: &Global, config: &Config) -> Result<Self, Failure> {
        let (found, known) = match server(config)? {
            Some(url) => PostgresStore::migration_status(&url).await?,
            None => SqliteStore::migration_status(&database_file(global)?).await?,
        };
        Ok(Self { found, known })
    }

    fn word(self) -> &'static str {
        match self.found.cmp(&self.known) {
            std::cmp::Ordering::Less => "upgrade_due",
            std::cmp::Ordering::Equal => "current",
            std::cmp::Ordering::Greater => "newer",
        }
    }

    fn exit(self) -> Exit {
        match self.found.cmp(&self.known) {
            std::cmp::Ordering::Less => Exit::Other,
            std::cmp::Ordering::Equal => Exit::Ok,
            std::cmp::Ordering::Greater => Exit::NewerSchema,
        }
    }

    /// `before`: what it was until a moment ago.
    fn tell(self, before: Option<i64>, global: &Global, output: &Output) {
        let mut body = json!({ "found": self.found, "known": self.known, "state": self.word() });
        if let Some(before) = before {
            body["before"] = before.into();
        }
        if output.answer("migration", body) {
            return;
        }
        let lang = global.lang();
        let what = match self.found.cmp(&self.known) {
            std::cmp::Ordering::Less => pick(
                lang,
                "Databasen er eldre enn programmet. «arkivflyt db migrate up» oppgraderer den.",
                "Databasen er eldre enn programmet. «arkivflyt db migrate up» oppgraderer han.",
                "The database is older than the program. `arkivflyt db migrate up` upgrades it.",
            ),
            std::cmp::Ordering::Equal => pick(lang, "Databasen er oppdatert.", "Databasen er oppdatert.", "The database is up to date."),
            std::cmp::Ordering::Greater => ErrorCode::StoreNewer.text(lang),
        };
        let has = pick(lang, "databasen har", "databasen har", "the database has");
        let knows = pick(lang, "programmet kjenner", "programmet kjenner", "the program knows");
        output.line(&format!("{what} ({has} {}, {knows} {})", self.found, self.known));
    }
}

/// A server's URL; `None` when the database is a file.
fn server(config: &Config) -> Result<Option<String>, Failure> {
    config.store.database.url().map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))
}

fn database_file(global: &Global) -> Result<PathBuf, Failure> {
    let file = DataFolder::open(&global.data)?.database();
    if file.is_file() {
        return Ok(file);
    }
    Err(Failure::give_up(ErrorCode::NotInitialised, format!("no database in {}", global.data.display())))
}

/// A backup shall not change what it backs up: an older database is for the program that it belongs to, or is upgraded first.
pub async fn refuse_old_schema(global: &Global, config: &Config) -> Result<(), Failure> {
    let schema = Schema::of(global, config).await?;
    if schema.found < schema.known {
        let detail = format!(
            "the database has schema {}, this program makes {}: back it up with the program that it belongs to, or run `arkivflyt db migrate up` first",
            schema.found, schema.known
        );
        return Err(Failure::give_up(ErrorCode::BackupFailed, detail));
    }
    Ok(())
}

async fn up(global: &Global, config: &Config, output: &Output) -> Result<Exit, Failure> {
    let before = Schema::of(global, config).await?;
    let data = DataFolder::open(&global.data)?;
    // Nobody works on a database that changes under them. Those on other machines are for a person to stop.
    let seat = if before.found < before.known { Some(run_once_seat(&data)?) } else { None };
    if seat.as_ref().is_some_and(Option::is_none) {
        return Ok(run_once::locked(output, global));
    }
    let store = match server(config)? {
        Some(url) => AnyStore::postgres(&url).await?,
        None => AnyStore::sqlite(&database_file(global)?).await?,
    };
    store.close().await;
    Schema::of(global, config).await?.tell(Some(before.found), global, output);
    Ok(Exit::Ok)
}

fn run_once_seat(data: &DataFolder) -> Result<Option<crate::data::Seat>, Failure> {
    data.lock(SeatKind::Alone).map_err(|e| Failure::retry(ErrorCode::StoreUnavailable, format!("cannot lock the data folder: {e}")))
}

/// The URL that a person named, or the one in the file that `@` names: a password in an argument can be seen by others.
pub fn url(named: &str) -> Result<String, Failure> {
    let setting = match named.strip_prefix('@') {
        Some(file) => DatabaseSetting::Postgresql { url: None, url_file: Some(file.into()) },
        None => DatabaseSetting::Postgresql { url: Some(named.to_owned()), url_file: None },
    };
    let wrong = |why: &dyn std::fmt::Display| Failure::give_up(ErrorCode::ConfigInvalid, why);
    let url = setting.url().map_err(|e| wrong(&e))?.expect("a server has a URL");
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(url);
    }
    Err(wrong(&"expected `sqlite`, a URL that begins with postgres://, or @FILE that holds one"))
}

async fn move_to(to: &str, global: &Global, config: &Config, output: &Output) -> Result<Exit, Failure> {
    let lang = global.lang();
    let url = url(to)?;
    if server(config)?.is_some() {
        let text = pick(
            lang,
            "Databasen er allerede på en server. Bruk «backup create» og «backup restore».",
            "Databasen er alt på ein tenar. Bruk «backup create» og «backup restore».",
            "The database is on a server already. Use `backup create` and `backup restore`.",
        );
        return Err(Failure::give_up(ErrorCode::ConfigInvalid, text));
    }
    database_file(global)?;
    let data = DataFolder::open(&global.data)?;
    let Some(seat) = run_once_seat(&data)? else { return Ok(run_once::locked(output, global)) };
    let hold = data.hold_accepted(Hold::ToSort).await;
    let hold = hold.map_err(|e| Failure::retry(ErrorCode::StoreUnavailable, format!("cannot hold the accepted documents: {e}")))?;
    let Some(hold) = hold else { return Ok(run_once::locked(output, global)) };
    let store = AnyStore::postgres(&url).await?;
    let moved = move_database(&data, &seat, &hold, &store).await;
    store.close().await;
    let moved = moved?;
    if output.answer("move", json!({ "rows": moved.rows, "old": moved.old })) {
        return Ok(Exit::Ok);
    }
    for (table, rows) in &moved.rows {
        output.line(&format!("{table:<28} {rows:>9}"));
    }
    output.talk(pick(
        lang,
        "Flyttet. Sett «store.database» i «arkivflyt.toml» til den nye databasen før du starter. Den gamle filen heter «arkivflyt.db.moved».",
        "Flytt. Set «store.database» i «arkivflyt.toml» til den nye databasen før du startar. Den gamle fila heiter «arkivflyt.db.moved».",
        "Moved. Set `store.database` in `arkivflyt.toml` to the new database before you start. The old file is now `arkivflyt.db.moved`.",
    ));
    Ok(Exit::Ok)
}

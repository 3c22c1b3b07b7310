//! `db migrate`, and a live queue from SQLite to PostgreSQL and back.

use std::{fs, path::Path};

use arkivflyt_tests::{House, lasting_samples, left_closed};
use pipeline_store_postgres::testing::shared;
use serde_json::Value;

use crate::backup_create::{cases, create, verified};

/// An empty database on the server of this program's tests.
fn database() -> Option<String> {
    let server = shared()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Some(runtime.block_on(server.fresh_database()))
}

/// Documents of which half are archived; the other half wait, with their jobs.
fn half_done() -> House {
    let house = House::new();
    let samples = lasting_samples();
    let (first, rest) = samples.split_at(samples.len() / 2);
    for sample in first {
        house.ask(0, ["submit".as_ref(), sample.path.as_os_str()]);
    }
    house.ask(0, ["run-once"]);
    for sample in rest {
        house.ask(0, ["submit".as_ref(), sample.path.as_os_str()]);
    }
    house
}

fn jobs(house: &House) -> Value {
    house.ask(0, ["jobs", "list", "--limit", "10000"])["jobs"].clone()
}

fn on_server(house: House, url: &str) -> House {
    house.with("STORE__DATABASE", &format!("{{ kind = \"postgresql\", url = \"{url}\" }}"))
}

fn everything(house: &House) -> [Value; 3] {
    [jobs(house), cases(house), house.ask(0, ["mail", "list"])]
}

#[test]
fn a_live_queue_moves_to_a_server_and_goes_on() {
    let Some(url) = database() else { return };
    let house = half_done();
    let before = everything(&house);
    assert!(!before[0].as_array().unwrap().is_empty());
    let moved = house.ask(0, ["db", "move", "--to", &url]);
    // A folder that is closed has a list of its own, and another for each time that something came late.
    assert!(moved["rows"]["documents"].as_u64() >= Some((lasting_samples().len() + left_closed()) as u64), "{moved}");
    // Nobody goes on with the old one by mistake.
    house.run(["case", "list"]).expect(10);
    assert!(house.at("arkivflyt.db.moved").is_file());
    let house = on_server(house, &url);
    assert_eq!(everything(&house), before, "counts and order");
    house.run_now(["run-once", "--json"]).expect(0);
    assert_eq!(house.ask(0, ["verify"])["valid"], true);
    let archived = house.sql("select count(*) from documents where kind <> 'folder_overview' and archived_at is not null");
    let sent = lasting_samples().iter().filter(|s| s.folder() != "folder-overview").count();
    assert_eq!(archived, sent.to_string(), "each document once");

    // And back, through a backup.
    let target = tempfile::tempdir().unwrap();
    let backup = create(&house, target.path());
    assert_eq!(verified(&house, &backup)["valid"], true);
    let back = House::bare();
    let unsaid = back.run(["backup".as_ref(), "restore".as_ref(), backup.as_os_str()]).expect(9);
    assert!(unsaid.stderr.contains("--to-database"), "{unsaid}");
    back.ask(0, ["backup", "restore", backup.to_str().unwrap(), "--to-database", "sqlite"]);
    assert_eq!(everything(&back), everything(&house));
    assert_eq!(back.ask(0, ["verify"])["valid"], true);
}

#[test]
fn a_backup_of_sqlite_comes_back_on_a_server() {
    let Some(url) = database() else { return };
    let house = half_done();
    let target = tempfile::tempdir().unwrap();
    let backup = create(&house, target.path());
    let other = House::bare();
    let restore = |other: &House| other.run(["backup", "restore", backup.to_str().unwrap(), "--to-database", &url, "--open-mail", "send"]);
    restore(&other).expect(0);
    assert!(!other.at("arkivflyt.db").exists());
    let other = on_server(other, &url);
    assert_eq!(everything(&other), everything(&house));
    // The server's database is not empty any more.
    let third = House::bare();
    let refused = restore(&third);
    assert!(refused.code() != 0 && refused.stderr.contains("backup_target_not_empty"), "{refused}");
    assert!(!third.data().exists() || fs::read_dir(third.data()).unwrap().next().is_none(), "nothing is left");
}

#[test]
fn nobody_moves_what_is_worked_on() {
    let Some(url) = database() else { return };
    let house = half_done();
    let seat = fs::File::options().create(true).truncate(false).write(true).open(house.at("arkivflyt.lock")).unwrap();
    rustix::fs::flock(&seat, rustix::fs::FlockOperation::LockShared).unwrap();
    house.run(["db", "move", "--to", &url]).expect(8);
    drop(seat);
    house.run(["db", "move", "--to", "mysql://localhost/x"]).expect(9);
    assert_eq!(house.ask(0, ["case", "list"])["folders"].as_array().map(Vec::is_empty), Some(false));
}

/// What the program's own table of migrations says is changed by hand: an older and a newer database are made that way.
fn rewrite(database: &Path, sql: &str) -> bool {
    match std::process::Command::new("sqlite3").arg(database).arg(sql).output() {
        Ok(done) => {
            assert!(done.status.success(), "{done:?}");
            true
        }
        Err(_) => {
            arkivflyt_tests::skip("sqlite3 is not installed");
            false
        }
    }
}

#[test]
fn the_schema_is_seen_checked_and_brought_up() {
    let house = House::new();
    let status = house.ask(0, ["db", "migrate", "status"]);
    assert_eq!((status["state"].as_str(), &status["found"]), (Some("current"), &status["known"]), "{status}");
    house.ask(0, ["db", "migrate", "check"]);
    assert_eq!(house.ask(0, ["db", "migrate", "up"])["before"], status["found"]);
    for lang in ["nb", "nn", "en"] {
        assert!(house.run(["db", "migrate", "status", "--lang", lang]).expect(0).text().contains("database"));
    }
    House::bare().run(["db", "migrate", "status"]).expect(10);
    let Some(url) = database() else { return };
    let server = on_server(House::new(), &url);
    assert_eq!(server.ask(1, ["db", "migrate", "check"])["state"], "upgrade_due", "an empty database");
    assert_eq!(server.ask(0, ["db", "migrate", "up"])["before"], 0);
    assert_eq!(server.ask(0, ["db", "migrate", "check"])["state"], "current");
}

#[test]
fn a_newer_schema_is_left_alone() {
    let house = House::new();
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', 1, x'00', 0);";
    if !rewrite(&house.at("arkivflyt.db"), newer) {
        return;
    }
    assert_eq!(house.ask(11, ["db", "migrate", "check"])["state"], "newer");
    assert_eq!(house.ask(0, ["db", "migrate", "status"])["found"], 9999);
    house.run(["db", "migrate", "up"]).expect(11);
    let target = tempfile::tempdir().unwrap();
    house.run(["backup".as_ref(), "create".as_ref(), target.path().as_os_str()]).expect(11);
}

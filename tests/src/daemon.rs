//! Background workers: the real binary as `serve` or `worker`, started, stopped, killed.

use std::{
    ffi::OsStr,
    fs::File,
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use pipeline_store_postgres::testing::{self, Server};
use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::{House, Tool};

/// Which database a house stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A file in the house.
    Sqlite,
    /// The server that the tests of this program share.
    Postgres,
}

impl On {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A house for background workers, set up; `None` (said aloud) where PostgreSQL is asked for and not installed. Leases are short.
pub fn working_house(on: On) -> Option<House> {
    let url = match on {
        On::Sqlite => None,
        On::Postgres => Some(fresh_database(testing::shared()?)),
    };
    Some(house_on(url))
}

/// The same on a database of a server that the test stops and starts.
pub fn working_house_at(server: &Server) -> House {
    house_on(Some(fresh_database(server)))
}

/// The server answers to asynchronous callers.
fn fresh_database(server: &Server) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(server.fresh_database())
}

fn house_on(url: Option<String>) -> House {
    let mut house = House::bare().with("HTTP__LISTEN", "").with("WORK__LEASE_S", "4").with("WORK__DRAIN_S", "5");
    if let Some(url) = url {
        house = house.with("STORE__DATABASE", &format!("{{ kind = \"postgresql\", url = \"{url}\" }}"));
    }
    house.run_now(["init", "--demo"]).expect(0);
    house
}

/// A process in the background. Killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl House {
    /// `serve`, with the wall clock.
    pub fn serve(&self) -> Daemon {
        Daemon::start(self.command(["serve", "-v"]), self)
    }

    /// `worker` on these queues, separated by commas, with the wall clock.
    pub fn worker(&self, queues: &str) -> Daemon {
        Daemon::start(self.command(["worker", "-v", "--queues", queues]), self)
    }

    /// What its database answers, asked past the program: a line for each row, `|` between columns.
    #[track_caller]
    pub fn sql(&self, text: &str) -> String {
        const ASK: &str = "import sqlite3, sys\nfor row in sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True, timeout=60).execute(sys.argv[2]):\n    print(*row, sep='|')";
        let answer = match self.database_url() {
            Some(url) => {
                let url = format!("{url}&options=-csearch_path%3Darkivflyt");
                Tool::find("psql").expect("PostgreSQL brings psql").pass(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, &url])
            }
            None => {
                let file = self.at("arkivflyt.db");
                let python = Tool::find("python3").expect("python3 is installed");
                python.pass([OsStr::new("-c"), ASK.as_ref(), file.as_ref(), text.as_ref()])
            }
        };
        answer.trim_end().to_owned()
    }

    /// Where its database is, if that is PostgreSQL.
    pub fn database_url(&self) -> Option<String> {
        let setting = |(name, value): (&OsStr, Option<&OsStr>)| {
            (name == "ARKIVFLYT__STORE__DATABASE").then(|| value.map(|v| v.to_string_lossy().into_owned())).flatten()
        };
        let database = self.command(["version"]).get_envs().find_map(setting)?;
        Some(database.split('"').nth(3)?.to_owned())
    }

    /// Puts a document into the drop folder under a name that comes last.
    pub fn drop_in(&self, name: &str, bytes: &[u8]) {
        let hidden = self.at("inbox").join(format!(".{name}.tmp"));
        File::create(&hidden).and_then(|mut f| f.write_all(bytes)).expect("the drop folder can be written to");
        std::fs::rename(&hidden, self.at("inbox").join(name)).expect("the file gets its name");
    }

    /// Asks again and again (a few times a second) until the answer is yes. Fails with what was last seen when it takes too long.
    #[track_caller]
    pub fn until<S: std::fmt::Display>(&self, limit: Duration, mut look: impl FnMut(&Self) -> Result<(), S>) {
        let start = Instant::now();
        while let Err(seen) = look(self) {
            assert!(start.elapsed() < limit, "not within {limit:?}: {seen}");
            std::thread::sleep(Duration::from_millis(150));
        }
    }

    /// Waits until every job has ended well: nothing is ready, waiting or running but what is due later than in a minute,
    /// nothing is dead, the drop folder is empty.
    #[track_caller]
    pub fn until_idle(&self, limit: Duration) {
        self.until_without(limit, &["ready", "waiting", "running", "scheduled"]);
    }

    /// Waits until nothing is left in the drop folder, and no job in one of these states.
    #[track_caller]
    pub fn until_without(&self, limit: Duration, states: &[&str]) {
        self.until(limit, |house| {
            let left = std::fs::read_dir(house.at("inbox")).expect("a drop folder").count();
            let stats = house.run_now(["jobs", "stats", "--json"]).expect(0).json();
            let busy = |q: &Value| states.iter().any(|k| q[k].as_u64() != Some(0));
            let queues = stats["queues"].as_array().expect("a list of queues");
            match left == 0 && !queues.iter().any(busy) {
                true => Ok(()),
                false => Err(format!("{left} files in the drop folder, {stats}")),
            }
        });
    }
}

impl Daemon {
    /// A command in the background, with its log beside the house.
    pub fn start(mut command: Command, house: &House) -> Self {
        let log = house.data().with_extension(format!("log-{}", nth()));
        let file = File::create(&log).expect("a log can be made");
        let child = command.stdout(Stdio::null()).stderr(Stdio::from(file)).spawn().expect("the program starts");
        Self { child, log }
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a signal; nothing when it is gone.
    pub fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process(self.pid(), signal);
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// SIGTERM, then waits for its end.
    #[track_caller]
    pub fn stop(mut self, limit: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(start.elapsed() < limit, "it does not stop within {limit:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL, then waits for its end.
    pub fn kill(mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A number for each daemon of this test program.
fn nth() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

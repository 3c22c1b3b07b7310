//! A real PostgreSQL for tests and measurements: a server of one's own on a private socket, without TCP.
//!
//! [`shared`] gives the one server of a test program, [`Server::fresh_database`] an empty database in it for each test. Tests that
//! stop or stall a server start one for themselves. A server is gone, with its folder, when it is dropped or when the program
//! ends, however it ends: a small shell waits at the other end of a pipe.
//!
//! Where PostgreSQL is not installed, `None` is given and said aloud; with `ARKIVFLYT_STRICT=1` that is a failure.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt, net::UnixStream, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use tempfile::TempDir;

const ROLE: &str = "arkivflyt";
/// A start after a crash replays its log; all else takes a fraction of a second.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(5);
/// Longest path of a socket that the kernel takes, less the name that PostgreSQL gives it.
const SOCKET_FOLDER: usize = 85;

/// Whether commits wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As in production.
    Fsync,
    /// A crash of the machine would lose them; one of the server does not.
    NoFsync,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Connections are cut, then all is written down: as an administrator does it.
    Fast,
    /// At once, as if it had crashed; the next start recovers.
    Immediate,
}

/// A running PostgreSQL server with an empty `postgres` database.
pub struct Server {
    folder: TempDir,
    durability: Durability,
    programs: PathBuf,
    owner: Option<Owner>,
    postmaster: Mutex<Option<Child>>,
    databases: AtomicU32,
    /// Waits for the pipe to close; then it stops what runs and removes the folder.
    watcher: Mutex<Option<(Child, ChildStdin)>>,
}

/// Whom the server runs as, since it refuses to be root.
#[derive(Clone, Copy, Debug)]
struct Owner {
    user: u32,
    group: u32,
}

/// The server that all tests of this program share, durable as in production. Started by the first who asks.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(Server::start).as_ref()
}

impl Server {
    /// Starts a server of its own, durable as in production.
    pub fn start() -> Option<Self> {
        Self::start_with(Durability::Fsync)
    }

    /// As [`start`](Self::start), and says whether commits wait for the disk.
    pub fn start_with(durability: Durability) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none(), "PostgreSQL is not installed");
            eprintln!("SKIPPED: PostgreSQL is not installed (Debian: postgresql), so nothing is tested against it");
            return None;
        };
        Some(Self::set_up(programs, durability).expect("a PostgreSQL server starts"))
    }

    fn set_up(programs: PathBuf, durability: Durability) -> io::Result<Self> {
        let folder = private_folder()?;
        let owner = owner(folder.path())?;
        give_to(owner, folder.path())?;
        copy_cluster(&programs, owner, &folder.path().join("data"))?;
        let watcher = watch(folder.path())?;
        let server = Self {
            folder,
            durability,
            programs,
            owner,
            postmaster: Mutex::new(None),
            databases: AtomicU32::new(0),
            watcher: Mutex::new(Some(watcher)),
        };
        server.launch();
        Ok(server)
    }

    /// The server's own database, for looking around.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// A new, empty database.
    pub async fn fresh_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let options: PgConnectOptions = self.url().parse().expect("our own URL");
        let mut c = options.disable_statement_logging().connect().await.expect("the server answers");
        let create = format!("create database {name} template template0");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut c).await.expect("the database is made");
        c.close().await.ok();
        self.url_of(&name)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={ROLE}", self.folder.path().display())
    }

    /// Stops the server and waits until it is gone.
    pub fn stop(&self, mode: Mode) {
        let signal = match mode {
            Mode::Fast => Signal::INT,
            Mode::Immediate => Signal::QUIT,
        };
        let mut postmaster = self.postmaster();
        if let Some(mut child) = postmaster.take() {
            kill_process(pid(&child), signal).expect("it can be told");
            gone_within(&mut child, STOP);
        }
    }

    /// Kills every process of the server at the same moment, without a word.
    pub fn kill(&self) {
        let mut postmaster = self.postmaster();
        if let Some(mut child) = postmaster.take() {
            let family = family(pid(&child));
            family.iter().for_each(|p| tell(*p, Signal::KILL));
            gone_within(&mut child, STOP);
            // Its segment of shared memory is free when the last of them is gone.
            let begun = Instant::now();
            while family.iter().any(|p| is_there(*p)) {
                assert!(begun.elapsed() < STOP, "a killed process stays");
                thread::sleep(LOOK);
            }
        }
    }

    /// Starts a stopped server, and waits until it answers.
    pub fn launch(&self) {
        let mut postmaster = self.postmaster();
        assert!(postmaster.is_none(), "it runs");
        *postmaster = Some(self.spawn().expect("the server can be started"));
        drop(postmaster);
        let begun = Instant::now();
        while !self.answers() {
            assert!(begun.elapsed() < START, "the server does not answer: {}", self.log());
            thread::sleep(LOOK);
        }
    }

    /// Stops and starts.
    pub fn restart(&self, mode: Mode) {
        self.stop(mode);
        self.launch();
    }

    /// Stops the clock for every process of the server: connections stay, nothing answers.
    pub fn pause(&self) {
        self.tell_all(Signal::STOP);
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.tell_all(Signal::CONT);
    }

    /// The folder with `data` (the cluster), the socket and `log`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn tell_all(&self, signal: Signal) {
        if let Some(child) = &*self.postmaster() {
            // The parent first, so that no child is born meanwhile.
            family(pid(child)).iter().for_each(|p| tell(*p, signal));
        }
    }

    fn postmaster(&self) -> MutexGuard<'_, Option<Child>> {
        self.postmaster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self) -> io::Result<Child> {
        let folder = self.folder.path();
        let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
        let fsync = if self.durability == Durability::Fsync { "fsync=on" } else { "fsync=off" };
        let sockets = format!("unix_socket_directories={}", folder.display());
        let mut command = as_owner(&self.programs.join("postgres"), self.owner);
        command.arg("-D").arg(folder.join("data"));
        for setting in ["listen_addresses=", &sockets, fsync, "max_connections=200", "shared_buffers=64MB"] {
            command.arg("-c").arg(setting);
        }
        // A group of its own: a signal to the tests' group is not for the server.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()
    }

    fn answers(&self) -> bool {
        let socket = self.folder.path().join(".s.PGSQL.5432");
        let ready = self.programs.join("pg_isready");
        UnixStream::connect(socket).is_ok()
            && Command::new(ready).arg("-q").arg("-h").arg(self.folder.path()).status().is_ok_and(|s| s.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.resume();
        self.stop(Mode::Immediate);
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((mut child, pipe)) = watcher {
            drop(pipe);
            child.wait().ok();
        }
    }
}

/// Where `initdb` and `postgres` are: in PATH, or where Debian puts them (the newest version).
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin")).collect();
    debian.sort();
    // Through links: what belongs to `initdb` lies beside it.
    let folders =
        std::env::split_paths(&path).chain(debian.into_iter().rev()).filter_map(|folder| folder.join("initdb").canonicalize().ok());
    folders.filter_map(|initdb| initdb.parent().map(Path::to_owned)).find(|folder| folder.join("postgres").is_file())
}

fn private_folder() -> io::Result<TempDir> {
    let builder = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("arkivflyt-pg-");
        builder
    };
    let folder = builder().tempdir()?;
    if folder.path().as_os_str().len() <= SOCKET_FOLDER { Ok(folder) } else { builder().tempdir_in("/tmp") }
}

/// Nobody in particular, unless we are root: then the user `postgres`, or else `nobody`.
fn owner(ours: &Path) -> io::Result<Option<Owner>> {
    if fs::metadata(ours)?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let mut fields = users.lines().find(|line| line.split(':').next() == Some(name))?.split(':').skip(2);
        Some(Owner { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    };
    match find("postgres").or_else(|| find("nobody")) {
        Some(owner) => Ok(Some(owner)),
        None => Err(io::Error::other("no user to run PostgreSQL as")),
    }
}

fn as_owner(program: &Path, owner: Option<Owner>) -> Command {
    let mut command = Command::new(program);
    if let Some(Owner { user, group }) = owner {
        command.uid(user).gid(group);
    }
    command.env_remove("PGOPTIONS").current_dir("/");
    command
}

/// What `initdb` made, kept while the program runs.
struct Template {
    folder: TempDir,
    _watcher: (Child, ChildStdin),
}

/// `initdb` runs once in a program; every server gets a copy of what it made.
fn copy_cluster(programs: &Path, owner: Option<Owner>, to: &Path) -> io::Result<()> {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| make_template(programs, owner).expect("initdb works"));
    run(as_owner(Path::new("cp"), owner).arg("-a").arg(template.folder.path().join("data")).arg(to))
}

fn make_template(programs: &Path, owner: Option<Owner>) -> io::Result<Template> {
    let folder = private_folder()?;
    give_to(owner, folder.path())?;
    let watcher = watch(folder.path())?;
    let mut initdb = as_owner(&programs.join("initdb"), owner);
    initdb.arg("--pgdata").arg(folder.path().join("data"));
    run(initdb.args(["--username", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]))?;
    Ok(Template { folder, _watcher: watcher })
}

fn give_to(owner: Option<Owner>, folder: &Path) -> io::Result<()> {
    owner.map_or(Ok(()), |o| std::os::unix::fs::chown(folder, Some(o.user), Some(o.group)))
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

/// Starts the shell that waits for our end: it reads from a pipe that only we hold open.
fn watch(folder: &Path) -> io::Result<(Child, ChildStdin)> {
    const WAIT_AND_CLEAN: &str = r#"
        cat >/dev/null
        pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
        if [ -n "$pid" ] && grep -q "$1" "/proc/$pid/cmdline" 2>/dev/null; then
            kill -QUIT "$pid"
            kill -CONT "$pid"
            while grep -q "$1" "/proc/$pid/cmdline" 2>/dev/null; do sleep 0.05; done
        fi
        rm -rf "$1""#;
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(WAIT_AND_CLEAN).arg("watcher").arg(folder).current_dir("/");
    // Not in the tests' group: an interrupt there must not end it before its work.
    let mut child = shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let pipe = child.stdin.take().expect("it was asked for");
    Ok((child, pipe))
}

/// One that has gone meanwhile need not be told.
fn tell(process: Pid, signal: Signal) {
    kill_process(process, signal).ok();
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// A process and its children.
fn family(parent: Pid) -> Vec<Pid> {
    let id = parent.as_raw_nonzero();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|c| c.parse().ok()).filter_map(Pid::from_raw);
    std::iter::once(parent).chain(children).collect()
}

fn is_there(process: Pid) -> bool {
    Path::new(&format!("/proc/{}", process.as_raw_nonzero())).exists()
}

fn gone_within(child: &mut Child, limit: Duration) {
    let begun = Instant::now();
    while child.try_wait().expect("it is our child").is_none() {
        assert!(begun.elapsed() < limit, "the server does not stop");
        thread::sleep(LOOK);
    }
}

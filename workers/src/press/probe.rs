//! What a child tries when it is asked how tight its fence is. Nothing here succeeds inside a whole fence.
//!
//! Asked for by `doctor` and the tests through its own frame; never while documents are being set.

use std::fs::File;
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::limits;

/// One thing tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub what: String,
    pub refused: bool,
}

/// Tries everything. Written so that a leak harms nobody: the file is removed, the program started is `true`.
pub fn attempts() -> Vec<Attempt> {
    let beside = std::env::temp_dir().join(format!("arkivflyt-probe-{}", std::process::id()));
    let tries = [
        ("read a file", refused(&File::open("/etc/passwd"))),
        ("read its own environment", refused(&File::open("/proc/self/environ"))),
        ("list a folder", refused(&std::fs::read_dir("/"))),
        ("write a file", refused(&File::create(&beside))),
        // A closed port answers "connection refused", which is an answer of the network: only a denial counts.
        ("connect by TCP", refused(&TcpStream::connect(("127.0.0.1", 9)))),
        ("listen on TCP", refused(&TcpListener::bind(("127.0.0.1", 0)))),
        ("open a UDP socket", refused(&UdpSocket::bind(("127.0.0.1", 0)))),
        ("open a Unix socket", refused(&UnixDatagram::unbound())),
        ("open a socket pair", refused(&UnixStream::pair())),
        ("start a program", refused(&Command::new("/bin/true").stdin(Stdio::null()).status())),
        ("fork", !limits::can_fork()),
        ("trace a process", !limits::can_ptrace()),
        // Last, for where it works this process is gone; the parent reads that as a leak.
        ("become another program", matches!(Command::new("/bin/true").exec().kind(), io::ErrorKind::PermissionDenied)),
    ];
    let _ = std::fs::remove_file(&beside);
    tries.into_iter().map(|(what, refused)| Attempt { what: what.into(), refused }).collect()
}

fn refused<T>(tried: &io::Result<T>) -> bool {
    tried.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

//! `serve` as those see it who watch over it: the service manager, a scraper, a reader of logs, the kernel.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use arkivflyt_tests::{Daemon, House, On, Tool, found_in, good_samples, needles, personal_values, skip, working_house};
use rustix::process::Signal;
use serde_json::Value;

use crate::ops_units;

const LONG: Duration = Duration::from_secs(60);

/// A house whose page takes any free port and whose log says which.
fn house() -> House {
    working_house(On::Sqlite).expect("SQLite is always there").with("HTTP__LISTEN", "127.0.0.1:0").with("LOG__LEVEL", "info")
}

fn good(name: &str) -> Vec<u8> {
    good_samples().into_iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no sample {name}")).bytes
}

/// Where its page is.
#[track_caller]
fn address(house: &House, daemon: &Daemon) -> String {
    let mut found = None;
    house.until(LONG, |_| {
        let of = |line: &str| serde_json::from_str::<Value>(line).ok()?["address"].as_str().map(str::to_owned);
        found = daemon.log().lines().find_map(of);
        if found.is_some() { Ok(()) } else { Err(daemon.log()) }
    });
    found.expect("waited for")
}

fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("{address}: {e}"));
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn json(address: &str, path: &str) -> (u16, Value) {
    let (status, body) = get(address, path);
    (status, serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {body}")))
}

/// The next datagram to the service manager.
fn heard(socket: &UnixDatagram) -> Vec<String> {
    let mut bytes = [0; 4096];
    let n = socket.recv(&mut bytes).expect("the service manager hears something within its time");
    String::from_utf8(bytes[..n].to_vec()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_service_manager_is_told() {
    let house = house();
    let folder = tempfile::tempdir().unwrap();
    let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let mut command = house.command(["serve"]);
    command.env("NOTIFY_SOCKET", folder.path().join("notify")).env("WATCHDOG_USEC", "200000");
    let daemon = Daemon::start(command, &house);
    let (mut ready, mut alive) = (false, 0);
    while !ready || alive < 5 {
        let words = heard(&socket);
        ready |= words.contains(&"READY=1".to_owned());
        alive += usize::from(ready && words == ["WATCHDOG=1"]);
        assert!(!words.contains(&"STOPPING=1".to_owned()));
    }
    daemon.signal(Signal::TERM);
    while !heard(&socket).contains(&"STOPPING=1".to_owned()) {}
    assert_eq!(daemon.stop(LONG).code(), Some(0));
}

/// The watchdog of another process is none of ours.
#[test]
fn the_watchdog_of_another_is_not_fed() {
    let house = house();
    let folder = tempfile::tempdir().unwrap();
    let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let mut command = house.command(["serve"]);
    command.env("NOTIFY_SOCKET", folder.path().join("notify")).env("WATCHDOG_USEC", "20000").env("WATCHDOG_PID", "1");
    let daemon = Daemon::start(command, &house);
    let mut words = heard(&socket);
    assert!(words.contains(&"READY=1".to_owned()), "{words:?}");
    daemon.signal(Signal::TERM);
    words = heard(&socket);
    assert!(words.contains(&"STOPPING=1".to_owned()), "{words:?}");
    assert_eq!(daemon.stop(LONG).code(), Some(0));
}

#[test]
fn the_page_tells_how_it_goes_and_nothing_else() {
    let house = house();
    let daemon = Daemon::start(house.command(["serve", "-vvv"]), &house);
    let page = address(&house, &daemon);
    house.until(LONG, |_| match json(&page, "/readyz") {
        (200, body) if body["ready"] == true => Ok(()),
        (status, body) => Err(format!("{status} {body}")),
    });
    assert_eq!(get(&page, "/livez"), (200, r#"{"alive":true}"#.to_owned()));
    let told = house.run_now(["version", "--json"]).expect(0).json();
    let (status, version) = json(&page, "/version");
    assert_eq!(status, 200);
    for field in ["version", "document_schemas", "templates_sha256"] {
        assert_eq!(version[field], told[field], "{field}");
    }

    let sample = "meeting-minutes/full.json";
    house.drop_in("one.json", &good(sample));
    let mut metrics = String::new();
    house.until(LONG, |_| {
        metrics = get(&page, "/metrics").1;
        // Counted at most once a second: the runner's own numbers are there before the store's.
        let archived = ["afl_documents{state=\"archived\"} 1", "afl_documents{state=\"notified\"} 1"];
        if metrics.lines().any(|l| archived.contains(&l)) { Ok(()) } else { Err(metrics.clone()) }
    });
    for number in [
        "afl_build_info{",
        "afl_store_up 1",
        "afl_queue_depth{queue=\"render\",state=\"dead\"} 0",
        "afl_job_run_seconds_count{kind=",
        "afl_job_start_latency_seconds_bucket{queue=",
        "afl_claim_seconds_bucket{le=",
        "afl_lease_lost_total 0",
        "afl_verify_age_seconds inf",
        "process_resident_memory_bytes ",
    ] {
        assert!(metrics.contains(number), "no {number} in\n{metrics}");
    }
    assert!(!metrics.lines().any(|l| l.starts_with("# TYPE") && l.ends_with("summary")), "a histogram without buckets:\n{metrics}");
    read_by_prometheus(&metrics);

    let ready = get(&page, "/readyz").1;
    assert_eq!(get(&page, "/").1, r#"{"code":"not_found"}"#);
    let mut log = String::new();
    house.until(LONG, |_| {
        log = daemon.log();
        if log.contains("job") { Ok(()) } else { Err("no word of a job") }
    });
    assert_eq!(daemon.stop(LONG).code(), Some(0));

    let of: Vec<_> = good_samples().into_iter().filter(|s| s.name == sample).collect();
    let mut personal = needles(&personal_values(&of));
    // A word of ours, and the title of an item.
    personal.retain(|n| n.text != "status");
    let (place, text) = (house.data().display().to_string(), [metrics, ready, version.to_string()].concat());
    assert!(!text.contains(&place), "a path of ours in {text}");
    for (what, text) in [("page", text), ("log", without_times(&log))] {
        let found: Vec<_> = found_in(&text, &personal).iter().map(|n| n.text.clone()).collect();
        assert!(found.is_empty(), "{what}: {found:?}");
    }
}

fn read_by_prometheus(metrics: &str) {
    if Tool::find("promtool").is_none() {
        return;
    }
    let mut judge = Command::new("promtool");
    judge.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut judge = judge.spawn().unwrap();
    judge.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let said = judge.wait_with_output().unwrap();
    assert!(said.status.success(), "{}\n{metrics}", String::from_utf8_lossy(&said.stderr));
}

/// Every line as an object that says when, how bad and where; without the when, which may be the date of some meeting.
fn without_times(log: &str) -> String {
    let mut rest = String::new();
    assert!(log.lines().count() > 10, "{log}");
    for line in log.lines() {
        let mut object: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let fields = object.as_object_mut().unwrap_or_else(|| panic!("no object: {line}"));
        let at = fields.remove("timestamp").unwrap_or_else(|| panic!("no time: {line}"));
        assert!(at.as_str().is_some_and(|t| t.len() >= 20 && t.ends_with('Z')), "not in UTC: {line}");
        for field in ["level", "target"] {
            assert!(fields.get(field).is_some_and(Value::is_string), "no {field}: {line}");
        }
        rest.push_str(&object.to_string());
        rest.push('\n');
    }
    rest
}

#[test]
fn an_archive_that_cannot_be_written_to_is_not_ready() {
    let house = house();
    let daemon = Daemon::start(house.command(["serve"]), &house);
    let page = address(&house, &daemon);
    let wait_for = |status: u16, reason: Option<&str>| {
        house.until(LONG, |_| {
            let (found, body) = json(&page, "/readyz");
            let archive = body["checks"].as_array().unwrap().iter().find(|c| c["check"] == "archive").unwrap();
            if found == status && archive["reason"].as_str() == reason { Ok(()) } else { Err(format!("{found} {body}")) }
        });
    };
    wait_for(200, None);
    let (there, away) = (house.at("arkivlager"), house.at("arkivlager.away"));
    fs::rename(&there, &away).unwrap();
    wait_for(503, Some("archive_write"));
    assert_eq!(get(&page, "/livez").0, 200, "it lives all the same");
    fs::rename(&away, &there).unwrap();
    wait_for(200, None);
    assert_eq!(daemon.stop(LONG).code(), Some(0));
}

/// As the unit does it: no memory that is both written and run, and no system call but those that it names.
#[test]
fn the_units_restrictions_leave_room_for_the_work() {
    let (Some(strace), Some(systemd), Some(python)) = (Tool::find("strace"), Tool::find("systemd-analyze"), Tool::find("python3")) else {
        return;
    };
    let deny = "import ctypes, os, sys\nif ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\nos.execvp(sys.argv[1], sys.argv[1:])";
    if python.run(["-c", deny, "true"]).status.code() == Some(77) {
        return skip("a kernel that denies memory that is written and run (6.3)");
    }
    drop(strace);
    let house = house();
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls");
    let serve = house.command(["serve"]);
    let mut command = Command::new("python3");
    command.envs(serve.get_envs().filter_map(|(k, v)| Some((k, v?)))).args(["-c", deny, "strace", "-D", "-f", "-qq", "-o"]);
    command.arg(&calls).arg(serve.get_program()).args(serve.get_args());
    let daemon = Daemon::start(command, &house);
    let page = address(&house, &daemon);
    house.drop_in("one.json", &good("meeting-minutes/minimal.json"));
    house.until(2 * LONG, |_| {
        let metrics = get(&page, "/metrics").1;
        if metrics.lines().any(|l| l == "afl_documents{state=\"notified\"} 1") { Ok(()) } else { Err(metrics) }
    });
    assert_eq!(daemon.stop(LONG).code(), Some(0));

    let used = used(&calls);
    assert!(used.contains("landlock_restrict_self") && used.contains("seccomp"), "the children locked themselves in: {used:?}");
    for name in ops_units::UNITS {
        let named = ops_units::read(name)["Service.SystemCallFilter"].join(" ");
        let allowed: BTreeSet<String> = named.split(' ').flat_map(|n| expanded(&systemd, n)).collect();
        let refused: Vec<&String> = used.difference(&allowed).collect();
        assert!(refused.is_empty(), "{name}: {refused:?}");
    }
}

/// Names of the system calls in a trace.
fn used(trace: &Path) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(&fs::read(trace).unwrap()).into_owned();
    let name = |line: &str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let (name, _) = rest.split_once('(')?;
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_').then(|| name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

/// A system call, or those of a set, by name.
fn expanded(systemd: &Tool, name: &str) -> BTreeSet<String> {
    if !name.starts_with('@') {
        return BTreeSet::from([name.to_owned()]);
    }
    let list = systemd.pass(["syscall-filter", name]);
    let names = list.lines().skip(1).map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    names.flat_map(|n| expanded(systemd, n)).collect()
}

//! The systemd units: what must stand in them, and that the program accepts what they say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use arkivflyt_tests::{House, Tool, binary, workspace};

pub const UNITS: [&str; 2] = ["arkivflyt.service", "arkivflyt-worker@.service"];

/// Values of each key, in order; `Section.Key` for a key.
pub type Unit = BTreeMap<String, Vec<String>>;

pub fn read(name: &str) -> Unit {
    let text = fs::read_to_string(workspace().join("config/systemd").join(name)).unwrap();
    let (mut section, mut unit) = (String::new(), Unit::new());
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else {
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{name}: {line}"));
            unit.entry(format!("{section}.{key}")).or_default().push(value.to_owned());
        }
    }
    unit
}

fn one<'a>(unit: &'a Unit, key: &str) -> &'a str {
    match unit.get(key).map(Vec::as_slice) {
        Some([value]) => value,
        other => panic!("{key} stands there {other:?}"),
    }
}

/// `10min`, `90s`, `1h` as seconds.
fn seconds(text: &str) -> u64 {
    let digits = text.find(|c: char| !c.is_ascii_digit()).expect("a unit of time");
    let unit = match &text[digits..] {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        other => panic!("a time in {other}"),
    };
    text[..digits].parse::<u64>().unwrap() * unit
}

/// A setting of `config/default.toml`.
fn default_of(key: &str) -> u64 {
    let text = fs::read_to_string(workspace().join("config/default.toml")).unwrap();
    let line = text.lines().find_map(|l| l.strip_prefix(&format!("{key} = "))).unwrap_or_else(|| panic!("no {key}"));
    line.parse().unwrap()
}

#[test]
fn what_must_stand_in_them() {
    for name in UNITS {
        let unit = read(name);
        for (key, value) in [
            ("Type", "notify"),
            ("NotifyAccess", "main"),
            ("User", "arkivflyt"),
            ("Restart", "on-failure"),
            ("RestartPreventExitStatus", "9 10 11"),
            ("KillMode", "mixed"),
            ("OOMPolicy", "continue"),
            ("StateDirectory", "arkivflyt"),
            ("StateDirectoryMode", "0700"),
            ("UMask", "0077"),
            ("LimitCORE", "0"),
            ("NoNewPrivileges", "yes"),
            ("CapabilityBoundingSet", ""),
            ("AmbientCapabilities", ""),
            ("ProtectSystem", "strict"),
            ("ProtectHome", "yes"),
            ("PrivateTmp", "yes"),
            ("PrivateDevices", "yes"),
            ("ProtectClock", "yes"),
            ("ProtectControlGroups", "yes"),
            ("ProtectHostname", "yes"),
            ("ProtectKernelLogs", "yes"),
            ("ProtectKernelModules", "yes"),
            ("ProtectKernelTunables", "yes"),
            ("LockPersonality", "yes"),
            ("MemoryDenyWriteExecute", "yes"),
            ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
            ("RestrictNamespaces", "yes"),
            ("RestrictRealtime", "yes"),
            ("RestrictSUIDSGID", "yes"),
            ("SystemCallArchitectures", "native"),
            ("IPAddressDeny", "any"),
            ("IPAddressAllow", "localhost"),
        ] {
            assert_eq!(one(&unit, &format!("Service.{key}")), value, "{name}: {key}");
        }
        // The parent looks in /proc at children that hide there.
        assert!(!unit.contains_key("Service.ProtectProc") && !unit.contains_key("Service.ProcSubset"), "{name}");
        // A credential with a path stops the start when the file is not there; one without is looked for in /etc/credstore.
        assert!(unit["Service.LoadCredential"].iter().all(|c| !c.contains(':')), "{name}");
        assert!(unit["Service.LoadCredential"].contains(&"arkivflyt.smtp-password".to_owned()), "{name}");
    }
}

#[test]
fn their_times_fit_together() {
    for name in UNITS {
        let unit = read(name);
        let time = |key: &str| seconds(one(&unit, key));
        // What is in hand is finished, handed back and the render children ended before anybody is killed.
        assert!(time("Service.TimeoutStopSec") >= default_of("drain_s") + 60, "{name}");
        // A loop may be late for a minute before it counts as hanging.
        assert!((30..=120).contains(&time("Service.WatchdogSec")), "{name}");
        let tries: u64 = one(&unit, "Unit.StartLimitBurst").parse().unwrap();
        let (window, pause) = (time("Unit.StartLimitIntervalSec"), time("Service.RestartSec"));
        assert!(tries * pause < window, "{name}: the limit is never reached");
        assert!(tries * pause >= 20 * 60, "{name}: trouble that passes within minutes is final");
    }
}

#[test]
fn the_program_accepts_what_they_start() {
    for name in UNITS {
        let unit = read(name);
        let line: Vec<&str> = one(&unit, "Service.ExecStart").split(' ').collect();
        let (verb, flags) = (line[1], &line[2..]);
        assert_eq!(line[0], "/usr/bin/arkivflyt");
        let help = Command::new(binary()).args([verb, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        for flag in flags.iter().filter(|f| f.starts_with("--")) {
            assert!(help.contains(&format!("{flag} <")), "{name}: {verb} has no {flag} that takes a value:\n{help}");
        }
        assert_eq!(flags.len() % 2, 0, "{name}: a flag without a value");
        if let Some(at) = flags.iter().position(|f| *f == "--queues") {
            let settings = fs::read_to_string(workspace().join("config/default.toml")).unwrap();
            let table = settings.split("[work.queues]").nth(1).unwrap().split("\n[").next().unwrap();
            let all: BTreeSet<&str> = table.lines().filter_map(|l| Some(l.split_once(" = ")?.0)).filter(|k| !k.starts_with('#')).collect();
            assert_eq!(flags[at + 1].split(',').collect::<BTreeSet<_>>(), all, "{name}: a queue that nobody works on");
        }
    }
}

#[test]
fn the_program_accepts_their_settings() {
    for name in UNITS {
        let unit = read(name);
        let house = House::bare();
        let mut show = house.command(["show", "config"]);
        for setting in &unit["Service.Environment"] {
            let (key, value) = setting.split_once('=').unwrap();
            show.env(key, value.replace("%i", "1").replace("%d", "/run/credentials/unit"));
        }
        let run = show.output().unwrap();
        let text = String::from_utf8(run.stdout).unwrap();
        assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
        assert!(text.contains("level = \"info\""), "{name}: {text}");
        if name.contains('@') {
            assert!(text.contains("listen = \"127.0.0.1:8091\"") && text.contains("url_file = \"/run/credentials/unit/"), "{text}");
        }
    }
}

/// The units as they stand, but for where the program lies.
fn installed(folder: &Path) {
    for name in UNITS {
        let text = fs::read_to_string(workspace().join("config/systemd").join(name)).unwrap();
        let text = text.replace("/usr/bin/arkivflyt", &binary().display().to_string());
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn systemd_itself_reads_them() {
    let Some(judge) = Tool::find("systemd-analyze") else { return };
    let folder = tempfile::tempdir().unwrap();
    installed(folder.path());
    for name in ["arkivflyt.service", "arkivflyt-worker@1.service"] {
        let run = judge.run(["verify".as_ref(), folder.path().join(name).as_os_str()]);
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        // A judge that judges the whole machine may find fault with others; ours are named.
        let ours: Vec<&str> = said.lines().filter(|l| l.contains("arkivflyt")).collect();
        assert!(run.status.success() && ours.is_empty(), "{name}: {said}");
    }
    for name in UNITS {
        let place = folder.path().join(name);
        // 0 is best, 100 worst; a service without settings has 96.
        judge.pass(["security".as_ref(), "--offline=true".as_ref(), "--threshold=20".as_ref(), place.as_os_str()]);
    }
}

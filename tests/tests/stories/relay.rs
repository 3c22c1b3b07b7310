//! Mail through a real Postfix on loopback: each arrives once, and none is lost while the relay is away.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use arkivflyt_tests::{House, Letter, Tool, letters, samples_folder, skip, workspace};

struct Postfix {
    folder: tempfile::TempDir,
    port: u16,
}

impl Postfix {
    /// `None` where there is none, or where we may not start it.
    fn prepare() -> Option<Self> {
        if !rustix::process::geteuid().is_root() || !Path::new("/usr/lib/postfix/sbin/master").exists() {
            skip("postfix (or root to start it)");
            return None;
        }
        let openssl = Tool::find("openssl")?;
        let postfix = Self { folder: tempfile::tempdir().unwrap(), port: three_free_ports() };
        let dir = postfix.folder.path();
        let issue = |args: &str| {
            let run = openssl.run_in(dir, args.split(' '));
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        };
        issue(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Authority -days 2 -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.pem",
        );
        issue("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=relay -keyout relay.key -out relay.csr");
        fs::write(dir.join("relay.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
        issue("x509 -req -in relay.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile relay.ext -out relay.pem");
        Some(postfix)
    }

    fn script(&self, args: &[&str]) {
        // A file and not a pipe: the daemon keeps what it is given, and would keep a pipe open for ever.
        let log = self.folder.path().join("script.log");
        let out = fs::File::create(&log).unwrap();
        let script = workspace().join("pipeline/notify/tests/notify/postfix.sh");
        let status = Command::new("sh").arg(script).args(args).stdout(out.try_clone().unwrap()).stderr(out).status().unwrap();
        assert!(status.success(), "{}", fs::read_to_string(log).unwrap());
    }

    fn up(&self) {
        let at = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        self.script(&["up", self.folder.path().to_str().unwrap(), &self.port.to_string(), &at("relay.pem"), &at("relay.key")]);
    }

    fn down(&self) {
        self.script(&["down", self.folder.path().to_str().unwrap()]);
    }

    /// Settings of a relay on this port.
    fn transport(&self, port: u16, security: &str) -> String {
        let ca = self.folder.path().join("ca.pem");
        let ca = if security == "plaintext_loopback" { String::new() } else { format!(", ca_file = \"{}\"", ca.display()) };
        format!(
            "[mail]\ntransport = {{ kind = \"smtp\", host = \"127.0.0.1\", port = {port}, security = \"{security}\", hello_name = \"avsender.fjellvik.test\"{ca} }}\n"
        )
    }

    fn arrived(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail/example.test/ok/new")) else { return Vec::new() };
        entries.map(|e| e.unwrap().path()).collect()
    }

    fn wait_for(&self, count: usize) -> Vec<PathBuf> {
        for _ in 0..300 {
            if self.arrived().len() >= count {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        // One that comes twice comes soon after.
        std::thread::sleep(Duration::from_millis(500));
        let log = fs::read_to_string(self.folder.path().join("maillog")).unwrap_or_default();
        assert_eq!(self.arrived().len(), count, "{log}");
        self.arrived()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("postfix").arg("-c").arg(self.folder.path().join("etc")).arg("stop").output();
    }
}

/// Three ports in a row that nobody listens on just now.
fn three_free_ports() -> u16 {
    (0..100)
        .find_map(|_| {
            let first = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = first.local_addr().unwrap().port();
            let free = |offset: u16| port.checked_add(offset).is_some_and(|p| TcpListener::bind(("127.0.0.1", p)).is_ok());
            (free(1) && free(2)).then_some(port)
        })
        .expect("three free ports in a row")
}

/// A house whose municipality and recipients have their mailbox at our Postfix.
fn house() -> House {
    let house = House::new();
    let file = house.at("municipalities/9901.toml");
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("fjellvik.example.org\"", "fjellvik.test\"")
        .replace("arkiv@fjellvik.test", "ok@example.test");
    fs::write(
        &file,
        text.replace("https://samspill.fjellvik.test", "https://samspill.fjellvik.example.org")
            .replace("https://arkiv.fjellvik.test", "https://arkiv.fjellvik.example.org"),
    )
    .unwrap();
    house
}

/// Minutes with as many mails as people with an address; all of them live in one mailbox.
fn minutes(number: u8) -> Vec<u8> {
    let text = fs::read_to_string(samples_folder().join("meeting-minutes/full.json")).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["id"] = format!("00000000-0000-4000-8000-0000000000{number:02x}").into();
    json["case"]["plan_id"] = format!("00000000-0000-4000-9000-0000000000{number:02x}").into();
    for recipient in json["content"]["recipients"].as_array_mut().unwrap() {
        if recipient["contact"].is_object() {
            recipient["contact"]["email"] = "ok@example.test".into();
        }
    }
    json.to_string().into_bytes()
}

fn states(house: &House) -> Vec<String> {
    let list = house.run_now(["mail", "list", "--json"]).expect(0).json();
    list["mails"].as_array().unwrap().iter().map(|m| m["state"].as_str().unwrap().to_owned()).collect()
}

fn hand_in(house: &House, number: u8) -> arkivflyt_tests::Run {
    fs::write(house.at("inbox/minutes.json"), minutes(number)).unwrap();
    house.run_now(["run-once", "--json"])
}

#[test]
fn each_mail_arrives_once_and_none_is_lost_while_the_relay_is_away() {
    let Some(postfix) = Postfix::prepare() else { return };
    let house = house();
    let settings = |text: String| fs::write(house.at("arkivflyt.toml"), text).unwrap();

    // The relay is down: the document is archived all the same, and its mails wait.
    settings(postfix.transport(postfix.port, "plaintext_loopback"));
    let run = hand_in(&house, 1);
    let json = run.json();
    assert_eq!((json["archived"].as_u64(), json["mails"]["sent"].as_u64()), (Some(1), Some(0)), "{run}");
    let waiting = states(&house);
    assert!(waiting.len() >= 7 && waiting.iter().all(|s| s == "queued"), "{waiting:?}");
    assert!(json["mails"]["later"].as_u64() >= Some(1), "{run}");

    // It comes back: they are due after a minute, and arrive once.
    postfix.up();
    let later = ["run-once", "--json", "--clock", "2099-01-01T00:00:00Z"];
    let run = house.run_now(later).expect(0);
    assert_eq!(run.json()["mails"]["sent"].as_u64(), Some(waiting.len() as u64), "{run}");
    assert!(states(&house).iter().all(|s| s == "accepted"), "{:?}", states(&house));
    postfix.wait_for(waiting.len());
    assert_eq!(house.run_now(later).expect(0).json()["mails"]["sent"], 0);
    let mut expected = waiting.len();

    // The other two ways in, each with our own authority.
    for (number, port, security) in
        [(2, postfix.port, "starttls"), (3, postfix.port + 1, "implicit_tls"), (4, postfix.port + 2, "starttls")]
    {
        settings(postfix.transport(port, security));
        let run = hand_in(&house, number).expect(0);
        let sent = run.json()["mails"]["sent"].as_u64().unwrap() as usize;
        assert!(sent >= 7, "{security}: {run}");
        expected += sent;
        postfix.wait_for(expected);
    }

    // A port that wants TLS turns plain text away: nothing is sent, nothing is lost.
    settings(postfix.transport(postfix.port + 2, "plaintext_loopback"));
    let run = hand_in(&house, 5);
    assert_eq!((run.json()["archived"].as_u64(), run.json()["mails"]["sent"].as_u64()), (Some(1), Some(0)), "{run}");
    let files = postfix.wait_for(expected);

    let Some(letters) = letters(&files) else { return };
    let ids: BTreeSet<&str> = letters.iter().map(|l| l.header("Message-ID")).collect();
    assert_eq!(ids.len(), expected, "no mail came twice");
    letters.iter().for_each(sound);
    postfix.down();
}

fn sound(letter: &Letter) {
    assert!(letter.defects.is_empty(), "{letter:?}");
    assert_eq!(letter.to, ["ok@example.test"], "one receiver, and no other is told: {letter:?}");
    assert!(letter.header("Cc").is_empty() && letter.header("Bcc").is_empty());
    assert!(letter.header("Subject").len() > 5 && letter.body.len() > 50, "{letter:?}");
}

//! Postfix, as a municipality's relay would be.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{House, Tool, samples_folder, skip, workspace};

/// A Postfix of our own. What it takes for `ok@example.test` lies in a folder; nothing leaves the machine. Stopped when dropped.
#[derive(Debug)]
pub struct Postfix {
    folder: tempfile::TempDir,
    /// Plain text and STARTTLS; the next one is implicit TLS, and the one after that wants TLS.
    pub port: u16,
}

impl Postfix {
    /// `None` where there is none, or where we may not start it.
    pub fn prepare() -> Option<Self> {
        if !rustix::process::geteuid().is_root() || !Path::new("/usr/lib/postfix/sbin/master").exists() {
            skip("postfix (or root to start it)");
            return None;
        }
        let openssl = Tool::find("openssl")?;
        let postfix = Self { folder: tempfile::tempdir().expect("the kit of Postfix works"), port: three_free_ports() };
        let dir = postfix.folder.path();
        let issue = |args: &str| {
            let run = openssl.run_in(dir, args.split(' '));
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        };
        issue(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Authority -days 2 -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.pem",
        );
        issue("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=relay -keyout relay.key -out relay.csr");
        fs::write(dir.join("relay.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("the kit of Postfix works");
        issue("x509 -req -in relay.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile relay.ext -out relay.pem");
        Some(postfix)
    }

    fn script(&self, args: &[&str]) {
        // A file and not a pipe: the daemon keeps what it is given, and would keep a pipe open for ever.
        let log = self.folder.path().join("script.log");
        let out = fs::File::create(&log).expect("the kit of Postfix works");
        let script = workspace().join("pipeline/notify/tests/notify/postfix.sh");
        let status = Command::new("sh")
            .arg(script)
            .args(args)
            .stdout(out.try_clone().expect("the kit of Postfix works"))
            .stderr(out)
            .status()
            .expect("the kit of Postfix works");
        assert!(status.success(), "{}", fs::read_to_string(log).expect("the kit of Postfix works"));
    }

    /// Starts it.
    pub fn up(&self) {
        let at = |name: &str| self.folder.path().join(name).to_str().expect("the kit of Postfix works").to_owned();
        self.script(&[
            "up",
            self.folder.path().to_str().expect("the kit of Postfix works"),
            &self.port.to_string(),
            &at("relay.pem"),
            &at("relay.key"),
        ]);
    }

    /// Stops it.
    pub fn down(&self) {
        self.script(&["down", self.folder.path().to_str().expect("the kit of Postfix works")]);
    }

    /// Settings of a relay on this port.
    pub fn transport(&self, port: u16, security: &str) -> String {
        let ca = self.folder.path().join("ca.pem");
        let ca = if security == "plaintext_loopback" { String::new() } else { format!(", ca_file = \"{}\"", ca.display()) };
        format!(
            "[mail]\ntransport = {{ kind = \"smtp\", host = \"127.0.0.1\", port = {port}, security = \"{security}\", hello_name = \"avsender.fjellvik.test\"{ca} }}\n"
        )
    }

    /// The Maildir that the return path leads to.
    pub fn returned(&self) -> PathBuf {
        self.folder.path().join("mail/fjellvik.test/ikke-svar")
    }

    /// What has come.
    pub fn arrived(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail/example.test/ok/new")) else { return Vec::new() };
        entries.map(|e| e.expect("the kit of Postfix works").path()).collect()
    }

    /// Waits until so many have come, and sees that no more do.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<PathBuf> {
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
            let first = TcpListener::bind("127.0.0.1:0").expect("the kit of Postfix works");
            let port = first.local_addr().expect("the kit of Postfix works").port();
            let free = |offset: u16| port.checked_add(offset).is_some_and(|p| TcpListener::bind(("127.0.0.1", p)).is_ok());
            (free(1) && free(2)).then_some(port)
        })
        .expect("three free ports in a row")
}

/// Gives the municipality and its archivist their mailbox at our Postfix.
pub fn live_at_postfix(house: &House) {
    let file = house.at("municipalities/9901.toml");
    let text = fs::read_to_string(&file)
        .expect("the municipality has a file")
        .replace("fjellvik.example.org\"", "fjellvik.test\"")
        .replace("arkiv@fjellvik.test", "ok@example.test");
    let text = text
        .replace("https://samspill.fjellvik.test", "https://samspill.fjellvik.example.org")
        .replace("https://arkiv.fjellvik.test", "https://arkiv.fjellvik.example.org");
    fs::write(&file, text).expect("the file can be written");
}

/// Minutes with as many mails as people with an address; all of them live in one mailbox.
pub fn minutes_for_postfix(number: u8) -> Vec<u8> {
    let text = fs::read_to_string(samples_folder().join("meeting-minutes/full.json")).expect("a sample can be read");
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("a sample is JSON");
    json["id"] = format!("00000000-0000-4000-8000-0000000000{number:02x}").into();
    json["case"]["plan_id"] = format!("00000000-0000-4000-9000-0000000000{number:02x}").into();
    for recipient in json["content"]["recipients"].as_array_mut().expect("there are recipients") {
        if recipient["contact"].is_object() {
            recipient["contact"]["email"] = "ok@example.test".into();
        }
    }
    json.to_string().into_bytes()
}

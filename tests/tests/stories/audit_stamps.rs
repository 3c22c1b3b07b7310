//! Seals of closed folders are stamped by an authority that `openssl ts` plays, over HTTP. When it is away, nothing waits for it but the stamp.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use arkivflyt_tests::{CLOCK, House, Tool, sample_json, tree};
use serde_json::{Value, json};

use crate::{in_folder::submitted, runs_tending::do_now};

const CONFIG: &str = "
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = Proevetjeneste
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[ tsa ]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[ stamping ]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
";

/// A time-stamp authority on this machine, for as long as the test runs.
struct Authority {
    openssl: Arc<Tool>,
    folder: tempfile::TempDir,
    url: String,
    is_away: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Authority {
    fn open() -> Option<Self> {
        let openssl = Arc::new(Tool::find("openssl")?);
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_owned();
        fs::write(at.join("cnf"), CONFIG).unwrap();
        fs::write(at.join("serial"), "01").unwrap();
        let make = |args: &str| {
            let run = openssl.run_in(&at, args.split(' '));
            assert!(run.status.success(), "{args}: {}", String::from_utf8_lossy(&run.stderr));
        };
        make("req -x509 -config cnf -extensions ca -subj /CN=Rot -days 400 -nodes -newkey rsa:2048 -keyout ca.key -out ca.pem");
        make("req -new -config cnf -subj /CN=Stempel -nodes -newkey rsa:2048 -keyout tsa.key -out tsa.csr");
        make("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 400 -extfile cnf -extensions tsa -out tsa.pem");
        let desk = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/rfc3161", desk.local_addr().unwrap());
        let (is_away, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (tool, away, count) = (openssl.clone(), is_away.clone(), asked.clone());
        std::thread::spawn(move || {
            for caller in desk.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                serve(caller.unwrap(), &tool, &at, away.load(Ordering::SeqCst));
            }
        });
        Some(Self { openssl, folder, url, is_away, asked })
    }

    fn anchors(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A house whose seals it stamps.
    fn house(&self) -> House {
        let anchors = self.anchors().display().to_string();
        House::new().with("WITNESS__TIME_STAMP__URL", &self.url).with("WITNESS__TIME_STAMP__ANCHORS", &anchors)
    }

    /// What openssl says of a stamp.
    fn is_good(&self, stamp: &Path, data: &Path) -> bool {
        let (anchors, stamp, data) = (self.anchors(), stamp.to_str().unwrap(), data.to_str().unwrap());
        self.openssl.run(["ts", "-verify", "-data", data, "-in", stamp, "-CAfile", anchors.to_str().unwrap()]).status.success()
    }
}

/// One request over HTTP, one answer by `openssl ts`.
fn serve(mut caller: TcpStream, openssl: &Tool, at: &Path, is_away: bool) {
    let mut lines = BufReader::new(caller.try_clone().unwrap());
    let (mut line, mut length, mut is_query) = (String::new(), 0, false);
    while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
        let header = line.trim().to_lowercase();
        length = header.strip_prefix("content-length: ").map_or(length, |n| n.parse().unwrap());
        is_query |= header == "content-type: application/timestamp-query";
        line.clear();
    }
    let mut query = vec![0; length];
    lines.read_exact(&mut query).unwrap();
    if is_away || !is_query {
        return caller.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    }
    fs::write(at.join("query.tsq"), query).unwrap();
    let args = "ts -reply -config cnf -section stamping -queryfile query.tsq -signer tsa.pem -inkey tsa.key -out reply.tsr";
    assert!(openssl.run_in(at, args.split(' ')).status.success());
    let reply = fs::read(at.join("reply.tsr")).unwrap();
    let length = reply.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    caller.write_all(head.as_bytes()).and_then(|()| caller.write_all(&reply)).unwrap();
}

fn close_a_plan(house: &House) {
    submitted(house, 0, &sample_json("closing-note/full.json"));
}

/// `audit stamp` of the municipality: stamped now, waiting, and why.
#[track_caller]
fn stamp(house: &House, code: i32) -> (u64, u64, Value) {
    let answer = house.ask(code, ["audit", "stamp", "--municipality", "9901"]);
    let one = &answer["municipalities"][0];
    (one["stamped"].as_u64().unwrap(), one["waiting"].as_u64().unwrap(), one["code"].clone())
}

/// How many stamps hold, and what is wrong.
#[track_caller]
fn audited(house: &House, code: i32) -> (Value, Vec<String>) {
    let answer = house.ask(code, ["audit", "verify", "--municipality", "9901"]);
    let one = &answer["municipalities"][0];
    let codes = one["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect();
    (one["stamps"].clone(), codes)
}

#[test]
fn a_closed_folder_is_stamped_so_that_openssl_says_so() {
    let Some(authority) = Authority::open() else { return };
    let house = authority.house();
    close_a_plan(&house);
    assert_eq!(audited(&house, 0), (json!(0), vec![]));
    // Closed with its note, and again with its overview.
    assert_eq!(stamp(&house, 0), (2, 0, Value::Null));
    let case = house.case_folders()[0].clone();
    for version in [1, 2] {
        let (stamp, inventory) = (case.join(format!("logs/v{version}.tsr")), case.join(format!("v{version}/inventory.json")));
        assert!(authority.is_good(&stamp, &inventory), "version {version}");
        assert!(!authority.is_good(&stamp, &case.join("v1/inventory.json.sha512")));
    }
    assert_eq!(audited(&house, 0), (json!(2), vec![]));
    let before = (tree(&case), authority.asked.load(Ordering::SeqCst));
    assert_eq!(stamp(&house, 0), (0, 0, Value::Null), "nothing is stamped twice");
    assert_eq!((tree(&case), authority.asked.load(Ordering::SeqCst)), before);
    house.ask(0, ["verify", "--all", "--read-data"]);

    // The stamp of one version in the place of the other's.
    let (one, two) = (case.join("logs/v1.tsr"), case.join("logs/v2.tsr"));
    fs::remove_file(&two).unwrap();
    fs::copy(&one, &two).unwrap();
    assert_eq!(audited(&house, 6), (json!(1), vec!["stamp_invalid".to_owned()]));
    // Of another authority: nobody says that it may be believed.
    let stranger = Authority::open().unwrap();
    let anchors = stranger.anchors().display().to_string();
    let elsewhere = house.copy().with("WITNESS__TIME_STAMP__URL", &stranger.url).with("WITNESS__TIME_STAMP__ANCHORS", &anchors);
    assert_eq!(audited(&elsewhere, 6), (json!(0), vec!["stamp_invalid".to_owned(); 2]));
}

#[test]
fn an_authority_that_is_away_or_a_stranger_holds_nothing_up() {
    let Some(authority) = Authority::open() else { return };
    let house = authority.house();
    authority.is_away.store(true, Ordering::SeqCst);
    close_a_plan(&house);
    assert_eq!(audited(&house, 0), (json!(0), vec![]), "closed, sealed, and whole");
    assert_eq!(stamp(&house, 75), (0, 2, json!("time_stamp_unreachable")));
    let case = house.case_folders()[0].clone();
    assert!(!case.join("logs/v1.tsr").exists());
    assert_eq!(authority.asked.load(Ordering::SeqCst), 1, "who does not answer is not asked for the next one");

    // Its answer leads to nobody whom we believe: it is not kept.
    authority.is_away.store(false, Ordering::SeqCst);
    let stranger = Authority::open().unwrap();
    let anchors = stranger.anchors().display().to_string();
    let misled = house.copy().with("WITNESS__TIME_STAMP__URL", &authority.url).with("WITNESS__TIME_STAMP__ANCHORS", &anchors);
    assert_eq!(stamp(&misled, 6), (0, 2, json!("time_stamp_refused")));
    assert!(!misled.case_folders()[0].join("logs/v1.tsr").exists());

    // Back again: the service sees to it by itself.
    do_now(&house, "archive.sweep", CLOCK);
    assert!(authority.is_good(&case.join("logs/v2.tsr"), &case.join("v2/inventory.json")));
    assert_eq!(audited(&house, 0), (json!(2), vec![]));
}

#[test]
fn a_wrong_set_up_is_told_by_its_key() {
    let Some(authority) = Authority::open() else { return };
    let bare = House::new();
    let run = bare.run(["audit", "stamp"]);
    assert!(run.code() == 9 && run.stderr.contains("witness.time_stamp"), "{run}");
    let gone = House::new().with("WITNESS__TIME_STAMP__URL", &authority.url).with("WITNESS__TIME_STAMP__ANCHORS", "borte.pem");
    let run = gone.run(["audit", "stamp"]);
    assert!(run.code() == 9 && run.stderr.contains("witness.time_stamp.anchors"), "{run}");
    let told = gone.run(["doctor"]);
    assert!(told.code() != 0 && String::from_utf8_lossy(&told.stdout).contains("witness.time_stamp.anchors"), "{told}");
    let strange = authority.house().with("WITNESS__TIME_STAMP__URL", "ftp://tsa.example/");
    let run = strange.run(["audit", "stamp"]);
    assert!(run.code() == 9 && run.stderr.contains("witness.time_stamp.url"), "{run}");
}

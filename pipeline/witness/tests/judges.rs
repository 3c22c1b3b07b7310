//! Judges that we did not write: `aics-tlog` on the log, `minisign` on seals and keys.

mod support;

use std::{fs, path::Path};

use pipeline_domain::Sha256;
use pipeline_witness::{Log, Seal, SealKey, SealTerms, minisign_public_key};
use support::{ORIGIN, access, folder, key, pass, run, seal_key, time, tool};

const INVENTORY: &[u8] = b"{\"head\":\"v3\"}\n";

fn hex(hashes: &[Sha256]) -> String {
    hashes.iter().map(|h| format!("\"{h}\"")).collect::<Vec<_>>().join(",")
}

/// Our proofs over a log that was published at some sizes, as the judge takes them.
fn proofs(log: &Log, sizes: &[u64]) -> String {
    let (reader, size) = (log.reader(), *sizes.last().unwrap());
    let mut inclusion = Vec::new();
    for at in sizes {
        for index in [0, 1, at / 3, at / 2, at - 1].into_iter().filter(|i| i < at) {
            let path = hex(&reader.inclusion(index, *at).unwrap());
            inclusion.push(format!(r#"{{"index":{index},"size":{at},"path":[{path}]}}"#));
        }
    }
    let pairs = sizes.iter().flat_map(|old| sizes.iter().filter(move |new| old <= new).map(move |new| (*old, *new)));
    let consistency = pairs.chain([(0, size)]).map(|(old, new)| {
        let (path, root) = (hex(&reader.consistency(old, new).unwrap()), reader.root_at(old).unwrap());
        format!(r#"{{"old":{old},"new":{new},"old_root":"{root}","path":[{path}]}}"#)
    });
    format!(r#"{{"inclusion":[{}],"consistency":[{}]}}"#, inclusion.join(","), consistency.collect::<Vec<_>>().join(","))
}

#[test]
fn aics_tlog_accepts_our_log_and_proofs() {
    let Some(aics) = tool("aics-tlog") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (folder, given) = (dir.path().join("log"), dir.path().join("proofs.json"));
    let sizes = [1, 2, 7, 255, 256, 257, 511, 1000, 5000];
    let (log, _) = Log::open_or_create(&folder).unwrap();
    for size in sizes {
        log.append((log.size().unwrap()..size).map(access).collect()).unwrap();
        log.publish(&key(1)).unwrap();
    }
    fs::write(&given, proofs(&log, &sizes)).unwrap();
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge.py");
    let python = aics.with_file_name("python3");
    let vkey = key(1).public().verifier_key(ORIGIN);
    let args = [judge.as_os_str(), folder.as_os_str(), vkey.as_ref(), given.as_os_str()];
    let text = pass(&python, dir.path(), args);
    assert!(text.starts_with("judged 5000 21 20 "), "{text}");
    // The judge's own command line reads our files too.
    fs::write(dir.path().join("log.vkey"), format!("{vkey}\n")).unwrap();
    let tiles = folder.to_string_lossy().into_owned();
    let text = pass(&aics, dir.path(), ["verify-checkpoint", "--vkey-file", "log.vkey", "--tiles", &tiles]);
    assert!(text.contains("\"ok\": true"), "{text}");
    // It sees what we see: a key of somebody else's, one leaf changed, one hash changed.
    let stranger = key(2).public().verifier_key(ORIGIN);
    let other = [judge.as_os_str(), folder.as_os_str(), stranger.as_ref(), given.as_os_str()];
    assert!(!run(&python, dir.path(), other).status.success());
    for name in ["tile/entries/003", "tile/0/007"] {
        let path = folder.join(name);
        let genuine = fs::read(&path).unwrap();
        let mut spoilt = genuine.clone();
        spoilt[40] ^= 1;
        fs::write(&path, spoilt).unwrap();
        assert!(!run(&python, dir.path(), args).status.success(), "{name}");
        fs::write(&path, genuine).unwrap();
    }
    pass(&python, dir.path(), args);
}

fn terms() -> SealTerms {
    SealTerms { origin: ORIGIN.to_owned(), object: folder(123), head: 3, seq: 41, time: time() }
}

#[test]
fn minisign_verifies_our_seals() {
    let Some(minisign) = tool("minisign") else { return };
    let dir = tempfile::tempdir().unwrap();
    let key = seal_key(1);
    fs::write(dir.path().join("inventory.json"), INVENTORY).unwrap();
    fs::write(dir.path().join("v3.minisig"), key.seal(INVENTORY, &terms()).print()).unwrap();
    fs::write(dir.path().join("segl.pub"), minisign_public_key(&key.public())).unwrap();
    let args = ["-V", "-H", "-p", "segl.pub", "-x", "v3.minisig", "-m", "inventory.json"];
    let text = pass(&minisign, dir.path(), args);
    assert!(text.contains("Signature and comment signature verified"), "{text}");
    assert!(
        text.contains("Trusted comment: arkivflyt seal 1 origin:arkiv.example.no/9901 object:9901/2026/000123 head:3 seq:41"),
        "{text}"
    );
    fs::write(dir.path().join("inventory.json"), [INVENTORY, b" "].concat()).unwrap();
    assert!(!run(&minisign, dir.path(), args).status.success());
}

#[test]
fn we_verify_minisigns_signatures_and_use_its_keys() {
    let Some(minisign) = tool("minisign") else { return };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("inventory.json"), INVENTORY).unwrap();
    pass(&minisign, dir.path(), ["-G", "-W", "-p", "its.pub", "-s", "its.key"]);
    let key = SealKey::load(&at("its.key")).unwrap();
    for (file, kind) in [("new.minisig", None), ("old.minisig", Some("-l"))] {
        let args = ["-S", "-W", "-s", "its.key", "-x", file, "-t", "by hand", "-m", "inventory.json"].into_iter().chain(kind);
        pass(&minisign, dir.path(), args);
        let seal = Seal::parse(&fs::read_to_string(at(file)).unwrap()).unwrap();
        assert!(seal.is_by(&key.public(), INVENTORY), "{file}");
        assert!(!seal.is_by(&key.public(), b"another"), "{file}");
        assert!(!seal.is_by(&seal_key(1).public(), INVENTORY), "{file}");
        assert_eq!(seal.terms(), None, "a seal by hand says nothing of a folder");
    }
    // And its own key file, loaded by us, seals so that its public key verifies.
    fs::write(at("inventory.json.minisig"), key.seal(INVENTORY, &terms()).print()).unwrap();
    // The number in our signature is not the one that minisign drew for its key, so the bare key is given.
    let bare = fs::read_to_string(at("its.pub")).unwrap();
    assert_eq!(bare.lines().count(), 2);
    fs::write(at("ours.pub"), minisign_public_key(&key.public())).unwrap();
    pass(&minisign, dir.path(), ["-V", "-p", "ours.pub", "-m", "inventory.json"]);
}

#[test]
fn minisign_signs_with_our_key() {
    // The archive's key is not lost with this program: minisign alone can seal with it.
    let Some(minisign) = tool("minisign") else { return };
    let dir = tempfile::tempdir().unwrap();
    let key = seal_key(1);
    key.save_new(&dir.path().join("segl.key")).unwrap();
    fs::write(dir.path().join("inventory.json"), INVENTORY).unwrap();
    pass(&minisign, dir.path(), ["-R", "-s", "segl.key", "-p", "made.pub"]);
    let made = fs::read_to_string(dir.path().join("made.pub")).unwrap();
    assert_eq!(made.lines().nth(1), minisign_public_key(&key.public()).lines().nth(1));
    pass(&minisign, dir.path(), ["-S", "-W", "-s", "segl.key", "-m", "inventory.json"]);
    let seal = Seal::parse(&fs::read_to_string(dir.path().join("inventory.json.minisig")).unwrap()).unwrap();
    assert!(seal.is_by(&key.public(), INVENTORY));
}

//! Time stamps, against an authority that `openssl` makes and runs here.

mod support;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use pipeline_domain::{Sha256, Sha512};
use pipeline_witness::{
    WitnessError,
    stamp::{Anchors, Imprint, Nonce, Request, Stamp, Transport, obtain, verify},
};
use support::{pass, run, tool};

const INVENTORY: &[u8] = b"{\"head\":\"v3\"}\n";
const NONCE: Nonce = Nonce([0x80, 1, 2, 3, 4, 5, 6, 7]);

const CONFIG: &str = "
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = Test
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ ca_short ]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign
[ no_ca ]
basicConstraints = critical,CA:FALSE
[ tsa ]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
[ not_critical ]
extendedKeyUsage = timeStamping
[ two_purposes ]
extendedKeyUsage = critical,timeStamping,codeSigning
[ other_purpose ]
extendedKeyUsage = critical,codeSigning
[ strange ]
extendedKeyUsage = critical,timeStamping
1.2.3.4.5 = critical,ASN1:NULL
[ stamping ]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500
clock_precision_digits = 3
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ stamping_sha1_id ]
serial = serial
crypto_device = builtin
signer_digest = sha512
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha1
[ refusing ]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
";

/// An authority in a folder.
struct Authority {
    openssl: PathBuf,
    dir: tempfile::TempDir,
}

impl Authority {
    fn new() -> Option<Self> {
        let authority = Self { openssl: tool("openssl")?, dir: tempfile::tempdir().unwrap() };
        fs::write(authority.path().join("cnf"), CONFIG).unwrap();
        fs::write(authority.path().join("serial"), "8f01").unwrap();
        fs::write(authority.path().join("inventory.json"), INVENTORY).unwrap();
        authority.root("ca", "Test CA", &["rsa:2048"]);
        Some(authority)
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn pass(&self, args: &[&str]) -> String {
        pass(&self.openssl, self.path(), args)
    }

    /// A certificate that signs itself.
    fn root(&self, name: &str, subject: &str, key: &[&str]) {
        let subject = format!("/CN={subject}");
        let (key_file, file) = (format!("{name}.key"), format!("{name}.pem"));
        let args = ["req", "-x509", "-config", "cnf", "-extensions", "ca", "-subj", &subject, "-days", "4000", "-nodes", "-newkey"];
        self.pass(&[&args[..], key, &["-keyout", &key_file, "-out", &file]].concat());
    }

    /// A certificate by another.
    fn certificate(&self, name: &str, issuer: &str, extensions: &str, key: &[&str], days: &str) {
        let (key_file, request, file) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let subject = format!("/CN={name}");
        let args = ["req", "-new", "-config", "cnf", "-subj", &subject, "-nodes", "-newkey"];
        self.pass(&[&args[..], key, &["-keyout", &key_file, "-out", &request]].concat());
        let (ca, ca_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        let args = ["x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-set_serial", "0xF1", "-days", days];
        self.pass(&[&args[..], &["-extfile", "cnf", "-extensions", extensions, "-sha256", "-out", &file]].concat());
    }

    fn stamp(&self, request: &Request, signer: &str, section: &str, chain: Option<&str>) -> Vec<u8> {
        fs::write(self.path().join("req.tsq"), request.to_der()).unwrap();
        let (certificate, key) = (format!("{signer}.pem"), format!("{signer}.key"));
        let args = ["ts", "-reply", "-queryfile", "req.tsq", "-config", "cnf", "-section", section, "-out", "resp.tsr", "-signer"];
        let chain: Vec<&str> = chain.into_iter().flat_map(|c| ["-chain", c]).collect();
        self.pass(&[&args[..], &[&certificate, "-inkey", &key], &chain].concat());
        fs::read(self.path().join("resp.tsr")).unwrap()
    }

    fn anchors(&self, name: &str) -> Anchors {
        Anchors::from_pem(&fs::read_to_string(self.path().join(format!("{name}.pem"))).unwrap()).unwrap()
    }
}

/// The authority as something that is asked.
struct Desk<'a>(&'a Authority, &'a str);

impl Transport for Desk<'_> {
    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let (signer, key) = (format!("{}.pem", self.1), format!("{}.key", self.1));
        fs::write(self.0.path().join("asked.tsq"), request)?;
        let args = ["ts", "-reply", "-queryfile", "asked.tsq", "-config", "cnf", "-section", "stamping", "-out", "answer.tsr", "-signer"];
        self.0.pass(&[&args[..], &[&signer, "-inkey", &key]].concat());
        fs::read(self.0.path().join("answer.tsr"))
    }
}

fn imprint() -> Imprint {
    Imprint::Sha512(Sha512::of(INVENTORY))
}

fn request() -> Request {
    Request { imprint: imprint(), nonce: Some(NONCE) }
}

fn fault(result: Result<Stamp, WitnessError>) -> &'static str {
    match result {
        Err(WitnessError::Stamp { fault }) => fault,
        other => panic!("expected a refused stamp, got {other:?}"),
    }
}

#[test]
fn openssl_and_we_agree() {
    let Some(authority) = Authority::new() else { return };
    let kinds: [(&str, &[&str]); 4] = [
        ("rsa", &["rsa:3072"]),
        ("p256", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("rsa2", &["rsa:2048"]),
    ];
    for (name, key) in kinds {
        authority.certificate(name, "ca", "tsa", key, "400");
        for imprint in [imprint(), Imprint::Sha256(Sha256::of(INVENTORY))] {
            let section = if name == "rsa2" { "stamping_sha1_id" } else { "stamping" };
            let request = Request { imprint, nonce: Some(NONCE) };
            let answer = authority.stamp(&request, name, section, None);
            let stamp = verify(&answer, &imprint, Some(&NONCE), &authority.anchors("ca")).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(stamp.policy, "1.2.3.4.1");
            assert_eq!(stamp.accuracy_s, (section == "stamping").then_some(2));
            let text = authority.pass(&["ts", "-reply", "-in", "resp.tsr", "-text"]);
            let serial = text.lines().find_map(|l| l.strip_prefix("Serial number: 0x")).unwrap().to_lowercase();
            assert_eq!(stamp.serial.trim_start_matches("00"), serial);
            let verified = authority.pass(&["ts", "-verify", "-data", "inventory.json", "-in", "resp.tsr", "-CAfile", "ca.pem"]);
            assert!(verified.contains("Verification: OK"), "{verified}");
        }
    }
    // Our request is one that openssl reads as it was meant.
    let text = authority.pass(&["ts", "-query", "-in", "req.tsq", "-text"]);
    for line in ["Version: 1", "Hash Algorithm: sha256", "Nonce: 0x8001020304050607", "Certificate required: yes"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn what_was_asked_for_is_what_is_kept() {
    let Some(authority) = Authority::new() else { return };
    authority.certificate("tsa", "ca", "tsa", &["rsa:2048"], "400");
    let (stamp, answer) = obtain(&Desk(&authority, "tsa"), &request(), &authority.anchors("ca")).unwrap();
    assert_eq!(verify(&answer, &imprint(), None, &authority.anchors("ca")).unwrap(), stamp);
    // The token alone is judged too.
    authority.pass(&["ts", "-reply", "-in", "answer.tsr", "-token_out", "-out", "token.der"]);
    let token = fs::read(authority.path().join("token.der")).unwrap();
    assert_eq!(verify(&token, &imprint(), Some(&NONCE), &authority.anchors("ca")).unwrap(), stamp);
    // What is stamped, and for whom, must be what is asked about.
    let other = Imprint::Sha512(Sha512::of(b"another"));
    assert_eq!(fault(verify(&answer, &other, None, &authority.anchors("ca"))), "it stamps something else");
    assert_eq!(
        fault(verify(&answer, &imprint(), Some(&Nonce([1; 8])), &authority.anchors("ca"))),
        "it does not repeat the request's nonce"
    );
    authority.root("stranger", "Test CA", &["rsa:2048"]);
    let refused = fault(verify(&answer, &imprint(), None, &authority.anchors("stranger")));
    assert_eq!(refused, "the signer's certificate does not lead to a configured anchor");
    fs::write(authority.path().join("inventory.json"), [INVENTORY, b" "].concat()).unwrap();
    let verdict =
        run(&authority.openssl, authority.path(), ["ts", "-verify", "-data", "inventory.json", "-in", "answer.tsr", "-CAfile", "ca.pem"]);
    assert!(!verdict.status.success(), "the judge sees the added byte too");
}

#[test]
fn authorities_certified_through_another() {
    let Some(authority) = Authority::new() else { return };
    authority.certificate("middle", "ca", "ca", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "400");
    authority.certificate("tsa", "middle", "tsa", &["rsa:2048"], "400");
    let answer = authority.stamp(&request(), "tsa", "stamping", Some("middle.pem"));
    verify(&answer, &imprint(), None, &authority.anchors("ca")).unwrap();
    verify(&answer, &imprint(), None, &authority.anchors("middle")).unwrap();
    verify(&answer, &imprint(), None, &authority.anchors("tsa")).unwrap();
    // Somebody who was certified as no authority, or as one without others below it, certifies nobody.
    authority.certificate("nobody", "ca", "no_ca", &["rsa:2048"], "400");
    authority.certificate("by_nobody", "nobody", "tsa", &["rsa:2048"], "400");
    authority.certificate("short", "ca", "ca_short", &["rsa:2048"], "400");
    authority.certificate("below", "short", "ca", &["rsa:2048"], "400");
    authority.certificate("too_deep", "below", "tsa", &["rsa:2048"], "400");
    let both =
        fs::read_to_string(authority.path().join("short.pem")).unwrap() + &fs::read_to_string(authority.path().join("below.pem")).unwrap();
    fs::write(authority.path().join("chain.pem"), both).unwrap();
    for (signer, chain) in [("by_nobody", "nobody.pem"), ("too_deep", "chain.pem")] {
        let answer = authority.stamp(&request(), signer, "stamping", Some(chain));
        let refused = fault(verify(&answer, &imprint(), None, &authority.anchors("ca")));
        assert_eq!(refused, "the signer's certificate does not lead to a configured anchor", "{signer}");
    }
}

#[test]
fn certificates_for_other_purposes_stamp_nothing() {
    let Some(authority) = Authority::new() else { return };
    for (extensions, expected) in [
        ("strange", "a certificate has a critical extension that is not understood"),
        ("not_critical", "the signer's certificate is not for time stamping alone"),
        ("two_purposes", "the signer's certificate is not for time stamping alone"),
        ("other_purpose", "the signer's certificate is not for time stamping alone"),
    ] {
        // openssl itself would not stamp with most of these.
        authority.certificate("tsa", "ca", extensions, &["rsa:2048"], "400");
        let answer = forged(&authority, "tsa.pem");
        assert_eq!(fault(verify(&answer, &imprint(), None, &authority.anchors("ca"))), expected, "{extensions}");
    }
}

/// A token over our imprint, signed with a certificate that `openssl ts` would not use: made with `openssl cms`.
fn forged(authority: &Authority, certificate: &str) -> Vec<u8> {
    authority.certificate("lawful", "ca", "tsa", &["rsa:2048"], "400");
    authority.stamp(&request(), "lawful", "stamping", None);
    authority.pass(&["ts", "-reply", "-in", "resp.tsr", "-token_out", "-out", "token.der"]);
    authority.pass(&["cms", "-verify", "-in", "token.der", "-inform", "DER", "-noverify", "-out", "info.der", "-binary"]);
    let args = ["cms", "-sign", "-cades", "-binary", "-nodetach", "-md", "sha256", "-econtent_type", "1.2.840.113549.1.9.16.1.4"];
    authority.pass(
        &[&args[..], &["-in", "info.der", "-signer", certificate, "-inkey", "tsa.key", "-outform", "DER", "-out", "forged.der"]].concat(),
    );
    fs::read(authority.path().join("forged.der")).unwrap()
}

#[test]
fn a_lawful_token_made_the_forgers_way_is_accepted() {
    // Else the test above could pass because of how the token was put together.
    let Some(authority) = Authority::new() else { return };
    authority.certificate("tsa", "ca", "tsa", &["rsa:2048"], "400");
    verify(&forged(&authority, "tsa.pem"), &imprint(), None, &authority.anchors("ca")).unwrap();
}

#[test]
fn a_certificate_that_had_run_out_stamps_nothing() {
    let Some(authority) = Authority::new() else { return };
    authority.certificate("tsa", "ca", "tsa", &["rsa:2048"], "-1");
    let answer = forged(&authority, "tsa.pem");
    assert_eq!(fault(verify(&answer, &imprint(), None, &authority.anchors("ca"))), "a certificate was not valid at the stamped time");
}

#[test]
fn a_refusal_is_no_stamp() {
    let Some(authority) = Authority::new() else { return };
    authority.certificate("tsa", "ca", "tsa", &["rsa:2048"], "400");
    let answer = authority.stamp(&request(), "tsa", "refusing", None);
    assert_eq!(fault(verify(&answer, &imprint(), None, &authority.anchors("ca"))), "the authority did not grant it");
}

#[test]
fn no_byte_can_be_changed_to_say_something_else() {
    let Some(authority) = Authority::new() else { return };
    authority.certificate("tsa", "ca", "tsa", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "400");
    let answer = authority.stamp(&request(), "tsa", "stamping", None);
    let (anchors, mut refused) = (authority.anchors("ca"), 0);
    let stamp = verify(&answer, &imprint(), Some(&NONCE), &anchors).unwrap();
    for at in 0..answer.len() {
        for flip in [0x01, 0x80] {
            let mut spoilt = answer.clone();
            spoilt[at] ^= flip;
            match verify(&spoilt, &imprint(), Some(&NONCE), &anchors) {
                // Some bytes say nothing: the status text, version numbers around the token.
                Ok(same) => assert_eq!(same, stamp, "byte {at}"),
                Err(WitnessError::Stamp { .. }) => refused += 1,
                Err(other) => panic!("byte {at}: {other}"),
            }
        }
        assert!(verify(&answer[..at], &imprint(), None, &anchors).is_err());
    }
    assert!(refused * 10 > answer.len() * 2 * 9, "{refused} of {}", answer.len() * 2);
}

#[test]
fn anchors_come_from_pem_with_text_around_them() {
    let Some(authority) = Authority::new() else { return };
    let text = authority.pass(&["x509", "-in", "ca.pem", "-text"]);
    assert!(Anchors::from_pem(&text).is_ok());
    for bad in [
        "",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(matches!(Anchors::from_pem(bad), Err(WitnessError::Stamp { .. })), "{bad}");
    }
}

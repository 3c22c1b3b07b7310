//! Keys: ed25519 (RFC 8032). What makes them comes from outside; where they lie, only their owner may look.

use std::{fmt, fs, io::Read, os::unix::fs::MetadataExt, path::Path};

use pipeline_domain::Sha256;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::{
    WitnessError, disk,
    text::{base64, from_base64},
};

/// Signature type of ed25519 in a signed note (C2SP `signed-note`).
const NOTE_ED25519: u8 = 1;
/// A key file is a few lines.
const KEY_FILE_BYTES: u64 = 4096;

/// The half of a key that everyone may know.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From its 32 bytes (RFC 8032 § 5.1.5).
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether this key signed the message.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }

    /// Number of this key in the signatures of notes under this name (C2SP `signed-note`).
    pub fn note_id(&self, name: &str) -> u32 {
        let digest = Sha256::of(&[name.as_bytes(), b"\n", &[NOTE_ED25519], &self.0].concat());
        u32::from_be_bytes(digest.as_bytes()[..4].try_into().expect("four bytes"))
    }

    /// The key as verifiers of notes take it: `name+0badcafe+AQ…`.
    pub fn verifier_key(&self, name: &str) -> String {
        format!("{name}+{:08x}+{}", self.note_id(name), base64(&[&[NOTE_ED25519], &self.0[..]].concat()))
    }

    /// Reads [`Self::verifier_key`] back.
    pub fn from_verifier_key(text: &str) -> Option<(String, Self)> {
        let mut parts = text.splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let [kind, key @ ..] = from_base64::<33>(key)?;
        let key = Self(key);
        (kind == NOTE_ED25519 && format!("{:08x}", key.note_id(name)) == id).then(|| (name.to_owned(), key))
    }

    /// Number of this key in minisign's files: made from the key, so that it needs no chance of its own.
    pub fn minisign_id(&self) -> [u8; 8] {
        Sha256::of(&self.0).as_bytes()[..8].try_into().expect("eight bytes")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", base64(&self.0))
    }
}

/// The half that signs. It is wiped from memory when it is dropped.
pub(crate) struct SecretKey {
    seed: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl SecretKey {
    /// From 32 bytes that nobody can guess: the caller's, from the system's random source.
    pub(crate) fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        let public = pair(&seed).public_key().as_ref().try_into().expect("a public key has 32 bytes");
        Self { seed, public: PublicKey(public) }
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        pair(&self.seed).sign(message).as_ref().try_into().expect("a signature has 64 bytes")
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed has 32 bytes")
}

/// The key that signs checkpoints, under the name of its log (C2SP: the origin).
#[derive(Debug)]
pub struct CheckpointKey {
    origin: String,
    key: SecretKey,
}

impl CheckpointKey {
    /// From 32 random bytes. The origin is the log's name for ever: letters, digits and `. - _ /`.
    pub fn from_entropy(origin: &str, entropy: [u8; 32]) -> Result<Self, WitnessError> {
        if !is_origin(origin) {
            return Err(WitnessError::Key { fault: "an origin has letters, digits and . - _ / only, at most 100" });
        }
        Ok(Self { origin: origin.to_owned(), key: SecretKey::from_seed(Zeroizing::new(entropy)) })
    }

    /// The same secret under the name of another log of the same archive. Signatures of one never count for the other: what is signed
    /// begins with the log's name.
    pub fn for_log(&self, origin: &str) -> Result<Self, WitnessError> {
        Self::from_entropy(origin, *self.key.seed())
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What verifies its signatures.
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.key
    }

    /// Writes it to a file that must not exist yet, for its owner only. The form is that of Go's `sumdb/note`.
    pub fn save_new(&self, path: &Path) -> Result<(), WitnessError> {
        let key = Zeroizing::new([&[NOTE_ED25519], &self.key.seed()[..]].concat());
        let encoded = Zeroizing::new(base64(&key));
        let id = self.public().note_id(&self.origin);
        let text = Zeroizing::new(format!("PRIVATE+KEY+{}+{id:08x}+{}\n", self.origin, encoded.as_str()));
        save_new(path, text.as_bytes())
    }

    /// Reads it from its file. Refused when anyone but the owner may read that.
    pub fn load(path: &Path) -> Result<Self, WitnessError> {
        let bytes = load(path)?;
        let wrong = || WitnessError::Key { fault: "not a checkpoint key" };
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong())?.trim_end();
        let mut parts = text.strip_prefix("PRIVATE+KEY+").ok_or_else(wrong)?.splitn(3, '+');
        let (Some(origin), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong()) };
        let key = Zeroizing::new(from_base64::<33>(key).ok_or_else(wrong)?);
        let read = Self::from_entropy(origin, key[1..].try_into().expect("32 of 33 bytes"))?;
        let is_right = key[0] == NOTE_ED25519 && format!("{:08x}", read.public().note_id(origin)) == id;
        is_right.then_some(read).ok_or_else(wrong)
    }
}

/// Whether this can name a log: it stands in notes, keys and seals, where blanks and plus signs would end it.
pub(crate) fn is_origin(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/');
    (1..=100).contains(&text.len()) && text.bytes().all(fits)
}

/// Writes a secret to a file that must not exist yet.
pub(crate) fn save_new(path: &Path, bytes: &[u8]) -> Result<(), WitnessError> {
    disk::write_new_durably(path, bytes, disk::SECRET_MODE).map_err(WitnessError::io("write a key file"))
}

/// Reads a secret's file, if nobody but its owner can. A link is followed: credentials are often handed over through one.
pub(crate) fn load(path: &Path) -> Result<Zeroizing<Vec<u8>>, WitnessError> {
    let file = fs::File::open(path).map_err(WitnessError::io("read a key file"))?;
    let about = file.metadata().map_err(WitnessError::io("read a key file"))?;
    if !about.is_file() || about.len() > KEY_FILE_BYTES {
        return Err(WitnessError::Key { fault: "the key is no small ordinary file" });
    }
    if about.mode() & 0o077 != 0 {
        return Err(WitnessError::Key { fault: "others than its owner can reach the key file: chmod 600" });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES as usize));
    file.take(KEY_FILE_BYTES).read_to_end(&mut bytes).map_err(WitnessError::io("read a key file"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_of_rfc_8032() {
        // RFC 8032 § 7.1, test 1.
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b,
            0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let key = SecretKey::from_seed(Zeroizing::new(seed));
        assert_eq!(base64(key.public().as_bytes()), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        let signature = key.sign(b"");
        assert_eq!(signature[..4], [0xe5, 0x56, 0x43, 0x00]);
        assert!(key.public().has_signed(b"", &signature));
        assert!(!key.public().has_signed(b"x", &signature));
        assert!(!key.public().has_signed(b"", &signature[..63]));
    }

    #[test]
    fn files_are_their_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sjekkpunkt.key");
        let key = CheckpointKey::from_entropy("arkiv.example.no/9901", [7; 32]).unwrap();
        key.save_new(&path).unwrap();
        assert!(key.save_new(&path).is_err(), "a key is never written over another");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(CheckpointKey::load(&path).unwrap().public(), key.public());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(CheckpointKey::load(&path), Err(WitnessError::Key { .. })));
        assert!(CheckpointKey::from_entropy("with blank", [0; 32]).is_err());
    }

    #[test]
    fn secrets_are_not_printed() {
        let key = CheckpointKey::from_entropy("arkiv.example.no/9901", [7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), r#"CheckpointKey { origin: "arkiv.example.no/9901", key: *** }"#);
    }

    #[test]
    fn verifier_keys_are_read_back() {
        let key = CheckpointKey::from_entropy("arkiv.example.no/9901", [7; 32]).unwrap();
        let text = key.public().verifier_key(key.origin());
        assert_eq!(PublicKey::from_verifier_key(&text), Some((key.origin().to_owned(), key.public())));
        assert_eq!(PublicKey::from_verifier_key(&text.replace("9901", "9902")), None);
    }
}

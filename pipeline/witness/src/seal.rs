//! Seals: a signature of the archive over a closed folder's inventory, in minisign's format (Ed25519 over BLAKE2b-512).

use std::path::Path;

use blake2::{Blake2b256, Blake2b512, Digest};
use pipeline_domain::{CaseFolderId, Timestamp};
use zeroize::Zeroizing;

use crate::{
    PublicKey, WitnessError,
    key::{self, SecretKey},
    text::{base64, from_base64, number},
};

/// Signed over the digest of the file, as minisign does since 0.6.
const PREHASHED: &[u8; 2] = b"ED";
/// Signed over the file itself: older minisign.
const LEGACY: &[u8; 2] = b"Ed";
const SECRET_BYTES: usize = 2 + 2 + 2 + 32 + 8 + 8 + 8 + 64 + 32;

/// The key that seals closed folders.
#[derive(Debug)]
pub struct SealKey(SecretKey);

impl SealKey {
    /// From 32 random bytes, others than the checkpoint key's.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(SecretKey::from_seed(Zeroizing::new(entropy)))
    }

    /// What verifies its seals.
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.0
    }

    /// Writes it to a file that must not exist yet, for its owner only, as minisign writes a key without password.
    pub fn save_new(&self, path: &Path) -> Result<(), WitnessError> {
        let (id, public) = (self.public().minisign_id(), self.public());
        let pair = Zeroizing::new([&self.0.seed()[..], public.as_bytes()].concat());
        let check = check_of(&id, &pair);
        // Algorithm, no key derivation, checksum algorithm; salt and limits of the derivation stay zero.
        let bytes = Zeroizing::new([&LEGACY[..], &[0, 0], b"B2", &[0; 48], &id, &pair, &check].concat());
        let encoded = Zeroizing::new(base64(&bytes));
        let text = Zeroizing::new(format!("untrusted comment: minisign secret key {}\n{}\n", id_text(&id), encoded.as_str()));
        key::save_new(path, text.as_bytes())
    }

    /// Reads it from its file, ours or minisign's own without password. Refused when anyone but the owner may read that.
    pub fn load(path: &Path) -> Result<Self, WitnessError> {
        let file = key::load(path)?;
        let wrong = WitnessError::Key { fault: "not a minisign key without password" };
        let text = std::str::from_utf8(&file).map_err(|_| wrong.clone())?;
        let encoded = text.lines().nth(1).ok_or_else(|| wrong.clone())?;
        let bytes = Zeroizing::new(from_base64::<SECRET_BYTES>(encoded).ok_or_else(|| wrong.clone())?);
        let seed = Zeroizing::new(bytes[62..94].try_into().expect("32 bytes"));
        let key = Self(SecretKey::from_seed(seed));
        let is_plain = bytes[..2] == LEGACY[..] && bytes[2..4] == [0, 0];
        // minisign leaves the checksum of a key without password empty; the public half beside the seed is check enough.
        let check = check_of(bytes[54..62].try_into().expect("8 bytes"), &bytes[62..126]);
        let is_whole = bytes[126..] == check || bytes[126..] == [0; 32];
        (is_plain && is_whole && bytes[94..126] == key.public().as_bytes()[..]).then_some(key).ok_or(wrong)
    }

    /// Seals an inventory.
    pub fn seal(&self, inventory: &[u8], terms: &SealTerms) -> Seal {
        let signature = self.0.sign(&Blake2b512::digest(inventory));
        let comment = terms.print();
        let whole = self.0.sign(&[&signature[..], comment.as_bytes()].concat());
        Seal { id: self.public().minisign_id(), is_prehashed: true, signature, comment, whole }
    }
}

/// The public key as minisign takes it: a file of two lines.
pub fn minisign_public_key(key: &PublicKey) -> String {
    let id = key.minisign_id();
    let encoded = base64(&[&LEGACY[..], &id, key.as_bytes()].concat());
    format!("untrusted comment: minisign public key {}\n{encoded}\n", id_text(&id))
}

fn id_text(id: &[u8; 8]) -> String {
    // minisign prints the number as a little-endian integer.
    format!("{:016X}", u64::from_le_bytes(*id))
}

fn check_of(id: &[u8; 8], pair: &[u8]) -> [u8; 32] {
    Blake2b256::new().chain_update(LEGACY).chain_update(id).chain_update(pair).finalize().into()
}

/// What a seal says of itself, in its trusted comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealTerms {
    /// The log that the sealed version stands in.
    pub origin: String,
    /// The folder.
    pub object: CaseFolderId,
    /// The version.
    pub head: u32,
    /// Number of the version's leaf in the log: what decides which key may have sealed it.
    pub seq: u64,
    /// When.
    pub time: Timestamp,
}

impl SealTerms {
    fn print(&self) -> String {
        let Self { origin, object, head, seq, time } = self;
        format!("arkivflyt seal 1 origin:{origin} object:{object} head:{head} seq:{seq} time:{}", time.rfc3339_utc())
    }

    fn parse(comment: &str) -> Option<Self> {
        let mut words = comment.strip_prefix("arkivflyt seal 1 ")?.split(' ');
        let mut word = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix(':');
        let terms = Self {
            origin: word("origin")?.to_owned(),
            object: word("object")?.parse().ok()?,
            head: word("head")?.parse().ok()?,
            seq: number(word("seq")?)?,
            time: word("time")?.parse().ok()?,
        };
        (terms.print() == comment).then_some(terms)
    }
}

/// A signature file of minisign's, ours or another's. Reading it does not verify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    id: [u8; 8],
    is_prehashed: bool,
    signature: [u8; 64],
    comment: String,
    whole: [u8; 64],
}

impl Seal {
    /// As minisign writes it.
    pub fn print(&self) -> String {
        let algorithm = if self.is_prehashed { PREHASHED } else { LEGACY };
        let signature = base64(&[&algorithm[..], &self.id, &self.signature].concat());
        let id = id_text(&self.id);
        format!("untrusted comment: signature from key {id}\n{signature}\ntrusted comment: {}\n{}\n", self.comment, base64(&self.whole))
    }

    /// Reads a signature file.
    pub fn parse(text: &str) -> Result<Self, WitnessError> {
        let read = || {
            let mut lines = text.lines();
            lines.next()?.strip_prefix("untrusted comment: ")?;
            let signature = from_base64::<74>(lines.next()?)?;
            let comment = lines.next()?.strip_prefix("trusted comment: ")?.to_owned();
            let whole = from_base64(lines.next()?)?;
            let is_prehashed = &signature[..2] == PREHASHED;
            (is_prehashed || &signature[..2] == LEGACY).then_some(())?;
            let (id, bytes) = (signature[2..10].try_into().ok()?, signature[10..].try_into().ok()?);
            Some(Self { id, is_prehashed, signature: bytes, comment, whole })
        };
        read().ok_or(WitnessError::Malformed { what: "seal" })
    }

    /// Whether this key signed this file and the trusted comment with it. The key's number is a hint and is not asked for.
    pub fn is_by(&self, key: &PublicKey, file: &[u8]) -> bool {
        let is_over_file = if self.is_prehashed {
            key.has_signed(&Blake2b512::digest(file), &self.signature)
        } else {
            key.has_signed(file, &self.signature)
        };
        is_over_file && key.has_signed(&[&self.signature[..], self.comment.as_bytes()].concat(), &self.whole)
    }

    /// What one of our own seals says of itself. `None` in other signatures.
    pub fn terms(&self) -> Option<SealTerms> {
        SealTerms::parse(&self.comment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> SealTerms {
        SealTerms {
            origin: "arkiv.example.no/9901".to_owned(),
            object: "9901/2026/000123".parse().unwrap(),
            head: 3,
            seq: 41,
            time: "2026-11-23T08:30:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_seal_holds_for_its_file_its_comment_and_its_key() {
        let key = SealKey::from_entropy([5; 32]);
        let seal = key.seal(b"inventory", &terms());
        assert_eq!(Seal::parse(&seal.print()).unwrap(), seal);
        assert_eq!(seal.terms(), Some(terms()));
        assert!(seal.is_by(&key.public(), b"inventory"));
        assert!(!seal.is_by(&key.public(), b"inventorY"));
        assert!(!seal.is_by(&SealKey::from_entropy([6; 32]).public(), b"inventory"));
        let other = Seal { comment: seal.comment.replace("head:3", "head:4"), ..seal.clone() };
        assert!(!other.is_by(&key.public(), b"inventory"));
        let legacy = Seal { is_prehashed: false, ..seal };
        assert!(!legacy.is_by(&key.public(), b"inventory"));
    }

    #[test]
    fn the_key_is_read_back_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let (path, key) = (dir.path().join("segl.key"), SealKey::from_entropy([5; 32]));
        key.save_new(&path).unwrap();
        assert_eq!(SealKey::load(&path).unwrap().public(), key.public());
        assert_eq!(format!("{key:?}"), "SealKey(***)");
        let text = std::fs::read_to_string(&path).unwrap();
        let at = text.find('\n').unwrap() + 100;
        let spoilt = format!("{}{}{}", &text[..at], if text.as_bytes()[at] == b'A' { 'B' } else { 'A' }, &text[at + 1..]);
        std::fs::write(&path, spoilt).unwrap();
        assert!(matches!(SealKey::load(&path), Err(WitnessError::Key { .. })));
    }

    #[test]
    fn what_is_no_seal() {
        let good = SealKey::from_entropy([5; 32]).seal(b"x", &terms()).print();
        for bad in [
            String::new(),
            good.replace("trusted", "doubtful"),
            good.replace("RUR", "XXX").replacen("RU", "XX", 1),
            good[..good.len() - 9].to_owned(),
        ] {
            assert!(Seal::parse(&bad).is_err(), "{bad}");
        }
        assert_eq!(SealTerms::parse("arkivflyt seal 1 origin:a object:9901/2026/000123 head:03 seq:1 time:2026-11-23T08:30:00Z"), None);
    }
}

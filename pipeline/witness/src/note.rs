//! Signed notes (C2SP `signed-note`): a text, and under it who signed it.

use crate::{
    WitnessError,
    key::{PublicKey, SecretKey},
    text::{base64, from_base64_any},
};

/// Notes are short. Longer ones are not read.
const LONGEST: usize = 64 * 1024;

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) id: u32,
    pub(crate) bytes: Vec<u8>,
}

/// A text, ending in a line break, with its signatures. They are not verified by reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) text: String,
    pub(crate) signatures: Vec<Signature>,
}

impl Note {
    /// An unsigned text. It must end in a line break.
    pub(crate) fn new(text: String) -> Self {
        debug_assert!(text.ends_with('\n'));
        Self { text, signatures: Vec::new() }
    }

    /// Adds a signature under this name.
    pub(crate) fn signed(mut self, name: &str, key: &SecretKey) -> Self {
        let signature = Signature { name: name.to_owned(), id: key.public().note_id(name), bytes: key.sign(self.text.as_bytes()).to_vec() };
        self.signatures.push(signature);
        self
    }

    /// Whether it carries a good signature of this key under this name, and no bad one.
    pub(crate) fn is_signed_by(&self, name: &str, key: &PublicKey) -> bool {
        let id = key.note_id(name);
        let mut own = self.signatures.iter().filter(|s| s.name == name && s.id == id).peekable();
        own.peek().is_some() && own.all(|s| key.has_signed(self.text.as_bytes(), &s.bytes))
    }

    /// As it is written.
    pub(crate) fn print(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for s in &self.signatures {
            out.push_str(&format!("— {} {}\n", s.name, base64(&[&s.id.to_be_bytes()[..], &s.bytes].concat())));
        }
        out
    }

    /// Reads a note. Signatures of kinds that we do not know are kept.
    pub(crate) fn parse(note: &str) -> Result<Self, WitnessError> {
        parse(note).ok_or(WitnessError::Malformed { what: "signed note" })
    }
}

fn parse(note: &str) -> Option<Note> {
    let is_plain = note.len() <= LONGEST && note.chars().all(|c| c >= ' ' || c == '\n');
    let at = note.rfind("\n\n").filter(|_| is_plain)?;
    let (text, lines) = (&note[..=at], &note[at + 2..]);
    let signatures: Vec<Signature> = lines.strip_suffix('\n')?.split('\n').map(signature).collect::<Option<_>>()?;
    Some(Note { text: text.to_owned(), signatures })
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = from_base64_any(encoded)?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    let is_name = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+');
    (is_name && !bytes.is_empty()).then(|| Signature { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn key(n: u8) -> SecretKey {
        SecretKey::from_seed(Zeroizing::new([n; 32]))
    }

    #[test]
    fn the_specifications_own_note_is_read() {
        // The example of C2SP `signed-note`, whose key Go's documentation gives.
        let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let note = format!(
            "{text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        );
        let (name, key) = PublicKey::from_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let parsed = Note::parse(&note).unwrap();
        assert!(parsed.is_signed_by(&name, &key));
        assert_eq!(parsed.print(), note);
        assert!(!Note { text: text.replace("answer", "cause"), ..parsed }.is_signed_by(&name, &key));
    }

    #[test]
    fn unknown_signatures_do_not_disturb_and_bad_ones_do() {
        let note = Note::new("a\n\nb\n".to_owned()).signed("one", &key(1)).signed("two", &key(2));
        let read = Note::parse(&note.print()).unwrap();
        assert_eq!(read, note);
        assert!(read.is_signed_by("one", &key(1).public()) && read.is_signed_by("two", &key(2).public()));
        assert!(!read.is_signed_by("one", &key(2).public()) && !read.is_signed_by("three", &key(1).public()));
        let mut spoilt = read.clone();
        spoilt.signatures.push(Signature { bytes: vec![0; 64], ..read.signatures[0].clone() });
        assert!(!spoilt.is_signed_by("one", &key(1).public()));
    }

    #[test]
    fn what_is_no_note() {
        for bad in ["", "a\n", "a\n\n", "a\n\n— x\n", "a\n\n— x AAAA", "a\n\n— x AAAAAAAA", "a\r\n\n— x AAAAAAAA\n", "a\n\n- x AAAAAAAA\n"]
        {
            assert!(Note::parse(bad).is_err(), "{bad:?}");
        }
    }
}

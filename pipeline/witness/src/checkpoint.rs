//! Checkpoints (C2SP `tlog-checkpoint`): size and root of the log, signed. In full they are a file; in a letter they are one line.

use pipeline_domain::Sha256;

use crate::{
    CheckpointKey, PublicKey, WitnessError,
    note::{Note, Signature},
    text::{base64, base64url, from_base64url, hash_from_base64, number},
};

/// What the line in a letter begins with.
const LINE_HEAD: &str = "sjekkpunkt.1.";
/// And what ends it, so that it can be broken anywhere between.
const LINE_TAIL: char = ';';
/// The longest line that a letter is given.
const LINE_WIDTH: usize = 72;
const LONGEST_LINE: usize = 320;
/// Ours are some 250 characters; other witnesses may have signed them too.
const LONGEST_NOTE: usize = 8192;

/// A log's size and root at some instant, with the signatures under them. Reading one does not verify it: `KeyHistory::judge` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root of the tree (RFC 6962).
    pub root: Sha256,
    note: Note,
}

impl Checkpoint {
    /// Signs a tree.
    pub(crate) fn sign(key: &CheckpointKey, size: u64, root: Sha256) -> Self {
        let note = Note::new(text(key.origin(), size, &root)).signed(key.origin(), key.secret());
        Self { origin: key.origin().to_owned(), size, root, note }
    }

    /// Reads the file's form.
    pub fn parse(note: &str) -> Result<Self, WitnessError> {
        let note = Note::parse(note)?;
        let mut lines = note.text.split('\n');
        let head = (lines.next(), lines.next().and_then(number), lines.next().and_then(hash_from_base64));
        let (Some(origin), Some(size), Some(root)) = head else { return Err(WitnessError::Malformed { what: "checkpoint" }) };
        if origin.is_empty() {
            return Err(WitnessError::Malformed { what: "checkpoint" });
        }
        Ok(Self { origin: origin.to_owned(), size, root, note })
    }

    /// The file's form: the signed note.
    pub fn note(&self) -> String {
        self.note.print()
    }

    /// Whether this key of the log has signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.note.is_signed_by(&self.origin, key)
    }

    /// The letter's form, in lines of at most 72 ASCII characters. The origin is not in it: whoever reads it back knows the log.
    ///
    /// `None` without an ed25519 signature of the log's own.
    pub fn lines(&self) -> Option<String> {
        if self.note.text != text(&self.origin, self.size, &self.root) {
            return None;
        }
        let signature = self.note.signatures.iter().find(|s| s.name == self.origin && s.bytes.len() == 64)?;
        let whole = format!(
            "{LINE_HEAD}{}.{}.{:08x}.{}{LINE_TAIL}",
            self.size,
            base64url(self.root.as_bytes()),
            signature.id,
            base64url(&signature.bytes)
        );
        let pieces: Vec<&str> = (0..whole.len()).step_by(LINE_WIDTH).map(|at| &whole[at..whole.len().min(at + LINE_WIDTH)]).collect();
        Some(pieces.join("\n"))
    }

    /// Every checkpoint of this log in any text: lines of letters, however they were quoted, indented or broken, and files.
    pub fn find_all(origin: &str, text: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let lines = text.match_indices(LINE_HEAD).filter_map(|(at, head)| Self::from_line(origin, &text[at + head.len()..]));
        let notes = text.match_indices(origin).filter_map(|(at, _)| Self::from_note_in(origin, &text[at..]));
        for checkpoint in lines.chain(notes) {
            if !found.contains(&checkpoint) {
                found.push(checkpoint);
            }
        }
        found
    }

    fn from_line(origin: &str, tail: &str) -> Option<Self> {
        let is_filling = |c: &char| c.is_whitespace() || matches!(c, '>' | '|');
        let body: String = tail.chars().take(LONGEST_LINE).take_while(|c| *c != LINE_TAIL).filter(|c| !is_filling(c)).collect();
        let mut parts = body.split('.');
        let (size, root) = (number(parts.next()?)?, Sha256::from_bytes(from_base64url(parts.next()?)?));
        let (id, bytes) = (u32::from_str_radix(parts.next()?, 16).ok()?, from_base64url::<64>(parts.next()?)?.to_vec());
        if parts.next().is_some() {
            return None;
        }
        let signature = Signature { name: origin.to_owned(), id, bytes };
        Some(Self { origin: origin.to_owned(), size, root, note: Note { text: text(origin, size, &root), signatures: vec![signature] } })
    }

    fn from_note_in(origin: &str, tail: &str) -> Option<Self> {
        let tail: String = tail.chars().take(LONGEST_NOTE).filter(|c| *c != '\r').collect();
        let signed = tail.find("\n\n— ")?;
        let signatures = tail[signed + 2..].split_inclusive('\n').take_while(|line| line.starts_with("— ")).map(str::len).sum::<usize>();
        let parsed = Self::parse(&tail[..signed + 2 + signatures]).ok()?;
        (parsed.origin == origin).then_some(parsed)
    }
}

fn text(origin: &str, size: u64, root: &Sha256) -> String {
    format!("{origin}\n{size}\n{}\n", base64(root.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: &str = "arkiv.example.no/9901";

    fn key() -> CheckpointKey {
        CheckpointKey::from_entropy(ORIGIN, [3; 32]).unwrap()
    }

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint::sign(&key(), size, Sha256::of(&size.to_be_bytes()))
    }

    #[test]
    fn both_forms_are_read_back_and_signed() {
        let made = checkpoint(20_852_163);
        assert_eq!(Checkpoint::parse(&made.note()).unwrap(), made);
        let lines = made.lines().unwrap();
        assert!(lines.lines().all(|l| l.len() <= 72) && lines.lines().count() <= 3, "{lines}");
        for text in [lines.clone(), made.note(), format!("Hei!\r\n{}\r\nHilsen", made.note().replace('\n', "\r\n"))] {
            let found = Checkpoint::find_all(ORIGIN, &text);
            assert_eq!(found, std::slice::from_ref(&made), "{text}");
            assert!(found[0].is_signed_by(&key().public()));
        }
        assert_eq!(Checkpoint::find_all("other.example.no", &made.note()), []);
        let other = &Checkpoint::find_all("other.example.no", &lines)[0];
        assert!(!other.is_signed_by(&key().public()), "a line counts for its own log only");
    }

    #[test]
    fn lines_survive_quoting_and_breaking() {
        let (one, two) = (checkpoint(1), checkpoint(u64::MAX));
        let quoted = |c: &Checkpoint| c.lines().unwrap().lines().map(|l| format!("> > {l}\r\n")).collect::<String>();
        let broken: String = quoted(&two).split_inclusive(['A', '7']).map(|p| format!("{p}\n > ")).collect();
        let mail = format!("Du har fått et dokument.\r\n\r\n{}\r\n> svar\r\n{}", quoted(&one), broken);
        assert_eq!(Checkpoint::find_all(ORIGIN, &mail), [one, two]);
    }

    #[test]
    fn what_is_no_checkpoint() {
        let good = checkpoint(12).note();
        for bad in [good.replace("\n12\n", "\n012\n"), good.replace("\n12\n", "\n-12\n"), good.replace("=\n", "\n"), String::new()] {
            assert!(Checkpoint::parse(&bad).is_err(), "{bad}");
        }
        let changed = Checkpoint::parse(&good.replace("\n12\n", "\n13\n")).unwrap();
        assert!(!changed.is_signed_by(&key().public()));
    }

    proptest! {
        #[test]
        fn any_text_is_searched_without_harm(text in "(sjekkpunkt\\.1\\.|[a-zA-Z0-9._>\\n —;-]|arkiv\\.example\\.no/9901\\n){0,60}") {
            let _ = Checkpoint::find_all(ORIGIN, &text);
            let _ = Checkpoint::parse(&text);
        }
    }
}

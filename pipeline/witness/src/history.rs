//! The history of keys: which key could sign what, and who vouched for it. A folder of signed notes, `0000.note` and on.
//!
//! The first note founds the history with both keys. A change is vouched for by the old key itself (rotated), or by the key of the
//! other role (lost, leaked), and always signed by the new one too. Each note names the size and root of the log at that time: the
//! old key counts up to there, so old proofs stay valid. A key that leaked counts only where the log itself agrees, and what it
//! vouched for from that size on is void. When both keys have leaked, a new founding note begins again, and whoever verifies
//! must be given its fingerprint by another way than this folder. The same goes when somebody is shown two histories that part
//! (whoever has one key can write a history in which he replaces the other): he believes neither, until he is told.

use std::path::Path;

use pipeline_domain::{Sha256, Timestamp};

use crate::{Checkpoint, CheckpointKey, FindingCode, PublicKey, Seal, SealKey, SealTerms, WitnessError, disk, key::SecretKey, note::Note};

mod words;

use words::{Change, FOUNDING, Founding};

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// Checkpoints of the log.
    Checkpoint,
    /// Seals of closed folders.
    Seal,
}

/// Why there is a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyReason {
    /// It was time. The old key vouches for the new one.
    Rotated,
    /// Nobody has the old key any more. The key of the other role vouches.
    Lost,
    /// Somebody else may have the old key. The key of the other role vouches.
    Leaked,
}

/// Size and root of the log at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Leaves.
    pub size: u64,
    /// Root.
    pub root: Sha256,
}

impl From<&Checkpoint> for TreeHead {
    fn from(c: &Checkpoint) -> Self {
        Self { size: c.size, root: c.root }
    }
}

/// A key of either role.
#[derive(Clone, Copy, Debug)]
pub enum AnyKey<'a> {
    /// One that signs checkpoints.
    Checkpoint(&'a CheckpointKey),
    /// One that seals.
    Seal(&'a SealKey),
}

impl AnyKey<'_> {
    /// What it signs.
    pub fn role(self) -> KeyRole {
        match self {
            Self::Checkpoint(_) => KeyRole::Checkpoint,
            Self::Seal(_) => KeyRole::Seal,
        }
    }

    /// What verifies it.
    pub fn public(self) -> PublicKey {
        self.secret().public()
    }

    fn secret(&self) -> &SecretKey {
        match self {
            Self::Checkpoint(key) => key.secret(),
            Self::Seal(key) => key.secret(),
        }
    }
}

/// A change of key, to be written down.
#[derive(Clone, Copy, Debug)]
pub struct KeyChange<'a> {
    /// Why.
    pub reason: KeyReason,
    /// The key that counts no further.
    pub old: PublicKey,
    /// The key that counts from here.
    pub new: AnyKey<'a>,
    /// Who vouches: the old key, or the current one of the other role.
    pub voucher: AnyKey<'a>,
    /// The log now. For a leaked key: the log as it was when the key was last known to be safe.
    pub head: TreeHead,
    /// When this is written.
    pub time: Timestamp,
}

/// How far a signature can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Made by a key that counted then.
    Good,
    /// Made by a key that has leaked since: it proves nothing against the log, only with it.
    Doubtful,
}

/// One key and how long it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTerm {
    /// The key.
    pub key: PublicKey,
    /// From this size of the log.
    pub from: u64,
    /// Up to this size. `None`: it is the current one.
    pub until: Option<u64>,
    /// Whether somebody else may have it.
    pub is_leaked: bool,
}

/// All keys that ever counted for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHistory {
    origin: String,
    fingerprint: Sha256,
    checkpoint: Vec<KeyTerm>,
    seal: Vec<KeyTerm>,
    heads: Vec<TreeHead>,
    notes: Vec<String>,
}

/// The founding note for two new keys. `head` is that of the empty log, or of what the new beginning takes over.
pub fn founding_note(checkpoint: &CheckpointKey, seal: &SealKey, head: TreeHead, time: Timestamp) -> String {
    let origin = checkpoint.origin();
    let text = Founding { origin: origin.to_owned(), head, checkpoint: checkpoint.public(), seal: seal.public() }.print(time);
    Note::new(text).signed(origin, checkpoint.secret()).signed(&seal_name(origin), seal.secret()).print()
}

impl KeyHistory {
    /// Reads notes in order, and believes what each of them was entitled to say.
    pub fn read<'a>(notes: impl IntoIterator<Item = &'a str>) -> Result<Self, WitnessError> {
        let mut notes = notes.into_iter();
        let first = notes.next().ok_or(WitnessError::History { note: 0, fault: "there is no founding note" })?;
        let mut history = Self::founded(first, 0)?;
        notes.try_for_each(|note| history.accept(note))?;
        Ok(history)
    }

    /// Reads the folder of notes.
    pub fn load(folder: &Path) -> Result<Self, WitnessError> {
        let mut notes = Vec::new();
        while let Some(bytes) =
            disk::read_if_there(&folder.join(file_name(notes.len()))).map_err(WitnessError::io("read a note of keys"))?
        {
            notes.push(String::from_utf8(bytes).map_err(|_| WitnessError::History { note: notes.len(), fault: "not text" })?);
        }
        Self::read(notes.iter().map(String::as_str))
    }

    /// Writes the newest note to the folder, durably. Earlier ones must be there.
    pub fn save_newest(&self, folder: &Path) -> Result<(), WitnessError> {
        disk::make_dirs(folder).map_err(WitnessError::io("make the folder of keys"))?;
        let (at, note) = (self.notes.len() - 1, self.notes.last().expect("a founding note"));
        disk::write_new_durably(&folder.join(file_name(at)), note.as_bytes(), 0o640).map_err(WitnessError::io("write a note of keys"))
    }

    /// Takes one more note, if it was entitled to what it says.
    pub fn accept(&mut self, note: &str) -> Result<(), WitnessError> {
        let at = self.notes.len();
        let refuse = |fault| WitnessError::History { note: at, fault };
        if note.starts_with(FOUNDING) {
            return self.begin_again(note, at);
        }
        let parsed = Note::parse(note)?;
        let change = Change::parse(&parsed.text).ok_or(refuse("not written as it should be"))?;
        if change.origin != self.origin {
            return Err(refuse("of another log"));
        }
        let other = match change.role {
            KeyRole::Checkpoint => KeyRole::Seal,
            KeyRole::Seal => KeyRole::Checkpoint,
        };
        let vouching = match change.reason {
            KeyReason::Rotated => (change.role, change.old),
            KeyReason::Lost | KeyReason::Leaked => (other, self.current(other)),
        };
        if !parsed.is_signed_by(&self.name(vouching.0), &vouching.1) {
            return Err(refuse("nobody who may do so vouches for it"));
        }
        if !parsed.is_signed_by(&self.name(change.role), &change.new) {
            return Err(refuse("the new key has not signed it"));
        }
        if self.checkpoint.iter().chain(&self.seal).any(|t| t.key == change.new) {
            return Err(refuse("the new key is an old one"));
        }
        self.take(&change).ok_or(refuse("the old key does not count at that size"))?;
        self.heads.push(change.head);
        self.notes.push(note.to_owned());
        Ok(())
    }

    /// Writes a change down and takes it. The note is in [`Self::notes`] then.
    pub fn change(&mut self, change: &KeyChange<'_>) -> Result<(), WitnessError> {
        let role = change.new.role();
        let text = Change {
            origin: self.origin.clone(),
            role,
            reason: change.reason,
            head: change.head,
            old: change.old,
            new: change.new.public(),
        };
        let text = Note::new(text.print(change.time));
        let note = text.signed(&self.name(role), change.new.secret()).signed(&self.name(change.voucher.role()), change.voucher.secret());
        self.accept(&note.print())
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Digest of the founding note's text: what a verifier is told by another way, on paper or in the configuration.
    pub fn fingerprint(&self) -> Sha256 {
        self.fingerprint
    }

    /// The notes, as they stand in the folder.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// All keys of a role, in order.
    pub fn terms(&self, role: KeyRole) -> &[KeyTerm] {
        match role {
            KeyRole::Checkpoint => &self.checkpoint,
            KeyRole::Seal => &self.seal,
        }
    }

    /// The key of this role that counts now.
    pub fn current(&self, role: KeyRole) -> PublicKey {
        self.terms(role).last().expect("a founding note gives one of each").key
    }

    /// Sizes and roots that the notes name: the log must contain each of them.
    pub fn heads(&self) -> &[TreeHead] {
        &self.heads
    }

    /// Whether a checkpoint is this log's, signed by a key that counted at its size.
    pub fn judge(&self, checkpoint: &Checkpoint) -> Result<Standing, FindingCode> {
        if checkpoint.origin != self.origin {
            return Err(FindingCode::CheckpointForeign);
        }
        let mut signed = self.checkpoint.iter().filter(|t| checkpoint.is_signed_by(&t.key)).peekable();
        signed.peek().ok_or(FindingCode::CheckpointUnsigned)?;
        let counting = signed.find(|t| checkpoint.size >= t.from && t.until.is_none_or(|u| checkpoint.size <= u));
        counting.map(KeyTerm::standing).ok_or(FindingCode::CheckpointKeyRetired)
    }

    /// Whether a seal over this inventory is by a key that counted at the sealed version's place in the log, and what it says.
    ///
    /// A doubtful one needs its own leaf in the log, before the size at which the key leaked.
    pub fn judge_seal(&self, seal: &Seal, inventory: &[u8]) -> Result<(SealTerms, Standing), FindingCode> {
        let terms = seal.terms().filter(|t| t.origin == self.origin).ok_or(FindingCode::SealInvalid)?;
        let mut signed = self.seal.iter().filter(|t| seal.is_by(&t.key, inventory)).peekable();
        signed.peek().ok_or(FindingCode::SealInvalid)?;
        let counting = signed.find(|t| t.until.is_none_or(|u| terms.seq < u)).ok_or(FindingCode::SealKeyRetired)?;
        Ok((terms, counting.standing()))
    }

    /// Whether the key that made this seal still counted when the log had `at` leaves.
    pub(crate) fn seal_counted_at(&self, seal: &Seal, inventory: &[u8], at: u64) -> bool {
        self.seal.iter().any(|t| seal.is_by(&t.key, inventory) && t.until.is_none_or(|u| at < u))
    }

    fn name(&self, role: KeyRole) -> String {
        match role {
            KeyRole::Checkpoint => self.origin.clone(),
            KeyRole::Seal => seal_name(&self.origin),
        }
    }

    fn founded(note: &str, at: usize) -> Result<Self, WitnessError> {
        let refuse = |fault| WitnessError::History { note: at, fault };
        let parsed = Note::parse(note)?;
        let Founding { origin, head, checkpoint, seal } = Founding::parse(&parsed.text).ok_or(refuse("not a founding note"))?;
        let is_signed = parsed.is_signed_by(&origin, &checkpoint) && parsed.is_signed_by(&seal_name(&origin), &seal);
        if !is_signed || checkpoint == seal {
            return Err(refuse("its two keys have not signed it"));
        }
        let term = |key| vec![KeyTerm { key, from: head.size, until: None, is_leaked: false }];
        let fingerprint = Sha256::of(parsed.text.as_bytes());
        let notes = vec![note.to_owned()];
        Ok(Self { origin, fingerprint, checkpoint: term(checkpoint), seal: term(seal), heads: vec![head], notes })
    }

    /// Both keys have leaked: everything before is doubtful, and nothing before vouches for the new keys but the fingerprint.
    fn begin_again(&mut self, note: &str, at: usize) -> Result<(), WitnessError> {
        let new = Self::founded(note, at)?;
        if new.origin != self.origin {
            return Err(WitnessError::History { note: at, fault: "of another log" });
        }
        let head = new.heads[0];
        for (old, new) in [(&mut self.checkpoint, new.checkpoint), (&mut self.seal, new.seal)] {
            for term in old.iter_mut() {
                term.until = Some(term.until.map_or(head.size, |u| u.min(head.size)));
                term.is_leaked = true;
            }
            old.extend(new);
        }
        self.fingerprint = new.fingerprint;
        self.heads.push(head);
        self.notes.extend(new.notes);
        Ok(())
    }

    fn take(&mut self, change: &Change) -> Option<()> {
        let terms = match change.role {
            KeyRole::Checkpoint => &mut self.checkpoint,
            KeyRole::Seal => &mut self.seal,
        };
        let at = terms.iter().position(|t| t.key == change.old && change.head.size >= t.from)?;
        if change.reason == KeyReason::Leaked {
            // Whoever had the key may have handed over to a key of his own.
            terms.truncate(at + 1);
        }
        let is_last = at + 1 == terms.len();
        let old = &mut terms[at];
        old.until.is_none_or(|u| change.reason == KeyReason::Leaked && change.head.size <= u).then_some(())?;
        is_last.then_some(())?;
        old.until = Some(change.head.size);
        old.is_leaked |= change.reason == KeyReason::Leaked;
        terms.push(KeyTerm { key: change.new, from: change.head.size, until: None, is_leaked: false });
        Some(())
    }
}

impl KeyTerm {
    fn standing(&self) -> Standing {
        if self.is_leaked { Standing::Doubtful } else { Standing::Good }
    }
}

fn seal_name(origin: &str) -> String {
    format!("{origin}/seal")
}

fn file_name(at: usize) -> String {
    format!("{at:04}.note")
}

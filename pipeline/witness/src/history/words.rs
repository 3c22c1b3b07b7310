//! The words of the notes: what stands above the signatures.

use pipeline_domain::Timestamp;

use crate::{
    PublicKey,
    history::{KeyReason, KeyRole, TreeHead},
    key::is_origin,
    text::{base64, from_base64, hash_from_base64, number},
};

/// First line of a founding note.
pub(super) const FOUNDING: &str = "arkivflyt keys 1";
const CHANGE: &str = "arkivflyt key change 1";

/// A beginning with two keys.
pub(super) struct Founding {
    pub(super) origin: String,
    pub(super) head: TreeHead,
    pub(super) checkpoint: PublicKey,
    pub(super) seal: PublicKey,
}

impl Founding {
    /// As it is signed.
    pub(super) fn print(&self, time: Timestamp) -> String {
        format!(
            "{FOUNDING}\norigin {}\nsize {}\nroot {}\ntime {}\ncheckpoint {}\nseal {}\n",
            self.origin,
            self.head.size,
            base64(self.head.root.as_bytes()),
            time.rfc3339_utc(),
            base64(self.checkpoint.as_bytes()),
            base64(self.seal.as_bytes())
        )
    }

    /// Reads it back.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = Lines::after(text, FOUNDING)?;
        let origin = lines.word("origin").filter(|o| is_origin(o))?.to_owned();
        let head = lines.head()?;
        lines.word("time")?.parse::<Timestamp>().ok()?;
        let (checkpoint, seal) = (lines.key("checkpoint")?, lines.key("seal")?);
        lines.end()?;
        Some(Self { origin, head, checkpoint, seal })
    }
}

/// A change of key.
pub(super) struct Change {
    pub(super) origin: String,
    pub(super) role: KeyRole,
    pub(super) reason: KeyReason,
    pub(super) head: TreeHead,
    pub(super) old: PublicKey,
    pub(super) new: PublicKey,
}

impl Change {
    /// As it is signed.
    pub(super) fn print(&self, time: Timestamp) -> String {
        let role = match self.role {
            KeyRole::Checkpoint => "checkpoint",
            KeyRole::Seal => "seal",
        };
        let reason = match self.reason {
            KeyReason::Rotated => "rotated",
            KeyReason::Lost => "lost",
            KeyReason::Leaked => "leaked",
        };
        format!(
            "{CHANGE}\norigin {}\nrole {role}\nreason {reason}\nsize {}\nroot {}\ntime {}\nold {}\nnew {}\n",
            self.origin,
            self.head.size,
            base64(self.head.root.as_bytes()),
            time.rfc3339_utc(),
            base64(self.old.as_bytes()),
            base64(self.new.as_bytes())
        )
    }

    /// Reads it back.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = Lines::after(text, CHANGE)?;
        let origin = lines.word("origin")?.to_owned();
        let role = match lines.word("role")? {
            "checkpoint" => KeyRole::Checkpoint,
            "seal" => KeyRole::Seal,
            _ => return None,
        };
        let reason = match lines.word("reason")? {
            "rotated" => KeyReason::Rotated,
            "lost" => KeyReason::Lost,
            "leaked" => KeyReason::Leaked,
            _ => return None,
        };
        let head = lines.head()?;
        lines.word("time")?.parse::<Timestamp>().ok()?;
        let (old, new) = (lines.key("old")?, lines.key("new")?);
        lines.end()?;
        Some(Self { origin, role, reason, head, old, new })
    }
}

/// Lines of `name value`, in order.
struct Lines<'a>(std::str::Split<'a, char>);

impl<'a> Lines<'a> {
    fn after(text: &'a str, head: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        (lines.next()? == head).then_some(Self(lines))
    }

    fn word(&mut self, name: &str) -> Option<&'a str> {
        self.0.next()?.strip_prefix(name)?.strip_prefix(' ')
    }

    fn head(&mut self) -> Option<TreeHead> {
        Some(TreeHead { size: number(self.word("size")?)?, root: hash_from_base64(self.word("root")?)? })
    }

    fn key(&mut self, name: &str) -> Option<PublicKey> {
        from_base64(self.word(name)?).map(PublicKey::from_bytes)
    }

    fn end(mut self) -> Option<()> {
        (self.0.next() == Some("") && self.0.next().is_none()).then_some(())
    }
}

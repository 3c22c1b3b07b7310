//! Leaves: what the log says happened, one line of canonical JSON each. Ids and digests only, never a word about a person.

use std::str::FromStr;

use pipeline_domain::{ActorId, CaseFolderId, Sha256, Sha512, Timestamp, canonical_json};
use serde_json::{Map, Value, json};

use crate::WitnessError;

/// Who did it: a pseudonym, or the program itself.
const PROGRAM: &str = "pipeline";

/// One leaf of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every leaf is a commit, and groups of them are short-lived")]
pub enum Leaf {
    /// Something happened to a version of a case folder: the log of the archive.
    Commit(Commit),
    /// The access log has reached this row: the log of the access log.
    Access(AccessHead),
}

/// A version of a case folder, and what was done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// When.
    pub time: Timestamp,
    /// Which folder.
    pub object: CaseFolderId,
    /// Which version of it, from 1.
    pub head: u32,
    /// Of the version's `inventory.json`.
    pub inventory: Sha512,
    /// Of the version before. `None` in the first.
    pub previous: Option<Sha512>,
    /// By whom. `None`: by the program itself.
    pub actor: Option<ActorId>,
    /// In which job, if it was one.
    pub job: Option<i64>,
    /// What was done.
    pub deed: Deed,
}

/// What was done with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It was placed. Not named in the JSON: nearly all are.
    Placed,
    /// It was sealed, with a seal file of this digest.
    Sealed(Sha512),
    /// The folder was disposed of (kassert, slettet) after this version, so that it need not be there any more.
    Disposed,
}

/// How far the access log's chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessHead {
    /// When that was.
    pub time: Timestamp,
    /// Rows so far.
    pub rows: u64,
    /// Digest of the last row.
    pub digest: Sha256,
}

impl Leaf {
    /// The entry as number `seq` of its log.
    pub fn entry(&self, seq: u64) -> Vec<u8> {
        let value = match self {
            Self::Commit(commit) => commit.json(seq),
            Self::Access(head) => {
                json!({ "seq": seq, "time": head.time.rfc3339_utc(), "access_rows": head.rows, "access_sha256": head.digest.to_string() })
            }
        };
        canonical_json(&value)
    }

    /// Reads an entry: its number and what it says. Only the one spelling that [`Self::entry`] gives is read.
    pub fn parse(entry: &[u8]) -> Result<(u64, Self), WitnessError> {
        let read = || {
            let value: Value = serde_json::from_slice(entry).ok()?;
            let object = value.as_object()?;
            let seq = object.get("seq")?.as_u64()?;
            let leaf = if object.contains_key("access_rows") { Self::Access(access(object)?) } else { Self::Commit(commit(object)?) };
            (leaf.entry(seq) == entry).then_some((seq, leaf))
        };
        read().ok_or(WitnessError::Malformed { what: "leaf" })
    }
}

impl Commit {
    fn json(&self, seq: u64) -> Value {
        let mut value = json!({
            "seq": seq,
            "time": self.time.rfc3339_utc(),
            "object": self.object.to_string(),
            "head": self.head,
            "inventory_sha512": self.inventory.to_string(),
            "previous_inventory_sha512": self.previous.map(|p| p.to_string()),
            "actor": self.actor.map_or_else(|| PROGRAM.to_owned(), |a| a.to_string()),
            "job": self.job,
        });
        match self.deed {
            Deed::Placed => {}
            Deed::Sealed(seal) => value["sealed_sha512"] = seal.to_string().into(),
            Deed::Disposed => value["disposed"] = true.into(),
        }
        value
    }
}

fn text<T: FromStr>(object: &Map<String, Value>, key: &str) -> Option<T> {
    object.get(key)?.as_str()?.parse().ok()
}

fn commit(object: &Map<String, Value>) -> Option<Commit> {
    let deed = match (object.get("sealed_sha512"), object.get("disposed")) {
        (None, None) => Deed::Placed,
        (Some(_), None) => Deed::Sealed(text(object, "sealed_sha512")?),
        (None, Some(_)) => Deed::Disposed,
        (Some(_), Some(_)) => return None,
    };
    Some(Commit {
        time: text(object, "time")?,
        object: text(object, "object")?,
        head: object.get("head")?.as_u64()?.try_into().ok()?,
        inventory: text(object, "inventory_sha512")?,
        previous: if object.get("previous_inventory_sha512")?.is_null() { None } else { Some(text(object, "previous_inventory_sha512")?) },
        actor: if object.get("actor")? == PROGRAM { None } else { Some(text(object, "actor")?) },
        job: if object.get("job")?.is_null() { None } else { Some(object.get("job")?.as_i64()?) },
        deed,
    })
}

fn access(object: &Map<String, Value>) -> Option<AccessHead> {
    Some(AccessHead { time: text(object, "time")?, rows: object.get("access_rows")?.as_u64()?, digest: text(object, "access_sha256")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        Commit {
            time: "2026-11-23T08:30:00Z".parse().unwrap(),
            object: "9901/2026/000123".parse().unwrap(),
            head: 2,
            inventory: Sha512::of(b"two"),
            previous: Some(Sha512::of(b"one")),
            actor: None,
            job: Some(7),
            deed: Deed::Placed,
        }
    }

    #[test]
    fn a_leaf_has_one_spelling() {
        let entry = String::from_utf8(Leaf::Commit(commit()).entry(41)).unwrap();
        let (one, two) = (Sha512::of(b"one"), Sha512::of(b"two"));
        assert_eq!(
            entry,
            format!(
                r#"{{"actor":"pipeline","head":2,"inventory_sha512":"{two}","job":7,"object":"9901/2026/000123","previous_inventory_sha512":"{one}","seq":41,"time":"2026-11-23T08:30:00Z"}}"#
            )
        );
        for spoilt in [
            entry.replace("\"job\":7", "\"job\": 7"),
            entry.replace("\"head\":2", "\"head\":2,\"name\":\"x\""),
            entry.replace("Z", "+00:00"),
        ] {
            assert!(Leaf::parse(spoilt.as_bytes()).is_err(), "{spoilt}");
        }
    }

    #[test]
    fn every_kind_is_read_back() {
        let actor = Some("0197e1a0-0000-7000-8000-000000000001".parse().unwrap());
        let access = AccessHead { time: commit().time, rows: 9, digest: Sha256::of(b"row") };
        for leaf in [
            Leaf::Commit(commit()),
            Leaf::Commit(Commit { previous: None, head: 1, job: None, actor, ..commit() }),
            Leaf::Commit(Commit { deed: Deed::Sealed(Sha512::of(b"seal")), ..commit() }),
            Leaf::Commit(Commit { deed: Deed::Disposed, ..commit() }),
            Leaf::Access(access),
        ] {
            assert_eq!(Leaf::parse(&leaf.entry(3)).unwrap(), (3, leaf));
        }
    }
}

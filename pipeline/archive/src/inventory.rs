//! The inventory that we write: sorted keys, no white space, so that equal content gives equal bytes.

use std::collections::BTreeMap;

use pipeline_domain::{Sha256, Sha512};
use serde::{Deserialize, Serialize};
use sha2::Digest;

/// Paths by digest.
pub(crate) type Manifest = BTreeMap<String, Vec<String>>;

/// `type` of an OCFL 1.1 inventory.
pub(crate) const TYPE: &str = "https://ocfl.io/1.1/spec/#inventory";
/// Who made the versions, as `user` of each: the program, never a person.
pub(crate) const AGENT_NAME: &str = "Arkivflyt";
pub(crate) const AGENT_ADDRESS: &str = "urn:arkivflyt:arkiv";

/// OCFL 1.1 § 3.5. Fields in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inventory {
    #[serde(rename = "digestAlgorithm")]
    pub digest_algorithm: String,
    pub fixity: BTreeMap<String, Manifest>,
    pub head: String,
    pub id: String,
    pub manifest: Manifest,
    #[serde(rename = "type")]
    pub kind: String,
    pub versions: BTreeMap<String, Version>,
}

/// OCFL 1.1 § 3.5.3.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    pub created: String,
    pub message: String,
    pub state: Manifest,
    pub user: User,
}

/// Who made a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub address: String,
    pub name: String,
}

/// Both digests of one file, from one pass over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digests {
    pub sha512: Sha512,
    pub sha256: Sha256,
}

impl Digests {
    /// Takes the bytes in pieces that stay in the nearest cache for the second algorithm.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::default();
        digester.update(bytes);
        digester.finish()
    }
}

/// Makes both digests of what comes in pieces.
#[derive(Default)]
pub(crate) struct Digester {
    long: sha2::Sha512,
    short: sha2::Sha256,
}

impl Digester {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(16 * 1024) {
            self.long.update(piece);
            self.short.update(piece);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        Digests { sha512: Sha512::from_bytes(self.long.finalize().into()), sha256: Sha256::from_bytes(self.short.finalize().into()) }
    }
}

impl Inventory {
    /// An inventory without versions.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            digest_algorithm: "sha512".to_owned(),
            fixity: BTreeMap::from([("sha256".to_owned(), Manifest::new())]),
            head: "v0".to_owned(),
            id: id.to_owned(),
            manifest: Manifest::new(),
            kind: TYPE.to_owned(),
            versions: BTreeMap::new(),
        }
    }

    /// The bytes that go to disk.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("maps of strings are JSON")
    }

    /// Reads back what we wrote. `None` for anything that is not of that shape.
    pub(crate) fn from_json(bytes: &[u8]) -> Option<Self> {
        let inventory: Self = serde_json::from_slice(bytes).ok()?;
        (inventory.kind == TYPE && inventory.digest_algorithm == "sha512" && inventory.versions.contains_key(&inventory.head))
            .then_some(inventory)
    }

    /// Digest by logical path in one version; empty for a version that is not there.
    pub(crate) fn state(&self, version: &str) -> BTreeMap<&str, &str> {
        let state = self.versions.get(version).map(|v| &v.state);
        state.into_iter().flatten().flat_map(|(digest, paths)| paths.iter().map(move |p| (p.as_str(), digest.as_str()))).collect()
    }

    /// Where the bytes with this digest lie.
    pub(crate) fn content_path(&self, sha512: &str) -> Option<&str> {
        self.manifest.get(sha512)?.first().map(String::as_str)
    }

    /// Enters a stored file.
    pub(crate) fn add_content(&mut self, digests: &Digests, content_path: String) {
        self.fixity.entry("sha256".to_owned()).or_default().entry(digests.sha256.to_string()).or_default().push(content_path.clone());
        self.manifest.entry(digests.sha512.to_string()).or_default().push(content_path);
    }
}

/// The sidecar for an inventory: what `sha512sum` would print for it, and check.
pub(crate) fn sidecar(inventory: &Sha512) -> String {
    format!("{inventory}  {}\n", crate::layout::INVENTORY)
}

/// The chain file of the version after `previous`: for `sha512sum -c` from the case folder.
pub(crate) fn chain(previous: u32, inventory: &Sha512) -> String {
    format!("{inventory}  v{previous}/{}\n", crate::layout::INVENTORY)
}

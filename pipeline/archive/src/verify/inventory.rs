//! Reads any inventory (OCFL 1.1 § 3.5; 1.0 differs in nothing that matters here) as far as it can be read, and says all that
//! is wrong with it.

use std::collections::HashSet;

use super::{
    algorithm::Algorithm,
    finding::Report,
    json::Json,
    paths::{PathFault, conflicting, is_rfc3339, is_uri, path_faults, version_name},
};

/// Paths by digest, in the order and spelling of the file.
pub(super) type Entries = Vec<(String, Vec<String>)>;

/// Version of the specification that an inventory or declaration names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spec {
    V1_0,
    V1_1,
}

impl Spec {
    pub(super) fn named(version: &str) -> Option<Self> {
        match version {
            "1.0" => Some(Self::V1_0),
            "1.1" => Some(Self::V1_1),
            _ => None,
        }
    }
}

/// What could be read of an inventory.
#[derive(Default)]
pub(super) struct Inventory {
    pub id: Option<String>,
    pub spec: Option<Spec>,
    /// As written, known or not.
    pub algorithm_name: Option<String>,
    pub algorithm: Option<Algorithm>,
    pub head: Option<String>,
    /// Only if the inventory sets it, and to something possible.
    pub content_directory: Option<String>,
    pub manifest: Entries,
    pub versions: Vec<(String, Block)>,
    pub fixity: Vec<(Algorithm, Entries)>,
}

/// A version block.
#[derive(Default)]
pub(super) struct Block {
    pub created: Option<Json>,
    pub message: Option<Json>,
    pub user: Option<Json>,
    pub state: Entries,
}

impl Inventory {
    /// Name of the folder with content in each version folder.
    pub(super) fn content_name(&self) -> &str {
        self.content_directory.as_deref().unwrap_or("content")
    }

    /// The block of one version.
    pub(super) fn block(&self, version: &str) -> Option<&Block> {
        self.versions.iter().find(|(name, _)| name == version).map(|(_, block)| block)
    }
}

/// Reads one inventory. `None` if it is not a JSON object.
pub(super) fn read(bytes: &[u8], report: &mut Report, at: &str) -> Option<Inventory> {
    let json = Json::parse(bytes);
    let Some(json) = json.filter(|j| j.object().is_some()) else {
        report.add("E033", at, "not a JSON object in UTF-8");
        return None;
    };
    let mut reader = Reader { report, at };
    if json.has_twins() {
        reader.add("E033", "a key stands twice");
    }
    reader.keys(&json, &["id", "type", "digestAlgorithm", "head", "contentDirectory", "manifest", "versions", "fixity"]);
    let mut inventory = Inventory::default();
    reader.basics(&json, &mut inventory);
    reader.manifest(&json, &mut inventory);
    reader.versions(&json, &mut inventory);
    reader.fixity(&json, &mut inventory);
    Some(inventory)
}

struct Reader<'a> {
    report: &'a mut Report,
    at: &'a str,
}

impl Reader<'_> {
    fn add(&mut self, code: &'static str, detail: &'static str) {
        self.report.add(code, self.at, detail);
    }

    fn keys(&mut self, json: &Json, known: &[&str]) {
        if json.object().is_some_and(|members| members.iter().any(|(key, _)| !known.contains(&key.as_str()))) {
            self.add("E102", "a key that the standard does not know");
        }
    }

    fn basics(&mut self, json: &Json, inventory: &mut Inventory) {
        for key in ["id", "type", "digestAlgorithm", "head"] {
            if json.get(key).is_none() {
                self.add("E036", "a required key is missing");
            }
        }
        if let Some(id) = json.get("id") {
            match id.text().filter(|t| !t.is_empty()) {
                None => self.add("E037", "id is not a text"),
                Some(text) => {
                    if !is_uri(text) {
                        self.add("W005", "id is not a URI");
                    }
                    inventory.id = Some(text.to_owned());
                }
            }
        }
        if let Some(kind) = json.get("type") {
            let version = kind.text().and_then(|t| t.strip_prefix("https://ocfl.io/")?.strip_suffix("/spec/#inventory"));
            inventory.spec = version.and_then(Spec::named);
            if inventory.spec.is_none() {
                self.add("E038", "type names no known version of the standard");
            }
        }
        if let Some(algorithm) = json.get("digestAlgorithm") {
            inventory.algorithm_name = algorithm.text().map(str::to_owned);
            inventory.algorithm = algorithm.text().and_then(Algorithm::named);
            match inventory.algorithm {
                Some(Algorithm::Sha512) => {}
                Some(Algorithm::Sha256) => self.add("W004", "sha512 is preferred"),
                _ => self.add("E025", "digest algorithm is neither sha512 nor sha256"),
            }
        }
        if let Some(head) = json.get("head") {
            inventory.head = head.text().map(str::to_owned);
            if inventory.head.as_deref().and_then(version_name).is_none() {
                self.add("E040", "head is not the name of a version folder");
            }
        }
        self.content_directory(json, inventory);
    }

    fn content_directory(&mut self, json: &Json, inventory: &mut Inventory) {
        let Some(value) = json.get("contentDirectory") else { return };
        match value.text() {
            Some("." | "..") => self.report.add_all(&["E018", "E108"], self.at, "content directory is not below the version folder"),
            Some(name) if name.contains('/') => self.report.add_all(&["E017", "E108"], self.at, "content directory has a slash"),
            Some("") | None => self.report.add_all(&["E017", "E108"], self.at, "content directory is not a name"),
            Some(name) => inventory.content_directory = Some(name.to_owned()),
        }
    }

    fn manifest(&mut self, json: &Json, inventory: &mut Inventory) {
        let Some(manifest) = json.get("manifest") else {
            return self.add("E041", "manifest is missing");
        };
        let Some(members) = manifest.object() else {
            return self.report.add_all(&["E041", "E106"], self.at, "manifest is not an object");
        };
        if has_twin_digests(members) {
            self.add("E096", "a digest stands twice in the manifest");
        }
        inventory.manifest = self.entries(members, "E092");
        if let Some(algorithm) = inventory.algorithm
            && inventory.manifest.iter().any(|(digest, _)| !algorithm.fits(digest))
        {
            self.add("E039", "a key of the manifest is not a digest by the named algorithm");
        }
        for (_, paths) in &inventory.manifest {
            if paths.is_empty() {
                self.add("E092", "a digest without content path");
            }
            paths.iter().for_each(|p| self.content_path(p));
        }
        if !conflicting(inventory.manifest.iter().flat_map(|(_, paths)| paths).map(String::as_str)).is_empty() {
            self.add("E101", "a content path stands twice, or is the beginning of another one");
        }
    }

    fn versions(&mut self, json: &Json, inventory: &mut Inventory) {
        let Some(versions) = json.get("versions") else {
            return self.report.add_all(&["E041", "E043", "E044"], self.at, "versions is missing");
        };
        let Some(members) = versions.object() else {
            return self.report.add_all(&["E044", "E045"], self.at, "versions is not an object");
        };
        if members.is_empty() {
            self.add("E008", "no versions");
        }
        if versions.has_twins() {
            self.add("E033", "a version stands twice");
        }
        let known: HashSet<&str> = inventory.manifest.iter().map(|(digest, _)| digest.as_str()).collect();
        let mut blocks = Vec::new();
        for (name, value) in members {
            if version_name(name).is_none() {
                self.add("E046", "a version bears no version's name");
            }
            if value.object().is_none() {
                self.add("E047", "a version is not an object");
            }
            blocks.push((name.clone(), self.block(value, &known)));
        }
        let used: HashSet<String> = blocks.iter().flat_map(|(_, b)| &b.state).map(|(digest, _)| digest.to_ascii_lowercase()).collect();
        if known.iter().any(|digest| !used.contains(&digest.to_ascii_lowercase())) {
            self.add("E107", "a digest of the manifest is in no version's state");
        }
        inventory.versions = blocks;
    }

    fn block(&mut self, value: &Json, known: &HashSet<&str>) -> Block {
        if value.object().is_none() {
            return Block::default();
        }
        self.keys(value, &["created", "state", "message", "user"]);
        if value.has_twins() {
            self.add("E033", "a key of a version stands twice");
        }
        let block = |key: &str| value.get(key).cloned();
        let (created, message, user) = (block("created"), block("message"), block("user"));
        match &created {
            None => self.add("E048", "a version without time of creation"),
            Some(at) if !at.text().is_some_and(is_rfc3339) => self.add("E049", "time of creation is not RFC 3339 with seconds and offset"),
            Some(_) => {}
        }
        match &message {
            None => self.add("W007", "a version without message"),
            Some(message) if message.text().is_none() => self.add("E094", "message is not a text"),
            Some(_) => {}
        }
        match &user {
            None => self.add("W007", "a version without user"),
            Some(user) => self.user(user),
        }
        let state = match value.get("state") {
            None => {
                self.add("E048", "a version without state");
                Entries::new()
            }
            Some(state) => self.state(state, known),
        };
        Block { created, message, user, state }
    }

    fn user(&mut self, user: &Json) {
        if user.object().is_none() {
            return self.add("E054", "user is not an object");
        }
        self.keys(user, &["name", "address"]);
        if user.has_twins() {
            self.add("E033", "a key of a user stands twice");
        }
        if user.get("name").and_then(Json::text).is_none_or(str::is_empty) {
            self.add("E054", "user without name");
        }
        match user.get("address") {
            None => self.add("W008", "user without address"),
            Some(address) if !address.text().is_some_and(is_uri) => self.add("W009", "address of a user is not a URI"),
            Some(_) => {}
        }
    }

    fn state(&mut self, state: &Json, known: &HashSet<&str>) -> Entries {
        let Some(members) = state.object() else {
            self.add("E050", "state is not an object");
            return Entries::new();
        };
        if has_twin_digests(members) {
            self.add("E050", "a digest stands twice in a state");
        }
        let entries = self.entries(members, "E051");
        if entries.iter().any(|(digest, _)| !known.contains(digest.as_str())) {
            self.add("E050", "a digest of a state is not in the manifest");
        }
        for fault in entries.iter().flat_map(|(_, paths)| paths).flat_map(|p| path_faults(p)) {
            match fault {
                PathFault::Element => self.add("E052", "a logical path has an empty, `.` or `..` element"),
                PathFault::OuterSlash => self.add("E053", "a logical path begins or ends with a slash"),
            }
        }
        if !conflicting(entries.iter().flat_map(|(_, paths)| paths).map(String::as_str)).is_empty() {
            self.add("E095", "a logical path stands twice, or is the beginning of another one");
        }
        entries
    }

    fn fixity(&mut self, json: &Json, inventory: &mut Inventory) {
        let Some(fixity) = json.get("fixity") else { return };
        let Some(members) = fixity.object() else {
            return self.report.add_all(&["E111", "E056"], self.at, "fixity is not an object");
        };
        if fixity.has_twins() {
            self.add("E033", "a fixity algorithm stands twice");
        }
        for (name, block) in members {
            let Some(members) = block.object() else {
                self.add("E057", "a fixity block is not an object");
                continue;
            };
            if has_twin_digests(members) {
                self.add("E097", "a digest stands twice in a fixity block");
            }
            let entries = self.entries(members, "E057");
            entries.iter().flat_map(|(_, paths)| paths).for_each(|p| self.content_path(p));
            match Algorithm::named(name) {
                Some(algorithm) => inventory.fixity.push((algorithm, entries)),
                // E028: what a client does not support it must ignore.
                None => self.report.advise("A090", self.at, "a fixity algorithm that is not known here was not checked"),
            }
        }
    }

    fn content_path(&mut self, path: &str) {
        for fault in path_faults(path) {
            match fault {
                PathFault::Element => self.add("E099", "a content path has an empty, `.` or `..` element"),
                PathFault::OuterSlash => self.add("E100", "a content path begins or ends with a slash"),
            }
        }
    }

    /// Members that are arrays of texts; the others are told and left out.
    fn entries(&mut self, members: &[(String, Json)], code: &'static str) -> Entries {
        let mut entries = Entries::new();
        for (digest, paths) in members {
            match paths.texts() {
                Some(paths) => entries.push((digest.clone(), paths)),
                None => {
                    self.add(code, "the value of a digest is not an array of texts");
                    entries.push((digest.clone(), Vec::new()));
                }
            }
        }
        entries
    }
}

/// Digests are the same whatever their case.
fn has_twin_digests(members: &[(String, Json)]) -> bool {
    let mut seen = HashSet::new();
    !members.iter().all(|(digest, _)| seen.insert(digest.to_ascii_lowercase()))
}

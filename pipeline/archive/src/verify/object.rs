//! One object, from its declaration to the last byte of its content (OCFL § 3).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    Verification,
    algorithm::Algorithm,
    content::{Claim, Content, Kind, entries, is_foreign, join, read_small},
    finding::Report,
    history::{compare, compare_chain},
    inventory::{Inventory, Spec, read},
    manner::Manner,
    paths::{is_registered_extension, version_name},
};

const INVENTORY: &str = "inventory.json";

/// Judges any OCFL 1.0 or 1.1 object, ours or not. Never panics, follows no link, and tells everything it can find.
pub fn verify_object(path: &Path) -> Verification {
    verify_object_in(path, Manner::default())
}

/// The same in another manner.
pub(super) fn verify_object_in(path: &Path, manner: Manner<'_>) -> Verification {
    examine(path, manner).verification
}

/// What was read of an object, for who has more to ask of it: an inventory is long, and is read and digested once.
#[derive(Default)]
pub(super) struct Examined {
    pub verification: Verification,
    /// The newest.
    pub inventory: Option<Inventory>,
    /// SHA-512 of the inventory in each folder that has a sidecar of that kind.
    pub digests: BTreeMap<String, String>,
    /// Bytes of the sidecars, by folder.
    pub sidecars: BTreeMap<String, Vec<u8>>,
}

/// Judges an object, and keeps what was read.
pub(super) fn examine(path: &Path, manner: Manner<'_>) -> Examined {
    let mut report = Report::default();
    let (folders, sidecars, digests) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut object = Object { root: path, report: &mut report, spec: None, folders, sidecars, digests };
    let (mut verification, inventory) = object.examine(manner);
    let Object { sidecars, digests, folders, .. } = object;
    verification.findings = report.finish();
    let digest_of = |name: &String| digests.get(name).and_then(|digest| digest.parse().ok());
    verification.inventories = folders.iter().filter_map(|(number, name)| Some((*number, digest_of(name)?))).collect();
    Examined { verification, inventory, digests, sidecars }
}

/// Specification version that an object's declaration names, for comparison with its storage root's.
pub(super) fn declared_spec(names: &BTreeMap<String, Kind>) -> Option<Spec> {
    names.keys().find_map(|n| Spec::named(n.strip_prefix("0=ocfl_object_")?))
}

struct Object<'a> {
    root: &'a Path,
    report: &'a mut Report,
    spec: Option<Spec>,
    /// Version folders by number.
    folders: BTreeMap<u32, String>,
    /// Bytes of the sidecars met, by folder.
    sidecars: BTreeMap<String, Vec<u8>>,
    /// SHA-512 of the inventories met, by folder.
    digests: BTreeMap<String, String>,
}

impl Object<'_> {
    fn examine(&mut self, manner: Manner<'_>) -> (Verification, Option<Inventory>) {
        let names = match entries(self.root) {
            Ok(names) => names,
            Err(_) => {
                self.report.add("A001", "", "cannot be read");
                self.report.add_all(&["E003", "E063"], "", "not a readable folder");
                return Default::default();
            }
        };
        self.declaration(&names);
        let bytes = self.inventory_bytes("", &names);
        let root = bytes.as_deref().and_then(|b| read(b, self.report, INVENTORY));
        self.root_entries(&names, root.as_ref());
        self.sidecar("", &names, bytes.as_deref(), root.as_ref(), false);
        let Some(root) = root else { return Default::default() };
        if root.spec.is_some() && self.spec.is_some() && root.spec != self.spec {
            self.report.add("E038", INVENTORY, "type is of another version of the standard than the declaration");
        }
        self.sequence(&root);
        let mut content = Content::default();
        let older = self.version_folders(&root, bytes.as_deref().unwrap_or_default(), &mut content);
        compare_chain(&root, &older, self.report);
        for (name, inventory) in &older {
            compare(&root, name, inventory, self.report);
        }
        self.claims(&root, INVENTORY, u32::MAX, &mut content);
        for (name, inventory) in &older {
            let upto = version_name(name).map_or(0, |(n, _)| n);
            self.claims(inventory, &join(name, INVENTORY), upto, &mut content);
        }
        let (files, bytes) = content.check(self.root, manner, self.report);
        let (object_id, head) = (root.id.clone(), root.head.clone());
        (Verification { files, bytes, object_id, head, ..Verification::default() }, Some(root))
    }

    fn declaration(&mut self, names: &BTreeMap<String, Kind>) {
        let mut found = 0;
        for (name, kind) in names {
            let Some((tag, value)) = name.split_once('=') else { continue };
            if *kind != Kind::File {
                continue;
            }
            let version = value.strip_prefix("ocfl_object_");
            if tag != "0" {
                self.report.add(if version.is_some() { "E005" } else { "E001" }, name, "not a declaration of an object");
                continue;
            }
            found += 1;
            match version.map(Spec::named) {
                None => self.report.add_all(&["E004", "E006"], name, "not a declaration of an object"),
                Some(None) => self.report.add("E004", name, "declares an unknown version of the standard"),
                Some(spec) => self.spec = spec,
            }
            match read_small(&self.root.join(name)) {
                Ok(text) if text == format!("{value}\n").as_bytes() => {}
                Ok(_) => self.report.add("E007", name, "text of the declaration is not its name"),
                Err(_) => self.report.add("A001", name, "cannot be read"),
            }
        }
        match found {
            1 => {}
            0 => self.report.add("E003", "", "no declaration of an object"),
            _ => self.report.add("E003", "", "more than one declaration"),
        }
    }

    /// The inventory in a folder of this object.
    fn inventory_bytes(&mut self, folder: &str, names: &BTreeMap<String, Kind>) -> Option<Vec<u8>> {
        let path = join(folder, INVENTORY);
        match names.get(INVENTORY) {
            Some(Kind::File) => match read_small(&self.root.join(&path)) {
                Ok(bytes) => return Some(bytes),
                Err(_) => self.report.add("A001", &path, "cannot be read"),
            },
            _ if folder.is_empty() => self.report.add("E063", "", "no inventory"),
            _ => self.report.add("W010", folder, "version without inventory"),
        }
        None
    }

    fn root_entries(&mut self, names: &BTreeMap<String, Kind>, inventory: Option<&Inventory>) {
        let sidecar = sidecar_name(inventory);
        for (name, kind) in names {
            if is_foreign(*kind, name, self.report) {
                continue;
            }
            match (kind, version_name(name)) {
                (Kind::Folder, Some((number, _))) => {
                    if self.folders.insert(number, name.clone()).is_some() {
                        self.report.add("E012", name, "two folders for one version");
                    }
                }
                (Kind::Folder, None) if name == "logs" => {}
                (Kind::Folder, None) if name == "extensions" => self.extensions(),
                (Kind::File, _) if name == INVENTORY || name.contains('=') => {}
                (Kind::File, _) if is_sidecar(name, sidecar.as_deref()) => {}
                (Kind::File, _) => self.report.add("E001", name, "file that does not belong here"),
                _ => self.report.add("E001", name, "folder that does not belong here"),
            }
        }
    }

    fn extensions(&mut self) {
        match entries(&self.root.join("extensions")) {
            Err(_) => self.report.add("A001", "extensions", "cannot be read"),
            Ok(names) => {
                for (name, kind) in names {
                    let path = join("extensions", &name);
                    if is_foreign(kind, &path, self.report) {
                        continue;
                    }
                    if kind == Kind::File {
                        self.report.add("E067", &path, "file among the extensions");
                    } else if !is_registered_extension(&name) {
                        self.report.add("W013", &path, "extension that is not registered");
                    }
                }
            }
        }
    }

    /// Checks an inventory against its sidecar.
    fn sidecar(
        &mut self,
        folder: &str,
        names: &BTreeMap<String, Kind>,
        inventory: Option<&[u8]>,
        parsed: Option<&Inventory>,
        is_root_copy: bool,
    ) {
        let wanted = sidecar_name(parsed);
        let found: Vec<&String> = names.keys().filter(|n| is_sidecar(n, wanted.as_deref())).collect();
        let at = |name: &str| join(folder, name);
        if let Some(wanted) = &wanted {
            for other in found.iter().filter(|n| **n != wanted) {
                self.report.add("E059", &at(other), "sidecar for another algorithm than the inventory's");
                self.report.add(if folder.is_empty() { "E001" } else { "E015" }, &at(other), "file that does not belong here");
            }
        }
        let Some(inventory) = inventory else {
            for name in found.iter().filter(|_| !folder.is_empty()) {
                self.report.add("E015", &at(name), "sidecar without inventory");
            }
            return;
        };
        let name = wanted.or_else(|| found.first().map(|n| (*n).clone()));
        let Some(name) = name.filter(|n| names.get(n) == Some(&Kind::File)) else {
            return self.report.add("E058", &at(INVENTORY), "inventory without sidecar");
        };
        let path = at(&name);
        let Ok(bytes) = read_small(&self.root.join(&path)) else {
            return self.report.add("A001", &path, "cannot be read");
        };
        match sidecar_digest(&bytes) {
            None => self.report.add("E061", &path, "not of the form `DIGEST inventory.json`"),
            Some(digest) => {
                let algorithm = Algorithm::named(name.trim_start_matches("inventory.json."));
                let own = algorithm.map(|algorithm| self.digest(folder, algorithm, inventory, is_root_copy));
                if own.is_some_and(|own| own != digest.to_ascii_lowercase()) {
                    self.report.add("E060", &path, "inventory does not match its sidecar");
                }
            }
        }
        self.sidecars.insert(folder.to_owned(), bytes);
    }

    /// Digest of the inventory in a folder. That of a copy of the root's is known.
    fn digest(&mut self, folder: &str, algorithm: Algorithm, inventory: &[u8], is_root_copy: bool) -> String {
        let known = self.digests.get("").filter(|_| is_root_copy && algorithm == Algorithm::Sha512);
        let digest = known.cloned().unwrap_or_else(|| algorithm.of(inventory));
        if algorithm == Algorithm::Sha512 {
            self.digests.insert(folder.to_owned(), digest.clone());
        }
        digest
    }

    /// Version numbers run from 1 without gap, under names of one form, the same in the inventory as on disk.
    fn sequence(&mut self, root: &Inventory) {
        let listed: BTreeMap<u32, &str> = root.versions.iter().filter_map(|(n, _)| Some((version_name(n)?.0, n.as_str()))).collect();
        if self.folders.is_empty() {
            self.report.add("E008", "", "no version folder");
        }
        for numbers in [self.folders.keys().copied().collect::<Vec<_>>(), listed.keys().copied().collect()] {
            if numbers.first().is_some_and(|n| *n != 1) {
                self.report.add("E009", "", "versions do not start at 1");
            }
            if numbers.windows(2).any(|w| w[1] != w[0] + 1) || numbers.first().is_some_and(|n| *n != 1) {
                self.report.add("E010", "", "a version is missing");
            }
        }
        for (number, name) in &listed {
            if self.folders.get(number).map(String::as_str) != Some(*name) {
                self.report.add_all(&["E046", "E010"], name, "version of the inventory without its folder");
            }
        }
        for (number, name) in &self.folders {
            if listed.get(number) != Some(&name.as_str()) {
                self.report.add("E046", name, "version folder that is not in the inventory");
            }
        }
        self.padding();
        let newest = listed.last_key_value().map(|(_, name)| *name);
        let on_disk = self.folders.last_key_value().map(|(_, name)| name.as_str());
        if root.head.is_some() && (root.head.as_deref() != newest || root.head.as_deref() != on_disk) {
            self.report.add("E040", INVENTORY, "head is not the newest version");
        }
    }

    fn padding(&mut self) {
        let Some(width) = self.folders.values().next().and_then(|n| version_name(n)).map(|(_, width)| width) else { return };
        if width > 0 {
            self.report.add("W001", "", "version folders are padded with zeros");
        }
        for name in self.folders.values() {
            let own = version_name(name).map_or(0, |(_, width)| width);
            if own != width {
                if width > 0 && own == 0 {
                    self.report.add("E011", name, "no zero after the `v` where the others have one");
                }
                self.report.add_all(&["E012", "E013"], name, "named in another way than the first version");
            }
        }
    }

    /// Walks the version folders. Returns the inventories that are not the root's own copy.
    fn version_folders(&mut self, root: &Inventory, root_bytes: &[u8], content: &mut Content) -> Vec<(String, Inventory)> {
        let mut older = Vec::new();
        let newest = self.folders.keys().last().copied();
        for (number, folder) in self.folders.clone() {
            let Ok(names) = entries(&self.root.join(&folder)) else {
                self.report.add("A001", &folder, "cannot be read");
                continue;
            };
            let bytes = self.inventory_bytes(&folder, &names);
            let is_copy = bytes.as_deref() == Some(root_bytes);
            let parsed = match &bytes {
                Some(bytes) if !is_copy => read(bytes, self.report, &join(&folder, INVENTORY)),
                _ => None,
            };
            self.sidecar(&folder, &names, bytes.as_deref(), if is_copy { Some(root) } else { parsed.as_ref() }, is_copy);
            if Some(number) == newest && bytes.is_some() {
                if !is_copy {
                    self.report.add("E064", INVENTORY, "inventory is not the newest version's");
                } else if self.sidecars.get("") != self.sidecars.get(&folder) {
                    self.report.add("E064", INVENTORY, "sidecar is not the newest version's");
                }
            } else if is_copy {
                self.report.add("E040", &join(&folder, INVENTORY), "inventory of another version");
            }
            self.version_entries(&folder, &names, root, parsed.as_ref(), content);
            older.extend(parsed.map(|inventory| (folder, inventory)));
        }
        older
    }

    fn version_entries(
        &mut self,
        folder: &str,
        names: &BTreeMap<String, Kind>,
        root: &Inventory,
        own: Option<&Inventory>,
        content: &mut Content,
    ) {
        let sidecar = sidecar_name(Some(own.unwrap_or(root)));
        for (name, kind) in names {
            let path = join(folder, name);
            if is_foreign(*kind, &path, self.report) {
                continue;
            }
            match kind {
                Kind::Folder if name == root.content_name() => {
                    if !content.list(self.root, &path, self.report) {
                        self.report.add("W003", &path, "content folder without files");
                    }
                }
                Kind::Folder => self.report.add("W002", &path, "folder beside the content folder"),
                _ if name == INVENTORY || is_sidecar(name, sidecar.as_deref()) => {}
                _ => self.report.add("E015", &path, "file beside the inventory"),
            }
        }
    }

    /// Notes what an inventory says of files, and which files it leaves out, up to its own version.
    fn claims(&mut self, inventory: &Inventory, at: &str, upto: u32, content: &mut Content) {
        let mut covered = BTreeSet::new();
        for (digest, paths) in &inventory.manifest {
            for path in paths {
                covered.insert(path.as_str());
                if !self.is_content_path(path, inventory) {
                    self.report.add("E042", at, "a content path does not lead into a version's content folder");
                }
                let Some(algorithm) = inventory.algorithm else { continue };
                if !content.expect(path, algorithm, digest, Claim::Manifest) {
                    self.report.add("E092", path, "file of the manifest is missing");
                }
            }
        }
        for (algorithm, entries) in &inventory.fixity {
            for (digest, path) in entries.iter().flat_map(|(digest, paths)| paths.iter().map(move |p| (digest, p))) {
                if !content.expect(path, *algorithm, digest, Claim::Fixity) {
                    self.report.add("E093", path, "file of a fixity block is missing");
                } else if !covered.contains(path.as_str()) {
                    self.report.add("E057", at, "a path of a fixity block is not in the manifest");
                }
            }
        }
        let of_version = |path: &str| path.split('/').next().and_then(version_name).is_some_and(|(n, _)| n <= upto);
        for path in content.paths().filter(|p| of_version(p) && !covered.contains(p)) {
            self.report.add("E023", path, "file that is not in the manifest");
        }
    }

    fn is_content_path(&self, path: &str, inventory: &Inventory) -> bool {
        let mut elements = path.splitn(3, '/');
        let version = elements.next().unwrap_or_default();
        let known = version_name(version).is_some_and(|(n, _)| self.folders.get(&n).is_some_and(|name| name == version));
        known && elements.next() == Some(inventory.content_name()) && elements.next().is_some_and(|rest| !rest.is_empty())
    }
}

fn sidecar_name(inventory: Option<&Inventory>) -> Option<String> {
    Some(format!("{INVENTORY}.{}", inventory?.algorithm_name.as_deref()?))
}

/// Whether a file is a sidecar, of the right algorithm or not.
fn is_sidecar(name: &str, wanted: Option<&str>) -> bool {
    Some(name) == wanted || name.strip_prefix("inventory.json.").is_some_and(|algorithm| Algorithm::named(algorithm).is_some())
}

/// The digest in a sidecar. Letters of both cases in one digest are written by no tool: there a byte has changed.
fn sidecar_digest(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    let digest = text.strip_suffix(INVENTORY)?.trim_end_matches([' ', '\t']);
    let is_spaced = digest.len() + INVENTORY.len() < text.len();
    let is_mixed = digest.bytes().any(|b| b.is_ascii_lowercase()) && digest.bytes().any(|b| b.is_ascii_uppercase());
    (is_spaced && !is_mixed && !digest.is_empty() && digest.bytes().all(|b| b.is_ascii_hexdigit())).then_some(digest)
}

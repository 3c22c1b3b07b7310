//! A storage root and all that lies in it (OCFL § 4).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use super::{
    Finding, RootVerification, Verification,
    case::{is_ours, verify_case_in},
    content::{Kind, entries, is_foreign, join, read_small},
    finding::Report,
    inventory::Spec,
    json::Json,
    manner::Manner,
    object::{declared_spec, verify_object_in},
    paths::is_registered_extension,
    root_layout::Layout,
};

const LAYOUT: &str = "ocfl_layout.json";
/// Hashing is what takes the time; a third thread would wait for the disk.
const JUDGES: usize = 2;

/// Judges a storage root: declaration, layout, folders, and every object in it, which `each` is told of in order of path.
/// Objects of ours are also held to our own promises.
pub fn verify_root(path: &Path, each: &mut dyn FnMut(&Path, &Verification)) -> RootVerification {
    let mut root = Root { path, report: Report::default(), spec: None, layout: None, objects: Vec::new() };
    root.examine();
    let Root { mut report, objects, layout, .. } = root;
    let mut summary = RootVerification::default();
    let mut ids = BTreeSet::new();
    judge_all(path, &objects, &mut |at, verification| {
        summary.objects += 1;
        summary.invalid_objects += u64::from(!verification.is_valid());
        summary.files += verification.files;
        summary.bytes += verification.bytes;
        if let Some(id) = &verification.object_id {
            if !ids.insert(id.clone()) {
                report.add("E037", at, "another object has the same id");
            }
            if layout.as_ref().is_some_and(|l| l.path(id).as_deref() != Some(at)) {
                report.add("E083", at, "object does not lie where the layout puts it");
            }
        }
        each(Path::new(at), verification);
    });
    summary.findings = report.finish();
    summary
}

/// What a storage root holds, its objects not judged: for who judges them one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootSurvey {
    /// What is wrong with the root and its folders.
    pub findings: Vec<Finding>,
    /// Where the objects lie, from the root, in order.
    pub objects: Vec<String>,
}

/// Looks at declaration, layout and folders, and lists the objects. Two objects with one id (E037) and objects in a wrong place
/// (E083) are found by [`verify_root`] only.
pub fn survey_root(path: &Path) -> RootSurvey {
    let mut root = Root { path, report: Report::default(), spec: None, layout: None, objects: Vec::new() };
    root.examine();
    RootSurvey { findings: root.report.finish(), objects: root.objects }
}

/// Judges one object of a storage root as [`verify_root`] does: ours by our own promises too.
pub fn verify_stored(path: &Path) -> Verification {
    verify_stored_in(path, Manner::default())
}

/// The same in another manner.
pub fn verify_stored_in(path: &Path, manner: Manner<'_>) -> Verification {
    if is_ours(path) { verify_case_in(path, manner) } else { verify_object_in(path, manner) }
}

/// Judges objects side by side and tells them in order.
fn judge_all(root: &Path, objects: &[String], tell: &mut dyn FnMut(&str, &Verification)) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(64);
        for _ in 0..JUDGES.min(objects.len()) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                while let Some((n, at)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, objects.get(n)?))) {
                    if send.send((n, verify_stored(&root.join(at)))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let (mut told, mut waiting) = (0, BTreeMap::new());
        for (n, verification) in receive {
            waiting.insert(n, verification);
            while let Some(verification) = waiting.remove(&told) {
                tell(&objects[told], &verification);
                told += 1;
            }
        }
    });
}

struct Root<'a> {
    path: &'a Path,
    report: Report,
    spec: Option<Spec>,
    layout: Option<Layout>,
    objects: Vec<String>,
}

impl Root<'_> {
    fn examine(&mut self) {
        let names = match entries(self.path) {
            Ok(names) => names,
            Err(_) => {
                self.report.add("A001", "", "cannot be read");
                return self.report.add("E069", "", "not a readable folder");
            }
        };
        self.declaration(&names);
        self.layout_file(&names);
        let mut depths = BTreeSet::new();
        for (name, kind) in &names {
            if is_foreign(*kind, name, &mut self.report) || *kind == Kind::File {
                continue;
            }
            if name == "extensions" {
                self.extensions();
            } else {
                self.walk(name, &mut depths);
            }
        }
        if depths.contains(&0) && depths.len() > 1 {
            self.report.add("W015", "", "objects both at the top and in folders");
        }
    }

    fn declaration(&mut self, names: &BTreeMap<String, Kind>) {
        let mut found = 0;
        for (name, kind) in names {
            let Some((tag, value)) = name.split_once('=').filter(|_| *kind == Kind::File) else { continue };
            let version = value.strip_prefix("ocfl_");
            if tag != "0" {
                if version.is_some() {
                    self.report.add_all(&["E077", "E078"], name, "declaration with another tag than 0");
                }
                continue;
            }
            found += 1;
            match version.map(Spec::named) {
                Some(Some(spec)) => self.spec = Some(spec),
                Some(None) => self.report.add_all(&["E077", "E079"], name, "declares no known version of a storage root"),
                None => self.report.add_all(&["E075", "E079"], name, "not a declaration of a storage root"),
            }
            match read_small(&self.path.join(name)) {
                Ok(text) if text == format!("{value}\n").as_bytes() => {}
                Ok(_) => self.report.add("E080", name, "text of the declaration is not its name"),
                Err(_) => self.report.add("A001", name, "cannot be read"),
            }
        }
        match found {
            1 => {}
            0 => self.report.add_all(&["E069", "E076"], "", "no declaration of a storage root"),
            _ => self.report.add("E076", "", "more than one declaration"),
        }
    }

    fn layout_file(&mut self, names: &BTreeMap<String, Kind>) {
        if names.get(LAYOUT) != Some(&Kind::File) {
            return;
        }
        let json = read_small(&self.path.join(LAYOUT)).ok().and_then(|bytes| Json::parse(&bytes));
        let Some(json) = json.filter(|j| j.object().is_some() && !j.has_twins()) else {
            return self.report.add("E070", LAYOUT, "not a JSON object in UTF-8");
        };
        if json.get("description").and_then(Json::text).is_none() {
            self.report.add("E070", LAYOUT, "no description");
        }
        match json.get("extension").map(Json::text) {
            None => self.report.add("E070", LAYOUT, "no extension"),
            Some(Some(name)) if is_registered_extension(name) => self.layout = Layout::of(self.path, name),
            Some(_) => self.report.add("E071", LAYOUT, "extension is not a registered one"),
        }
    }

    fn extensions(&mut self) {
        let Ok(names) = entries(&self.path.join("extensions")) else {
            return self.report.add("A001", "extensions", "cannot be read");
        };
        for (name, kind) in names {
            let path = join("extensions", &name);
            if is_foreign(kind, &path, &mut self.report) {
                continue;
            }
            if kind == Kind::File {
                self.report.add("E112", &path, "file among the extensions");
            } else if !is_registered_extension(&name) {
                self.report.add("W016", &path, "extension that is not registered");
            }
        }
    }

    /// Walks one folder at the top, down to the objects.
    fn walk(&mut self, top: &str, depths: &mut BTreeSet<usize>) {
        let mut open = vec![top.to_owned()];
        while let Some(at) = open.pop() {
            let Ok(names) = entries(&self.path.join(&at)) else {
                self.report.add("A001", &at, "cannot be read");
                continue;
            };
            if is_object(&names) {
                if let (Some(object), Some(root)) = (declared_spec(&names), self.spec)
                    && object > root
                {
                    self.report.add("E081", &at, "object by a later version of the standard than the root");
                }
                depths.insert(at.matches('/').count());
                self.objects.push(at);
                continue;
            }
            if names.is_empty() {
                self.report.add("E073", &at, "empty folder");
            }
            let mut leads_on = false;
            for (name, kind) in names {
                let path = join(&at, &name);
                if is_foreign(kind, &path, &mut self.report) {
                    continue;
                }
                if kind == Kind::Folder {
                    leads_on = true;
                    open.push(path);
                } else {
                    self.report.add_all(&["E072", "E084"], &path, "file outside of any object");
                }
            }
            if !leads_on {
                self.report.add_all(&["E085", "E088"], &at, "folder without objects");
            }
        }
        self.objects.sort();
    }
}

/// An object's folder, also one whose declaration is lost.
fn is_object(names: &BTreeMap<String, Kind>) -> bool {
    names.iter().any(|(name, kind)| *kind == Kind::File && (name.starts_with("0=ocfl_object_") || name == "inventory.json"))
}

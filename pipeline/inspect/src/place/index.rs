//! The files of a folder or tar: all paths in one piece of memory, sorted.

use std::{
    hash::{BuildHasher, RandomState},
    ops::Range,
};

/// Number of a file in the index.
pub type FileNo = u32;

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    length: u32,
    size: u64,
    at: u64,
}

/// Some 24 bytes and its path for each file.
#[derive(Debug, Default)]
pub struct Index {
    names: String,
    files: Vec<Entry>,
    folders: Vec<String>,
}

impl Index {
    /// Notes a file. `at` is where its bytes begin, in a tar.
    pub fn add(&mut self, path: &str, size: u64, at: u64) {
        let entry = Entry { start: self.names.len() as u32, length: path.len() as u32, size, at };
        self.names.push_str(path);
        self.files.push(entry);
    }

    /// Notes a folder near the root; the others follow from their files.
    pub fn add_folder(&mut self, path: &str) {
        if path.matches('/').count() < 3 {
            self.folders.push(path.to_owned());
        }
    }

    /// Whether there is such a folder.
    pub fn has_folder(&self, path: &str) -> bool {
        self.folders.iter().any(|f| f == path) || !self.below(&format!("{path}/")).is_empty()
    }

    /// Bytes of all paths.
    pub fn name_bytes(&self) -> usize {
        self.names.len()
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Sorts, and gives the paths that were there twice; the first of each stays.
    pub fn seal(&mut self) -> Vec<String> {
        let Self { names, files, .. } = self;
        let path = |e: &Entry| &names[e.start as usize..(e.start + e.length) as usize];
        files.sort_by(|a, b| path(a).cmp(path(b)).then(a.start.cmp(&b.start)));
        let mut twice = Vec::new();
        files.dedup_by(|later, first| {
            let is_same = path(later) == path(first);
            if is_same {
                twice.push(path(later).to_owned());
            }
            is_same
        });
        files.shrink_to_fit();
        names.shrink_to_fit();
        twice
    }

    /// Files whose paths differ from another's in letter case only; at most `most`.
    pub fn case_collisions(&self, most: usize) -> Vec<FileNo> {
        let state = RandomState::new();
        let mut folded: Vec<(u64, FileNo)> =
            (0..self.len() as FileNo).map(|no| (state.hash_one(self.path(no).to_lowercase()), no)).collect();
        folded.sort_unstable();
        let pairs = folded.windows(2).filter(|w| w[0].0 == w[1].0 && self.path(w[0].1).to_lowercase() == self.path(w[1].1).to_lowercase());
        pairs.map(|w| w[1].1).take(most).collect()
    }

    pub fn path(&self, no: FileNo) -> &str {
        self.path_of(&self.files[no as usize])
    }

    fn path_of(&self, entry: &Entry) -> &str {
        &self.names[entry.start as usize..(entry.start + entry.length) as usize]
    }

    /// Bytes, as the folder or the tar's header says.
    pub fn size(&self, no: FileNo) -> u64 {
        self.files[no as usize].size
    }

    /// Where its bytes begin, in a tar.
    pub fn at(&self, no: FileNo) -> u64 {
        self.files[no as usize].at
    }

    /// The file of exactly this path.
    pub fn find(&self, path: &str) -> Option<FileNo> {
        self.files.binary_search_by(|e| self.path_of(e).cmp(path)).ok().map(|no| no as FileNo)
    }

    /// The files whose paths begin so.
    pub fn below(&self, prefix: &str) -> Range<FileNo> {
        let start = self.files.partition_point(|e| self.path_of(e) < prefix);
        let count = self.files[start..].partition_point(|e| self.path_of(e).starts_with(prefix));
        start as FileNo..(start + count) as FileNo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(paths: &[&str]) -> Index {
        let mut index = Index::default();
        paths.iter().enumerate().for_each(|(at, path)| index.add(path, at as u64, 0));
        index
    }

    #[test]
    fn finds_files_and_what_lies_below() {
        let mut index = index(&["b/x", "a", "b/y", "b-1", "c"]);
        assert!(index.seal().is_empty());
        assert_eq!(index.find("b/y").map(|no| index.size(no)), Some(2));
        assert_eq!(index.find("b"), None);
        let below: Vec<&str> = index.below("b/").map(|no| index.path(no)).collect();
        assert_eq!(below, ["b/x", "b/y"]);
        assert!(index.has_folder("b") && !index.has_folder("a"));
    }

    #[test]
    fn a_name_is_there_once() {
        let mut index = index(&["a", "A", "a"]);
        assert_eq!(index.seal(), ["a"]);
        assert_eq!(index.len(), 2);
        assert_eq!(index.case_collisions(10).len(), 1);
        assert_eq!(index.find("a").map(|no| index.size(no)), Some(0));
    }
}

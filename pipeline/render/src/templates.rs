//! The embedded template set.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use pipeline_domain::Sha256;

use crate::fonts;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../templates");

/// Every file that templates may read: path from the root of the set with a leading `/`, and bytes. Sorted by path.
/// Mail texts and font files are not among them.
pub(crate) fn files() -> Vec<(String, &'static [u8])> {
    let mut files = Vec::new();
    collect(&TEMPLATES, &mut files);
    files.sort();
    files
}

fn collect(dir: &'static Dir<'static>, files: &mut Vec<(String, &'static [u8])>) {
    for sub in dir.dirs() {
        let at_root = sub.path().components().count() == 1;
        if !(at_root && (sub.path().ends_with("mail") || sub.path().ends_with("fonts"))) {
            collect(sub, files);
        }
    }
    for file in dir.files() {
        let path = file.path().to_str().expect("our file names are ASCII").replace('\\', "/");
        if path.ends_with(".typ") || path.ends_with(".toml") {
            files.push((format!("/{path}"), file.contents()));
        }
    }
}

/// Names of the document templates: the folders that hold a `main.typ`.
#[cfg(test)]
pub(crate) fn names() -> Vec<String> {
    files().iter().filter_map(|(path, _)| path.strip_suffix("/main.typ")?.strip_prefix('/')).map(str::to_owned).collect()
}

/// Digest of all templates and fonts: two documents with the same job and the same digest have the same bytes.
pub fn template_set_digest() -> Sha256 {
    static DIGEST: LazyLock<Sha256> = LazyLock::new(|| {
        let mut list = String::new();
        for (path, bytes) in files() {
            list.push_str(&format!("{} {path}\n", Sha256::of(bytes)));
        }
        for bytes in fonts::files() {
            list.push_str(&format!("{}\n", Sha256::of(bytes)));
        }
        Sha256::of(list.as_bytes())
    });
    *DIGEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_domain::DocumentKind;

    /// The report on a scheduled run, the sheet for those whom a plan is about, the page of an image that came with a document, the
    /// cover of all that is kept about one person, prints, and redacted copies.
    const OTHER_PAPERS: [&str; 6] = ["run-report", "what-we-keep", "attachment-page", "access-export", "print", "redacted"];

    #[test]
    fn every_document_type_has_a_template() {
        let names = names();
        for kind in DocumentKind::ALL {
            assert!(names.contains(&kind.folder()), "{}", kind.folder());
        }
        // And papers that are no documents of the archive.
        for paper in OTHER_PAPERS {
            assert!(names.contains(&paper.to_owned()), "{paper}");
        }
        assert_eq!(names.len(), DocumentKind::ALL.len() + OTHER_PAPERS.len());
    }

    /// Templates lay out; they run no text, load no package and read no file of their own choosing.
    #[test]
    fn templates_hold_nothing_dangerous() {
        for (path, bytes) in files() {
            let text = std::str::from_utf8(bytes).unwrap();
            for line in text.lines().filter(|l| !l.trim_start().starts_with("//")) {
                // The name of SVG's own vocabulary: nobody goes there.
                let line = line.replace("http://www.w3.org/2000/svg", "");
                for word in ["eval(", "plugin(", "@preview", "sys.", "http"] {
                    assert!(!line.contains(word), "{path}: {word}");
                }
                for call in ["read(", "json(", "toml(", "image(", "csv(", "yaml(", "xml(", "cbor("] {
                    for (at, _) in line.match_indices(call) {
                        let whole_word = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
                        let of = &line[at + call.len()..];
                        // Bytes are no path.
                        assert!(!whole_word || of.starts_with('"') || of.starts_with("bytes("), "{path}: {call} of a computed path");
                    }
                }
                if let Some((_, source)) = line.trim_start().split_once("import ") {
                    assert!(source.starts_with('"'), "{path}: computed import");
                }
            }
        }
    }

    #[test]
    fn digest_is_stable() {
        assert_eq!(template_set_digest(), template_set_digest());
    }
}

//! Where a registered layout extension puts an object. Used to find objects that no client would find.

use std::path::Path;

use super::{algorithm::Algorithm, content::read_small, json::Json};

/// A layout that we can compute.
#[derive(Debug)]
pub(super) enum Layout {
    /// 0002: the id itself.
    FlatDirect,
    /// 0003: digits of the id's digest, then the id, percent-encoded.
    HashAndId(Tuples),
    /// 0004: digits of the id's digest, then the digest.
    Hashed(Tuples, ShortRoot),
    /// 0006: what follows the delimiter.
    FlatOmitPrefix { delimiter: String },
    /// 0007: signs of what follows the delimiter, then the whole of it.
    OmitPrefix { delimiter: String, size: usize, count: usize, padding: Padding, order: Order },
}

/// How the digest of an id is cut.
#[derive(Debug)]
pub(super) struct Tuples {
    algorithm: Algorithm,
    size: usize,
    count: usize,
}

#[derive(Debug, PartialEq)]
pub(super) enum ShortRoot {
    Whole,
    Rest,
}

#[derive(Debug, PartialEq)]
pub(super) enum Padding {
    Left,
    Right,
}

#[derive(Debug, PartialEq)]
pub(super) enum Order {
    Forward,
    Reversed,
}

impl Layout {
    /// The layout that a storage root declares, if it is one of these and has a readable configuration.
    pub(super) fn of(root: &Path, extension: &str) -> Option<Self> {
        if extension == "0002-flat-direct-storage-layout" {
            return Some(Self::FlatDirect);
        }
        let number = extension.get(..4).filter(|n| ["0003", "0004", "0006", "0007"].contains(n))?;
        let config = read_small(&root.join("extensions").join(extension).join("config.json")).ok()?;
        let config: serde_json::Value = serde_json::from_slice(&config).ok().filter(|_| Json::parse(&config).is_some())?;
        let text = |key: &str, default: &str| Some(config.get(key).map_or(Some(default), |v| v.as_str())?.to_owned());
        let size = |key: &str| config.get(key).map_or(Some(3), |v| usize::try_from(v.as_u64()?).ok().filter(|n| *n <= 64));
        let flag = |key: &str| config.get(key).map_or(Some(false), serde_json::Value::as_bool);
        let tuples = || {
            Some(Tuples {
                algorithm: Algorithm::named(&text("digestAlgorithm", "sha256")?)?,
                size: size("tupleSize")?,
                count: size("numberOfTuples")?,
            })
        };
        let delimiter = || config.get("delimiter")?.as_str().map(str::to_owned).filter(|d| !d.is_empty());
        Some(match number {
            "0003" => Self::HashAndId(tuples()?),
            "0004" => Self::Hashed(tuples()?, if flag("shortObjectRoot")? { ShortRoot::Rest } else { ShortRoot::Whole }),
            "0006" => Self::FlatOmitPrefix { delimiter: delimiter()? },
            _ => Self::OmitPrefix {
                delimiter: delimiter()?,
                size: size("tupleSize")?,
                count: size("numberOfTuples")?,
                padding: if text("zeroPadding", "left")? == "left" { Padding::Left } else { Padding::Right },
                order: if flag("reverseObjectRoot")? { Order::Reversed } else { Order::Forward },
            },
        })
    }

    /// Path of the object with this id, from the storage root. `None` where the layout has no place for it.
    pub(super) fn path(&self, id: &str) -> Option<String> {
        match self {
            Self::FlatDirect => Some(id.to_owned()),
            Self::HashAndId(tuples) => {
                let digest = tuples.algorithm.of(id.as_bytes());
                let mut name = percent_encoded(id);
                if name.len() > 100 {
                    name.truncate(100);
                    name = format!("{name}-{digest}");
                }
                Some(cut(&digest, tuples.size, tuples.count, &name))
            }
            Self::Hashed(tuples, root) => {
                let digest = tuples.algorithm.of(id.as_bytes());
                let name = if *root == ShortRoot::Rest { digest.get(tuples.size * tuples.count..)? } else { &digest };
                Some(cut(&digest, tuples.size, tuples.count, name))
            }
            Self::FlatOmitPrefix { delimiter } => Some(after(id, delimiter).to_owned()),
            Self::OmitPrefix { delimiter, size, count, padding, order } => {
                let name = after(id, delimiter);
                if !name.is_ascii() {
                    return None;
                }
                let signs: String = if *order == Order::Reversed { name.chars().rev().collect() } else { name.to_owned() };
                let width = size * count;
                let padded = if *padding == Padding::Left { format!("{signs:0>width$}") } else { format!("{signs:0<width$}") };
                Some(cut(&padded, *size, *count, name))
            }
        }
    }
}

fn cut(digits: &str, size: usize, count: usize, name: &str) -> String {
    let mut path = String::new();
    for n in 0..count {
        if let Some(tuple) = digits.get(n * size..(n + 1) * size).filter(|t| !t.is_empty()) {
            path.push_str(tuple);
            path.push('/');
        }
    }
    path + name
}

/// Delimiters count whatever their case.
fn after<'a>(id: &'a str, delimiter: &str) -> &'a str {
    let at = id.to_ascii_lowercase().rfind(&delimiter.to_ascii_lowercase());
    at.map_or(id, |at| &id[at + delimiter.len()..])
}

fn percent_encoded(id: &str) -> String {
    let mut out = String::new();
    for b in id.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the extensions' own texts.
    #[test]
    fn objects_lie_where_the_extensions_say() {
        let tuples = || Tuples { algorithm: Algorithm::Sha256, size: 3, count: 3 };
        assert_eq!(Layout::HashAndId(tuples()).path("object-01").unwrap(), "3c0/ff4/240/object-01");
        assert_eq!(Layout::HashAndId(tuples()).path("..hor/rib:le-$id").unwrap(), "487/326/d8c/%2e%2ehor%2frib%3ale-%24id");
        let whole = "3c0/ff4/240/3c0ff4240c1e116dba14c7627f2319b58aa3d77606d0d90dfc6161608ac987d4";
        assert_eq!(Layout::Hashed(tuples(), ShortRoot::Whole).path("object-01").unwrap(), whole);
        let ours = Layout::OmitPrefix { delimiter: "/".to_owned(), size: 4, count: 1, padding: Padding::Right, order: Order::Forward };
        assert_eq!(ours.path("https://arkiv.example/9901/sak/2026-000123").unwrap(), "2026/2026-000123");
        let fedora = Layout::OmitPrefix { delimiter: ":".to_owned(), size: 4, count: 2, padding: Padding::Left, order: Order::Reversed };
        assert_eq!(fedora.path("namespace:12887296").unwrap(), "6927/8821/12887296");
        assert_eq!(fedora.path("urn:uuid:abc123").unwrap(), "0032/1cba/abc123");
        let flat = Layout::FlatOmitPrefix { delimiter: "edu/".to_owned() };
        assert_eq!(flat.path("https://institution.edu/3448793").unwrap(), "3448793");
    }
}

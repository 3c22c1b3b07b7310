//! What a format is called, which names it goes by, and what becomes of it.

mod table;

/// A PRONOM unique identifier (PUID), such as `fmt/477`. Only those of our table can be held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Puid(&'static str);

impl Puid {
    /// As PRONOM writes it.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The row of this id.
    pub fn format(self) -> &'static Format {
        Format::find(self.0).expect("a Puid is made from a row of the table")
    }
}

impl std::fmt::Display for Puid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::fmt::Debug for Puid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl serde::Serialize for Puid {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0)
    }
}

/// What sort of thing a file is. A name that says another kind than the content is a lie, not a slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Pdf,
    Image,
    Office,
    Text,
    Web,
    Drawing,
    Mail,
    Archive,
    Sound,
    Film,
    Program,
}

/// What becomes of a format when nothing else is wrong with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Policy {
    /// On the list of archive formats (Riksarkivarens forskrift § 5-17): kept as it is.
    Accept,
    /// An image that is laid on a page of PDF/A; the original is kept beside it.
    ImageForPage,
    /// PDF/A: kept as it is when its claim is true.
    ArchivePdf,
    /// Taken by archives only on application: [`crate::OnApplication`] decides.
    OnApplication,
    /// The original is kept; somebody must make a rendition.
    KeepOriginal,
    /// Holds macros by its own declaration.
    Macros,
    /// Not taken at all.
    Refuse,
}

impl Policy {
    /// The word of the policy page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::ImageForPage => "laid on a PDF/A page",
            Self::ArchivePdf => "kept when its claim is true",
            Self::OnApplication => "on application only",
            Self::KeepOriginal => "original kept, rendition needed",
            Self::Macros => "refused (macros)",
            Self::Refuse => "refused",
        }
    }
}

/// One row of the policy table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The PRONOM id.
    pub puid: Puid,
    /// What people call it.
    pub name: &'static str,
    /// Version, or empty.
    pub version: &'static str,
    /// Media type (RFC 6838), or empty when one id stands for several.
    pub media: &'static str,
    /// What sort of thing it is.
    pub kind: Kind,
    /// What becomes of it.
    pub policy: Policy,
    /// Extensions that fit, lower case, without the dot; empty when any does.
    pub extensions: &'static [&'static str],
}

impl Format {
    const fn row(
        puid: &'static str,
        name: &'static str,
        version: &'static str,
        media: &'static str,
        kind: Kind,
        policy: Policy,
        extensions: &'static [&'static str],
    ) -> Self {
        Self { puid: Puid(puid), name, version, media, kind, policy, extensions }
    }

    /// Every format, in the order of the policy page.
    pub fn all() -> &'static [Self] {
        table::FORMATS
    }

    /// The format with this PRONOM id.
    pub fn find(puid: &str) -> Option<&'static Self> {
        table::FORMATS.iter().find(|f| f.puid.0 == puid)
    }

    /// Does this extension (lower case, no dot) fit?
    pub fn goes_by(&self, extension: &str) -> bool {
        self.extensions.is_empty() || self.extensions.contains(&extension)
    }

    /// Kinds that some format goes by this extension.
    pub(crate) fn kinds_of(extension: &str) -> impl Iterator<Item = Kind> + '_ {
        table::FORMATS.iter().filter(move |f| f.extensions.contains(&extension)).map(|f| f.kind)
    }
}

/// The id of a format that the table must hold; the tests look at every one that is written in this room.
pub(crate) fn puid(id: &'static str) -> Puid {
    Format::find(id).expect("every id in this room is in the table").puid
}

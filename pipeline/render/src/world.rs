//! The closed world that Typst sees. There is no code here that could read a file or reach a network.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::{Logo, LogoFormat, Picture, PictureFormat, fonts, templates};

/// What all documents share: built once per process.
pub(crate) struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    pub(crate) fonts: Vec<Font>,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    data: FileId,
    logo_svg: FileId,
    logo_png: FileId,
    picture_jpeg: FileId,
    picture_png: FileId,
}

/// A file id is leaked for the life of the process and there are 65 535 of them: only fixed names come here.
fn fixed(path: &str) -> FileId {
    RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).expect("our paths are plain")).intern()
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self::with_files(templates::files().into_iter().map(|(path, bytes)| (path, bytes.to_vec())))
    }

    /// With another template set.
    pub(crate) fn with_files(set: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let fonts = fonts::load();
        let (mut sources, mut files) = (HashMap::new(), HashMap::new());
        for (path, bytes) in set {
            let id = fixed(&path);
            if path.ends_with(".typ") {
                let text = String::from_utf8(bytes).expect("templates are UTF-8");
                sources.insert(id, Source::new(id, text));
            } else {
                files.insert(id, Bytes::new(bytes));
            }
        }
        Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            sources,
            files,
            data: fixed("/data.json"),
            logo_svg: fixed("/logo.svg"),
            logo_png: fixed("/logo.png"),
            picture_jpeg: fixed("/picture.jpg"),
            picture_png: fixed("/picture.png"),
        }
    }

    /// The main file of a template, if the set has it.
    pub(crate) fn main(&self, template: &str) -> Option<FileId> {
        // Looked up among the known names before interning, so that a hostile job cannot use up the ids.
        let path = format!("/{template}/main.typ");
        self.sources.keys().copied().find(|id| id.get().vpath().get_with_slash() == path)
    }
}

/// One document's world.
pub(crate) struct DocumentWorld<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) main: FileId,
    pub(crate) data: Bytes,
    pub(crate) logo: Option<&'a Logo>,
    pub(crate) picture: Option<&'a Picture>,
}

impl DocumentWorld<'_> {
    fn logo(&self, format: LogoFormat) -> Option<Bytes> {
        self.logo.filter(|logo| logo.format == format).map(|logo| Bytes::new(logo.svg_or_png.clone()))
    }

    fn picture(&self, format: PictureFormat) -> Option<Bytes> {
        self.picture.filter(|picture| picture.format == format).map(|picture| Bytes::new(picture.bytes.clone()))
    }
}

impl World for DocumentWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shared.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.shared.sources.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let own = match id {
            id if id == self.shared.data => Some(self.data.clone()),
            id if id == self.shared.logo_svg => self.logo(LogoFormat::Svg),
            id if id == self.shared.logo_png => self.logo(LogoFormat::Png),
            id if id == self.shared.picture_jpeg => self.picture(PictureFormat::Jpeg),
            id if id == self.shared.picture_png => self.picture(PictureFormat::Png),
            _ => None,
        };
        own.or_else(|| self.shared.files.get(&id).cloned()).ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.get(index).cloned()
    }

    /// No clock: dates come from the document.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_with_slash().into())
}

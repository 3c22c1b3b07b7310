//! What the file's name says. It never decides what a file is; it may lie, and it may be a reason not to take the file.

use crate::{Format, Kind};

/// How a name fits the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameVerdict {
    Fits,
    /// No extension, or one that no format of the table goes by.
    Unknown,
    /// Another format of the same kind: a slip.
    Slip,
    /// Another kind: a lie.
    Lie,
    /// A system would run it.
    Runs,
}

/// Extensions that a system runs, or that hide what they hold.
const RUN: &[&str] = &[
    "app", "appimage", "bash", "bat", "cmd", "com", "command", "cpl", "deb", "desktop", "dll", "dmg", "exe", "gadget", "hta", "img", "inf",
    "iso", "jar", "js", "jse", "lnk", "msc", "msi", "msix", "msp", "mst", "php", "pif", "pl", "ps1", "psm1", "py", "pyc", "pyw", "rb",
    "reg", "rpm", "scr", "sct", "sh", "sys", "url", "vb", "vbe", "vbs", "vhd", "wsc", "wsf", "wsh", "xll",
];

/// Compares a name with the format that the content has.
pub(crate) fn judge(name: &str, format: Option<&Format>) -> NameVerdict {
    let Some(extension) = extension(name) else { return NameVerdict::Unknown };
    if RUN.contains(&extension.as_str()) {
        return NameVerdict::Runs;
    }
    let mut kinds = Format::kinds_of(&extension).peekable();
    if kinds.peek().is_none() {
        return NameVerdict::Unknown;
    }
    match format {
        // Nothing we know goes by this content, but the name is one that we know.
        None => NameVerdict::Lie,
        Some(format) if format.goes_by(&extension) => NameVerdict::Fits,
        Some(format) if kinds.any(|kind| is_excusable(kind, format.kind)) => NameVerdict::Slip,
        Some(_) => NameVerdict::Lie,
    }
}

/// A name of kind `said` on content of kind `is` that harms nobody.
fn is_excusable(said: Kind, is: Kind) -> bool {
    use Kind::{Archive, Drawing, Film, Mail, Office, Sound, Text, Web};
    said == is
        || matches!(
            (said, is),
            // Shown as plain text, or less than it could be.
            (Text, Web | Mail | Drawing) | (Web | Mail | Drawing, Text) | (Archive, Office) | (Sound, Film) | (Film, Sound)
        )
}

/// Lower case, without the dot; `None` when the last part of the name is no extension.
fn extension(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim_end_matches([' ', '.']);
    let (stem, extension) = last.rsplit_once('.')?;
    let fine = !stem.is_empty() && (1..=8).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    fine.then(|| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{NameVerdict, judge};
    use crate::Format;

    #[test]
    fn a_slip_is_excused_and_a_lie_is_not() {
        let cases = [
            ("bilde.JPG", "fmt/43", NameVerdict::Fits),
            ("bilde.png", "fmt/43", NameVerdict::Slip),
            ("bilde", "fmt/43", NameVerdict::Unknown),
            ("bilde.xyz", "fmt/43", NameVerdict::Unknown),
            (".jpg", "fmt/43", NameVerdict::Unknown),
            ("bilde.pdf", "fmt/43", NameVerdict::Lie),
            ("bilde.jpg.exe", "fmt/43", NameVerdict::Runs),
            ("bilde.exe. ", "fmt/43", NameVerdict::Runs),
            ("side.jpg", "fmt/471", NameVerdict::Lie),
            ("side.txt", "fmt/471", NameVerdict::Slip),
            ("brev.doc", "fmt/50", NameVerdict::Slip),
            ("brev.zip", "fmt/412", NameVerdict::Slip),
            ("brev.docx", "x-fmt/263", NameVerdict::Lie),
            ("lyd.ogg", "fmt/199", NameVerdict::Slip),
        ];
        for (name, puid, expected) in cases {
            assert_eq!(judge(name, Format::find(puid)), expected, "{name} {puid}");
        }
        assert_eq!(judge("bilde.jpg", None), NameVerdict::Lie);
        assert_eq!(judge("ukjent.dat", None), NameVerdict::Unknown);
    }
}

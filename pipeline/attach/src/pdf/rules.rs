//! What we look for in a PDF: content that acts or hides, and the rules of PDF/A that can be told from its objects.

use serde::Serialize;

/// Content that acts, hides or fetches. In a PDF that is kept, each is listed in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// A JavaScript action or name tree.
    JavaScript,
    /// An action that starts a program.
    Launch,
    /// Files within the file.
    EmbeddedFiles,
    /// An XFA form.
    Xfa,
    /// Sound, film, 3D or rich media.
    Media,
    /// Sends, fetches or imports data.
    SubmitOrImport,
    /// Something happens when the file is opened or a field is touched.
    AutomaticAction,
    /// A signature, which any conversion would break.
    Signature,
}

/// A rule of PDF/A. What can be told without laying the pages out; a full validator knows more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PdfaRule {
    /// ISO 19005-1 § 6.1.2, -2 § 6.1.2: the header at byte 0 and a comment of four high bytes after it.
    Header,
    /// -1 § 6.1.3, -2 § 6.1.3: nothing after the last end-of-file mark.
    TrailingBytes,
    /// -1 § 6.1.3, -2 § 6.1.3: the trailer has an `ID`.
    FileId,
    /// -1 § 6.1.4: no cross-reference or object streams in part 1.
    CompressedObjects,
    /// -1 § 6.1.10, -2 § 6.1.7: no LZW, no filter of encryption.
    Filter,
    /// -1 § 6.1.7, -2 § 6.1.7: no stream outside the file.
    ExternalStream,
    /// -1 § 6.1.11, -2 § 6.8: no embedded files (part 2 only takes PDF/A, which we do not look into).
    EmbeddedFile,
    /// -1 § 6.1.13: no optional content in part 1.
    OptionalContent,
    /// -1 § 6.2.2, -2 § 6.2.3: an output intent `GTS_PDFA1` with a whole ICC profile.
    OutputIntent,
    /// -1 § 6.2.4, -2 § 6.2.8: no alternates, no OPI, no interpolation.
    Image,
    /// -1 § 6.2.7, -2 § 6.2.9: no PostScript.
    PostScript,
    /// -1 § 6.4: no transparency in part 1.
    Transparency,
    /// -1 § 6.3.4, -2 § 6.2.11.4: every font program is in the file.
    FontEmbedded,
    /// -1 § 6.3.8, -2 § 6.2.11.7: composite fonts can be read as Unicode (levels A and U).
    FontUnicode,
    /// -1 § 6.5, -2 § 6.3: no annotations of sound, film, screen or 3D; none that is hidden.
    Annotation,
    /// -1 § 6.6, -2 § 6.5: no action that runs, plays, fetches or changes.
    Action,
    /// -1 § 6.9, -2 § 6.4: forms show what they hold; no XFA.
    Form,
    /// -1 § 6.7.2, -2 § 6.6.2: metadata in plain XMP.
    Metadata,
    /// -1 § 6.7.11, -2 § 6.6.4: part and level are claimed in the metadata, in a part and level that exist.
    Claim,
    /// -1 § 6.8, -2 § 6.7: level A is tagged, with a structure tree.
    Tagged,
}

//! What is wrong with a bag or a zip.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Allowed, but somebody should know.
    Warning,
    /// The bag is not valid, or the zip not safe.
    Error,
}

/// Declares the closed list of codes: name, published id, severity, meaning.
macro_rules! codes {
    ($($variant:ident $id:literal $severity:ident $text:literal;)+) => {
        /// Kinds of findings. Published in `CODES.md`; never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $text] $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The published code.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it means.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

codes! {
    DeclarationMissing "declaration_missing" Error "bagit.txt is not there";
    DeclarationBom "declaration_bom" Error "bagit.txt begins with a byte order mark";
    DeclarationMalformed "declaration_malformed" Error "bagit.txt does not consist of its two lines";
    VersionMalformed "version_malformed" Error "the version is not two numbers with a full stop between them";
    VersionUnknown "version_unknown" Error "there is no such version of BagIt";
    EncodingUnknown "encoding_unknown" Error "the tag files' encoding is not one that we read";
    TagEncoding "tag_encoding" Error "a tag file does not have the encoding that bagit.txt says";
    TagBom "tag_bom" Warning "a tag file in UTF-8 begins with a byte order mark";
    TagTooLarge "tag_too_large" Error "a tag file is larger than the limit";
    PayloadFolderMissing "payload_folder_missing" Error "the folder data is not there";
    ManifestMissing "manifest_missing" Error "there is no payload manifest";
    ManifestMalformed "manifest_malformed" Error "a line of a manifest is not a digest and a path";
    AlgorithmUnknown "algorithm_unknown" Error "none of the payload manifests has an algorithm that we know";
    AlgorithmIgnored "algorithm_ignored" Warning "a manifest has an algorithm that we do not know, and its digests are not checked";
    AlgorithmWeak "algorithm_weak" Warning "the payload has no digest stronger than SHA-1";
    PathOutOfScope "path_out_of_scope" Error "a path leads out of the bag";
    PathOutsidePayload "path_outside_payload" Error "a payload manifest or fetch.txt lists a path that is not below data";
    PathTwice "path_twice" Error "a manifest lists a path twice";
    PathTwiceAlike "path_twice_alike" Warning "a manifest lists a path twice, with the same digest";
    PathCollision "path_collision" Warning "two paths are one file where letters are folded";
    PathNormalisation "path_normalisation" Warning "a path is written with other Unicode characters than the file's name";
    PathRelative "path_relative" Warning "a path begins with ./";
    PathBackslash "path_backslash" Warning "a path has a backslash, a separator on Windows";
    PathBinaryMark "path_binary_mark" Warning "a path has the asterisk of md5sum before it";
    PathPercent "path_percent" Warning "a path has a percent sign that is not written as %25";
    PayloadMissing "payload_missing" Error "a manifest lists a payload file that is not there";
    PayloadUnlisted "payload_unlisted" Error "a payload file is not in the manifest";
    TagMissing "tag_missing" Error "a tag manifest lists a file that is not there";
    TagManifestListsPayload "tagmanifest_lists_payload" Error "a tag manifest lists a payload file";
    TagManifestListsItself "tagmanifest_lists_itself" Error "a tag manifest lists a tag manifest";
    TagManifestIncomplete "tagmanifest_incomplete" Error "a tag manifest does not list a payload manifest";
    TagManifestPartial "tagmanifest_partial" Warning "a tag manifest does not list a tag file";
    FetchMalformed "fetch_malformed" Error "a line of fetch.txt is not an address, a length and a path";
    FetchUnlisted "fetch_unlisted" Error "fetch.txt names a file that a payload manifest does not list";
    FetchNeeded "fetch_needed" Error "a file must be fetched first, and nothing is fetched here";
    FetchPresent "fetch_present" Warning "the bag has a fetch.txt; it was not followed";
    InfoMalformed "info_malformed" Error "a line of bag-info.txt is not a label and a value";
    OxumMalformed "oxum_malformed" Error "Payload-Oxum is not two numbers with a full stop between them";
    OxumTwice "oxum_twice" Error "Payload-Oxum is given twice";
    OxumMismatch "oxum_mismatch" Error "Payload-Oxum is not what the payload is";
    DigestMismatch "digest_mismatch" Error "a file does not match its digest";
    Unreadable "unreadable" Error "a file cannot be read";
    Symlink "symlink" Error "a link; links are not followed";
    SpecialFile "special_file" Error "neither a file nor a folder";
    PathNotUtf8 "path_not_utf8" Error "a file's name is not UTF-8";
    SystemFile "system_file" Warning "a file that a system makes by itself";
    TooManyFiles "too_many_files" Error "more files than the limit";
    TooDeep "too_deep" Error "folders lie deeper than the limit";
    ZipMalformed "zip_malformed" Error "not a zip, or a damaged one";
    ZipTooManyEntries "zip_too_many_entries" Error "more entries than the limit, or a directory larger than they need";
    ZipEntryTooLarge "zip_entry_too_large" Error "an entry is larger than the limit";
    ZipTotalTooLarge "zip_total_too_large" Error "the entries together are larger than the limit";
    ZipRatio "zip_ratio" Error "an entry unpacks to too many times its size";
    ZipDuplicateName "zip_duplicate_name" Error "two entries have one name";
    ZipNameCollision "zip_name_collision" Error "two entries are one file where letters are folded";
    ZipFileAndFolder "zip_file_and_folder" Error "a name is both a file and a folder";
    ZipOverlap "zip_overlap" Error "entries share bytes";
    ZipHiddenEntry "zip_hidden_entry" Error "an entry is not in the directory";
    ZipHeaderMismatch "zip_header_mismatch" Error "an entry and the directory contradict each other";
    ZipPathTraversal "zip_path_traversal" Error "a name leads out of the folder";
    ZipPathAbsolute "zip_path_absolute" Error "a name begins at the root of a disk, or in somebody's home";
    ZipPathBackslash "zip_path_backslash" Error "a name has a backslash";
    ZipPathEmptyPart "zip_path_empty_part" Error "a name is empty, or has an empty part or a lone full stop";
    ZipControlCharacter "zip_control_character" Error "a name has control characters";
    ZipReservedName "zip_reserved_name" Error "a name is a device on Windows";
    ZipTrailingDotOrBlank "zip_trailing_dot_or_blank" Error "a part of a name ends with a full stop or a blank";
    ZipForbiddenCharacter "zip_forbidden_character" Error "a name has a character that Windows refuses";
    ZipNameTooLong "zip_name_too_long" Error "a name is longer than file systems take";
    ZipNameEncoding "zip_name_encoding" Error "a name is not UTF-8, so that every program guesses another one";
    ZipNameUnmarked "zip_name_unmarked" Warning "a name in UTF-8 is not marked so, and some programs read another one";
    ZipSymlink "zip_symlink" Error "an entry is a link";
    ZipSpecialFile "zip_special_file" Error "an entry is neither a file nor a folder";
    ZipEncrypted "zip_encrypted" Error "an entry is encrypted, and there is no password";
    ZipWrongPassword "zip_wrong_password" Error "the password does not open an entry";
    ZipMethod "zip_method" Error "an entry is compressed in a way that we do not read";
    ZipSizeLie "zip_size_lie" Error "an entry is not as large as it says";
    ZipChecksum "zip_checksum" Error "an entry is damaged";
    ZipBaseFolder "zip_base_folder" Error "the zip does not hold exactly one folder with a bag in it";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// The file, seen from the bag's base folder or the zip's root, with control characters escaped. It may hold a title: for
    /// whoever asked, not for a log.
    pub path: Option<String>,
}

/// What a judge found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Everything that is wrong, sorted, each thing once.
    pub findings: Vec<Finding>,
    /// Files in the payload.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Judgement {
    /// RFC 8493 § 3: everything is there that should be, and nothing else.
    pub fn is_complete(&self) -> bool {
        self.errors().all(|f| matches!(f.code, Code::DigestMismatch | Code::OxumMismatch))
    }

    /// RFC 8493 § 3: complete, and every digest is right.
    pub fn is_valid(&self) -> bool {
        self.errors().next().is_none()
    }

    /// Findings that make the bag invalid.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.code.severity() == Severity::Error)
    }
}

/// Collects findings.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Most findings that are kept: a hostile bag must not fill memory with complaints.
    const MOST: usize = 10_000;

    pub fn add(&mut self, code: Code, path: Option<&str>) {
        if self.0.len() < Self::MOST {
            self.0.push(Finding { code, path: path.map(shown) });
        }
    }

    pub fn at(&mut self, code: Code, path: &str) {
        self.add(code, Some(path));
    }

    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|f| f.code.severity() == Severity::Error)
    }

    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

/// A path that can be shown on a terminal.
fn shown(path: &str) -> String {
    path.chars().take(1_000).flat_map(|c| if c.is_control() { c.escape_unicode().collect() } else { vec![c] }).collect()
}

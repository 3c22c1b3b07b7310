//! `case export`: one case folder as one BagIt bag in one ZIP file. The archive is read and never touched.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read},
    path::{Path, PathBuf},
};

use pipeline_access::Action;
use pipeline_archive::{CaseArchive, CaseHead, TreeEntry};
use pipeline_bag::{BagError, BagPath, BagSpec, Expected, Password, Payload, PayloadFile, TagFile, Written, write_to_file};
use pipeline_domain::{CaseFolderId, ErrorCode, LogicalPath, MunicipalityNumber, Sha256, Sha512};
use pipeline_package::CaseRecord;
use serde_json::json;
use sha2::Digest;

use crate::{
    asking::{Asking, Thing, ask},
    cli::Global,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    witness::Witnesses,
    words::pick,
};

/// The page whose links must fit where it lies.
const OVERVIEW: &str = "innhold.html";

/// One case folder, and where its copy goes.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Such as 9901/2026/000001.
    #[arg(value_name = "FOLDER")]
    pub folder: CaseFolderId,
    /// The ZIP file to make. Nothing is overwritten, and nothing is written inside the archive.
    #[arg(short, long, value_name = "OUT.zip")]
    pub out: PathBuf,
    /// What the copy is for, such as «innsynskrav 2026/14». Written into the bag (bag-info.txt); name nobody.
    #[arg(long, value_name = "TEXT", value_parser = note)]
    pub note: String,
    #[command(flatten)]
    pub asking: Asking,
    /// Encrypt with AES-256; the password is the one line of this file: 12 to 99 ASCII characters. Opens with 7-Zip, not with
    /// Windows Explorer or `unzip`. File names stay readable.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// One line that says something.
fn note(text: &str) -> Result<String, String> {
    let text = text.trim();
    let ok = (3..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if ok { Ok(text.to_owned()) } else { Err("one line of 3 to 500 characters".to_owned()) }
}

pub fn run(shell: &Shell, export: &Export, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let folder = &export.folder;
    // Looking must not found a store.
    let is_store = CaseArchive::storage_root(&shell.archive_root(), &folder.municipality).is_dir();
    let head = if is_store { shell.archive(&folder.municipality)?.read_head(folder)? } else { None };
    let Some(head) = head else {
        output.error("not_found", &folder.to_string());
        return Ok(Exit::NotFound);
    };
    let password = match password(export.password_file.as_deref(), output)? {
        Ok(password) => password,
        Err(exit) => return Ok(exit),
    };
    if let Some(exit) = refuse_place(shell, &export.out, global, output) {
        return Ok(exit);
    }
    // The whole folder as it lies: only who may see packages gets it. A copy cut to one's own view is another command's.
    let thing = Thing::of_folder(&CaseRecord::read(&head.case_record)?);
    ask(shell, global, &export.asking, Action::ReadPackages, &thing)?;
    let copy = CaseCopy::read(shell, folder, &head)?;
    let (written, sha256) = write(shell, export, &head, &copy, password.as_ref())?;
    let body = json!({
        "case_folder": folder.to_string(), "folder_version": head.version, "zip": export.out.display().to_string(), "files": written.files,
        "payload_bytes": written.payload_bytes, "zip_bytes": written.zip_bytes, "sha256": sha256, "encrypted": password.is_some(),
    });
    if !output.answer("case_export", body) {
        let lang = global.lang();
        let made = pick(lang, "Eksportert:", "Eksportert:", "Exported:");
        output.line(&format!("{} {}", output.bold(made), export.out.display()));
        let files = pick(lang, "filer", "filer", "files");
        let version = pick(lang, "versjon", "versjon", "version");
        output.line(&format!("{folder} {version} {}: {} {files}, {} byte", head.version, written.files, written.payload_bytes));
        output.line(&format!("SHA-256 {sha256}"));
    }
    Ok(Exit::Ok)
}

/// The password, if one is asked for.
pub fn password(file: Option<&Path>, output: &Output) -> Result<Result<Option<Password>, Exit>, Failure> {
    let Some(file) = file else { return Ok(Ok(None)) };
    let mut content = Vec::new();
    // A password is short; a device that never ends is not one.
    match File::open(file).and_then(|f| f.take(4_096).read_to_end(&mut content)) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            output.error("not_found", &file.display().to_string());
            return Ok(Err(Exit::NotFound));
        }
        Err(e) => return Err(Failure::give_up(ErrorCode::ExportFailed, format!("cannot read the password file: {e}"))),
    }
    Ok(Password::from_file(&content).map(Some).map_err(|e| {
        output.error("password_refused", &e.to_string());
        Exit::InvalidInput
    }))
}

/// Where nothing may be written: over a file, beside nothing, inside the archive.
pub fn refuse_place(shell: &Shell, out: &Path, global: &Global, output: &Output) -> Option<Exit> {
    let lang = global.lang();
    if out.symlink_metadata().is_ok() {
        let text = pick(
            lang,
            "finnes fra før, og ingenting skrives over",
            "finst frå før, og ingenting blir skrive over",
            "is there, and nothing is overwritten",
        );
        output.error("out_exists", &format!("{} {text}", out.display()));
        return Some(Exit::InvalidInput);
    }
    let Ok(place) = parent(out).canonicalize() else {
        output.error("not_found", &parent(out).display().to_string());
        return Some(Exit::NotFound);
    };
    if shell.archive_root().canonicalize().is_ok_and(|archive| place.starts_with(archive)) {
        let text = pick(
            lang,
            "ligger i arkivet; velg et annet sted",
            "ligg i arkivet; vel ein annan stad",
            "lies in the archive; choose another place",
        );
        output.error("out_in_archive", &format!("{} {text}", out.display()));
        return Some(Exit::InvalidInput);
    }
    None
}

pub fn parent(out: &Path) -> &Path {
    out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes beside, syncs, reads back for the digest and moves into place. Only the owner may read the file.
pub fn in_place(out: &Path, write: impl FnOnce(&File) -> Result<Written, Failure>) -> Result<(Written, Sha256), Failure> {
    let failed = |action: &'static str| move |e: io::Error| Failure::retry(ErrorCode::ExportFailed, format!("cannot {action}: {e}"));
    let place = parent(out);
    let part = tempfile::Builder::new().prefix(".arkivflyt-").suffix(".part").tempfile_in(place).map_err(failed("make the file"))?;
    let written = write(part.as_file())?;
    part.as_file().sync_all().map_err(failed("sync the file"))?;
    let sha256 = digest(part.path()).map_err(failed("read the file back"))?;
    part.persist_noclobber(out).map_err(|e| failed("move the file into place")(e.error))?;
    File::open(place).and_then(|dir| dir.sync_all()).map_err(failed("sync the folder"))?;
    Ok((written, sha256))
}

fn write(
    shell: &Shell,
    export: &Export,
    head: &CaseHead,
    copy: &CaseCopy,
    password: Option<&Password>,
) -> Result<(Written, Sha256), Failure> {
    let folder = &export.folder;
    let record = CaseRecord::read(&head.case_record)?;
    let base = format!("{}_v{}", folder.case_number(), head.version);
    let note = include_str!("export/lesmeg.txt")
        .replace("{folder}", &folder.to_string())
        .replace("{version}", &head.version.to_string())
        .replace("{base}", &base);
    let (base, note_name) = (path(&base), path("LESMEG.txt"));
    let spec = BagSpec {
        base: &base,
        info: &info(shell, export, head),
        tag_files: &[TagFile { name: &note_name, bytes: note.as_bytes() }],
        modified: record.updated_at(),
        password,
    };
    in_place(&export.out, |part| write_to_file(&spec, copy, BufWriter::new(part)).map_err(|e| copy.named(e)))
}

/// `bag-info.txt` (RFC 8493 § 2.2.2). The same archive gives the same lines, whenever the log was signed last.
fn info(shell: &Shell, export: &Export, head: &CaseHead) -> Vec<(&'static str, String)> {
    let number = &export.folder.municipality;
    let name = shell.municipality(number).map_or_else(|_| number.to_string(), |m| m.name.trim().to_owned());
    let mut info = vec![
        ("Source-Organization", name),
        ("External-Identifier", head.object_id.clone()),
        ("Internal-Sender-Identifier", format!("{} v{}", export.folder, head.version)),
        ("Bagging-Date", shell.clock.now().oslo_date().to_string()),
        ("Bag-Software-Agent", concat!("arkivflyt ", env!("CARGO_PKG_VERSION")).to_owned()),
        ("Arkivflyt-Inventory-SHA512", head.inventory_sha512.to_string()),
        ("Arkivflyt-Export-Reason", export.note.clone()),
    ];
    info.extend(checkpoint_line(&shell.witnesses, number));
    info
}

/// How far the archive's log had come, signed: whoever keeps the bag can show a rollback of the archive (`audit verify --mailbox`).
pub fn checkpoint_line(witnesses: &Witnesses, number: &MunicipalityNumber) -> Option<(&'static str, String)> {
    let lines = witnesses.checkpoint(number)?.lines()?;
    // A value of `bag-info.txt` is one line; breaks mean nothing in a checkpoint.
    Some(("Arkivflyt-Checkpoint", lines.replace('\n', "")))
}

fn digest(file: &Path) -> io::Result<Sha256> {
    let (mut file, mut hasher, mut buffer) = (File::open(file)?, sha2::Sha256::new(), vec![0; 128 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Sha256::from_bytes(hasher.finalize().into())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// The names of the archive are stricter than those of a bag.
pub fn path(text: &str) -> BagPath {
    text.parse().expect("every path in a case folder is one in a bag")
}

/// The newest state of a case folder.
struct CaseCopy {
    place: PathBuf,
    files: Vec<TreeEntry>,
    /// The overview with links that work in the bag.
    overview: Option<Vec<u8>>,
}

impl CaseCopy {
    fn read(shell: &Shell, folder: &CaseFolderId, head: &CaseHead) -> Result<Self, Failure> {
        let archive = shell.archive(&folder.municipality)?;
        let overview: LogicalPath = OVERVIEW.parse().expect("a sound path");
        let overview = match head.state.contains_key(&overview) {
            true => Some(linked_here(&String::from_utf8_lossy(&archive.read_file(folder, &overview)?)).into_bytes()),
            false => None,
        };
        Ok(Self { place: archive.folder_path(folder), files: archive.tree(folder)?, overview })
    }

    fn rewritten(&self, at: usize) -> Option<&[u8]> {
        self.overview.as_deref().filter(|_| self.files[at].path.as_str() == OVERVIEW)
    }

    /// A failure with the path of the file: in the archive, paths are numbers and kinds.
    fn named(&self, error: BagError) -> Failure {
        let file = match &error {
            BagError::Read { file, .. } | BagError::Size { file } | BagError::Digest { file } => self.files.get(file - 1),
            _ => None,
        };
        let mut failure = Failure::from(error);
        if let Some(file) = file {
            failure.detail = format!("{}: {}", file.path, failure.detail);
        }
        failure
    }
}

impl Payload for CaseCopy {
    fn count(&self) -> usize {
        self.files.len()
    }

    fn file(&self, at: usize) -> PayloadFile {
        let file = &self.files[at];
        let (size_bytes, sha512) = match self.rewritten(at) {
            Some(bytes) => (bytes.len() as u64, Sha512::of(bytes)),
            None => (file.size_bytes, file.sha512),
        };
        PayloadFile { path: path(file.path.as_str()), size_bytes, expected: Expected::Sha512(sha512) }
    }

    fn open(&self, at: usize) -> io::Result<Box<dyn Read + '_>> {
        match self.rewritten(at) {
            Some(bytes) => Ok(Box::new(bytes)),
            None => Ok(Box::new(fs::File::open(self.place.join(&self.files[at].content_path))?)),
        }
    }
}

/// The overview's links lead from `vN/content/` to `../../vM/content/<path>`; in the bag every file lies beside it.
fn linked_here(page: &str) -> String {
    const UP: &str = "href=\"../../v";
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(at) = rest.find(UP) {
        let after = &rest[at + UP.len()..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(&rest[..at]);
        match after[digits..].strip_prefix("/content/") {
            Some(path) if digits > 0 => {
                out.push_str("href=\"");
                rest = path;
            }
            _ => {
                out.push_str(UP);
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_files_beside_the_page() {
        let check = |page: &str, expected: &str| assert_eq!(linked_here(page), expected);
        check("<a href=\"../../v12/content/dokumenter/a.pdf\">", "<a href=\"dokumenter/a.pdf\">");
        check("<a href=\"../../v1/content/a\"><a href=\"../../v2/content/b\">x", "<a href=\"a\"><a href=\"b\">x");
        check("<a href=\"../../v/content/a\">", "<a href=\"../../v/content/a\">");
        check("<a href=\"../../v1/other/a\">", "<a href=\"../../v1/other/a\">");
        check("no links", "no links");
    }

    #[test]
    fn a_note_is_one_line() {
        assert_eq!(note("  innsynskrav 2026/14 ").unwrap(), "innsynskrav 2026/14");
        for bad in ["", "  ", "ok", "two\nlines", &"x".repeat(501)] {
            assert!(note(bad).is_err(), "{bad:?}");
        }
    }
}

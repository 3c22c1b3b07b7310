//! `print`: chosen parts of the documents of one plan in the view of whoever asks. Reads the archive, never touches it, and gives
//! nothing out before the access log holds a row for each document.

use pipeline_access::{Action, Part as ScopePart};
use pipeline_domain::{CaseFolderId, DocumentId, DocumentKey, DocumentKind, ErrorCode, Lang, Snapshot, Timestamp, WrittenForm};
use pipeline_render::{Area, Part, Print, PrintedDocument, parts_of, print_job};
use uuid::Uuid;

use crate::{
    asking::{Asking, No, Permit, permit, would_permit},
    failure::Failure,
    jobs::print_facts::{Facts, FoundDocument, Stopped, find},
    shell::Shell,
};

/// What somebody wants printed.
#[derive(Clone, Debug)]
pub struct PrintOrder {
    /// Who asks, in which role, and why.
    pub asking: Asking,
    /// From what.
    pub source: PrintSource,
    /// Which parts by their names; without any, all that are not special categories.
    pub parts: Vec<String>,
    /// Whether special categories may be among them.
    pub sensitive: Sensitive,
    /// What the consent gives a participant, where no register of access says it.
    pub scope: Vec<ScopePart>,
    /// Names of parts that are held back from this subject or guardian.
    pub withheld: Vec<String>,
    /// Language of the labels; without it, that of the first document.
    pub written_form: Option<WrittenForm>,
    /// When it was asked for: it stands on the paper, and the same order of the same instant is the same print.
    pub asked_at: Timestamp,
}

/// From what a print is made.
#[derive(Clone, Debug)]
pub enum PrintSource {
    /// Documents of a case folder by their numbers there; without any, the newest plan snapshot.
    Folder { folder: CaseFolderId, numbers: Vec<u32> },
    /// The newest version of one document of a case folder, by its id.
    Newest { folder: CaseFolderId, document: DocumentId },
    /// One document that need not be archived.
    Document(Box<Snapshot>),
}

/// Whether special categories of personal data may be on a print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitive {
    /// They are left out.
    LeftOut,
    /// They are there where they were asked for, or where nothing was.
    Included,
}

/// A print that may be given out: its rows stand in the access log.
#[derive(Debug)]
pub struct Printed {
    /// Names it, and stands on every page.
    pub id: Uuid,
    /// The PDF.
    pub bytes: Vec<u8>,
    /// Its pages.
    pub pages: u32,
    /// What is on it.
    pub documents: Vec<PrintedOf>,
    /// What was owed along with it.
    pub permit: Permit,
}

/// One document of a print.
#[derive(Debug)]
pub struct PrintedOf {
    pub key: DocumentKey,
    pub kind: DocumentKind,
    /// Number in the folder.
    pub no: Option<u32>,
    pub parts: Vec<&'static str>,
    pub left_out: Vec<&'static str>,
}

/// Why there is no print.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// Nothing is archived there.
    #[error("no case folder {0}")]
    NoFolder(CaseFolderId),
    /// No such number.
    #[error("no document {0} in the case folder")]
    NoDocument(u32),
    /// Not archived there, or not yet.
    #[error("no such document in the case folder")]
    NoSuchDocument,
    /// No plan snapshot is archived yet.
    #[error("no plan in the case folder yet; name a document")]
    NoPlan,
    /// A part that none of the documents has.
    #[error("none of the documents has the part {part}; they have: {known}")]
    UnknownPart { part: String, known: String },
    /// Asked for by name, and not asked for twice.
    #[error("special categories are left out unless asked for with --include-sensitive: {0}")]
    Sensitive(String),
    /// Nothing is left of what was asked for.
    #[error("nothing that was asked for is in these documents")]
    Nothing,
    /// Not for this reader.
    #[error(transparent)]
    No(#[from] No),
    /// Everything else.
    #[error("{0}")]
    Failure(#[from] Failure),
}

macro_rules! through_failure {
    ($($error:ty),+) => {$(
        impl From<$error> for PrintError {
            fn from(e: $error) -> Self {
                Self::Failure(e.into())
            }
        }
    )+};
}
through_failure!(pipeline_store::StoreError, crate::press::PressError);

/// Makes a print. When it answers, each of its documents has a row in the access log; a no has one too.
///
/// The question is asked twice: before anything is set, so that a no costs nothing, and with fresh facts when the PDF is ready, since a
/// right may have ended meanwhile. Only a no is written down the first time.
pub async fn print(shell: &Shell, order: &PrintOrder) -> Result<Printed, PrintError> {
    let (facts, chosen) = allowed(shell, order).await?;
    let id = print_id(order, &facts, &chosen);
    let paper = paper(order, &facts, &chosen, id);
    let letterhead = shell.municipality(&facts.thing.municipality)?.letterhead()?;
    let printed = shell.press().await?.print(print_job(&paper, &letterhead)).await?;
    let permit = permit_all(shell, order, &chosen).await?;
    let documents = chosen.iter().map(ChosenDocument::told).collect();
    Ok(Printed { id, bytes: printed.bytes, pages: printed.pages, documents, permit })
}

/// Whether a print that was made a moment ago may still be given out. Only a no is written down.
pub async fn may_still(shell: &Shell, order: &PrintOrder) -> Result<(), PrintError> {
    let (facts, chosen) = allowed(shell, order).await?;
    for chosen in chosen {
        would_permit(shell, &order.asking, Action::Print, &facts.thing.clone().document(chosen.document.snapshot.key()))?;
    }
    Ok(())
}

/// What goes on the print.
async fn allowed(shell: &Shell, order: &PrintOrder) -> Result<(Facts, Vec<ChosenDocument>), PrintError> {
    match choose(find(shell, order).await?, order)? {
        Choice::May(facts, chosen) => Ok((facts, chosen)),
        Choice::MayNot(stopped) => Err(refuse(shell, order, &stopped)),
    }
}

fn paper<'a>(order: &PrintOrder, facts: &'a Facts, chosen: &'a [ChosenDocument], id: Uuid) -> Print<'a> {
    let form = order.written_form.unwrap_or(chosen[0].document.snapshot.written_form);
    let lang = match form {
        WrittenForm::Nb => Lang::Nb,
        WrittenForm::Nn => Lang::Nn,
    };
    Print {
        ident: id.to_string(),
        written_form: form,
        folder: facts.folder.as_ref(),
        requested_by: order.asking.actor().to_string(),
        requested_role: with_capital(order.asking.role.map_or("", |role| role.text(lang))),
        requested_at: order.asked_at,
        reason: with_capital(order.asking.reason.map_or("", |reason| reason.text(lang))),
        protection: facts.thing.resource.protection,
        documents: chosen.iter().map(ChosenDocument::on_paper).collect(),
    }
}

/// Asks with the facts as they are now, once for each document; nothing goes out unless they still allow every part.
async fn permit_all(shell: &Shell, order: &PrintOrder, chosen: &[ChosenDocument]) -> Result<Permit, PrintError> {
    let (facts, _) = find(shell, order).await?;
    let mut parts = chosen.iter().flat_map(|c| &c.parts);
    if let Some(thing) = parts.find_map(|part| facts.stopped(part, order)) {
        return Err(refuse(shell, order, &thing));
    }
    let mut given = None;
    for chosen in chosen {
        let thing = facts.thing.clone().document(chosen.document.snapshot.key());
        given = Some(permit(shell, &order.asking, Action::Print, &thing)?);
    }
    given.ok_or(PrintError::Nothing)
}

/// Lets the policy say no, so that the attempt stands in the log, and gives its answer.
fn refuse(shell: &Shell, order: &PrintOrder, (action, thing): &Stopped) -> PrintError {
    match permit(shell, &order.asking, *action, thing) {
        Err(no) => no.into(),
        // What was in the way a moment ago is not any more. Whoever asks again gets it.
        Ok(_) => Failure::retry(ErrorCode::NotAuthorised, "the facts changed while the print was made").into(),
    }
}

/// One document with its parts on the print, and those that its reader may see besides.
struct ChosenDocument {
    document: FoundDocument,
    parts: Vec<&'static Part>,
    left_out: Vec<&'static Part>,
}

impl ChosenDocument {
    fn on_paper(&self) -> PrintedDocument<'_> {
        let (parts, left_out) = (self.parts.clone(), self.left_out.clone());
        PrintedDocument { snapshot: &self.document.snapshot, parts, left_out, former: self.document.former.as_deref() }
    }

    fn told(&self) -> PrintedOf {
        let ids = |parts: &[&'static Part]| parts.iter().map(|p| p.id).collect();
        let snapshot = &self.document.snapshot;
        let (parts, left_out) = (ids(&self.parts), ids(&self.left_out));
        PrintedOf { key: snapshot.key(), kind: snapshot.kind(), no: self.document.no, parts, left_out }
    }
}

/// What goes on the print, or what is asked for in vain.
enum Choice {
    May(Facts, Vec<ChosenDocument>),
    MayNot(Stopped),
}

/// Chooses the parts. A part that was asked for by name and may not be seen stops the whole print, so that nobody wonders where it went;
/// without names, the print holds what may be seen.
fn choose((facts, documents): (Facts, Vec<FoundDocument>), order: &PrintOrder) -> Result<Choice, PrintError> {
    check_names(&documents, order)?;
    let without = order.sensitive == Sensitive::LeftOut;
    let named = |part: &Part| order.parts.iter().any(|name| name == part.id);
    let mut stopped = None;
    let mut chosen = Vec::new();
    for document in documents {
        let (mut parts, mut left_out) = (Vec::new(), Vec::new());
        for part in document.parts() {
            let no = facts.stopped(part, order);
            match (order.parts.is_empty(), no) {
                (false, Some(thing)) if named(part) => return Ok(Choice::MayNot(thing)),
                (_, Some(thing)) => stopped = stopped.or(Some(thing)),
                (true, None) if !(without && part.is_sensitive()) => parts.push(part),
                (false, None) if named(part) => parts.push(part),
                (_, None) => left_out.push(part),
            }
        }
        if !parts.is_empty() {
            chosen.push(ChosenDocument { document, parts, left_out });
        }
    }
    match (chosen.is_empty(), stopped) {
        (false, _) => Ok(Choice::May(facts, chosen)),
        (true, Some(thing)) => Ok(Choice::MayNot(thing)),
        (true, None) => Err(PrintError::Nothing),
    }
}

/// Names that no document has, and special categories that were asked for once only.
fn check_names(documents: &[FoundDocument], order: &PrintOrder) -> Result<(), PrintError> {
    let all = || documents.iter().flat_map(|d| parts_of(d.snapshot.kind(), d.snapshot.case.plan_type));
    if let Some(part) = order.parts.iter().chain(&order.withheld).find(|name| !all().any(|p| p.id == **name)) {
        let mut known: Vec<&str> = Vec::new();
        for part in all() {
            if !known.contains(&part.id) {
                known.push(part.id);
            }
        }
        return Err(PrintError::UnknownPart { part: part.clone(), known: known.join(", ") });
    }
    let is_special = |name: &&String| all().any(|p| p.id == **name && p.is_sensitive());
    let special: Vec<&str> = order.parts.iter().filter(is_special).map(String::as_str).collect();
    if order.sensitive == Sensitive::LeftOut && !special.is_empty() {
        return Err(PrintError::Sensitive(special.join(", ")));
    }
    Ok(())
}

/// What a consent calls the area that a part belongs to. The consent itself is nobody's part of a plan.
pub fn scope_part(area: Area) -> Option<ScopePart> {
    Some(match area {
        Area::Plan => ScopePart::Plan,
        Area::Background => ScopePart::Background,
        Area::Goals => ScopePart::Goals,
        Area::Evaluations => ScopePart::Evaluations,
        Area::Minutes => ScopePart::Minutes,
        Area::Attachments => ScopePart::Attachments,
        Area::Messages => ScopePart::Messages,
        Area::Consent => return None,
    })
}

/// What reading a part is called in the policy.
pub fn read_action(area: Area) -> Action {
    match area {
        Area::Plan | Area::Background | Area::Goals | Area::Evaluations => Action::ReadPlan,
        Area::Minutes | Area::Attachments | Area::Messages => Action::ReadMinutes,
        Area::Consent => Action::ReadConsent,
    }
}

/// From what makes a print what it is: the same order at the same instant is the same print.
fn print_id(order: &PrintOrder, facts: &Facts, chosen: &[ChosenDocument]) -> Uuid {
    let parts = chosen.iter().map(|c| format!("{}:{}", c.document.snapshot.key(), c.told().parts.join(",")));
    let folder = facts.folder.as_ref().map(ToString::to_string).unwrap_or_default();
    let text = format!("arkivflyt print {} {folder} {} {}", order.asking.actor(), order.asked_at, parts.collect::<Vec<_>>().join(" "));
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes())
}

fn with_capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

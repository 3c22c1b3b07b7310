//! `print`: chosen parts of the documents of one plan in the view of whoever asks. Reads the archive, never touches it, and gives
//! nothing out before the access log holds a row for each document.

use pipeline_access::{Action, Flag, Part as ScopePart, Reach, Resource, Role, Scope, Withholding, circumstances, decide};
use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, DocumentKey, DocumentKind, ErrorCode, Lang, PlanType, Snapshot, Timestamp, WrittenForm};
use pipeline_package::{CaseRecord, DocumentEntry};
use pipeline_render::{Area, Part, Print, PrintedDocument, has_part, parts_of, print_job};
use pipeline_store::{Documents, Plan};
use uuid::Uuid;

use crate::{
    asking::{Asking, Permit, Register, Thing, ask},
    cli::Global,
    config::RolesSetting,
    failure::Failure,
    jobs::print_source::{Kept, newest_plan},
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
}

/// From what a print is made.
#[derive(Clone, Debug)]
pub enum PrintSource {
    /// Documents of a case folder by their numbers there; without any, the newest plan snapshot.
    Folder { folder: CaseFolderId, numbers: Vec<u32> },
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
    /// Everything else, a no among it.
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
pub async fn print(shell: &Shell, global: &Global, order: &PrintOrder) -> Result<Printed, PrintError> {
    let now = shell.clock.now();
    let found = find(shell, order).await?;
    let (facts, chosen) = match choose(found, order)? {
        Choice::May(facts, chosen) => (facts, chosen),
        Choice::MayNot(thing) => return Err(refuse(shell, global, order, &thing)),
    };
    let id = print_id(order, &facts, &chosen, now);
    let paper = paper(order, &facts, &chosen, id, now);
    let letterhead = shell.municipality(&facts.thing.municipality)?.letterhead()?;
    let printed = shell.press().await?.print(print_job(&paper, &letterhead)).await?;
    let permit = permit(shell, global, order, &chosen).await?;
    let documents = chosen.iter().map(ChosenDocument::told).collect();
    Ok(Printed { id, bytes: printed.bytes, pages: printed.pages, documents, permit })
}

fn paper<'a>(order: &PrintOrder, facts: &'a Facts, chosen: &'a [ChosenDocument], id: Uuid, now: Timestamp) -> Print<'a> {
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
        requested_at: now,
        reason: with_capital(order.asking.reason.map_or("", |reason| reason.text(lang))),
        protection: facts.thing.resource.protection,
        documents: chosen.iter().map(ChosenDocument::on_paper).collect(),
    }
}

/// Asks with the facts as they are now, once for each document; nothing goes out unless they still allow every part.
async fn permit(shell: &Shell, global: &Global, order: &PrintOrder, chosen: &[ChosenDocument]) -> Result<Permit, PrintError> {
    let (facts, _) = find(shell, order).await?;
    let mut parts = chosen.iter().flat_map(|c| &c.parts);
    if let Some(thing) = parts.find_map(|part| facts.stopped(part, order)) {
        return Err(refuse(shell, global, order, &thing));
    }
    let mut permit = None;
    for chosen in chosen {
        let thing = facts.thing.clone().document(chosen.document.snapshot.key());
        permit = Some(ask(shell, global, &order.asking, Action::Print, &thing)?);
    }
    permit.ok_or(PrintError::Nothing)
}

/// Lets the policy say no, so that the attempt stands in the log, and gives its answer.
fn refuse(shell: &Shell, global: &Global, order: &PrintOrder, (action, thing): &Stopped) -> PrintError {
    match ask(shell, global, &order.asking, *action, thing) {
        Err(no) => no.into(),
        // What was in the way a moment ago is not any more. Whoever asks again gets it.
        Ok(_) => Failure::retry(ErrorCode::NotAuthorised, "the facts changed while the print was made").into(),
    }
}

/// What the policy says no to, and with what.
type Stopped = (Action, Thing);

/// What is known about the plan, and about what its reader may see.
struct Facts {
    folder: Option<CaseFolderId>,
    thing: Thing,
    /// What the consent gives a participant.
    scope: Vec<ScopePart>,
    now: Timestamp,
}

impl Facts {
    /// What is asked for when it is this part, if the policy says no to it.
    fn stopped(&self, part: &Part, order: &PrintOrder) -> Option<Stopped> {
        let mut thing = self.thing.clone();
        let is_participant = order.asking.role == Some(Role::Participant);
        let within = scope_part(part.area).is_some_and(|of| self.scope.contains(&of));
        thing.resource.scope = if is_participant && !within { Scope::Outside } else { Scope::Within };
        thing.resource.withholding = if order.withheld.iter().any(|w| w == part.id) { Withholding::Withheld } else { Withholding::Shown };
        let Some(role) = order.asking.role else { return Some((Action::Print, thing)) };
        let stated: &[Flag] = if order.asking.reason.is_some() { &[Flag::ReasonStated] } else { &[] };
        // How the actor stands to the plan is for `ask` to judge; here they stand as their role has it.
        let Ok((mut actor, _)) = circumstances(role, None, stated) else { return Some((Action::Print, thing)) };
        let mut resource = thing.resource;
        order.asking.facts.iter().for_each(|fact| fact.put(&mut actor, &mut resource));
        let is_denied = |action: Action| {
            let of_age = |age| decide(&actor, action, &Resource { age, ..resource });
            thing.ages(self.now.oslo_date()).into_iter().any(|age| !of_age(age).is_allowed())
        };
        let action = [Action::Print, read_action(part.area)].into_iter().find(|action| is_denied(*action))?;
        Some((action, thing))
    }
}

struct FoundDocument {
    no: Option<u32>,
    snapshot: Box<Snapshot>,
    former: Option<Box<Snapshot>>,
}

impl FoundDocument {
    /// The parts that it says something in.
    fn parts(&self) -> impl Iterator<Item = &'static Part> {
        let all = parts_of(self.snapshot.kind(), self.snapshot.case.plan_type).iter();
        all.filter(|part| has_part(&self.snapshot, part, self.former.as_deref()))
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

async fn find(shell: &Shell, order: &PrintOrder) -> Result<(Facts, Vec<FoundDocument>), PrintError> {
    let (folder, thing, documents) = match &order.source {
        PrintSource::Folder { folder, numbers } => {
            let (thing, documents) = find_archived(shell, folder, numbers)?;
            (Some(folder.clone()), thing, documents)
        }
        PrintSource::Document(snapshot) => find_given(shell, snapshot).await?,
    };
    let now = shell.clock.now();
    let granted = Register::read(&shell.data, &thing.municipality)?.grants().into_iter();
    let theirs = granted.filter(|grant| {
        let of_plan = matches!(grant.reach, Reach::Plan(plan) if Some(plan) == thing.plan);
        grant.actor == order.asking.actor() && grant.role == Role::Participant && of_plan && grant.holds_at(now)
    });
    let scope: Vec<ScopePart> = theirs.flat_map(|grant| grant.parts).collect();
    // What the register says counts; it says nothing where roles are only stated.
    let scope = if scope.is_empty() && shell.config.access.roles == RolesSetting::Stated { order.scope.clone() } else { scope };
    Ok((Facts { folder, thing, scope, now }, documents))
}

fn find_archived(shell: &Shell, folder: &CaseFolderId, numbers: &[u32]) -> Result<(Thing, Vec<FoundDocument>), PrintError> {
    let no_folder = || PrintError::NoFolder(folder.clone());
    // Looking must not found a store.
    if !CaseArchive::storage_root(&shell.archive_root(), &folder.municipality).is_dir() {
        return Err(no_folder());
    }
    let archive = shell.archive(&folder.municipality)?;
    let kept = Kept { archive: &archive, reader: &shell.reader, folder };
    let record = kept.record()?.ok_or_else(no_folder)?;
    let wanted: Vec<&DocumentEntry> = if numbers.is_empty() {
        vec![newest_plan(&record).ok_or(PrintError::NoPlan)?]
    } else {
        let entry = |no: &u32| record.documents().iter().find(|d| d.no == *no).ok_or(PrintError::NoDocument(*no));
        numbers.iter().map(entry).collect::<Result<_, _>>()?
    };
    let mut documents = Vec::new();
    for entry in wanted {
        let snapshot = kept.document(entry)?;
        let former = kept.before(&snapshot)?;
        documents.push(FoundDocument { no: Some(entry.no), snapshot, former });
    }
    let thing = thing_of(&kept, &record, &documents[0].snapshot, shell.clock.now())?;
    Ok((thing, documents))
}

/// The plan as its folder tells it, with what only a document knows: the birth date, and a consent that has ended.
fn thing_of(kept: &Kept<'_>, record: &CaseRecord, document: &Snapshot, now: Timestamp) -> Result<Thing, PrintError> {
    let mut thing = Thing { born: Some(document.case.subject_birth_date), ..Thing::of_folder(record) }.document(document.key());
    if document.case.plan_type != PlanType::Iop
        && let Some(consent) = kept.ended_consent(record, now.oslo_date())?
    {
        thing.resource.consent = consent;
    }
    Ok(thing)
}

/// A document from a file: what its folder knows by now counts, if the plan has one.
async fn find_given(shell: &Shell, snapshot: &Snapshot) -> Result<(Option<CaseFolderId>, Thing, Vec<FoundDocument>), PrintError> {
    let number = &snapshot.case.municipality_number;
    let system = snapshot.source.system.parse().map_err(|e| Failure::give_up(ErrorCode::MetadataInvalid, e))?;
    let plan = Plan { source_system: system, plan: snapshot.case.plan_id, municipality: number.clone() };
    let folder = shell.store.folder_of(&plan).await?.map(|f| f.id);
    let mut document = FoundDocument { no: None, snapshot: Box::new(snapshot.clone()), former: None };
    let mut thing = Thing::of_snapshot(snapshot, folder.as_ref());
    let is_store = CaseArchive::storage_root(&shell.archive_root(), number).is_dir();
    if let Some(folder) = folder.as_ref().filter(|_| is_store) {
        let archive = shell.archive(number)?;
        let kept = Kept { archive: &archive, reader: &shell.reader, folder };
        if let Some(record) = kept.record()? {
            thing = thing_of(&kept, &record, snapshot, shell.clock.now())?;
            document.former = kept.before(snapshot)?;
        }
    }
    Ok((folder, thing, vec![document]))
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
fn print_id(order: &PrintOrder, facts: &Facts, chosen: &[ChosenDocument], now: Timestamp) -> Uuid {
    let parts = chosen.iter().map(|c| format!("{}:{}", c.document.snapshot.key(), c.told().parts.join(",")));
    let folder = facts.folder.as_ref().map(ToString::to_string).unwrap_or_default();
    let text = format!("arkivflyt print {} {folder} {now} {}", order.asking.actor(), parts.collect::<Vec<_>>().join(" "));
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes())
}

fn with_capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

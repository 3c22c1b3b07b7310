//! What the store knows of a municipality's case folders, and the lists that reports make of it.

use pipeline_domain::{DocumentKind, ErrorCode, RecipientRef, Timestamp};
use pipeline_lifecycle::Life;
use pipeline_render::{Cell, Label, ReportTable};
use pipeline_store::{DocumentFilter, DocumentRow, DocumentState, Documents, Folder, Mail, MailFilter, MailState, Outbox, PaperItem};

use super::{
    local::LocalRun,
    plans::PlanNow,
    records::{self, Looked},
};
use crate::failure::Failure;

const DAY_S: i64 = 24 * 3600;
/// A plan that is not archived for so long is overdue (DOMAIN § 9).
const OVERDUE_S: i64 = 190 * DAY_S;
/// Mails that wait for a person are listed up to so many.
const MOST_MAILS: u32 = 5000;

/// One case folder by its rows.
pub struct FolderState {
    pub folder: Folder,
    /// Documents that are archived.
    pub archived: u32,
    /// Those of them that were archived in the period.
    pub archived_in_period: u32,
    pub last_archived: Option<Timestamp>,
    /// When the plan itself was archived last.
    pub last_snapshot: Option<Timestamp>,
    pub waiting: Vec<DocumentRow>,
    pub failed: Vec<DocumentRow>,
    /// Folders that say of themselves that they are closed are never overdue.
    pub is_overdue: bool,
}

/// All of one municipality.
pub struct Survey {
    pub folders: Vec<FolderState>,
    /// Who was put on the paper list in the period.
    pub on_paper: Vec<PaperItem>,
    /// Mail that waits for a person.
    pub mails: Vec<Mail>,
    /// Folders that could not be read.
    pub unread: u32,
}

/// Looks at every folder of the run's municipality; the period is what came after `since`. `None` when asked to stop.
pub async fn survey(run: &LocalRun, since: Option<Timestamp>) -> Result<Option<Survey>, Failure> {
    let store = &run.shell.store;
    let now = run.shell.clock.now();
    let mut folders = Vec::new();
    for folder in folders_of(run).await? {
        if run.ctx.stop.is_cancelled() {
            return Ok(None);
        }
        let rows = store.documents(&DocumentFilter { folder: Some(folder.id.clone()), ..DocumentFilter::default() }, u32::MAX).await?;
        folders.push(state_of(folder, rows, since));
    }
    let mut candidates = Vec::new();
    for state in folders.iter().filter(|state| is_late(state, now)) {
        let plan = PlanNow::of(&run.shell, &state.folder.id).await?;
        if !is_up_to_date(state, &plan.life) {
            candidates.push(state.folder.clone());
        }
    }
    let Some(looked) = records::look(run, &candidates, |_, _, _, record| Ok(record.closed_at().is_some())).await else { return Ok(None) };
    let mut unread = 0;
    let mut overdue = std::collections::HashSet::new();
    for (folder, looked) in looked {
        match looked {
            Looked::Found(true) => {}
            Looked::Found(false) | Looked::Empty => drop(overdue.insert(folder.id)),
            Looked::Unreadable => unread += 1,
        }
    }
    for folder in &mut folders {
        folder.is_overdue = overdue.contains(&folder.folder.id);
    }
    let in_period = |at: Timestamp| since.is_none_or(|since| at > since);
    let mut on_paper = store.paper_list().await?;
    on_paper.retain(|p| p.folder.municipality == run.municipality && in_period(p.at));
    // Of one instant, whoever was quicker to write: a report does not depend on that.
    on_paper.sort_by_key(|p| (p.at, p.folder.clone(), p.about, p.recipient));
    let mut mails = Vec::new();
    for state in [MailState::Failed, MailState::Doubtful] {
        let all = store.mails(&MailFilter { state: Some(state), ..MailFilter::default() }, MOST_MAILS).await?;
        mails.extend(all.into_iter().filter(|mail| is_of(run, mail) && !was_rightly_stopped(mail)));
    }
    mails.sort_by_key(|mail| (mail.queued_at, mail.dedupe_key.clone()));
    Ok(Some(Survey { folders, on_paper, mails, unread }))
}

/// The municipality's folders, by year and number.
pub async fn folders_of(run: &LocalRun) -> Result<Vec<Folder>, Failure> {
    let mut folders = run.shell.store.folders().await?;
    folders.retain(|f| f.id.municipality == run.municipality);
    Ok(folders)
}

/// Nobody has to look at a notice that was not sent because it was worth nothing any more, or might not be sent.
fn was_rightly_stopped(mail: &Mail) -> bool {
    mail.last_code.is_some_and(crate::jobs::tell::is_rightly_stopped)
}

fn is_of(run: &LocalRun, mail: &Mail) -> bool {
    match &mail.folder {
        Some(folder) => folder.municipality == run.municipality,
        // A report on a run: its key names the municipality.
        None => mail.dedupe_key.split([':', '.']).nth(1) == Some(run.municipality.as_str()),
    }
}

/// What the rows of a folder's documents say; the period is what came after `since`.
pub fn state_of(folder: Folder, rows: Vec<DocumentRow>, since: Option<Timestamp>) -> FolderState {
    let mut state = FolderState {
        folder,
        archived: 0,
        archived_in_period: 0,
        last_archived: None,
        last_snapshot: None,
        waiting: Vec::new(),
        failed: Vec::new(),
        is_overdue: false,
    };
    for row in rows {
        if let Some(archived) = &row.archived {
            state.archived += 1;
            state.archived_in_period += u32::from(since.is_none_or(|since| archived.at > since));
            state.last_archived = state.last_archived.max(Some(archived.at));
            if row.kind == DocumentKind::PlanSnapshot {
                state.last_snapshot = state.last_snapshot.max(Some(archived.at));
            }
        }
        match row.state {
            DocumentState::Accepted => state.waiting.push(row),
            DocumentState::Failed => state.failed.push(row),
            DocumentState::Archived | DocumentState::Notified => {}
        }
    }
    state
}

/// By the dates alone. A folder without any document of the archive is given a day; one that holds other documents only is
/// given the 190 days from its opening.
pub fn is_late(folder: &FolderState, now: Timestamp) -> bool {
    let age = |since: Timestamp| now.unix_seconds() - since.unix_seconds();
    match (folder.last_snapshot, folder.last_archived) {
        (Some(at), _) => age(at) > OVERDUE_S,
        (None, Some(_)) => age(folder.folder.opened_at) > OVERDUE_S,
        (None, None) => age(folder.folder.opened_at) > DAY_S,
    }
}

/// Whether the archive has the plan as it is now, however long ago that was: the source system, which tells of changes, has told of
/// none since the newest snapshot, and that lies in the archive.
pub fn is_up_to_date(folder: &FolderState, life: &Life) -> bool {
    let is_on_its_way = folder.waiting.iter().chain(&folder.failed).any(|row| row.kind == DocumentKind::PlanSnapshot);
    folder.last_snapshot.is_some() && !is_on_its_way && life.archiving.changed_since_snapshot() == Some(false)
}

impl Survey {
    fn sum(&self, of: impl Fn(&FolderState) -> usize) -> u64 {
        self.folders.iter().map(of).sum::<usize>() as u64
    }

    pub fn waiting(&self) -> u64 {
        self.sum(|f| f.waiting.len())
    }

    pub fn failed(&self) -> u64 {
        self.sum(|f| f.failed.len())
    }

    pub fn overdue(&self) -> u64 {
        self.sum(|f| usize::from(f.is_overdue))
    }

    pub fn archived(&self) -> u64 {
        self.sum(|f| f.archived_in_period as usize)
    }

    /// What a person should look at.
    pub fn to_follow_up(&self) -> u64 {
        self.overdue() + self.failed() + self.mails.len() as u64 + self.on_paper.len() as u64
    }

    pub fn overdue_table(&self) -> ReportTable {
        let columns = [Label::CaseFolder, Label::LastSnapshot, Label::LastArchived, Label::Opened];
        let mut table = ReportTable::new(Label::Overdue, Label::OverdueMeaning, columns);
        table.rows.extend(self.folders.iter().filter(|f| f.is_overdue).map(|f| {
            let opened = Cell::Day(f.folder.opened_at.oslo_date());
            vec![Cell::Folder(f.folder.id.clone()), day_or_never(f.last_snapshot), day_or_never(f.last_archived), opened]
        }));
        table
    }

    pub fn failed_table(&self) -> ReportTable {
        document_table(Label::Failed, Label::FailedMeaning, self.folders.iter().flat_map(|f| &f.failed))
    }

    pub fn waiting_table(&self) -> ReportTable {
        document_table(Label::Waiting, Label::WaitingMeaning, self.folders.iter().flat_map(|f| &f.waiting))
    }

    pub fn mails_table(&self) -> ReportTable {
        let columns = [Label::CaseFolder, Label::Recipient, Label::State, Label::Code, Label::Since];
        let mut table = ReportTable::new(Label::Mails, Label::MailsMeaning, columns);
        table.rows.extend(self.mails.iter().map(|mail| {
            let state = if mail.state == MailState::Doubtful { Label::MailDoubtful } else { Label::MailFailed };
            vec![
                mail.folder.clone().map_or(Cell::None, Cell::Folder),
                Cell::Word(recipient(mail.recipient)),
                Cell::Word(state),
                code_cell(mail.last_code),
                Cell::Day(mail.queued_at.oslo_date()),
            ]
        }));
        table
    }

    pub fn on_paper_table(&self) -> ReportTable {
        let columns = [Label::CaseFolder, Label::Document, Label::Recipient, Label::Since];
        let mut table = ReportTable::new(Label::OnPaper, Label::OnPaperMeaning, columns);
        table.rows.extend(self.on_paper.iter().map(|item| {
            let (who, since) = (Cell::Word(recipient(item.recipient)), Cell::Day(item.at.oslo_date()));
            vec![Cell::Folder(item.folder.clone()), item.about.document().map_or(Cell::None, Cell::Document), who, since]
        }));
        table
    }

    pub fn folders_table(&self) -> ReportTable {
        let columns = [
            Label::CaseFolder,
            Label::Documents,
            Label::LastSnapshot,
            Label::LastArchived,
            Label::WaitingCount,
            Label::FailedCount,
            Label::OnPaperCount,
        ];
        let mut table = ReportTable::new(Label::Folders, Label::FoldersMeaning, columns);
        let mut on_paper = std::collections::HashMap::<_, u64>::new();
        for item in &self.on_paper {
            *on_paper.entry(&item.folder).or_default() += 1;
        }
        table.rows.extend(self.folders.iter().map(|f| {
            vec![
                Cell::Folder(f.folder.id.clone()),
                Cell::Number(u64::from(f.archived)),
                day_or_never(f.last_snapshot),
                day_or_never(f.last_archived),
                Cell::Number(f.waiting.len() as u64),
                Cell::Number(f.failed.len() as u64),
                Cell::Number(on_paper.get(&f.folder.id).copied().unwrap_or(0)),
            ]
        }));
        table
    }
}

pub fn day_or_never(at: Option<Timestamp>) -> Cell {
    at.map_or(Cell::Word(Label::Never), |at| Cell::Day(at.oslo_date()))
}

fn document_table<'a>(heading: Label, meaning: Label, rows: impl Iterator<Item = &'a DocumentRow>) -> ReportTable {
    let mut table = ReportTable::new(heading, meaning, [Label::CaseFolder, Label::Document, Label::Code, Label::Since]);
    table.rows.extend(rows.map(|row| {
        let since = row.first_failed_at.unwrap_or(row.reservation.accepted_at);
        let folder = Cell::Folder(row.reservation.folder.clone());
        vec![folder, Cell::Document(row.key), code_cell(row.last_code), Cell::Day(since.oslo_date())]
    }));
    table
}

fn code_cell(code: Option<ErrorCode>) -> Cell {
    code.map_or(Cell::None, |code| Cell::Code(code.id().to_owned()))
}

/// As a role: who it is stands in the document.
fn recipient(who: RecipientRef) -> Label {
    match who {
        RecipientRef::Subject => Label::Subject,
        RecipientRef::Guardian(_) => Label::Guardian,
        RecipientRef::Participant(_) => Label::Participant,
        RecipientRef::Invited(_) => Label::Invited,
        RecipientRef::Recipient(_) => Label::MinutesRecipient,
        RecipientRef::Lead => Label::Lead,
        RecipientRef::FormerLead => Label::FormerLead,
        RecipientRef::NewLead => Label::NewLead,
        RecipientRef::ProfessionalLead => Label::ProfessionalLead,
        RecipientRef::LocalAdmin => Label::LocalAdmin,
        RecipientRef::Requester => Label::Requester,
        RecipientRef::Archivist => Label::Archivist,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(opened_days_ago: i64, snapshot: Option<i64>, archived: Option<i64>) -> (FolderState, Timestamp) {
        let now = Timestamp::from_unix_seconds(1_795_422_600).unwrap();
        let ago = |days: i64| Timestamp::from_unix_seconds(now.unix_seconds() - days * DAY_S).unwrap();
        let plan = pipeline_store::Plan {
            source_system: "samspill".parse().unwrap(),
            plan: "9c691b30-4b10-541f-b81c-97f0b00cf693".parse().unwrap(),
            municipality: "9901".parse().unwrap(),
        };
        let id = "9901/2026/000001".parse().unwrap();
        let folder = Folder { id, plan, opened_at: ago(opened_days_ago), documents: 0, folder_version: None };
        let mut state = state_of(folder, Vec::new(), None);
        (state.last_snapshot, state.last_archived) = (snapshot.map(ago), archived.map(ago));
        (state, now)
    }

    #[test]
    fn overdue_after_190_days_and_when_never_archived() {
        let late = |opened, snapshot, archived| {
            let (state, now) = folder(opened, snapshot, archived);
            is_late(&state, now)
        };
        assert!(!late(400, Some(190), Some(190)));
        assert!(late(400, Some(191), Some(191)));
        assert!(late(400, Some(191), Some(3)), "minutes are not the plan");
        assert!(late(191, None, Some(3)) && !late(190, None, Some(3)), "other documents only");
        assert!(late(2, None, None) && !late(1, None, None), "nothing at all");
    }
}

//! What becomes of the files that come with a document: looked at in a render child, kept as they came, images laid on a page.
//!
//! Their bytes lie in `inbox/attachments/`, each under its SHA-256, before the document that names them comes (`pool.rs` takes
//! them in, and puts what is not taken apart). A file that the archive does not hold never stops its document: the document
//! is archived, and the folder says what is missing and why.

mod pool;

use std::{collections::HashMap, path::Path};

use pipeline_attach::{CaseHoldings, Limits};
use pipeline_domain::{
    Attached, AttachmentItem, AttachmentState, CaseFolderId, DocumentKey, ErrorCode, FileOnDisk, PageCopy, Rendered, Sha256, Snapshot,
};
use pipeline_package::{AttachmentEntry, CaseRecord, StoredFile};
use pipeline_render::{Picture, PicturePage, picture_job};

use crate::{
    failure::Failure,
    handover::Handover,
    press::{Look, LookedAt, LookedImage, PressError},
    shell::Shell,
};

pub use pool::{digest_of, offer_folder, put_away, sweep, take_in};

/// What makes the page of an image.
const TOOL: &str = concat!("arkivflyt ", env!("CARGO_PKG_VERSION"));

/// The document with what became of its attachments. May be asked again: the same files give the same answer.
///
/// # Errors
/// What stops the work itself: the disk, the database, a child that cannot be started. Never an attachment.
pub async fn attach(shell: &Shell, rendered: Rendered) -> Result<Rendered, Failure> {
    let items = rendered.snapshot().content.attachments();
    if items.is_empty() {
        return Ok(rendered);
    }
    let folder = rendered.reservation().folder.clone();
    let mut attaching = Attaching {
        shell,
        snapshot: rendered.snapshot(),
        handover: Handover::of(&shell.data.work(), rendered.snapshot().key()),
        limits: shell.config.attachments.limits(),
        held: held(shell, folder).await?,
        seen: HashMap::new(),
    };
    let mut attached = Vec::with_capacity(items.len());
    for item in items {
        attached.push(attaching.one(item).await?);
    }
    tell(rendered.snapshot().key(), &attached);
    Ok(rendered.with_attachments(attached))
}

/// Ids, numbers and codes: a file's name may hold a person's.
fn tell(key: DocumentKey, attached: &[Attached]) {
    for (attached, no) in attached.iter().zip(1..).filter(|(a, _)| a.state.wants_a_person()) {
        let code = attached.code.map_or(attached.state.id(), ErrorCode::id);
        tracing::warn!(document.id = %key.id, attachment = no, state = attached.state.id(), %code, "an attachment wants a person");
    }
}

/// What the case folder holds already.
#[derive(Default)]
struct Held {
    /// The first of each content.
    known: HashMap<Sha256, Attached>,
    holdings: CaseHoldings,
}

async fn held(shell: &Shell, folder: CaseFolderId) -> Result<Held, Failure> {
    let archive = shell.archive(&folder.municipality)?;
    tokio::task::spawn_blocking(move || match archive.read_head(&folder)? {
        Some(head) => Ok(Held::of(&CaseRecord::read(&head.case_record)?, &archive.folder_path(&folder))),
        None => Ok(Held::default()),
    })
    .await
    .expect("reading does not panic")
}

impl Held {
    fn of(record: &CaseRecord, place: &Path) -> Self {
        let mut held = Self::default();
        for entry in record.documents().iter().flat_map(|d| &d.attachments).filter(|a| a.state.keeps_original()) {
            let known = from_folder(place, entry);
            if held.known.insert(entry.sha256, known).is_none() {
                held.holdings.files = held.holdings.files.saturating_add(1);
                held.holdings.bytes = held.holdings.bytes.saturating_add(entry.original.as_ref().map_or(0, |f| f.size_bytes));
            }
        }
        held
    }
}

/// An attachment as an earlier document brought it.
fn from_folder(place: &Path, entry: &AttachmentEntry) -> Attached {
    let file = |stored: &StoredFile| FileOnDisk { at: place.join(&stored.at), sha256: stored.sha256, size_bytes: stored.size_bytes };
    Attached {
        item: AttachmentItem { name: entry.name.clone(), hash: entry.sha256, date: entry.date },
        state: entry.state,
        code: entry.code.as_deref().and_then(ErrorCode::from_id),
        format: entry.format.clone(),
        warnings: entry.warnings.clone(),
        original: entry.original.as_ref().map(file),
        page: entry
            .page
            .as_ref()
            .map(|page| PageCopy { pdf: file(page), tool: entry.page_made_by.clone().unwrap_or_else(|| TOOL.to_owned()) }),
    }
}

struct Attaching<'a> {
    shell: &'a Shell,
    snapshot: &'a Snapshot,
    handover: Handover,
    limits: Limits,
    held: Held,
    /// What this document names more than once.
    seen: HashMap<Sha256, Attached>,
}

impl Attaching<'_> {
    async fn one(&mut self, item: AttachmentItem) -> Result<Attached, Failure> {
        if let Some(known) = self.held.known.get(&item.hash).or_else(|| self.seen.get(&item.hash)) {
            return Ok(Attached { item, ..known.clone() });
        }
        let attached = match pool::find(self.shell, item.hash).await? {
            pool::Found::There(file) => self.look(item, file).await?,
            pool::Found::TooLarge => without_file(item, AttachmentState::Refused, ErrorCode::AttachmentTooLarge),
            pool::Found::Nowhere => without_file(item, AttachmentState::Missing, ErrorCode::AttachmentMissing),
        };
        if attached.state.keeps_original() {
            self.seen.insert(attached.item.hash, attached.clone());
        }
        Ok(attached)
    }

    async fn look(&mut self, item: AttachmentItem, file: FileOnDisk) -> Result<Attached, Failure> {
        let Some(holdings) = self.held.holdings.with(file.size_bytes, &self.limits) else {
            return self.apart(without_file(item, AttachmentState::Refused, ErrorCode::AttachmentTooMany), &file).await;
        };
        let question = Look { name: item.name.expose().to_owned(), limits: self.limits.clone() };
        let LookedAt { looked, image } = match self.ask(&question, &file).await? {
            Ok(answer) => answer,
            Err(code) => return self.apart(without_file(item, AttachmentState::SetAside, code), &file).await,
        };
        let mut attached = Attached {
            item,
            state: looked.state,
            code: looked.code.as_deref().and_then(ErrorCode::from_id),
            format: looked.format,
            warnings: looked.warnings,
            original: None,
            page: None,
        };
        if !attached.state.keeps_original() {
            return self.apart(attached, &file).await;
        }
        if let Some(how) = looked.image {
            attached.page = self.page(&file, image, how).await?;
            if attached.page.is_none() {
                attached.state = AttachmentState::NeedsManualConversion;
                attached.code = Some(ErrorCode::AttachmentNeedsConversion);
            }
        }
        attached.original = Some(file);
        self.held.holdings = holdings;
        Ok(attached)
    }

    /// Asks a render child, twice when it died: the machine may have been to blame. The inner error is the file's own fault.
    async fn ask(&self, question: &Look, file: &FileOnDisk) -> Result<Result<LookedAt, ErrorCode>, Failure> {
        let press = self.shell.press().await?;
        for last in [false, true] {
            let bytes = pool::read(file).await?;
            match press.look(question.clone(), bytes).await {
                Ok(answer) if answer.looked.sha256 == file.sha256 => return Ok(Ok(answer)),
                Ok(_) => return Err(Failure::retry(ErrorCode::AttachmentUnreadable, "an attachment changed while it was read")),
                Err(PressError::TimeLimit { .. } | PressError::MemoryLimit | PressError::TooLarge { .. }) => {
                    return Ok(Err(ErrorCode::AttachmentTooLarge));
                }
                Err(PressError::Crashed { .. }) if last => return Ok(Err(ErrorCode::AttachmentSuspicious)),
                Err(PressError::Crashed { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        unreachable!("the second answer is the last")
    }

    /// The image on a page of PDF/A; `None` when it cannot be laid on one. The file itself is kept all the same.
    async fn page(&self, original: &FileOnDisk, image: Vec<u8>, how: LookedImage) -> Result<Option<PageCopy>, Failure> {
        let job = picture_job(PicturePage {
            picture: Picture { bytes: image, format: how.format },
            original: original.sha256,
            width: how.width,
            height: how.height,
            quarter_turns: how.quarter_turns,
            mirrored: how.mirrored,
            written_form: self.snapshot.written_form,
            synthetic: self.snapshot.synthetic,
            made_at: self.snapshot.content.record().produced_at,
        });
        let printed = match self.shell.press().await?.print(job).await {
            Ok(printed) => printed,
            Err(e @ (PressError::Start { .. } | PressError::NotSandboxed { .. } | PressError::Stopped)) => return Err(e.into()),
            Err(e) => {
                tracing::warn!(code = %e.code(), "an image cannot be laid on a page: {e}");
                return Ok(None);
            }
        };
        let (handover, sha256) = (self.handover.clone(), Sha256::of(&printed.bytes));
        let size_bytes = printed.bytes.len() as u64;
        let left = tokio::task::spawn_blocking(move || handover.leave_page(sha256, &printed.bytes)).await;
        let at = left.expect("writing does not panic").map_err(|e| pool::disk("leave the page of an image", &e))?;
        Ok(Some(PageCopy { pdf: FileOnDisk { at, sha256, size_bytes }, tool: TOOL.to_owned() }))
    }

    /// Keeps a file that the archive does not take where a person can look at it.
    async fn apart(&self, attached: Attached, file: &FileOnDisk) -> Result<Attached, Failure> {
        let code = attached.code.unwrap_or(ErrorCode::AttachmentTypeRefused);
        pool::set_apart(self.shell, file, code).await?;
        Ok(attached)
    }
}

fn without_file(item: AttachmentItem, state: AttachmentState, code: ErrorCode) -> Attached {
    Attached { item, state, code: Some(code), format: None, warnings: Vec::new(), original: None, page: None }
}

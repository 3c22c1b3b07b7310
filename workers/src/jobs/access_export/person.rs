//! Whose package it is: their case folders in one municipality, and what the policy is asked about.

use std::{collections::BTreeSet, sync::Arc};

use pipeline_access::{Role, Scope, Withholding};
use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, Date, ErrorCode, Event, MunicipalityNumber, Name};
use pipeline_package::CaseRecord;

use crate::{
    asking::{Asking, Thing},
    failure::Failure,
    jobs::{overview::FolderContents, print_now::as_of_now},
    shell::Shell,
};

/// One person.
pub struct Person {
    pub municipality: MunicipalityNumber,
    pub name: Name,
    pub birth_date: Date,
    /// Whether they are made up.
    pub synthetic: bool,
    /// What each of their folders in the archive says of itself, by number.
    pub records: Vec<CaseRecord>,
    /// All their case folders, also one that nothing was archived in yet.
    pub folders: Vec<CaseFolderId>,
    /// What whoever asks must be allowed to take out: all of it.
    pub things: Vec<Thing>,
}

impl Person {
    /// Whom these folders are about. There is one at least, and they are about one person.
    pub async fn of_records(shell: &Shell, records: Vec<CaseRecord>, asking: &Asking) -> Result<Self, Failure> {
        let newest = records.iter().max_by_key(|r| r.facts_as_of()).expect("there is a folder");
        let (name, municipality) = (newest.subject_name().clone(), newest.folder().municipality.clone());
        let birth_date = birth_date(shell, newest)?;
        let mut things = Vec::new();
        for record in &records {
            things.push(whole(as_of_now(shell, record.folder(), Thing::of_folder(record)).await?, asking));
        }
        let folders = records.iter().map(|r| r.folder().clone()).collect();
        let synthetic = records.iter().any(CaseRecord::is_synthetic);
        Ok(Self { municipality, name, birth_date, synthetic, records, folders, things })
    }

    /// Whom an event is about, by the source system's own word.
    pub async fn of_event(shell: &Shell, event: &Event, folder: &CaseFolderId, asking: &Asking) -> Result<Self, Failure> {
        let case = &event.case;
        let municipality = case.municipality_number.clone();
        let all = every_record(shell, Some(&BTreeSet::from([municipality.clone()]))).await?;
        let is_named = |r: &CaseRecord| r.folder() == folder || r.plan_id() == case.plan_id;
        // A D-number that gave way to a birth number is the same person's.
        let ids: Vec<_> =
            all.iter().filter(|r| is_named(r)).filter_map(CaseRecord::subject_id).chain(&case.subject_national_id).cloned().collect();
        let is_theirs = |r: &CaseRecord| is_named(r) || r.subject_id().is_some_and(|id| ids.contains(id));
        let mut records: Vec<CaseRecord> = all.into_iter().filter(is_theirs).collect();
        records.sort_by(|a, b| a.folder().cmp(b.folder()));
        let mut folders: Vec<CaseFolderId> = records.iter().map(|r| r.folder().clone()).collect();
        let mut things: Vec<Thing> = records.iter().map(Thing::of_folder).collect();
        if !folders.contains(folder) {
            folders.push(folder.clone());
            things.push(Thing::of_case(case, Some(folder)));
        }
        let mut asked = Vec::new();
        for (thing, folder) in things.into_iter().zip(&folders) {
            let mut thing = whole(as_of_now(shell, folder, thing).await?, asking);
            thing.born = Some(case.subject_birth_date);
            if !event.content.withheld.is_empty() {
                thing.resource.withholding = Withholding::Withheld;
            }
            asked.push(thing);
        }
        Ok(Self {
            municipality,
            name: case.subject_name.clone(),
            birth_date: case.subject_birth_date,
            synthetic: event.synthetic,
            records,
            folders,
            things: asked,
        })
    }
}

/// A package is everything, and nothing of it is cut to a scope: who only has a part of the plan cannot have it.
fn whole(mut thing: Thing, asking: &Asking) -> Thing {
    if asking.role == Some(Role::Participant) {
        thing.resource.scope = Scope::Outside;
    }
    thing
}

fn birth_date(shell: &Shell, record: &CaseRecord) -> Result<Date, Failure> {
    let missing = || Failure::give_up(ErrorCode::ArchiveDamaged, format!("case folder {}: no birth date", record.folder()));
    let contents = FolderContents::read(shell, record.folder())?.ok_or_else(missing)?;
    let last = record.documents().last().ok_or_else(missing)?;
    contents.source(last.no)?["case"]["subject_birth_date"].as_str().and_then(|d| d.parse().ok()).ok_or_else(missing)
}

/// What every case folder says of itself, in some or all municipalities.
pub async fn every_record(shell: &Shell, of: Option<&BTreeSet<MunicipalityNumber>>) -> Result<Vec<CaseRecord>, Failure> {
    let numbers = shell.municipalities.keys().filter(|n| of.is_none_or(|of| of.contains(*n)));
    // Looking must not found a store.
    let stores = numbers.filter(|n| CaseArchive::storage_root(&shell.archive_root(), n).is_dir());
    let stores: Vec<Arc<CaseArchive>> = stores.map(|number| shell.archive(number)).collect::<Result<_, _>>()?;
    let read = move || -> Result<Vec<CaseRecord>, Failure> {
        let mut records = Vec::new();
        for archive in stores {
            for folder in archive.folders()? {
                if let Some(head) = archive.read_head(&folder)? {
                    records.push(CaseRecord::read(&head.case_record)?);
                }
            }
        }
        Ok(records)
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|_| Failure::give_up(ErrorCode::ExportFailed, "reading the folders ended in an internal error"))?
}

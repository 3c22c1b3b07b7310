//! One case folder, judged against its own checksums and against the receipts in the database.

use pipeline_archive::{CaseArchive, Finding, Manner, Severity};
use pipeline_domain::CaseFolderId;
use pipeline_render::{Cell, Label};
use pipeline_store::{DocumentFilter, Documents};

use crate::{
    failure::Failure,
    fixity::{Judgement, RECEIPT_BROKEN, Receipt, judge},
    jobs::runs::local::LocalRun,
};

/// What one folder holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Verdict {
    pub judgement: Judgement,
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    code: String,
    /// A file that our own inventory names, or the folder that something lies in: a stray file may bear anybody's name.
    place: String,
}

impl Fault {
    /// Only what is broken: advice is left to `verify`.
    pub fn of(finding: &Finding) -> Option<Self> {
        let names_ours = matches!(finding.code.as_str(), "E092" | "E093" | "E060" | "A002" | "A003" | "A007");
        let parent = finding.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let place = if names_ours { &finding.path } else { parent };
        (finding.severity == Severity::Error).then(|| Self { code: finding.code.clone(), place: place.to_owned() })
    }

    /// As a row of the report.
    pub fn row(&self, folder: Cell) -> Vec<Cell> {
        let place = if self.place.is_empty() { Cell::None } else { Cell::Path(self.place.clone()) };
        vec![folder, Cell::Word(self.word()), place, Cell::Code(self.code.clone())]
    }

    /// The codes in plain words.
    fn word(&self) -> Label {
        match self.code.as_str() {
            RECEIPT_BROKEN => Label::Receipt,
            "A001" => Label::Unreadable,
            "E092" | "E093" | "E060" | "E064" | "A003" | "A007" => Label::Changed,
            "E003" | "E058" | "E061" | "E063" | "E069" | "E076" | "A002" | "A004" => Label::Missing,
            "E001" | "E015" | "E023" | "E072" | "E084" | "E090" | "E112" | "A006" => Label::Foreign,
            _ => Label::Form,
        }
    }
}

/// Reads the folder, every byte of it, on a thread of its own kind.
pub async fn of(run: &LocalRun, at: &str, folder: Option<&CaseFolderId>) -> Result<Verdict, Failure> {
    let place = CaseArchive::storage_root(&run.shell.archive_root(), &run.municipality).join(at);
    let receipts = match folder {
        Some(folder) => receipts(run, folder).await?,
        None => Vec::new(),
    };
    Ok(run
        .ctx
        .blocking(move |_| {
            let judgement = judge(&place, &receipts, Manner::default());
            let found = judgement.verification.findings.iter().filter_map(Fault::of);
            let receipts = judgement.broken.iter().map(|place| Fault { code: RECEIPT_BROKEN.to_owned(), place: place.clone() });
            let faults = found.chain(receipts).collect();
            Verdict { judgement, faults }
        })
        .await)
}

/// Versions of the folder that documents were archived in, each with the digest that was written down then.
async fn receipts(run: &LocalRun, folder: &CaseFolderId) -> Result<Vec<Receipt>, Failure> {
    let here = DocumentFilter { folder: Some(folder.clone()), ..DocumentFilter::default() };
    let rows = run.shell.store.documents(&here, u32::MAX).await?;
    Ok(rows.into_iter().filter_map(|row| row.archived).map(|a| (a.folder_version, a.inventory)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: &str, severity: Severity, path: &str) -> Option<Fault> {
        Fault::of(&Finding { code: code.to_owned(), severity, path: path.to_owned(), detail: "" })
    }

    #[test]
    fn the_name_of_a_stray_file_is_not_told() {
        let stray = fault("E023", Severity::Error, "v1/content/dokumenter/blid-fjellbekk.pdf").unwrap();
        assert_eq!(stray.place, "v1/content/dokumenter");
        assert_eq!(fault("E001", Severity::Error, "blid-fjellbekk.pdf").unwrap().row(Cell::None)[2], Cell::None);
        let ours = fault("E092", Severity::Error, "v1/content/dokumenter/01_plan.pdf").unwrap();
        assert_eq!((ours.place.as_str(), ours.word()), ("v1/content/dokumenter/01_plan.pdf", Label::Changed));
        assert_eq!(fault("A005", Severity::Warning, "x"), None);
    }
}

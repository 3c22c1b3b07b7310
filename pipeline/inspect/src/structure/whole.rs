//! What can be said when the whole file was read.

use super::{FILE, Structure, Summary};
use crate::{Finding, Note, Rule, addml::Addml};

/// National rules that do not need the whole of `arkivstruktur.xml`, or say themselves that it is missing (`Both::judge`).
const NEED_LESS: [Rule; 6] =
    [Rule::FilesPresent, Rule::ListedChecksums, Rule::FileCount, Rule::JournalCount, Rule::JournalDates, Rule::ChangeLogPresent];

impl Structure<'_> {
    /// Judges what had to wait, against what the extract says of itself.
    pub fn finish(mut self, addml: &Addml) -> Summary {
        let facts = self.summary.facts.clone();
        self.compare(Rule::FolderCount, addml.folders, facts.folders);
        self.compare(Rule::RecordCount, addml.records, facts.records);
        let flags = [
            (Rule::ScreeningFlag, addml.has_screening, self.summary.has_screening),
            (Rule::DisposalFlag, addml.has_disposals, self.summary.has_disposals),
            (Rule::DisposedFlag, addml.has_disposed, self.summary.has_disposed),
            (Rule::OwnMetadataFlag, addml.has_own_metadata, self.summary.has_own_metadata),
        ];
        for (rule, said, found) in flags {
            match said {
                Some(said) if said != found => self.findings.add(Finding::new(rule).file(FILE)),
                Some(_) => {}
                None => self.findings.not_checked(rule, None, Note::NeedsValue),
            }
        }
        self.references();
        self.own_schema(addml);
        self.summary
    }

    /// The file is missing or was not read to its end.
    pub fn give_up(self) -> Summary {
        for rule in Rule::ALL.iter().filter(|rule| rule.is_national() && !NEED_LESS.contains(rule)) {
            self.findings.not_checked(*rule, Some(FILE), Note::NeedsFile);
        }
        self.summary
    }

    fn compare(&mut self, rule: Rule, said: Option<u64>, found: u64) {
        match said {
            Some(said) if said != found => self.findings.add(Finding::new(rule).file(FILE).counts(said, found)),
            Some(_) => {}
            None => self.findings.not_checked(rule, None, Note::NeedsValue),
        }
    }

    fn references(&mut self) {
        let references = std::mem::take(&mut self.references);
        let sides = [
            (Rule::SeriesReference, references.to_series, references.series_in_use),
            (Rule::ClassReference, references.to_classes, references.classes),
        ];
        for (rule, targets, known) in sides {
            let mut lost: Vec<_> = targets.into_iter().filter(|(key, _)| !known.contains(key)).map(|(_, unit)| unit).collect();
            lost.sort();
            lost.into_iter().for_each(|unit| self.findings.add(Finding::new(rule).file(FILE).unit(unit)));
        }
    }

    /// The tool reports each element of a namespace without a schema as an error.
    fn own_schema(&mut self, addml: &Addml) {
        let others = addml
            .object("arkivstruktur")
            .map_or(0, |o| o.schemas.iter().filter(|s| !matches!(s.name.as_str(), "arkivstruktur.xsd" | "metadatakatalog.xsd")).count());
        if addml.is_there && self.summary.has_own_metadata && others == 0 {
            self.findings.add(Finding::new(Rule::Schema).file(FILE).note(Note::OwnSchemaNotListed));
        }
    }
}

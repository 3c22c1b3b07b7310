//! One small, named change for each rule.

mod national;
mod others;

use std::path::{Path, PathBuf};

use pipeline_inspect::Rule;

use crate::support::Extract;

/// How the extract is handed over.
#[derive(Clone, Copy)]
pub enum Form {
    Content,
    Package,
    Tar,
    /// Written in a way of its own.
    Made(fn(&Extract, &Path) -> PathBuf),
    /// The content folder, which this changes while it is checked.
    Disturbed(fn(&Path)),
}

/// A whole extract with one change.
pub struct Case {
    pub rule: Rule,
    pub name: &'static str,
    pub form: Form,
    pub change: fn(&mut Extract),
    /// The change breaks the schema as well: no valid file can break this rule.
    pub breaks_schema: bool,
    /// Only to be seen with the official schemas.
    pub needs_schemas: bool,
}

impl Case {
    fn new(rule: Rule, name: &'static str, change: fn(&mut Extract)) -> Self {
        Self { rule, name, form: Form::Content, change, breaks_schema: false, needs_schemas: false }
    }

    fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    fn breaks_schema(self) -> Self {
        Self { breaks_schema: true, ..self }
    }

    fn needs_schemas(self) -> Self {
        Self { needs_schemas: true, ..self }
    }
}

/// Every case, in the order of the rules.
pub fn all() -> Vec<Case> {
    let mut cases = national::cases();
    cases.extend(others::cases());
    cases
}

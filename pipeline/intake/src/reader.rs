//! The story of one document: bytes, text, JSON, schema, types, rules between fields.

use pipeline_domain::{Content, DocumentKind, Envelope, Event, PlanEvent, PlanType, Problem, ProblemCode, Snapshot};
use serde::Deserialize;
use serde_json::Value;

use crate::json::{self, DEEPEST, FaultKind, MOST_VALUES};
use crate::lines::Lines;
use crate::pointer::FieldNames;
use crate::problems::Problems;
use crate::schema::{KindSchema, Shape, one_of};
use crate::{
    Incoming, IntakeRules, Reading, annual_report, case, consent_record, event, folder_overview, meeting_invitation, meeting_minutes,
    message_log, plan_snapshot, responsibility_transfer_note, school_year_transfer_note,
};

/// Reads documents. Make one and keep it: making it compiles the schemas.
pub struct Reader {
    rules: IntakeRules,
    schemas: Vec<KindSchema>,
    names: FieldNames,
}

/// A document or an event, of the types that the pipeline works with.
enum Read {
    Document(Box<Envelope<Content>>),
    Event(Box<Envelope<PlanEvent>>),
}

/// The JSON of a document.
struct Document {
    value: Value,
    has_nulls: bool,
}

impl Reader {
    /// A reader with these rules.
    pub fn new(rules: IntakeRules) -> Self {
        let shapes = DocumentKind::ALL.into_iter().map(Shape::Document).chain([Shape::Event]);
        let schemas: Vec<KindSchema> = shapes.map(KindSchema::compile).collect();
        let names = FieldNames::of(schemas.iter().map(|s| &s.schema));
        Self { rules, schemas, names }
    }

    /// Reads one document or event.
    pub fn take(&self, bytes: &[u8]) -> Incoming {
        let mut problems = Problems::default();
        match self.envelope(bytes, &mut problems) {
            Some(read) if problems.is_empty() => match read {
                Read::Document(envelope) => Incoming::Document(Box::new(Snapshot::new(*envelope))),
                Read::Event(envelope) => Incoming::Event(Box::new(Event::new(*envelope))),
            },
            _ => Incoming::Refused(problems.finish()),
        }
    }

    /// Reads one document, where an event is none.
    pub fn read(&self, bytes: &[u8]) -> Reading {
        match self.take(bytes) {
            Incoming::Document(snapshot) => Reading::Accepted(snapshot),
            Incoming::Refused(problems) => Reading::Refused(problems),
            Incoming::Event(_) => {
                let documents = self.schemas.iter().filter(|s| matches!(s.shape, Shape::Document(_))).map(KindSchema::name);
                Reading::Refused(vec![Problem::new(ProblemCode::SchemaUnknown, "/schema", one_of(documents))])
            }
        }
    }

    /// As far as it lets itself be read. `None` only with a problem.
    fn envelope(&self, bytes: &[u8], problems: &mut Problems) -> Option<Read> {
        let text = self.text(bytes, problems)?;
        let document = self.json(text, problems)?;
        let schema = self.schema(&document.value, problems)?;
        let value = self.shape(schema, document, problems)?;
        let read = typed(schema.shape, value, problems)?;
        match &read {
            Read::Document(envelope) => self.rules_between_fields(envelope, problems),
            Read::Event(envelope) => {
                case::check(envelope, &self.rules, problems);
                event::check(envelope, problems);
            }
        }
        Some(read)
    }

    fn text<'a>(&self, bytes: &'a [u8], problems: &mut Problems) -> Option<&'a str> {
        if bytes.len() > self.rules.max_bytes {
            problems.add(ProblemCode::DocumentTooLarge, "", format!("max_bytes={}", self.rules.max_bytes));
            return None;
        }
        let text = std::str::from_utf8(bytes);
        if let Err(error) = text {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            problems.add(ProblemCode::NotUtf8, "", Lines::of(&good).place(good.len()));
        }
        text.ok()
    }

    fn json(&self, text: &str, problems: &mut Problems) -> Option<Document> {
        let max_depth = self.rules.max_depth.min(DEEPEST);
        let parsed = json::read(text, max_depth);
        let mut lines = Lines::of(text);
        for fault in &parsed.faults {
            let (at, place) = (self.names.pointer(&fault.path), lines.place(fault.offset));
            match fault.kind {
                FaultKind::Syntax => problems.add(ProblemCode::JsonSyntax, at, place),
                FaultKind::DuplicateKey => problems.add(ProblemCode::JsonDuplicateKey, at, place),
                FaultKind::TooDeep => problems.add(ProblemCode::JsonTooDeep, at, format!("max_depth={max_depth} {place}")),
                FaultKind::TooManyValues => problems.add(ProblemCode::DocumentTooLarge, "", format!("max_values={MOST_VALUES}")),
            }
        }
        parsed.value.map(|value| Document { value, has_nulls: parsed.has_nulls })
    }

    /// Which document type it says it is.
    fn schema(&self, value: &Value, problems: &mut Problems) -> Option<&KindSchema> {
        if !value.is_object() {
            problems.add(ProblemCode::FieldTypeWrong, "", "type=object");
            return None;
        }
        let found = self.schemas.iter().find(|s| s.is_named(value.get("schema")));
        if found.is_none() {
            problems.add(ProblemCode::SchemaUnknown, "/schema", one_of(self.schemas.iter().map(KindSchema::name)));
        }
        found
    }

    /// Holds the document to its schema. `None` when it does not fit; its value without nulls when it does.
    fn shape(&self, schema: &KindSchema, document: Document, problems: &mut Problems) -> Option<Value> {
        let Document { mut value, has_nulls } = document;
        // The nulls count when a field is told by its position.
        let as_sent = has_nulls.then(|| value.clone());
        drop_nulls(&mut value);
        let fits = schema.check(&value, as_sent.as_ref().unwrap_or(&value), &self.names, problems);
        if let Shape::Document(kind) = schema.shape {
            plan_type_fits(kind, &value, problems);
        }
        fits.then_some(value)
    }

    fn rules_between_fields(&self, envelope: &Envelope<Content>, problems: &mut Problems) {
        case::check(envelope, &self.rules, problems);
        match &envelope.content {
            Content::PlanSnapshot(plan) => plan_snapshot::check(plan, problems),
            Content::MeetingMinutes(minutes) => meeting_minutes::check(minutes, problems),
            Content::AnnualReport(report) => annual_report::check(report, problems),
            Content::MeetingInvitation(invitation) => meeting_invitation::check(invitation, problems),
            Content::ConsentRecord(consent) => consent_record::check(consent, problems),
            Content::ResponsibilityTransferNote(note) => responsibility_transfer_note::check(note, problems),
            Content::SchoolYearTransferNote(note) => school_year_transfer_note::check(note, problems),
            Content::MessageLog(log) => message_log::check(log, problems),
            Content::FolderOverview(overview) => folder_overview::check(overview, &envelope.source, problems),
            // Nothing in them leans on anything else in them.
            Content::EvaluationReport(_) | Content::ClosingNote(_) | Content::ReopeningNote(_) | Content::Attachment(_) => {}
        }
    }
}

/// A field that is null says nothing: it is read as absent. A null in a list stays, and is refused for its type.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Whether the document type exists for the plan type (DOMAIN § 2). One that is no plan type at all is the schema's matter.
fn plan_type_fits(kind: DocumentKind, value: &Value, problems: &mut Problems) {
    let plan_type = value.pointer("/case/plan_type").and_then(|t| PlanType::deserialize(t).ok());
    if plan_type.is_some_and(|t| !kind.plan_types().contains(&t)) {
        problems.add(ProblemCode::PlanTypeMismatch, "/case/plan_type", one_of(kind.plan_types().iter().map(|t| t.id())));
    }
}

fn typed(shape: Shape, value: Value, problems: &mut Problems) -> Option<Read> {
    let read = match shape {
        Shape::Document(kind) => envelope(kind, value).map(|e| Read::Document(Box::new(e))),
        Shape::Event => serde_json::from_value(value).map(|e| Read::Event(Box::new(e))),
    };
    if read.is_err() {
        // Not the fault of the sender: a property test shows that it does not happen.
        problems.add(ProblemCode::FieldTypeWrong, "", "schema and types disagree");
    }
    read.ok()
}

fn envelope(kind: DocumentKind, value: Value) -> serde_json::Result<Envelope<Content>> {
    let Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content } =
        serde_json::from_value::<Envelope<Value>>(value)?;
    let content = Content::from_json(kind, case.plan_type, content)?;
    Ok(Envelope { schema, id, occurred_at, source, case, written_form, synthetic, content })
}

#[cfg(test)]
mod tests;

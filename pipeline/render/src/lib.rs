//! Snapshot in, PDF/A-2a out.
//!
//! Two steps, because typesetting runs in a child process: [`render_job`] decides what may be seen and how it is named (a
//! pure function of the snapshot), [`Typesetter::set`] lays it out (a pure function of the job). The same job, templates
//! and fonts give the same bytes. Typst sees a closed world: our templates, our fonts, this document; no files, no network,
//! no clock. Which rules of PDF/A-2a and PDF/UA-1 we answer for stands in `RULES.md`.

mod access_export;
mod characters;
mod error;
mod fonts;
mod job;
mod long_words;
mod picture;
mod print;
mod redacted;
mod report;
mod sheet;
mod templates;
mod thread;
mod typesetter;
mod view;
mod world;

pub use access_export::{AccessExport, AccessLine, ContactLine, ExportedDocument, ExportedFolder, NoticeLine, access_export_job};
pub use error::RenderError;
pub use job::{Letterhead, Logo, LogoFormat, NationalIdOnPage, RenderJob, render_job, render_job_after};
pub use picture::{Picture, PictureFormat, PicturePage, picture_job};
pub use print::{Print, PrintedDocument, print_job};
pub use redacted::{REDACTED_VARIANT, Redaction, redacted_job};
pub use report::{Cell, Label, ReportKind, ReportTable, RunReport, report_job, report_json};
pub use sheet::{Sheet, sheet_job};
pub use templates::template_set_digest;
pub use thread::typesetting_thread;
pub use typesetter::{Pdf, Typesetter};
pub use view::changes::{Became, ChangedGoal, ChangedMeasure, ChangedPart, Changes, Step, changes};
pub use view::parts::{Area, Part, Sensitivity, parts_of};
pub use view::print::has_part;

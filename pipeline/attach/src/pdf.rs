//! What a PDF is besides its version: whole or not, encrypted or not, how many pages, what acts in it, and whether its
//! claim of PDF/A holds.

mod file;
mod object;
mod pdfa;
mod rules;
mod survey;
mod xmp;

use std::collections::HashSet;

use file::{File, PdfFault};
use object::{Dict, Object};

pub use rules::{Finding, PdfaRule};

use crate::examine::Fault;
use crate::{Kind, Limits, Puid};

/// What a look into a PDF came to.
pub(crate) struct PdfProbe {
    pub pages: u32,
    pub findings: Vec<Finding>,
    /// Empty when it claims nothing, or when its claim holds.
    pub broken_rules: Vec<PdfaRule>,
}

/// Looks into a PDF.
pub(crate) fn probe(data: &[u8], puid: Option<Puid>, limits: &Limits) -> Result<PdfProbe, Fault> {
    let file = File::read(data, limits).map_err(|fault| match fault {
        PdfFault::Broken => Fault::Broken,
        PdfFault::Encrypted => Fault::Encrypted,
        PdfFault::Bomb => Fault::Expands,
    })?;
    let catalog = file.catalog().ok_or(Fault::Broken)?;
    let pages = count_pages(&file, catalog, limits)?;
    let survey = survey::Survey::of(&file);
    let claims = puid.is_some_and(|p| p.format().kind == Kind::Pdf && p.format().name == "PDF/A");
    let broken_rules = if claims { pdfa::broken_rules(data, &file, &survey) } else { Vec::new() };
    Ok(PdfProbe { pages, findings: survey.findings(), broken_rules })
}

/// Pages of the tree, each counted once; a tree that bites its tail, or has no page, is broken.
fn count_pages(file: &File, catalog: &Dict, limits: &Limits) -> Result<u32, Fault> {
    let (mut open, mut seen, mut pages) = (vec![catalog.get("Pages").ok_or(Fault::Broken)?], HashSet::new(), 0u32);
    while let Some(node) = open.pop() {
        if let Object::Ref(number) = node
            && !seen.insert(*number)
        {
            return Err(Fault::Broken);
        }
        let dict = file.resolve(node).dict().ok_or(Fault::Broken)?;
        match file.get(dict, "Kids") {
            Object::Array(kids) => open.extend(kids),
            _ => pages += 1,
        }
        if pages > limits.pdf_pages {
            return Err(Fault::TooLarge);
        }
    }
    if pages == 0 { Err(Fault::Broken) } else { Ok(pages) }
}

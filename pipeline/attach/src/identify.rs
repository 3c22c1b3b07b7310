//! What a file is, by its content alone.

mod container;
mod mpeg;
mod pattern;
mod table;
mod text;

use crate::format::puid;
use crate::{Format, Kind, Limits, Method, Puid, Warning};

/// What the bytes said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// PRONOM id; `None` when no format of the table fits.
    pub puid: Option<Puid>,
    /// How it was found.
    pub method: Option<Method>,
    /// What the first bytes promise; may be more than `puid` can say of a file that was cut off.
    pub kind: Option<Kind>,
    /// What to know besides.
    pub warnings: Vec<Warning>,
    /// Text that a system would run.
    pub is_script: bool,
}

impl Identity {
    /// The row of the policy table.
    pub fn format(&self) -> Option<&'static Format> {
        self.puid.map(Puid::format)
    }
}

/// Tells the format. The bytes must be whole: some signatures look at the end.
pub fn identify(data: &[u8], limits: &Limits) -> Identity {
    let mut warnings = Vec::new();
    let found = by_signature(data, &mut warnings).map(|id| match id {
        "x-fmt/263" => container::in_zip(data, limits).map_or((id, Method::Signature), |inner| (inner, Method::Container)),
        "fmt/111" => container::in_ole(data).map_or((id, Method::Signature), |inner| (inner, Method::Container)),
        _ => (id, Method::Signature),
    });
    let promised = promised(data);
    // What begins like something else is not text, however little of it there is.
    let text = if promised.is_some() { None } else { text::read(data) };
    let found = found.or_else(|| text.as_ref().map(|t| (t.puid, Method::Text)));
    let is_script = text.as_ref().is_some_and(|t| t.is_script);
    if found.is_some_and(|(id, _)| puid(id).format().kind == Kind::Text) && text.is_some_and(|t| !t.is_utf8) {
        warnings.push(Warning::NotUtf8);
    }
    let puid = found.map(|(id, _)| puid(id));
    Identity { puid, method: found.map(|(_, m)| m), kind: puid.map(|p| p.format().kind).or(promised), warnings, is_script }
}

fn by_signature(data: &[u8], warnings: &mut Vec<Warning>) -> Option<&'static str> {
    let mut hits: Vec<(u8, &'static str)> = Vec::new();
    for signature in table::SIGNATURES.iter() {
        let beaten = hits.iter().any(|(rank, _)| *rank > signature.row.rank);
        if !beaten && signature.fits(data) {
            hits.push((signature.row.rank, signature.row.puid));
        }
    }
    let best = hits.iter().map(|(rank, _)| *rank).max();
    let mut top = hits.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, id)| id);
    let Some(first) = top.next() else { return mpeg::is_layer_3(data).then_some("fmt/134") };
    if top.any(|other| other != first) {
        warnings.push(Warning::SeveralFormats);
    }
    Some(first)
}

/// First bytes that only one kind begins with, for files too broken for a signature.
fn promised(data: &[u8]) -> Option<Kind> {
    const STARTS: &[(&[u8], Kind)] = &[
        (b"%PDF-", Kind::Pdf),
        (b"\xff\xd8\xff", Kind::Image),
        (b"\x89PNG", Kind::Image),
        (b"GIF8", Kind::Image),
        (b"PK\x03\x04", Kind::Archive),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Office),
        (b"Rar!\x1a\x07", Kind::Archive),
        (b"\xfd7zXZ\0", Kind::Archive),
    ];
    STARTS.iter().find(|(start, _)| data.starts_with(start)).map(|(_, kind)| *kind)
}

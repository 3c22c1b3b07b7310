//! The verdict: identify, look inside, compare with the name, and take the gravest of what was found.

use pipeline_domain::{ErrorCode, Sha256};

use crate::identify::{Identity, identify};
use crate::name::NameVerdict;
use crate::{Event, Examined, Format, Kind, Limits, Policy, State, Warning, archive, image, name, office, pdf, polyglot};

/// What is wrong with an attachment, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    TypeRefused,
    Macros,
    Encrypted,
    Expands,
    Suspicious,
    Broken,
    TooLarge,
    NameWrong,
}

impl Fault {
    pub(crate) fn code(self) -> ErrorCode {
        match self {
            Self::TypeRefused => ErrorCode::AttachmentTypeRefused,
            Self::Macros => ErrorCode::AttachmentMacros,
            Self::Encrypted => ErrorCode::AttachmentEncrypted,
            Self::Expands => ErrorCode::AttachmentExpands,
            Self::Suspicious => ErrorCode::AttachmentSuspicious,
            Self::Broken => ErrorCode::AttachmentBroken,
            Self::TooLarge => ErrorCode::AttachmentTooLarge,
            Self::NameWrong => ErrorCode::AttachmentNameWrong,
        }
    }

    /// What could do harm, or is too large to take, is refused; what a person may save is set aside.
    fn state(self) -> State {
        match self {
            Self::TypeRefused | Self::Macros => State::Refused,
            Self::Encrypted | Self::Expands | Self::Suspicious | Self::Broken | Self::TooLarge | Self::NameWrong => State::SetAside,
        }
    }
}

/// The agent of our events: this crate and its version.
const AGENT: &str = concat!("arkivflyt pipeline-attach ", env!("CARGO_PKG_VERSION"));

/// Says what an attachment is and what becomes of it. A function of its arguments that always answers.
///
/// `name` is what the sender called the file; it is compared with the content and stands nowhere in the answer.
pub fn examine(name: &str, data: &[u8], limits: &Limits) -> Examined {
    let mut seen = Seen::new(data);
    if data.len() as u64 > limits.file_bytes {
        seen.fail("validation", format!("more than {} bytes", limits.file_bytes));
        seen.out.state = State::Refused;
        seen.out.code = Some(ErrorCode::AttachmentTooLarge);
        return seen.out;
    }
    let identity = identify(data, limits);
    seen.identified(&identity);
    let mut faults = Vec::new();
    if let Err(fault) = look_inside(data, &identity, limits, &mut seen) {
        faults.push(fault);
    }
    faults.extend(name_fault(name, &identity, &mut seen));
    let policy = match identity.format().map_or(Policy::KeepOriginal, |f| f.policy) {
        Policy::OnApplication => limits.on_application.policy(),
        other => other,
    };
    match policy {
        Policy::Refuse => faults.push(Fault::TypeRefused),
        Policy::Macros => faults.push(Fault::Macros),
        _ => {}
    }
    if let Some(worst) = faults.iter().min() {
        seen.fail("validation", worst.code().id().to_owned());
        (seen.out.state, seen.out.code) = (worst.state(), Some(worst.code()));
    } else {
        (seen.out.state, seen.out.code) = by_policy(policy, &seen.out);
        let outcome = if seen.out.code.is_none() { "pass" } else { "warning" };
        seen.event("validation", outcome, format!("policy: {}", policy.word()));
    }
    seen.out.warnings.sort_unstable();
    seen.out.warnings.dedup();
    seen.out
}

/// What becomes of a file that is whole, open and alone.
fn by_policy(policy: Policy, out: &Examined) -> (State, Option<ErrorCode>) {
    let by_hand = (State::NeedsManualConversion, Some(ErrorCode::AttachmentNeedsConversion));
    let has = |warning| out.warnings.contains(&warning);
    match policy {
        Policy::Accept if has(Warning::NotUtf8) => by_hand,
        Policy::Accept => (State::Accepted, None),
        Policy::ImageForPage if has(Warning::CmykImage) => by_hand,
        Policy::ImageForPage => (State::ConvertImage, None),
        Policy::ArchivePdf if !out.broken_rules.is_empty() => (State::NeedsManualConversion, Some(ErrorCode::AttachmentPdfaFalse)),
        Policy::ArchivePdf => (State::PdfaKept, None),
        Policy::OnApplication | Policy::KeepOriginal => by_hand,
        Policy::Macros | Policy::Refuse => (State::Refused, Some(ErrorCode::AttachmentTypeRefused)),
    }
}

fn name_fault(name: &str, identity: &Identity, seen: &mut Seen) -> Option<Fault> {
    match name::judge(name, identity.format()) {
        NameVerdict::Fits => None,
        NameVerdict::Unknown => {
            seen.out.warnings.push(Warning::ExtensionUnknown);
            None
        }
        NameVerdict::Slip => {
            seen.out.warnings.push(Warning::ExtensionDisagrees);
            None
        }
        NameVerdict::Lie => {
            seen.out.warnings.push(Warning::ExtensionDisagrees);
            Some(Fault::NameWrong)
        }
        NameVerdict::Runs => Some(Fault::TypeRefused),
    }
}

fn look_inside(data: &[u8], identity: &Identity, limits: &Limits, seen: &mut Seen) -> Result<(), Fault> {
    if data.is_empty() {
        return Err(Fault::Broken);
    }
    if identity.is_script {
        return Err(Fault::TypeRefused);
    }
    let Some(kind) = identity.kind else {
        return if polyglot::is_two_things(data, Kind::Archive, data.len()) { Err(Fault::Suspicious) } else { Ok(()) };
    };
    let Some(format) = identity.format() else {
        // It begins like something and does not end like it.
        return Err(if polyglot::is_two_things(data, kind, data.len()) { Fault::Suspicious } else { Fault::Broken });
    };
    let mut end = data.len();
    let probed = match kind {
        Kind::Pdf => probe_pdf(data, identity, limits, seen),
        Kind::Image => probe_image(data, format, limits, seen).map(|at| end = at),
        Kind::Office if data.starts_with(b"PK") => {
            seen.out.warnings.extend((format.policy == Policy::Accept).then_some(Warning::PdfaCopyWanted));
            archive::probe(data, limits).map(|warnings| seen.out.warnings.extend(warnings))
        }
        Kind::Office | Kind::Mail if data.starts_with(b"\xd0\xcf\x11\xe0") => office::probe_ole(data, identity.puid).map(|_| ()),
        Kind::Archive if data.starts_with(b"PK") => archive::probe(data, limits).map(|warnings| seen.out.warnings.extend(warnings)),
        Kind::Text | Kind::Drawing if declares_entities(data) => Err(Fault::Suspicious),
        _ => Ok(()),
    };
    let two = if polyglot::is_two_things(data, kind, end) { Err(Fault::Suspicious) } else { Ok(()) };
    match (probed, two) {
        (Err(a), Err(b)) => Err(a.min(b)),
        (a, b) => a.and(b),
    }
}

fn probe_pdf(data: &[u8], identity: &Identity, limits: &Limits, seen: &mut Seen) -> Result<(), Fault> {
    let probe = pdf::probe(data, identity.puid, limits)?;
    seen.out.pages = Some(probe.pages);
    if !probe.findings.is_empty() {
        seen.out.warnings.push(Warning::ActiveContent);
        seen.event("validation", "warning", format!("active content: {:?}", probe.findings));
    }
    if !probe.broken_rules.is_empty() {
        seen.fail("validation", format!("PDF/A rules broken: {:?}", probe.broken_rules));
    }
    (seen.out.findings, seen.out.broken_rules) = (probe.findings, probe.broken_rules);
    Ok(())
}

fn probe_image(data: &[u8], format: &Format, limits: &Limits, seen: &mut Seen) -> Result<usize, Fault> {
    let probe = image::probe(data, format, limits)?;
    seen.out.pixels = probe.pixels;
    seen.out.warnings.extend(probe.warnings);
    Ok(probe.end)
}

/// XML that declares entities can grow without bound, or fetch files, in a careless reader.
fn declares_entities(data: &[u8]) -> bool {
    memchr::memmem::find(data, b"<!ENTITY").is_some()
}

/// The answer while it is being made.
struct Seen {
    out: Examined,
}

impl Seen {
    fn new(data: &[u8]) -> Self {
        let digest = Sha256::of(data);
        let out = Examined {
            state: State::SetAside,
            code: None,
            puid: None,
            method: None,
            digest,
            size_bytes: data.len() as u64,
            pages: None,
            pixels: None,
            warnings: Vec::new(),
            findings: Vec::new(),
            broken_rules: Vec::new(),
            events: Vec::new(),
        };
        let mut seen = Self { out };
        seen.event("message digest calculation", "pass", format!("SHA-256 {digest}, {} bytes", data.len()));
        seen
    }

    fn identified(&mut self, identity: &Identity) {
        (self.out.puid, self.out.method) = (identity.puid, identity.method);
        self.out.warnings.extend(&identity.warnings);
        match (identity.puid, identity.method) {
            (Some(puid), Some(method)) => self.event("format identification", "pass", format!("PRONOM {puid} by {method:?}")),
            _ => self.fail("format identification", "no format of the policy table".to_owned()),
        }
    }

    fn fail(&mut self, kind: &'static str, detail: String) {
        self.event(kind, "fail", detail);
    }

    fn event(&mut self, kind: &'static str, outcome: &'static str, detail: String) {
        self.out.events.push(Event { kind, agent: AGENT, outcome, detail });
    }
}

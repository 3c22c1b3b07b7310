//! What parent and child say to each other, and how it lies on the socket.
//!
//! A frame is `u32` little-endian length of the header, `u64` little-endian length of the body, the header as JSON, the
//! body as it is. Documents and PDFs travel in the body, so they are never escaped or copied through JSON.

use std::io::{self, Read, Write};

use pipeline_render::RenderJob;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::attachment::{Look, Looked};
use super::probe::Attempt;
use super::sandbox::{Fence, Layers};

/// No header is longer: it holds ids, numbers and short texts only.
const MAX_HEADER_BYTES: u32 = 256 << 10;

/// Parent to child.
#[derive(Serialize, Deserialize)]
pub enum Order {
    /// The first frame: bounds the child for life.
    Setup(Setup),
    /// Set this document. The body is its data, its logo's file and its picture, one after the other.
    Print { job: RenderJob, data_bytes: u64, logo_bytes: u64 },
    /// Look at the attachment that is the body.
    Look(Look),
    /// Try what must not be possible, and tell.
    Probe,
}

/// The bounds of a child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Process id of the parent: a child that sees another one was orphaned before it could ask to die with it.
    pub parent: u32,
    pub memory_limit_bytes: u64,
    pub cpu_limit_s: u64,
    pub max_job_bytes: u64,
    pub max_pdf_bytes: u64,
    pub layers: Layers,
}

/// Child to parent.
#[derive(Serialize, Deserialize)]
pub enum Answer {
    /// Bounded, fenced in, fonts and templates loaded.
    Ready(Fence),
    /// A required part of the fence is missing. The child ends.
    NotReady { missing: String },
    /// The PDF is the body.
    Printed { pages: u32, replaced: u32 },
    /// What an attachment is. Body: the image for its page, if it has one.
    Looked(Looked),
    /// The typesetter said no.
    Refused { code: String, retry: bool, reason: String },
    /// The PDF is larger than is carried.
    TooLarge,
    /// The typesetter panicked at this place. The child ends.
    Panicked { at: String },
    /// What was tried.
    Probed(Vec<Attempt>),
}

/// Bytes of a job that travel in the body.
pub fn body_bytes(job: &RenderJob) -> u64 {
    let logo = job.logo.as_ref().map_or(0, |logo| logo.svg_or_png.len());
    let picture = job.picture.as_ref().map_or(0, |picture| picture.bytes.len());
    (job.data.len() + logo + picture) as u64
}

/// Writes a document's frame.
pub fn write_job(to: &mut impl Write, mut job: RenderJob) -> io::Result<()> {
    let data = std::mem::take(&mut job.data);
    let logo = job.logo.as_mut().map(|logo| std::mem::take(&mut logo.svg_or_png)).unwrap_or_default();
    let picture = job.picture.as_mut().map(|picture| std::mem::take(&mut picture.bytes)).unwrap_or_default();
    let (data_bytes, logo_bytes) = (data.len() as u64, logo.len() as u64);
    write(to, &Order::Print { job, data_bytes, logo_bytes }, &[&data, &logo, &picture])
}

/// Writes an attachment's frame.
pub fn write_attachment(to: &mut impl Write, look: Look, bytes: &[u8]) -> io::Result<()> {
    write(to, &Order::Look(look), &[bytes])
}

/// Puts the body back into the job it came with.
pub fn refill(job: &mut RenderJob, data_bytes: u64, logo_bytes: u64, mut body: Vec<u8>) -> io::Result<()> {
    let mut rest = split_off(&mut body, data_bytes)?;
    let picture = split_off(&mut rest, logo_bytes)?;
    job.data = body;
    put(job.logo.as_mut().map(|logo| &mut logo.svg_or_png), rest)?;
    put(job.picture.as_mut().map(|picture| &mut picture.bytes), picture)
}

fn split_off(body: &mut Vec<u8>, at: u64) -> io::Result<Vec<u8>> {
    let at = usize::try_from(at).ok().filter(|n| *n <= body.len()).ok_or(io::ErrorKind::InvalidData)?;
    Ok(body.split_off(at))
}

/// What came for a place that the job does not have is nonsense.
fn put(place: Option<&mut Vec<u8>>, bytes: Vec<u8>) -> io::Result<()> {
    match place {
        Some(place) => *place = bytes,
        None if bytes.is_empty() => {}
        None => return Err(io::ErrorKind::InvalidData.into()),
    }
    Ok(())
}

/// Writes one frame.
pub fn write(to: &mut impl Write, header: &impl Serialize, body: &[&[u8]]) -> io::Result<()> {
    let mut head = vec![0; 12];
    serde_json::to_writer(&mut head, header)?;
    let header_bytes = u32::try_from(head.len() - 12).ok().filter(|n| *n <= MAX_HEADER_BYTES).ok_or(io::ErrorKind::InvalidInput)?;
    let body_bytes: u64 = body.iter().map(|part| part.len() as u64).sum();
    head[..4].copy_from_slice(&header_bytes.to_le_bytes());
    head[4..12].copy_from_slice(&body_bytes.to_le_bytes());
    to.write_all(&head)?;
    body.iter().try_for_each(|part| to.write_all(part))
}

/// Reads one frame whose body is at most `max_body_bytes`. The other side having closed is `UnexpectedEof`.
pub fn read<H: DeserializeOwned>(from: &mut impl Read, max_body_bytes: u64) -> io::Result<(H, Vec<u8>)> {
    let mut sizes = [0; 12];
    from.read_exact(&mut sizes)?;
    let header_bytes = u32::from_le_bytes(sizes[..4].try_into().expect("four bytes are four bytes"));
    let body_bytes = u64::from_le_bytes(sizes[4..].try_into().expect("eight bytes are eight bytes"));
    if header_bytes > MAX_HEADER_BYTES || body_bytes > max_body_bytes {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let header = read_exactly(from, header_bytes.into())?;
    let header = serde_json::from_slice(&header).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok((header, read_exactly(from, body_bytes)?))
}

fn read_exactly(from: &mut impl Read, bytes: u64) -> io::Result<Vec<u8>> {
    let mut buffer = Vec::with_capacity(usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData)?);
    from.by_ref().take(bytes).read_to_end(&mut buffer)?;
    if buffer.len() as u64 == bytes { Ok(buffer) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

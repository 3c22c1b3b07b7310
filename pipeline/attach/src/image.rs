//! Images: whole or not, how large, how turned; and what of them is laid on a page.

mod exif;
mod jpeg;
mod png;

use std::io::Cursor;

use image::codecs::{gif::GifDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use pipeline_domain::ErrorCode;

pub use exif::Orientation;

use crate::examine::Fault;
use crate::identify::identify;
use crate::{AttachError, Format, Kind, Limits, Warning};
use exif::Exif;
use jpeg::Jpeg;
use png::Png;

/// An image ready to be laid on a page: its pixels, and nothing that tells where, when or by whom it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageImage {
    /// The image itself.
    pub bytes: Vec<u8>,
    /// What the bytes are.
    pub media: PageMedia,
    /// How the page turns it. The bytes are not turned, so that a JPEG's scans stay as they were.
    pub orientation: Orientation,
    /// Pixels from left to right, before it is turned.
    pub width: u32,
    /// Pixels from top to bottom, before it is turned.
    pub height: u32,
}

/// What the render room can lay on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageMedia {
    /// `image/jpeg`, grey or RGB.
    Jpeg,
    /// `image/png`.
    Png,
}

impl PageMedia {
    /// The media type (RFC 6838).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// What a look at an image's structure came to.
pub(crate) struct ImageProbe {
    pub pixels: Option<(u32, u32)>,
    pub warnings: Vec<Warning>,
    /// Where the image ends; what stands after it is looked at for other formats.
    pub end: usize,
    pub is_cmyk: bool,
}

/// Looks at an image without keeping its pixels.
pub(crate) fn probe(data: &[u8], format: &Format, limits: &Limits) -> Result<ImageProbe, Fault> {
    let mut probe = ImageProbe { pixels: None, warnings: Vec::new(), end: data.len(), is_cmyk: false };
    let mut note = |pixels: (u32, u32), exif: Exif| {
        probe.pixels = Some(pixels);
        if exif.has_location {
            probe.warnings.push(Warning::HoldsLocation);
        }
        within(pixels, limits)
    };
    match format.media {
        "image/jpeg" => {
            let jpeg = Jpeg::read(data).ok_or(Fault::Broken)?;
            note((jpeg.width.into(), jpeg.height.into()), jpeg.exif)?;
            (probe.end, probe.is_cmyk) = (jpeg.end, jpeg.is_cmyk());
            if probe.is_cmyk {
                probe.warnings.push(Warning::CmykImage);
            }
        }
        "image/png" => {
            let png = Png::read(data).ok_or(Fault::Broken)?;
            note((png.width, png.height), png.exif)?;
            png.check_pixels()?;
            probe.end = png.end;
            if png.is_animated {
                probe.warnings.push(Warning::Animated);
            }
        }
        "image/gif" | "image/webp" => {
            let (image, animated) = first_frame(data, format, limits)?;
            probe.pixels = Some((image.width(), image.height()));
            if animated {
                probe.warnings.push(Warning::Animated);
            }
        }
        _ => {}
    }
    Ok(probe)
}

/// What of an image is laid on a page: a JPEG or PNG without its metadata and otherwise untouched, a GIF or WebP as the
/// PNG of its first frame. The image is decoded once, so that what comes out can be laid on a page.
///
/// # Errors
/// [`AttachError::NotForPage`] for anything else, for what is broken or too large, and for CMYK.
pub fn prepare_image(data: &[u8], limits: &Limits) -> Result<PageImage, AttachError> {
    prepare(data, limits).map_err(|code| AttachError::NotForPage { code })
}

fn prepare(data: &[u8], limits: &Limits) -> Result<PageImage, ErrorCode> {
    let format = identify(data, limits).format().filter(|f| f.kind == Kind::Image).ok_or(ErrorCode::AttachmentTypeRefused)?;
    let fault = |fault: Fault| fault.code();
    let page = match format.media {
        "image/jpeg" => {
            let jpeg = Jpeg::read(data).ok_or(ErrorCode::AttachmentBroken)?;
            if jpeg.is_cmyk() {
                return Err(ErrorCode::AttachmentNeedsConversion);
            }
            page(jpeg.stripped(), PageMedia::Jpeg, jpeg.exif, (jpeg.width.into(), jpeg.height.into()))
        }
        "image/png" => {
            let png = Png::read(data).ok_or(ErrorCode::AttachmentBroken)?;
            page(png.stripped(), PageMedia::Png, png.exif, (png.width, png.height))
        }
        "image/gif" | "image/webp" => {
            let (image, _) = first_frame(data, format, limits).map_err(fault)?;
            let mut bytes = Vec::new();
            image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).map_err(|_| ErrorCode::AttachmentBroken)?;
            let exif = webp_exif(data).map(exif::read).unwrap_or_default();
            page(bytes, PageMedia::Png, exif, (image.width(), image.height()))
        }
        _ => return Err(ErrorCode::AttachmentNeedsConversion),
    };
    within((page.width, page.height), limits).map_err(fault)?;
    opens(&page, limits).map_err(fault)?;
    Ok(page)
}

fn page(bytes: Vec<u8>, media: PageMedia, exif: Exif, (width, height): (u32, u32)) -> PageImage {
    PageImage { bytes, media, orientation: exif.orientation, width, height }
}

fn within((width, height): (u32, u32), limits: &Limits) -> Result<(), Fault> {
    let too_large = width.max(height) > limits.image_side || u64::from(width) * u64::from(height) > limits.image_pixels;
    if too_large { Err(Fault::TooLarge) } else { Ok(()) }
}

fn bounds(limits: &Limits) -> image::Limits {
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(limits.image_side);
    bounds.max_image_height = Some(limits.image_side);
    bounds.max_alloc = Some(limits.image_memory);
    bounds
}

/// Decodes what was prepared, and looks whether it is as large as it says.
fn opens(page: &PageImage, limits: &Limits) -> Result<(), Fault> {
    let format = match page.media {
        PageMedia::Jpeg => ImageFormat::Jpeg,
        PageMedia::Png => ImageFormat::Png,
    };
    let mut reader = ImageReader::with_format(Cursor::new(&page.bytes), format);
    reader.limits(bounds(limits));
    let image = reader.decode().map_err(|_| Fault::Broken)?;
    if (image.width(), image.height()) == (page.width, page.height) { Ok(()) } else { Err(Fault::Broken) }
}

/// The first image of a GIF or WebP, and whether there are more.
fn first_frame(data: &[u8], format: &Format, limits: &Limits) -> Result<(DynamicImage, bool), Fault> {
    let broken = |_| Fault::Broken;
    let decode = |mut decoder: Box<dyn ImageDecoder + '_>| {
        within(decoder.dimensions(), limits)?;
        decoder.set_limits(bounds(limits)).map_err(|_| Fault::TooLarge)?;
        DynamicImage::from_decoder(decoder).map_err(broken)
    };
    if format.media == "image/gif" {
        let image = decode(Box::new(GifDecoder::new(Cursor::new(data)).map_err(broken)?))?;
        return Ok((image, gif_frames(data) > 1));
    }
    let decoder = WebPDecoder::new(Cursor::new(data)).map_err(broken)?;
    let animated = decoder.has_animation();
    Ok((decode(Box::new(decoder))?, animated))
}

/// Images in a GIF, up to two, by its blocks (GIF89a §§ 20–26). What is not whole counts as it was found.
fn gif_frames(data: &[u8]) -> usize {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3usize << ((flags & 7) + 1) };
    let mut at = 13 + data.get(10).map_or(0, |f| table(*f));
    let mut frames = 0;
    while let Some(kind) = data.get(at) {
        at += match kind {
            0x21 => 2,
            0x2c => {
                frames += 1;
                11 + data.get(at + 9).map_or(0, |f| table(*f))
            }
            _ => break,
        };
        while let Some(len) = data.get(at) {
            at += usize::from(*len) + 1;
            if *len == 0 {
                break;
            }
        }
    }
    frames
}

/// The Exif chunk of a WebP (RIFF container, RFC 9649 § 2.7.1.5).
fn webp_exif(data: &[u8]) -> Option<&[u8]> {
    let mut rest = data.strip_prefix(b"RIFF")?.get(8..)?;
    loop {
        let len = usize::try_from(u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?)).ok()?;
        let body = rest.get(8..len.checked_add(8)?)?;
        if rest.starts_with(b"EXIF") {
            return Some(body.strip_prefix(b"Exif\0\0").unwrap_or(body));
        }
        rest = rest.get(8 + len + (len & 1)..)?;
    }
}

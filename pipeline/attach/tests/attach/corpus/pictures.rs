//! Images: made by the encoders of the tree, then dressed with the metadata that must not come through.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Texts that metadata holds and no prepared image may.
pub const CANARIES: &[&[u8]] =
    &[b"KANARIFUGL-KAMERA", b"KANARIFUGL-MINIATYR", b"KANARIFUGL-XMP", b"KANARIFUGL-IPTC", b"KANARIFUGL-KOMMENTAR", b"KANARIFUGL-TEKST"];
/// Degrees of latitude as Exif stores them: 69 and 58 and 1234/100.
pub const GPS: &[u8] = &[0, 0, 0, 69, 0, 0, 0, 1, 0, 0, 0, 58, 0, 0, 0, 1, 0, 0, 4, 0xd2, 0, 0, 0, 100];

/// A picture that is not the same under any turn.
pub fn pixels(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 5) as u8, if x > y { 200 } else { 20 }])).into()
}

pub fn encode(format: ImageFormat) -> Vec<u8> {
    encode_sized(format, 24, 16)
}

pub fn encode_sized(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    pixels(width, height).write_to(&mut Cursor::new(&mut out), format).unwrap();
    out
}

fn jpeg_segment(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &u16::try_from(body.len() + 2).unwrap().to_be_bytes(), body].concat()
}

/// A JFIF header of this minor version.
pub fn jfif(minor: u8) -> Vec<u8> {
    jpeg_segment(0xe0, &[b"JFIF\0".as_slice(), &[1, minor, 1, 0, 72, 0, 72, 0, 0]].concat())
}

/// A JPEG's tables and scans: what stands after its first APP0.
pub fn jpeg_body() -> Vec<u8> {
    let plain = encode(ImageFormat::Jpeg);
    match plain[2..4] {
        [0xff, 0xe0] => plain[4 + usize::from(u16::from_be_bytes([plain[4], plain[5]]))..].to_vec(),
        _ => plain[2..].to_vec(),
    }
}

/// A big-endian Exif block with orientation, maker, GPS position and a thumbnail; `version` is that of Exif, such as `0221`.
pub fn exif(orientation: u8, version: &[u8; 4]) -> Vec<u8> {
    let maker = CANARIES[0];
    let ifd = |entries: &[[u8; 12]]| {
        let count = u16::try_from(entries.len()).unwrap().to_be_bytes();
        [&count[..], &entries.concat(), &[0; 4]].concat()
    };
    let field = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let parts = [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat();
        <[u8; 12]>::try_from(parts).unwrap()
    };
    let at = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    // First directory of four entries at 8, then its Exif and GPS directories of one each, then what they point at.
    let (exif_at, gps_at) = (8 + 2 + 4 * 12 + 4, 8 + 2 + 4 * 12 + 4 + 18);
    let data_at = gps_at + 18;
    let first = ifd(&[
        field(0x010f, 2, u32::try_from(maker.len()).unwrap(), at(data_at + GPS.len())),
        field(0x0112, 3, 1, [0, orientation, 0, 0]),
        field(0x8769, 4, 1, at(exif_at)),
        field(0x8825, 4, 1, at(gps_at)),
    ]);
    let sub = ifd(&[field(0x9000, 7, 4, *version)]);
    let gps = ifd(&[field(2, 5, 3, at(data_at))]);
    [b"MM\0*\0\0\0\x08".as_slice(), &first, &sub, &gps, GPS, maker, CANARIES[1]].concat()
}

/// A JPEG that tells everything: Exif with GPS, maker and thumbnail, XMP, IPTC, a comment, a JFIF thumbnail.
pub fn talkative_jpeg(orientation: u8) -> Vec<u8> {
    let app1 = jpeg_segment(0xe1, &[b"Exif\0\0".as_slice(), &exif(orientation, b"0221")].concat());
    let thumb = jpeg_segment(0xe0, &[b"JFXX\0\x13\x01\x01".as_slice(), CANARIES[1]].concat());
    let xmp = jpeg_segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0<x>".as_slice(), CANARIES[2]].concat());
    let iptc = jpeg_segment(0xed, &[b"Photoshop 3.0\x008BIM".as_slice(), CANARIES[3]].concat());
    let comment = jpeg_segment(0xfe, CANARIES[4]);
    [b"\xff\xd8".as_slice(), &app1, &jfif(1), &thumb, &xmp, &iptc, &comment, &jpeg_body(), CANARIES[5]].concat()
}

/// A JPEG with this Exif version and nothing else.
pub fn exif_jpeg(version: &[u8; 4]) -> Vec<u8> {
    let app1 = jpeg_segment(0xe1, &[b"Exif\0\0".as_slice(), &exif(1, version)].concat());
    [b"\xff\xd8".as_slice(), &app1, &jpeg_body()].concat()
}

/// A frame header of four components, and a scan: as much of a CMYK JPEG as its structure shows.
pub fn cmyk_jpeg() -> Vec<u8> {
    let frame = [8, 0, 16, 0, 24, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0];
    let scan = [4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0];
    let adobe = [b"Adobe\0\x64\0\0\0\0".as_slice(), &[2]].concat();
    [
        b"\xff\xd8".as_slice(),
        &jfif(1),
        &jpeg_segment(0xee, &adobe),
        &jpeg_segment(0xc0, &frame),
        &jpeg_segment(0xda, &scan),
        &[0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56],
        b"\xff\xd9",
    ]
    .concat()
}

/// A PNG chunk.
pub fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let typed = [kind.as_slice(), body].concat();
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &typed, &crc32fast::hash(&typed).to_be_bytes()].concat()
}

/// A PNG with these chunks put in after its header.
pub fn png_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    let plain = encode(ImageFormat::Png);
    [&plain[..33], &chunks.concat(), &plain[33..]].concat()
}

/// A PNG that tells everything, and is turned.
pub fn talkative_png() -> Vec<u8> {
    png_with(&[
        chunk(b"tEXt", &[b"Author\0".as_slice(), CANARIES[5]].concat()),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0".as_slice(), CANARIES[2]].concat()),
        chunk(b"eXIf", &exif(8, b"0232")),
        chunk(b"tIME", &[7, 0xea, 11, 23, 12, 0, 0]),
    ])
}

/// A header that says how large the image is, with pixels that are not there.
pub fn png_of(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let plain = encode(ImageFormat::Png);
    [&plain[..8], &chunk(b"IHDR", &header), &plain[33..]].concat()
}

/// Eight by eight pixels of one colour in VP8, which no encoder of the tree writes.
pub const LOSSY_WEBP: &[u8] = b"RIFF0\x00\x00\x00WEBPVP8 $\x00\x00\x00p\x01\x00\x9d\x01*\x08\x00\x08\x00\x0c\xc0\xce%\xa0\x02t\x01@\x00\x00\xfe\xda&\x11\x86\x8d~.\xecG\x19$\x00\x00\x00";

/// A WebP in the extended form, with an Exif chunk that turns it and tells everything.
pub fn turned_webp() -> Vec<u8> {
    let plain = encode(ImageFormat::WebP);
    let block = exif(6, b"0232");
    let padding = vec![0; block.len() % 2];
    let length = u32::try_from(block.len()).unwrap().to_le_bytes();
    // Flag 8: there is an Exif chunk. Then width and height, less one, in three bytes each.
    let extended = [8, 0, 0, 0, 23, 0, 0, 15, 0, 0];
    let body = [b"WEBPVP8X\x0a\0\0\0".as_slice(), &extended, &plain[12..], b"EXIF", &length, &block, &padding].concat();
    [b"RIFF".as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}

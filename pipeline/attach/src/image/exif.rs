//! The two things we want to know of an Exif block: how the image is turned, and whether it says where it was taken.
//!
//! Source: CIPA DC-008 (Exif 2.32) §§ 4.5.2, 4.6.4 (orientation, tag 0x0112), 4.6.3 (GPS pointer, tag 0x8825).

use serde::Serialize;

/// How an image is turned for viewing, 1 to 8 as Exif counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Orientation(u8);

impl Orientation {
    /// As it is stored.
    pub const UPRIGHT: Self = Self(1);

    /// 1 to 8; `None` for any other number.
    pub fn new(value: u8) -> Option<Self> {
        (1..=8).contains(&value).then_some(Self(value))
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }

    /// Quarter turns clockwise that a viewer makes, after mirroring.
    pub fn quarter_turns(self) -> u8 {
        match self.0 {
            3 | 4 => 2,
            6 | 7 => 1,
            5 | 8 => 3,
            _ => 0,
        }
    }

    /// Is it mirrored left to right, before it is turned?
    pub fn is_mirrored(self) -> bool {
        matches!(self.0, 2 | 4 | 5 | 7)
    }

    /// Do width and height change places?
    pub fn swaps_sides(self) -> bool {
        self.0 >= 5
    }
}

/// What an Exif block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exif {
    pub orientation: Orientation,
    pub has_location: bool,
}

impl Default for Exif {
    fn default() -> Self {
        Self { orientation: Orientation::UPRIGHT, has_location: false }
    }
}

/// Reads the first directory of a TIFF block. What is not whole says nothing.
pub(super) fn read(block: &[u8]) -> Exif {
    let mut exif = Exif::default();
    let big = match block.get(..4) {
        Some(b"MM\0*") => true,
        Some(b"II*\0") => false,
        _ => return exif,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let (a, b) = (u32::from(short(at)?), u32::from(short(at.checked_add(2)?)?));
        Some(if big { a << 16 | b } else { b << 16 | a })
    };
    let Some(start) = long(4).and_then(|n| usize::try_from(n).ok()) else { return exif };
    let count = short(start).map_or(0, usize::from);
    for entry in (0..count).filter_map(|i| start.checked_add(2 + i * 12)) {
        match short(entry) {
            Some(0x0112) => {
                let value = short(entry.saturating_add(8)).and_then(|v| u8::try_from(v).ok());
                exif.orientation = value.and_then(Orientation::new).unwrap_or(Orientation::UPRIGHT);
            }
            Some(0x8825) => exif.has_location = true,
            Some(_) => {}
            None => break,
        }
    }
    exif
}

#[cfg(test)]
mod tests {
    use super::{Orientation, read};

    #[test]
    fn both_byte_orders_are_read_and_nonsense_is_upright() {
        let little = [b"II*\0\x08\0\0\0\x01\0".as_slice(), b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"].concat();
        let big = [b"MM\0*\0\0\0\x08\0\x01".as_slice(), b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"].concat();
        for block in [little.clone(), big] {
            assert_eq!(read(&block).orientation.get(), 6);
        }
        for cut in 0..little.len() - 3 {
            assert_eq!(read(&little[..cut]).orientation, Orientation::UPRIGHT, "{cut}");
        }
    }
}

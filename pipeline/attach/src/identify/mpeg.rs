//! MPEG-1/2 layer 3: no magic number, but frames whose headers say where the next one begins (ISO 11172-3 § 2.4.1.3).

/// Frames that must follow one another before we believe it. PRONOM asks for ten within wider bounds.
const FRAMES: usize = 6;

/// Kilobits a second of layer 3, by index: MPEG-1, then MPEG-2 and 2.5.
const BITRATES: [[usize; 14]; 2] =
    [[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320], [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]];
const RATES: [[usize; 3]; 4] = [[11_025, 12_000, 8_000], [0, 0, 0], [22_050, 24_000, 16_000], [44_100, 48_000, 32_000]];

/// Is this a run of layer 3 frames, after an ID3v2 tag or at once?
pub(super) fn is_layer_3(data: &[u8]) -> bool {
    let mut at = tag_len(data);
    for _ in 0..FRAMES {
        match data.get(at..).and_then(frame_len) {
            Some(len) => at += len,
            None => return false,
        }
    }
    true
}

/// Length of an ID3v2 tag at the start (id3.org, ID3v2.4 § 3.1: four bytes of seven bits), or 0.
fn tag_len(data: &[u8]) -> usize {
    match data {
        [b'I', b'D', b'3', 2..=4, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d].iter().fold(0, |sum, byte| (sum << 7) | usize::from(**byte & 0x7f))
        }
        _ => 0,
    }
}

fn frame_len(data: &[u8]) -> Option<usize> {
    let [0xff, b, c, _, ..] = *data else { return None };
    let (version, layer) = (usize::from(b >> 3 & 3), b >> 1 & 3);
    if b & 0xe0 != 0xe0 || version == 1 || layer != 1 {
        return None;
    }
    let old = usize::from(version != 3);
    let bitrate = *BITRATES[old].get(usize::from(c >> 4).checked_sub(1)?)? * 1000;
    let rate = *RATES[version].get(usize::from(c >> 2 & 3))?;
    let len = if old == 0 { 144 } else { 72 } * bitrate / rate + usize::from(c >> 1 & 1);
    (data.len() >= len).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::is_layer_3;

    #[test]
    fn six_frames_are_enough_and_five_are_not() {
        let frame = [&[0xff, 0xfb, 0x90, 0x00][..], &[0; 413]].concat();
        assert!(is_layer_3(&frame.repeat(6)));
        assert!(!is_layer_3(&frame.repeat(5)));
        let tagged = [b"ID3\x03\0\0\0\0\0\x02xx".to_vec(), frame.repeat(6)].concat();
        assert!(is_layer_3(&tagged));
        assert!(!is_layer_3(b"ID3\x03\0\0\x7f\x7f\x7f\x7f"));
        assert!(!is_layer_3(&[0xff; 5000]));
    }
}

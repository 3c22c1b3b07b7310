//! The embedded fonts and which characters they cover.

use typst::foundations::Bytes;
use typst::text::Font;

/// Families in the order in which the templates ask for them. `templates/shared/look.typ` names the same.
pub(crate) const FAMILIES: [&str; 3] = ["Noto Sans", "Noto Emoji", "DejaVu Sans"];

/// The font files, Noto Sans first.
pub(crate) fn files() -> [&'static [u8]; 6] {
    [
        include_bytes!("../../../templates/fonts/NotoSans-Regular.ttf"),
        include_bytes!("../../../templates/fonts/NotoSans-Italic.ttf"),
        include_bytes!("../../../templates/fonts/NotoSans-SemiBold.ttf"),
        include_bytes!("../../../templates/fonts/NotoSans-Bold.ttf"),
        include_bytes!("../../../templates/fonts/NotoEmoji-Regular.ttf"),
        dejavu::sans::regular(),
    ]
}

/// Reads every embedded font.
pub(crate) fn load() -> Vec<Font> {
    files().into_iter().flat_map(|file| Font::iter(Bytes::new(file))).collect()
}

/// The characters of each family, as bit sets: asked once for every character of every document.
pub(crate) struct Covered {
    families: Vec<Vec<u64>>,
}

/// Above this no shipped font has a character.
const LIMIT: u32 = 0x2_0000;

impl Covered {
    pub(crate) fn by(fonts: &[Font]) -> Self {
        let families = FAMILIES
            .iter()
            .map(|family| {
                let mut bits = vec![0u64; (LIMIT / 64) as usize];
                // A family is as good as its poorest style: any of them may be asked for.
                let mut styles = fonts.iter().filter(|f| f.info().family == *family);
                let first = styles.next().expect("every family of the list is embedded");
                for c in first.info().coverage.iter().filter(|c| *c < LIMIT) {
                    bits[(c / 64) as usize] |= 1 << (c % 64);
                }
                for style in styles {
                    let mut own = vec![0u64; bits.len()];
                    for c in style.info().coverage.iter().filter(|c| *c < LIMIT) {
                        own[(c / 64) as usize] |= 1 << (c % 64);
                    }
                    bits.iter_mut().zip(own).for_each(|(all, one)| *all &= one);
                }
                bits
            })
            .collect();
        Self { families }
    }

    /// Whether one and the same family has all of these characters. A character and its accents must come from one font.
    pub(crate) fn together(&self, cluster: &[char]) -> bool {
        self.families.iter().any(|bits| cluster.iter().all(|c| has(bits, *c)))
    }
}

fn has(bits: &[u64], c: char) -> bool {
    let c = u32::from(c);
    c < LIMIT && bits[(c / 64) as usize] & (1 << (c % 64)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_family_of_the_list() {
        let fonts = load();
        assert_eq!(fonts.len(), files().len());
        for font in &fonts {
            assert!(FAMILIES.contains(&font.info().family.as_str()), "{}", font.info().family);
        }
    }

    #[test]
    fn norwegian_sami_and_symbols_are_covered() {
        let covered = Covered::by(&load());
        for c in "abcæøåÆØÅáčđŋšŧžÁČĐŊŠŦŽäöïǥǧǩʒǯ«»–—…−→≤≥☐☑✓👍\u{fffd}\u{301}".chars()
        {
            assert!(covered.together(&[c]), "U+{:04X}", u32::from(c));
        }
        assert!(!covered.together(&['漢']));
    }
}

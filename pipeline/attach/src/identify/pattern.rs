//! Byte patterns: the part of PRONOM's signature language that our table uses, read once and matched without surprise.
//!
//! `'text'` and hexadecimal pairs are bytes, `??` any byte, `{n}` and `{n-m}` gaps, `(a|b)` a choice, `[a:b]` a range,
//! `[!a]` anything else, `*` any distance. Between two `*` the leftmost fit is taken, so the work grows with the file
//! and not with the pattern; gaps of unanchored parts are kept short by a test.

use memchr::memmem::Finder;

/// A pattern that was read from its text.
pub(super) struct Pattern {
    /// The parts between the `*`s.
    segments: Vec<Segment>,
}

struct Segment {
    elements: Vec<Element>,
    /// Bytes that every fit begins with, for a quick search; may be empty.
    prefix: Finder<'static>,
}

enum Element {
    Bytes(Vec<u8>),
    Any,
    Range(u8, u8),
    Not(u8),
    Gap(usize, usize),
    Choice(Vec<Vec<Element>>),
}

impl Pattern {
    /// Reads a pattern; `None` when it is not one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut segments = Vec::new();
        for part in split_stars(text) {
            let mut rest = part.as_bytes();
            let elements = elements(&mut rest, false)?;
            if elements.is_empty() || !rest.is_empty() {
                return None;
            }
            let prefix = match &elements[0] {
                Element::Bytes(bytes) => bytes.as_slice(),
                _ => &[],
            };
            segments.push(Segment { prefix: Finder::new(prefix).into_owned(), elements });
        }
        Some(Self { segments })
    }

    /// Fits with its first byte at one of the positions `0..=slack`?
    pub(super) fn at_start(&self, data: &[u8], slack: usize) -> bool {
        let first = &self.segments[0];
        (0..=slack.min(data.len())).any(|at| {
            fit(&first.elements, data, at).is_some_and(|end| self.segments[1..].iter().try_fold(end, |at, s| s.find(data, at)).is_some())
        })
    }

    /// Fits anywhere?
    pub(super) fn anywhere(&self, data: &[u8]) -> bool {
        self.segments.iter().try_fold(0, |at, s| s.find(data, at)).is_some()
    }

    /// Fits with its last byte at most `slack` bytes before the end? For one segment only.
    pub(super) fn at_end(&self, data: &[u8], slack: usize) -> bool {
        let segment = &self.segments[0];
        let mut at = data.len().saturating_sub(slack + longest(&segment.elements));
        while let Some(start) = segment.find_start(data, at) {
            if fit(&segment.elements, data, start).is_some_and(|end| data.len() - end <= slack) {
                return true;
            }
            at = start + 1;
        }
        false
    }

    /// The longest gap in a part that is searched for.
    #[cfg(test)]
    pub(super) fn longest_searched_gap(&self, anchored: usize) -> usize {
        let gap = |e: &Element| if let Element::Gap(_, most) = e { *most } else { 0 };
        self.segments[anchored..].iter().flat_map(|s| &s.elements).map(gap).max().unwrap_or(0)
    }
}

impl Segment {
    /// End of the leftmost fit at or after `from`.
    fn find(&self, data: &[u8], from: usize) -> Option<usize> {
        self.find_start(data, from).and_then(|at| fit(&self.elements, data, at))
    }

    fn find_start(&self, data: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        while at <= data.len() {
            at += self.prefix.find(&data[at..])?;
            if fit(&self.elements, data, at).is_some() {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

/// End of the first fit of all elements from `at` on. Gaps try their shortest first.
fn fit(elements: &[Element], data: &[u8], at: usize) -> Option<usize> {
    let Some((first, rest)) = elements.split_first() else { return Some(at) };
    let byte = data.get(at).copied();
    match first {
        Element::Bytes(bytes) if data.get(at..)?.starts_with(bytes) => fit(rest, data, at + bytes.len()),
        Element::Any if byte.is_some() => fit(rest, data, at + 1),
        Element::Range(low, high) if byte.is_some_and(|b| (low..=high).contains(&&b)) => fit(rest, data, at + 1),
        Element::Not(not) if byte.is_some_and(|b| b != *not) => fit(rest, data, at + 1),
        Element::Gap(least, most) => over_gap(rest, data, at + least, most - least),
        Element::Choice(ways) => ways.iter().find_map(|way| fit(way, data, at).and_then(|end| fit(rest, data, end))),
        _ => None,
    }
}

/// The first fit that begins at one of `from..=from + slack`. Where a byte is known, only places that hold it are tried.
fn over_gap(rest: &[Element], data: &[u8], from: usize, slack: usize) -> Option<usize> {
    let Some(Element::Bytes(bytes)) = rest.first() else {
        return (from..=from + slack).take_while(|at| *at <= data.len()).find_map(|at| fit(rest, data, at));
    };
    let window = data.get(from..(from + slack + 1).min(data.len()))?;
    memchr::memchr_iter(bytes[0], window).find_map(|n| fit(rest, data, from + n))
}

fn longest(elements: &[Element]) -> usize {
    elements
        .iter()
        .map(|e| match e {
            Element::Bytes(bytes) => bytes.len(),
            Element::Any | Element::Range(..) | Element::Not(_) => 1,
            Element::Gap(_, most) => *most,
            Element::Choice(ways) => ways.iter().map(|w| longest(w)).max().unwrap_or(0),
        })
        .sum()
}

/// Parts between the `*`s that are not within quotes.
fn split_stars(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c| {
        quoted ^= c == '\'';
        c == '*' && !quoted
    })
    .map(str::trim)
    .collect()
}

fn elements(rest: &mut &[u8], within_choice: bool) -> Option<Vec<Element>> {
    let mut out: Vec<Element> = Vec::new();
    loop {
        match *rest {
            [b' ', tail @ ..] => *rest = tail,
            [b'\'', tail @ ..] => {
                let end = tail.iter().position(|b| *b == b'\'')?;
                push_bytes(&mut out, &tail[..end]);
                *rest = &tail[end + 1..];
            }
            [b'?', b'?', tail @ ..] => {
                out.push(Element::Any);
                *rest = tail;
            }
            [b'{', tail @ ..] => {
                let end = tail.iter().position(|b| *b == b'}')?;
                let inside = std::str::from_utf8(&tail[..end]).ok()?;
                let (least, most) = inside.split_once('-').unwrap_or((inside, inside));
                out.push(Element::Gap(least.parse().ok()?, most.parse().ok()?));
                *rest = &tail[end + 1..];
            }
            [b'[', b'!', high, low, b']', tail @ ..] => {
                out.push(Element::Not(pair(*high, *low)?));
                *rest = tail;
            }
            [b'[', a, b, b':', c, d, b']', tail @ ..] => {
                out.push(Element::Range(pair(*a, *b)?, pair(*c, *d)?));
                *rest = tail;
            }
            [b'(', tail @ ..] => {
                *rest = tail;
                let mut ways = Vec::new();
                loop {
                    ways.push(elements(rest, true)?);
                    let (sign, tail) = rest.split_first()?;
                    *rest = tail;
                    if *sign == b')' {
                        break;
                    }
                }
                out.push(Element::Choice(ways));
            }
            [b'|' | b')', ..] if within_choice => return Some(out),
            [high, low, tail @ ..] => {
                push_bytes(&mut out, &[pair(*high, *low)?]);
                *rest = tail;
            }
            [] if !within_choice => return Some(out),
            _ => return None,
        }
    }
}

/// Joins neighbouring bytes, so that the search has a long prefix.
fn push_bytes(out: &mut Vec<Element>, bytes: &[u8]) {
    if let Some(Element::Bytes(before)) = out.last_mut() {
        before.extend_from_slice(bytes);
    } else {
        out.push(Element::Bytes(bytes.to_vec()));
    }
}

fn pair(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn starts(pattern: &str, data: &[u8]) -> bool {
        Pattern::read(pattern).unwrap().at_start(data, 0)
    }

    #[test]
    fn each_piece_of_the_language_fits_what_it_says() {
        let cases: &[(&str, &[u8], &[u8])] = &[
            ("'ab' 00", b"ab\0", b"ab\x01"),
            ("61??63", b"axc", b"axd"),
            ("61{2}62", b"axxb", b"axb"),
            ("61{0-2}62", b"axxb", b"axxxb"),
            ("61('b'|'cd')65", b"acde", b"ace"),
            ("[30:39]61", b"7a", b"xa"),
            ("[!10]61", b"xa", b"\x10a"),
            ("'a'*'b'*'c'", b"a..b..c", b"a..c..b"),
            ("'*'61", b"*a", b"ba"),
        ];
        for (pattern, fits, does_not) in cases {
            assert!(starts(pattern, fits), "{pattern} fits");
            assert!(!starts(pattern, does_not), "{pattern} does not fit");
        }
    }

    #[test]
    fn what_is_not_a_pattern_is_none() {
        for text in ["", "6", "zz", "'a", "{x}", "('a'", "[30-39]", "'a'**'b'", "61)"] {
            assert!(Pattern::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_end_is_measured_from_the_last_byte() {
        let eof = Pattern::read("'%%EOF'").unwrap();
        assert!(eof.at_end(b"x%%EOF\n\n", 2));
        assert!(!eof.at_end(b"x%%EOF\n\n\n", 2));
        assert!(eof.at_end(b"%%EOF", 1024));
        assert!(!eof.at_end(b"", 1024));
        assert!(Pattern::read("'b'").unwrap().anywhere(b"aab"));
    }
}

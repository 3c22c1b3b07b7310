//! Simple types: the built-in ones that the Noark and ADDML schemas use, and what restricts them.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::time;
use crate::{Note, xml::trimmed};

/// Compiled size of one pattern.
const PATTERN_BYTES: usize = 1 << 20;

/// A built-in type of XML Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    String,
    NormalizedString,
    Token,
    Integer,
    NonNegativeInteger,
    PositiveInteger,
    Boolean,
    Date,
    DateTime,
}

impl Builtin {
    /// By its name; `None` for what is not read here.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "normalizedString" => Self::NormalizedString,
            "token" => Self::Token,
            "integer" => Self::Integer,
            "nonNegativeInteger" => Self::NonNegativeInteger,
            "positiveInteger" => Self::PositiveInteger,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            _ => return None,
        })
    }

    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::NormalizedString | Self::Token)
    }

    pub fn is_whole_number(self) -> bool {
        matches!(self, Self::Integer | Self::NonNegativeInteger | Self::PositiveInteger)
    }

    fn accepts(self, value: &str) -> bool {
        match self {
            Self::String | Self::NormalizedString | Self::Token => true,
            Self::Integer => Whole::parse(value).is_some(),
            Self::NonNegativeInteger => Whole::parse(value).is_some_and(|w| w >= Whole::ZERO),
            Self::PositiveInteger => Whole::parse(value).is_some_and(|w| w > Whole::ZERO),
            Self::Boolean => matches!(value, "true" | "false" | "1" | "0"),
            Self::Date => time::date(value).is_some(),
            Self::DateTime => time::date_time(value).is_some(),
        }
    }
}

/// How white space is treated before a value is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhiteSpace {
    Preserve,
    Replace,
    Collapse,
}

/// One restriction.
#[derive(Clone, Debug)]
pub enum Facet {
    MinLength(u64),
    MaxLength(u64),
    /// Any of these, each over the whole value.
    Pattern(Vec<Regex>),
    Enumeration(Vec<String>),
    AtLeast(String),
    AtMost(String),
}

/// A simple type.
#[derive(Clone, Debug)]
pub struct Simple {
    pub base: Builtin,
    pub white_space: WhiteSpace,
    pub facets: Vec<Facet>,
    /// Something restricts it that is not read here.
    pub is_partly_read: bool,
}

impl Simple {
    pub fn of(base: Builtin) -> Self {
        let white_space = match base {
            Builtin::String => WhiteSpace::Preserve,
            Builtin::NormalizedString => WhiteSpace::Replace,
            _ => WhiteSpace::Collapse,
        };
        Self { base, white_space, facets: Vec::new(), is_partly_read: false }
    }

    /// What is wrong with a value, if anything.
    pub fn judge(&self, text: &str) -> Option<Note> {
        let value = self.normalised(text);
        let is_valid = self.base.accepts(&value) && self.facets.iter().all(|facet| facet.accepts(&value));
        (!is_valid).then_some(match self.base {
            Builtin::Date => Note::DateInvalid,
            Builtin::DateTime => Note::DateTimeInvalid,
            _ => Note::ValueInvalid,
        })
    }

    fn normalised<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.white_space {
            WhiteSpace::Preserve => Cow::Borrowed(text),
            WhiteSpace::Replace => Cow::Owned(text.replace(['\t', '\n', '\r'], " ")),
            WhiteSpace::Collapse if !trimmed(text).contains([' ', '\t', '\n', '\r']) => Cow::Borrowed(trimmed(text)),
            WhiteSpace::Collapse => Cow::Owned(text.split([' ', '\t', '\n', '\r']).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")),
        }
    }
}

impl Facet {
    fn accepts(&self, value: &str) -> bool {
        let length = || value.chars().count() as u64;
        match self {
            Self::MinLength(least) => length() >= *least,
            Self::MaxLength(most) => length() <= *most,
            Self::Pattern(patterns) => patterns.iter().any(|p| p.is_match(value)),
            Self::Enumeration(values) => values.iter().any(|v| v == value),
            Self::AtLeast(least) => Whole::parse(value) >= Whole::parse(least),
            Self::AtMost(most) => Whole::parse(value) <= Whole::parse(most),
        }
    }
}

/// A pattern of XML Schema as one of `regex`; `None` where the two languages differ.
pub fn pattern(text: &str) -> Option<Regex> {
    if !is_common(text) {
        return None;
    }
    RegexBuilder::new(&format!("^(?:{text})$")).size_limit(PATTERN_BYTES).build().ok()
}

/// Whether both languages mean the same by a pattern: no anchors, no classes with names, no groups with options, and in brackets
/// nothing but characters, ranges and a negation.
fn is_common(pattern: &str) -> bool {
    let mut chars = pattern.chars().peekable();
    let mut is_in_brackets = false;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or_default();
        match c {
            '\\' if next.is_alphanumeric() && !matches!(next, 'd' | 'D' | 'n' | 'r' | 't') => return false,
            '\\' => _ = chars.next(),
            '[' if is_in_brackets => return false,
            '[' => {
                is_in_brackets = true;
                chars.next_if_eq(&'^');
            }
            ']' => is_in_brackets = false,
            '&' | '~' | '-' if is_in_brackets && c == next => return false,
            '^' | '$' => return false,
            '(' if !is_in_brackets && next == '?' => return false,
            _ => {}
        }
    }
    !is_in_brackets
}

/// A whole number of any length, compared as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<'a> {
    is_negative: bool,
    digits: &'a str,
}

impl<'a> Whole<'a> {
    const ZERO: Whole<'static> = Whole { is_negative: false, digits: "" };

    pub fn parse(text: &'a str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        Some(Self { is_negative: is_negative && !digits.is_empty(), digits })
    }
}

impl PartialOrd for Whole<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Whole<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let size = |a: &Self, b: &Self| a.digits.len().cmp(&b.digits.len()).then(a.digits.cmp(b.digits));
        match (self.is_negative, other.is_negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (is_negative, _) => {
                if is_negative {
                    std::cmp::Ordering::Less
                } else {
                    std::cmp::Ordering::Greater
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_any_length() {
        let order = ["-100000000000000000000000", "-2", "-1", "-0", "1", "2", "10", "100000000000000000000000"];
        assert!(order.windows(2).all(|w| Whole::parse(w[0]) < Whole::parse(w[1])));
        assert_eq!(Whole::parse("+007"), Whole::parse("7"));
        assert!(["", "-", "1.0", "1e3", "87 kB", "٣"].iter().all(|t| Whole::parse(t).is_none()));
    }

    #[test]
    fn white_space_goes_before_a_value_is_judged() {
        assert_eq!(Simple::of(Builtin::Date).judge(" 2024-01-01\n"), None);
        assert_eq!(Simple::of(Builtin::Date).judge("2024-01-01T10:00:00"), Some(Note::DateInvalid));
        let short = Simple { facets: vec![Facet::MaxLength(3)], ..Simple::of(Builtin::Token) };
        assert_eq!(short.judge("  a \n b "), None);
        let filled = Simple { facets: vec![Facet::MinLength(1)], ..Simple::of(Builtin::String) };
        assert_eq!((filled.judge(" "), filled.judge("")), (None, Some(Note::ValueInvalid)));
    }

    #[test]
    fn patterns_that_mean_the_same() {
        let uuid = pattern("[0-9a-f]{2}-[0-9]").unwrap();
        assert!(uuid.is_match("0a-1") && !uuid.is_match("x0a-1") && !uuid.is_match("0a-1\n"));
        for other in [r"\i\c*", "a^b", "[a-z-[aeiou]]", r"\p{L}", "(?i)a", "[a&&b]", "[a"] {
            assert!(pattern(other).is_none(), "{other}");
        }
        assert!(pattern(r"[^\-a]-[b\]]\d").unwrap().is_match("x-]7"));
        assert!(pattern("((a{1000}){1000}){1000}").is_none());
    }
}

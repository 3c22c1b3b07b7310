//! Strict JSON (RFC 8259): every duplicate key and every lone surrogate is found, nothing is guessed.
//!
//! `serde_json` reads the last of two equal keys without a word and stops at its first complaint; an archive needs neither.

use serde_json::{Map, Number, Value};

use crate::pointer::Step;
use crate::problems::MOST_PROBLEMS;

/// Deepest nesting that is ever read, whatever the rules allow: the reader calls itself once per level.
pub(crate) const DEEPEST: usize = 128;
/// Most values (objects, lists, texts, numbers …) in one document. The validator keeps every complaint until it is done, and
/// each value can be worth several. A plan with 500 goals and 1 000 measures has about 15 000.
pub(crate) const MOST_VALUES: usize = 60_000;

/// What a text holds.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The value; `None` when the text could not be read to its end.
    pub(crate) value: Option<Value>,
    /// Whether any object holds a null.
    pub(crate) has_nulls: bool,
    /// In the order of the text.
    pub(crate) faults: Vec<Fault>,
}

/// One thing wrong with the JSON itself.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// Where in the document, as it calls its fields.
    pub(crate) path: Vec<Step>,
    /// Where in the text, in bytes.
    pub(crate) offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Syntax,
    DuplicateKey,
    TooDeep,
    TooManyValues,
}

/// The text cannot be read on from here. The fault is noted already.
struct Stop;

type Read<T> = Result<T, Stop>;

/// Reads one JSON text.
pub(crate) fn read(text: &str, max_depth: usize) -> Parsed {
    let mut reader =
        Reader { text, at: 0, max_depth: max_depth.min(DEEPEST), values: 0, path: Vec::new(), has_nulls: false, faults: Vec::new() };
    let value = reader.document().ok();
    // A repeated key is noticed after what is wrong inside it.
    reader.faults.sort_by_key(|f| f.offset);
    Parsed { value, has_nulls: reader.has_nulls, faults: reader.faults }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
    values: usize,
    path: Vec<Step>,
    has_nulls: bool,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn document(&mut self) -> Read<Value> {
        if self.text.starts_with('\u{feff}') {
            self.note(FaultKind::Syntax, 0)?;
            self.at = '\u{feff}'.len_utf8();
        }
        self.space();
        let value = self.value(0)?;
        self.space();
        if self.at < self.text.len() {
            self.note(FaultKind::Syntax, self.at)?;
        }
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return self.stop(FaultKind::TooManyValues);
        }
        match self.peek() {
            Some(b'{' | b'[') if depth >= self.max_depth => self.stop(FaultKind::TooDeep),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.list(depth + 1),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.stop(FaultKind::Syntax),
        }
    }

    fn object(&mut self, depth: usize) -> Read<Value> {
        let mut map = Map::new();
        self.at += 1;
        self.space();
        if self.eat(b'}') {
            return Ok(Value::Object(map));
        }
        loop {
            self.field(&mut map, depth)?;
            if self.ends(b'}')? {
                return Ok(Value::Object(map));
            }
            self.space();
        }
    }

    fn field(&mut self, map: &mut Map<String, Value>, depth: usize) -> Read<()> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return self.stop(FaultKind::Syntax);
        }
        let key = self.string()?;
        self.path.push(Step::Field(key));
        // Looked up before the value is read, so that faults stand in the order of the text.
        if self.repeats(map) {
            self.note(FaultKind::DuplicateKey, start)?;
        }
        self.space();
        if !self.eat(b':') {
            return self.stop(FaultKind::Syntax);
        }
        self.space();
        let value = self.value(depth)?;
        self.has_nulls |= value.is_null();
        if let Some(Step::Field(key)) = self.path.pop() {
            map.insert(key, value);
        }
        Ok(())
    }

    fn repeats(&self, map: &Map<String, Value>) -> bool {
        matches!(self.path.last(), Some(Step::Field(key)) if map.contains_key(key))
    }

    fn list(&mut self, depth: usize) -> Read<Value> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.eat(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.path.push(Step::Item(items.len()));
            items.push(self.value(depth)?);
            self.path.pop();
            if self.ends(b']')? {
                return Ok(Value::Array(items));
            }
            self.space();
        }
    }

    /// After a member: its end, or a comma before the next.
    fn ends(&mut self, end: u8) -> Read<bool> {
        self.space();
        if self.eat(end) {
            return Ok(true);
        }
        if self.eat(b',') { Ok(false) } else { self.stop(FaultKind::Syntax) }
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.bytes().position(|b| b == b'"' || b == b'\\' || b < 0x20) else {
                self.at = self.text.len();
                return self.stop(FaultKind::Syntax);
            };
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                // A bare control character: wrong, but what was meant is clear, so the rest can still be judged.
                _ => {
                    self.note(FaultKind::Syntax, self.at)?;
                    out.push(' ');
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let plain = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.stop(FaultKind::Syntax),
        };
        self.at += 2;
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Read<char> {
        let start = self.at;
        let Some(unit) = self.hex_unit(start) else { return self.stop(FaultKind::Syntax) };
        self.at += 6;
        if let Some(c) = char::from_u32(unit) {
            return Ok(c);
        }
        if let (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) = (unit, self.hex_unit(self.at)) {
            self.at += 6;
            return Ok(char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).expect("a surrogate pair is a character"));
        }
        self.note(FaultKind::Syntax, start)?;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    /// The sixteen bits of `\uXXXX` at an offset.
    fn hex_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, b| Some(unit * 16 + char::from(*b).to_digit(16)?))
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(Value::Number(number(&self.text[start..self.at])))
    }

    fn digits(&mut self) -> Read<()> {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { self.stop(FaultKind::Syntax) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, value: Value) -> Read<Value> {
        if !self.text[self.at..].starts_with(word) {
            return self.stop(FaultKind::Syntax);
        }
        self.at += word.len();
        Ok(value)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn stop<T>(&mut self, kind: FaultKind) -> Read<T> {
        self.faults.push(Fault { kind, path: self.path.clone(), offset: self.at });
        Err(Stop)
    }

    /// Notes a fault that can be read past, until there are more than anyone reads.
    fn note(&mut self, kind: FaultKind, offset: usize) -> Read<()> {
        self.faults.push(Fault { kind, path: self.path.clone(), offset });
        if self.faults.len() > MOST_PROBLEMS { Err(Stop) } else { Ok(()) }
    }
}

/// A number that follows the grammar. Whole numbers are whole however they are spelt (`1.0`, `1e0`), as JSON Schema counts
/// them. What is too large for a double becomes the largest: every number of the schemas has a limit far below.
fn number(text: &str) -> Number {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    let double = text.parse::<f64>().unwrap_or(f64::MAX).clamp(f64::MIN, f64::MAX);
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if double.fract() == 0.0 && double.abs() <= EXACT {
        return (double as i64).into();
    }
    Number::from_f64(double).expect("clamped to the finite numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(FaultKind, usize)]) {
        let parsed = read(text, 4);
        let found: Vec<_> = parsed.faults.iter().map(|f| (f.kind, f.offset)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_fault_is_found_where_it_stands() {
        use FaultKind::*;
        check(r#"{"a":1,"b":[true,false,null,-0.5e+3,"\u00e5\n"]}"#, &[]);
        check("[[[[]]]]", &[]);
        check("[[[[[]]]]]", &[(TooDeep, 4)]);
        check(r#"{"a":1,"a":2,"b":{"c":1,"c":1}}"#, &[(DuplicateKey, 7), (DuplicateKey, 24)]);
        check(r#"{"a":1,"\u0061":2}"#, &[(DuplicateKey, 7)]);
        check(r#"["\ud800","\udc00x","\ud83d\udc4d","\ud83d\ud83d\udc4d"]"#, &[(Syntax, 2), (Syntax, 11), (Syntax, 36)]);
        check("\u{feff}[]", &[(Syntax, 0)]);
        check("[] []", &[(Syntax, 3)]);
        check("[\"a\tb\"]", &[(Syntax, 3)]);
        for (text, at) in [
            ("", 0),
            ("[1,]", 3),
            ("[1 2]", 3),
            (r#"{"a"}"#, 4),
            (r#"{"a":1,}"#, 7),
            ("{a:1}", 1),
            ("01", 1),
            ("+1", 0),
            (".5", 0),
            ("1.", 2),
            ("1e", 2),
            ("-", 1),
            ("nul", 0),
            ("NaN", 0),
            (r#""a"#, 2),
            (r#""\x""#, 1),
            (r#""\u12"#, 1),
            (r#""\u+123""#, 1),
            ("'a'", 0),
            ("[1]//", 3),
        ] {
            check(text, &[(Syntax, at)]);
        }
    }

    #[test]
    fn values_are_those_of_serde_json() {
        for text in
            [r#"{"a":[1,-2,3.25,1e-3,18446744073709551616],"b":{"c":"\ud83d\udc4d\/","d":""}," ":null}"#, "7", "\"å\"", " [ ] ", "-1.5"]
        {
            assert_eq!(read(text, 64).value, serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn numbers() {
        for (text, expected) in
            [("1.0", "1"), ("10e-1", "1"), ("-0", "0"), ("-0.0", "0"), ("1e999", "1.7976931348623157e+308"), ("0.5", "0.5")]
        {
            assert_eq!(number(text).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn hostile_texts_end() {
        assert_eq!(read(&"[".repeat(1_000_000), usize::MAX).faults[0].kind, FaultKind::TooDeep);
        assert_eq!(read(&format!("[{}0]", "0,".repeat(MOST_VALUES)), 64).faults[0].kind, FaultKind::TooManyValues);
        let twice = format!("{{{}\"a\":0}}", "\"a\":0,".repeat(10_000));
        assert_eq!(read(&twice, 64).faults.len(), MOST_PROBLEMS + 1);
    }
}

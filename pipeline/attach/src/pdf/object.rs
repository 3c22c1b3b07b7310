//! PDF objects and their lexer (ISO 32000-1 §§ 7.2, 7.3). Depth is bounded, so no file can exhaust the stack.

/// Arrays and dictionaries within one another. Real files stay below ten.
const MAX_DEPTH: usize = 48;

/// Objects that one lexer reads at most, and so the memory it can take (some 40 bytes each).
pub(super) const MAX_ITEMS: usize = 5_000_000;

/// A PDF object. Streams are a dictionary and a place in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Null,
    Bool(bool),
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dict(Dict),
    /// A reference to the object with this number.
    Ref(u32),
}

/// A dictionary, sorted by its keys (without the slash), so that a large one costs little to ask.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dict(pub Vec<(Vec<u8>, Object)>);

impl Dict {
    pub(super) fn get(&self, key: &str) -> Option<&Object> {
        let at = self.0.partition_point(|(k, _)| k.as_slice() < key.as_bytes());
        self.0.get(at).filter(|(k, _)| k == key.as_bytes()).map(|(_, v)| v)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|v| *v != Object::Null)
    }

    /// Is the value this name?
    pub(super) fn is(&self, key: &str, name: &str) -> bool {
        self.get(key).and_then(Object::name) == Some(name.as_bytes())
    }
}

impl Object {
    pub(super) fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(n) = self { Some(*n) } else { None }
    }

    /// A whole number that is not negative and fits.
    pub(super) fn index(&self) -> Option<usize> {
        let n = self.number()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range and the fraction were looked at")]
        ((0.0..=9e15).contains(&n) && n.fract() == 0.0).then_some(n as usize)
    }

    pub(super) fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    pub(super) fn array(&self) -> Option<&[Object]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub(super) fn text(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// Reads objects from bytes.
pub(super) struct Lexer<'a> {
    data: &'a [u8],
    pub at: usize,
    /// Objects read so far.
    pub items: usize,
}

fn is_space(b: u8) -> bool {
    matches!(b, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(b: u8) -> bool {
    matches!(b, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'a> Lexer<'a> {
    pub(super) fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, items: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    /// Past white space and comments.
    pub(super) fn skip_space(&mut self) {
        while let Some(b) = self.peek() {
            if b == b'%' {
                while self.peek().is_some_and(|b| b != b'\n' && b != b'\r') {
                    self.at += 1;
                }
            } else if is_space(b) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Takes this word when it stands here.
    pub(super) fn take(&mut self, word: &[u8]) -> bool {
        self.skip_space();
        let here = self.data.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if here {
            self.at += word.len();
        }
        here
    }

    /// A whole number in digits.
    pub(super) fn digits(&mut self) -> Option<u64> {
        self.skip_space();
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        std::str::from_utf8(&self.data[from..self.at]).ok()?.parse().ok()
    }

    /// The next object; `None` when what stands here is none.
    pub(super) fn object(&mut self) -> Option<Object> {
        self.object_at(0)
    }

    fn object_at(&mut self, depth: usize) -> Option<Object> {
        self.items += 1;
        if depth > MAX_DEPTH || self.items > MAX_ITEMS {
            return None;
        }
        self.skip_space();
        match self.peek()? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.literal().map(Object::Text),
            b'[' => self.array(depth),
            b'<' if self.data.get(self.at + 1) == Some(&b'<') => self.dict(depth).map(Object::Dict),
            b'<' => self.hex().map(Object::Text),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number_or_ref(),
            _ => self.keyword(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Object> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if self.take(b"]") {
                return Some(Object::Array(items));
            }
            items.push(self.object_at(depth + 1)?);
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Dict> {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            if self.take(b">>") {
                // Stable: of keys that stand twice, the first is asked; the survey sees both.
                entries.sort_by(|(a, _): &(Vec<u8>, Object), (b, _)| a.cmp(b));
                return Some(Dict(entries));
            }
            if self.peek() != Some(b'/') {
                return None;
            }
            let key = self.name()?;
            entries.push((key, self.object_at(depth + 1)?));
        }
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        self.at += 1;
        let mut out = Vec::new();
        while let Some(b) = self.peek().filter(|b| !is_space(*b) && !is_delimiter(*b)) {
            self.at += 1;
            let escaped = (b == b'#').then(|| self.data.get(self.at..self.at + 2)).flatten().and_then(hex_pair);
            if let Some(byte) = escaped {
                self.at += 2;
                out.push(byte);
            } else {
                out.push(b);
            }
        }
        Some(out)
    }

    fn literal(&mut self) -> Option<Vec<u8>> {
        self.at += 1;
        let (mut out, mut open) = (Vec::new(), 1usize);
        loop {
            let b = self.peek()?;
            self.at += 1;
            match b {
                b'(' => open += 1,
                b')' if open == 1 => return Some(out),
                b')' => open -= 1,
                b'\\' => {
                    self.escape(&mut out)?;
                    continue;
                }
                _ => {}
            }
            out.push(b);
        }
    }

    /// What follows a backslash in a literal string (§ 7.3.4.2).
    fn escape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let b = self.peek()?;
        self.at += 1;
        match b {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'\r' if self.peek() == Some(b'\n') => self.at += 1,
            b'\r' | b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(b - b'0');
                for _ in 0..2 {
                    if let Some(digit @ b'0'..=b'7') = self.peek() {
                        value = value * 8 + u32::from(digit - b'0');
                        self.at += 1;
                    }
                }
                out.push(value.to_le_bytes()[0]);
            }
            other => out.push(other),
        }
        Some(())
    }

    fn hex(&mut self) -> Option<Vec<u8>> {
        self.at += 1;
        let mut digits = Vec::new();
        loop {
            let b = self.peek()?;
            self.at += 1;
            match b {
                b'>' => break,
                b if b.is_ascii_hexdigit() => digits.push(b),
                b if is_space(b) => {}
                _ => return None,
            }
        }
        if digits.len() % 2 == 1 {
            digits.push(b'0');
        }
        digits.chunks_exact(2).map(hex_pair).collect()
    }

    fn number_or_ref(&mut self) -> Option<Object> {
        let from = self.at;
        while self.peek().is_some_and(|b| matches!(b, b'+' | b'-' | b'.' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.data[from..self.at]).ok()?;
        if let Some(number) = text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())) {
            let back = self.at;
            if self.digits().is_some() && self.take(b"R") && self.peek().is_none_or(|b| is_space(b) || is_delimiter(b)) {
                return Some(Object::Ref(number));
            }
            self.at = back;
        }
        text.parse().ok().map(Object::Number)
    }

    fn keyword(&mut self) -> Option<Object> {
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
            self.at += 1;
        }
        match &self.data[from..self.at] {
            b"true" => Some(Object::Bool(true)),
            b"false" => Some(Object::Bool(false)),
            b"null" => Some(Object::Null),
            _ => None,
        }
    }
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Lexer, Object};

    fn read(text: &str) -> Option<Object> {
        Lexer::new(text.as_bytes(), 0).object()
    }

    #[test]
    fn objects_are_read_as_the_standard_writes_them() {
        assert_eq!(read(" %x\n12 0 R"), Some(Object::Ref(12)));
        assert_eq!(read("-1.5"), Some(Object::Number(-1.5)));
        assert_eq!(read("/A#42c"), Some(Object::Name(b"ABc".to_vec())));
        assert_eq!(read("(a(b)\\)\\101\\\n)"), Some(Object::Text(b"a(b))A".to_vec())));
        assert_eq!(read("<414>"), Some(Object::Text(b"A@".to_vec())));
        let dict = read("<</A[1 2 0 R null]/B<</C true>>>>").unwrap();
        assert_eq!(dict.dict().unwrap().get("A").unwrap().array().unwrap().len(), 3);
        for broken in ["", "[", "<<", "<</A", "(", "<zz>", "hei", "<</A 1 2>>", "]"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&("[".repeat(40) + &"]".repeat(40))).is_some());
        assert!(read(&"[".repeat(1_000_000)).is_none());
        assert!(read(&"<</A".repeat(1_000_000)).is_none());
    }
}

//! Line and column of a byte, counted once through the text however many are asked for.

/// A walk through a text, forwards only.
pub(crate) struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, offset: 0, line: 1, column: 1 }
    }

    /// `line=L column=C`, both from 1, columns in characters. Ask in the order of the text.
    pub(crate) fn place(&mut self, offset: usize) -> String {
        for c in self.text[self.offset..offset.max(self.offset)].chars() {
            (self.line, self.column) = if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.offset = offset.max(self.offset);
        format!("line={} column={}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let text = "{\n  \"å\": x\n}";
        let mut lines = Lines::of(text);
        for (offset, expected) in [
            (0, "line=1 column=1"),
            (1, "line=1 column=2"),
            (4, "line=2 column=3"),
            (10, "line=2 column=8"),
            (text.len(), "line=3 column=2"),
        ] {
            assert_eq!(lines.place(offset), expected, "{offset}");
        }
    }
}

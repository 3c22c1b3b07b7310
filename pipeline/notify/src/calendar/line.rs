//! Content lines (RFC 5545 § 3.1): folded, escaped, ended by CRLF.

/// Longest line without its CRLF, in octets.
const LONGEST: usize = 75;

/// Lines as they are written.
#[derive(Default)]
pub(crate) struct Calendar(String);

impl Calendar {
    /// A line whose name and value are ours, or made safe before: dates, numbers, [`mailto`]. Control characters would end it, so
    /// they are left out whatever was handed in.
    pub(crate) fn line(&mut self, name: &str, value: &str) {
        let line: String = format!("{name}:{value}").chars().filter(|c| !c.is_control()).collect();
        fold(&line, &mut self.0);
    }

    /// A line whose value is text (§ 3.3.11).
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.line(name, &escape(value));
    }

    /// Whole lines.
    pub(crate) fn raw(&mut self, lines: &str) {
        self.0.push_str(lines);
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Breaks between characters, never within one. A line that goes on begins with a space, which counts.
fn fold(line: &str, out: &mut String) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > LONGEST {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out
}

/// An address as URI (RFC 6068 § 2): what a URI cannot hold is written as `%` and its number. Colons, semicolons, quotes and
/// commas, with which one could begin a parameter, are among it.
pub(crate) fn mailto(address: &str) -> String {
    let mut uri = String::from("mailto:");
    for byte in address.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$'*+@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(name: &str, value: &str) -> String {
        let mut calendar = Calendar::default();
        calendar.text(name, value);
        calendar.finish()
    }

    #[test]
    fn text_is_escaped_and_never_begins_a_line() {
        assert_eq!(written("SUMMARY", "a,b;c\\d\ne"), "SUMMARY:a\\,b\\;c\\\\d\\ne\r\n");
        assert_eq!(written("SUMMARY", "x\r\nATTENDEE:mailto:y\0"), "SUMMARY:x\\nATTENDEE:mailto:y\r\n");
    }

    #[test]
    fn an_address_cannot_begin_a_parameter() {
        assert_eq!(mailto("o'neil+a@example.org"), "mailto:o'neil+a@example.org");
        assert_eq!(mailto("a\";CN=x:%?&#/=,@example.org"), "mailto:a%22%3BCN%3Dx%3A%25%3F%26%23%2F%3D%2C@example.org");
        assert_eq!(mailto("a\r\nX:1@example.org"), "mailto:a%0D%0AX%3A1@example.org");
    }

    #[test]
    fn a_line_of_75_octets_stays_and_one_more_is_folded() {
        let full = "x".repeat(LONGEST - "SUMMARY:".len());
        assert_eq!(written("SUMMARY", &full).lines().count(), 1);
        assert_eq!(written("SUMMARY", &format!("{full}y")), format!("SUMMARY:{full}\r\n y\r\n"));
        // The two octets of ø do not fit where one does.
        let nearly = "x".repeat(LONGEST - 1 - "SUMMARY:".len());
        assert_eq!(written("SUMMARY", &format!("{nearly}ø")), format!("SUMMARY:{nearly}\r\n ø\r\n"));
    }

    proptest! {
        #[test]
        fn folding_loses_nothing(text in "[a-zæøåšđáčŋŧž ,;👍🏽]{0,400}") {
            let folded = written("DESCRIPTION", &text);
            prop_assert!(folded.split("\r\n").all(|line| line.len() <= LONGEST));
            prop_assert_eq!(folded.replace("\r\n ", ""), format!("DESCRIPTION:{}\r\n", escape(&text)));
        }
    }
}

//! One line of text from a configuration, made fit for a header and a mail body.

/// The text without control characters, without characters that hide or turn text around, with single spaces, cut at `cap`
/// characters. A name with a line break in it would end the header (and make lettre panic, MAIL § 1.2 L7).
pub(crate) fn one_line(text: &str, cap: usize) -> String {
    let shown = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).filter(|c| !hides(*c));
    let mut line = String::new();
    for c in shown {
        if c != ' ' || (!line.is_empty() && !line.ends_with(' ')) {
            line.push(c);
        }
    }
    line.chars().take(cap).collect::<String>().trim_end().to_owned()
}

/// Soft hyphen, zero-width, direction marks and overrides, line and paragraph separators, interlinear marks, tags, BOM.
fn hides(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn what_hides_or_breaks_is_gone() {
        assert_eq!(one_line("Eksempel\r\nBcc: a@example.org", 100), "Eksempel Bcc: a@example.org");
        assert_eq!(one_line("\u{202e}Eksempel\0\u{200b}\t kommune \u{2028}", 100), "Eksempel kommune");
        assert_eq!(one_line("Kárášjoga gielda", 100), "Kárášjoga gielda");
        assert_eq!(one_line(&"a ".repeat(5000), 5), "a a a");
        assert_eq!(one_line("\r\n\0", 5), "");
    }
}

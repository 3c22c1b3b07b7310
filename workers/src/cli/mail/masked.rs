//! A mail without what tells whose it is: the receiver's address, and parts that hold it, such as the entry for a calendar.

/// Stands where the address was.
const MASK: &str = "***";

/// The message with `To` masked, and with the content of every part left out that is not plain text. Our own mails alone: their text
/// names nobody.
pub fn without_address(message: &str) -> String {
    let boundary = boundary(message);
    let mut out = String::with_capacity(message.len());
    let mut part = Part::Header { of: Of::Message, plain: true };
    let mut field = Field::Kept;
    for line in message.split_inclusive('\n') {
        let bare = line.trim_end();
        if boundary.as_deref().is_some_and(|b| bare.strip_prefix("--").is_some_and(|rest| rest == b || rest.strip_suffix("--") == Some(b)))
        {
            part = Part::Header { of: Of::Part, plain: true };
            field = Field::Kept;
            out.push_str(line);
            continue;
        }
        part = match part {
            Part::Header { of, plain } if bare.is_empty() => {
                out.push_str(line);
                if plain || of == Of::Message && boundary.is_some() {
                    Part::Shown
                } else {
                    out.push_str(MASK);
                    out.push('\n');
                    Part::LeftOut
                }
            }
            Part::Header { of, plain } => {
                let goes_on = line.starts_with([' ', '\t']);
                let name = bare.split(':').next().unwrap_or_default().to_ascii_lowercase();
                if !goes_on {
                    field = if name == "to" { Field::Masked } else { Field::Kept };
                }
                match (field, goes_on) {
                    (Field::Kept, _) => out.push_str(line),
                    (Field::Masked, false) => out.push_str(&format!("To: {MASK}\n")),
                    (Field::Masked, true) => {}
                }
                let is_other = !goes_on && name == "content-type" && !bare.to_ascii_lowercase().contains("text/plain");
                Part::Header { of, plain: plain && !is_other }
            }
            Part::Shown => {
                out.push_str(line);
                Part::Shown
            }
            Part::LeftOut => Part::LeftOut,
        };
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Message,
    Part,
}

#[derive(Clone, Copy)]
enum Part {
    Header { of: Of, plain: bool },
    Shown,
    LeftOut,
}

#[derive(Clone, Copy)]
enum Field {
    Kept,
    Masked,
}

/// What divides the parts of a message, from its header.
fn boundary(message: &str) -> Option<String> {
    let header: Vec<&str> = message.lines().take_while(|line| !line.trim_end().is_empty()).collect();
    let header = header.join("\n");
    let after = header.split("boundary=").nth(1)?;
    let value = after.strip_prefix('"').map_or_else(|| after.split([';', '\n', ' ']).next(), |quoted| quoted.split('"').next())?;
    (!value.trim().is_empty()).then(|| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_gone_and_the_text_stays() {
        let mail = "From: kommune@example.org\r\nTo: Blid <blid@example.com>,\r\n blid@example.com\r\nSubject: Ny melding\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDu har ei ny melding.\r\n";
        let masked = without_address(mail);
        assert!(!masked.contains("blid") && !masked.contains("Blid"), "{masked}");
        assert!(masked.contains("Du har ei ny melding.") && masked.contains("Subject: Ny melding") && masked.contains("To: ***"));
    }

    #[test]
    fn a_calendar_entry_is_left_out() {
        let mail = "To: blid@example.com\nContent-Type: multipart/alternative;\n boundary=\"abc\"\n\n--abc\nContent-Type: text/plain\n\nDu er kalt inn.\n--abc\nContent-Type: text/calendar; method=REQUEST\nContent-Transfer-Encoding: base64\n\nYmxpZEBleGFtcGxlLmNvbQ==\n--abc--\n";
        let masked = without_address(mail);
        assert!(!masked.contains("YmxpZ") && !masked.contains("blid@"), "{masked}");
        assert!(masked.contains("Du er kalt inn.") && masked.contains("text/calendar") && masked.ends_with("--abc--\n"), "{masked}");
    }

    #[test]
    fn a_single_part_that_is_no_text_is_left_out() {
        let masked = without_address("To: a@example.com\nContent-Type: text/calendar\n\nATTENDEE:mailto:a@example.com\n");
        assert!(!masked.contains("a@example.com"), "{masked}");
    }
}

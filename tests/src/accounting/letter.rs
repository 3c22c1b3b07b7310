//! Mails as they lie in the Maildir, read by somebody else's parser.

use std::{fs, path::Path};

use mail_parser::{HeaderValue, MessageParser, MimeHeaders};

use super::{
    Finding,
    times::{self, Instant},
};
use crate::files_below;

/// One mail.
#[derive(Debug)]
pub struct Mail {
    /// Name of its file.
    pub file: String,
    /// When it says that it was written.
    pub at: Instant,
    /// Whom it is to, in small letters.
    pub to: String,
    /// The address that it is from, in small letters.
    pub from: String,
    /// Decoded.
    pub subject: String,
    /// Text, and calendar if there is one, decoded.
    pub body: String,
    /// Everything that it says, but for whom it is to, line by line.
    pub lines: Vec<String>,
}

/// Headers that are ours to fill with ids and instants, and hold no words. `To` is the receiver's own address.
const NO_WORDS: [&str; 4] = ["date", "to", "message-id", "content-type"];

impl Mail {
    /// Every mail of a data folder. One that cannot be read, or is to anybody but one receiver, is a finding.
    pub fn all(data: &Path, found: &mut Vec<Finding>) -> Vec<Self> {
        let mut mails = Vec::new();
        for folder in ["new", "cur", "tmp"] {
            let folder = data.join("mail").join(folder);
            let files = if folder.is_dir() { files_below(&folder) } else { Vec::new() };
            for file in files {
                let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
                if folder.ends_with("tmp") {
                    found.push(Finding::new("mail_half_written", name));
                    continue;
                }
                match fs::read(&file).map_err(|_| "unreadable").and_then(|bytes| Self::read(&name, &bytes)) {
                    Ok(mail) => mails.push(mail),
                    Err(what) => found.push(Finding::new("mail_broken", format!("{name}: {what}"))),
                }
            }
        }
        mails
    }

    /// Reads one.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, &'static str> {
        let message = MessageParser::default().parse(bytes).ok_or("no mail")?;
        let addresses = |list: Option<&mail_parser::Address>| -> Vec<String> {
            list.into_iter().flat_map(mail_parser::Address::iter).filter_map(|a| a.address().map(str::to_lowercase)).collect()
        };
        let mut to = addresses(message.to());
        to.extend(addresses(message.cc()));
        to.extend(addresses(message.bcc()));
        let [to] = &to[..] else { return Err("not one receiver") };
        let from = addresses(message.from()).pop().ok_or("no sender")?;
        let at = message.date().and_then(|d| times::instant(&d.to_rfc3339())).ok_or("no date")?;
        let subject = message.subject().ok_or("no subject")?.to_owned();
        let mut body = message.body_text(0).ok_or("no text")?.into_owned();
        for part in message.parts.iter().filter(|p| p.content_type().is_some_and(|t| t.subtype() == Some("calendar"))) {
            // Folded lines are one line (RFC 5545, 3.1); the receiver's own address stands in it.
            body.push_str(&part.text_contents().unwrap_or_default().replace("\r\n ", "").to_lowercase().replace(to, ""));
        }
        if message.attachment_count() > usize::from(body.contains("begin:vcalendar")) {
            return Err("an attachment");
        }
        let mut lines: Vec<String> = Vec::new();
        for header in message.headers().iter().filter(|h| !NO_WORDS.contains(&h.name().to_lowercase().as_str())) {
            lines.push(match header.value() {
                HeaderValue::Text(text) => format!("{}: {text}", header.name()),
                HeaderValue::Address(list) => {
                    list.iter().map(|a| format!("{} {}", a.name().unwrap_or_default(), a.address().unwrap_or_default())).collect()
                }
                other => format!("{}: {other:?}", header.name()),
            });
        }
        lines.extend(crate::without_checkpoint(&body).lines().map(str::to_owned));
        Ok(Self { file: file.to_owned(), at, to: to.clone(), from, subject, body, lines })
    }

    /// Whether it says that the municipality is bound to send it.
    pub fn is_bound(&self) -> bool {
        self.body.contains("Kommunen har plikt til")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "Date: Mon, 23 Nov 2026 08:00:00 +0000\r\nFrom: \"Fjellvik kommune\" <ikke-svar@fjellvik.example.org>\r\n\
        To: Rolig.Kornaker@example.com\r\nSubject: Innkalling til =?utf-8?b?bcO4dGU=?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nKommunen har plikt til =C3=A5 v=\r\nente.\r\n";

    #[test]
    fn reads_what_a_receiver_reads() {
        let mail = Mail::read("x.eml", MAIL.as_bytes()).unwrap();
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("rolig.kornaker@example.com", "Innkalling til møte"));
        assert_eq!(mail.at, times::instant("2026-11-23T09:00:00+01:00").unwrap());
        assert!(mail.is_bound() && mail.body.contains("å vente."), "{}", mail.body);
        assert!(mail.lines.iter().all(|l| !l.to_lowercase().contains("kornaker")), "{:?}", mail.lines);
    }

    #[test]
    fn one_receiver_and_no_other() {
        let two = MAIL.replace("Rolig.Kornaker@example.com", "a@example.com, b@example.com");
        assert_eq!(Mail::read("x", two.as_bytes()).unwrap_err(), "not one receiver");
        let copy = MAIL.replace("Subject:", "Cc: b@example.com\r\nSubject:");
        assert_eq!(Mail::read("x", copy.as_bytes()).unwrap_err(), "not one receiver");
    }
}

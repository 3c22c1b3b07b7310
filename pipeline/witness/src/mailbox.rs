//! Checkpoints in letters as they lie in a mailbox: in plain text, quoted-printable or base 64 (RFC 2045 § 6.7–6.8).

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use crate::Checkpoint;

/// Shorter runs of base 64 cannot hold a checkpoint.
const SHORTEST_RUN: usize = 200;

impl Checkpoint {
    /// Every checkpoint of this log in a message, or in many of them one after the other, as they were delivered.
    pub fn find_in_mail(origin: &str, mail: &[u8]) -> Vec<Self> {
        let raw = String::from_utf8_lossy(mail);
        let mut found: Vec<Self> = Vec::new();
        let decoded = base64_runs(&raw).into_iter().chain([quoted_printable(&raw), raw.into_owned()]);
        for checkpoint in decoded.flat_map(|text| Self::find_all(origin, &text)) {
            if !found.contains(&checkpoint) {
                found.push(checkpoint);
            }
        }
        found.sort_by_key(|c| c.size);
        found
    }
}

/// What stands in quoted-printable, decoded. Text that is not so encoded loses nothing that a checkpoint needs.
fn quoted_printable(text: &str) -> String {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'=', [b'\n', after @ ..]) | (b'=', [b'\r', b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |b: u8| (b as char).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or(0);
                out.push(digit(*high) * 16 + digit(*low));
                rest = after;
            }
            _ => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Runs of lines that are base 64 and nothing else, decoded.
fn base64_runs(text: &str) -> Vec<String> {
    let is_encoded = |line: &str| !line.is_empty() && line.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    let (mut runs, mut run) = (Vec::new(), String::new());
    for line in text.lines().map(str::trim).chain([""]) {
        if is_encoded(line) {
            run.push_str(line.trim_end_matches('='));
            continue;
        }
        if run.len() >= SHORTEST_RUN
            && let Ok(bytes) = STANDARD_NO_PAD.decode(&run)
        {
            runs.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        run.clear();
    }
    runs
}

#[cfg(test)]
mod tests {
    use pipeline_domain::Sha256;

    use super::*;
    use crate::{CheckpointKey, text::base64};

    const ORIGIN: &str = "arkiv.example.no/9901";

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint::sign(&CheckpointKey::from_entropy(ORIGIN, [3; 32]).unwrap(), size, Sha256::of(&size.to_be_bytes()))
    }

    fn wrapped(text: &str) -> String {
        let encoded = base64(text.as_bytes());
        (0..encoded.len()).step_by(76).map(|at| format!("{}\r\n", &encoded[at..encoded.len().min(at + 76)])).collect()
    }

    #[test]
    fn in_every_encoding() {
        let (one, two, three) = (checkpoint(1), checkpoint(22), checkpoint(333));
        let head = "Subject: Nytt dokument\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding:";
        let plain = format!("{head} 8bit\r\n\r\nDu har fått et dokument.\r\n{}\r\n", one.lines().unwrap().replace('\n', "\r\n"));
        let soft: String = two.lines().unwrap().replace('\n', "\r\n").split_inclusive('A').map(|p| format!("{p}=\r\n")).collect();
        let quoted = format!("{head} quoted-printable\r\n\r\nDu har f=C3=A5tt et dokument.\r\n{soft}\r\n");
        let note = three.note().replace('=', "=3D").replace('—', "=E2=80=94");
        let quoted_note = format!("{head} quoted-printable\r\n\r\n{note}\r\n");
        let encoded = format!("{head} base64\r\n\r\n{}\r\n", wrapped(&format!("Hei på deg!\n\n{}\n", two.lines().unwrap())));
        for (mail, expected) in [
            (plain.clone(), vec![one.clone()]),
            (quoted.clone(), vec![two.clone()]),
            (quoted_note, vec![three.clone()]),
            (encoded.clone(), vec![two.clone()]),
            ([plain, quoted, encoded].concat(), vec![one, two]),
            (wrapped(&three.note()), vec![three]),
            ("nothing\r\n".to_owned(), vec![]),
        ] {
            assert_eq!(Checkpoint::find_in_mail(ORIGIN, mail.as_bytes()), expected, "{mail}");
        }
    }
}

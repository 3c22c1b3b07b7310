//! Small files as people attach them: text, tables, PDF, and now and then an archive that no archive takes.

use std::fmt::Write as _;

use super::chance::Chance;

/// One file.
pub struct MadeFile {
    pub extension: &'static str,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// A file of this plan that no other has.
pub fn made_file(plan: u32, n: usize, chance: &mut Chance) -> MadeFile {
    let marks: Vec<i64> = (0..6).map(|_| chance.between(1, 999)).collect();
    let line = format!("Plan {plan}, fil {n}: {marks:?} æøå");
    let (extension, media_type, bytes) = match chance.below(10) {
        0..=4 => ("pdf", "application/pdf", pdf(&format!("Side {plan}-{n}-{}", marks[0]))),
        5..=6 => ("txt", "text/plain", format!("{line}\nMandag: tur.\nTirsdag: øving.\n").into_bytes()),
        7..=8 => ("csv", "text/csv", format!("dag;timer\nmandag;{}\ntirsdag;{}\n{line};0\n", marks[0], marks[1]).into_bytes()),
        _ => ("zip", "application/zip", zip(&line)),
    };
    MadeFile { extension, media_type, bytes }
}

/// One page with one line (ISO 32000-1 § 7.5): header, five objects, table of their places, trailer.
fn pdf(line: &str) -> Vec<u8> {
    let page = format!("BT /F1 12 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (object, no) in objects.iter().zip(1..) {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = writeln!(file, "{no} 0 obj\n{object}\nendobj");
    }
    let begins = file.len();
    let _ = write!(file, "{table}trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{begins}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

/// No entries, and a comment that tells one from another (APPNOTE 6.3 § 4.3.16).
fn zip(comment: &str) -> Vec<u8> {
    let mut file = b"PK\x05\x06".to_vec();
    file.extend([0; 16]);
    file.extend(u16::try_from(comment.len()).expect("a short comment").to_le_bytes());
    file.extend(comment.as_bytes());
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_they_say_and_no_two_are_one() {
        let mut seen = std::collections::HashSet::new();
        let mut chance = Chance::of(1, "files", 0);
        for n in 0..200 {
            let file = made_file(7, n, &mut chance);
            let begins: &[u8] = match file.extension {
                "pdf" => b"%PDF-1.4\n",
                "zip" => b"PK\x05\x06",
                "txt" => b"Plan 7",
                _ => b"dag;timer",
            };
            assert!(file.bytes.starts_with(begins), "{}", file.extension);
            assert!(seen.insert(file.bytes), "{n}");
        }
    }

    #[test]
    fn the_table_of_a_pdf_points_to_its_objects() {
        let bytes = pdf("Side 1");
        let text = String::from_utf8(bytes).unwrap();
        let places = text.lines().filter_map(|l| l.strip_suffix(" 00000 n ")).map(|n| n.parse::<usize>().unwrap());
        for (place, no) in places.zip(1..) {
            assert!(text[place..].starts_with(&format!("{no} 0 obj")), "{no}");
        }
        let table: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
        assert!(text[table..].starts_with("xref"));
    }
}

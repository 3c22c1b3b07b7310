//! Ids in the texts of others: what has their shape is kept, the rest is dropped. A national id has eleven digits in a row, so no
//! number of ours to keep has more than ten.

use uuid::Uuid;

/// Most characters of a number.
const LONGEST: usize = 32;

/// A UUID in its hyphenated form.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten()
}

/// A number of a case or a registration: `2026/17`, `2026/17-4`, `315890`. At most four groups of at most ten digits, joined by `/`,
/// `-`, `.`, and never eleven digits in all, however they are divided.
pub(super) fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let groups: Vec<&str> = text.split(['/', '-', '.']).collect();
    let is_number = |group: &str| (1..=10).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit());
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (text.len() <= LONGEST && groups.len() <= 4 && groups.iter().all(|g| is_number(g)) && digits != 11).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_what_is_none() {
        for kept in ["2026/17", "2026/17-4", "315890", " 1 "] {
            assert_eq!(number(kept).as_deref(), Some(kept.trim()));
        }
        for dropped in
            ["", "17851490027", "178514-90027", "178514 90027", "Blid Fjellbekk", "2026/", "-1", "²", "1/2/3/4/5/6/7/8/9/10/11/12/13/14"]
        {
            assert_eq!(number(dropped), None, "{dropped}");
        }
        assert!(uuid("5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8010").is_some());
        assert!(uuid("5d0c0e0a6a514b0e9d380d2f3f6a8010").is_none());
    }
}

//! The five hundredth document costs what the fifth did.

use super::support::{Folder, minutes};

#[test]
fn adding_a_document_costs_the_same_in_a_full_folder() {
    let folder = Folder::of((1..=500).map(minutes));
    let cost = |version: usize| -> usize {
        let files = folder.versions[version - 1].files.iter();
        files.filter(|f| !["metadata/sak.json", "innhold.html"].contains(&f.path.as_str())).map(|f| f.bytes.len()).sum()
    };
    // Numbers of more digits are the only difference.
    assert!(cost(500) <= cost(5) + 64, "{} bytes at document 500, {} at document 5", cost(500), cost(5));
    assert_eq!(folder.versions[499].files.len(), folder.versions[4].files.len());
    // The list itself: what one more document adds to it.
    let record = folder.text("metadata/sak.json").len();
    assert!(record < 500 * 700, "{record} bytes");
    assert_eq!(folder.record().documents().len(), 500);
}

//! Row 10: the content of a consent. A draft is shown with its mark and archived nowhere; scope and end are looked at before anything is
//! kept; what was approved is kept as it was.

use std::{fs, path::Path};

use arkivflyt_tests::{House, essence, sample_json};
use serde_json::{Value, json};

use crate::{
    in_folder::{edited, element, kinds, paper, registration, sound, submitted, told},
    judged,
};

/// A consent and how its paper says what DOMAIN § 6.8 asks for.
struct Told {
    sample: &'static str,
    draft: &'static str,
    says: [&'static str; 5],
}

const TOLD: [Told; 2] = [
    Told {
        sample: "consent-record/full.json",
        draft: "Utkast til godkjenning",
        says: ["Gitt av", "Formål", "Deles med", "Gyldig til", "Du kan når som helst trekke samtykket tilbake"],
    },
    Told {
        sample: "consent-record/nynorsk.json",
        draft: "Utkast til godkjenning",
        says: ["Gitt av", "Føremål", "Blir delt med", "Gyldig til", "Du kan når som helst trekkje samtykket tilbake"],
    },
];

fn draft(sample: &str) -> Value {
    let unapproved = [("/content/state", json!("draft")), ("/content/approved_at", Value::Null), ("/content/withdrawn_at", Value::Null)];
    edited(sample_json(sample), &unapproved)
}

/// Backgrounds of a paper's pages. `None` without qpdf.
fn watermarks(paper: &Path) -> Option<usize> {
    Some(String::from_utf8_lossy(&judged::bytes_unpacked(paper)?).matches("/Type/Background>>BDC").count())
}

#[test]
fn row_10_a_draft_is_shown_with_its_mark_and_archived_nowhere_until_it_is_approved() {
    for Told { sample, draft: mark, says } in TOLD {
        let house = House::new();
        let draft = draft(sample);
        let refused = submitted(&house, 5, &draft);
        assert_eq!(refused["problems"][0]["code"], "not_approved", "{refused}");
        let preview = house.feed(["case", "preview", "-", "--json"], draft.to_string().as_bytes()).expect(5).json();
        assert_eq!((&preview["draft"], &preview["registration_type"]), (&json!(true), &json!("Inngående dokument")), "{preview}");
        let (file, drawn) = (house.at("draft.json"), house.at("draft.pdf"));
        fs::write(&file, draft.to_string()).unwrap();
        house.run(["render", file.to_str().unwrap(), "-o", drawn.to_str().unwrap()]).expect(0);
        if let Some(pdf) = judged::paper(&drawn) {
            assert!(essence(&pdf.text).contains(&essence(mark)), "{}", pdf.text);
            // The mark across the page is drawn, not written: nothing of it is read aloud.
            let pages: usize = pdf.fact("Pages").parse().unwrap();
            assert!(watermarks(&drawn).is_none_or(|n| n == pages), "{:?} marks on {pages} pages", watermarks(&drawn));
        }
        assert!(house.case_folders().is_empty(), "nothing was archived");
        assert_eq!(house.ask(0, ["mail", "list"])["mails"], json!([]), "nobody was told");

        // The same consent, approved: kept, without the mark, in its own written form.
        let row = submitted(&house, 0, &sample_json(sample));
        assert_eq!((&row["state"], kinds(&house)), (&json!("notified"), vec!["consent_record".to_owned()]), "{row}");
        let xml = registration(&house, 1);
        assert_eq!(element(&xml, "journalposttype"), ["Inngående dokument"]);
        assert_eq!(element(&xml, "korrespondanseparttype"), ["Avsender", "Intern mottaker"]);
        let Some(kept) = judged::paper(&paper(&house, 1)) else { continue };
        let text = essence(&kept.text);
        assert!(!text.contains(&essence(mark)) && watermarks(&kept.path).is_none_or(|n| n == 0), "{}", kept.text);
        let content = &sample_json(sample)["content"];
        let shared = content["shared_with"].as_array().unwrap().iter().flat_map(|s| [s["who"].as_str(), s["what"].as_str()]).flatten();
        for words in says.into_iter().chain(shared) {
            assert!(text.contains(&essence(words)), "no «{words}» in {}", kept.text);
        }
        assert_eq!(told(&house, "consent_request"), Vec::<String>::new(), "nobody is asked for what they have answered");
        sound(&house);
    }
}

#[test]
fn row_10_scope_and_end_are_looked_at_before_anything_is_kept() {
    let wrong: [(&str, &str, Value); 7] = [
        ("consent_scope", "/content/shared_with/0/until", json!("2099-01-01")),
        ("period_reversed", "/content/shared_with/0/until", json!("2001-01-01")),
        ("period_reversed", "/content/valid_until", json!("2001-01-01")),
        ("required_field_missing", "/content/valid_until", Value::Null),
        ("required_field_missing", "/content/shared_with/0/what", Value::Null),
        ("list_too_short", "/content/shared_with", json!([])),
        ("text_empty", "/content/purpose", json!(" ")),
    ];
    let house = House::new();
    for Told { sample, .. } in TOLD {
        for (code, at, value) in &wrong {
            let consent = edited(sample_json(sample), &[(at, value.clone())]);
            let refused = submitted(&house, 5, &consent);
            let problems = refused["problems"].as_array().unwrap();
            assert!(problems.iter().any(|p| p["code"] == *code), "{sample} {at}: {refused}");
            // Looked at without handing it in, the answer is the same.
            let preview = house.feed(["case", "preview", "-", "--json"], consent.to_string().as_bytes()).expect(5);
            assert!(preview.text().contains(code), "{preview}");
        }
    }
    assert!(house.case_folders().is_empty());
    assert_eq!(house.ask(0, ["mail", "list"])["mails"], json!([]));
}

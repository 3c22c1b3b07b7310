//! Row 1: the sheet «what we keep and how you see it», for those whom a plan is about.

use std::fs;

use arkivflyt_tests::{House, essence, good_samples, needles, personal_values};

use crate::judged;

#[test]
fn row_01_introduction_the_sheet_says_in_plain_words_what_is_kept() {
    let house = House::new();
    let elsewhere = tempfile::tempdir().unwrap();
    for (municipality, form, title, words) in [
        (
            "9901",
            "nb",
            "Hva vi tar vare på, og hvordan du får se det",
            [
                "Individuelle opplæringsplaner",
                "minst 60 år",
                "artikkel 15",
                "innen én måned",
                "Er noe feil?",
                "sier at noe venter på deg, aldri hva",
            ],
        ),
        (
            "9902",
            "nn",
            "Kva vi tek vare på, og korleis du får sjå det",
            [
                "Individuelle opplæringsplanar",
                "minst 60 år",
                "artikkel 15",
                "innan éin månad",
                "Er noko feil?",
                "seier at noko ventar på deg, aldri kva",
            ],
        ),
    ] {
        let out = elsewhere.path().join(format!("{municipality}.pdf"));
        let answer = house.ask(0, ["sheet", "--municipality", municipality, "-o", out.to_str().unwrap()]);
        assert_eq!((answer["written_form"].as_str(), answer["schema"].as_str()), (Some(form), Some("arkivflyt.sheet/1")), "{answer}");
        assert!(answer["pages"].as_u64().unwrap() <= 2, "a sheet: {answer}");
        let settings = fs::read_to_string(house.at(&format!("municipalities/{municipality}.toml"))).unwrap();
        let setting = |key: &str| {
            let line = settings.lines().find_map(|l| l.strip_prefix(key)?.trim().strip_prefix('=')).unwrap_or_else(|| panic!("{key}"));
            line.trim().trim_matches('"').to_owned()
        };
        let Some(pdf) = judged::paper(&out) else { continue };
        assert_eq!(pdf.fact("Title"), title);
        let text = essence(&pdf.text);
        let own = ["contact_point", "reply_to", "login_url", "name", "organisation_number"].map(setting);
        for expected in words.into_iter().map(str::to_owned).chain(own).chain([title.to_owned()]) {
            assert!(text.contains(&essence(&expected)), "no «{expected}» in {}", pdf.text);
        }
        // No plan stands on it: nothing of any sample's people.
        let names: Vec<_> =
            personal_values(&good_samples()).into_iter().filter(|(v, from)| from.contains("_name") && v.contains(' ')).collect();
        let found = arkivflyt_tests::found_in(&pdf.text, &needles(&names.into_iter().collect())).len();
        assert_eq!(found, 0, "{}", pdf.text);
    }
    // In the other written form too; nothing is overwritten; the same bytes twice.
    let (one, two) = (elsewhere.path().join("a.pdf"), elsewhere.path().join("b.pdf"));
    for out in [&one, &two] {
        house.ask(0, ["sheet", "--municipality", "9901", "--form", "nn", "-o", out.to_str().unwrap()]);
    }
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    assert_eq!(house.ask(5, ["sheet", "--municipality", "9901", "-o", one.to_str().unwrap()])["code"], "not_written");
    assert_eq!(house.ask(4, ["sheet", "-o", "x.pdf"])["code"], "not_found", "three municipalities, none chosen");
    assert_eq!(house.ask(4, ["sheet", "--municipality", "9999", "-o", "x.pdf"])["code"], "not_found");
}

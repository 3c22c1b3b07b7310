//! What no mail may say (DOMAIN § 8), looked for in every text, language and variant.

use std::collections::BTreeSet;

use pipeline_domain::{NoticeKind, WrittenForm};
use pipeline_notify::{English, MailFacts, MeetingTimes, Readable};
use serde_json::Value;

use crate::fixture::{Variant, facts, notice, one_of_each, samples, variant};

/// Plan types, what plans are made of, and what tells which service or place it is about. Whole words, in any letter case.
const TELLING: [&str; 48] = [
    "ip",
    "es",
    "sl",
    "iop",
    "individuell",
    "individual",
    "opplæringsplan",
    "samspill",
    "samspel",
    "stafettlogg",
    "stafettholder",
    "årsrapport",
    "årsrapporten",
    "annual",
    "mål",
    "målet",
    "goal",
    "goals",
    "tiltak",
    "measure",
    "measures",
    "diagnose",
    "diagnosis",
    "vedtak",
    "vedtaket",
    "elev",
    "pupil",
    "barn",
    "child",
    "foresatt",
    "guardian",
    "pasient",
    "patient",
    "skole",
    "skolen",
    "skule",
    "skulen",
    "school",
    "barnehage",
    "kindergarten",
    "helsestasjon",
    "sykehus",
    "sjukehus",
    "hospital",
    "barnevern",
    "nav",
    "ppt",
    "møterom",
];

/// Counts for a lead and for the archivist speak of documents; no other notice may.
const COUNTING: [NoticeKind; 2] = [NoticeKind::LeadDigest, NoticeKind::ArchiveReport];
const DOCUMENTS: [&str; 12] = [
    "samtykke",
    "samtykker",
    "samtykket",
    "consent",
    "consents",
    "referat",
    "referatet",
    "minutes",
    "evaluering",
    "evalueringer",
    "evaluation",
    "evaluations",
];

/// Every text there is: without and with the time of the meeting, and English below both forms.
fn everything() -> Vec<Variant> {
    let mut variants = one_of_each();
    for kind in NoticeKind::ALL {
        for form in [WrittenForm::Nb, WrittenForm::Nn] {
            let facts = MailFacts { meeting_times: MeetingTimes::Shown, english: English::Below, ..facts() };
            variants.push(variant(notice(kind, form), &facts));
        }
    }
    variants
}

/// All that a person or a calendar reads, without the sender's own name and addresses and the word for "one person" in a calendar.
fn shown(readable: &Readable) -> String {
    let calendar = readable.calendar.as_deref().unwrap_or_default().replace("\r\n ", "").replace("\\n", " ");
    let all = format!("{}\n{}\n{calendar}", readable.subject, readable.text);
    ["Fjellvik kommune", "CUTYPE=INDIVIDUAL", "https://minside.fjellvik.test/", "@fjellvik.test", "stille.regnbue@example.org"]
        .iter()
        .fold(all, |text, own| text.replace(own, ""))
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

#[test]
fn no_text_names_a_plan_type_a_service_or_a_place() {
    for Variant { name, notice, readable, .. } in everything() {
        let words = words(&shown(&readable));
        for telling in TELLING {
            assert!(!words.contains(telling), "{name} says «{telling}»");
        }
        for document in DOCUMENTS {
            assert!(!words.contains(document) || COUNTING.contains(&notice.kind), "{name} says «{document}»");
        }
    }
}

/// Whether eleven digits stand together, also as they are often written: six, a space, five.
fn holds_national_id(text: &str) -> bool {
    let bytes: Vec<char> = text.chars().collect();
    (0..bytes.len()).any(|start| {
        let (six, rest) = bytes[start..].split_at(6.min(bytes.len() - start));
        let rest = rest.strip_prefix(&[' ']).unwrap_or(rest);
        let digits = |part: &[char], count: usize| part.len() >= count && part[..count].iter().all(char::is_ascii_digit);
        digits(six, 6) && digits(rest, 5)
    })
}

#[test]
fn no_text_holds_a_national_id() {
    assert!(holds_national_id("fødselsnummer 178514 90027.") && holds_national_id("x17851490027"));
    assert!(!holds_national_id("telefon 68 05 00 00, 20261208T083000"));
    for Variant { name, mail, readable, .. } in everything() {
        assert!(!holds_national_id(&shown(&readable)), "{name}");
        assert!(!holds_national_id(&String::from_utf8(mail.bytes).unwrap()), "{name}");
    }
}

/// Names, units, places and addresses of a sample, and each of their words.
fn names(json: &Value, key: &str, into: &mut BTreeSet<String>) {
    const NAMING: [&str; 8] = ["name", "place", "unit", "school", "chair", "organiser", "minute_taker", "coordinator"];
    match json {
        Value::String(s) if NAMING.iter().any(|n| key.ends_with(n)) || key.ends_with("_by") => {
            into.extend(s.split(|c: char| !c.is_alphabetic()).filter(|w| w.chars().count() >= 4).map(str::to_lowercase));
        }
        Value::Array(items) => items.iter().for_each(|v| names(v, key, into)),
        Value::Object(map) => map.iter().for_each(|(key, value)| names(value, key, into)),
        _ => {}
    }
}

#[test]
fn no_text_holds_a_name_or_a_place_of_any_sample() {
    let mut known = BTreeSet::new();
    for (_, json) in samples() {
        names(&json, "", &mut known);
    }
    assert!(known.contains("regnbue") && known.len() > 50, "only {} names: have the samples moved?", known.len());
    // Ordinary words that sit in names of the samples, such as those of files, and in our texts.
    for ordinary in ["arkivflyt", "kommune", "november", "over", "oversikt", "referat", "rettet"] {
        known.remove(ordinary);
    }
    let mut found = BTreeSet::new();
    for Variant { name, readable, .. } in everything() {
        found.extend(words(&shown(&readable)).intersection(&known).map(|word| format!("{name}: {word}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

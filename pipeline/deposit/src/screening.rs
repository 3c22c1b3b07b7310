//! Screening in practice: the words that a record hides are looked for where everybody may read.

use std::collections::BTreeSet;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::fragment::Element;

/// Screened words that stand where everybody may read. Names the unit and the rule, never the words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leak {
    /// `systemID` of the folder or the registration.
    pub unit: String,
    /// What was found.
    pub rule: LeakRule,
}

/// What must not stand in a public title or in the public journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakRule {
    /// Eleven digits, as national ids have.
    ElevenDigits,
    /// The id of a party.
    PartyId,
    /// The name of a party, or a part of it.
    PartyName,
    /// An address, telephone number or place of a party, sender or receiver.
    Address,
    /// The name of a sender or receiver that is screened.
    CorrespondentName,
    /// The title of a document that is screened.
    DocumentTitle,
    /// A line of a title after the first.
    TitleLine,
}

impl LeakRule {
    /// Published name.
    pub fn id(self) -> &'static str {
        match self {
            Self::ElevenDigits => "eleven_digits",
            Self::PartyId => "party_id",
            Self::PartyName => "party_name",
            Self::Address => "address",
            Self::CorrespondentName => "correspondent_name",
            Self::DocumentTitle => "document_title",
            Self::TitleLine => "title_line",
        }
    }
}

/// Words that are public whatever anybody is called: those of the classes' titles.
pub(crate) struct PublicWords(BTreeSet<String>);

impl PublicWords {
    pub fn of<'t>(titles: impl Iterator<Item = &'t str>) -> Self {
        Self(titles.flat_map(|title| words(&normal(title)).map(str::to_lowercase).collect::<Vec<_>>()).collect())
    }
}

/// What one record hides.
#[derive(Clone, Default)]
pub(crate) struct Hidden(Vec<Secret>);

#[derive(Clone)]
struct Secret {
    rule: LeakRule,
    extent: Extent,
    needle: Needle,
}

/// How much of what is hidden a needle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Whole,
    /// One word of a name. Others may bear it too: where a name stands alone, it says nothing.
    Word,
}

/// A phrase that is looked for as whole words.
#[derive(Clone)]
enum Needle {
    /// Whatever its letters' case.
    Folded(String),
    /// Short words only as they are written: «Per» is a name, «per» is not.
    Exact(String),
}

/// The word of M502 that hides who the parties of a folder are.
pub(crate) const PARTIES: &str = "Skjerming navn part i sak";

/// Shorter ones are ordinary words too often.
const FOLDED_FROM: usize = 4;
const SHORTEST: usize = 2;

impl Hidden {
    /// The words of a folder: its parties, and the lines of its title that are hidden.
    pub fn of_folder(mappe: &Element<'_>, public: &PublicWords) -> Self {
        let mut hidden = Self::default();
        hidden.parties(mappe, screens(mappe, PARTIES), public);
        hidden.title(mappe);
        hidden
    }

    /// The same words, and those of one registration.
    pub fn with_registration(&self, registrering: &Element<'_>, public: &PublicWords) -> Self {
        let mut hidden = self.clone();
        for party in registrering.all("korrespondansepart") {
            if is_screened(registrering, party) {
                hidden.name(LeakRule::CorrespondentName, party, "korrespondansepartNavn", public);
            }
            hidden.addresses(party);
        }
        hidden.parties(registrering, true, public);
        let first = registrering.text("tittel").map(|title| first_line(&title).to_owned()).unwrap_or_default();
        for document in registrering.all("dokumentbeskrivelse").filter(|d| screens(d, "Skjerming tittel dokumentbeskrivelse")) {
            // The main document is called as the first line of the registration, which is public by rule.
            if document.text("tittel").is_some_and(|title| title != first) {
                hidden.whole(LeakRule::DocumentTitle, document, "tittel");
            }
        }
        hidden.title(registrering);
        hidden
    }

    /// Every rule that a public text breaks.
    pub fn found_in(&self, text: &str) -> BTreeSet<LeakRule> {
        self.found(text, |_| true)
    }

    /// Every rule that a public name breaks: the field of a sender or receiver who is not screened. Somebody else of the record may have
    /// the same first name or surname, which is no secret there.
    pub fn found_in_name(&self, name: &str) -> BTreeSet<LeakRule> {
        self.found(name, |extent| extent == Extent::Whole)
    }

    fn found(&self, text: &str, counts: impl Fn(Extent) -> bool) -> BTreeSet<LeakRule> {
        let plain = normal(text);
        let folded = plain.to_lowercase();
        let mut rules: BTreeSet<LeakRule> = self
            .0
            .iter()
            .filter(|secret| counts(secret.extent))
            .filter(|secret| match &secret.needle {
                Needle::Folded(needle) => stands_in(&folded, needle),
                Needle::Exact(needle) => stands_in(&plain, needle),
            })
            .map(|secret| secret.rule)
            .collect();
        if has_eleven_digits(&plain) {
            rules.insert(LeakRule::ElevenDigits);
        }
        rules
    }

    fn title(&mut self, unit: &Element<'_>) {
        if screens_some(unit, "unntatt første linje")
            && let Some(title) = unit.text("tittel")
        {
            title.lines().skip(1).for_each(|line| self.phrase(LeakRule::TitleLine, Extent::Whole, line));
        }
    }

    /// Ids and addresses are never public; names are when the unit does not screen them.
    fn parties(&mut self, unit: &Element<'_>, names: bool, public: &PublicWords) {
        for part in unit.all("part") {
            self.whole(LeakRule::PartyId, part, "partID");
            self.addresses(part);
            if names {
                self.name(LeakRule::PartyName, part, "partNavn", public);
            }
        }
    }

    fn addresses(&mut self, party: &Element<'_>) {
        for name in ["postadresse", "postnummer", "poststed", "epostadresse", "telefonnummer"] {
            self.whole(LeakRule::Address, party, name);
        }
    }

    fn whole(&mut self, rule: LeakRule, parent: &Element<'_>, name: &'static str) {
        for text in parent.all(name).filter_map(Element::own_text) {
            self.phrase(rule, Extent::Whole, &text);
        }
    }

    /// A name is hidden whole and word by word.
    fn name(&mut self, rule: LeakRule, parent: &Element<'_>, name: &'static str, public: &PublicWords) {
        for text in parent.all(name).filter_map(Element::own_text) {
            self.phrase(rule, Extent::Whole, &text);
            let plain = normal(&text);
            let own = words(&plain).filter(|word| !public.0.contains(&word.to_lowercase()));
            own.for_each(|word| self.phrase(rule, Extent::Word, word));
        }
    }

    fn phrase(&mut self, rule: LeakRule, extent: Extent, text: &str) {
        let plain = normal(text);
        let plain = plain.trim();
        let length = plain.chars().filter(|c| c.is_alphanumeric()).count();
        let needle = match length {
            FOLDED_FROM.. => Needle::Folded(plain.to_lowercase()),
            SHORTEST.. => Needle::Exact(plain.to_owned()),
            _ => return,
        };
        self.0.push(Secret { rule, extent, needle });
    }
}

/// Whether the name of a sender or receiver is screened: its own kind is, or it is one of the organisation's own in a case whose
/// parties are.
pub(crate) fn is_screened(registrering: &Element<'_>, party: &Element<'_>) -> bool {
    let kind = party.text("korrespondanseparttype").unwrap_or_default();
    let word = if kind.to_lowercase().contains("avsender") { "Skjerming navn avsender" } else { "Skjerming navn mottaker" };
    screens(registrering, word)
}

/// Whether the unit's `skjermingMetadata` has this word.
pub(crate) fn screens(unit: &Element<'_>, word: &str) -> bool {
    let words = unit.all("skjerming").flat_map(|s| s.all("skjermingMetadata")).filter_map(Element::own_text);
    words.into_iter().any(|found| found == word)
}

fn screens_some(unit: &Element<'_>, part: &str) -> bool {
    let words = unit.all("skjerming").flat_map(|s| s.all("skjermingMetadata")).filter_map(Element::own_text);
    words.into_iter().any(|found| found.contains(part))
}

pub(crate) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// One form for one text: composed letters, single blanks.
fn normal(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// As whole words, or with the s of the genitive.
fn stands_in(text: &str, needle: &str) -> bool {
    text.match_indices(needle).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + needle.len()..].chars();
        let next = after.next();
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        ends(before) && (ends(next) || (next.is_some_and(|c| matches!(c, 's' | 'S')) && ends(after.next())))
    })
}

/// Eleven digits in one run, or six and five.
fn has_eleven_digits(text: &str) -> bool {
    let joined: Vec<&str> = text.split(|c: char| !c.is_ascii_digit() && c != ' ').collect();
    joined.iter().any(|run| {
        let groups: Vec<usize> = run.split(' ').filter(|g| !g.is_empty()).map(str::len).collect();
        groups.contains(&11) || groups.windows(2).any(|pair| pair == [6, 5])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = "<mappe><tittel>Individuell plan 2024\nBlid Fjellbekk</tittel>\
        <part><partID>03929947214</partID><partNavn>Blid Fjellbekk</partNavn></part>\
        <part><partNavn>Per Plan Åsli</partNavn><postadresse>Bekkeveien 3</postadresse></part>\
        <skjerming><skjermingMetadata>Skjerming tittel mappe - unntatt første linje</skjermingMetadata>\
        <skjermingMetadata>Skjerming navn part i sak</skjermingMetadata></skjerming></mappe>";

    fn hidden() -> Hidden {
        Hidden::of_folder(&Element::parse(FOLDER).unwrap(), &PublicWords::of(["Individuell plan"].into_iter()))
    }

    fn check(text: &str, expected: &[LeakRule]) {
        assert_eq!(hidden().found_in(text).into_iter().collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn words_of_the_record_are_found() {
        use LeakRule::{Address, ElevenDigits, PartyId, PartyName, TitleLine};
        check("Individuell plan 2024 ******", &[]);
        check("Plan for Blid Fjellbekk", &[PartyName, TitleLine]);
        check("Møte om FJELLBEKKS plan", &[PartyName]);
        check("Møte om A\u{30a}sli", &[PartyName]);
        check("2 møter per år", &[]);
        check("Møte med Per", &[PartyName]);
        check("Sak om 03929947214", &[ElevenDigits, PartyId]);
        check("Sak om 120399 12345", &[ElevenDigits]);
        check("Journal 123456789012", &[]);
        check("Besøk i Bekkeveien 3", &[Address]);
        check("Fjellbekken skole", &[]);
    }

    #[test]
    fn a_public_name_may_share_a_word_with_a_hidden_one() {
        let check = |name: &str, expected: &[LeakRule]| {
            assert_eq!(hidden().found_in_name(name).into_iter().collect::<Vec<_>>(), expected, "{name}");
        };
        check("Munter Fjellbekk", &[]);
        check("Per Elvestein", &[]);
        check("BLID FJELLBEKK", &[LeakRule::PartyName, LeakRule::TitleLine]);
        check("Per Plan A\u{30a}sli", &[LeakRule::PartyName]);
        check("03929947214", &[LeakRule::ElevenDigits, LeakRule::PartyId]);
        check("Bekkeveien 3", &[LeakRule::Address]);
    }

    #[test]
    fn a_registration_adds_its_own_words() {
        let registration = Element::parse(
            "<registrering><skjerming><skjermingMetadata>Skjerming navn mottaker</skjermingMetadata></skjerming>\
             <dokumentbeskrivelse><tittel>Møtereferat 2024</tittel>\
             <skjerming><skjermingMetadata>Skjerming tittel dokumentbeskrivelse</skjermingMetadata></skjerming></dokumentbeskrivelse>\
             <dokumentbeskrivelse><tittel>Epikrise fra hjerteklinikken</tittel>\
             <skjerming><skjermingMetadata>Skjerming tittel dokumentbeskrivelse</skjermingMetadata></skjerming></dokumentbeskrivelse>\
             <tittel>Møtereferat 2024\nBlid Fjellbekk</tittel>\
             <korrespondansepart><korrespondanseparttype>Mottaker</korrespondanseparttype>\
             <korrespondansepartNavn>Munter Elvestein</korrespondansepartNavn></korrespondansepart>\
             <korrespondansepart><korrespondanseparttype>Intern avsender</korrespondanseparttype>\
             <korrespondansepartNavn>Rolig Myrvang</korrespondansepartNavn></korrespondansepart></registrering>",
        )
        .unwrap();
        let public = PublicWords::of(std::iter::empty());
        let hidden = hidden().with_registration(&registration, &public);
        assert!(hidden.found_in("Møtereferat 2024 ******").is_empty());
        assert!(hidden.found_in("Epikrise fra hjerteklinikken").contains(&LeakRule::DocumentTitle));
        assert!(hidden.found_in("Referat, Elvestein").contains(&LeakRule::CorrespondentName));
        assert!(hidden.found_in("Referat, Myrvang").is_empty());
        assert!(hidden.found_in("Referat, Fjellbekk").contains(&LeakRule::PartyName));
    }
}

//! Code lists: the word that Noark and DigDir use, and the code that KS Fiks Arkiv has for it.
//!
//! Sources: the metadata catalogue of Noark 5 (numbers beside each list), enumerated in DigDir's metadatakatalog.xsd (v3.1), and
//! `kodelister/*.json` of KS Fiks Arkiv V1.

macro_rules! code_list {
    ($(#[$doc:meta])* $name:ident $element:literal { $($variant:ident $word:literal $kode:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($variant,)+ }

        impl $name {
            /// Every value.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The element that holds it.
            pub const ELEMENT: &'static str = $element;

            /// The exact word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Code and description of Fiks Arkiv.
            pub fn kode(self) -> Kode {
                match self { $(Self::$variant => Kode($kode, $word),)+ }
            }

            /// From the word in our own metadata.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

/// A code of Fiks Arkiv with its description: `{kode, beskrivelse}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kode(pub &'static str, pub &'static str);

code_list! {
    /// saksstatus (M052), those that we use.
    Saksstatus "saksstatus" { UnderBehandling "Under behandling" "B"; Avsluttet "Avsluttet" "A"; Utgaar "Utgår" "U"; }
}
code_list! {
    /// journalposttype (M082).
    Journalposttype "journalposttype" {
        Inngaaende "Inngående dokument" "I";
        Utgaaende "Utgående dokument" "U";
        OrganinterntForOppfoelging "Organinternt dokument for oppfølging" "N";
        OrganinterntUtenOppfoelging "Organinternt dokument uten oppfølging" "X";
        Saksframlegg "Saksframlegg" "S";
    }
}
code_list! {
    /// korrespondanseparttype (M087).
    Korrespondanseparttype "korrespondanseparttype" {
        Avsender "Avsender" "EA";
        Mottaker "Mottaker" "EM";
        Kopimottaker "Kopimottaker" "EK";
        Gruppemottaker "Gruppemottaker" "GM";
        InternAvsender "Intern avsender" "IA";
        InternMottaker "Intern mottaker" "IM";
    }
}
code_list! {
    /// dokumentstatus (M054).
    Dokumentstatus "dokumentstatus" { UnderRedigering "Dokumentet er under redigering" "B"; Ferdigstilt "Dokumentet er ferdigstilt" "F"; }
}
code_list! {
    /// variantformat (M700).
    Variantformat "variantformat" {
        Produksjonsformat "Produksjonsformat" "P";
        Arkivformat "Arkivformat" "A";
        DelerSkjermet "Dokument hvor deler av innholdet er skjermet" "O";
    }
}
code_list! {
    /// tilknyttetRegistreringSom (M217).
    TilknyttetSom "tilknyttetRegistreringSom" { Hoveddokument "Hoveddokument" "H"; Vedlegg "Vedlegg" "V"; }
}
/// skjermingDokument (M503). Fiks Arkiv has no element for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SkjermingDokument {
    Hele,
    Deler,
}

impl SkjermingDokument {
    /// The element that holds it.
    pub const ELEMENT: &'static str = "skjermingDokument";

    /// The exact word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hele => "Skjerming av hele dokumentet",
            Self::Deler => "Skjerming av deler av dokumentet",
        }
    }

    /// From the word in our own metadata.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Hele, Self::Deler].into_iter().find(|w| w.word() == word)
    }
}

/// dokumentmedium (M300).
pub(crate) const ELEKTRONISK: Kode = Kode("E", "Elektronisk arkiv");
/// tilgangsrestriksjon (M500). Fiks Arkiv has no list for it; this is the code that its examples use.
pub(crate) const UNNTATT: Kode = Kode("UO", "Unntatt offentlighet");
/// merknadstype (M084) for what the system itself remarks.
pub(crate) const ARKIVMERKNAD: Kode = Kode("MA", "Arkivmerknad");

/// partRolle (M303) of Fiks Arkiv for a role of ours. Who leads the plan is `saksansvarlig` there and no party.
pub(crate) fn part_rolle(role: &str) -> Option<Kode> {
    match role {
        "Hovedperson" => Some(Kode("K", "Klient")),
        "Foresatt" => Some(Kode("P", "Pårørende arkiv")),
        "Verge" => Some(Kode("F", "Formynder")),
        _ => None,
    }
}

/// dokumenttype (M083) of Fiks Arkiv for a type of ours. Its list has no plans and no minutes.
pub(crate) fn dokumenttype(ours: &str) -> Kode {
    match ours {
        "Vedlegg" => Kode("VEDLEGG", "Vedlegg"),
        "Evaluering" => Kode("RAPPORT", "Rapport"),
        "Møteinnkalling" => Kode("KORR", "Korrespondanse"),
        _ if ours.starts_with("Årsrapport") => Kode("RAPPORT", "Rapport"),
        "Overføring av planansvar" | "Overføring til nytt skoleår" | "Avslutning av plan" | "Gjenåpning" => Kode("NOTAT", "Notat"),
        _ => Kode("DOKUMENT", "Dokument"),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use super::*;
    use crate::JournalStatus;

    /// Skips loudly, or fails when everything must run.
    fn shared() -> Option<PathBuf> {
        let root = std::env::var_os("ARKIVFLYT_SHARED")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
        let path = root.join("arkivmelding");
        if path.is_dir() {
            return Some(path);
        }
        assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1, but the code lists are not there");
        eprintln!("SKIPPED: the code lists are not there (ARKIVFLYT_SHARED)");
        None
    }

    /// Code and description of one list of Fiks Arkiv.
    fn list(of: &str) -> Option<BTreeMap<String, String>> {
        let path = shared()?.join(format!("fiks-arkiv-v1/kodelister/no.ks.fiks.arkiv.v1.kodelister.{}.json", of.to_lowercase()));
        let list: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
        Some(list["kodeliste"].as_array().unwrap().iter().map(|c| (text(&c["kodeverdi"]), text(&c["kodebeskrivelse"]))).collect())
    }

    fn check(of: &str, codes: impl IntoIterator<Item = Kode>) {
        let Some(list) = list(of) else { return };
        for Kode(code, description) in codes {
            assert_eq!(list.get(code).map(String::as_str), Some(description), "{of} {code}");
        }
    }

    #[test]
    fn fiks_codes_are_those_of_the_published_lists() {
        check(Saksstatus::ELEMENT, Saksstatus::ALL.iter().map(|c| c.kode()));
        check(Journalposttype::ELEMENT, Journalposttype::ALL.iter().map(|c| c.kode()));
        check(Korrespondanseparttype::ELEMENT, Korrespondanseparttype::ALL.iter().map(|c| c.kode()));
        check(Dokumentstatus::ELEMENT, Dokumentstatus::ALL.iter().map(|c| c.kode()));
        check(Variantformat::ELEMENT, Variantformat::ALL.iter().map(|c| c.kode()));
        check(TilknyttetSom::ELEMENT, TilknyttetSom::ALL.iter().map(|c| c.kode()));
        check("journalstatus", journal_statuses().map(JournalStatus::kode));
        check("dokumentmedium", [ELEKTRONISK]);
        check("merknadstype", [ARKIVMERKNAD]);
        check("skjermingopphoereraksjon", [crate::fiks::REVIEWED]);
        check("partrolle", ["Hovedperson", "Foresatt", "Verge"].map(|role| part_rolle(role).unwrap()));
        assert_eq!(part_rolle("Planansvarlig"), None);
        check("dokumenttype", ["Vedlegg", "Evaluering", "Møteinnkalling", "Årsrapport", "Gjenåpning", "Samtykke"].map(dokumenttype));
    }

    fn journal_statuses() -> [JournalStatus; 5] {
        use JournalStatus::{Approved, Archived, Dispatched, Finalised, Registered};
        [Registered, Finalised, Approved, Dispatched, Archived]
    }

    #[test]
    fn digdir_words_are_enumerated_in_its_catalogue() {
        let Some(shared) = shared() else { return };
        let catalogue = std::fs::read_to_string(shared.join("digdir/metadatakatalog.xsd")).unwrap();
        let words = |element: &str| -> Vec<String> {
            let start = catalogue.find(&format!("<xs:simpleType name=\"{element}\">")).unwrap();
            let body = catalogue[start..].split("</xs:simpleType>").next().unwrap();
            body.split("enumeration value=\"").skip(1).map(|w| w.split('"').next().unwrap().to_owned()).collect()
        };
        let check = |element: &str, ours: Vec<&str>| {
            let all = words(element);
            assert!(!all.is_empty(), "{element}");
            for word in ours {
                assert!(all.iter().any(|w| w == word), "{element} {word}");
            }
        };
        check(Saksstatus::ELEMENT, Saksstatus::ALL.iter().map(|c| c.word()).collect());
        check(Journalposttype::ELEMENT, Journalposttype::ALL.iter().map(|c| c.word()).collect());
        check(Korrespondanseparttype::ELEMENT, Korrespondanseparttype::ALL.iter().map(|c| c.word()).collect());
        check(Dokumentstatus::ELEMENT, Dokumentstatus::ALL.iter().map(|c| c.word()).collect());
        check(Variantformat::ELEMENT, Variantformat::ALL.iter().map(|c| c.word()).collect());
        check(TilknyttetSom::ELEMENT, TilknyttetSom::ALL.iter().map(|c| c.word()).collect());
        check(SkjermingDokument::ELEMENT, vec![SkjermingDokument::Hele.word(), SkjermingDokument::Deler.word()]);
        check("journalstatus", journal_statuses().map(JournalStatus::word).to_vec());
        check("dokumentmedium", vec![ELEKTRONISK.1]);
    }
}

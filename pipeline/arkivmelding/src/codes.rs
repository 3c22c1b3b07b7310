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

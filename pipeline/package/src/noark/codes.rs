//! Code lists. Source: Noark 5 v5.0 metadata catalogue, numbers beside each list. The XSD has no enumerations: the words
//! bind through the standard, so they stand here exactly once.

use pipeline_domain::ClosingReason;

use crate::record::CaseRecord;

macro_rules! code_list {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($variant,)+ }

        impl $name {
            /// The exact word.
            pub fn noark(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

code_list! {
    /// arkivstatus (M050).
    Arkivstatus { Opprettet "Opprettet"; Avsluttet "Avsluttet"; }
}
code_list! {
    /// arkivdelstatus (M051), those of the list that we use.
    Arkivdelstatus { AktivPeriode "Aktiv periode"; AvsluttetPeriode "Avsluttet periode"; }
}
code_list! {
    /// saksstatus (M052), those of the list that we use.
    Saksstatus { UnderBehandling "Under behandling"; Avsluttet "Avsluttet"; Utgaar "Utgår"; }
}
code_list! {
    /// journalposttype (M082), those of the list that we use.
    Journalposttype {
        Inngaaende "Inngående dokument";
        Utgaaende "Utgående dokument";
        OrganinterntUtenOppfoelging "Organinternt dokument uten oppfølging";
    }
}
code_list! {
    /// korrespondanseparttype (M087), those of the list that we use.
    Korrespondanseparttype { Avsender "Avsender"; Mottaker "Mottaker"; InternAvsender "Intern avsender"; InternMottaker "Intern mottaker"; }
}
code_list! {
    /// partRolle (M303): an open list, these are the words of DOMAIN § 7.
    PartRolle { Hovedperson "Hovedperson"; Foresatt "Foresatt"; Verge "Verge"; Planansvarlig "Planansvarlig"; }
}
code_list! {
    /// kassasjonsvedtak (M450).
    Kassasjonsvedtak { Bevares "Bevares"; Kasseres "Kasseres"; VurderesSenere "Vurderes senere"; }
}
code_list! {
    /// skjermingMetadata (M502), those of the list that we use.
    SkjermingMetadata {
        TittelMappe "Skjerming tittel mappe - unntatt første linje";
        NavnPart "Skjerming navn part i sak";
        TittelRegistrering "Skjerming tittel registrering - unntatt første linje";
        NavnAvsender "Skjerming navn avsender";
        NavnMottaker "Skjerming navn mottaker";
        TittelDokument "Skjerming tittel dokumentbeskrivelse";
    }
}

/// journalstatus (M053): a registration is born archived.
pub(crate) const ARKIVERT: &str = "Arkivert";
/// dokumentstatus (M054).
pub(crate) const FERDIGSTILT: &str = "Dokumentet er ferdigstilt";
/// tilknyttetRegistreringSom (M217).
pub(crate) const HOVEDDOKUMENT: &str = "Hoveddokument";
/// tilknyttetRegistreringSom (M217).
pub(crate) const VEDLEGG: &str = "Vedlegg";
/// dokumentmedium (M300).
pub(crate) const ELEKTRONISK: &str = "Elektronisk arkiv";
/// tilgangsrestriksjon (M500).
pub(crate) const UNNTATT: &str = "Unntatt offentlighet";
/// skjermingDokument (M503).
pub(crate) const HELE_DOKUMENTET: &str = "Skjerming av hele dokumentet";
/// skjermingDokument (M503): a redacted variant exists.
pub(crate) const DELER_AV_DOKUMENTET: &str = "Skjerming av deler av dokumentet";
/// variantformat (M700).
pub(crate) const ARKIVFORMAT: &str = "Arkivformat";
/// variantformat (M700): the file as it came, in a format that is no archive format. Not part of an extract.
pub(crate) const PRODUKSJONSFORMAT: &str = "Produksjonsformat";
/// variantformat (M700): a redacted copy.
pub(crate) const SKJERMET_VARIANT: &str = "Dokument hvor deler av innholdet er skjermet";
/// sjekksumAlgoritme (M706).
pub(crate) const SHA256: &str = "SHA256";
/// klassifikasjonstype (M086).
pub(crate) const FUNKSJONSBASERT: &str = "Funksjonsbasert, hierarkisk";

impl Saksstatus {
    /// Status of a folder: closed when its plan is passive, lapsed when the plan was made by mistake (DOMAIN § 7).
    pub fn of(case: &CaseRecord) -> Self {
        match &case.closed {
            None => Self::UnderBehandling,
            Some(closing) if closing.reason == Some(ClosingReason::Error) => Self::Utgaar,
            Some(_) => Self::Avsluttet,
        }
    }
}

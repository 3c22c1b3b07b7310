//! Why the answer is no, and what goes with a yes.

use pipeline_domain::codes;

codes! {
    /// Why something is not allowed. The text says what to do next and holds no personal data.
    DenyReason {
        NotInRole "not_in_role":
            "Rollen gir ikke rett til dette. Spør den som har rollen for det."
            | "Rolla gir ikkje rett til dette. Spør den som har rolla for det."
            | "The role does not give this right. Ask somebody whose role does.";
        NoRelation "no_relation":
            "Rollen gjelder ikke denne planen. Be planansvarlig om tilgang hvis du skal ha det."
            | "Rolla gjeld ikkje denne planen. Be planansvarleg om tilgang om du skal ha det."
            | "The role does not reach this plan. Ask the plan lead for access if you should have it.";
        FolderClosed "folder_closed":
            "Planen er avsluttet. Den må gjenåpnes før noe kan endres, og deltakere har ikke lenger innsyn."
            | "Planen er avslutta. Han må opnast att før noko kan endrast, og deltakarar har ikkje lenger innsyn."
            | "The plan is closed. It must be reopened before anything can change, and participants no longer see it.";
        FolderOpen "folder_open":
            "Planen er ikke avsluttet, så det er ingenting å gjenåpne."
            | "Planen er ikkje avslutta, så det er ingenting å opne att."
            | "The plan is not closed, so there is nothing to reopen.";
        ConsentMissing "consent_missing":
            "Samtykket er ikke godkjent ennå. Vent til det er gitt, eller send det til godkjenning."
            | "Samtykket er ikkje godkjent enno. Vent til det er gitt, eller send det til godkjenning."
            | "The consent is not approved yet. Wait until it is given, or send it for approval.";
        ConsentWithdrawn "consent_withdrawn":
            "Samtykket er trukket tilbake, og planen deles ikke lenger. Et nytt samtykke må gis først."
            | "Samtykket er trekt tilbake, og planen blir ikkje delt lenger. Eit nytt samtykke må givast først."
            | "The consent is withdrawn and the plan is no longer shared. A new consent must be given first.";
        ConsentExpired "consent_expired":
            "Samtykket er utløpt, og planen deles ikke lenger. Et nytt samtykke må gis først."
            | "Samtykket har gått ut, og planen blir ikkje delt lenger. Eit nytt samtykke må givast først."
            | "The consent has expired and the plan is no longer shared. A new consent must be given first.";
        OutsideScope "outside_scope":
            "Samtykket omfatter ikke denne delen for deg. Be planansvarlig om et endret samtykke hvis du trenger den."
            | "Samtykket omfattar ikkje denne delen for deg. Be planansvarleg om eit endra samtykke om du treng han."
            | "The consent does not give you this part. Ask the plan lead for a changed consent if you need it.";
        Withheld "withheld":
            "Denne delen er holdt tilbake. Spør planansvarlig om grunnlaget; du kan klage på det."
            | "Denne delen er halden tilbake. Spør planansvarleg om grunnlaget; du kan klage på det."
            | "This part is withheld. Ask the plan lead on what basis; you may complain about it.";
        SubjectUnder12 "subject_under_12":
            "Barnet er under 12 år. De foresatte ser planen og handler på barnets vegne."
            | "Barnet er under 12 år. Dei føresette ser planen og handlar på vegner av barnet."
            | "The child is under 12. The guardians see the plan and act on the child's behalf.";
        GuardianActs "guardian_acts":
            "De foresatte avgjør dette ennå. Barnet skal bli hørt først."
            | "Dei føresette avgjer dette enno. Barnet skal bli høyrt først."
            | "The guardians still decide this. The child is to be heard first.";
        SubjectActs "subject_acts":
            "Den unge er gammel nok til å avgjøre dette selv."
            | "Den unge er gammal nok til å avgjere dette sjølv."
            | "The young person is old enough to decide this in person.";
        SubjectOfAge "subject_of_age":
            "Hovedpersonen er myndig, og foreldreansvaret er slutt. Bare en verge kan handle på vegne av en voksen."
            | "Hovudpersonen er myndig, og foreldreansvaret er slutt. Berre ei verje kan handle på vegner av ein vaksen."
            | "The subject is of age and parental responsibility has ended. Only an appointed guardian can act for an adult.";
        NotNamed "not_named":
            "Strengt fortrolig adresse: bare navngitte arkivarer ser pakken. Be arkivleder om å bli navngitt."
            | "Strengt fortruleg adresse: berre namngitte arkivarar ser pakken. Be arkivleiaren om å bli namngitt."
            | "Strictly confidential address: only named archivists see the package. Ask the head of archives to be named.";
        AddressProtected "address_protected":
            "Strengt fortrolig adresse: kontaktopplysninger vises bare for den som leder planen."
            | "Strengt fortruleg adresse: kontaktopplysningar blir berre viste for den som leier planen."
            | "Strictly confidential address: contact data is shown only to whoever leads the plan.";
        NotReleased "not_released":
            "Adressen er beskyttet. Planansvarlig må frigi dokumentet uttrykkelig før en foresatt kan få det ut."
            | "Adressa er verna. Planansvarleg må frigi dokumentet uttrykkeleg før ein føresett kan få det ut."
            | "The address is protected. The plan lead must release the document explicitly before a guardian can take it out.";
        ReasonMissing "reason_missing":
            "Oppgi en grunn. Den blir skrevet i tilgangsloggen."
            | "Oppgi ein grunn. Han blir skriven i tilgangsloggen."
            | "State a reason. It is written to the access log.";
    }
}

codes! {
    /// What whoever carries out an allowed action must also do. Leaving one out is as wrong as acting on a no.
    Obligation {
        WriteAccessLog "write_access_log":
            "Skriv en rad i tilgangsloggen." | "Skriv ei rad i tilgangsloggen." | "Write a row to the access log.";
        NoteReason "note_reason":
            "Skriv ned den oppgitte grunnen." | "Skriv ned den oppgitte grunnen." | "Write down the stated reason.";
        CutToScope "cut_to_scope":
            "Vis bare det samtykket gir deltakeren." | "Vis berre det samtykket gir deltakaren." | "Show only what the consent gives the participant.";
        OwnView "own_view":
            "Bruk bestillerens egen visning." | "Bruk den eigne visinga til bestillaren." | "Use the requester's own view.";
        ReleasedPartsOnly "released_parts_only":
            "Utelat deler som er holdt tilbake." | "Utelat delar som er haldne tilbake." | "Leave out parts that are withheld.";
        LeaveOutContacts "leave_out_contacts":
            "Utelat kontaktopplysninger og fødselsnummer for andre."
            | "Utelat kontaktopplysningar og fødselsnummer for andre."
            | "Leave out contact data and national ids of others.";
        LeaveOutAddress "leave_out_address":
            "Utelat adressen overalt." | "Utelat adressa overalt." | "Leave the address out everywhere.";
        LeaveOutPlaces "leave_out_places":
            "Utelat skole, enhet og sted overalt." | "Utelat skule, eining og stad overalt." | "Leave school, unit and place out everywhere.";
        NoLinkInMail "no_link_in_mail":
            "Ingen lenke til planen i e-post." | "Inga lenkje til planen i e-post." | "No link to the plan in mail.";
        EmailOnly "email_only":
            "Bare e-postadressen." | "Berre e-postadressa." | "The e-mail address only.";
        StatusOnly "status_only":
            "Bare status, uten navn og innhold." | "Berre status, utan namn og innhald." | "Status only, without names or content.";
        Watermark "watermark":
            "Merk hver side «Utskrift – ikke arkivkopi»."
            | "Merk kvar side «Utskrift – ikkje arkivkopi»."
            | "Mark every page as a print that is not the archive's copy.";
        CheckAgain "check_again":
            "Spør på nytt like før det sendes ut." | "Spør på nytt like før det blir sendt ut." | "Ask again just before it goes out.";
        HearChild "hear_child":
            "Barnet skal bli hørt først." | "Barnet skal bli høyrt først." | "The child is to be heard first.";
        NoteOnBehalf "note_on_behalf":
            "Skriv ned at det skjer på vegne av hovedpersonen."
            | "Skriv ned at det skjer på vegner av hovudpersonen."
            | "Write down that it is done on the subject's behalf.";
    }
}

/// Some obligations: a set, in the order of [`Obligation::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Obligations(u16);

impl Obligations {
    /// None.
    pub const NONE: Self = Self(0);

    /// This one too.
    #[must_use]
    pub fn with(self, one: Obligation) -> Self {
        Self(self.0 | 1 << one as u16)
    }

    /// Whether this one is among them.
    pub fn holds(self, one: Obligation) -> bool {
        self.0 & (1 << one as u16) != 0
    }

    /// Whether everything in `other` is here as well.
    pub fn holds_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Obligation> {
        Obligation::ALL.iter().copied().filter(move |o| self.holds(*o))
    }
}

impl FromIterator<Obligation> for Obligations {
    fn from_iter<I: IntoIterator<Item = Obligation>>(all: I) -> Self {
        all.into_iter().fold(Self::NONE, Self::with)
    }
}

// The set is sixteen bits wide: one more obligation than that must not compile.
const _: () = assert!(Obligation::ALL.len() <= 16);
